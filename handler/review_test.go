package handler

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"migratecheck/handler/event"
	"migratecheck/internal/check"
	"migratecheck/internal/report"
)

// kafka are records with the bodies.
func kafka(bodies ...string) string {
	var records []any
	for i, body := range bodies {
		records = append(records, map[string]any{"Ckafka": map[string]any{"topic": "jobs", "partition": 0, "offset": i, "msgBody": body}})
	}
	return string(check.Marshal(map[string]any{"Records": records}))
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

// A reading, too, is strict where that is asked for.
func TestStrictReading(t *testing.T) {
	for name, event := range map[string]string{
		"once":       `{"JobId":"dts-1","Action":"DescribeMigrateCheckJob","Strict":true}`,
		"selected":   `{"Select":{},"Action":"DescribeMigrateCheckJob","Strict":true}`,
		"on a board": `{"httpMethod":"GET","path":"/","headers":{"Accept":"text/html"},"queryString":{"Select":"true","Strict":"true"}}`,
		"waiting":    `{"JobId":"dts-1","Action":"DescribeMigrateCheckJob","Wait":true,"Strict":true}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dts := &scripted{reads: true, list: []check.Job{{ID: "dts-1", Status: check.JobCheckPass}}, describe: map[string][]reading{"dts-1": {steps(true)}}}
				i := invoke(t, dts, event)
				if line := i.log.lines("job")[0]; line["outcome"] != "not passed" {
					t.Errorf("line %v, answer %s", line, i.answer)
				}
			})
		})
	}
}

// A verdict that an earlier delivery judged less strictly, or that accepted more, is
// not started on.
func TestDeliveryOfARequestBesideAStricterOne(t *testing.T) {
	for name, pair := range map[string][2]string{
		"strictly":      {`{"JobId":"dts-1","Wait":true}`, `{"JobId":"dts-1","Start":true,"Strict":true}`},
		"accepted less": {`{"JobId":"dts-1","Wait":true,"Strict":true,"Accept":["SrcPrivilegeCheck"]}`, `{"JobId":"dts-1","Start":true,"Strict":true,"Accept":["Other"]}`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dts := &scripted{describe: map[string][]reading{"dts-1": {state(check.Running, 1), steps(true)}}}
				i := newInstance(everything(dts))
				if first := i.fire(t, "a", kafka(pair[0]), time.Minute); !strings.Contains(string(first.answer), `"Passed":true`) {
					t.Fatalf("first: %s, %v", first.answer, first.err)
				}
				again := i.fire(t, "b", kafka(pair[0], pair[1]), time.Minute)
				if again.err != nil || !strings.Contains(string(again.answer), `"Strictly":["SrcPrivilegeCheck"]`) || dts.count("start", "dts-1") != 0 || dts.count("create", "dts-1") != 1 {
					t.Errorf("again: %s, %v, %v", again.answer, again.err, dts.calls)
				}
				before := len(dts.calls)
				if third := i.fire(t, "c", kafka(pair[0], pair[1]), time.Minute); !strings.Contains(string(third.answer), `"Repeated":true`) || len(dts.calls) != before {
					t.Errorf("third: %s, %v, %v", third.answer, third.err, dts.calls)
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

// Consent that was withdrawn is respected, also after a start that was not answered.
func TestTagTakenAway(t *testing.T) {
	tagged := jobAt(check.JobCheckPass)
	tagged.job.Tagged = true
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{
			start: map[string][]error{"dts-1": {unanswered()}},
			job:   map[string][]jobReading{"dts-1": {tagged, tagged, jobAt(check.JobCheckPass)}},
		}
		o := everything(dts)
		o.StartTag = nightTag
		i := newInstance(o).fire(t, "request", `{"JobId":"dts-1","Start":true}`, time.Minute)
		if dts.count("start", "dts-1") != 1 || i.err != nil || !strings.Contains(string(i.answer), `"Waiting":true`) {
			t.Errorf("got %s, %v, %v", i.answer, i.err, dts.calls)
		}
	})
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

// What one delivery has brought about stays, whatever another that came at the same
// time saw of it.
func TestDeliveriesAtOnce(t *testing.T) {
	created := check.Progress{Stage: check.StageCreated, RequestID: "own"}
	judged := check.Progress{Stage: check.StageJudged, RequestID: "own"}
	for name, pair := range map[string][2]check.Progress{
		"its own check":      {created, {Stage: check.StageCreated, RequestID: "refused", Found: true, Others: true}},
		"what went further":  {judged, {Stage: check.StageCreated, RequestID: "create"}},
		"what is new anyway": {{Stage: check.StageCreated, RequestID: "refused", Others: true}, judged},
		"and not a refusal":  {created, {Error: refusal("FailedOperation.NotAllowOperation"), RequestID: "refused"}},
	} {
		m := newDeliveries(time.Now)
		d := m.get([]string{"id"}, 1)
		for _, p := range pair {
			m.keep(d, remembered{job: check.Job{ID: "dts-1"}, Progress: p})
		}
		if got := m.recall(d, "dts-1", 0); got.RequestID != "own" || got.Others || got.Error != nil {
			t.Errorf("%s: remembered %+v", name, got)
		}
	}
}

// A check that was found running gets its verdict in a minute by the clock of DTS,
// whatever this machine's says.
func TestFoundCheckingByTheClockOfDTS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{
			skew: time.Hour, reads: true, list: []check.Job{{ID: "dts-1", Status: check.JobChecking}},
			describe: map[string][]reading{"dts-1": {steps(false), steps(false), steps(true)}},
		}
		i := invoke(t, dts, `{"Select":{},"Wait":true,"Strict":true}`)
		if !strings.Contains(string(i.answer), `"Check":{"Status":"starting"`) {
			t.Errorf("got %s, %v", i.answer, i.err)
		}
	})
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

// A note about an event that is forgotten just then harms nobody.
func TestNoteInAFullMemory(t *testing.T) {
	for size := memorySize - 2*toldSize; size <= memorySize+toldSize; size += 40 {
		m := newDeliveries(time.Now)
		d := m.get([]string{"id"}, 1)
		m.grow(d, size-m.size)
		m.note(d, "webhook", told{})
	}
}

// Ten thousand refusals are remembered with their texts cut, and what was created
// among them is not created twice.
func TestRefusalsOfALargeBatchAreRemembered(t *testing.T) {
	ids := make([]string, 10000)
	for i := range ids {
		ids[i] = fmt.Sprintf("dts-%08d", i)
	}
	dts := &mostlyRefused{brisk: &brisk{created: map[string]int{}}}
	o := everything(serial{dts, make(chan struct{}, 1)})
	o.Log = io.Discard
	h := New(o)
	before := heap()
	for range 2 {
		fireQuietly(t, h, "request", string(check.Marshal(ids)), time.Minute)
	}
	if took := heap() - before; took > 9<<20 {
		t.Errorf("%d bytes are kept", took)
	}
	for id, n := range dts.created {
		if n > 1 {
			t.Fatalf("%s was created %d times", id, n)
		}
	}
}

// mostlyRefused is a DTS that accepts every tenth creation.
type mostlyRefused struct{ *brisk }

func (m *mostlyRefused) CreateCheck(ctx context.Context, job string) (check.Receipt, error) {
	if !strings.HasSuffix(job, "0") {
		return check.Receipt{}, &check.Error{
			Code: strings.Clone("FailedOperation.NotAllowOperation"), Message: strings.Repeat("x", 4000), RequestID: "46b45da1-3e8e-4ef2-8de8-000" + job[3:], Attempts: 1,
		}
	}
	return m.brisk.CreateCheck(ctx, job)
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

// Of what several records of one job were brought to, the furthest counts.
func TestDeliveryOfRecordsThatCameApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{describe: map[string][]reading{"dts-1": {state(check.Running, 1), state(check.Running, 1), verdict(true, "ok")}}}
		i := newInstance(everything(dts))
		const plain, waits = `{"Ckafka":{"topic":"jobs","partition":0,"offset":1,"msgBody":"dts-1"}}`, `{"Ckafka":{"topic":"jobs","partition":0,"offset":2,"msgBody":"{\"JobId\":\"dts-1\",\"Wait\":true}"}}`
		i.fire(t, "a", `{"Records":[`+plain+`]}`, time.Minute)
		i.fire(t, "b", `{"Records":[`+waits+`]}`, time.Minute)
		calls := len(dts.calls)
		for _, event := range []string{plain + "," + waits, waits + "," + plain} {
			if got := i.fire(t, "c", `{"Records":[`+event+`]}`, time.Minute); len(dts.calls) != calls || !strings.Contains(string(got.answer), `"Passed":true`) {
				t.Errorf("got %s, %v", got.answer, dts.calls[calls:])
			}
		}
	})
}

// An event of just as many jobs as it may have is done, and the record with one more
// is refused.
func TestMostJobs(t *testing.T) {
	i := invoke(t, &brisk{list: selection(event.MaxJobs, 1)}, kafka(`{"Select":{}}`, "dts-00000000", "dts-more"))
	if want := `"Failed":1}`; i.err != nil || !strings.HasSuffix(string(i.answer), want) || !strings.Contains(string(i.answer), `"Record":2`) {
		t.Errorf("got …%.300s, %.300v", i.answer, i.err)
	}
}

// Of jobs whose status is not known the log names some, and counts all.
func TestManyUnknownStatuses(t *testing.T) {
	dts := &scripted{}
	for n := range 25 {
		dts.list = append(dts.list, check.Job{ID: fmt.Sprint("dts-", n), Status: "brandNew"})
	}
	line := invoke(t, dts, `{"Select":{}}`).log.lines("skipped")[0]
	if line["jobs"] != 25.0 || strings.Count(fmt.Sprint(line["error"]), "brandNew") != 20 {
		t.Errorf("line %v", line)
	}
}

// What thousands of records are refused for is not kept in full.
func TestRefusalsOfManySelections(t *testing.T) {
	const records = 8000
	dts := &refusedLists{last: records}
	o := everything(dts)
	o.Log = io.Discard
	bodies := make([]string, records)
	for i := range bodies {
		bodies[i] = `{"Select":{}}`
	}
	event := kafka(bodies...)
	h := New(o)
	before := heap()
	fireQuietly(t, h, "request", event, time.Minute)
	if took := dts.heap - before; took > 24<<20 {
		t.Errorf("%d bytes at the last of them", took)
	}
}

// refusedLists is a DTS that refuses to list jobs, at length.
type refusedLists struct {
	DTS
	last, heap int
}

func (l *refusedLists) ListJobs(context.Context, check.Filter) ([]check.Job, error) {
	if l.last--; l.last == 0 {
		l.heap = heap()
	}
	return nil, &check.Error{Code: "UnauthorizedOperation", Message: strings.Repeat("x", check.MostText), Attempts: 1}
}

// What a job had before is not told of an old event if its check may be the one that
// an earlier delivery created.
func TestBeforeOfAnOldEvent(t *testing.T) {
	for name, row := range map[string]struct {
		fired, ended time.Duration // before now; never ended if zero
		want         bool
	}{
		"a new event":                       {10 * time.Second, 0, true},
		"ended before it":                   {10 * time.Minute, 11 * time.Minute, true},
		"ended since":                       {10 * time.Minute, 9 * time.Minute, false},
		"it does not say when it had ended": {10 * time.Minute, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				job := jobAt(check.JobCheckNotPass)
				if row.ended > 0 {
					job.job.CheckEnded = time.Now().Add(-row.ended)
				}
				dts := &scripted{before: map[string]reading{"dts-1": verdict(false, "no")}, job: map[string][]jobReading{"dts-1": {job}}}
				i := invoke(t, dts, string(check.Marshal(map[string]any{"Type": "Timer", "TriggerName": "t", "Time": time.Now().Add(-row.fired), "Message": `{"JobId":"dts-1","Wait":true}`})))
				if got := strings.Contains(string(i.answer), `"Before":{"Passed":false}`); got != row.want {
					t.Errorf("got %s, %v", i.answer, i.err)
				}
			})
		})
	}
}

// What was before is read as far as there is time and quota for it, and no longer if
// that fails.
func TestBeforeWhereTimeIsShort(t *testing.T) {
	for name, row := range map[string]struct {
		jobs        int
		list, time  time.Duration
		err         error
		least, most int
	}{
		"time enough":               {300, 0, 10 * time.Minute, nil, 300, 300},
		"as many readings as calls": {300, 0, 10 * time.Second, nil, 0, 0},
		"half of the time is gone":  {3, 40 * time.Second, time.Minute, nil, 0, 0},
		"they fail":                 {300, 0, 10 * time.Minute, refusal("InternalError"), 1, 60},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dts := &slowList{&scripted{before: map[string]reading{}}, row.list}
				for n := range row.jobs {
					id := fmt.Sprint("dts-", n)
					dts.list = append(dts.list, check.Job{ID: id, Status: check.JobCreated})
					dts.before[id] = reading{state: check.State{Status: check.Unavailable}, err: row.err}
				}
				newInstance(everything(dts)).fire(t, "request", `{"Select":{},"Wait":true}`, row.time)
				before := 0
				for _, call := range dts.calls {
					if strings.HasPrefix(call, "before ") {
						before++
					}
				}
				if before < row.least || before > row.most {
					t.Errorf("%d readings", before)
				}
			})
		})
	}
}

// slowList is a DTS whose lists take that long.
type slowList struct {
	*scripted
	takes time.Duration
}

func (s *slowList) ListJobs(ctx context.Context, f check.Filter) ([]check.Job, error) {
	time.Sleep(s.takes)
	return s.scripted.ListJobs(ctx, f)
}

// The status of a sync job may follow its check; a check that has ended without a
// verdict is read again by the next delivery, too.
func TestVerdictThatFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{describe: map[string][]reading{"sync-1": {state(check.Running, 1), state(check.Finished, 100), verdict(true, "ok")}}}
		if i := invoke(t, dts, `{"JobId":"sync-1","Wait":true}`); !strings.Contains(string(i.answer), `"Passed":true`) {
			t.Errorf("sync: %s, %v", i.answer, i.err)
		}
		dts = &scripted{
			creates:  map[string][]error{"dts-2": {refusal("InternalError.LockError"), nil}},
			describe: map[string][]reading{"dts-1": {state(check.Running, 1), state(check.Finished, 100), verdict(true, "ok")}},
		}
		i := newInstance(everything(dts))
		for delivery, want := range []string{`"NoVerdict":1`, `"NoVerdict":0`} {
			if got := i.fire(t, "request", comesAgain["timer"](`,"Wait":true`), time.Minute); delivery > 0 && !strings.Contains(string(got.answer), want) {
				t.Errorf("delivery %d: %s, %v", delivery, got.answer, got.err)
			}
		}
	})
}

// What can be told after a minute is told then.
func TestVerdictAfterAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{before: map[string]reading{"dts-1": verdict(true, "ok")}, describe: map[string][]reading{"dts-1": {verdict(true, "ok")}}}
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		defer cancel()
		i := invokeIn(ctx, t, dts, `{"JobId":"dts-1","Wait":true}`)
		if took := time.Since(began); took <= settled || took > settled+2*time.Second || !strings.Contains(string(i.answer), `"Check":{"Status":"finished","Passed":true`) {
			t.Errorf("after %v: %s, %v", took, i.answer, i.err)
		}
	})
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

// After a refused start the job is looked at again only where its state can lag.
func TestLooksAfterARefusedStart(t *testing.T) {
	for code, looks := range map[string]int{"UnauthorizedOperation": 1, "FailedOperation.StatusInConflict": 2} {
		synctest.Test(t, func(t *testing.T) {
			dts := &scripted{start: map[string][]error{"dts-1": {refusal(code)}}}
			if i := invoke(t, dts, `{"JobId":"dts-1","Start":true}`); i.err == nil || dts.count("job", "dts-1") != 1+looks {
				t.Errorf("%s: %v, %v", code, i.err, dts.calls)
			}
		})
	}
}

// If a verdict turns out to be open when time is up, that is told, and is no failure
// where the check is somebody else's.
func TestVerdictIsOpenWhenTimeIsUp(t *testing.T) {
	for name, row := range map[string]struct {
		create error
		failed bool
	}{"its own check": {nil, true}, "somebody else's": {refusal("InternalError.DuplicateJob"), false}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dts := lateJob{&scripted{create: map[string]error{"dts-1": row.create}, job: map[string][]jobReading{"dts-1": {jobAt(check.JobChecking)}}}}
				i := newInstance(everything(dts)).fire(t, "request", startAtNight, 10*time.Second)
				if got := string(i.answer) + fmt.Sprint(i.err); (i.err != nil) != row.failed || !strings.Contains(got, "NoVerdict") && row.failed || !row.failed && !strings.Contains(got, `"Check":{"Status":"running"`) {
					t.Errorf("got %s", got)
				}
			})
		})
	}
}

// lateJob is a DTS that tells a job's state when time is nearly up.
type lateJob struct{ *scripted }

func (l lateJob) DescribeJob(ctx context.Context, job string) (check.Job, check.Receipt, error) {
	deadline, _ := ctx.Deadline()
	time.Sleep(time.Until(deadline) - 500*time.Millisecond)
	return l.scripted.DescribeJob(ctx, job)
}

// Repeated is only what is told again as it was.
func TestWhatIsNotReadIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{describe: map[string][]reading{"dts-1": {{err: refusal("InternalError.DatabaseError")}}}}
		i := newInstance(everything(dts))
		i.fire(t, "request", `{"JobId":"dts-1","Wait":true}`, 5*time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		time.Sleep(2 * time.Second)
		defer cancel()
		if line := i.fireIn(ctx, t, "request", `{"JobId":"dts-1","Wait":true}`).log.lines("job")[0]; line["repeated"] != nil || line["code"] != check.CodeDeadline {
			t.Errorf("line %v", line)
		}
	})
}

// Every job is read once before any is read again.
func TestFirstReadingsGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ids := make([]string, 6*inFlight)
		for n := range ids {
			ids[n] = fmt.Sprint("dts-", n)
		}
		dts := &slowReading{&scripted{reads: true}}
		newInstance(everything(dts)).fire(t, "request", `{"JobIds":`+string(check.Marshal(ids))+`,"Action":"DescribeMigrateCheckJob","Wait":true}`, 8*time.Second)
		for _, id := range ids {
			if dts.count("describe", id) == 0 {
				t.Errorf("%s was not read", id)
			}
		}
	})
}

// slowReading is a DTS that takes a second to tell that a check runs.
type slowReading struct{ *scripted }

func (s *slowReading) DescribeCheck(ctx context.Context, job string) (check.State, check.Receipt, error) {
	err := s.call(ctx, "describe", job)
	time.Sleep(time.Second)
	return check.State{Status: check.Running}, s.receipt("describe", job), err
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

// The outcomes of an event that differ in what matters are others, for whoever was
// told of it.
func TestOtherOutcomesAreTold(t *testing.T) {
	first, second := 0, 1
	failed := func(step string) check.Outcome {
		s := failedAt(step).state
		return check.Outcome{JobID: "dts-1", Progress: check.Progress{Stage: check.StageJudged, Check: &s}}
	}
	refused := func(record *int, code string) check.Outcome {
		return check.Outcome{Record: record, Progress: check.Progress{Error: refusal(code)}}
	}
	seen := map[uint64]int{}
	for i, o := range []check.Outcome{
		failed("A"), failed("B"), refused(&first, "FailedOperation"), refused(&second, "FailedOperation"), refused(&first, "InternalError"), {JobID: "dts-1"}, {JobID: "dts-2"},
	} {
		digest := digestOf([]check.Outcome{o}).digest
		if before, ok := seen[digest]; ok {
			t.Errorf("outcome %d is the same as %d", i, before)
		}
		seen[digest] = i
	}
}

// An event that is refused as a whole and comes again under another request id is
// told once.
func TestRefusedEventIsToldOnce(t *testing.T) {
	for _, event := range []string{`{"specversion":"1.0","id":"e","source":"s","data":"?"}`} {
		told := 0
		o := everything(&scripted{})
		o.Forward = forwarder(func(_ context.Context, _ report.Report, before map[string]check.Told) []check.Forwarded {
			if !before["webhook"].Same {
				told++
			}
			return []check.Forwarded{{Destination: "webhook"}}
		})
		i := newInstance(o)
		for _, id := range []string{"a", "b"} {
			i.fire(t, id, event, time.Minute)
		}
		if told != 1 {
			t.Errorf("%s: told %d times", event, told)
		}
	}
}

// What a delivery found stays its selection, also if another lists at the same time.
func TestSelectionsAtOnce(t *testing.T) {
	m := newDeliveries(time.Now)
	d := m.get([]string{"id"}, 0)
	m.noteSelection(d, selection(2, 1))
	m.keep(d, remembered{job: selection(1, 1)[0], Progress: check.Progress{Stage: check.StageCreated}})
	m.noteSelection(d, selection(1, 1))
	if found, _ := m.selection(d); len(found) != 2 || m.recall(d, found[0].ID, 0) == nil {
		t.Errorf("%d jobs, %v", len(found), m.recall(d, found[0].ID, 0))
	}
}
