package handler

import (
	"context"
	"strings"
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
	}
	for name, row := range map[string]struct {
		tag      check.Tag
		started  string
		waiting  string
		problems int // waiting jobs that need a person
		created  string
	}{
		"every job may be started": {
			started: "dts-new dts-failed", waiting: "dts-passed dts-agreed dts-checking dts-checked dts-unseen sync-1", problems: 6,
			created: "dts-new dts-failed dts-unseen sync-1",
		},
		"with consent on the job": {
			tag: nightTag, started: "dts-failed dts-agreed dts-checked", waiting: "dts-new dts-passed dts-checking dts-unseen sync-1",
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

// Two events that ask for the same start at once send one.
func TestStartsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dts := &once{scripted: &scripted{}}
		i := newInstance(everything(dts))
		done := make(chan bool)
		for _, id := range []string{"a", "b"} {
			go func() {
				ctx := t.Context()
				i.Invoke(ctx, []byte(`{"specversion":"1.0","source":"s","id":"`+id+`","data":{"JobId":"dts-1","Start":true}}`))
				done <- true
			}()
		}
		<-done
		<-done
		if n := dts.count("start", "dts-1"); n != 1 {
			t.Errorf("%d starts: %v", n, dts.calls)
		}
	})
}

// once is a DTS that takes a while to start a job, which then runs.
type once struct {
	*scripted
	runs bool
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

func (o *once) DescribeJob(ctx context.Context, job string) (check.Job, check.Receipt, error) {
	found, receipt, err := o.scripted.DescribeJob(ctx, job)
	if o.runs {
		found.Status = check.JobRunning
	}
	return found, receipt, err
}

func (o *once) Start(ctx context.Context, job string) (check.Receipt, error) {
	time.Sleep(300 * time.Millisecond)
	receipt, err := o.scripted.Start(ctx, job)
	o.runs = true
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
