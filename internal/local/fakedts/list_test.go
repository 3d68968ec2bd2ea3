package fakedts_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	dts2018 "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/dts/v20180330"
	dts2021 "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/dts/v20211206"

	"migratecheck/internal/local/fakedts"
)

// listJobs are the jobs of the tests of lists, the oldest first.
func listJobs() []fakedts.Job {
	return []fakedts.Job{
		{JobID: "a", JobName: "orders", RunMode: "timed", Tags: map[string]string{"env": "prod", "team": "shop"}},
		{JobID: "d", JobName: "orders-2", Tags: map[string]string{"env": "test", "team": "shop"}, Status: "checkPass", SrcDatabaseType: "redis", DstDatabaseType: "redis"},
		{JobID: "c", JobName: "billing", Tags: map[string]string{"env": "prod"}, Status: "checkNotPass", RunMode: "timed", DstDatabaseType: "mariadb"},
		{JobID: "s", JobName: "shanghai", Region: "ap-shanghai"},
		{JobID: "b", JobName: "archive", InMigration: true, CreateTime: "2026-01-02 03:04:05"},
	}
}

func listed2018(c client, edit func(*dts2018.DescribeMigrateJobsRequest)) (string, error) {
	request := dts2018.NewDescribeMigrateJobsRequest()
	edit(request)
	response, err := c.sdk2018().DescribeMigrateJobs(request)
	if err != nil {
		return "", err
	}
	ids := ""
	for _, item := range response.Response.JobList {
		ids += *item.JobId
	}
	return fmt.Sprintf("%s of %d", ids, *response.Response.TotalCount), nil
}

func listed2021(c client, edit func(*dts2021.DescribeMigrationJobsRequest)) (string, error) {
	request := dts2021.NewDescribeMigrationJobsRequest()
	edit(request)
	response, err := c.sdk2021().DescribeMigrationJobs(request)
	if err != nil {
		return "", err
	}
	ids := ""
	for _, item := range response.Response.JobList {
		ids += *item.JobId
	}
	return fmt.Sprintf("%s of %d", ids, *response.Response.TotalCount), nil
}

func list(words ...string) []*string {
	var out []*string
	for _, w := range words {
		out = append(out, &w)
	}
	return out
}

// TestList has lists in both generations by the SDK, in every way to sign and to
// send: the SDK's forms have an element of a list as a parameter of its own.
func TestList(t *testing.T) {
	type request2018 = dts2018.DescribeMigrateJobsRequest
	type request2021 = dts2021.DescribeMigrationJobsRequest
	tag2018 := func(key string, values ...string) *dts2018.TagFilter {
		return &dts2018.TagFilter{TagKey: &key, TagValue: list(values...)}
	}
	tag2021 := func(key string, values ...string) *dts2021.TagFilter {
		return &dts2021.TagFilter{TagKey: &key, TagValue: list(values...)}
	}
	tests2018 := map[string]struct {
		edit func(*request2018)
		want string
	}{
		"all, newest first":    {func(*request2018) {}, "cdab of 4"},
		"oldest first":         {func(r *request2018) { r.OrderSeq = new("ASC") }, "badc of 4"},
		"newest first":         {func(r *request2018) { r.OrderSeq, r.Order = new("DESC"), new("CreateTime") }, "cdab of 4"},
		"by id":                {func(r *request2018) { r.OrderSeq, r.Order = new("ASC"), new("JobId") }, "abcd of 4"},
		"by id, backwards":     {func(r *request2018) { r.Order = new("JobId") }, "dcba of 4"},
		"by name":              {func(r *request2018) { r.OrderSeq, r.Order = new("ASC"), new("JobName") }, "bcad of 4"},
		"by status":            {func(r *request2018) { r.OrderSeq, r.Order = new("ASC"), new("Status") }, "adcb of 4"},
		"by mode":              {func(r *request2018) { r.OrderSeq, r.Order = new("DESC"), new("RunMode") }, "cadb of 4"},
		"by type":              {func(r *request2018) { r.OrderSeq, r.Order = new("ASC"), new("MigrateType") }, "badc of 4"},
		"a page":               {func(r *request2018) { r.Offset, r.Limit = new(uint64(1)), new(uint64(2)) }, "da of 4"},
		"the last page":        {func(r *request2018) { r.Offset = new(uint64(3)) }, "b of 4"},
		"behind the last page": {func(r *request2018) { r.Offset = new(uint64(4)) }, " of 4"},
		"far behind":           {func(r *request2018) { r.Offset = new(^uint64(0)) }, " of 4"},
		"a job":                {func(r *request2018) { r.JobId = new("c") }, "c of 1"},
		"no job":               {func(r *request2018) { r.JobId = new("s") }, " of 0"},
		"a name":               {func(r *request2018) { r.JobName = new("orders") }, "da of 2"},
		"tags": {func(r *request2018) {
			r.TagFilters = []*dts2018.TagFilter{tag2018("env", "prod", "test"), tag2018("team", "shop")}
		}, "da of 2"},
		"a tag's key":      {func(r *request2018) { r.TagFilters = []*dts2018.TagFilter{tag2018("env")} }, "cda of 3"},
		"a tag nobody has": {func(r *request2018) { r.TagFilters = []*dts2018.TagFilter{tag2018("env", "staging")} }, " of 0"},
	}
	tests2021 := map[string]struct {
		edit func(*request2021)
		want string
	}{
		"all, newest first":    {func(*request2021) {}, "cdab of 4"},
		"oldest first":         {func(r *request2021) { r.OrderSeq = new("asc") }, "badc of 4"},
		"newest first":         {func(r *request2021) { r.OrderSeq = new("desc") }, "cdab of 4"},
		"a page":               {func(r *request2021) { r.Offset, r.Limit = new(uint64(1)), new(uint64(2)) }, "da of 4"},
		"behind the last page": {func(r *request2021) { r.Offset = new(uint64(4)) }, " of 4"},
		"a job":                {func(r *request2021) { r.JobId = new("c") }, "c of 1"},
		"a name":               {func(r *request2021) { r.JobName = new("orders") }, "da of 2"},
		"tags": {func(r *request2021) {
			r.TagFilters = []*dts2021.TagFilter{tag2021("env", "prod"), tag2021("team", "shop")}
		}, "a of 1"},
		"a status":            {func(r *request2021) { r.Status = list("running") }, "b of 1"},
		"statuses":            {func(r *request2021) { r.Status = list("created", "checkPass") }, "da of 2"},
		"a status nobody has": {func(r *request2021) { r.Status = list("failed") }, " of 0"},
		"sources":             {func(r *request2021) { r.SrcDatabaseType = list("redis", "mongodb") }, "d of 1"},
		"targets":             {func(r *request2021) { r.DstDatabaseType = list("mariadb", "mysql") }, "cab of 3"},
		"source and status":   {func(r *request2021) { r.SrcDatabaseType, r.Status = list("mysql"), list("running", "checkPass") }, "b of 1"},
		"a mode":              {func(r *request2021) { r.RunMode = new("timed") }, "ca of 2"},
		"an instance":         {func(r *request2021) { r.SrcInstanceId = new("cdb-srca") }, "a of 1"},
		"a target instance":   {func(r *request2021) { r.DstInstanceId = new("cdb-dstb") }, "b of 1"},
		"regions":             {func(r *request2021) { r.SrcRegion, r.DstRegion = new("ap-guangzhou"), new("ap-guangzhou") }, "cdab of 4"},
		"another region":      {func(r *request2021) { r.SrcRegion = new("ap-beijing") }, " of 0"},
		"another target":      {func(r *request2021) { r.DstRegion = new("ap-beijing") }, " of 0"},
		"access":              {func(r *request2021) { r.SrcAccessType, r.DstAccessType = list("cdb"), list("cdb", "cvm") }, "cdab of 4"},
		"another access":      {func(r *request2021) { r.SrcAccessType = list("cvm") }, " of 0"},
		"another way in":      {func(r *request2021) { r.DstAccessType = list("ccn") }, " of 0"},
	}
	for _, secure := range []bool{false, true} {
		s := fakedts.New(fakedts.Options{Jobs: listJobs(), Quota: -1})
		base, _ := listen(t, s, secure)
		for _, signMethod := range []string{"TC3-HMAC-SHA256", "HmacSHA256"} {
			for _, httpMethod := range []string{http.MethodGet, http.MethodPost} {
				c := base
				c.signMethod, c.httpMethod = signMethod, httpMethod
				way := fmt.Sprintf("%s/%s/%s/", c.endpoint.Scheme, signMethod, httpMethod)
				for name, test := range tests2018 {
					t.Run(way+"2018-03-30/"+name, func(t *testing.T) {
						if got, err := listed2018(c, test.edit); got != test.want || err != nil {
							t.Errorf("got %q, %v; want %q", got, err, test.want)
						}
					})
				}
				for name, test := range tests2021 {
					t.Run(way+"2021-12-06/"+name, func(t *testing.T) {
						if got, err := listed2021(c, test.edit); got != test.want || err != nil {
							t.Errorf("got %q, %v; want %q", got, err, test.want)
						}
					})
				}
			}
		}
	}
}

// TestListRefuses has what lists are refused for.
func TestListRefuses(t *testing.T) {
	s := fakedts.New(fakedts.Options{Jobs: listJobs(), Quota: -1})
	const value = "InvalidParameterValue.InvalidParameterValueError"
	for name, test := range map[string]struct {
		version    string // both unless given
		parameters map[string]any
		want       string
	}{
		"limit 0":           {"", map[string]any{"Limit": 0}, value},
		"limit 101":         {"", map[string]any{"Limit": 101}, value},
		"limit 100":         {"", map[string]any{"Limit": 100}, ""},
		"limit 1":           {"", map[string]any{"Limit": 1}, ""},
		"limit a text":      {"", map[string]any{"Limit": "20"}, "InvalidParameter"},
		"offset negative":   {"", map[string]any{"Offset": -1}, "InvalidParameter"},
		"tag without a key": {"", map[string]any{"TagFilters": []any{map[string]any{"TagValue": []string{"x"}}}}, "MissingParameter"},
		"tag of one value":  {"", map[string]any{"TagFilters": []any{map[string]any{"TagKey": "env", "TagValue": "x"}}}, "InvalidParameter"},
		"unknown parameter": {"", map[string]any{"PageSize": 20}, "UnknownParameter"},
		"no status filter":  {"2018-03-30", map[string]any{"Status": []string{"created"}}, "UnknownParameter"},
		"no such order":     {"2018-03-30", map[string]any{"Order": "Name"}, value},
		"no such sequence":  {"2018-03-30", map[string]any{"OrderSeq": "asc"}, value},
		"nor in the other":  {"2021-12-06", map[string]any{"OrderSeq": "ASC"}, value},
		"no order":          {"2021-12-06", map[string]any{"Order": "JobId"}, "UnknownParameter"},
		"one status":        {"2021-12-06", map[string]any{"Status": "created"}, "InvalidParameter"},
		"no such status":    {"2021-12-06", map[string]any{"Status": []string{"created", "Created"}}, value},
		"no filter's":       {"2021-12-06", map[string]any{"Status": []string{"manualPaused"}}, value},
		"a number":          {"2021-12-06", map[string]any{"Status": []int{1}}, "InvalidParameter"},
	} {
		for version, action := range map[string]string{"2018-03-30": "DescribeMigrateJobs", "2021-12-06": "DescribeMigrationJobs"} {
			if test.version != "" && test.version != version {
				continue
			}
			t.Run(version+"/"+name, func(t *testing.T) {
				_, err := clientOf(s).ask(version, action, test.parameters)
				if got := codeOf(err); got != test.want {
					t.Errorf("code %q, want %q (%v)", got, test.want, err)
				}
			})
		}
	}
}

// TestListOfNone: where there is nothing, the API says null.
func TestListOfNone(t *testing.T) {
	c := clientOf(fakedts.New(fakedts.Options{Jobs: []fakedts.Job{}}))
	for version, action := range map[string]string{"2018-03-30": "DescribeMigrateJobs", "2021-12-06": "DescribeMigrationJobs"} {
		body, err := c.ask(version, action, map[string]any{})
		if err != nil || !strings.Contains(body, `"JobList":null`) || !strings.Contains(body, `"TotalCount":0`) {
			t.Errorf("%s: %s, %v", action, body, err)
		}
	}
	body, err := clientOf(fakedts.New(fakedts.Options{Jobs: []fakedts.Job{{JobID: "a"}}})).ask("2021-12-06", "DescribeMigrationJobs", map[string]any{})
	if err != nil || !strings.Contains(body, `"Tags":null`) {
		t.Errorf("a job without tags: %s, %v", body, err)
	}
}

// TestListTells has what a list says of a job.
func TestListTells(t *testing.T) {
	jobs := listJobs()
	c := clientOf(fakedts.New(fakedts.Options{Jobs: jobs}))
	request := dts2018.NewDescribeMigrateJobsRequest()
	request.JobId = new("c")
	old, err := c.sdk2018().DescribeMigrateJobs(request)
	if err != nil {
		t.Fatal(err)
	}
	i := old.Response.JobList[0]
	got := fmt.Sprintf("%s %s %d %s %s %s=%s %s", *i.JobId, *i.JobName, *i.MigrateOption.RunMode, *i.SrcDatabaseType, *i.DstDatabaseType, *i.Tags[0].TagKey, *i.Tags[0].TagValue, *i.SrcInfo.Region)
	if want := "c billing 2 mysql mariadb env=prod ap-guangzhou"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	current := dts2021.NewDescribeMigrationJobsRequest()
	current.JobId = new("a")
	answer, err := c.sdk2021().DescribeMigrationJobs(current)
	if err != nil {
		t.Fatal(err)
	}
	j := answer.Response.JobList[0]
	got = fmt.Sprintf("%s %s %s %s %s", *j.JobId, *j.JobName, *j.RunMode, *j.SrcInfo.DatabaseType, *j.DstInfo.DatabaseType)
	for _, tag := range j.Tags {
		got += " " + *tag.TagKey + "=" + *tag.TagValue
	}
	if want := "a orders timed mysql mysql env=prod team=shop"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestListTellsDatabases has the databases of a job, which differ.
func TestListTellsDatabases(t *testing.T) {
	request := dts2021.NewDescribeMigrationJobsRequest()
	request.JobId = new("c")
	answer, err := clientOf(fakedts.New(fakedts.Options{Jobs: listJobs()})).sdk2021().DescribeMigrationJobs(request)
	if err != nil {
		t.Fatal(err)
	}
	j := answer.Response.JobList[0]
	if *j.SrcInfo.DatabaseType != "mysql" || *j.DstInfo.DatabaseType != "mariadb" || *j.SrcInfo.Info[0].InstanceId != "cdb-srcc" || *j.DstInfo.Info[0].InstanceId != "cdb-dstc" {
		t.Errorf("from %s in %s to %s in %s", *j.SrcInfo.DatabaseType, *j.SrcInfo.Info[0].InstanceId, *j.DstInfo.DatabaseType, *j.DstInfo.Info[0].InstanceId)
	}
}

// TestPages reads 250 jobs in pages.
func TestPages(t *testing.T) {
	var jobs []fakedts.Job
	for i := range 250 {
		jobs = append(jobs, fakedts.Job{JobID: fmt.Sprintf("dts-%03d", i)})
	}
	c := clientOf(fakedts.New(fakedts.Options{Jobs: jobs}))
	var ids []string
	for _, size := range []int{100, 100, 50, 0} {
		request := dts2021.NewDescribeMigrationJobsRequest()
		request.Offset, request.Limit, request.OrderSeq = new(uint64(len(ids))), new(uint64(100)), new("asc")
		response, err := c.sdk2021().DescribeMigrationJobs(request)
		if err != nil {
			t.Fatal(err)
		}
		if len(response.Response.JobList) != size || *response.Response.TotalCount != 250 {
			t.Errorf("%d of %d jobs, want %d of 250", len(response.Response.JobList), *response.Response.TotalCount, size)
		}
		for _, item := range response.Response.JobList {
			ids = append(ids, *item.JobId)
		}
	}
	if len(ids) != 250 || !slices.IsSorted(ids) {
		t.Errorf("read: %q", ids)
	}
	if got, err := listed2021(c, func(*dts2021.DescribeMigrationJobsRequest) {}); err != nil || len(got) != 20*len("dts-000")+len(" of 250") {
		t.Errorf("a page unless told otherwise: %q, %v", got, err)
	}
}

// TestAddAndRemove changes what jobs there are.
func TestAddAndRemove(t *testing.T) {
	clock := newClock()
	s := fakedts.New(fakedts.Options{Jobs: []fakedts.Job{{JobID: "a"}, {JobID: "b"}}, Now: clock.Now})
	c := clientOf(s)
	see := func(want string) {
		t.Helper()
		if got, err := listed2021(c, func(*dts2021.DescribeMigrationJobsRequest) {}); got != want || err != nil {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
	see("ba of 2")
	if err := c.create("a"); err != nil {
		t.Fatal(err)
	}
	clock.move(time.Second)
	s.Add(fakedts.Job{JobID: "c"}, fakedts.Job{JobID: "d"})
	see("dcba of 4")
	s.Remove("a", "c", "unknown")
	see("db of 2")
	if code := codeOf(c.create("a")); code != "ResourceNotFound.JobNotExist" {
		t.Errorf("the removed job: code %q", code)
	}
	s.Add(fakedts.Job{JobID: "b", Status: "checkPass"}) // takes the other's place
	see("bd of 2")
	want := []fakedts.JobState{
		{JobID: "a", Status: "checkPass", Checks: 1, Passed: new(true), Removed: true},
		{JobID: "b", Status: "created", Removed: true},
		{JobID: "c", Status: "created", Removed: true},
		{JobID: "d", Status: "created"},
		{JobID: "b", Status: "checkPass"},
	}
	if got := fmt.Sprintf("%+v", flatten(s.Jobs())); got != fmt.Sprintf("%+v", flatten(want)) {
		t.Errorf("got\n%s, want\n%+v", got, flatten(want))
	}
}

// flatten makes job states fit to be compared as text.
func flatten(states []fakedts.JobState) []string {
	var out []string
	for _, s := range states {
		passed := "-"
		if s.Passed != nil {
			passed = fmt.Sprint(*s.Passed)
		}
		out = append(out, fmt.Sprintf("%s %s checks %d starts %d passed %s removed %v", s.JobID, s.Status, s.Checks, s.Starts, passed, s.Removed))
	}
	return out
}

// TestJobStates counts what calls have done, and not what they were refused.
func TestJobStates(t *testing.T) {
	clock := newClock()
	s := fakedts.New(fakedts.Options{Now: clock.Now, Jobs: []fakedts.Job{
		{JobID: "a"}, {JobID: "b", NotPassed: true, Status: "checkPass"}, {JobID: "c", Status: "checkPass"},
	}})
	c := clientOf(s)
	see := func(want ...string) {
		t.Helper()
		if got := flatten(s.Jobs()); !slices.Equal(got, want) {
			t.Errorf("got\n%q, want\n%q", got, want)
		}
	}
	see("a created checks 0 starts 0 passed - removed false", "b checkPass checks 0 starts 0 passed - removed false", "c checkPass checks 0 starts 0 passed - removed false")
	for _, job := range []string{"a", "a", "b", "unknown"} {
		c.create(job)
	}
	for _, job := range []string{"a", "b", "c", "c", "unknown"} {
		c.start(job)
	}
	see("a checking checks 1 starts 0 passed - removed false", "b checking checks 1 starts 0 passed - removed false", "c running checks 0 starts 1 passed - removed false")
	clock.move(time.Second)
	for _, job := range []string{"a", "b"} {
		c.start(job)
	}
	see("a running checks 1 starts 1 passed true removed false", "b checkNotPass checks 1 starts 0 passed false removed false", "c running checks 0 starts 1 passed - removed false")
	c.create("b")
	see("a running checks 1 starts 1 passed true removed false", "b checking checks 2 starts 0 passed - removed false", "c running checks 0 starts 1 passed - removed false")
}
