package handler

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"migratecheck/internal/check"
)

// steps returns a reading of a check that has passed, with a warning or without.
func steps(warned bool) reading {
	r := verdict(true, "ok")
	r.state.Steps = []check.Step{{ID: "SrcPrivilegeCheck", Name: "Privileges", Status: check.StepPass}}
	if warned {
		r.state.Steps[0].Status = check.StepWarning
	}
	return r
}

// failedAt returns a reading of a check that failed at the step.
func failedAt(step string) reading {
	r := verdict(false, "no")
	r.state.Steps = []check.Step{{ID: step, Status: check.StepFailed}}
	return r
}

// dated is a reading of a job whose latest check ended so long after the test began.
func dated(status string, after time.Duration) jobReading {
	r := jobAt(status)
	r.job.CheckEnded = time.Now().Add(after)
	return r
}

// A verdict is told only if it is that of the check which was created, and a
// migration is started only if that was seen.
func TestWhoseVerdict(t *testing.T) {
	old := verdict(true, "ok")
	for name, row := range map[string]struct {
		before reading
		script func() ([]reading, []jobReading)
		asked  string // besides Start
		time   time.Duration
		want   string // in the answer or the error
		not    string // in neither
		starts int
	}{
		"no check before, so whatever is shown is this one's": {
			before: state(check.Unavailable, 0),
			script: func() ([]reading, []jobReading) { return []reading{old}, nil },
			want:   `"Started":true`, starts: 1,
		},
		"not passed before, passed now": {
			before: verdict(false, "no privilege"),
			script: func() ([]reading, []jobReading) { return []reading{old}, nil },
			want:   `"Before":{"Passed":false},"Started":true`, starts: 1,
		},
		"seen running since": {
			before: old,
			script: func() ([]reading, []jobReading) { return []reading{old, state(check.Running, 1), old}, nil },
			want:   `"Started":true`, starts: 1,
		},
		"the job was seen checking since": {
			before: old,
			script: func() ([]reading, []jobReading) {
				return []reading{old}, []jobReading{jobAt(check.JobChecking), jobAt(check.JobCheckPass)}
			},
			want: `"Started":true`, starts: 1,
		},
		"dated since": {
			before: old,
			script: func() ([]reading, []jobReading) {
				return []reading{old}, []jobReading{dated(check.JobCheckPass, time.Second)}
			},
			want: `"Started":true`, starts: 1,
		},
		"dated since, but the job says something else": {
			before: old,
			script: func() ([]reading, []jobReading) {
				return []reading{old}, []jobReading{dated(check.JobCheckNotPass, time.Second)}
			},
			want: "ClientError.NoVerdict", not: `"Passed":true}`,
		},
		"dated long after the answer": {
			before: old,
			script: func() ([]reading, []jobReading) {
				return []reading{old}, []jobReading{dated(check.JobCheckPass, time.Hour)}
			},
			time: 50 * time.Second,
			want: "ClientError.NoVerdict",
		},
		"dated before": {
			before: old,
			script: func() ([]reading, []jobReading) {
				return []reading{old}, []jobReading{dated(check.JobCheckPass, -time.Second)}
			},
			time: 50 * time.Second,
			want: "ClientError.NoVerdict",
		},
		"nothing but time: told after a minute, and not started": {
			before: old,
			script: func() ([]reading, []jobReading) { return []reading{old}, []jobReading{jobAt(check.JobCheckPass)} },
			time:   2 * time.Minute,
			want:   `"Waiting":true`,
		},
		"nothing but time, and the job says something else": {
			before: old,
			script: func() ([]reading, []jobReading) { return []reading{old}, []jobReading{jobAt(check.JobCheckNotPass)} },
			time:   2 * time.Minute,
			want:   "ClientError.NoVerdict",
		},
		"an end without a verdict proves nothing": {
			before: old,
			script: func() ([]reading, []jobReading) {
				return []reading{state(check.Finished, 100), old}, []jobReading{jobAt(check.JobCreated)}
			},
			time: 50 * time.Second,
			want: "ClientError.NoVerdict",
		},
		"a word that says nothing": {
			before: old,
			script: func() ([]reading, []jobReading) {
				return []reading{state("error", 0), old}, []jobReading{jobAt(check.JobCreated)}
			},
			time: 50 * time.Second,
			want: "ClientError.NoVerdict",
		},
		"steps of an earlier check are not judged by": {
			before: steps(false),
			script: func() ([]reading, []jobReading) {
				return []reading{steps(false), steps(false), steps(false), steps(true)}, []jobReading{dated(check.JobCheckPass, time.Second)}
			},
			asked: `,"Strict":true`,
			want:  `"Strictly":["SrcPrivilegeCheck"]`, not: `"Started":true`,
		},
		"steps of an earlier check are not judged by, though the job left checking": {
			before: steps(false),
			script: func() ([]reading, []jobReading) {
				return []reading{steps(false), steps(false), steps(false), steps(true)}, []jobReading{jobAt(check.JobChecking), jobAt(check.JobCheckPass)}
			},
			asked: `,"Strict":true`,
			want:  `"Strictly":["SrcPrivilegeCheck"]`, not: `"Started":true`,
		},
		"strictly, the same steps: told after a minute, and not started": {
			before: steps(false),
			script: func() ([]reading, []jobReading) {
				return []reading{steps(false)}, []jobReading{dated(check.JobCheckPass, time.Second)}
			},
			asked: `,"Strict":true`,
			time:  2 * time.Minute,
			want:  `"Waiting":true`,
		},
		"strictly, warnings of an earlier check are not this one's": {
			before: steps(true),
			script: func() ([]reading, []jobReading) {
				return []reading{steps(true), steps(true), steps(false)}, []jobReading{dated(check.JobCheckPass, time.Second)}
			},
			asked: `,"Strict":true`,
			want:  `"Started":true`, starts: 1,
		},
		"a reading that goes back to the old verdict, and the job is checking": {
			before: old,
			script: func() ([]reading, []jobReading) {
				return []reading{state(check.Running, 1), old, verdict(false, "no privilege")}, []jobReading{jobAt(check.JobChecking), jobAt(check.JobCheckNotPass)}
			},
			want: `"Passed":false`, not: `"Started":true`,
		},
		"a reading that goes back to the old verdict, and the job did not pass": {
			before: old,
			script: func() ([]reading, []jobReading) {
				return []reading{state(check.Running, 1), old, verdict(false, "no privilege")}, []jobReading{jobAt(check.JobCheckNotPass)}
			},
			want: `"Passed":false`, not: `"Started":true`,
		},
		"a reading that goes back while the job is checking, and then agrees": {
			before: old,
			script: func() ([]reading, []jobReading) {
				return []reading{state(check.Running, 1), old}, []jobReading{jobAt(check.JobChecking), jobAt(check.JobCheckPass)}
			},
			want: `"Started":true`, starts: 1,
		},
		"a verdict that the job's state denied once is open": {
			before: old,
			script: func() ([]reading, []jobReading) {
				return []reading{state(check.Running, 1), old}, []jobReading{jobAt(check.JobCheckNotPass), jobAt(check.JobCheckPass)}
			},
			want: "ClientError.NoVerdict",
		},
		"not passed before either, but for another step": {
			before: failedAt("A"),
			script: func() ([]reading, []jobReading) { return []reading{failedAt("B")}, nil },
			want:   `"Passed":false`,
		},
		"passed before, with another warning": {
			before: steps(true),
			script: func() ([]reading, []jobReading) { return []reading{steps(false)}, nil },
			want:   `"Started":true`, starts: 1,
		},
		"strictly, the same warnings: told after a minute": {
			before: steps(true),
			script: func() ([]reading, []jobReading) {
				return []reading{steps(true)}, []jobReading{jobAt(check.JobCheckPass)}
			},
			asked: `,"Strict":true`,
			time:  2 * time.Minute,
			want:  `"Strictly":["SrcPrivilegeCheck"]`,
		},
		"the job was changed since": {
			before: old,
			script: func() ([]reading, []jobReading) {
				return []reading{state(check.Running, 1), old}, []jobReading{jobAt(check.JobCreated)}
			},
			want: `"Check":{"Status":"finished","Progress":100,"Message":"not started: the job is created"}`,
		},
		"the job was stopped": {
			before: old,
			script: func() ([]reading, []jobReading) {
				return []reading{state(check.Running, 1), old}, []jobReading{jobAt("canceled")}
			},
			want: `not started: the job is canceled`, not: `Started":true`,
		},
		"what was seen checking stays so, whatever is read in between": {
			before: old,
			script: func() ([]reading, []jobReading) {
				return []reading{old}, []jobReading{jobAt(check.JobChecking), jobAt(check.JobCheckNotPass), jobAt(check.JobCheckPass)}
			},
			want: `"Started":true`, starts: 1,
		},
		"somebody started it": {
			before: old,
			script: func() ([]reading, []jobReading) {
				return []reading{state(check.Running, 1), old}, []jobReading{jobAt("paused")}
			},
			want: `"AlreadyStarted":true`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				readings, jobs := row.script()
				dts := &scripted{
					before:   map[string]reading{"dts-1": row.before},
					describe: map[string][]reading{"dts-1": readings},
					job:      map[string][]jobReading{"dts-1": jobs},
				}
				if row.time == 0 {
					row.time = 55 * time.Second
				}
				ctx, cancel := context.WithTimeout(t.Context(), row.time)
				defer cancel()
				i := invokeIn(ctx, t, dts, `{"JobId":"dts-1","Start":true`+row.asked+`}`)
				got := string(i.answer)
				if i.err != nil {
					got = i.err.Error()
				}
				if !strings.Contains(got, row.want) || row.not != "" && strings.Contains(got, row.not) {
					t.Errorf("got %s\nwant %s", got, row.want)
				}
				if n := dts.count("start", "dts-1"); n != row.starts {
					t.Errorf("%d starts: %v", n, dts.calls)
				}
			})
		})
	}
}

// Every check gets its verdict, also one that is first read by a later delivery.
func TestVerdictOfALaterDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{
			before:   map[string]reading{"dts-1": verdict(true, "ok")},
			describe: map[string][]reading{"dts-1": {{err: refusal("InternalError.DatabaseError")}}},
		}
		i := newInstance(everything(dts))
		if first := i.fire(t, "request", `{"JobId":"dts-1","Wait":true}`, 3*time.Second); first.err == nil {
			t.Fatalf("first: %s", first.answer)
		}
		time.Sleep(time.Minute)
		dts.describe["dts-1"] = []reading{verdict(true, "ok")}
		again := i.fire(t, "request", `{"JobId":"dts-1","Wait":true}`, 3*time.Second)
		if want := `"Check":{"Status":"finished","Passed":true,"Progress":100,"Message":"ok"}`; again.err != nil || !strings.Contains(string(again.answer), want) || dts.count("create", "dts-1") != 1 {
			t.Errorf("again: %s, %v, %v", again.answer, again.err, dts.calls)
		}
	})
}

// A start that is refused because somebody else's was carried out shortly before is
// not told as refused, although the job's state lags behind.
func TestRefusedStartOfALaggingJob(t *testing.T) {
	for _, code := range []string{"FailedOperation.StatusInConflict", "FailedOperation.NotAllowOperation"} {
		synctest.Test(t, func(t *testing.T) {
			dts := &scripted{
				start: map[string][]error{"dts-1": {refusal(code)}},
				job:   map[string][]jobReading{"dts-1": {jobAt(check.JobCheckPass), jobAt(check.JobCheckPass), jobAt(check.JobRunning)}},
			}
			if i := invoke(t, dts, `{"JobId":"dts-1","Start":true}`); i.err != nil || !strings.Contains(string(i.answer), `"AlreadyStarted":true`) {
				t.Errorf("%s: %s, %v", code, i.answer, i.err)
			}
		})
	}
}

// What a job had before is news, and never in the way.
func TestBefore(t *testing.T) {
	failed := verdict(false, "no luck")
	failed.state.Steps = []check.Step{{ID: "B", Status: check.StepFailed}, {ID: "A", Status: check.StepFailed}, {ID: "W", Status: check.StepWarning}, {ID: "S", Status: check.StepFailed, Skipped: true}, {ID: "N", Status: check.StepNotStarted}}
	for name, row := range map[string]struct {
		before reading
		event  string
		want   string // of Before; empty for none
		reads  int
	}{
		"passed":          {verdict(true, "ok"), `{"JobId":"dts-1","Wait":true}`, `{"Passed":true}`, 1},
		"not passed":      {failed, `{"JobId":"dts-1","Wait":true}`, `{"Passed":false,"Failed":["A","B"],"Warned":["S","W"]}`, 1},
		"none":            {state(check.Unavailable, 0), `{"JobId":"dts-1","Wait":true}`, "", 1},
		"one runs":        {state(check.Running, 5), `{"JobId":"dts-1","Wait":true}`, "", 1},
		"cannot be read":  {reading{err: refusal("InternalError")}, `{"JobId":"dts-1","Wait":true}`, "", 1},
		"nobody waits":    {verdict(true, "ok"), `{"JobId":"dts-1"}`, "", 0},
		"read, not asked": {verdict(true, "ok"), `{"JobId":"dts-1","Action":"DescribeMigrateCheckJob"}`, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dts := &scripted{before: map[string]reading{"dts-1": row.before}}
				i := invoke(t, dts, row.event)
				if want := `"Before":` + row.want; i.err != nil || strings.Contains(string(i.answer), `"Before"`) != (row.want != "") || row.want != "" && !strings.Contains(string(i.answer), want) {
					t.Errorf("got %s, %v", i.answer, i.err)
				}
				if n := dts.count("before", "dts-1"); n != row.reads {
					t.Errorf("%d readings", n)
				}
			})
		})
	}
}

// Where reading what was before gets no answer, the checks are created all the same,
// in time.
func TestBeforeIsNotInTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dts := silentBefore{&scripted{}}
		ids := make([]string, 300)
		for i := range ids {
			ids[i] = "dts-" + strings.Repeat("x", i%60) + string(rune('a'+i/60))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		i := invokeIn(ctx, t, dts, string(check.Marshal(map[string]any{"JobIds": ids, "Wait": true})))
		for _, id := range ids {
			if dts.count("create", id) != 1 {
				t.Fatalf("%s was created %d times: %v", id, dts.count("create", id), i.err)
			}
		}
	})
}

// silentBefore is a DTS that does not answer to a reading before the creation.
type silentBefore struct{ *scripted }

func (s silentBefore) DescribeCheck(ctx context.Context, job string) (check.State, check.Receipt, error) {
	s.mu.Lock()
	created := false
	for _, call := range s.calls {
		created = created || call == "create "+job
	}
	s.mu.Unlock()
	if created {
		return s.scripted.DescribeCheck(ctx, job)
	}
	<-ctx.Done()
	return check.State{}, check.Receipt{}, &check.Error{Code: check.CodeNoAnswer, Message: "no answer", Attempts: 1}
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

// Of records that ask for one job the oldest says whether an earlier delivery may have
// created its check; one that does not say when it came about says nothing.
func TestBeforeOfAnOldRecordBesideAnother(t *testing.T) {
	record := func(id string, age time.Duration) any {
		message := map[string]any{"topicName": "jobs", "msgId": id, "msgBody": `{"JobId":"dts-1","Wait":true}`}
		if age > 0 {
			message["publishTime"] = time.Now().Add(-age)
		}
		return map[string]any{"CMQ": message}
	}
	for name, ages := range map[string][]time.Duration{
		"a younger one":              {10 * time.Minute, time.Minute},
		"an older one":               {time.Minute, 10 * time.Minute},
		"one without a time":         {10 * time.Minute, 0},
		"one without a time, before": {0, 10 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				job := jobAt(check.JobCheckNotPass)
				job.job.CheckEnded = time.Now().Add(-5 * time.Minute)
				dts := &scripted{before: map[string]reading{"dts-1": verdict(false, "no")}, job: map[string][]jobReading{"dts-1": {job}}}
				i := invoke(t, dts, string(check.Marshal(map[string]any{"Records": []any{record("1", ages[0]), record("2", ages[1])}})))
				if i.err != nil || strings.Contains(string(i.answer), `"Before"`) {
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
	since := time.Now()
	passed := check.Job{Status: check.JobCheckPass}
	for after, want := range map[time.Duration]check.Evidence{time.Minute: check.EvidenceNone, time.Minute + 1: check.EvidenceTime} {
		if got := grade(check.Progress{Since: since}, verdict(true, "ok").state, false, passed, since.Add(after)); got != want {
			t.Errorf("%v after the creation: evidence %v, want %v", after, got, want)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{before: map[string]reading{"dts-1": verdict(true, "ok")}, describe: map[string][]reading{"dts-1": {verdict(true, "ok")}}}
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		defer cancel()
		i := invokeIn(ctx, t, dts, `{"JobId":"dts-1","Wait":true}`)
		if took := time.Since(began); took <= time.Minute || took > time.Minute+2*time.Second || !strings.Contains(string(i.answer), `"Check":{"Status":"finished","Passed":true`) {
			t.Errorf("after %v: %s, %v", took, i.answer, i.err)
		}
	})
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
