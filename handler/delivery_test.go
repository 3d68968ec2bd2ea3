package handler

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"migratecheck/internal/check"
)

// comesAgain are events that may come again, each naming dts-1 and dts-2 with
// what is asked besides.
var comesAgain = map[string]func(asked string) string{
	"timer": func(asked string) string {
		return string(check.Marshal(map[string]any{"Type": "Timer", "TriggerName": "night", "Time": "2026-11-01T18:00:00Z", "Message": `{"JobIds":["dts-1","dts-2"]` + asked + `}`}))
	},
	"ckafka": func(asked string) string {
		var records []any
		for i, id := range []string{"dts-1", "dts-2"} {
			records = append(records, map[string]any{"Ckafka": map[string]any{"topic": "jobs", "partition": 1, "offset": i, "msgBody": `{"JobId":"` + id + `"` + asked + `}`}})
		}
		return string(check.Marshal(map[string]any{"Records": records}))
	},
	"cmq": func(asked string) string {
		return string(check.Marshal(map[string]any{"Records": []any{map[string]any{"CMQ": map[string]any{"topicName": "jobs", "msgId": "7", "msgBody": `{"JobIds":["dts-1","dts-2"]` + asked + `}`}}}}))
	},
	"eventbridge": func(asked string) string {
		return string(check.Marshal(map[string]any{"specversion": "1.0", "id": "e1", "source": "ops", "data": `{"JobIds":["dts-1","dts-2"]` + asked + `}`}))
	},
	"asynchronous invocation": func(asked string) string { return `{"JobIds":["dts-1","dts-2"]` + asked + `}` },
}

// repeated is the answer of a delivery that had nothing left to do.
func repeated(answer string) string {
	return regexp.MustCompile(`("RequestId":"[^"]*")`).ReplaceAllString(answer, `$1,"Repeated":true`)
}

const bothCreated = `{"Jobs":[{"JobId":"dts-1","RequestId":"create-dts-1"},{"JobId":"dts-2","RequestId":"create-dts-2"}],"Failed":0}`

// A delivery goes on where the last one stopped: it creates nothing twice and
// answers with the first receipts.
func TestDeliveryGoesOn(t *testing.T) {
	for name, event := range comesAgain {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dts := &scripted{creates: map[string][]error{"dts-2": {refusal("InternalError.LockError"), nil}}}
				i := newInstance(everything(dts))
				if first := i.fire(t, "request", event(""), time.Minute); first.err == nil || !strings.HasSuffix(first.err.Error(), "dts-2: InternalError.LockError") {
					t.Fatalf("first: %s, %v", first.answer, first.err)
				}
				for n := range 200 {
					i.fire(t, fmt.Sprint("other-", n), fmt.Sprintf(`"dts-other-%d"`, n), time.Minute)
				}
				want := strings.Replace(bothCreated, `"create-dts-1"`, `"create-dts-1","Repeated":true`, 1)
				for range 3 {
					if got := i.fire(t, "request", event(""), time.Minute); got.err != nil || string(got.answer) != want {
						t.Errorf("again: %s, %v", got.answer, got.err)
					}
					want = repeated(bothCreated)
				}
				if dts.count("create", "dts-1") != 1 || dts.count("create", "dts-2") != 2 {
					t.Errorf("calls %v", dts.calls)
				}
			})
		})
	}
}

// What failed for good is not sent again either, and is told in the same words.
func TestDeliveryOfWhatFailedForGood(t *testing.T) {
	for name, event := range comesAgain {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dts := &scripted{create: map[string]error{"dts-1": refusal("ResourceNotFound.JobNotExist")}}
				i := newInstance(everything(dts))
				first := `{"Jobs":[{"Error":{"Code":"ResourceNotFound.JobNotExist","Message":"said by DTS"},"JobId":"dts-1","RequestId":"refused"},` +
					`{"JobId":"dts-2","RequestId":"create-dts-2"}],"Failed":1}`
				want := first
				for range 3 {
					if got := i.fire(t, "request", event(""), time.Minute); got.err != nil || string(got.answer) != want {
						t.Errorf("got %s, %v", got.answer, got.err)
					}
					want = repeated(first)
				}
				if dts.count("create", "dts-1") != 1 || dts.count("create", "dts-2") != 1 {
					t.Errorf("calls %v", dts.calls)
				}
			})
		})
	}
}

// A start whose verdict did not come in time goes on waiting, and what was
// started is not started again.
func TestDeliveryGoesOnWaiting(t *testing.T) {
	for name, event := range comesAgain {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dts := &scripted{describe: map[string][]reading{"dts-2": {state(check.Running, 1)}}}
				i := newInstance(everything(dts))
				first := i.fire(t, "request", event(`,"Start":true`), 10*time.Second)
				if first.err == nil || !strings.HasSuffix(first.err.Error(), "dts-2: created (RequestId create-dts-2), not started: ClientError.NoVerdict") {
					t.Fatalf("first: %s, %v", first.answer, first.err)
				}
				dts.describe["dts-2"] = []reading{verdict(true, "ok")} // ended between the deliveries
				again := i.fire(t, "request", event(`,"Start":true`), 10*time.Second)
				const passed = `"Check":{"Status":"finished","Passed":true,"Progress":100,"Message":"ok"`
				want := `{"Jobs":[{"JobId":"dts-1","RequestId":"create-dts-1","Repeated":true,` + passed + `},"Started":true,"StartRequestId":"start-dts-1"},` +
					`{"JobId":"dts-2","RequestId":"create-dts-2",` + passed + `},"Started":true,"StartRequestId":"start-dts-2"}],` +
					`"Failed":0,"Passed":2,"NotPassed":0,"NoVerdict":0,"Started":2,"Waiting":0}`
				if again.err != nil || string(again.answer) != want {
					t.Errorf("again: %s, %v\nwant %s", again.answer, again.err, want)
				}
				for _, call := range []string{"create dts-1", "create dts-2", "start dts-1", "start dts-2"} {
					verb, job, _ := strings.Cut(call, " ")
					if n := dts.count(verb, job); n != 1 {
						t.Errorf("%d times %s", n, call)
					}
				}
			})
		})
	}
}

// Whether the migration was started is read by the next delivery, if it could not
// be read by the last. All that was sent is counted.
func TestDeliveryOfAJobThatCouldNotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{
			create: map[string]error{"dts-1": refusal("FailedOperation.NotAllowOperation")},
			job:    map[string][]jobReading{"dts-1": {{err: &check.Error{Code: check.CodeNoAnswer, Message: "no answer", Attempts: 4}}, jobAt(check.JobRunning)}},
		}
		i := newInstance(everything(dts))
		first := i.fire(t, "request", startAtNight, time.Minute)
		if line := first.log.lines("job")[0]; first.err == nil || line["attempts"] != 6.0 {
			t.Errorf("first: %s, %v", first.answer, line)
		}
		if again := i.fire(t, "request", startAtNight, time.Minute); again.err != nil || !strings.Contains(string(again.answer), `"AlreadyStarted":true`) {
			t.Errorf("again: %s, %v", again.answer, again.err)
		}
	})
}

// A start that was refused for good is told again with the verdict.
func TestDeliveryOfARefusedStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{
			start:   map[string][]error{"dts-1": {refusal("OperationDenied.BizOperationDeniedError")}},
			creates: map[string][]error{"dts-2": {refusal("InternalError.LockError")}},
		}
		i := newInstance(everything(dts))
		event := comesAgain["timer"](`,"Start":true`)
		for range 3 {
			got := i.fire(t, "request", event, time.Minute)
			if got.err == nil || !strings.HasPrefix(got.err.Error(), "2 of 2 jobs failed: dts-1: passed (RequestId create-dts-1), but not started: OperationDenied") {
				t.Errorf("got %s, %v", got.answer, got.err)
			}
		}
		if dts.count("create", "dts-1") != 1 || dts.count("start", "dts-1") != 1 {
			t.Errorf("calls %v", dts.calls)
		}
	})
}

// A check that was found running by a refusal without a RequestId is remembered
// like any other.
func TestDeliveryWithoutRequestID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		duplicate := refusal("InternalError.DuplicateJob")
		duplicate.RequestID = ""
		dts := &scripted{create: map[string]error{"dts-1": duplicate}}
		i := newInstance(everything(dts))
		for range 3 {
			if got := i.fire(t, "request", startAtNight, time.Minute); got.err != nil || !strings.Contains(string(got.answer), `"AlreadyRunning":true`) || !strings.Contains(string(got.answer), `"Started":true`) {
				t.Errorf("got %s, %v", got.answer, got.err)
			}
		}
		if dts.count("create", "dts-1") != 1 || dts.count("start", "dts-1") != 1 {
			t.Errorf("calls %v", dts.calls)
		}
	})
}

// What somebody else had started is told again as it was, and nothing is sent
// for it.
func TestDeliveryOfWhatWasStartedBefore(t *testing.T) {
	for name, row := range map[string]struct {
		dts    *scripted
		answer string
		calls  []string
	}{
		"before the check": {
			dts:    &scripted{create: map[string]error{"dts-1": refusal("FailedOperation.NotAllowOperation")}},
			answer: `{"JobId":"dts-1","RequestId":"job-dts-1","Repeated":true,"AlreadyStarted":true}`,
			calls:  []string{"before dts-1", "create dts-1", "job dts-1"},
		},
		"before the start": {
			dts:    &scripted{start: map[string][]error{"dts-1": {refusal("FailedOperation.StatusInConflict")}}},
			answer: `{"JobId":"dts-1","RequestId":"create-dts-1","Repeated":true,"Check":{"Status":"finished","Passed":true,"Progress":100,"Message":"ok"},"AlreadyStarted":true}`,
			calls:  []string{"before dts-1", "create dts-1", "describe dts-1", "describe dts-1", "job dts-1", "start dts-1", "job dts-1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				row.dts.job = map[string][]jobReading{"dts-1": {jobAt(check.JobRunning)}}
				if row.dts.start != nil {
					row.dts.job["dts-1"] = []jobReading{jobAt(check.JobCheckPass), jobAt(check.JobRunning)}
				}
				i := newInstance(everything(row.dts))
				for delivery := range 3 {
					got := i.fire(t, "request", startAtNight, time.Minute)
					if got.err != nil || string(got.answer) != row.answer && delivery > 0 {
						t.Errorf("delivery %d: %s, %v\nwant %s", delivery, got.answer, got.err, row.answer)
					}
				}
				if !slices.Equal(row.dts.calls, row.calls) {
					t.Errorf("calls %v", row.dts.calls)
				}
			})
		})
	}
}

// A start that was not answered is looked after by the next delivery before
// another is sent.
func TestDeliveryAfterAnUnansweredStart(t *testing.T) {
	event := comesAgain["asynchronous invocation"](`,"Start":true`)
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{
			start: map[string][]error{"dts-1": {unanswered()}},
			job:   map[string][]jobReading{"dts-1": {jobAt(check.JobCheckPass), {err: refusal("InternalError.DatabaseError")}, jobAt(check.JobRunning)}},
		}
		i := newInstance(everything(dts))
		if first := i.fire(t, "request", event, time.Minute); first.err == nil {
			t.Fatalf("first: %s", first.answer)
		}
		again := i.fire(t, "request", event, time.Minute)
		if again.err != nil || !strings.Contains(string(again.answer), `"Started":true},{"JobId":"dts-2"`) || dts.count("start", "dts-1") != 1 {
			t.Errorf("again: %s, %v, calls %v", again.answer, again.err, dts.calls)
		}
	})
}

// A verdict that the check's date has proved is believed by the next delivery
// too, although the job's status says nothing of it any more.
func TestDeliveryAfterAnUnansweredStartOfADatedCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dated := jobAt(check.JobCheckPass)
		dated.job.CheckEnded = time.Now().Add(time.Second)
		dts := &scripted{
			before:   map[string]reading{"dts-1": verdict(true, "ok")},
			describe: map[string][]reading{"dts-1": {verdict(true, "ok")}},
			start:    map[string][]error{"dts-1": {unanswered()}},
			job:      map[string][]jobReading{"dts-1": {dated, dated, {err: refusal("InternalError.DatabaseError")}, jobAt(check.JobRunning)}},
		}
		i := newInstance(everything(dts))
		const event = `{"JobId":"dts-1","Start":true}`
		if first := i.fire(t, "request", event, time.Minute); first.err == nil {
			t.Fatalf("first: %s", first.answer)
		}
		again := i.fire(t, "request", event, time.Minute)
		want := `{"JobId":"dts-1","RequestId":"create-dts-1","Check":{"Status":"finished","Passed":true,"Progress":100,"Message":"ok"},"Before":{"Passed":true},"Started":true}`
		if again.err != nil || string(again.answer) != want || dts.count("start", "dts-1") != 1 {
			t.Errorf("again: %s, %v, calls %v", again.answer, again.err, dts.calls)
		}
	})
}

// As long as nothing is known of it, such a start is told to be in question.
func TestDeliveriesAfterAnUnansweredStart(t *testing.T) {
	event := comesAgain["asynchronous invocation"](`,"Start":true`)
	for name, row := range map[string]struct {
		job  jobReading
		time time.Duration
	}{
		"the job cannot be read":   {jobReading{err: refusal("InternalError.DatabaseError")}, time.Minute},
		"no time for another look": {jobAt(check.JobCheckPass), time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dts := &scripted{
					start: map[string][]error{"dts-1": {unanswered()}},
					job:   map[string][]jobReading{"dts-1": {jobAt(check.JobCheckPass), {err: refusal("InternalError.DatabaseError")}, row.job}},
				}
				i := newInstance(everything(dts))
				i.fire(t, "request", event, time.Minute)
				again := i.fire(t, "request", event, row.time)
				inQuestion := slices.ContainsFunc(again.log.lines("job"), func(line map[string]any) bool {
					return line["jobId"] == "dts-1" && line["mayBeRunning"] == true
				})
				if again.err == nil || !inQuestion || dts.count("start", "dts-1") != 1 {
					t.Errorf("again: %v, %v, calls %v", again.err, again.log, dts.calls)
				}
			})
		})
	}
}

// Nor does a later reading of the check, whatever it says, hide that start.
func TestReadingsAfterAnUnansweredStart(t *testing.T) {
	event := comesAgain["timer"](`,"Start":true`)
	for name, later := range map[string]reading{
		"running":    state(check.Running, 7),
		"not passed": verdict(false, "no privilege"),
		"refused":    {err: refusal("FailedOperation.NotAllowOperation")},
		"not read":   {err: unanswered()},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dts := &scripted{
					start: map[string][]error{"dts-1": {unanswered()}},
					job:   map[string][]jobReading{"dts-1": {jobAt(check.JobCheckPass), {err: refusal("InternalError.DatabaseError")}}},
				}
				i := newInstance(everything(dts))
				i.fire(t, "request", event, time.Minute)
				dts.describe = map[string][]reading{"dts-1": {later}}
				for range 2 {
					again := i.fire(t, "request", event, time.Minute)
					if again.err == nil || !strings.Contains(again.err.Error(), "dts-1: passed (RequestId create-dts-1), and whether it was started is not known") {
						t.Errorf("again: %s, %v", again.answer, again.err)
					}
				}
				dts.job["dts-1"] = []jobReading{jobAt(check.JobRunning)}
				if last := i.fire(t, "request", event, time.Minute); last.err != nil || !strings.Contains(string(last.answer), `"Started":true`) || dts.count("start", "dts-1") != 1 {
					t.Errorf("last: %s, %v, calls %v", last.answer, last.err, dts.calls)
				}
			})
		})
	}
}

// Records that ask for the same job are one job, for which the most is done that
// any of them asks for.
func TestRecordsOfOneJob(t *testing.T) {
	record := func(id, body string) any {
		return map[string]any{"CMQ": map[string]any{"topicName": "jobs", "msgId": id, "msgBody": body}}
	}
	for much, row := range map[string]struct {
		want   string
		starts int
	}{
		`"Wait":true`:                {`"Passed":true`, 0},
		`"Wait":true,"Strict":true`:  {`"Passed":false`, 0},
		`"Start":true`:               {`"Started":true`, 1},
		`"Start":true,"Strict":true`: {`"Passed":false`, 0},
	} {
		most, least := `{"JobId":"dts-1",`+much+`}`, `"dts-1"`
		for order, records := range map[string][]any{
			"first": {record("1", most), record("2", least)},
			"last":  {record("1", least), record("2", most)},
		} {
			t.Run(much+" "+order, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					warned := verdict(true, "ok")
					warned.state.Steps = []check.Step{{ID: "OptimizeCheck", Status: check.StepWarning}}
					dts := &scripted{describe: map[string][]reading{"dts-1": {state(check.Running, 1), warned}}}
					got := newInstance(everything(dts)).fire(t, "request", string(check.Marshal(map[string]any{"Records": records})), time.Minute)
					if got.err != nil || !strings.Contains(string(got.answer), row.want) || dts.count("create", "dts-1") != 1 || dts.count("start", "dts-1") != row.starts {
						t.Errorf("%s, %v, calls %v", got.answer, got.err, dts.calls)
					}
				})
			})
		}
	}
}

// A verdict is dated by the clock of DTS, which need not be this machine's.
func TestVerdictByTheClockOfDTS(t *testing.T) {
	for name, row := range map[string]struct {
		skew, ended time.Duration
		want        bool
	}{
		"behind":               {-time.Hour, time.Second - time.Hour, true},
		"behind, an old check": {-time.Hour, -time.Second - time.Hour, false},
		"ahead":                {time.Hour, time.Second + time.Hour, true},
		"ahead, an old check":  {time.Hour, time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dated := jobAt(check.JobCheckPass)
				dated.job.CheckEnded = time.Now().Add(row.ended)
				dts := &scripted{
					skew:     row.skew,
					before:   map[string]reading{"dts-1": verdict(true, "ok")},
					describe: map[string][]reading{"dts-1": {verdict(true, "ok")}},
					job:      map[string][]jobReading{"dts-1": {dated}},
				}
				for _, found := range []bool{false, true} { // created, or found running
					if found {
						duplicate := refusal("InternalError.DuplicateJob")
						duplicate.At = time.Now().Add(row.skew)
						dts.create = map[string]error{"dts-1": duplicate}
						dts.job["dts-1"][0].job.CheckEnded = time.Now().Add(row.ended)
					}
					got := newInstance(everything(dts)).fire(t, "request", `{"JobId":"dts-1","Wait":true}`, time.Minute)
					if passed := strings.Contains(string(got.answer), `"Check":{"Status":"finished","Passed":true`); passed != row.want {
						t.Errorf("found running %v: %s, %v", found, got.answer, got.err)
					}
				}
			})
		})
	}
}

// A start that was not answered is not forgotten when the next one is refused.
func TestDeliveryAfterAnUnansweredStartAndARefusedOne(t *testing.T) {
	event := comesAgain["timer"](`,"Start":true`)
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{
			start: map[string][]error{"dts-1": {unanswered(), refusal("FailedOperation.StatusInConflict")}},
			job:   map[string][]jobReading{"dts-1": {jobAt(check.JobCheckPass), jobAt(check.JobCheckPass), jobAt(check.JobCheckPass), jobAt(check.JobCheckPass), jobAt(check.JobCheckPass), jobAt(check.JobRunning)}},
		}
		i := newInstance(everything(dts))
		first := i.fire(t, "request", event, time.Minute)
		if !strings.Contains(string(first.answer), `"MayBeRunning":true`) {
			t.Fatalf("first: %s, %v", first.answer, first.err)
		}
		again := i.fire(t, "request", event, time.Minute)
		if again.err != nil || !strings.Contains(string(again.answer), `"Started":true},{"JobId":"dts-2"`) || dts.count("start", "dts-1") != 2 {
			t.Errorf("again: %s, %v, calls %v", again.answer, again.err, dts.calls)
		}
	})
}

// A creation that was not answered and then is a duplicate was this event's.
func TestDeliveryAfterAnUnansweredCreation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{creates: map[string][]error{"dts-1": {unanswered(), refusal("InternalError.DuplicateJob")}}}
		i := newInstance(everything(dts))
		i.fire(t, "request", `{"JobId":"dts-1"}`, time.Minute)
		again := i.fire(t, "request", `{"JobId":"dts-1"}`, time.Minute)
		if want := `{"JobId":"dts-1","RequestId":"refused","AlreadyRunning":true}`; again.err != nil || string(again.answer) != want {
			t.Errorf("got %s, %v", again.answer, again.err)
		}
	})
}

// A refusal is not the whole truth of a job whose creation was not answered
// when the event came before.
func TestDeliveryThatIsRefusedAfterAnUnansweredCreation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{creates: map[string][]error{"dts-1": {unanswered(), refusal("FailedOperation.NotAllowOperation")}}}
		i := newInstance(everything(dts))
		i.fire(t, "request", `["dts-1","dts-2"]`, time.Minute)
		again := i.fire(t, "request", `["dts-1","dts-2"]`, time.Minute)
		if want := `"JobId":"dts-1","RequestId":"refused","MayBeRunning":true}`; again.err != nil || !strings.Contains(string(again.answer), want) {
			t.Errorf("got %s, %v", again.answer, again.err)
		}
	})
}

// A start in whose midst the work broke off may have been sent: the next
// delivery looks before it sends another.
func TestDeliveryAfterAPanicInAStart(t *testing.T) {
	event := comesAgain["asynchronous invocation"](`,"Start":true`)
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{
			panics: "start dts-1",
			start:  map[string][]error{"dts-2": {refusal("InternalError.LockError"), nil}},
			job:    map[string][]jobReading{"dts-1": {jobAt(check.JobCheckPass), jobAt(check.JobRunning)}},
		}
		i := newInstance(everything(dts))
		if first := i.fire(t, "request", event, time.Minute); first.err == nil {
			t.Fatalf("first: %s", first.answer)
		}
		dts.panics = ""
		again := i.fire(t, "request", event, time.Minute)
		if again.err != nil || !strings.Contains(string(again.answer), `"Started":true},{"JobId":"dts-2"`) || dts.count("start", "dts-1") != 1 {
			t.Errorf("again: %s, %v, calls %v", again.answer, again.err, dts.calls)
		}
	})
}

// Nothing of one event is taken for another's.
func TestOtherEventsAreOthers(t *testing.T) {
	timer := func(name, at, message string) string {
		return string(check.Marshal(map[string]any{"Type": "Timer", "TriggerName": name, "Time": at, "Message": message}))
	}
	kafka := func(topic string, partition, offset int, body string) string {
		return string(check.Marshal(map[string]any{"Records": []any{map[string]any{"Ckafka": map[string]any{"topic": topic, "partition": partition, "offset": offset, "msgBody": body}}}}))
	}
	const at, later = "2026-11-01T18:00:00Z", "2026-11-02T18:00:00Z"
	type fired struct{ request, event string }
	for name, pair := range map[string][2]fired{
		"another night":                     {{"r", timer("night", at, "dts-1")}, {"r", timer("night", later, "dts-1")}},
		"another timer":                     {{"r", timer("night", at, "dts-1")}, {"r", timer("noon", at, "dts-1")}},
		"another message":                   {{"r", timer("night", at, "dts-1")}, {"r", timer("night", at, "dts-1 dts-2")}},
		"another offset":                    {{"r", kafka("jobs", 1, 4, "dts-1")}, {"r", kafka("jobs", 1, 5, "dts-1")}},
		"another partition":                 {{"r", kafka("jobs", 1, 4, "dts-1")}, {"r", kafka("jobs", 2, 4, "dts-1")}},
		"another topic":                     {{"r", kafka("jobs", 1, 4, "dts-1")}, {"r", kafka("more", 1, 4, "dts-1")}},
		"a topic made anew":                 {{"r", kafka("jobs", 1, 4, "dts-1")}, {"r", kafka("jobs", 1, 4, "dts-1,")}},
		"a time long past":                  {{"r", timer("night", at, "dts-1")}, {"s", timer("night", at, "dts-1")}},
		"a time to come":                    {{"r", timer("night", "2999-11-01T18:00:00Z", "dts-1")}, {"s", timer("night", "2999-11-01T18:00:00Z", "dts-1")}},
		"another invocation":                {{"r", `{"JobId":"dts-1"}`}, {"s", `{"JobId":"dts-1"}`}},
		"another payload":                   {{"r", `{"JobId":"dts-1"}`}, {"r", `{"JobIds":["dts-1"]}`}},
		"no request id":                     {{"", `{"JobId":"dts-1"}`}, {"", `{"JobId":"dts-1"}`}},
		"over HTTP every request is new":    {{"r", `{"httpMethod":"GET","path":"/","queryString":{"JobId":"dts-1"}}`}, {"r", `{"httpMethod":"GET","path":"/","queryString":{"JobId":"dts-1"}}`}},
		"another source":                    {{"r", timer("night", at, "dts-1")}, {"r", `{"JobId":"dts-1"}`}},
		"a CloudEvent of another publisher": {{"r", `{"specversion":"1.0","id":"1","source":"a","data":"dts-1"}`}, {"r", `{"specversion":"1.0","id":"1","source":"b","data":"dts-1"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			dts := &scripted{}
			i := newInstance(everything(dts))
			for _, f := range pair {
				if got := i.fire(t, f.request, f.event, time.Minute); got.err != nil {
					t.Fatal(got.err)
				}
			}
			if n := dts.count("create", "dts-1"); n != 2 {
				t.Errorf("created %d times", n)
			}
		})
	}
}

// A batch larger than the time that it has is reached to its end, delivery by
// delivery, each record once.
func TestDeliveriesReachTheLastRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const records = 60
		dts := &slow{each: 100 * time.Millisecond, turn: make(chan struct{}, 1), created: map[string]int{}}
		var list []any
		for i := range records {
			list = append(list, map[string]any{"Ckafka": map[string]any{"topic": "jobs", "partition": 0, "offset": i, "msgBody": fmt.Sprintf("dts-%d", i)}})
		}
		event := string(check.Marshal(map[string]any{"Records": list}))
		i := newInstance(everything(dts))
		for delivery := 1; ; delivery++ {
			got := i.fire(t, fmt.Sprint("request-", delivery), event, time.Second)
			if got.err == nil {
				break
			}
			if delivery > 8 {
				t.Fatalf("after %d deliveries: %v", delivery, got.err)
			}
		}
		if len(dts.created) != records {
			t.Errorf("%d of %d were created", len(dts.created), records)
		}
		for job, n := range dts.created {
			if n != 1 {
				t.Errorf("%s was created %d times", job, n)
			}
		}
	})
}

// slow is a DTS that takes one creation at a time.
type slow struct {
	DTS
	each    time.Duration
	turn    chan struct{}
	created map[string]int
}

func (s *slow) CreateCheck(ctx context.Context, job string) (check.Receipt, error) {
	late := &check.Error{Code: check.CodeDeadline, Message: "not sent"}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return check.Receipt{}, late
	}
	defer func() { <-s.turn }()
	if deadline, _ := ctx.Deadline(); time.Until(deadline) < s.each {
		return check.Receipt{}, late
	}
	time.Sleep(s.each)
	s.created[job]++
	return check.Receipt{RequestID: "create-" + job, Attempts: 1}, nil
}

// A selection that comes again is the same selection, although its jobs are no
// longer in the state in which they were found.
func TestDeliveryOfASelection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{
			list:     []check.Job{{ID: "dts-1", Name: "orders", Status: check.JobCreated}, {ID: "dts-2", Name: "users", Status: check.JobCheckNotPass}},
			describe: map[string][]reading{"dts-2": {state(check.Running, 1)}},
		}
		i := newInstance(everything(dts))
		const event = `{"Type":"Timer","TriggerName":"night","Time":"2026-11-01T18:00:00Z","Message":"{\"Select\":{},\"Start\":true}"}`
		if first := i.fire(t, "request", event, 10*time.Second); first.err == nil {
			t.Fatalf("first: %s", first.answer)
		}
		dts.list = nil // they are no longer selected
		dts.describe["dts-2"] = []reading{verdict(false, "no privilege")}
		again := i.fire(t, "request", event, 10*time.Second)
		want := `{"Jobs":[{"JobId":"dts-1","JobName":"orders","RequestId":"create-dts-1","Repeated":true,"Check":{"Status":"finished","Passed":true,"Progress":100,"Message":"ok"},"Started":true,"StartRequestId":"start-dts-1"},` +
			`{"JobId":"dts-2","JobName":"users","RequestId":"create-dts-2","Check":{"Status":"finished","Passed":false,"Progress":100,"Message":"no privilege"}}],` +
			`"Failed":0,"Passed":1,"NotPassed":1,"NoVerdict":0,"Started":1,"Waiting":0}`
		if again.err != nil || string(again.answer) != want {
			t.Errorf("again: %s, %v\nwant %s", again.answer, again.err, want)
		}
		if dts.count("create", "dts-1") != 1 || dts.count("create", "dts-2") != 1 || dts.count("list", "created,checkNotPass,checking,checkPass") != 1 {
			t.Errorf("calls %v", dts.calls)
		}
	})
}

func TestSelect(t *testing.T) {
	jobs := []check.Job{
		{ID: "dts-1", Name: "orders", Status: check.JobCreated},
		{ID: "dts-2", Status: check.JobCheckPass, Checkable: new(true)},
		{ID: "dts-3", Status: check.JobCreated, Checkable: new(false)},
		{ID: "dts-4", Status: check.JobRunning},
		{ID: "dts-5", Status: "brandNew"},
		{ID: "dts-6", Status: "brandNew", Checkable: new(true)},
	}
	for name, row := range map[string]struct {
		event  string
		list   []check.Job
		err    error
		answer string
		failed string
		lines  string // of skipped jobs
	}{
		"those that allow a check": {
			event:  `{"Select":{}}`,
			list:   jobs,
			answer: `{"Jobs":[{"JobId":"dts-1","JobName":"orders","RequestId":"create-dts-1"},{"JobId":"dts-2","RequestId":"create-dts-2"},{"JobId":"dts-6","RequestId":"create-dts-6"}],"Failed":0}`,
			lines:  "1: their status is not known: dts-5 (brandNew)",
		},
		"all of them, to read": {
			event:  `{"Select":true,"Action":"DescribeMigrateCheckJob"}`,
			list:   jobs[3:5],
			answer: `{"Jobs":[{"JobId":"dts-4","RequestId":"describe-dts-4","Check":{"Status":"finished","Passed":true,"Progress":100,"Message":"ok"}},{"JobId":"dts-5","RequestId":"describe-dts-5","Check":{"Status":"finished","Passed":true,"Progress":100,"Message":"ok"}}],"Failed":0,"Passed":2,"NotPassed":0,"NoVerdict":0}`,
		},
		"none":              {event: `{"Select":{}}`, answer: `{"Jobs":[],"Failed":0}`},
		"none to wait for":  {event: `{"Select":{},"Wait":true}`, answer: `{"Jobs":[],"Failed":0,"Passed":0,"NotPassed":0,"NoVerdict":0}`},
		"not read":          {event: `{"Select":{}}`, list: jobs[:1], err: refusal("UnauthorizedOperation"), failed: "UnauthorizedOperation: Select: no job was touched, because the jobs could not be listed: said by DTS (RequestId refused)"},
		"of a bare request": {event: `{"Type":"Timer","Message":"{\"Select\":true}"}`, list: jobs[:1], answer: `{"Jobs":[{"JobId":"dts-1","JobName":"orders","RequestId":"create-dts-1"}],"Failed":0}`},
	} {
		t.Run(name, func(t *testing.T) {
			dts := &scripted{list: row.list, listErr: row.err, reads: strings.Contains(row.event, "Describe")}
			i := invoke(t, dts, row.event)
			if i.err != nil && i.err.Error() != row.failed || i.err == nil && row.failed != "" || string(i.answer) != row.answer {
				t.Errorf("got %s, %v\nwant %s, %s", i.answer, i.err, row.answer, row.failed)
			}
			if row.err != nil && len(dts.calls) != 1 {
				t.Errorf("calls %v", dts.calls)
			}
			var lines string
			for _, line := range i.log.lines("skipped") {
				lines += fmt.Sprintf("%v: %v", line["jobs"], line["error"])
			}
			if lines != row.lines {
				t.Errorf("skipped: %s, want %s", lines, row.lines)
			}
		})
	}
}

// Over HTTP a selection that cannot be read is the event's failure, not a batch's.
func TestSelectionThatCannotBeRead(t *testing.T) {
	i := invoke(t, &scripted{listErr: refusal("RequestLimitExceeded")}, `{"httpMethod":"POST","path":"/","body":"{\"Select\":true,\"Wait\":true}"}`)
	if got := readResponse(t, i); got.StatusCode != 429 || got.Headers["Retry-After"] != "1" || !strings.HasPrefix(got.Body, `{"Error":{"Code":"RequestLimitExceeded"`) {
		t.Errorf("got %+v", got)
	}
}

// More jobs than an event may have.
func TestSelectionOfTooMany(t *testing.T) {
	dts := &scripted{list: make([]check.Job, 10001)}
	for i := range dts.list {
		dts.list[i] = check.Job{ID: fmt.Sprint("dts-", i), Status: check.JobCreated}
	}
	i := invoke(t, dts, `{"Select":true}`)
	if want := "InvalidParameter: Select: finds more than 10000 jobs"; i.err == nil || i.err.Error() != want || len(dts.calls) != 1 {
		t.Errorf("got %v after %d calls", i.err, len(dts.calls))
	}
}

// Jobs that several records name are one each, and are not too many together.
func TestSameJobsInSeveralRecords(t *testing.T) {
	ids := make([]string, 6000)
	for i := range ids {
		ids[i] = fmt.Sprint("dts-", i)
	}
	record := map[string]any{"Ckafka": map[string]any{"topic": "jobs", "msgBody": strings.Join(ids, ",")}}
	i := invoke(t, &scripted{}, string(check.Marshal(map[string]any{"Records": []any{record, record}})))
	var got struct {
		Jobs   []check.Outcome
		Failed int
	}
	readJSON(t, i.answer, &got)
	if len(got.Jobs) != 6000 || got.Failed != 0 {
		t.Errorf("%d jobs, %d failed", len(got.Jobs), got.Failed)
	}
}

// Selections that find the same jobs again and again are bounded like names.
func TestSelectionsOfTheSameJobs(t *testing.T) {
	dts := &scripted{list: make([]check.Job, 5000)}
	for i := range dts.list {
		dts.list[i] = check.Job{ID: fmt.Sprint("dts-", i), Status: check.JobCreated}
	}
	records := make([]any, 12)
	for i := range records {
		records[i] = map[string]any{"Ckafka": map[string]any{"topic": "jobs", "offset": i, "msgBody": `{"Select":{}}`}}
	}
	i := invoke(t, dts, string(check.Marshal(map[string]any{"Records": records})))
	var got struct {
		Jobs   []check.Outcome
		Failed int
	}
	readJSON(t, i.answer, &got)
	if last := got.Jobs[len(got.Jobs)-1]; len(got.Jobs) != 5002 || got.Failed != 2 || last.Error.Message != "event: names jobs more than 50000 times" {
		t.Errorf("%d jobs, %d failed, %v, %v", len(got.Jobs), got.Failed, last.Error, i.err)
	}
}

// A panic is the failure of the job that it was about; the others and the
// event go on.
func TestPanic(t *testing.T) {
	for _, call := range []string{"create dts-2", "describe dts-2", "start dts-2"} {
		t.Run(call, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				i := invoke(t, &scripted{panics: call}, `{"JobIds":["dts-1","dts-2","dts-3"],"Start":true}`)
				if i.err != nil {
					t.Fatal(i.err)
				}
				var got struct{ Jobs []check.Outcome }
				readJSON(t, i.answer, &got)
				for n, o := range got.Jobs {
					if want := n == 1; (o.Error != nil) != want || want && (o.Error.Code != check.CodePanic || o.MayBeRunning() == (call == "describe dts-2")) || !want && !o.Started() {
						t.Errorf("%+v, %v", o, o.Error)
					}
				}
				lines := i.log.lines("panic")
				if len(lines) != 1 || lines[0]["jobId"] != "dts-2" || !strings.Contains(fmt.Sprint(lines[0]["stack"]), "fake_test.go") || !strings.Contains(fmt.Sprint(lines[0]["error"]), "nil pointer") {
					t.Errorf("lines %v", lines)
				}
			})
		})
	}
}

// A panic after a refusal does not make a check of it.
func TestPanicAfterARefusal(t *testing.T) {
	dts := &scripted{create: map[string]error{"dts-1": refusal("FailedOperation.NotAllowOperation")}, panics: "job dts-1"}
	i := invoke(t, dts, `{"Type":"Timer","Message":"{\"JobId\":\"dts-1\",\"Start\":true}"}`)
	if i.err == nil || !strings.HasPrefix(i.err.Error(), "dts-1: "+check.CodePanic) {
		t.Errorf("got %s, %v", i.answer, i.err)
	}
}

// What a panic says may hold anything and is not told.
func TestPanicText(t *testing.T) {
	if got := panicText(errors.New("the token is secret")); strings.Contains(got, "secret") {
		t.Error(got)
	}
}

// kafka are records with the bodies.
func kafka(bodies ...string) string {
	var records []any
	for i, body := range bodies {
		records = append(records, map[string]any{"Ckafka": map[string]any{"topic": "jobs", "partition": 0, "offset": i, "msgBody": body}})
	}
	return string(check.Marshal(map[string]any{"Records": records}))
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

// What an event has begun goes on, also where another of its records finds that the job
// has passed meanwhile.
func TestDeliveryBesideASelectionOfWhatHasPassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{
			list:  []check.Job{{ID: "dts-1", Status: check.JobCreated}},
			start: map[string][]error{"dts-1": {unanswered()}},
			job:   map[string][]jobReading{"dts-1": {jobAt(check.JobCheckPass)}},
		}
		i := newInstance(everything(dts))
		record := func(offset int) string {
			return fmt.Sprintf(`{"Ckafka":{"topic":"jobs","partition":0,"offset":%d,"msgBody":"{\"Select\":{},\"Start\":true}"}}`, offset)
		}
		if first := i.fire(t, "a", `{"Records":[`+record(1)+`]}`, time.Minute); first.err == nil || dts.count("start", "dts-1") != 3 {
			t.Fatalf("%s, %v, calls %v", first.answer, first.err, dts.calls)
		}
		dts.list[0].Status = check.JobCheckPass
		dts.job["dts-1"] = []jobReading{jobAt(check.JobRunning)}
		again := i.fire(t, "b", `{"Records":[`+record(1)+","+record(2)+`]}`, time.Minute)
		if again.err != nil || !strings.Contains(string(again.answer), `"Started":true`) || dts.count("create", "dts-1") != 1 || dts.count("start", "dts-1") != 3 {
			t.Errorf("%s, %v, calls %v", again.answer, again.err, dts.calls)
		}
	})
}

// An event of just as many jobs as it may have is done, and the record with one more
// is refused.
func TestMostJobs(t *testing.T) {
	i := invoke(t, &brisk{list: selection(10000, 1)}, kafka(`{"Select":{}}`, "dts-00000000", "dts-more"))
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

// Nor is what was asked for again, with the same outcome.
func TestWhatIsReadAgainIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{describe: map[string][]reading{"dts-1": {state(check.Running, 1)}}}
		i := newInstance(everything(dts))
		for range 2 {
			const want = `{"JobId":"dts-1","RequestId":"create-dts-1","Check":{"Status":"running","Progress":1}}`
			if got := i.fire(t, "request", `{"JobId":"dts-1","Wait":true}`, 5*time.Second); got.err != nil || string(got.answer) != want {
				t.Errorf("%s, %v", got.answer, got.err)
			}
		}
	})
}

// A verdict that another check has taken the place of is none any more, also for the
// next delivery: what that check said is read and judged. What the event's own check
// said may still be shown when another has taken its place.
func TestDeliveryAfterAnotherCheck(t *testing.T) {
	good, warned, running := verdict(true, "ok"), verdict(true, "ok"), state(check.Running, 1)
	good.state.Steps = []check.Step{{ID: "OptimizeCheck", Status: check.StepPass}}
	warned.state.Steps = []check.Step{{ID: "OptimizeCheck", Status: check.StepWarning}}
	passed, checking := jobAt(check.JobCheckPass), jobAt(check.JobChecking)
	for name, row := range map[string]struct {
		dts    *scripted
		failed []time.Duration // the times of the deliveries before the last
		looks  int             // at the job, by then
		starts int             // in all
	}{
		"the start was put off": {
			dts: &scripted{
				describe: map[string][]reading{"dts-1": {running, good, running, warned}},
				job:      map[string][]jobReading{"dts-1": {passed, checking, passed}},
				start:    map[string][]error{"dts-1": {refusal("RequestLimitExceeded"), nil}},
			},
			failed: []time.Duration{time.Minute, 1500 * time.Millisecond}, looks: 2, starts: 1,
		},
		"shown late": {
			dts: &scripted{
				before:   map[string]reading{"dts-1": verdict(false, "no")},
				describe: map[string][]reading{"dts-1": {running, good, good, running, warned}},
				job:      map[string][]jobReading{"dts-1": {checking, passed}},
			},
		},
		"shown late, to the next delivery": {
			dts: &scripted{
				before:   map[string]reading{"dts-1": verdict(false, "no")},
				describe: map[string][]reading{"dts-1": {good, good, running, warned}},
				job:      map[string][]jobReading{"dts-1": {checking, passed}},
			},
			failed: []time.Duration{time.Second}, looks: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dts := row.dts
				i := newInstance(everything(dts))
				event := strings.Replace(startAtNight, `\"Start\":true`, `\"Start\":true,\"Strict\":true`, 1)
				for delivery, within := range row.failed {
					if got := i.fire(t, "request", event, within); got.err == nil {
						t.Fatalf("delivery %d: %s", delivery, got.answer)
					}
				}
				if looks := dts.count("job", "dts-1"); looks != row.looks {
					t.Fatalf("%d looks at the job: %v", looks, dts.calls)
				}
				got := i.fire(t, "request", event, time.Minute)
				if got.err != nil || !strings.Contains(string(got.answer), `"Strictly":["OptimizeCheck"]`) || dts.count("start", "dts-1") != row.starts {
					t.Errorf("%s, %v, %v", got.answer, got.err, dts.calls)
				}
			})
		})
	}
}
