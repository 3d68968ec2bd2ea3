package handler

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"migratecheck/internal/check"
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
					for _, line := range i.fire(t, "request", timer(`{"Select":{},"Start":true}`), time.Minute).log.lines("job") {
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
	dts := &scripted{list: []check.Job{{ID: "dts-1", Status: check.JobCheckPass}, {ID: "dts-2", Status: check.JobCheckPass, Tagged: true}, {ID: "dts-3", Status: check.JobChecking, Tagged: true}}}
	for name, row := range map[string]struct {
		tag  check.Tag
		want string
	}{
		"no tag": {check.Tag{}, `{"Jobs":[{"JobId":"dts-1","Would":[],"WhyNot":"it has passed: it would wait to be started by a person"},` +
			`{"JobId":"dts-2","Would":[],"WhyNot":"it has passed: it would wait to be started by a person"},` +
			`{"JobId":"dts-3","Would":[],"WhyNot":"it would wait to be started by a person"}],"Failed":0,"Started":0,"Waiting":0}`},
		"a tag": {nightTag, `{"Jobs":[{"JobId":"dts-1","Would":[],"WhyNot":"it has passed: it would wait to be started by a person"},` +
			`{"JobId":"dts-2","Would":["check","start"]},{"JobId":"dts-3","Would":["check","start"],"WhyNot":"a check runs already: it is waited for"}],"Failed":0,"Started":0,"Waiting":0}`},
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

// The creation that was this event's own stays so, also if a delivery that came at
// the same time found its check running.
func TestOwnCheckOfDeliveriesAtOnce(t *testing.T) {
	m := newDeliveries(time.Now)
	d := m.get([]string{"id"}, 1)
	own := check.Progress{Stage: check.StageCreated, RequestID: "create"}
	m.keep(d, remembered{job: check.Job{ID: "dts-1"}, Progress: own})
	m.keep(d, remembered{job: check.Job{ID: "dts-1"}, Progress: check.Progress{Stage: check.StageCreated, RequestID: "refused", Found: true, Others: true}})
	if got := m.recall(d, "dts-1", 0); got.RequestID != "create" || got.Others {
		t.Errorf("remembered %+v", got)
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
