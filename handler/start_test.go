package handler

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"migratecheck/internal/check"
)

// jobAt is a reading of a job with that status.
func jobAt(status string) jobReading { return jobReading{job: check.Job{ID: "dts-1", Status: status}} }

// With Start exactly what passed is started, and no start is repeated blindly.
func TestStart(t *testing.T) {
	const asked = `{"JobId":"dts-1","Start":true}`
	const passed = `{"JobId":"dts-1","RequestId":"create-dts-1","Check":{"Status":"finished","Passed":true,"Progress":100,"Message":"ok"},`
	const inQuestion = "dts-1: passed (RequestId create-dts-1), and whether it was started is not known: ClientError.NetworkError: no answer"
	notAnswered := func(jobs ...jobReading) *scripted {
		return &scripted{start: map[string][]error{"dts-1": {unanswered()}}, job: map[string][]jobReading{"dts-1": jobs}}
	}
	denied := refusal("OperationDenied.BizOperationDeniedError")
	conflict := refusal("FailedOperation.StatusInConflict")
	lock := &check.Error{Code: "InternalError.LockError", Message: "said by DTS", RequestID: "refused", MayBeRunning: true, Attempts: 1}
	for name, row := range map[string]struct {
		event   string
		dts     *scripted
		time    time.Duration
		answer  string
		err     string
		outcome string
		starts  int
	}{
		"passed and started": {
			answer: passed + `"Started":true,"StartRequestId":"start-dts-1"}`, outcome: "started", starts: 1,
		},
		"did not pass": {
			dts:     &scripted{describe: map[string][]reading{"dts-1": {state(check.Running, 1), verdict(false, "no privilege")}}},
			answer:  `{"JobId":"dts-1","RequestId":"create-dts-1","Check":{"Status":"finished","Passed":false,"Progress":100,"Message":"no privilege"}}`,
			outcome: "not passed",
		},
		"no verdict in time": {
			dts:     &scripted{describe: map[string][]reading{"dts-1": {state(check.Running, 7)}}},
			time:    5 * time.Second,
			err:     "dts-1: created (RequestId create-dts-1), not started: ClientError.NoVerdict: the check has no verdict yet, so the migration was not started",
			outcome: "no verdict",
		},
		"only an old verdict": {
			dts:     &scripted{before: map[string]reading{"dts-1": verdict(true, "old")}, describe: map[string][]reading{"dts-1": {verdict(true, "old")}}},
			time:    5 * time.Second,
			err:     "dts-1: created (RequestId create-dts-1), not started: ClientError.NoVerdict: the check has no verdict yet, so the migration was not started",
			outcome: "no verdict",
		},
		"a warning, strictly": {
			event: `{"JobId":"dts-1","Start":true,"Strict":true}`,
			dts: &scripted{describe: map[string][]reading{"dts-1": {state(check.Running, 1), func() reading {
				r := verdict(true, "ok")
				r.state.Steps = []check.Step{{ID: "OptimizeCheck", Name: "Optimization", Status: check.StepWarning}}
				return r
			}()}}},
			answer:  `{"JobId":"dts-1","RequestId":"create-dts-1","Check":{"Status":"finished","Passed":false,"Progress":100,"Message":"ok","Steps":[{"Id":"OptimizeCheck","Name":"Optimization","Status":"warning"}]},"Strictly":["OptimizeCheck"]}`,
			outcome: "not passed",
		},
		"refused": {
			dts:     &scripted{start: map[string][]error{"dts-1": {denied}}},
			err:     "dts-1: passed (RequestId create-dts-1), but not started: OperationDenied.BizOperationDeniedError: said by DTS (RequestId refused)",
			outcome: "passed, not started", starts: 1,
		},
		"somebody started it meanwhile": {
			dts:     &scripted{start: map[string][]error{"dts-1": {conflict}}, job: map[string][]jobReading{"dts-1": {jobAt(check.JobRunning)}}},
			answer:  passed + `"AlreadyStarted":true}`,
			outcome: "already started", starts: 1,
		},
		"not answered, but started": {
			dts:     notAnswered(jobAt(check.JobRunning)),
			answer:  passed + `"Started":true}`,
			outcome: "started", starts: 1,
		},
		"not answered, and seen late": {
			dts:     notAnswered(jobAt(check.JobCheckPass), jobAt(check.JobReadyRun)),
			answer:  passed + `"Started":true}`,
			outcome: "started", starts: 1,
		},
		"not answered, and over already": {
			dts:     notAnswered(jobAt(check.JobFailed)),
			answer:  passed + `"Started":true}`,
			outcome: "started", starts: 1,
		},
		"not answered, and not started": {
			dts:     &scripted{start: map[string][]error{"dts-1": {unanswered(), nil}}, job: map[string][]jobReading{"dts-1": {jobAt(check.JobCheckPass)}}},
			answer:  passed + `"Started":true,"StartRequestId":"start-dts-1"}`,
			outcome: "started", starts: 2,
		},
		"an internal error that was carried out": {
			dts:     &scripted{start: map[string][]error{"dts-1": {lock}}, job: map[string][]jobReading{"dts-1": {jobAt(check.JobRunning)}}},
			answer:  passed + `"Started":true}`,
			outcome: "started", starts: 1,
		},
		"not answered, and the job cannot be read": {
			dts:     notAnswered(jobReading{err: refusal("InternalError.DatabaseError")}),
			err:     inQuestion,
			outcome: "not known", starts: 1,
		},
		"not answered, and the job's status is not known": {
			dts:     notAnswered(jobAt(check.JobUnknown)),
			err:     inQuestion,
			outcome: "not known", starts: 1,
		},
		"not answered, and a status that nobody knows": {
			dts:     notAnswered(jobAt("isolated")),
			err:     inQuestion,
			outcome: "not known", starts: 1,
		},
		"not answered, then refused": {
			dts:     &scripted{start: map[string][]error{"dts-1": {unanswered(), conflict}}, job: map[string][]jobReading{"dts-1": {jobAt(check.JobCheckPass)}}},
			err:     "dts-1: passed (RequestId create-dts-1), and whether it was started is not known: FailedOperation.StatusInConflict: said by DTS (RequestId refused)",
			outcome: "not known", starts: 2,
		},
		"not answered, refused, and started": {
			dts: &scripted{
				start: map[string][]error{"dts-1": {unanswered(), conflict}},
				job:   map[string][]jobReading{"dts-1": {jobAt(check.JobCheckPass), jobAt(check.JobCheckPass), jobAt(check.JobRunning)}},
			},
			answer:  passed + `"Started":true}`,
			outcome: "started", starts: 2,
		},
		"not answered, and being checked": {
			dts:     notAnswered(jobAt(check.JobChecking)),
			err:     inQuestion,
			outcome: "not known", starts: 1,
		},
		"not answered, and did not pass since": {
			dts:     notAnswered(jobAt(check.JobCheckNotPass)),
			err:     inQuestion,
			outcome: "not known", starts: 1,
		},
		"not answered, and no time to look": {
			dts:     notAnswered(jobAt(check.JobCheckPass)),
			time:    2 * time.Second,
			err:     inQuestion,
			outcome: "not known", starts: 1,
		},
		"refused, and ready to run": {
			dts:     &scripted{start: map[string][]error{"dts-1": {conflict}}, job: map[string][]jobReading{"dts-1": {jobAt(check.JobReadyRun)}}},
			answer:  passed + `"AlreadyStarted":true}`,
			outcome: "already started", starts: 1,
		},
		"nothing could be read": {
			dts:     &scripted{describe: map[string][]reading{"dts-1": {{err: refusal("InternalError.DatabaseError")}}}},
			time:    5 * time.Second,
			err:     "dts-1: created (RequestId create-dts-1), but its state is not known: InternalError.DatabaseError: said by DTS (RequestId refused)",
			outcome: "created, state not known",
		},
		"never answered": {
			dts:     notAnswered(jobAt(check.JobCheckPass)),
			err:     inQuestion,
			outcome: "not known", starts: 3,
		},
		"no start over HTTP of what migrates": {
			event:   `{"httpMethod":"POST","path":"/","body":"{\"JobId\":\"dts-1\",\"Start\":true}"}`,
			dts:     &scripted{create: map[string]error{"dts-1": refusal("FailedOperation.NotAllowOperation")}, job: map[string][]jobReading{"dts-1": {jobAt(check.JobRunning)}}},
			answer:  `{"isBase64Encoded":false,"statusCode":409,"headers":{"Cache-Control":"no-store","Content-Type":"application/json","X-Content-Type-Options":"nosniff"},"body":"{\"Error\":{\"Code\":\"FailedOperation.NotAllowOperation\",\"Message\":\"said by DTS\"},\"JobId\":\"dts-1\",\"RequestId\":\"refused\"}"}`,
			outcome: "refused",
		},
		"an asynchronous invocation that comes to a job that migrates": {
			dts:     &scripted{create: map[string]error{"dts-1": refusal("FailedOperation.NotAllowOperation")}, job: map[string][]jobReading{"dts-1": {jobAt(check.JobRunning)}}},
			answer:  `{"JobId":"dts-1","RequestId":"job-dts-1","AlreadyStarted":true}`,
			outcome: "already started",
		},
		"a timer that comes to a job that migrates": {
			event:   startAtNight,
			dts:     &scripted{create: map[string]error{"dts-1": refusal("FailedOperation.NotAllowOperation")}, job: map[string][]jobReading{"dts-1": {jobAt(check.JobRunning)}}},
			answer:  `{"JobId":"dts-1","RequestId":"job-dts-1","AlreadyStarted":true}`,
			outcome: "already started",
		},
		"a timer that is refused for rate": {
			event:   startAtNight,
			dts:     &scripted{create: map[string]error{"dts-1": refusal("RequestLimitExceeded")}, job: map[string][]jobReading{"dts-1": {jobAt(check.JobRunning)}}},
			err:     "dts-1: RequestLimitExceeded: said by DTS (RequestId refused)",
			outcome: "refused",
		},
		"a timer that only checks, and comes to a job that migrates": {
			event:   `{"Type":"Timer","TriggerName":"night","Time":"2026-11-01T18:00:00Z","Message":"{\"JobId\":\"dts-1\",\"Wait\":true}"}`,
			dts:     &scripted{create: map[string]error{"dts-1": refusal("FailedOperation.NotAllowOperation")}, job: map[string][]jobReading{"dts-1": {jobAt(check.JobRunning)}}},
			err:     "dts-1: FailedOperation.NotAllowOperation: said by DTS (RequestId refused)",
			outcome: "refused",
		},
		"a timer that comes to a job that may not be read": {
			event:   startAtNight,
			dts:     &scripted{create: map[string]error{"dts-1": refusal("FailedOperation.NotAllowOperation")}, job: map[string][]jobReading{"dts-1": {{err: refusal("UnauthorizedOperation")}}}},
			err:     "dts-1: FailedOperation.NotAllowOperation: said by DTS (RequestId refused)",
			outcome: "refused",
		},
		"a timer whose first creation was not answered, at a job that migrates": {
			event: startAtNight,
			dts: &scripted{
				create: map[string]error{"dts-1": &check.Error{Code: "FailedOperation.NotAllowOperation", MayBeRunning: true, Attempts: 2}},
				job:    map[string][]jobReading{"dts-1": {jobAt(check.JobRunning)}},
			},
			answer:  `{"JobId":"dts-1","RequestId":"job-dts-1","AlreadyStarted":true}`,
			outcome: "already started",
		},
		"a timer whose first creation was not answered, at a job that cannot be read": {
			event: startAtNight,
			dts: &scripted{
				create: map[string]error{"dts-1": &check.Error{Code: "FailedOperation.NotAllowOperation", MayBeRunning: true, Attempts: 2}},
				job:    map[string][]jobReading{"dts-1": {{err: refusal("InternalError.DatabaseError")}}},
			},
			err:     "dts-1: InternalError.DatabaseError: no check can be created (FailedOperation.NotAllowOperation), and whether the migration was started could not be read: said by DTS (RequestId refused)",
			outcome: "not known",
		},
		"somebody started it while the check was awaited": {
			dts: &scripted{
				before:   map[string]reading{"dts-1": verdict(true, "ok")},
				describe: map[string][]reading{"dts-1": {verdict(true, "ok")}},
				job:      map[string][]jobReading{"dts-1": {jobAt(check.JobChecking), jobAt(check.JobRunning)}},
			},
			answer:  `{"JobId":"dts-1","RequestId":"create-dts-1","Before":{"Passed":true},"AlreadyStarted":true}`,
			outcome: "already started",
		},
		"a timer that comes to a job that cannot be read": {
			event:   startAtNight,
			dts:     &scripted{create: map[string]error{"dts-1": refusal("FailedOperation.NotAllowOperation")}, job: map[string][]jobReading{"dts-1": {{err: refusal("InternalError.DatabaseError")}}}},
			err:     "dts-1: InternalError.DatabaseError: no check can be created (FailedOperation.NotAllowOperation), and whether the migration was started could not be read: said by DTS (RequestId refused)",
			outcome: "refused",
		},
		"a timer that comes to a job that failed": {
			event:   startAtNight,
			dts:     &scripted{create: map[string]error{"dts-1": refusal("FailedOperation.NotAllowOperation")}, job: map[string][]jobReading{"dts-1": {jobAt(check.JobFailed)}}},
			answer:  `{"JobId":"dts-1","RequestId":"job-dts-1","AlreadyStarted":true}`,
			outcome: "already started",
		},
		"a timer that comes to a job that was stopped": {
			event:   startAtNight,
			dts:     &scripted{create: map[string]error{"dts-1": refusal("FailedOperation.NotAllowOperation")}, job: map[string][]jobReading{"dts-1": {jobAt("canceled")}}},
			err:     "dts-1: FailedOperation.NotAllowOperation: said by DTS (RequestId refused)",
			outcome: "refused",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if row.event == "" {
					row.event = asked
				}
				if row.dts == nil {
					row.dts = &scripted{}
				}
				if row.time == 0 {
					row.time = time.Minute
				}
				if row.starts > 0 && row.dts.job != nil { // what is read before the start
					row.dts.job["dts-1"] = append([]jobReading{jobAt(check.JobCheckPass)}, row.dts.job["dts-1"]...)
				}
				ctx, cancel := context.WithTimeout(t.Context(), row.time)
				defer cancel()
				i := invokeIn(ctx, t, row.dts, row.event)
				if i.err != nil && i.err.Error() != row.err || i.err == nil && row.err != "" || string(i.answer) != row.answer {
					t.Errorf("got %s, %v\nwant %s, %s", i.answer, i.err, row.answer, row.err)
				}
				if got := row.dts.count("start", "dts-1"); got != row.starts {
					t.Errorf("%d starts were sent, want %d", got, row.starts)
				}
				if line := i.log.lines("job")[0]; line["outcome"] != row.outcome {
					t.Errorf("job line %v", line)
				}
			})
		})
	}
}

// A request that a deployment does not allow is refused before anything is sent.
func TestWhatIsNotAllowed(t *testing.T) {
	for name, row := range map[string]struct {
		options Options
		event   string
		status  int
		code    string
	}{
		"Start":                    {Options{}, `{"JobIds":["dts-1"],"Start":true}`, 403, check.CodeStartNotAllowed},
		"Start of a selection":     {Options{}, `{"Select":true,"Start":true}`, 403, check.CodeStartNotAllowed},
		"Strict without steps":     {Options{AllowStart: true}, `{"JobId":"dts-1","Wait":true,"Strict":true}`, 400, "InvalidParameter"},
		"Start of one, in a batch": {Options{}, `{"JobId":"dts-1","Start":true}`, 403, check.CodeStartNotAllowed},
	} {
		t.Run(name, func(t *testing.T) {
			dts := &scripted{list: []check.Job{{ID: "dts-1", Status: check.JobCreated}}}
			row.options.DTS = dts
			i := newInstance(row.options).fire(t, "request", string(check.Marshal(map[string]any{"httpMethod": "POST", "path": "/", "body": row.event})), time.Minute)
			got := readResponse(t, i)
			var body struct{ Error check.Error }
			readJSON(t, []byte(got.Body), &body)
			if got.StatusCode != row.status || body.Error.Code != row.code {
				t.Errorf("got %d %s", got.StatusCode, got.Body)
			}
			if len(dts.calls) > 0 {
				t.Errorf("sent %v", dts.calls)
			}
		})
	}
}

// A record that is refused has its index, also if it is the only one; an event
// that is no list has none.
func TestIndexOfARefusedRecord(t *testing.T) {
	const cloudEvent = `{"specversion":"1.0","id":"1","source":"s","data":{"JobId":"dts-1","Start":true}}`
	for event, index := range map[string]any{
		`{"Records":[{"Ckafka":{"topic":"t","msgBody":"{\"JobId\":\"dts-1\",\"Start\":true}"}}]}`:  0.0,
		`{"Records":[{"CMQ":{"topicName":"t","msgBody":"{\"JobId\":\"dts-1\",\"Start\":true}"}}]}`: 0.0,
		`[` + cloudEvent + `]`:               0.0,
		`{"EventList":[` + cloudEvent + `]}`: 0.0,
		cloudEvent:                           nil,
		`{"JobId":"dts-1","Start":true}`:     nil,
	} {
		i := newInstance(Options{DTS: &scripted{}}).fire(t, "request", event, time.Minute)
		if line := i.log.lines("job")[0]; line["code"] != check.CodeStartNotAllowed || line["record"] != index {
			t.Errorf("%s: %v", event, line)
		}
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

// The tag is consent to start what is proved, not what time alone speaks for.
func TestTagIsNoEvidence(t *testing.T) {
	tagged := jobAt(check.JobCheckPass)
	tagged.job.Tagged = true
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{
			before:   map[string]reading{"dts-1": verdict(true, "ok")},
			describe: map[string][]reading{"dts-1": {verdict(true, "ok")}},
			job:      map[string][]jobReading{"dts-1": {tagged}},
		}
		o := everything(dts)
		o.StartTag = nightTag
		i := newInstance(o).fire(t, "request", `{"JobId":"dts-1","Start":true}`, 5*time.Minute)
		if dts.count("start", "dts-1") != 0 || i.err != nil || !strings.Contains(string(i.answer), `"Waiting":true`) {
			t.Errorf("got %s, %v, %v", i.answer, i.err, dts.calls)
		}
	})
}

// After a refused start the job is looked at again only where its state can lag.
func TestLooksAfterARefusedStart(t *testing.T) {
	for code, looks := range map[string]int{"UnauthorizedOperation": 1, "FailedOperation.StatusInConflict": 2} {
		synctest.Test(t, func(t *testing.T) {
			dts := &scripted{start: map[string][]error{"dts-1": {refusal(code)}}}
			began := time.Now()
			i := invoke(t, dts, `{"JobId":"dts-1","Start":true}`)
			if i.err == nil || dts.count("job", "dts-1") != 1+looks {
				t.Errorf("%s: %v, %v", code, i.err, dts.calls)
			}
			// The verdict takes a second, and so does the pause before a second look.
			if late := time.Since(began) >= 2*time.Second; late != (looks == 2) {
				t.Errorf("%s: looked for %v", code, time.Since(began))
			}
		})
	}
}
