package handler

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tencentyun/scf-go-lib/functioncontext"

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
	}{
		"created": {
			event:  one[sourceCMQ],
			job:    "attempts dtsRequestId durationMs jobId jobs level msg outcome requestId source time",
			values: map[string]any{"jobId": "dts-1", "dtsRequestId": "create-dts-1", "requestId": "scf-request", "source": "cmq", "attempts": 1.0, "level": "INFO", "outcome": "created"},
			done:   map[string]any{"requestId": "scf-request", "source": "cmq", "jobs": 1.0, "failed": 0.0, "outcome": "ok", "level": "INFO"},
		},
		"described": {
			event:  `{"JobId":"dts-1","Action":"DescribeMigrateCheckJob"}`,
			job:    "attempts dtsRequestId durationMs jobId jobs level msg outcome passed progress requestId source status time",
			values: map[string]any{"status": "finished", "progress": 100.0, "passed": true, "outcome": "passed"},
			done:   map[string]any{"source": "direct", "failed": 0.0, "outcome": "ok"},
		},
		"refused": {
			event:  one[sourceAPIGateway],
			create: map[string]error{"dts-1": refusal("InternalError.LockError")},
			job:    "attempts code dtsRequestId durationMs error jobId jobs level msg outcome requestId source time",
			values: map[string]any{"code": "InternalError.LockError", "error": "said by DTS", "dtsRequestId": "refused", "level": "ERROR", "outcome": "refused", "source": "apigw"},
			done:   map[string]any{"jobs": 1.0, "failed": 1.0, "outcome": "failed", "level": "ERROR"},
		},
		"refused without a RequestId": {
			event:  one[sourceDirect],
			create: map[string]error{"dts-1": &check.Error{Code: "InvalidParameter", Message: "said by DTS", Attempts: 1}},
			job:    "attempts code durationMs error jobId jobs level msg outcome requestId source time",
			values: map[string]any{"code": "InvalidParameter", "outcome": "refused", "attempts": 1.0},
			done:   map[string]any{"failed": 1.0},
		},
		"not sent": {
			event:  `{"Records":[{"Ckafka":{"msgBody":"{}"}}]}`,
			job:    "attempts code durationMs error jobs level msg outcome requestId source time",
			values: map[string]any{"code": "InvalidParameter", "error": "Records[0].Ckafka.msgBody: names no job", "level": "ERROR", "outcome": "not sent", "attempts": 0.0},
			done:   map[string]any{"source": "ckafka", "jobs": 1.0, "failed": 1.0, "outcome": "failed"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := invoke(t, &scripted{create: row.create}, row.event)
			if len(i.log) != 2 || len(i.log.lines("job")) != 1 || len(i.log.lines("event")) != 1 {
				t.Fatalf("want a line for the job and one for the event, got\n%s", i.raw)
			}
			job, event := i.log[0], i.log[1]
			if fields(job) != row.job {
				t.Errorf("job line has %s\nwant %s", fields(job), row.job)
			}
			if want := "durationMs failed jobs level msg outcome requestId source time"; fields(event) != want {
				t.Errorf("event line has %s\nwant %s", fields(event), want)
			}
			holds(t, job, row.values)
			holds(t, event, row.done)
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
	for name, event := range map[string]string{
		"key that is not ours": `{"JobId":"dts-1","Password":"confidential"}`,
		"malformed id":         `{"JobId":"confidential!"}`,
		"unknown action":       `{"JobId":"dts-1","Action":"confidential"}`,
		"not JSON":             `confidential`,
		"HTTP":                 `{"requestContext":{"identity":{"secretId":"confidential"}},"httpMethod":"POST","path":"/confidential","headers":{"Authorization":"confidential"},"queryString":{"key":"confidential","Wait":"confidential"},"body":""}`,
		"form":                 `{"httpMethod":"POST","path":"/","body":"JobId=confidential!&password=confidential"}`,
		"record":               `{"Records":[{"CMQ":{"msgBody":"confidential!"}},{"CMQ":{"msgBody":"dts-1","msgTag":"confidential"}}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			h := New(&scripted{}, &log, slog.LevelDebug)
			answer, err := h.Invoke(functioncontext.NewContext(t.Context(), function), []byte(event))
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
	h := New(dts, &written, slog.LevelInfo)
	var group sync.WaitGroup
	for request, s := range map[string]source{"first": sourceTimer, "second": sourceDirect} {
		group.Go(func() {
			ctx := functioncontext.NewContext(t.Context(), &functioncontext.FunctionContext{RequestID: request})
			event := strings.ReplaceAll(one[s], "dts-1", "job-of-"+request)
			answer, err := h.Invoke(ctx, []byte(event))
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
	if _, err := New(&scripted{}, &w, slog.LevelInfo).Invoke(ctx, marshal(ids)); err == nil || w < 1 || w > 100 {
		t.Errorf("%d writes, %.80v", w, err)
	}
}
