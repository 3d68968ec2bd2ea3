package fakedts_test

import (
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	dts2021 "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/dts/v20211206"

	"migratecheck/internal/local/fakedts"
)

// createSync creates the check of a sync job.
func (c client) createSync(job string) error {
	_, err := syncActions["create"].call(c, &job)
	return err
}

// textSync is a sync job's check as the SDK sees it, in a line.
func textSync(t *testing.T, c client, job string) string {
	t.Helper()
	request := dts2021.NewDescribeCheckSyncJobResultRequest()
	request.JobId = &job
	answer, err := c.sdk2021().DescribeCheckSyncJobResult(request)
	if err != nil {
		t.Fatal(err)
	}
	r := answer.Response
	if r.Status == nil {
		return "null"
	}
	text := fmt.Sprintf("%s %d%%", *r.Status, *r.Progress)
	over := 0
	for i, step := range r.StepInfos {
		if int(*step.StepNo) != i+1 {
			t.Errorf("step %d has StepNo %d", i+1, *step.StepNo)
		}
		text += " " + *step.StepId + "=" + *step.Status
		if *step.Status != "notStarted" {
			over = i + 1
		}
		for _, tip := range slices.Concat(step.Errors, step.Warnings) {
			text += fmt.Sprintf("(%s: %s)", *tip.Code, *tip.Message)
		}
	}
	if int(*r.StepCount) != len(r.StepInfos) || int(*r.StepCur) != over {
		t.Errorf("step %d of %d: %s", *r.StepCur, *r.StepCount, text)
	}
	return text
}

// statusSync is the status of a sync job in the list, with what it allows.
func statusSync(t *testing.T, c client, job string) string {
	t.Helper()
	request := dts2021.NewDescribeSyncJobsRequest()
	request.JobId = &job
	answer, err := c.sdk2021().DescribeSyncJobs(request)
	if err != nil || len(answer.Response.JobList) != 1 {
		t.Fatal(answer, err)
	}
	return *answer.Response.JobList[0].Status + " " + strings.Join(words(answer.Response.JobList[0].Actions), ",")
}

// TestSyncStates follows checks of 100 seconds by the clock.
func TestSyncStates(t *testing.T) {
	const begun = "ConnectDBCheck=notStarted VersionCheck=notStarted SrcPrivilegeCheck=notStarted"
	steps := []fakedts.Step{
		{StepID: "A", StepStatus: "warning", DetailCheckItems: []fakedts.DetailItem{{CheckResult: "warning", ErrorLog: []string{"as logged"}}, {CheckResult: "pass", FailureReason: "no"}}},
		{StepID: "B", StepStatus: "failed", StepMessage: "bare"},
		{StepID: "C", StepStatus: "failed", HasSkipped: true},
		{StepID: "D", StepStatus: "blocked"},
	}
	for name, test := range map[string]struct {
		job                       fakedts.Job
		before, check, job2, last string
	}{
		"passes":        {fakedts.Job{}, "Initialized view,check,configure,view", "success 100% ConnectDBCheck=finished VersionCheck=finished SrcPrivilegeCheck=finished", "CheckPass view,check,start,configure,view", "success 100%"},
		"does not pass": {fakedts.Job{NotPassed: true, Message: "no privilege", Status: "checkPass"}, "CheckPass view,check,start,configure,view", "failed 100% ConnectDBCheck=finished VersionCheck=finished SrcPrivilegeCheck=failed(Error: SrcPrivilegeCheck: no privilege)", "CheckNotPass view,check,configure,view", "failed"},
		"has its steps": {fakedts.Job{NotPassed: true, Steps: steps}, "Initialized view,check,configure,view", "failed 100% A=finished(Warning: A: as logged) B=failed(Error: B: bare) C=skipped D=notStarted", "CheckNotPass view,check,configure,view", ""},
		"breaks down":   {fakedts.Job{BreaksDown: true}, "Initialized view,check,configure,view", "failed 100% " + begun, "Initialized view,check,configure,view", ""},
	} {
		t.Run(name, func(t *testing.T) {
			clock := newClock()
			test.job.JobID, test.job.Kind, test.job.CheckSeconds = "sync-a", "sync", 100
			c := clientOf(fakedts.New(fakedts.Options{Jobs: []fakedts.Job{test.job}, Now: clock.Now}))
			if got := statusSync(t, c, "sync-a"); got != test.before {
				t.Errorf("before: %s", got)
			}
			for range 2 { // a check can be created again after its end
				if err := c.createSync("sync-a"); err != nil {
					t.Fatal(err)
				}
				if got := textSync(t, c, "sync-a"); !strings.HasPrefix(got, "notStarted 0% ") {
					t.Errorf("at its start: %s", got)
				}
				clock.move(50 * time.Second)
				if got := textSync(t, c, "sync-a"); !strings.HasPrefix(got, "running 50% ") {
					t.Errorf("half-way: %s", got)
				}
				if got := statusSync(t, c, "sync-a"); got != "Checking view" {
					t.Errorf("half-way: %s", got)
				}
				if code := codeOf(c.createSync("sync-a")); code != "UnsupportedOperation.UnsupportedOperationError" {
					t.Errorf("create again: code %q", code)
				}
				clock.move(50 * time.Second)
				if got := textSync(t, c, "sync-a"); got != test.check {
					t.Errorf("at its end: %s, want %s", got, test.check)
				}
				if got := statusSync(t, c, "sync-a"); got != test.job2 {
					t.Errorf("at its end: %s, want %s", got, test.job2)
				}
			}
		})
	}
}

// TestChecksThatBreakDown: a migration's has no verdict either.
func TestChecksThatBreakDown(t *testing.T) {
	clock := newClock()
	c := clientOf(fakedts.New(fakedts.Options{Jobs: []fakedts.Job{{JobID: "a", BreaksDown: true}}, Now: clock.Now}))
	if err := c.create("a"); err != nil {
		t.Fatal(err)
	}
	clock.move(time.Second)
	if got := text2018(t, c, "a"); got != "finished 100% flag 3 error -1" {
		t.Error(got)
	}
	if got := text2021(t, c, "a"); !strings.HasPrefix(got, `failed - "" ConnectDBCheck=notStarted`) {
		t.Error(got)
	}
	if got := *c.detail(t, "a").Status; got != "created" {
		t.Error(got)
	}
}

// TestNulls: of a job without a check nothing is said but null, where a jobs file
// wants that.
func TestNulls(t *testing.T) {
	clock := newClock()
	c := clientOf(fakedts.New(fakedts.Options{Now: clock.Now, Jobs: []fakedts.Job{
		{JobID: "a", Nulls: true, CheckSeconds: 1}, {JobID: "sync-a", Kind: "sync", Nulls: true, CheckSeconds: 1},
	}}))
	requestID := regexp.MustCompile(`"RequestId":"[^"]*"`)
	ask := func(version, action, job string) string {
		body, err := c.ask(version, action, map[string]any{"JobId": job})
		if err != nil {
			t.Fatal(err)
		}
		return requestID.ReplaceAllString(body, "")
	}
	for _, test := range []struct{ version, action, job, want string }{
		{"2018-03-30", "DescribeMigrateCheckJob", "a", `{"Response":{"CheckFlag":null,"ErrorCode":null,"ErrorMessage":null,"Progress":null,,"Status":null}}`},
		{"2021-12-06", "DescribeMigrationCheckJob", "a", `{"Response":{"BriefMsg":null,"CheckFlag":null,,"Status":null,"StepInfo":null}}`},
		{"2021-12-06", "DescribeCheckSyncJobResult", "sync-a", `{"Response":{"Progress":null,,"Status":null,"StepCount":null,"StepCur":null,"StepInfos":null}}`},
	} {
		if got := ask(test.version, test.action, test.job); got != test.want {
			t.Errorf("%s: %s", test.action, got)
		}
	}
	for action, members := range map[string][]string{
		"DescribeMigrationJobs":   {"JobName", "Action", "Tags", "BriefMsg", "StepInfo"},
		"DescribeMigrationDetail": {"JobName", "Action", "Tags", "CheckStepInfo"},
		"DescribeSyncJobs":        {"JobName", "Actions", "Tags", "Detail"},
	} {
		job := map[bool]string{true: "sync-a", false: "a"}[action == "DescribeSyncJobs"]
		for _, member := range members {
			if got := ask("2021-12-06", action, job); !strings.Contains(got, `"`+member+`":null`) {
				t.Errorf("%s: %s is not null in %s", action, member, got)
			}
		}
	}
	if c.create("a") != nil || c.createSync("sync-a") != nil {
		t.Error("no check is created")
	}
	clock.move(time.Second)
	if a, b := text2021(t, c, "a"), textSync(t, c, "sync-a"); !strings.HasPrefix(a, "success checkPass") || !strings.HasPrefix(b, "success 100%") {
		t.Errorf("after a check: %s, %s", a, b)
	}
}

// TestListSync has the list of sync jobs by the SDK, in every way to sign and to send.
func TestListSync(t *testing.T) {
	type request = dts2021.DescribeSyncJobsRequest
	jobs := []fakedts.Job{{JobID: "dts-m", JobName: "orders"}}
	for _, j := range listJobs() {
		j.JobID, j.Kind = "sync-"+j.JobID, "sync"
		jobs = append(jobs, j)
	}
	jobs = append(jobs, fakedts.Job{JobID: "sync-u", Kind: "sync", Unconfigured: true, CreateTime: "2026-01-01 00:00:00"})
	for name, test := range map[string]struct {
		edit func(*request)
		want string
	}{
		"all, newest first":    {func(*request) {}, "cdabu of 5"},
		"oldest first":         {func(r *request) { r.Order, r.OrderSeq = new("CreateTime"), new("ASC") }, "ubadc of 5"},
		"a page":               {func(r *request) { r.Offset, r.Limit = new(uint64(1)), new(uint64(2)) }, "da of 5"},
		"behind the last page": {func(r *request) { r.Offset = new(uint64(5)) }, " of 5"},
		"a job":                {func(r *request) { r.JobId = new("sync-c") }, "c of 1"},
		"a migration":          {func(r *request) { r.JobId = new("dts-m") }, " of 0"},
		"a name":               {func(r *request) { r.JobName = new("orders") }, "da of 2"},
		"tags": {func(r *request) {
			r.TagFilters = []*dts2021.TagFilter{{TagKey: new("env"), TagValue: list("prod")}, {TagKey: new("team"), TagValue: list("shop")}}
		}, "a of 1"},
		"a status":           {func(r *request) { r.Status = list("Running") }, "b of 1"},
		"statuses":           {func(r *request) { r.Status = list("Initialized", "CheckPass", "CheckNotPass") }, "cda of 3"},
		"not configured":     {func(r *request) { r.Status = list("UnInitialized") }, "u of 1"},
		"a mode":             {func(r *request) { r.RunMode = new("Timed") }, "ca of 2"},
		"a type":             {func(r *request) { r.JobType = new("mysql2mariadb") }, "c of 1"},
		"paid later":         {func(r *request) { r.PayMode = new("PostPay") }, "cdabu of 5"},
		"paid before":        {func(r *request) { r.PayMode = new("PrePay") }, " of 0"},
		"a migration's word": {func(r *request) { r.Status = list("checkPass") }, "InvalidParameterValue.InvalidParameterValueError"},
		"another order":      {func(r *request) { r.Order = new("JobId") }, "InvalidParameterValue.InvalidParameterValueError"},
		"too many":           {func(r *request) { r.Limit = new(uint64(101)) }, "InvalidParameterValue.InvalidParameterValueError"},
	} {
		for _, signMethod := range []string{"TC3-HMAC-SHA256", "HmacSHA256"} {
			for _, httpMethod := range []string{http.MethodGet, http.MethodPost} {
				t.Run(name+"/"+signMethod+"/"+httpMethod, func(t *testing.T) {
					c := clientOf(fakedts.New(fakedts.Options{Jobs: jobs}))
					c.signMethod, c.httpMethod = signMethod, httpMethod
					r := dts2021.NewDescribeSyncJobsRequest()
					test.edit(r)
					got := ""
					if answer, err := c.sdk2021().DescribeSyncJobs(r); err != nil {
						got = codeOf(err)
					} else {
						for _, item := range answer.Response.JobList {
							got += strings.TrimPrefix(*item.JobId, "sync-")
						}
						got += fmt.Sprintf(" of %d", *answer.Response.TotalCount)
					}
					if got != test.want {
						t.Errorf("got %q, want %q", got, test.want)
					}
				})
			}
		}
	}
	// The SDK in use lacks the newest parameters and knows no patterns by heart.
	c := clientOf(fakedts.New(fakedts.Options{Jobs: jobs}))
	for name, test := range map[string]struct {
		ask  map[string]any
		want string
	}{
		"ids":      {map[string]any{"JobIds": []string{"sync-a", "sync-c", "sync-none", "dts-m"}}, `"TotalCount":2`},
		"instance": {map[string]any{"SrcInfoPattern": "cdb-srcb"}, `"TotalCount":1`},
		"address":  {map[string]any{"DstInfoPattern": "10.71.83.98"}, `"TotalCount":5`},
		"neither":  {map[string]any{"DstInfoPattern": "cdb-srcb"}, `"TotalCount":0`},
	} {
		if body, err := c.ask("2021-12-06", "DescribeSyncJobs", test.ask); err != nil || !strings.Contains(body, test.want) {
			t.Errorf("%s: %v, %s", name, err, body)
		}
	}
}

// TestStaleSync: after a creation both readings show what was before.
func TestStaleSync(t *testing.T) {
	clock := newClock()
	s := fakedts.New(fakedts.Options{Now: clock.Now, Quota: -1, Jobs: []fakedts.Job{{JobID: "sync-a", Kind: "sync", CheckSeconds: 2, Status: "checkNotPass"}},
		Faults: []fakedts.Fault{{Kind: fakedts.FaultStale, Delay: 5 * time.Second}}})
	c := clientOf(s)
	check, status := textSync(t, c, "sync-a"), statusSync(t, c, "sync-a")
	if err := c.createSync("sync-a"); err != nil {
		t.Fatal(err)
	}
	clock.move(5*time.Second - 1)
	if textSync(t, c, "sync-a") != check || statusSync(t, c, "sync-a") != status {
		t.Errorf("%s, %s", textSync(t, c, "sync-a"), statusSync(t, c, "sync-a"))
	}
	if call := lastCall(t, s); call.Fault != fakedts.FaultStale {
		t.Errorf("recorded %+v", call)
	}
	clock.move(1)
	if got := textSync(t, c, "sync-a") + " " + statusSync(t, c, "sync-a"); !strings.HasPrefix(got, "success") || !strings.Contains(got, "CheckPass ") {
		t.Error(got)
	}
}

// TestFaultsOfSeveralJobs: a fault for a job is met by a call for several, too.
func TestFaultsOfSeveralJobs(t *testing.T) {
	s := fakedts.New(fakedts.Options{Faults: []fakedts.Fault{{Kind: fakedts.FaultCode, Job: "sync-warning1", Code: "InternalError", Times: 1}}})
	c := clientOf(s)
	var got []string
	for _, ids := range [][]string{{"sync-running1"}, {"sync-running1", "sync-warning1"}, {"sync-warning1"}} {
		_, err := c.ask("2021-12-06", "DescribeSyncJobs", map[string]any{"JobIds": ids})
		got = append(got, codeOf(err))
	}
	if want := []string{"", "InternalError", ""}; !slices.Equal(got, want) {
		t.Errorf("codes %q, want %q", got, want)
	}
	if call := lastCall(t, s); !slices.Equal(call.JobIDs, []string{"sync-warning1"}) {
		t.Errorf("recorded %+v", call)
	}
}

// TestPageLimit: pages with more jobs than the limit are refused as too large.
func TestPageLimit(t *testing.T) {
	c := clientOf(fakedts.New(fakedts.Options{Quota: -1, Faults: []fakedts.Fault{
		{Kind: fakedts.FaultPageLimit, Limit: 3, Skip: 1, Action: "DescribeMigrateJobs"},
		{Kind: fakedts.FaultPageLimit, Limit: 2, Times: 1, Action: "DescribeSyncJobs"},
	}}))
	var got []string
	for _, call := range []struct {
		version, action string
		limit           int
	}{
		{"2018-03-30", "DescribeMigrateJobs", 4}, {"2018-03-30", "DescribeMigrateJobs", 4}, {"2018-03-30", "DescribeMigrateJobs", 3},
		{"2021-12-06", "DescribeMigrationJobs", 4}, {"2021-12-06", "DescribeSyncJobs", 3}, {"2021-12-06", "DescribeSyncJobs", 3},
	} {
		_, err := c.ask(call.version, call.action, map[string]any{"Limit": call.limit})
		got = append(got, codeOf(err))
	}
	if want := []string{"", "ResponseSizeLimitExceeded", "", "", "ResponseSizeLimitExceeded", ""}; !slices.Equal(got, want) {
		t.Errorf("codes %q, want %q", got, want)
	}
}

// TestChinese: who asks for zh-CN reads no text of the endpoint's own in English.
func TestChinese(t *testing.T) {
	clock := newClock()
	s := fakedts.New(fakedts.Options{Now: clock.Now, Quota: -1})
	chinese, english := clientOf(s), clientOf(s)
	chinese.language = "zh-CN"
	for _, j := range s.Jobs() {
		chinese.create(j.JobID)
		chinese.createSync(j.JobID)
	}
	clock.move(5 * time.Second)
	prose := regexp.MustCompile(`[a-z]{2,} [a-z]{2,}`)
	differ := 0
	for _, j := range s.Jobs() {
		read := func(c client) any {
			if strings.HasPrefix(j.JobID, "sync-") {
				request := dts2021.NewDescribeCheckSyncJobResultRequest()
				request.JobId = &j.JobID
				answer, err := c.sdk2021().DescribeCheckSyncJobResult(request)
				if err != nil {
					t.Fatal(err)
				}
				return answer.Response
			}
			request := dts2021.NewDescribeMigrationCheckJobRequest()
			request.JobId = &j.JobID
			answer, err := c.sdk2021().DescribeMigrationCheckJob(request)
			if err != nil {
				t.Fatal(err)
			}
			return answer.Response
		}
		texts := strings.Join(textsOf(reflect.ValueOf(read(chinese))), "\n")
		if prose.MatchString(texts) && j.JobID != "dts-hostile1" {
			t.Errorf("%s: %s", j.JobID, texts)
		}
		if strings.Join(textsOf(reflect.ValueOf(read(english))), "\n") != texts {
			differ++
		}
	}
	if differ < 10 {
		t.Errorf("%d jobs have texts in Chinese", differ)
	}
	if got := text2018(t, chinese, "dts-notpass1"); !strings.Contains(got, "账号缺少 REPLICATION CLIENT 权限") {
		t.Error(got)
	}
}

// textsOf returns the texts in a value of the SDK's but for logs.
func textsOf(v reflect.Value) []string {
	var out []string
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			out = textsOf(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			out = append(out, textsOf(v.Index(i))...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Name != "ErrorLog" {
				out = append(out, textsOf(v.Field(i))...)
			}
		}
	case reflect.String:
		out = []string{v.String()}
	}
	return out
}
