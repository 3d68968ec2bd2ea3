package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tencentyun/scf-go-lib/functioncontext"

	"migratecheck/internal/check"
	"migratecheck/internal/report"
)

// scripted is a DTS that answers as it is told. What it is told nothing about
// it accepts; every check is running when it is read first and has passed when
// it is read again. The RequestIds are the verb and the job.
type scripted struct {
	DTS

	create   map[string]error     // by job
	creates  map[string][]error   // by job, one after the other; the last stays
	describe map[string][]reading // likewise, once the check is created
	before   map[string]reading   // by job, until then; there is no check unless it is told
	reads    bool                 // the event only reads: describe is told from the beginning
	job      map[string][]jobReading
	start    map[string][]error
	list     []check.Job
	listErr  error
	skew     time.Duration   // of DTS's clock
	panics   string          // the verb and job of the call that panics
	silent   map[string]bool // jobs whose calls are not answered

	mu    sync.Mutex
	calls []string        // each with its action's verb and job
	runs  map[string]bool // the jobs that have a check since
	read  map[string]int
}

// reading is what one call of DescribeCheck returns.
type reading struct {
	state check.State
	err   error
}

// jobReading is what one call of DescribeJob returns.
type jobReading struct {
	job check.Job
	err error
}

func verdict(passed bool, message string) reading {
	return reading{state: check.State{Status: check.Finished, Passed: &passed, Progress: 100, Message: message}}
}

func state(status string, progress int) reading {
	return reading{state: check.State{Status: status, Progress: progress}}
}

func refusal(code string) *check.Error {
	return &check.Error{Code: code, Message: "said by DTS", RequestID: "refused", Attempts: 1}
}

// unanswered is the error of a call that may have been carried out.
func unanswered() *check.Error {
	return &check.Error{Code: check.CodeNoAnswer, Message: "no answer", MayBeRunning: true, Attempts: 1}
}

func (s *scripted) call(ctx context.Context, verb, job string) error {
	s.mu.Lock()
	s.calls = append(s.calls, verb+" "+job)
	s.mu.Unlock()
	if s.panics == verb+" "+job {
		var nobody *check.Job
		_ = nobody.ID
	}
	if ctx.Err() != nil {
		return &check.Error{Code: check.CodeDeadline, Message: "not sent"}
	}
	if s.silent[job] {
		<-ctx.Done()
		return &check.Error{Code: check.CodeNoAnswer, Message: "no answer", MayBeRunning: verb == "create", Attempts: 1}
	}
	return nil
}

// shift takes the next of what is scripted for a job; the last stays.
func shift[T any](s *scripted, script map[string][]T, job string) (next T, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := script[job]
	if len(list) == 0 {
		return next, false
	}
	if len(list) > 1 {
		script[job] = list[1:]
	}
	return list[0], true
}

func (s *scripted) receipt(verb, job string) check.Receipt {
	return check.Receipt{RequestID: verb + "-" + job, Attempts: 1, At: time.Now().Add(s.skew)}
}

func (s *scripted) CreateCheck(ctx context.Context, job string) (check.Receipt, error) {
	if err := s.call(ctx, "create", job); err != nil {
		return check.Receipt{}, err
	}
	err := s.create[job]
	if next, ok := shift(s, s.creates, job); ok {
		err = next
	}
	if failure, _ := err.(*check.Error); err == nil || failure != nil && (failure.MayBeRunning || failure.Duplicate()) {
		s.mu.Lock()
		if s.runs == nil {
			s.runs = map[string]bool{}
		}
		s.runs[job] = true
		s.mu.Unlock()
	}
	if err != nil {
		return check.Receipt{}, err
	}
	return s.receipt("create", job), nil
}

func (s *scripted) DescribeCheck(ctx context.Context, job string) (check.State, check.Receipt, error) {
	s.mu.Lock()
	created := s.runs[job]
	s.mu.Unlock()
	verb := "before"
	if created || s.reads {
		verb = "describe"
	}
	if err := s.call(ctx, verb, job); err != nil {
		return check.State{}, check.Receipt{}, err
	}
	if verb == "before" {
		r, ok := s.before[job]
		if !ok {
			r = state(check.Unavailable, 0)
		}
		return r.state, s.receipt("describe", job), r.err
	}
	r, ok := shift(s, s.describe, job)
	if !ok {
		s.mu.Lock()
		if s.read == nil {
			s.read = map[string]int{}
		}
		s.read[job]++
		r = verdict(true, "ok")
		if s.read[job] == 1 && slices.Contains(s.calls, "create "+job) {
			r = state(check.Running, 50)
		}
		s.mu.Unlock()
	}
	if r.err != nil {
		return check.State{}, check.Receipt{}, r.err
	}
	return r.state, s.receipt("describe", job), nil
}

func (s *scripted) DescribeJob(ctx context.Context, job string) (check.Job, check.Receipt, error) {
	if err := s.call(ctx, "job", job); err != nil {
		return check.Job{}, check.Receipt{}, err
	}
	r, ok := shift(s, s.job, job)
	if !ok {
		r.job = check.Job{ID: job, Status: check.JobCheckPass}
	}
	if r.err != nil {
		return check.Job{}, check.Receipt{}, r.err
	}
	return r.job, s.receipt("job", job), nil
}

func (s *scripted) ListJobs(ctx context.Context, f check.Filter) ([]check.Job, error) {
	if err := s.call(ctx, "list", strings.Join(f.Status, ",")); err != nil {
		return nil, err
	}
	return slices.Clone(s.list), s.listErr
}

func (s *scripted) Start(ctx context.Context, job string) (check.Receipt, error) {
	if err := s.call(ctx, "start", job); err != nil {
		return check.Receipt{}, err
	}
	if err, ok := shift(s, s.start, job); ok && err != nil {
		return check.Receipt{}, err
	}
	return s.receipt("start", job), nil
}

// count returns how many calls of the verb were made for the job.
func (s *scripted) count(verb, job string) int {
	n := 0
	for _, call := range s.calls {
		if call == verb+" "+job {
			n++
		}
	}
	return n
}

// log is what the handler logged, a map for each line.
type log []map[string]any

// lines returns the lines with that message.
func (l log) lines(message string) log {
	var out log
	for _, line := range l {
		if line["msg"] == message {
			out = append(out, line)
		}
	}
	return out
}

func readLog(t *testing.T, written []byte) log {
	t.Helper()
	var out log
	for line := range bytes.Lines(written) {
		var entry map[string]any
		if err := json.Unmarshal(line, &entry); err != nil {
			t.Fatalf("log line is not JSON: %v\n%s", err, line)
		}
		out = append(out, entry)
	}
	return out
}

// invocation is one run of the handler.
type invocation struct {
	answer []byte
	err    error
	log    log
	raw    []byte // the log as it was written
}

// instance is a handler that lives from one event to the next.
type instance struct {
	*Handler
	written *bytes.Buffer
}

func newInstance(o Options) instance {
	written := new(bytes.Buffer)
	o.Log, o.Level = written, slog.LevelInfo
	return instance{New(o), written}
}

// fire handles an event under the request id within that time.
func (i instance) fire(t *testing.T, requestID, payload string, within time.Duration) invocation {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	return i.fireIn(ctx, t, requestID, payload)
}

func (i instance) fireIn(ctx context.Context, t *testing.T, requestID, payload string) invocation {
	t.Helper()
	return i.fireAs(functioncontext.NewContext(ctx, &functioncontext.FunctionContext{RequestID: requestID, TimeLimitInMs: 60000}), t, payload)
}

// fireAs handles an event with the function that ctx says.
func (i instance) fireAs(ctx context.Context, t *testing.T, payload string) invocation {
	t.Helper()
	i.written.Reset()
	var out invocation
	out.answer, out.err = i.Invoke(ctx, []byte(payload))
	out.raw = bytes.Clone(i.written.Bytes())
	out.log = readLog(t, out.raw)
	for _, line := range out.log.lines("panic") {
		if stack, _ := line["stack"].(string); !strings.Contains(stack, "(*scripted).call(") { // which panics as it is told
			t.Errorf("a panic that the test does not expect: %v", line)
		}
	}
	return out
}

// forwarder is a function as a Forwarder.
type forwarder func(ctx context.Context, r report.Report, told map[string]check.Told) []check.Forwarded

func (f forwarder) Forward(ctx context.Context, r report.Report, told map[string]check.Told) []check.Forwarded {
	return f(ctx, r, told)
}

// everything allows all that a deployment may.
func everything(dts DTS) Options {
	return Options{DTS: dts, AllowStart: true, Steps: true, Language: "en-US", Region: "ap-guangzhou"}
}

// startAtNight is the firing of a timer that asks for a start of dts-1.
const startAtNight = `{"Type":"Timer","TriggerName":"night","Time":"2026-11-01T18:00:00Z","Message":"{\"JobId\":\"dts-1\",\"Start\":true}"}`

// invoke runs a new handler on an event with a minute's time.
func invoke(t *testing.T, dts DTS, payload string) invocation {
	t.Helper()
	return newInstance(everything(dts)).fire(t, "scf-request", payload, time.Minute)
}

func invokeIn(ctx context.Context, t *testing.T, dts DTS, payload string) invocation {
	t.Helper()
	return newInstance(everything(dts)).fireIn(ctx, t, "scf-request", payload)
}

func readJSON(t *testing.T, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}
