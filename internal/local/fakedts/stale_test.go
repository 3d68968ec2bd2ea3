package fakedts_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	dts2018 "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/dts/v20180330"
	dts2021 "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/dts/v20211206"

	"migratecheck/internal/local/fakedts"
)

// everywhere is what each reading shows of a job: both checks, the detail's
// status and dates, and both lists.
func everywhere(t *testing.T, c client, job string) map[string]string {
	t.Helper()
	d := c.detail(t, job)
	detail := *d.Status
	if d.CheckStepInfo != nil {
		detail += " " + *d.CheckStepInfo.StartAt + " " + *d.CheckStepInfo.EndAt
	}
	old := dts2018.NewDescribeMigrateJobsRequest()
	old.JobId = &job
	old2018, err := c.sdk2018().DescribeMigrateJobs(old)
	if err != nil {
		t.Fatal(err)
	}
	current := dts2021.NewDescribeMigrationJobsRequest()
	current.JobId = &job
	list2021, err := c.sdk2021().DescribeMigrationJobs(current)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"DescribeMigrateCheckJob":   text2018(t, c, job),
		"DescribeMigrationCheckJob": text2021(t, c, job),
		"DescribeMigrationDetail":   detail,
		"DescribeMigrateJobs":       fmt.Sprint(*old2018.Response.JobList[0].Status),
		"DescribeMigrationJobs":     *list2021.Response.JobList[0].Status + " " + strings.Join(words(list2021.Response.JobList[0].Action.AllowedAction), ","),
	}
}

func words(list []*string) []string {
	var out []string
	for _, w := range list {
		out = append(out, *w)
	}
	return out
}

// TestStale: for its time after a creation, readings show the check before, and
// its verdict, which is another. The truth is not changed by it.
func TestStale(t *testing.T) {
	for name, test := range map[string]struct {
		fault fakedts.Fault
		only  string // the action that is stale, if not all
	}{
		"every reading": {fakedts.Fault{Kind: fakedts.FaultStale, Delay: 5 * time.Second}, ""},
		"one job":       {fakedts.Fault{Kind: fakedts.FaultStale, Delay: 5 * time.Second, Job: "a"}, ""},
		"one action":    {fakedts.Fault{Kind: fakedts.FaultStale, Delay: 5 * time.Second, Action: "DescribeMigrationDetail"}, "DescribeMigrationDetail"},
		"one list":      {fakedts.Fault{Kind: fakedts.FaultStale, Delay: 5 * time.Second, Action: "DescribeMigrateJobs"}, "DescribeMigrateJobs"},
		"one check":     {fakedts.Fault{Kind: fakedts.FaultStale, Delay: 5 * time.Second, Action: "DescribeMigrateCheckJob"}, "DescribeMigrateCheckJob"},
	} {
		t.Run(name, func(t *testing.T) {
			clock := newClock()
			jobs := []fakedts.Job{{JobID: "a", CheckSeconds: 2, Status: "checkNotPass"}, {JobID: "b", CheckSeconds: 2, Status: "checkNotPass"}}
			s := fakedts.New(fakedts.Options{Now: clock.Now, Jobs: jobs, Faults: []fakedts.Fault{test.fault}, Quota: -1})
			c := clientOf(s)
			truth := fakedts.New(fakedts.Options{Now: clock.Now, Jobs: jobs, Quota: -1})
			before := everywhere(t, c, "a")
			for _, job := range []string{"a", "b"} {
				if err := c.create(job); err != nil {
					t.Fatal(err)
				}
				if err := clientOf(truth).create(job); err != nil {
					t.Fatal(err)
				}
			}
			if code := codeOf(c.create("a")); code != "InternalError.DuplicateJob" {
				t.Errorf("create again: code %q", code)
			}
			for _, after := range []time.Duration{0, time.Second, 2 * time.Second, 5*time.Second - 1, 5 * time.Second, time.Minute} {
				clock.move(after)
				got, now := everywhere(t, c, "a"), everywhere(t, clientOf(truth), "a")
				for action, want := range now {
					if after < 5*time.Second && (test.only == "" || test.only == action) {
						want = before[action]
						if want == now[action] {
							t.Errorf("after %v, %s: nothing has changed", after, action)
						}
					}
					if got[action] != want {
						t.Errorf("after %v, %s:\n%s, want\n%s", after, action, got[action], want)
					}
				}
				if b := everywhere(t, c, "b"); test.fault.Job == "a" && fmt.Sprint(b) != fmt.Sprint(everywhere(t, clientOf(truth), "b")) {
					t.Errorf("after %v, the other job: %v", after, b)
				}
				for _, call := range s.Calls()[len(s.Calls())-10:] {
					stale := after < 5*time.Second && (test.only == "" || test.only == call.Action) && (test.fault.Job == "" || test.fault.Job == call.JobID)
					if (call.Fault == fakedts.FaultStale) != stale {
						t.Errorf("after %v: recorded %+v", after, call)
					}
				}
				if s.Jobs()[0].Status != truth.Jobs()[0].Status {
					t.Errorf("after %v: the job is %s, want %s", after, s.Jobs()[0].Status, truth.Jobs()[0].Status)
				}
				clock.move(-after)
			}
		})
	}
}

// TestStaleCountsCreations: skip and times select creations, and a job whose
// check is stale meets other faults, too.
func TestStaleCountsCreations(t *testing.T) {
	clock := newClock()
	s := fakedts.New(fakedts.Options{Now: clock.Now, Quota: -1, Jobs: []fakedts.Job{{JobID: "a", NotPassed: true}, {JobID: "b", NotPassed: true}},
		Faults: []fakedts.Fault{
			{Kind: fakedts.FaultStale, Delay: time.Minute, Skip: 1, Times: 1, Job: "a"},
			{Kind: fakedts.FaultCode, Code: "InternalError", Times: 1, Skip: 2, Action: "DescribeMigrateCheckJob"},
		}})
	c := clientOf(s)
	var got []string
	for range 3 {
		for _, job := range []string{"a", "b"} {
			if err := c.create(job); err != nil {
				t.Fatal(err)
			}
		}
		_, err := c.ask("2018-03-30", "DescribeMigrateCheckJob", map[string]any{"JobId": "a"})
		got = append(got, codeOf(err), c.status(t, "a"))
		clock.move(time.Second)
	}
	if want := []string{"", "starting", "InternalError", "finished", "", "starting"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestStaleWithoutABefore: a job that never had a check shows none.
func TestStaleWithoutABefore(t *testing.T) {
	clock := newClock()
	c := clientOf(fakedts.New(fakedts.Options{Now: clock.Now, Jobs: []fakedts.Job{{JobID: "a"}}, Faults: []fakedts.Fault{{Kind: fakedts.FaultStale, Delay: 3 * time.Second}}}))
	if err := c.create("a"); err != nil {
		t.Fatal(err)
	}
	clock.move(2 * time.Second)
	if got := c.status(t, "a"); got != "unavailable" {
		t.Errorf("the check is %q, want unavailable", got)
	}
	if err := c.start("a"); err != nil { // as it has passed in truth
		t.Errorf("start: %v", err)
	}
	if got := *c.detail(t, "a").Status; got != "created" {
		t.Errorf("the job is %q, want created", got)
	}
	clock.move(time.Second)
	if got := *c.detail(t, "a").Status; got != "running" {
		t.Errorf("the job is %q, want running", got)
	}
}
