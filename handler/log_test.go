package handler

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tencentyun/scf-go-lib/functioncontext"

	"migratecheck/handler/event"
	"migratecheck/internal/check"
)

func fields(line map[string]any) string {
	return strings.Join(slices.Sorted(maps.Keys(line)), " ")
}

// The fields of each line are what the operator's queries are made of.
func TestLogSchema(t *testing.T) {
	for name, row := range map[string]struct {
		event  string
		create map[string]error
		job    string // the fields of the job's line
		values map[string]any
		done   map[string]any
		counts bool // the event's line has counts of verdicts
	}{
		"created": {
			event:  one[event.CMQ],
			job:    "attempts dtsRequestId durationMs jobId jobs level msg outcome requestId source time",
			values: map[string]any{"jobId": "dts-1", "dtsRequestId": "create-dts-1", "requestId": "scf-request", "source": "cmq", "attempts": 1.0, "level": "INFO", "outcome": "created"},
			done:   map[string]any{"requestId": "scf-request", "source": "cmq", "jobs": 1.0, "failed": 0.0, "outcome": "ok", "level": "INFO"},
		},
		"described": {
			event:  `{"JobId":"dts-1","Action":"DescribeMigrateCheckJob"}`,
			job:    "attempts dtsRequestId durationMs jobId jobs level msg outcome passed progress requestId source status time",
			values: map[string]any{"status": "finished", "progress": 100.0, "passed": true, "outcome": "passed"},
			done:   map[string]any{"source": "direct", "failed": 0.0, "passed": 1.0, "outcome": "ok"},
			counts: true,
		},
		"refused": {
			event:  one[event.APIGateway],
			create: map[string]error{"dts-1": refusal("InternalError.LockError")},
			job:    "attempts code dtsRequestId durationMs error jobId jobs level msg outcome requestId source time",
			values: map[string]any{"code": "InternalError.LockError", "error": "said by DTS", "dtsRequestId": "refused", "level": "ERROR", "outcome": "refused", "source": "apigw"},
			done:   map[string]any{"jobs": 1.0, "failed": 1.0, "outcome": "failed", "level": "ERROR"},
		},
		"refused without a RequestId": {
			event:  one[event.Direct],
			create: map[string]error{"dts-1": &check.Error{Code: "InvalidParameter", Message: "said by DTS", Attempts: 1}},
			job:    "attempts code durationMs error jobId jobs level msg outcome requestId source time",
			values: map[string]any{"code": "InvalidParameter", "outcome": "refused", "attempts": 1.0},
			done:   map[string]any{"failed": 1.0},
		},
		"not sent": {
			event:  `{"Records":[{"Ckafka":{"msgBody":"{}"}}]}`,
			job:    "attempts code durationMs error jobs level msg outcome record requestId source time",
			values: map[string]any{"code": "InvalidParameter", "error": "Records[0].Ckafka.msgBody: names no job", "level": "ERROR", "outcome": "not sent", "attempts": 0.0},
			done:   map[string]any{"source": "ckafka", "jobs": 1.0, "failed": 1.0, "outcome": "failed"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := invoke(t, &scripted{create: row.create, reads: strings.Contains(row.event, "Describe")}, row.event)
			if len(i.log) != 2 || len(i.log.lines("job")) != 1 || len(i.log.lines("event")) != 1 {
				t.Fatalf("want a line for the job and one for the event, got\n%s", i.raw)
			}
			job, done := i.log[0], i.log[1]
			if fields(job) != row.job {
				t.Errorf("job line has %s\nwant %s", fields(job), row.job)
			}
			want := "durationMs failed jobs level msg outcome requestId source time"
			if row.counts {
				want = "durationMs failed jobs level msg noVerdict notPassed outcome passed requestId source time"
			}
			if fields(done) != want {
				t.Errorf("event line has %s\nwant %s", fields(done), want)
			}
			holds(t, job, row.values)
			holds(t, done, row.done)
		})
	}
}

func holds(t *testing.T, line, want map[string]any) {
	t.Helper()
	for field, value := range want {
		if !reflect.DeepEqual(line[field], value) {
			t.Errorf("%s is %v, want %v", field, line[field], value)
		}
	}
}

// At level debug whoever watches sees each step begin, where there is more than one.
func TestStepsAtLevelDebug(t *testing.T) {
	for event, want := range map[string]string{
		`{"JobId":"dts-1"}`:              "job, event",
		`{"JobId":"dts-1","Wait":true}`:  "check runs, job, event",
		`{"JobId":"dts-1","Start":true}`: "check runs, starting, job, event",
	} {
		synctest.Test(t, func(t *testing.T) {
			var written bytes.Buffer
			o := everything(&scripted{})
			o.Log, o.Level = &written, slog.LevelDebug
			fireQuietly(t, New(o), "request", event, time.Minute)
			var messages []string
			for line := range bytes.Lines(written.Bytes()) {
				var l struct{ Msg string }
				readJSON(t, line, &l)
				messages = append(messages, l.Msg)
			}
			if got := strings.Join(messages, ", "); got != want {
				t.Errorf("%s: %s", event, got)
			}
		})
	}
}

func TestOneLineForEachJob(t *testing.T) {
	i := invoke(t, &scripted{}, `{"Records":[{"CMQ":{"msgBody":"dts-1 dts-2"}},{"CMQ":{"msgBody":"?"}},{"CMQ":{"msgBody":"dts-2"}}]}`)
	jobs := i.log.lines("job")
	if len(jobs) != 3 {
		t.Errorf("%d job lines, want 3\n%s", len(jobs), i.raw)
	}
	for _, line := range jobs {
		holds(t, line, map[string]any{"jobs": 3.0})
	}
	holds(t, i.log[len(i.log)-1], map[string]any{"msg": "event", "jobs": 3.0, "failed": 1.0})
}

// Neither the role's credentials nor what the event carries besides the job
// comes to light, in the log or in the answer.
func TestWhatStaysInside(t *testing.T) {
	function := &functioncontext.FunctionContext{Environment: map[string]string{
		"TENCENTCLOUD_SECRETID":     "AKIDconfidential",
		"TENCENTCLOUD_SECRETKEY":    "confidential-key",
		"TENCENTCLOUD_SESSIONTOKEN": "confidential-token",
	}}
	for name, payload := range map[string]string{
		"key that is not ours": `{"JobId":"dts-1","Password":"confidential"}`,
		"HTTP":                 `{"requestContext":{"identity":{"secretId":"confidential"}},"httpMethod":"POST","path":"/confidential","headers":{"Authorization":"confidential"},"queryString":{"key":"confidential","Wait":"perhaps"},"body":""}`,
		"form":                 `{"httpMethod":"POST","path":"/","body":"JobId=dts-1&password=confidential"}`,
		"record":               `{"Records":[{"CMQ":{"msgBody":"{}","msgTag":"confidential"}},{"CMQ":{"msgBody":"dts-1","msgTag":"confidential"}}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			h := New(Options{DTS: &scripted{}, Log: &log, Level: slog.LevelDebug})
			answer, err := h.Invoke(functioncontext.NewContext(t.Context(), function), []byte(payload))
			if told := fmt.Sprintf("%s%s%v", &log, answer, err); strings.Contains(told, "confidential") {
				t.Error(told)
			}
		})
	}
}

// echo is a DTS whose RequestIds say which invocation called.
type echo struct {
	DTS
	both sync.WaitGroup // released when both invocations are under way
}

func (e *echo) CreateCheck(ctx context.Context, job string) (check.Receipt, error) {
	e.both.Done()
	e.both.Wait()
	function, _ := functioncontext.FromContext(ctx)
	return check.Receipt{RequestID: "called-by-" + function.RequestID, Attempts: 1}, nil
}

// Two invocations that run at once in one instance.
func TestInvocationsAreIsolated(t *testing.T) {
	dts := &echo{}
	dts.both.Add(2)
	var written bytes.Buffer
	h := New(Options{DTS: dts, Log: &written})
	var group sync.WaitGroup
	for request, s := range map[string]event.Source{"first": event.Timer, "second": event.Direct} {
		group.Go(func() {
			ctx := functioncontext.NewContext(t.Context(), &functioncontext.FunctionContext{RequestID: request})
			answer, err := h.Invoke(ctx, []byte(strings.ReplaceAll(one[s], "dts-1", "job-of-"+request)))
			if want := fmt.Sprintf(`{"JobId":"job-of-%s","RequestId":"called-by-%[1]s"}`, request); err != nil || string(answer) != want {
				t.Errorf("got %s, %v; want %s", answer, err, want)
			}
		})
	}
	group.Wait()
	log := readLog(t, written.Bytes())
	if len(log) != 4 {
		t.Errorf("want two lines of each\n%s", &written)
	}
	for _, line := range log {
		request, s := line["requestId"], line["source"]
		if (request == "first") != (s == "timer") || line["msg"] == "job" && line["jobId"] != fmt.Sprintf("job-of-%s", request) {
			t.Errorf("mixed up: %v", line)
		}
	}
}

// writes counts them.
type writes int

func (w *writes) Write(p []byte) (int, error) {
	*w++
	return len(p), nil
}

// When time is up, thousands of jobs may be left to be told of, and each line
// being a write of its own would take longer than there is.
func TestJobsThatAreNotReachedAreFewWrites(t *testing.T) {
	ids := make([]string, 5000)
	for i := range ids {
		ids[i] = fmt.Sprintf("dts-%d", i)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	var w writes
	if _, err := New(Options{DTS: &scripted{}, Log: &w}).Invoke(ctx, check.Marshal(ids)); err == nil || w < 1 || w > 100 {
		t.Errorf("%d writes, %.80v", w, err)
	}
}

// The log says why a check did not pass, within 8 KB a line.
func TestLogSaysWhy(t *testing.T) {
	no := false
	step := func(id, status string, items ...check.Item) check.Step {
		return check.Step{ID: id, Name: id, Status: status, Skipped: status == check.StepSkipped, Message: "message of " + id, Failed: items}
	}
	for name, row := range map[string]struct {
		steps []check.Step
		want  []any
	}{
		"2018-03-30 has no steps": {nil, nil},
		"steps that failed or warned": {
			[]check.Step{
				step("ConnectDBCheck", check.StepPass),
				step("SrcPrivilegeCheck", check.StepFailed, check.Item{Name: "Privileges", Result: "failed", Reason: "no REPLICATION CLIENT", Solution: "grant it"}),
				step("WarningParamCheck", check.StepWarning, check.Item{Name: "Parameter", Result: "warning", Log: []string{"max_allowed_packet", "is small"}}),
				step("OptimizeCheck", check.StepSkipped, check.Item{Name: "Skipped", Result: "skipped", Reason: "skipped"}),
				step("VersionCheck", check.StepFailed),
			},
			[]any{
				map[string]any{"id": "SrcPrivilegeCheck", "status": "failed", "reason": "no REPLICATION CLIENT", "solution": "grant it"},
				map[string]any{"id": "WarningParamCheck", "status": "warning", "reason": "max_allowed_packet is small"},
				map[string]any{"id": "VersionCheck", "status": "failed", "reason": "message of VersionCheck"},
			},
		},
		"strictly": {
			[]check.Step{
				step("ConnectDBCheck", check.StepPass),
				step("OptimizeCheck", check.StepSkipped, check.Item{Name: "Skipped", Result: "skipped", Reason: "skipped by ops"}),
				{ID: "VersionCheck", Status: check.StepPass, Skipped: true},
				step("BinlogCheck", check.StepNotStarted),
			},
			[]any{
				map[string]any{"id": "OptimizeCheck", "status": "skipped", "reason": "skipped by ops"},
				map[string]any{"id": "VersionCheck", "status": "skipped"},
				map[string]any{"id": "BinlogCheck", "status": "notStarted", "reason": "message of BinlogCheck"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := reading{state: check.State{Status: check.Finished, Passed: &no, Progress: 100, Message: "2 steps failed", Steps: row.steps}}
			i := invoke(t, &scripted{reads: true, describe: map[string][]reading{"dts-1": {r}}}, `{"JobId":"dts-1","Action":"DescribeMigrateCheckJob"}`)
			line := i.log.lines("job")[0]
			got, _ := line["steps"].([]any)
			if line["message"] != "2 steps failed" || line["level"] != "WARN" || !reflect.DeepEqual(got, row.want) {
				t.Errorf("line %v", line)
			}
		})
	}
	large := reading{state: check.State{Status: check.Finished, Passed: &no, Message: strings.Repeat("長\"", 1300)}}
	for range 40 {
		large.state.Steps = append(large.state.Steps, step("ConstraintCheck", check.StepFailed, check.Item{Result: "failed", Reason: strings.Repeat("長\"", 1300), Solution: strings.Repeat("x", 4000)}))
	}
	i := invoke(t, &scripted{reads: true, describe: map[string][]reading{"dts-1": {large}}}, `{"JobId":"dts-1","Action":"DescribeMigrateCheckJob"}`)
	line, _, _ := bytes.Cut(i.raw, []byte("\n"))
	if len(line) > 8<<10 || len(line) < 2<<10 || i.log[0]["steps"] == nil {
		t.Errorf("a line of %d bytes: %.200s", len(line), line)
	}
}

// Each job of a batch is told of as soon as it is done.
func TestLinesOfABatchAreNotHeldBack(t *testing.T) {
	w := &watched{}
	dts := &blocked{seen: func() bool { return strings.Contains(w.String(), `"jobId":"dts-1"`) }}
	if _, err := New(Options{DTS: dts, Log: w}).Invoke(t.Context(), []byte(`["dts-1","dts-2"]`)); err != nil {
		t.Error(err)
	}
}

// blocked is a DTS that answers for dts-2 only when it has been seen that dts-1 is done.
type blocked struct {
	DTS
	seen func() bool
}

func (b *blocked) CreateCheck(ctx context.Context, job string) (check.Receipt, error) {
	for job == "dts-2" && !b.seen() {
		if ctx.Err() != nil {
			return check.Receipt{}, refusal("InternalError")
		}
		runtime.Gosched()
	}
	return check.Receipt{RequestID: "r", Attempts: 1}, nil
}

// watched is a log that can be read while it is written.
type watched struct {
	mu  sync.Mutex
	log bytes.Buffer
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(p)
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}
