package handler

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"migratecheck/internal/check"
)

var nightTag = check.Tag{Key: "night", Value: "yes"}

// Of selected jobs those are started that this event has checked. What has passed
// otherwise waits for a person, or for the tag that gives consent.
func TestSelectedToBeStarted(t *testing.T) {
	list := []check.Job{
		{ID: "dts-new", Name: "orders", Status: check.JobCreated},
		{ID: "dts-failed", Status: check.JobCheckNotPass, Tagged: true},
		{ID: "dts-passed", Status: check.JobCheckPass},
		{ID: "dts-agreed", Status: check.JobCheckPass, Tagged: true},
		{ID: "dts-checking", Status: check.JobChecking},
		{ID: "dts-checked", Status: check.JobChecking, Tagged: true},
		{ID: "dts-unseen", Status: check.JobCreated, TagsUnseen: true},
		{ID: "sync-1", Status: check.JobCreated},
		{ID: "sync-2", Status: check.JobCheckPass, Tagged: true},
	}
	for name, row := range map[string]struct {
		tag      check.Tag
		started  string
		waiting  string
		problems int // waiting jobs that need a person
		created  string
	}{
		"every job may be started": {
			started: "dts-new dts-failed", waiting: "dts-passed dts-agreed dts-checking dts-checked dts-unseen sync-1 sync-2", problems: 7,
			created: "dts-new dts-failed dts-unseen sync-1",
		},
		"with consent on the job": {
			tag: nightTag, started: "dts-failed dts-agreed dts-checked", waiting: "dts-new dts-passed dts-checking dts-unseen sync-1 sync-2", problems: 1,
			created: "dts-new dts-failed dts-agreed dts-checked dts-unseen sync-1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dts := &scripted{list: list, job: map[string][]jobReading{}, describe: map[string][]reading{}, before: map[string]reading{}}
				for _, j := range list {
					after := j
					after.Status = check.JobCheckPass
					dts.job[j.ID] = []jobReading{{job: after}}
					if j.Status == check.JobChecking {
						dts.before[j.ID] = verdict(true, "ok")
					}
				}
				o := everything(dts)
				o.StartTag = row.tag
				i := newInstance(o).fire(t, "request", `{"Select":{"Kind":["migration","sync"]},"Start":true}`, 5*time.Minute)
				var got struct {
					Jobs                                                   []check.Outcome
					Failed, Passed, Started, Waiting, NotPassed, NoVerdict int
				}
				if i.err != nil {
					t.Fatal(i.err)
				}
				readJSON(t, i.answer, &got)
				var started, waiting, created []string
				for _, j := range got.Jobs {
					switch {
					case j.Started():
						started = append(started, j.JobID)
					case j.Waiting():
						waiting = append(waiting, j.JobID)
					}
					if dts.count("create", j.JobID) > 0 {
						created = append(created, j.JobID)
					}
					if dts.count("create", j.JobID) > 1 || dts.count("start", j.JobID) > 1 || (dts.count("start", j.JobID) == 1) != j.Started() {
						t.Errorf("%s: %d created, %d started", j.JobID, dts.count("create", j.JobID), dts.count("start", j.JobID))
					}
				}
				for what, pair := range map[string][2]string{
					"started": {strings.Join(started, " "), row.started}, "waiting": {strings.Join(waiting, " "), row.waiting}, "created": {strings.Join(created, " "), row.created},
				} {
					if pair[0] != pair[1] {
						t.Errorf("%s: %s, want %s", what, pair[0], pair[1])
					}
				}
				if got.Waiting != len(waiting) || got.Started != len(started) || got.Passed != len(started) || got.Failed+got.Passed+got.NotPassed+got.NoVerdict+got.Waiting != len(list) {
					t.Errorf("counts %+v", got)
				}
				problems := 0
				for _, line := range i.log.lines("job") {
					if line["outcome"] == "waiting" && line["level"] == "WARN" {
						problems++
					}
				}
				if problems != row.problems {
					t.Errorf("%d need a person: %v", problems, i.log.lines("job"))
				}
			})
		})
	}
}

// A selection that another instance began is not passed over in silence.
func TestSelectionThatMovesToAnotherInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := &scripted{
			list:     []check.Job{{ID: "dts-1", Status: check.JobCreated}, {ID: "dts-2", Status: check.JobCreated}},
			describe: map[string][]reading{"dts-1": {state(check.Running, 1)}, "dts-2": {state(check.Running, 1)}},
		}
		event := timer(`{"Select":{},"Start":true}`)
		if i := newInstance(everything(first)).fire(t, "request", event, 5*time.Second); i.err == nil {
			t.Fatalf("first: %s", i.answer)
		}
		second := &scripted{
			list:   []check.Job{{ID: "dts-1", Status: check.JobChecking}, {ID: "dts-2", Status: check.JobCheckPass}},
			before: map[string]reading{"dts-1": verdict(true, "ok")},
		}
		i := newInstance(everything(second)).fire(t, "request", event, time.Minute)
		want := `"Waiting":2}`
		if i.err != nil || !strings.HasSuffix(string(i.answer), want) || strings.Count(string(i.answer), `"Waiting":true`) != 2 {
			t.Errorf("second: %s, %v", i.answer, i.err)
		}
		if n := second.count("start", "dts-1") + second.count("start", "dts-2") + second.count("create", "dts-1") + second.count("create", "dts-2"); n > 0 {
			t.Errorf("calls %v", second.calls)
		}
	})
}

// startTwice handles two events at once that ask for the start of dts-1.
func startTwice(t *testing.T, i instance) {
	var both sync.WaitGroup
	for _, id := range []string{"a", "b"} {
		both.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			i.Invoke(ctx, []byte(`{"specversion":"1.0","source":"s","id":"`+id+`","data":{"JobId":"dts-1","Start":true}}`))
		})
	}
	both.Wait()
}

// Two events that ask for the same start at once send one.
func TestStartsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dts := &once{scripted: &scripted{describe: map[string][]reading{"dts-1": {verdict(true, "ok")}}}}
		startTwice(t, newInstance(everything(dts)))
		if n := dts.count("start", "dts-1"); n != 1 {
			t.Errorf("%d starts: %v", n, dts.calls)
		}
	})
}

// Nor does the second send one while the first looks whether its own, which was not
// answered, was carried out; the job's state lags behind.
func TestStartsAtOnceUnanswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dts := &lagging{scripted: &scripted{
			describe: map[string][]reading{"dts-1": {verdict(true, "ok")}},
			start:    map[string][]error{"dts-1": {unanswered()}},
		}}
		startTwice(t, newInstance(everything(dts)))
		if n := dts.count("start", "dts-1"); n != 1 {
			t.Errorf("%d starts: %v", n, dts.calls)
		}
	})
}

// lagging is a DTS whose jobs are shown as started 900 ms after they were. It creates
// one check after the other.
type lagging struct {
	*scripted
	started atomic.Pointer[time.Time]
	created atomic.Int32
}

func (l *lagging) CreateCheck(ctx context.Context, job string) (check.Receipt, error) {
	time.Sleep(time.Duration(l.created.Add(1)) * 200 * time.Millisecond)
	return l.scripted.CreateCheck(ctx, job)
}

func (l *lagging) Start(ctx context.Context, job string) (check.Receipt, error) {
	now := time.Now()
	l.started.Store(&now)
	return l.scripted.Start(ctx, job)
}

func (l *lagging) DescribeJob(ctx context.Context, job string) (check.Job, check.Receipt, error) {
	found, receipt, err := l.scripted.DescribeJob(ctx, job)
	if started := l.started.Load(); started != nil && time.Since(*started) > 900*time.Millisecond {
		found.Status = check.JobRunning
	}
	return found, receipt, err
}

// once is a DTS that takes a while to create a check and to start a job, which then
// runs.
type once struct {
	*scripted
	runs atomic.Bool
}

// A rehearsal reads everything, and says what would be done.
func TestDryRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{
			list: []check.Job{{ID: "dts-1", Name: "orders", Status: check.JobCreated}, {ID: "dts-2", Status: check.JobCheckPass}, {ID: "dts-3", Status: check.JobChecking}, {ID: "sync-4", Status: check.JobCreated}},
		}
		i := invoke(t, dts, `{"Select":{},"Start":true,"DryRun":true}`)
		want := `{"Jobs":[{"JobId":"dts-1","JobName":"orders","Would":["check","start"]},` +
			`{"JobId":"dts-2","Would":[],"WhyNot":"it has passed: it would wait to be started by a person"},` +
			`{"JobId":"dts-3","Would":[],"WhyNot":"it would wait to be started by a person"},` +
			`{"JobId":"sync-4","Kind":"sync","Would":["check"],"WhyNot":"it would wait to be started by a person"}],"Failed":0,"Started":0,"Waiting":0}`
		if i.err != nil || string(i.answer) != want {
			t.Errorf("got %s, %v\nwant %s", i.answer, i.err, want)
		}
		dts.job = map[string][]jobReading{"dts-5": {{job: check.Job{ID: "dts-5", Status: check.JobRunning}}}, "dts-6": {{err: refusal("ResourceNotFound.JobNotExist")}}}
		i = invoke(t, dts, `{"JobIds":["dts-5","dts-6"],"DryRun":true}`)
		if !strings.Contains(string(i.answer), `"Would":[],"WhyNot":"the migration was started already: the job is running"`) || !strings.Contains(string(i.answer), "JobNotExist") {
			t.Errorf("got %s, %v", i.answer, i.err)
		}
		for _, call := range dts.calls {
			if !strings.HasPrefix(call, "list ") && !strings.HasPrefix(call, "job ") {
				t.Errorf("called %s", call)
			}
		}
	})
}

func (o *once) CreateCheck(ctx context.Context, job string) (check.Receipt, error) {
	time.Sleep(200 * time.Millisecond)
	return o.scripted.CreateCheck(ctx, job)
}

func (o *once) DescribeJob(ctx context.Context, job string) (check.Job, check.Receipt, error) {
	found, receipt, err := o.scripted.DescribeJob(ctx, job)
	if o.runs.Load() {
		found.Status = check.JobRunning
	}
	return found, receipt, err
}

func (o *once) Start(ctx context.Context, job string) (check.Receipt, error) {
	time.Sleep(300 * time.Millisecond)
	receipt, err := o.scripted.Start(ctx, job)
	o.runs.Store(true)
	return receipt, err
}

// Warnings that are accepted do not count, and a slip in an accepted id is told.
func TestAccept(t *testing.T) {
	warned := func(ids ...string) reading {
		r := verdict(true, "ok")
		for _, id := range ids {
			r.state.Steps = append(r.state.Steps, check.Step{ID: id, Name: id, Status: check.StepWarning})
		}
		return r
	}
	passed := true
	for name, row := range map[string]struct {
		event   string
		reading reading
		want    string
		started bool
		warning string
	}{
		"accepted":       {`"JobId":"dts-1","Start":true,"Strict":true,"Accept":["A","B"]`, warned("A", "B"), `"Accepted":["A","B"]`, true, ""},
		"another warns":  {`"JobId":"dts-1","Start":true,"Strict":true,"Accept":["A"]`, warned("A", "B"), `"Strictly":["B"],"Accepted":["A"]`, false, ""},
		"a slip":         {`"JobId":"dts-1","Start":true,"Strict":true,"Accept":["A","b"]`, warned("A", "B"), `"Strictly":["B"],"Accepted":["A"]`, false, "Accept: no check has the step b"},
		"not of blocked": {`"JobId":"dts-1","Start":true,"Strict":true,"Accept":["A"]`, reading{state: check.State{Status: check.Finished, Passed: &passed, Steps: []check.Step{{ID: "A", Status: check.StepBlocked}}}}, `"Strictly":["A"]`, false, ""},
		"not of failure": {`"JobId":"dts-1","Start":true,"Strict":true,"Accept":["A"]`, reading{state: check.State{Status: check.Finished, Passed: new(bool), Steps: []check.Step{{ID: "A", Status: check.StepFailed}}}}, `"Passed":false`, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dts := &scripted{describe: map[string][]reading{"dts-1": {state(check.Running, 1), row.reading}}}
				i := invoke(t, dts, "{"+row.event+"}")
				if i.err != nil || !strings.Contains(string(i.answer), row.want) || (dts.count("start", "dts-1") == 1) != row.started {
					t.Errorf("got %s, %v", i.answer, i.err)
				}
				lines := i.log.lines("warning")
				if (len(lines) == 1) != (row.warning != "") || row.warning != "" && lines[0]["error"] != row.warning {
					t.Errorf("warnings %v", lines)
				}
			})
		})
	}
}

// Requests of one job accept together only what each strict one accepts.
func TestAcceptOfSeveralRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		warned := verdict(true, "ok")
		warned.state.Steps = []check.Step{{ID: "A", Status: check.StepWarning}, {ID: "B", Status: check.StepWarning}}
		dts := &scripted{describe: map[string][]reading{"dts-1": {state(check.Running, 1), warned}}}
		record := func(id, body string) any {
			return map[string]any{"CMQ": map[string]any{"topicName": "jobs", "msgId": id, "msgBody": body}}
		}
		i := invoke(t, dts, string(check.Marshal(map[string]any{"Records": []any{
			record("1", `{"JobId":"dts-1","Wait":true,"Strict":true,"Accept":["A","B"]}`),
			record("2", `{"JobId":"dts-1","Wait":true}`),
			record("3", `{"JobId":"dts-1","Wait":true,"Strict":true,"Accept":["B"]}`),
		}})))
		if want := `"Strictly":["A"],"Accepted":["B"]`; !strings.Contains(string(i.answer), want) {
			t.Errorf("got %s, %v", i.answer, i.err)
		}
	})
}

// A tag gives consent to what is asked for, and asks for nothing.
func TestTagAsksForNothing(t *testing.T) {
	for asked, want := range map[string]string{``: "create dts-1", `,"Wait":true`: "before dts-1, create dts-1, describe dts-1, describe dts-1"} {
		synctest.Test(t, func(t *testing.T) {
			o := everything(&scripted{list: []check.Job{{ID: "dts-1", Status: check.JobCheckPass, Tagged: true}}})
			o.StartTag = nightTag
			newInstance(o).fire(t, "request", `{"Select":{"Status":"checkPass"}`+asked+`}`, time.Minute)
			if calls := strings.Join(o.DTS.(*scripted).calls[1:], ", "); calls != want {
				t.Errorf("%s: %s", asked, calls)
			}
		})
	}
}

// What only a rehearsal asks for is not done because another request names the job.
func TestRehearsalBesideARequest(t *testing.T) {
	const rehearsal, real = `{"JobId":"dts-1","Start":true,"DryRun":true}`, `{"JobId":"dts-1"}`
	for name, event := range map[string]string{"first": kafka(rehearsal, real), "last": kafka(real, rehearsal)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dts := &scripted{job: map[string][]jobReading{"dts-1": {jobAt(check.JobCreated)}}}
				i := invoke(t, dts, event)
				if i.err != nil || !strings.Contains(string(i.answer), `"Would":["check","start"]`) || !strings.Contains(string(i.answer), `"RequestId":"create-dts-1"`) {
					t.Errorf("got %s, %v", i.answer, i.err)
				}
				if dts.count("create", "dts-1") != 1 || dts.count("start", "dts-1") != 0 {
					t.Errorf("calls %v", dts.calls)
				}
			})
		})
	}
}

// Accepted steps are not called unknown because an earlier delivery saw them.
func TestAcceptInALaterDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{
			creates:  map[string][]error{"dts-2": {refusal("InternalError.LockError"), nil}},
			describe: map[string][]reading{"dts-1": {state(check.Running, 1), steps(true)}, "dts-2": {state(check.Running, 1), verdict(false, "no")}},
		}
		i := newInstance(everything(dts))
		event := comesAgain["timer"](`,"Wait":true,"Strict":true,"Accept":["SrcPrivilegeCheck"]`)
		for range 3 {
			got := i.fire(t, "request", event, time.Minute)
			if lines := got.log.lines("warning"); len(lines) > 0 {
				t.Errorf("warnings %v", lines)
			}
		}
	})
}

// A job that passed and does not bear the tag calls for nobody in a later delivery
// either.
func TestUntaggedInALaterDelivery(t *testing.T) {
	for name, tag := range map[string]check.Tag{"a tag": nightTag, "no tag": {}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dts := &scripted{
					list:    []check.Job{{ID: "dts-1", Status: check.JobCheckPass}, {ID: "dts-2", Status: check.JobCreated}, {ID: "dts-3", Status: check.JobCreated}},
					creates: map[string][]error{"dts-3": {refusal("InternalError.LockError")}},
				}
				o := everything(dts)
				o.StartTag = tag
				i := newInstance(o)
				for delivery := range 2 {
					warned := 0
					got := i.fire(t, "request", timer(`{"Select":{},"Start":true}`), time.Minute)
					for _, line := range got.log.lines("job") {
						if repeated := line["repeated"] == true; line["jobId"] == "dts-1" && repeated != (delivery > 0) {
							t.Errorf("delivery %d: %v", delivery, line)
						}
						if line["outcome"] == "waiting" && line["level"] == "WARN" {
							warned++
						}
					}
					if want := map[string]int{"a tag": 0, "no tag": 1}[name]; warned != want {
						t.Errorf("delivery %d: %d need a person, want %d", delivery, warned, want)
					}
				}
			})
		})
	}
}

// A rehearsal of what has passed says so, and is told nobody as if it were real.
func TestRehearsalOfWhatHasPassed(t *testing.T) {
	dts := &scripted{list: []check.Job{{ID: "dts-1", Status: check.JobCheckPass}, {ID: "dts-2", Status: check.JobCheckPass, Tagged: true}, {ID: "dts-3", Status: check.JobChecking, Tagged: true}, {ID: "dts-4", Status: check.JobCreated, Tagged: true, TagsUnseen: true}}}
	const unseen = `{"JobId":"dts-4","Would":["check"],"WhyNot":"it would not be started: it does not bear the tag for that"}],"Failed":0,"Started":0,"Waiting":0}`
	for name, row := range map[string]struct {
		tag  check.Tag
		want string
	}{
		"no tag": {check.Tag{}, `{"Jobs":[{"JobId":"dts-1","Would":[],"WhyNot":"it has passed: it would wait to be started by a person"},` +
			`{"JobId":"dts-2","Would":[],"WhyNot":"it has passed: it would wait to be started by a person"},` +
			`{"JobId":"dts-3","Would":[],"WhyNot":"it would wait to be started by a person"},` + unseen},
		"a tag": {nightTag, `{"Jobs":[{"JobId":"dts-1","Would":[],"WhyNot":"it has passed: it would wait to be started by a person"},` +
			`{"JobId":"dts-2","Would":["check","start"]},{"JobId":"dts-3","Would":["check","start"],"WhyNot":"a check runs already: it is waited for"},` + unseen},
	} {
		t.Run(name, func(t *testing.T) {
			o := everything(dts)
			o.StartTag = row.tag
			if i := newInstance(o).fire(t, "request", `{"Select":{},"Start":true,"DryRun":true}`, time.Minute); i.err != nil || string(i.answer) != row.want {
				t.Errorf("got %s, %v\nwant %s", i.answer, i.err, row.want)
			}
		})
	}
}

// A selected job with the tag whose check somebody else began meanwhile is checked
// anew, like one whose check was seen running in the list.
func TestDuplicateOfASelectedJobWithTheTag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tagged := check.Job{ID: "dts-1", Status: check.JobCreated, Tagged: true}
		passed := jobReading{job: check.Job{ID: "dts-1", Status: check.JobCheckPass, Tagged: true}}
		dts := &scripted{
			list:     []check.Job{tagged},
			creates:  map[string][]error{"dts-1": {refusal("InternalError.DuplicateJob"), nil}},
			job:      map[string][]jobReading{"dts-1": {passed}},
			describe: map[string][]reading{"dts-1": {state(check.Running, 1), verdict(true, "ok"), state(check.Running, 1), verdict(true, "ok")}},
		}
		o := everything(dts)
		o.StartTag = nightTag
		i := newInstance(o).fire(t, "request", timer(`{"Select":{},"Start":true}`), 2*time.Minute)
		if i.err != nil || !strings.Contains(string(i.answer), `"Started":true`) || dts.count("create", "dts-1") != 2 || dts.count("start", "dts-1") != 1 {
			t.Errorf("got %s, %v, %v", i.answer, i.err, dts.calls)
		}
	})
}

// A check of this event's own, whose creation was not answered after somebody else's
// was waited for, is not created a second time.
func TestUnansweredCreationAfterSomebodyElsesCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		passed := jobReading{job: check.Job{ID: "dts-1", Status: check.JobCheckPass, Tagged: true}}
		dts := &scripted{
			list:     []check.Job{{ID: "dts-1", Status: check.JobChecking, Tagged: true}},
			before:   map[string]reading{"dts-1": verdict(true, "ok")},
			creates:  map[string][]error{"dts-1": {unanswered(), refusal("InternalError.DuplicateJob"), nil}},
			job:      map[string][]jobReading{"dts-1": {passed}},
			describe: map[string][]reading{"dts-1": {state(check.Running, 1), verdict(true, "ok")}},
		}
		o := everything(dts)
		o.StartTag = nightTag
		i := newInstance(o)
		i.fire(t, "request", timer(`{"Select":{},"Start":true}`), time.Minute)
		again := i.fire(t, "request", timer(`{"Select":{},"Start":true}`), time.Minute)
		if again.err != nil || !strings.Contains(string(again.answer), `"Started":true`) || dts.count("create", "dts-1") != 2 {
			t.Errorf("got %s, %v, %v", again.answer, again.err, dts.calls)
		}
	})
}

// A job that one request names and another selects is a named one, and has its name,
// in whichever order.
func TestNamedAndSelected(t *testing.T) {
	const named, selected = `"dts-1"`, `{"Select":{},"Start":true}`
	for name, event := range map[string]string{"named first": kafka(named, selected), "selected first": kafka(selected, named)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dts := &scripted{
					list:   []check.Job{{ID: "dts-1", Name: "orders", Status: check.JobCreated}},
					create: map[string]error{"dts-1": refusal("InternalError.DuplicateJob")},
				}
				i := invoke(t, dts, event)
				if want := `{"JobId":"dts-1","JobName":"orders","RequestId":"refused","AlreadyRunning":true`; i.err != nil || !strings.Contains(string(i.answer), want) || dts.count("start", "dts-1") != 1 {
					t.Errorf("got %s, %v", i.answer, i.err)
				}
			})
		})
	}
}

// Rehearsals read everything again.
func TestRehearsalIsNotRemembered(t *testing.T) {
	dts := &scripted{
		list: []check.Job{{ID: "dts-1", Status: check.JobCreated}},
		job:  map[string][]jobReading{"dts-2": {{err: refusal("ResourceNotFound.JobNotExist")}, jobAt(check.JobCreated)}},
	}
	i := newInstance(everything(dts))
	event := kafka(`{"Select":{},"DryRun":true}`, `{"JobId":"dts-2","DryRun":true}`)
	i.fire(t, "request", event, time.Minute)
	dts.list[0].ID = "dts-3"
	if again := i.fire(t, "request", event, time.Minute); string(again.answer) != `{"Jobs":[{"JobId":"dts-3","Would":["check"]},{"JobId":"dts-2","RequestId":"job-dts-2","Would":["check"]}],"Failed":0}` {
		t.Errorf("got %s, %v", again.answer, again.err)
	}
}

// A check of somebody else that does not end is told, and no function error.
func TestSomebodyElsesCheckThatDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{reads: true, list: []check.Job{{ID: "dts-1", Status: check.JobChecking}}, describe: map[string][]reading{"dts-1": {state(check.Running, 1)}}}
		if i := invoke(t, dts, `{"Select":{},"Start":true}`); i.err != nil || !strings.Contains(string(i.answer), `"Status":"running"`) || !strings.Contains(string(i.answer), `"NoVerdict":1`) {
			t.Errorf("got %s, %v", i.answer, i.err)
		}
	})
}

// After somebody else's check the event's own counts: it is not created where the
// other did not pass, and what the other left behind is not taken for it.
func TestAfterSomebodyElsesCheck(t *testing.T) {
	for name, row := range map[string]struct {
		readings []reading
		created  int
		want     string
	}{
		"did not pass":       {[]reading{state(check.Running, 1), verdict(false, "no")}, 0, `"NotPassed":1`},
		"passed, and lags":   {[]reading{state(check.Running, 1), verdict(true, "ok")}, 1, "ClientError.NoVerdict"},
		"broke down":         {[]reading{state(check.Running, 1), state(check.Finished, 100)}, 0, `"NoVerdict":1`},
		"passed, then again": {[]reading{state(check.Running, 1), verdict(true, "ok"), state(check.Running, 1), verdict(true, "ok")}, 1, `"Started":1`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				passed := check.Job{ID: "dts-1", Status: check.JobCheckPass, Tagged: true}
				notPassed := passed
				notPassed.Status = check.JobCheckNotPass
				now := jobReading{job: passed}
				if row.created == 0 {
					now.job = notPassed
				}
				dts := &scripted{
					reads: true, list: []check.Job{{ID: "dts-1", Status: check.JobChecking, Tagged: true}},
					describe: map[string][]reading{"dts-1": row.readings}, job: map[string][]jobReading{"dts-1": {now}},
				}
				o := everything(dts)
				o.StartTag = nightTag
				i := newInstance(o).fire(t, "request", `{"Select":{},"Start":true}`, 55*time.Second)
				if got := string(i.answer) + fmt.Sprint(i.err); !strings.Contains(got, row.want) || dts.count("create", "dts-1") != row.created {
					t.Errorf("got %s, %v", got, dts.calls)
				}
			})
		})
	}
}

// The counts of a batch add up, also with a rehearsal in it.
func TestCountsWithARehearsal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := invoke(t, &scripted{create: map[string]error{"dts-4": refusal("FailedOperation")}}, kafka(`{"JobId":"dts-1","Wait":true}`, `{"JobId":"dts-2","DryRun":true}`, `"dts-3"`, `"dts-4"`))
		if want := `"Failed":1,"Passed":1,"NotPassed":0,"NoVerdict":0,"Created":1,"Rehearsed":1}`; !strings.HasSuffix(string(i.answer), want) {
			t.Errorf("got %s, %v", i.answer, i.err)
		}
	})
}

// What had passed before the event waits to be started only if its check has passed as
// strictly as the event asks, and it is as untagged in a later delivery as in the first.
func TestSelectedStrictly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{
			list: []check.Job{{ID: "dts-good", Status: check.JobCheckPass}, {ID: "dts-warned", Status: check.JobCheckPass},
				{ID: "dts-unread", Status: check.JobCheckPass}},
			reads:    true,
			describe: map[string][]reading{"dts-good": {steps(false)}, "dts-warned": {steps(true)}, "dts-unread": {{err: refusal("ServiceUnavailable")}}},
		}
		o := everything(dts)
		o.StartTag = nightTag
		instance := newInstance(o)
		for delivery := range 2 {
			i := instance.fire(t, "request", `{"Select":{},"Start":true,"Strict":true}`, time.Minute)
			if i.err == nil {
				t.Fatalf("delivery %d: no function error, though a check could not be read", delivery)
			}
			outcomes := map[string]any{}
			for _, line := range i.log.lines("job") {
				outcomes[line["jobId"].(string)] = line["outcome"]
				if line["jobId"] == "dts-good" && line["level"] != "INFO" {
					t.Errorf("delivery %d: a person is called: %v", delivery, line)
				}
			}
			if outcomes["dts-good"] != "waiting" || outcomes["dts-warned"] != "not passed" || outcomes["dts-unread"] != "refused" {
				t.Errorf("delivery %d: %v", delivery, outcomes)
			}
		}
		if dts.count("create", "dts-good")+dts.count("create", "dts-warned") > 0 {
			t.Error("a check was created")
		}
	})
}

// A check that is only read is judged as strictly as one that is waited for.
func TestDescribeStrictly(t *testing.T) {
	dts := &scripted{reads: true, describe: map[string][]reading{"dts-1": {steps(true)}}}
	var got check.Outcome
	readJSON(t, invoke(t, dts, `{"JobId":"dts-1","Action":"DescribeMigrateCheckJob","Strict":true}`).answer, &got)
	if got.Kind() != check.KindNotPassed {
		t.Errorf("%+v", got)
	}
}

// A check of the event's own that followed somebody else's, and was not answered, is not
// taken for that by the next delivery.
func TestDeliveryAfterAnUnansweredCheckOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		job := check.Job{ID: "dts-1", Status: check.JobCheckPass, Tagged: true}
		listed := job
		listed.Status = check.JobChecking
		dts := &scripted{
			list:    []check.Job{listed},
			job:     map[string][]jobReading{"dts-1": {{job: job}}},
			before:  map[string]reading{"dts-1": state(check.Running, 1)},
			creates: map[string][]error{"dts-1": {unanswered(), refusal("InternalError.DuplicateJob")}},
		}
		o := everything(dts)
		o.StartTag = nightTag
		i := newInstance(o)
		fire := func(within time.Duration) string { // returns the calls
			dts.calls = nil
			i.fire(t, "request", `{"Select":{},"Start":true}`, within)
			return strings.Join(dts.calls, ", ")
		}
		if calls := fire(3 * time.Second); strings.Contains(calls, "create dts") {
			t.Fatal(calls)
		}
		dts.before["dts-1"] = verdict(true, "ok")
		if calls := fire(time.Minute); !strings.HasSuffix(calls, "create dts-1") {
			t.Fatal(calls)
		}
		if calls := fire(time.Minute); !strings.HasPrefix(calls, "create dts-1, describe dts-1") || !strings.HasSuffix(calls, "start dts-1") || strings.Count(calls, "create dts") != 1 {
			t.Error(calls)
		}
	})
}
