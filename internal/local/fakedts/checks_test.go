package fakedts_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	dts2018 "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/dts/v20180330"
	dts2021 "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/dts/v20211206"

	"migratecheck/internal/local/fakedts"
)

// text2018 is a check as the SDK of 2018-03-30 sees it, in a line.
func text2018(t *testing.T, c client, job string) string {
	t.Helper()
	request := dts2018.NewDescribeMigrateCheckJobRequest()
	request.JobId = &job
	answer, err := c.sdk2018().DescribeMigrateCheckJob(request)
	if err != nil {
		t.Fatal(err)
	}
	r := answer.Response
	return strings.TrimSpace(fmt.Sprintf("%s %s%% flag %d error %d %s", *r.Status, *r.Progress, *r.CheckFlag, *r.ErrorCode, *r.ErrorMessage))
}

// text2021 is a check as the SDK of 2021-12-06 sees it, in a line.
func text2021(t *testing.T, c client, job string) string {
	t.Helper()
	request := dts2021.NewDescribeMigrationCheckJobRequest()
	request.JobId = &job
	answer, err := c.sdk2021().DescribeMigrationCheckJob(request)
	if err != nil {
		t.Fatal(err)
	}
	r := answer.Response
	flag := "-"
	if r.CheckFlag != nil {
		flag = *r.CheckFlag
	}
	text := fmt.Sprintf("%s %s %q", *r.Status, flag, *r.BriefMsg)
	for i, step := range r.StepInfo {
		if int(*step.StepNo) != i+1 {
			t.Errorf("step %d has StepNo %d", i+1, *step.StepNo)
		}
		text += " " + *step.StepId + "=" + *step.StepStatus
		for _, item := range step.DetailCheckItems {
			text += fmt.Sprintf("(%s=%s: %s; %s)", *item.CheckItemName, *item.CheckResult, *item.FailureReason, *item.Solution)
		}
	}
	return text
}

// TestSteps has all that is said of the steps of a check, before and after its
// end.
func TestSteps(t *testing.T) {
	clock := newClock()
	job := fakedts.Job{JobID: "a", CheckSeconds: 2, Steps: []fakedts.Step{
		{StepID: "A", StepName: "First", StepStatus: "failed", StepMessage: "skipped it", HasSkipped: true, DetailCheckItems: []fakedts.DetailItem{{
			CheckItemName: "item", Description: "what it is", CheckResult: "warning", FailureReason: "reason", Solution: "solution",
			ErrorLog: []string{"log 1", "log 2"}, HelpDoc: []string{"https://help.example"}, SkipInfo: "the risk",
		}}},
		{StepID: "B", StepName: "Second", StepStatus: "warning", DetailCheckItems: []fakedts.DetailItem{{CheckItemName: "bare", CheckResult: "warning"}}},
	}}
	c := clientOf(fakedts.New(fakedts.Options{Now: clock.Now, Jobs: []fakedts.Job{job}}))
	steps := func() string {
		request := dts2021.NewDescribeMigrationCheckJobRequest()
		request.JobId = &job.JobID
		answer, err := c.sdk2021().DescribeMigrationCheckJob(request)
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := json.Marshal(answer.Response.StepInfo)
		if err != nil {
			t.Fatal(err)
		}
		return string(encoded)
	}
	const begun = `[{"StepNo":1,"StepId":"A","StepName":"First","StepStatus":"notStarted","StepMessage":"","HasSkipped":false},` +
		`{"StepNo":2,"StepId":"B","StepName":"Second","StepStatus":"notStarted","StepMessage":"","HasSkipped":false}]`
	const ended = `[{"StepNo":1,"StepId":"A","StepName":"First","StepStatus":"failed","StepMessage":"skipped it","DetailCheckItems":[` +
		`{"CheckItemName":"item","Description":"what it is","CheckResult":"warning","FailureReason":"reason","Solution":"solution",` +
		`"ErrorLog":["log 1","log 2"],"HelpDoc":["https://help.example"],"SkipInfo":"the risk"}],"HasSkipped":true},` +
		`{"StepNo":2,"StepId":"B","StepName":"Second","StepStatus":"warning","StepMessage":"","DetailCheckItems":[` +
		`{"CheckItemName":"bare","Description":"","CheckResult":"warning","FailureReason":"","Solution":"","SkipInfo":""}],"HasSkipped":false}]`
	if got := steps(); got != begun {
		t.Errorf("before a check:\n%s, want\n%s", got, begun)
	}
	if err := c.create("a"); err != nil {
		t.Fatal(err)
	}
	if got := steps(); got != begun {
		t.Errorf("at its start:\n%s, want\n%s", got, begun)
	}
	clock.move(2 * time.Second)
	if got := steps(); got != ended {
		t.Errorf("at its end:\n%s, want\n%s", got, ended)
	}
	progress := c.detail(t, "a").CheckStepInfo.Progress.Steps
	if e := progress[0].Errors[0]; *e.Message != "reason" || *e.Solution != "solution" || *e.HelpDoc != "https://help.example" {
		t.Errorf("the error in the detail: %s, %s, %s", *e.Message, *e.Solution, *e.HelpDoc)
	}
	if w := progress[1].Warnings[0]; *w.Message != "" || *w.HelpDoc != "" {
		t.Errorf("the warning in the detail: %s, %s", *w.Message, *w.HelpDoc)
	}
}

const notBegun = "ConnectDBCheck=notStarted VersionCheck=notStarted SrcPrivilegeCheck=notStarted"

// TestStates follows checks of 100 seconds by the clock, in the words of both
// generations.
func TestStates(t *testing.T) {
	type moment struct {
		at                           time.Duration // since the check was created
		described2018, described2021 string
	}
	unavailable := moment{-1, "unavailable 0% flag 3 error 0", `notStarted - "" ` + notBegun}
	underway := []moment{
		{0, "starting 0% flag 3 error 0", `notStarted - "" ` + notBegun},
		{10*time.Second - 1, "starting 0% flag 3 error 0", `notStarted - "" ` + notBegun},
		{10 * time.Second, "running 10% flag 3 error 0", `running - "" ` + notBegun},
		{33 * time.Second, "running 33% flag 3 error 0", `running - "" ` + notBegun},
		{34 * time.Second, "running 34% flag 3 error 0", `running - "" ConnectDBCheck=pass VersionCheck=notStarted SrcPrivilegeCheck=notStarted`},
		{67 * time.Second, "running 67% flag 3 error 0", `running - "" ConnectDBCheck=pass VersionCheck=pass SrcPrivilegeCheck=notStarted`},
		{100*time.Second - 1, "running 99% flag 3 error 0", `running - "" ConnectDBCheck=pass VersionCheck=pass SrcPrivilegeCheck=notStarted`},
	}
	for name, test := range map[string]struct {
		job fakedts.Job
		end moment
	}{
		"passes": {
			job: fakedts.Job{JobID: "dts-1kl0iy0v", CheckSeconds: 100},
			end: moment{100 * time.Second, "finished 100% flag 1 error 0 ok", `success checkPass "ok" ConnectDBCheck=pass VersionCheck=pass SrcPrivilegeCheck=pass`},
		},
		"does not pass": {
			job: fakedts.Job{JobID: "dts-1kl0iy0v", CheckSeconds: 100, NotPassed: true, Message: "no privilege"},
			end: moment{100 * time.Second, "finished 100% flag 0 error -1 no privilege",
				`failed checkNotPass "no privilege" ConnectDBCheck=pass VersionCheck=pass SrcPrivilegeCheck=failed` +
					`(Global privileges=failed: no privilege; Grant the missing privilege to the migration account and create the check again.)`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			clock := newClock()
			c := clientOf(fakedts.New(fakedts.Options{Jobs: []fakedts.Job{test.job}, Now: clock.Now}))
			see := func(m moment) {
				t.Helper()
				if got := text2018(t, c, test.job.JobID); got != m.described2018 {
					t.Errorf("at %v: 2018-03-30 says\n%s, want\n%s", m.at, got, m.described2018)
				}
				if got := text2021(t, c, test.job.JobID); got != m.described2021 {
					t.Errorf("at %v: 2021-12-06 says\n%s, want\n%s", m.at, got, m.described2021)
				}
			}
			see(unavailable)
			for round := range 2 { // a check can be created again after its end
				if err := c.create(test.job.JobID); err != nil {
					t.Fatalf("create %d: %v", round+1, err)
				}
				var now time.Duration
				for _, m := range underway {
					clock.move(m.at - now)
					now = m.at
					see(m)
					if code := codeOf(c.create(test.job.JobID)); code != "InternalError.DuplicateJob" {
						t.Errorf("at %v: create again: code %q", m.at, code)
					}
				}
				clock.move(test.end.at - now)
				see(test.end)
			}
		})
	}
}

// TestGenerationsShareJobs: a check created in one generation runs in both.
func TestGenerationsShareJobs(t *testing.T) {
	c := clientOf(fakedts.New(fakedts.Options{}))
	job := "dts-slowchk1"
	if _, err := actions["create 2021-12-06"].call(c, &job); err != nil {
		t.Fatal(err)
	}
	if code := codeOf(c.create(job)); code != "InternalError.DuplicateJob" {
		t.Errorf("create by 2018-03-30: code %q, want InternalError.DuplicateJob", code)
	}
	if got := c.status(t, job); got != "starting" {
		t.Errorf("status by 2018-03-30: %q, want starting", got)
	}
}
