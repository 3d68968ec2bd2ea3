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

// start starts the migration of the job.
func (c client) start(job string) error {
	request := dts2021.NewStartMigrateJobRequest()
	request.JobId = &job
	_, err := c.sdk2021().StartMigrateJob(request)
	return err
}

// detail is the job as DescribeMigrationDetail shows it.
func (c client) detail(t *testing.T, job string) *dts2021.DescribeMigrationDetailResponseParams {
	t.Helper()
	request := dts2021.NewDescribeMigrationDetailRequest()
	request.JobId = &job
	response, err := c.sdk2021().DescribeMigrationDetail(request)
	if err != nil {
		t.Fatal(err)
	}
	return response.Response
}

// standing is a job's status wherever it can be read, which must agree.
func standing(t *testing.T, s *fakedts.Server, job string) string {
	t.Helper()
	c := clientOf(s)
	status := *c.detail(t, job).Status
	listed2021 := dts2021.NewDescribeMigrationJobsRequest()
	listed2021.JobId = &job
	answer2021, err := c.sdk2021().DescribeMigrationJobs(listed2021)
	if err != nil {
		t.Fatal(err)
	}
	if got := *answer2021.Response.JobList[0].Status; got != status {
		t.Errorf("listed as %s, in detail %s", got, status)
	}
	for _, j := range s.Jobs() {
		if j.JobID == job && j.Status != status {
			t.Errorf("in truth %s, in detail %s", j.Status, status)
		}
	}
	listed2018 := dts2018.NewDescribeMigrateJobsRequest()
	listed2018.JobId = &job
	answer2018, err := c.sdk2018().DescribeMigrateJobs(listed2018)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s %d", status, *answer2018.Response.JobList[0].Status)
}

// TestLife follows jobs from their creation to their end.
func TestLife(t *testing.T) {
	for name, test := range map[string]struct {
		job  fakedts.Job
		want string // what each step comes to
	}{
		"passes": {
			fakedts.Job{CheckSeconds: 4},
			"created 1; start: FailedOperation.NotAllowOperation; check: ; checking 3; start: FailedOperation.StatusInConflict; " +
				"check: InternalError.DuplicateJob; later checkPass 4; start: ; running 7; start: InternalError.DuplicateJob; " +
				"check: FailedOperation.NotAllowOperation; later readyComplete 8; start: FailedOperation.StatusInConflict; later success 9; later success 9",
		},
		"does not pass": {
			fakedts.Job{CheckSeconds: 4, NotPassed: true},
			"created 1; start: FailedOperation.NotAllowOperation; check: ; checking 3; start: FailedOperation.StatusInConflict; " +
				"check: InternalError.DuplicateJob; later checkNotPass 5; start: FailedOperation.NotAllowOperation; checkNotPass 5; start: FailedOperation.NotAllowOperation; " +
				"check: ; later checkNotPass 5; start: FailedOperation.NotAllowOperation; later checkNotPass 5; later checkNotPass 5",
		},
		"timed": {
			fakedts.Job{CheckSeconds: 4, RunMode: "timed", Status: "checkPass"},
			"checkPass 4; start: ; check: FailedOperation.NotAllowOperation; readyRun 6; start: InternalError.DuplicateJob; " +
				"check: FailedOperation.NotAllowOperation; later running 7; start: InternalError.DuplicateJob; running 7; start: InternalError.DuplicateJob; " +
				"check: FailedOperation.NotAllowOperation; later readyComplete 8; start: FailedOperation.StatusInConflict; later success 9; later success 9",
		},
		"passes now": {
			fakedts.Job{CheckSeconds: 4, Before: &fakedts.Verdict{NotPassed: true}, Status: "checkNotPass"},
			"checkNotPass 5; start: FailedOperation.NotAllowOperation; check: ; checking 3; start: FailedOperation.StatusInConflict; " +
				"check: InternalError.DuplicateJob; later checkPass 4; start: ; running 7; start: InternalError.DuplicateJob; " +
				"check: FailedOperation.NotAllowOperation; later readyComplete 8; start: FailedOperation.StatusInConflict; later success 9; later success 9",
		},
		"is not configured": {
			fakedts.Job{Unconfigured: true},
			"created 1; start: FailedOperation.NotAllowOperation; check: FailedOperation.NotAllowOperation; created 1; start: FailedOperation.NotAllowOperation; " +
				"check: FailedOperation.NotAllowOperation; later created 1; start: FailedOperation.NotAllowOperation; created 1; start: FailedOperation.NotAllowOperation; " +
				"check: FailedOperation.NotAllowOperation; later created 1; start: FailedOperation.NotAllowOperation; later created 1; later created 1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			clock := newClock()
			test.job.JobID, test.job.MigrateSeconds = "dts-1", 4
			s := fakedts.New(fakedts.Options{Jobs: []fakedts.Job{test.job}, Now: clock.Now, Quota: -1})
			c := clientOf(s)
			status := func() string { return standing(t, s, "dts-1") }
			start := func() string { return "start: " + codeOf(c.start("dts-1")) }
			check := func() string { return "check: " + codeOf(c.create("dts-1")) }
			later := func() string { clock.move(4 * time.Second); return "later " + standing(t, s, "dts-1") }
			var got []string
			for _, step := range []func() string{status, start, check, status, start, check, later, start, status, start, check, later, start, later, later} {
				got = append(got, step())
			}
			if text := strings.Join(got, "; "); text != test.want {
				t.Errorf("got\n%s, want\n%s", text, test.want)
			}
		})
	}
}

// TestEveryStatus has the jobs of every status that a file can give: the number
// of 2018-03-30, what is allowed, and what calls come to.
func TestEveryStatus(t *testing.T) {
	for status, want := range map[string]string{
		"creating":      "1 - FailedOperation.NotAllowOperation FailedOperation.StatusInConflict",
		"created":       "1 view,modify,check,configure,view  FailedOperation.NotAllowOperation",
		"checking":      "3 view InternalError.DuplicateJob FailedOperation.StatusInConflict",
		"checkPass":     "4 view,modify,check,start,configure,view  ",
		"checkNotPass":  "5 view,modify,check,configure,view  FailedOperation.NotAllowOperation",
		"readyRun":      "6 view,stop FailedOperation.NotAllowOperation InternalError.DuplicateJob",
		"running":       "7 view,stop,createCmpTask FailedOperation.NotAllowOperation InternalError.DuplicateJob",
		"readyComplete": "8 view,complete,stop,createCmpTask FailedOperation.NotAllowOperation FailedOperation.StatusInConflict",
		"success":       "9 view,isolate FailedOperation.NotAllowOperation FailedOperation.StatusInConflict",
		"failed":        "10 view,isolate FailedOperation.NotAllowOperation FailedOperation.StatusInConflict",
		"stopping":      "11 view FailedOperation.NotAllowOperation FailedOperation.StatusInConflict",
		"completing":    "12 view FailedOperation.NotAllowOperation FailedOperation.StatusInConflict",
		"canceled":      "23 view,isolate FailedOperation.NotAllowOperation FailedOperation.StatusInConflict",
		"pausing":       "23 - FailedOperation.NotAllowOperation FailedOperation.StatusInConflict",
		"manualPaused":  "23 view,resume,stop FailedOperation.NotAllowOperation FailedOperation.StatusInConflict",
		"resuming":      "23 - FailedOperation.NotAllowOperation FailedOperation.StatusInConflict",
		"resumableErr":  "23 view,resume,stop FailedOperation.NotAllowOperation FailedOperation.StatusInConflict",
		"error":         "23 view,stop FailedOperation.NotAllowOperation FailedOperation.StatusInConflict",
		"unknown":       "23 - FailedOperation.NotAllowOperation FailedOperation.StatusInConflict",
	} {
		t.Run(status, func(t *testing.T) {
			jobs, err := fakedts.ParseJobs([]byte(`[{"JobId": "a", "Status": "` + status + `"}]`))
			if err != nil {
				t.Fatal(err)
			}
			outcome := func(call func(client, string) error) string {
				return codeOf(call(clientOf(fakedts.New(fakedts.Options{Jobs: jobs})), "a"))
			}
			s := fakedts.New(fakedts.Options{Jobs: jobs, Now: newClock().Now})
			allowed := "-"
			if action := clientOf(s).detail(t, "a").Action; action != nil {
				var words []string
				for _, word := range action.AllowedAction {
					words = append(words, *word)
				}
				allowed = strings.Join(words, ",")
				if len(action.AllAction) != 13 {
					t.Errorf("%d operations, want 13", len(action.AllAction))
				}
			}
			word, number, _ := strings.Cut(standing(t, s, "a"), " ")
			if got := fmt.Sprint(number, " ", allowed, " ", outcome(client.create), " ", outcome(client.start)); word != status || got != want {
				t.Errorf("%s: got %q, want %q", word, got, want)
			}
		})
	}
}

func TestUnconfiguredAllowsNoCheck(t *testing.T) {
	s := fakedts.New(fakedts.Options{Jobs: []fakedts.Job{{JobID: "a", Unconfigured: true}, {JobID: "b"}}})
	for job, want := range map[string]bool{"a": false, "b": true} {
		if got := slices.ContainsFunc(clientOf(s).detail(t, job).Action.AllowedAction, func(a *string) bool { return *a == "check" }); got != want {
			t.Errorf("%s: check allowed: %v", job, got)
		}
	}
}

// TestBefore: a job that was changed after a check shows that check, and can have
// another.
func TestBefore(t *testing.T) {
	clock := newClock()
	s := fakedts.New(fakedts.Options{Now: clock.Now, Jobs: []fakedts.Job{
		{JobID: "a", Before: &fakedts.Verdict{NotPassed: true, Message: "no privilege"}},
		{JobID: "b", Before: &fakedts.Verdict{}},
	}})
	c := clientOf(s)
	for job, want := range map[string]string{
		"a": "finished 100% flag 0 error -1 no privilege", "b": "finished 100% flag 1 error 0 ok",
	} {
		if got := text2018(t, c, job) + ", " + standing(t, s, job); got != want+", created 1" {
			t.Errorf("%s: %s, want %s, created 1", job, got, want)
		}
		if code := codeOf(c.start(job)); code != "FailedOperation.NotAllowOperation" {
			t.Errorf("%s: start: code %q", job, code)
		}
		if err := c.create(job); err != nil {
			t.Fatal(err)
		}
		clock.move(time.Second)
		if got := text2018(t, c, job) + ", " + standing(t, s, job); got != "finished 100% flag 1 error 0 ok, checkPass 4" {
			t.Errorf("%s: after a check: %s", job, got)
		}
	}
}

// TestDates follows the dates of a job whose check takes 90 seconds, and that
// was checked before.
func TestDates(t *testing.T) {
	clock := newClock()
	began := clock.Now()
	s := fakedts.New(fakedts.Options{Now: clock.Now, Jobs: []fakedts.Job{
		{JobID: "old", CreateTime: "2026-01-02 03:04:05"},
		{JobID: "a", CheckSeconds: 90, Status: "checkNotPass", NotPassed: true, RunMode: "timed"},
		{JobID: "b"},
	}})
	c := clientOf(s)
	beijing := time.FixedZone("", 8*60*60)
	text := func(t time.Time) string { return t.In(beijing).Format("2006-01-02 15:04:05") }
	dates := func(job string) string {
		d := c.detail(t, job)
		out := fmt.Sprintf("created %s, updated %s", *d.CreateTime, *d.UpdateTime)
		if i := d.CheckStepInfo; i != nil {
			out += fmt.Sprintf(", check %s to %s, %s %d%% %d/%d", *i.StartAt, *i.EndAt, *i.Progress.Status, *i.Progress.Percent, *i.Progress.StepNow, *i.Progress.StepAll)
		}
		return out
	}
	see := func(job, want string) {
		t.Helper()
		if got := dates(job); got != want {
			t.Errorf("%s, want\n%s", got, want)
		}
	}
	const none = "0000-00-00 00:00:00"
	ofA, ofB := text(began.Add(-24*time.Hour-2*time.Second)), text(began.Add(-24*time.Hour-time.Second))
	hourAgo, then := text(began.Add(-time.Hour)), text(began.Add(-time.Hour+30*time.Second))
	see("old", "created 2026-01-02 03:04:05, updated 2026-01-02 03:04:05")
	see("b", "created "+ofB+", updated "+ofB)
	see("a", "created "+ofA+", updated "+then+", check "+hourAgo+" to "+then+", failed 100% 3/3")

	clock.move(10 * time.Second)
	created := text(clock.Now())
	if err := c.create("a"); err != nil {
		t.Fatal(err)
	}
	see("a", "created "+ofA+", updated "+created+", check "+created+" to "+none+", notStarted 0% 0/3")
	clock.move(45 * time.Second)
	see("a", "created "+ofA+", updated "+created+", check "+created+" to "+none+", running 50% 1/3")
	clock.move(45 * time.Second)
	ended := text(clock.Now())
	clock.move(time.Second)
	see("a", "created "+ofA+", updated "+ended+", check "+created+" to "+ended+", failed 100% 3/3")
	if got := *c.detail(t, "a").ExpectRunTime; got != text(began.Add(-2*time.Second)) {
		t.Errorf("ExpectRunTime %s", got)
	}
	if got := *c.detail(t, "b").ExpectRunTime; got != "" {
		t.Errorf("ExpectRunTime %s of an immediate job", got)
	}
}

// TestMigrationDates follows the dates of a migration.
func TestMigrationDates(t *testing.T) {
	for mode, phases := range map[string]int{"immediate": 2, "timed": 3} {
		clock := newClock()
		c := clientOf(fakedts.New(fakedts.Options{Now: clock.Now, Jobs: []fakedts.Job{{JobID: "a", Status: "checkPass", RunMode: mode}}}))
		started := clock.Now()
		if err := c.start("a"); err != nil {
			t.Fatal(err)
		}
		text := func(t time.Time) string {
			return t.In(time.FixedZone("", 8*60*60)).Format("2006-01-02 15:04:05")
		}
		for i := range phases + 2 {
			d := c.detail(t, "a")
			ended := "0000-00-00 00:00:00"
			if i >= phases {
				ended = text(started.Add(time.Duration(phases) * time.Minute))
			}
			if *d.StartTime != text(started) || *d.EndTime != ended || *d.UpdateTime != text(started) {
				t.Errorf("%s, minute %d: started %s, ended %s, updated %s", mode, i, *d.StartTime, *d.EndTime, *d.UpdateTime)
			}
			clock.move(time.Minute)
		}
	}
}

// TestShortestTimes: a time that is less than a nanosecond is one.
func TestShortestTimes(t *testing.T) {
	clock := newClock()
	s := fakedts.New(fakedts.Options{Now: clock.Now, Jobs: []fakedts.Job{{JobID: "a", CheckSeconds: 1e-300, MigrateSeconds: 1e-300, Status: "checkPass"}}})
	c := clientOf(s)
	if err := c.create("a"); err != nil {
		t.Fatal(err)
	}
	if got := standing(t, s, "a"); got != "checking 3" {
		t.Errorf("%s at once", got)
	}
	clock.move(1)
	if err := c.start("a"); err != nil {
		t.Fatal(err)
	}
	if got := standing(t, s, "a"); got != "running 7" {
		t.Errorf("%s at once", got)
	}
	clock.move(2)
	if got := standing(t, s, "a"); got != "success 9" {
		t.Errorf("%s in the end", got)
	}
}

// TestDetailOfCheck has the steps of a check in the detail.
func TestDetailOfCheck(t *testing.T) {
	clock := newClock()
	c := clientOf(fakedts.New(fakedts.Options{Now: clock.Now}))
	steps := func(d *dts2021.DescribeMigrationDetailResponseParams) string {
		var out []string
		for _, step := range d.CheckStepInfo.Progress.Steps {
			text := fmt.Sprintf("%d %s %s %d%%", *step.StepNo, *step.StepId, *step.Status, *step.Percent)
			for _, tip := range step.Errors {
				text += " error " + *tip.Message
			}
			for _, tip := range step.Warnings {
				text += " warning " + *tip.Message
			}
			out = append(out, text)
		}
		return strings.Join(out, "; ")
	}
	for job, want := range map[string]string{
		"dts-several1": "1 ConnectDBCheck success 100%; 2 BinlogParamCheck failed 100% error binlog_format is STATEMENT, but must be ROW error binlog_row_image is MINIMAL, but must be FULL; " +
			"3 DstSpaceCheck failed 100% error ; 4 ConstraintCheck failed 100%",
		"dts-warning1": "1 ConnectDBCheck success 100%; 2 WarningParamCheck success 100% warning max_allowed_packet is 64 MB on the source and 16 MB on the target",
	} {
		if err := c.create(job); err != nil {
			t.Fatal(err)
		}
		clock.move(time.Second)
		d := c.detail(t, job)
		if got, want := len(d.StepInfo.StepInfo), len(d.CheckStepInfo.Progress.Steps); got != want || want == 0 {
			t.Errorf("%s: StepInfo has %d steps while the check of %d runs", job, got, want)
		}
		clock.move(5 * time.Second)
		d = c.detail(t, job)
		if got := steps(d); got != want {
			t.Errorf("%s: got\n%s, want\n%s", job, got, want)
		}
		if len(d.StepInfo.StepInfo) != 0 {
			t.Errorf("%s: StepInfo has steps after the check", job)
		}
	}
}
