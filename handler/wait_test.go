package handler

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tencentyun/scf-go-lib/functioncontext"

	"migratecheck/handler/event"
	"migratecheck/internal/check"
	"migratecheck/internal/report"
)

func TestWait(t *testing.T) {
	old := map[string]reading{"dts-1": verdict(true, "old")}
	expired := &check.Error{Code: "AuthFailure.TokenFailure", Message: "said by DTS", RequestID: "refused", Attempts: 1}
	flaky := &check.Error{Code: "InternalError.DatabaseError", Message: "said by DTS", RequestID: "refused", Attempts: 4}
	for name, row := range map[string]struct {
		readings []reading
		before   map[string]reading
		jobs     []jobReading
		create   error
		silent   bool
		time     time.Duration
		event    string

		answer   string
		err      string
		level    string
		outcome  string
		attempts float64
	}{
		"passed": {
			readings: []reading{state(check.Unavailable, 0), state(check.Starting, 0), state(check.Running, 30), verdict(true, "ok")},
			answer:   `{"JobId":"dts-1","RequestId":"create-dts-1","Check":{"Status":"finished","Passed":true,"Progress":100,"Message":"ok"}}`,
			level:    "INFO", outcome: "passed", attempts: 5,
		},
		"not passed is an answer, with a warning": {
			readings: []reading{state(check.Running, 30), verdict(false, "no privilege")},
			answer:   `{"JobId":"dts-1","RequestId":"create-dts-1","Check":{"Status":"finished","Passed":false,"Progress":100,"Message":"no privilege"}}`,
			level:    "WARN", outcome: "not passed", attempts: 3,
		},
		"ended without a verdict": {
			readings: []reading{state(check.Running, 30), state(check.Finished, 100)},
			answer:   `{"JobId":"dts-1","RequestId":"create-dts-1","Check":{"Status":"finished","Progress":100}}`,
			level:    "WARN", outcome: "no verdict", attempts: 3,
		},
		"still running when time is up": {
			readings: []reading{state(check.Starting, 0), state(check.Running, 7)},
			time:     5 * time.Second,
			answer:   `{"JobId":"dts-1","RequestId":"create-dts-1","Check":{"Status":"running","Progress":7}}`,
			level:    "WARN", outcome: "no verdict",
		},
		"a reading that can be made again is": {
			readings: []reading{{err: flaky}, state(check.Running, 1), {err: flaky}, verdict(true, "ok")},
			answer:   `{"JobId":"dts-1","RequestId":"create-dts-1","Check":{"Status":"finished","Passed":true,"Progress":100,"Message":"ok"}}`,
			level:    "INFO", outcome: "passed", attempts: 11,
		},
		"the last state stands if nothing more can be read": {
			readings: []reading{state(check.Running, 30), {err: flaky}},
			time:     20 * time.Second,
			answer:   `{"JobId":"dts-1","RequestId":"create-dts-1","Check":{"Status":"running","Progress":30}}`,
			level:    "WARN", outcome: "no verdict",
		},
		"reading is refused": {
			readings: []reading{state(check.Running, 30), {err: expired}},
			err:      "dts-1: created (RequestId create-dts-1), but its state is not known: AuthFailure.TokenFailure: said by DTS (RequestId refused)",
			level:    "ERROR", outcome: "created, state not known", attempts: 3,
		},
		"reading is refused, over HTTP": {
			readings: []reading{{err: expired}},
			event:    `{"httpMethod":"GET","path":"/","queryString":{"JobId":"dts-1","Wait":"true"}}`,
			answer: `{"isBase64Encoded":false,"statusCode":500,"headers":{"Cache-Control":"no-store","Content-Type":"application/json","X-Content-Type-Options":"nosniff"},` +
				`"body":"{\"Error\":{\"Code\":\"AuthFailure.TokenFailure\",\"Message\":\"said by DTS\"},\"JobId\":\"dts-1\",\"RequestId\":\"create-dts-1\",\"Created\":true}"}`,
			level: "ERROR", outcome: "created, state not known", attempts: 2,
		},
		"created, and not shown yet when time is up": {
			readings: []reading{state(check.Unavailable, 0)},
			time:     5 * time.Second,
			answer:   `{"JobId":"dts-1","RequestId":"create-dts-1","Check":{"Status":"starting","Progress":0}}`,
			level:    "WARN", outcome: "no verdict",
		},
		"why it could not be read, not that time is up": {
			readings: []reading{{err: flaky}, {err: &check.Error{Code: check.CodeDeadline, Message: "not sent"}}},
			time:     20 * time.Second,
			err:      "dts-1: created (RequestId create-dts-1), but its state is not known: InternalError.DatabaseError: said by DTS (RequestId refused)",
			level:    "ERROR", outcome: "created, state not known",
		},
		"nothing could be read": {
			readings: []reading{{err: flaky}},
			time:     5 * time.Second,
			err:      "dts-1: created (RequestId create-dts-1), but its state is not known: InternalError.DatabaseError: said by DTS (RequestId refused)",
			level:    "ERROR", outcome: "created, state not known",
		},
		"what was not created is not read": {
			create: refusal("FailedOperation.NotAllowOperation"),
			err:    "dts-1: FailedOperation.NotAllowOperation: said by DTS (RequestId refused)",
			level:  "ERROR", outcome: "refused", attempts: 1,
		},
		"a check found running is read": {
			event:    `{"Type":"Timer","Message":"{\"JobId\":\"dts-1\",\"Wait\":true}"}`,
			create:   refusal("InternalError.DuplicateJob"),
			readings: []reading{state(check.Running, 30), verdict(true, "ok")},
			answer:   `{"JobId":"dts-1","RequestId":"refused","AlreadyRunning":true,"Check":{"Status":"finished","Passed":true,"Progress":100,"Message":"ok"}}`,
			level:    "INFO", outcome: "passed", attempts: 3,
		},
		"a check found running is waited for, over HTTP too": {
			event:    `{"httpMethod":"GET","path":"/","queryString":{"JobId":"dts-1","Wait":"true"}}`,
			create:   refusal("InternalError.DuplicateJob"),
			before:   map[string]reading{"dts-1": verdict(false, "old")},
			jobs:     []jobReading{jobAt(check.JobChecking)},
			readings: []reading{verdict(false, "old"), state(check.Running, 30), verdict(true, "ok")},
			answer: `{"isBase64Encoded":false,"statusCode":200,"headers":{"Cache-Control":"no-store","Content-Type":"application/json","X-Content-Type-Options":"nosniff"},` +
				`"body":"{\"JobId\":\"dts-1\",\"RequestId\":\"refused\",\"AlreadyRunning\":true,\"Check\":{\"Status\":\"finished\",\"Passed\":true,\"Progress\":100,\"Message\":\"ok\"},\"Before\":{\"Passed\":false}}"}`,
			level: "INFO", outcome: "passed", attempts: 5,
		},
		"an earlier check's verdict is not this one's": {
			before:   old,
			readings: []reading{verdict(true, "old"), verdict(true, "old"), verdict(false, "no privilege")},
			answer:   `{"JobId":"dts-1","RequestId":"create-dts-1","Check":{"Status":"finished","Passed":false,"Progress":100,"Message":"no privilege"},"Before":{"Passed":true}}`,
			level:    "WARN", outcome: "not passed",
		},
		"an earlier check's verdict is never told": {
			before:   old,
			readings: []reading{verdict(true, "old")},
			time:     20 * time.Second,
			answer:   `{"JobId":"dts-1","RequestId":"create-dts-1","Check":{"Status":"starting","Progress":0},"Before":{"Passed":true}}`,
			level:    "WARN", outcome: "no verdict",
		},
		"an earlier check's verdict, and the job migrates": {
			before:   old,
			readings: []reading{verdict(true, "old")},
			jobs:     []jobReading{jobAt(check.JobRunning)},
			time:     20 * time.Second,
			answer:   `{"JobId":"dts-1","RequestId":"create-dts-1","Check":{"Status":"starting","Progress":0},"Before":{"Passed":true}}`,
			level:    "WARN", outcome: "no verdict",
		},
		"the job has left checking": {
			before:   old,
			readings: []reading{verdict(true, "ok")},
			jobs:     []jobReading{jobAt(check.JobChecking), jobAt(check.JobCheckPass)},
			answer:   `{"JobId":"dts-1","RequestId":"create-dts-1","Check":{"Status":"finished","Passed":true,"Progress":100,"Message":"ok"},"Before":{"Passed":true}}`,
			level:    "INFO", outcome: "passed", attempts: 5,
		},
		"describe and wait, but there is no check": {
			event:    `{"JobId":"dts-1","Action":"DescribeMigrateCheckJob","Wait":true}`,
			readings: []reading{state(check.Unavailable, 0)},
			answer:   `{"JobId":"dts-1","RequestId":"describe-dts-1","Check":{"Status":"unavailable","Progress":0}}`,
			level:    "WARN", outcome: "no verdict", attempts: 2,
		},
		"describe reads once": {
			event:    `{"JobId":"dts-1","Action":"DescribeMigrateCheckJob"}`,
			readings: []reading{state(check.Running, 30), verdict(true, "ok")},
			answer:   `{"JobId":"dts-1","RequestId":"describe-dts-1","Check":{"Status":"running","Progress":30}}`,
			level:    "INFO", outcome: "running", attempts: 1,
		},
		"describe and wait": {
			event:    `{"JobId":"dts-1","Action":"DescribeMigrateCheckJob","Wait":true}`,
			readings: []reading{state(check.Running, 30), verdict(true, "ok")},
			answer:   `{"JobId":"dts-1","RequestId":"describe-dts-1","Check":{"Status":"finished","Passed":true,"Progress":100,"Message":"ok"}}`,
			level:    "INFO", outcome: "passed", attempts: 2,
		},
		"describe is refused": {
			event:    `{"JobId":"dts-1","Action":"DescribeMigrateCheckJob"}`,
			readings: []reading{{err: refusal("ResourceNotFound.JobNotExist")}},
			err:      "dts-1: ResourceNotFound.JobNotExist: said by DTS (RequestId refused)",
			level:    "ERROR", outcome: "refused", attempts: 1,
		},
		"a duplicate is one of creations": {
			event:    `{"Type":"Timer","Message":"{\"JobId\":\"dts-1\",\"Action\":\"DescribeMigrateCheckJob\"}"}`,
			readings: []reading{{err: refusal("InternalError.DuplicateJob")}},
			err:      "dts-1: InternalError.DuplicateJob: said by DTS (RequestId refused)",
			level:    "ERROR", outcome: "refused", attempts: 1,
		},
		"describe is not answered": {
			event:  `{"JobId":"dts-1","Action":"DescribeMigrateCheckJob"}`,
			silent: true,
			err:    "dts-1: ClientError.NetworkError: no answer",
			level:  "ERROR", outcome: "no answer", attempts: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dts := &scripted{
					reads:    strings.Contains(row.event, "Describe"),
					before:   row.before,
					create:   map[string]error{"dts-1": row.create},
					describe: map[string][]reading{"dts-1": row.readings},
					job:      map[string][]jobReading{"dts-1": row.jobs},
					silent:   map[string]bool{"dts-1": row.silent},
				}
				if row.event == "" {
					row.event = `{"JobId":"dts-1","Wait":true}`
				}
				if row.time == 0 {
					row.time = time.Minute
				}
				began := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), row.time)
				defer cancel()
				i := invokeIn(ctx, t, dts, row.event)
				if took := time.Since(began); took >= row.time {
					t.Errorf("took %v of %v", took, row.time)
				}
				if i.err != nil && i.err.Error() != row.err || i.err == nil && row.err != "" || string(i.answer) != row.answer {
					t.Errorf("got %s, %v\nwant %s, %s", i.answer, i.err, row.answer, row.err)
				}
				jobs := i.log.lines("job")
				if len(jobs) != 1 {
					t.Fatalf("job lines %v", jobs)
				}
				if row.attempts > 0 && !strings.Contains(row.event, "Describe") {
					row.attempts++ // what was there before
				}
				if line := jobs[0]; line["level"] != row.level || line["outcome"] != row.outcome || row.attempts > 0 && line["attempts"] != row.attempts {
					t.Errorf("job line %v; want %s, %s, %v attempts", line, row.level, row.outcome, row.attempts)
				}
			})
		})
	}
}

// Jobs that wait are read in rounds, each until its own check has ended.
func TestWaitForSeveral(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{
			create: map[string]error{"dts-2": refusal("ResourceNotFound.JobNotExist")},
			describe: map[string][]reading{
				"dts-1": {state(check.Running, 50), state(check.Running, 90), verdict(false, "no privilege")},
				"dts-3": {state(check.Running, 50)},
			},
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		i := invokeIn(ctx, t, dts, `{"httpMethod":"POST","path":"/","body":"{\"JobIds\":[\"dts-1\",\"dts-2\",\"dts-3\",\"dts-4\"],\"Wait\":true}"}`)
		want := `{"Jobs":[` +
			`{"JobId":"dts-1","RequestId":"create-dts-1","Check":{"Status":"finished","Passed":false,"Progress":100,"Message":"no privilege"}},` +
			`{"Error":{"Code":"ResourceNotFound.JobNotExist","Message":"said by DTS"},"JobId":"dts-2","RequestId":"refused"},` +
			`{"JobId":"dts-3","RequestId":"create-dts-3","Check":{"Status":"running","Progress":50}},` +
			`{"JobId":"dts-4","RequestId":"create-dts-4","Check":{"Status":"finished","Passed":true,"Progress":100,"Message":"ok"}}],"Failed":1,"Passed":1,"NotPassed":1,"NoVerdict":1}`
		if got := readResponse(t, i); got.StatusCode != 207 || got.Body != want {
			t.Errorf("got %d %s\nwant 207 %s", got.StatusCode, got.Body, want)
		}
		if lines := i.log.lines("job"); len(lines) != 4 {
			t.Errorf("job lines %v", lines)
		}
	})
}

// Nobody pays for a pause that no reading can follow.
func TestWaitWithNoTimeToRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		flaky := reading{err: &check.Error{Code: "InternalError.DatabaseError", Message: "said by DTS", Attempts: 1}}
		i := invokeIn(ctx, t, &scripted{describe: map[string][]reading{"dts-1": {flaky}}}, `{"JobId":"dts-1","Wait":true}`)
		want := "dts-1: created (RequestId create-dts-1), but its state is not known: " +
			"InternalError.DatabaseError: said by DTS"
		if i.err == nil || i.err.Error() != want || time.Since(began) > 0 {
			t.Errorf("after %v: %s, %v; want %s", time.Since(began), i.answer, i.err, want)
		}
	})
}

func TestPollDelay(t *testing.T) {
	for round := 1; round <= 12; round++ {
		for _, left := range []time.Duration{-time.Second, 0, time.Millisecond, time.Second, 1500 * time.Millisecond, time.Minute, 900 * time.Second} {
			d := pollDelay(round, left)
			if d < time.Second || d > 10*time.Second || left > 2*time.Second && d >= left {
				t.Errorf("round %d with %v left: %v", round, left, d)
			}
		}
	}
}

// DTS is silent, and the answer is ours all the same, before the deadline.
func TestSilenceDoesNotOutlastTheDeadline(t *testing.T) {
	for _, limit := range []time.Duration{time.Second, 3 * time.Second, 900 * time.Second} {
		t.Run(limit.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				began := time.Now()
				i := invokeIn(ctx, t, &scripted{silent: map[string]bool{"dts-1": true}}, `{"JobIds":["dts-1","dts-2"]}`)
				if want := "1 of 2 jobs failed: dts-1: ClientError.NetworkError"; i.err == nil || i.err.Error() != want {
					t.Errorf("got %v, want %s", i.err, want)
				}
				if spare := limit - time.Since(began); spare < 50*time.Millisecond || spare > time.Second {
					t.Errorf("answered %v before the deadline", spare)
				}
			})
		})
	}
}

// unhurried is a DTS that takes a second for each answer.
type unhurried struct{ DTS }

func (unhurried) CreateCheck(context.Context, string) (check.Receipt, error) {
	time.Sleep(time.Second)
	return check.Receipt{RequestID: "r", Attempts: 1}, nil
}

// With answers that take a second, 20 a second are asked for all the same.
func TestJobsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ids := make([]string, 200)
		for i := range ids {
			ids[i] = fmt.Sprint("dts-", i)
		}
		began := time.Now()
		if i := invoke(t, unhurried{}, string(check.Marshal(ids))); i.err != nil || time.Since(began) > 10*time.Second {
			t.Errorf("took %v, %v", time.Since(began), i.err)
		}
	})
}

// More jobs than are in flight at once, and no time for the later ones.
func TestJobsThatAreNotReached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ids := make([]string, 40)
		dts := &scripted{silent: map[string]bool{}}
		for i := range ids {
			ids[i] = "dts-" + string(rune('A'+i%26)) + string(rune('a'+i/26))
			dts.silent[ids[i]] = i < 32
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		i := invokeIn(ctx, t, dts, string(check.Marshal(ids)))
		var failed *CheckFailed
		if !errors.As(i.err, &failed) {
			t.Fatalf("got %v", i.err)
		}
		words := map[any]int{}
		for _, line := range i.log.lines("job") {
			words[line["outcome"]]++
		}
		if words["not known"] != 32 || words["not reached"] != 8 {
			t.Errorf("outcomes %v", words)
		}
	})
}

// Whatever the deadline, and whoever is silent, the answer is there before it, and
// what comes before has had most of the time.
func TestAnswerBeforeTheDeadline(t *testing.T) {
	for name, row := range map[string]struct {
		deadline time.Duration // from now; 0 for none
		epoch    bool          // the deadline is that of 1970
		limitMs  int32
		jobs     int
		forwards bool
		limit    time.Duration
	}{
		"a third of a second":            {deadline: 300 * time.Millisecond, limit: 300 * time.Millisecond},
		"three seconds":                  {deadline: 3 * time.Second, limit: 3 * time.Second},
		"fifteen minutes":                {deadline: 15 * time.Minute, limit: 15 * time.Minute},
		"the deadline goes before limit": {deadline: time.Second, limitMs: 60000, limit: time.Second},
		"no deadline but a limit":        {limitMs: 10000, limit: 10 * time.Second},
		"no deadline and no limit":       {limit: 3 * time.Second},
		"1970 and a limit":               {epoch: true, limitMs: 10000, limit: 10 * time.Second},
		"1970 and no limit":              {epoch: true, limit: 3 * time.Second},
		"ten thousand jobs":              {deadline: 15 * time.Second, jobs: 9000, limit: 15 * time.Second},
		"ten thousand in a second":       {deadline: time.Second, jobs: 9000, limit: time.Second},
		"forwarding":                     {deadline: time.Second, forwards: true, limit: time.Second},
		"forwarding, three thousand":     {deadline: 100 * time.Second, jobs: 3000, forwards: true, limit: 100 * time.Second},
		"forwarding, fifteen minutes":    {deadline: 15 * time.Minute, forwards: true, limit: 15 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				ctx := t.Context()
				var cancel context.CancelFunc = func() {}
				switch {
				case row.epoch:
					ctx, cancel = context.WithDeadline(ctx, time.Unix(0, 0))
				case row.deadline > 0:
					ctx, cancel = context.WithDeadline(ctx, began.Add(row.deadline))
				}
				defer cancel()
				var longest atomic.Int64
				var forwarded time.Duration
				o := everything(silence{longest: &longest})
				if row.forwards {
					o.Forward = forwarder(func(ctx context.Context, _ report.Report, _ map[string]check.Told) []check.Forwarded {
						began := time.Now()
						<-ctx.Done()
						forwarded = time.Since(began)
						return nil
					})
				}
				ids := make([]string, max(row.jobs, 1))
				for i := range ids {
					ids[i] = fmt.Sprint("dts-", i)
				}
				ctx = functioncontext.NewContext(ctx, &functioncontext.FunctionContext{RequestID: "request", TimeLimitInMs: row.limitMs})
				if _, err := newInstance(o).Invoke(ctx, check.Marshal(ids)); err == nil {
					t.Error("DTS was silent, and there is no error")
				}
				took := time.Since(began)
				if spare := row.limit - took; spare < 50*time.Millisecond {
					t.Errorf("answered %v before the deadline", spare)
				}
				if row.forwards && (forwarded < min(row.limit/6, 12*time.Second) || forwarded > min(row.limit/5, 15*time.Second)) {
					t.Errorf("forwarded for %v", forwarded)
				}
				worked := time.Duration(longest.Load())
				if least := row.limit * 2 / 5; row.jobs == 0 && worked < row.limit*3/4 || worked < least {
					t.Errorf("worked for %v of %v", worked, row.limit)
				}
			})
		})
	}
}

// silence is a DTS that answers nothing; the longest that it was asked is in longest.
type silence struct {
	DTS
	longest *atomic.Int64
}

func (s silence) wait(ctx context.Context) error {
	began := time.Now()
	<-ctx.Done()
	for took := int64(time.Since(began)); ; {
		if before := s.longest.Load(); took <= before || s.longest.CompareAndSwap(before, took) {
			break
		}
	}
	return &check.Error{Code: check.CodeNoAnswer, Message: "no answer", Attempts: 1}
}

func (s silence) CreateCheck(ctx context.Context, _ string) (check.Receipt, error) {
	return check.Receipt{}, s.wait(ctx)
}
func (s silence) DescribeCheck(ctx context.Context, _ string) (check.State, check.Receipt, error) {
	return check.State{}, check.Receipt{}, s.wait(ctx)
}

// Every job is read once before any is read again, also while checks are created.
func TestFirstReadingsGoFirst(t *testing.T) {
	for name, row := range map[string]struct {
		asked  string
		within time.Duration
	}{
		"read":    {`,"Action":"DescribeMigrateCheckJob","Wait":true`, 6500 * time.Millisecond},
		"created": {`,"Wait":true`, 8 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ids := make([]string, 6*32)
				for n := range ids {
					ids[n] = fmt.Sprint("dts-", n)
				}
				dts := &slowly{&scripted{reads: name == "read"}}
				newInstance(everything(dts)).fire(t, "request", `{"JobIds":`+string(check.Marshal(ids))+row.asked+`}`, row.within)
				for _, id := range ids {
					if dts.count("describe", id) == 0 {
						t.Errorf("%s was not read", id)
					}
				}
			})
		})
	}
}

// slowly is a DTS that takes a second to create a check, or to tell that it runs.
type slowly struct{ *scripted }

func (s *slowly) CreateCheck(ctx context.Context, job string) (check.Receipt, error) {
	time.Sleep(time.Second)
	return s.scripted.CreateCheck(ctx, job)
}

func (s *slowly) DescribeCheck(ctx context.Context, job string) (check.State, check.Receipt, error) {
	if ctx.Err() != nil {
		return check.State{}, check.Receipt{}, &check.Error{Code: check.CodeDeadline, Message: "not sent"}
	}
	time.Sleep(time.Second)
	return check.State{Status: check.Running}, s.receipt("describe", job), s.call(ctx, "describe", job)
}

// A step that has nothing to say of it fails the job when its time is up.
func TestStepWithoutTime(t *testing.T) {
	for name, m := range map[string]move{"again": again(time.Hour), "back": back(time.Hour)} {
		r := New(everything(&scripted{})).newRun(t.Context(), event.Event{})
		j := &job{plan: []*step{{do: func(*run, context.Context, *job) move { return m }}}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		r.advance(ctx, j)
		cancel()
		if j.Error == nil || j.Error.Code != check.CodeDeadline || j.step() != nil {
			t.Errorf("%s: %v", name, j.Error)
		}
	}
}
