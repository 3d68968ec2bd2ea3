package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/tencentyun/scf-go-lib/functioncontext"

	"migratecheck/internal/check"
)

// scripted is a DTS that answers as it is told. What it is told nothing about
// it accepts, and every check has passed when it is read. The RequestIds are
// "create-" or "describe-" and the job.
type scripted struct {
	create   map[string]error     // by job
	describe map[string][]reading // by job, one after the other; the last stays
	silent   map[string]bool      // jobs whose calls are not answered

	mu    sync.Mutex
	calls []string // each with its action's verb and job
}

// reading is what one call of DescribeCheck returns.
type reading struct {
	state check.State
	err   error
}

func verdict(passed bool, message string) reading {
	return reading{state: check.State{Status: check.Finished, Passed: &passed, Progress: 100, Message: message}}
}

func refusal(code string) *check.Error {
	return &check.Error{Code: code, Message: "said by DTS", RequestID: "refused", Attempts: 1}
}

func (s *scripted) call(ctx context.Context, verb, job string) error {
	s.mu.Lock()
	s.calls = append(s.calls, verb+" "+job)
	s.mu.Unlock()
	if ctx.Err() != nil {
		return &check.Error{Code: check.CodeDeadline, Message: "not sent"}
	}
	if s.silent[job] {
		<-ctx.Done()
		return &check.Error{Code: check.CodeNoAnswer, Message: "no answer", MayBeRunning: verb == "create", Attempts: 1}
	}
	return nil
}

func (s *scripted) CreateCheck(ctx context.Context, job string) (check.Receipt, error) {
	if err := s.call(ctx, "create", job); err != nil {
		return check.Receipt{}, err
	}
	if err := s.create[job]; err != nil {
		return check.Receipt{}, err
	}
	return check.Receipt{RequestID: "create-" + job, Attempts: 1}, nil
}

func (s *scripted) DescribeCheck(ctx context.Context, job string) (check.State, check.Receipt, error) {
	if err := s.call(ctx, "describe", job); err != nil {
		return check.State{}, check.Receipt{}, err
	}
	r := verdict(true, "ok")
	s.mu.Lock()
	if list := s.describe[job]; len(list) > 0 {
		r = list[0]
		if len(list) > 1 {
			s.describe[job] = list[1:]
		}
	}
	s.mu.Unlock()
	if r.err != nil {
		return check.State{}, check.Receipt{}, r.err
	}
	return r.state, check.Receipt{RequestID: "describe-" + job, Attempts: 1}, nil
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

// invoke runs the handler on an event with a minute's time.
func invoke(t *testing.T, dts DTS, payload string) invocation {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return invokeIn(ctx, t, dts, payload)
}

func invokeIn(ctx context.Context, t *testing.T, dts DTS, payload string) invocation {
	t.Helper()
	ctx = functioncontext.NewContext(ctx, &functioncontext.FunctionContext{RequestID: "scf-request", TimeLimitInMs: 60000})
	var written bytes.Buffer
	h := New(dts, &written, slog.LevelInfo)
	var i invocation
	i.answer, i.err = h.Invoke(ctx, []byte(payload))
	i.raw = written.Bytes()
	i.log = readLog(t, i.raw)
	return i
}
