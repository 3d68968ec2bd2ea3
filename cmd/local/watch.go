package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"migratecheck/internal/check"
	"migratecheck/internal/local/scf"
)

// watcher takes the function's log lines, shows those of the level that is asked
// for, and learns from all of them what became of which job: the platform keeps
// that to itself when the function fails.
type watcher struct {
	log      *logger
	level    slog.Level
	progress *progress // nil where nobody sees it

	mu   sync.Mutex      // guards what follows, which nobody writes once the function has ended
	jobs []check.Outcome // in the order of the log, the latest that is known of each
	at   map[string]int  // where in jobs a JobId is
}

// note shows what is no line of the function's, of level info.
func (w *watcher) note(text string) {
	if w.level <= slog.LevelInfo {
		w.log.note(text)
	}
}

// logLine is what is read of a line of the function's log.
type logLine struct {
	Level          slog.Level `json:"level"`
	Message        string     `json:"msg"`
	RequestID      string     `json:"requestId"`
	JobID          string     `json:"jobId"`
	JobName        string     `json:"jobName"`
	Record         *int       `json:"record"`
	DTSRequestID   string     `json:"dtsRequestId"`
	StartRequestID string     `json:"startRequestId"`
	Outcome        string     `json:"outcome"`
	Status         string     `json:"status"`
	Progress       int        `json:"progress"`
	Passed         *bool      `json:"passed"`
	Code           string     `json:"code"`
	Error          string     `json:"error"`
	MayBeRunning   bool       `json:"mayBeRunning"`
	Reason         string     `json:"message"`
	Steps          []struct{ ID, Status, Reason, Solution string }
	Jobs           int `json:"jobs"`
}

// Write takes one line of the function's.
func (w *watcher) Write(line []byte) (int, error) {
	var l logLine // of the event's own line not all of it fits, but the beginning does
	var other *json.UnmarshalTypeError
	err := json.Unmarshal(line, &l)
	isLog := err == nil || errors.As(err, &other) && l.Message != ""
	if isLog {
		w.learn(l)
	}
	switch {
	case isLog && l.Level < w.level:
	case w.log.json:
		w.log.write(line) // also what is no JSON, such as a panic's trace
	default:
		w.log.log(scf.Record{Time: time.Now(), Kind: scf.Line, RequestID: l.RequestID, Text: strings.TrimSuffix(string(line), "\n")})
	}
	return len(line), nil
}

func (w *watcher) learn(l logLine) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch l.Message {
	case "check runs": // of a job that is waited for
		w.keep(l.under(check.StageCreated))
	case "starting": // a start is about to be sent
		w.keep(l.under(check.StageStarting))
	case "job":
		o := l.result()
		w.keep(o)
		if w.progress != nil {
			w.progress.count(l.Jobs, o.Kind())
		}
	}
}

// under is the outcome of a job that is under way: so far it has got to the stage.
func (l logLine) under(stage check.Stage) check.Outcome {
	return check.Outcome{JobID: l.JobID, JobName: l.JobName, Progress: check.Progress{
		Stage: stage, RequestID: l.DTSRequestID, Check: &check.State{Status: check.Starting},
	}}
}

// keep keeps the latest that is known of a job.
func (w *watcher) keep(o check.Outcome) {
	i, known := w.at[o.JobID]
	if known && o.JobID != "" {
		w.jobs[i] = o
		return
	}
	w.at[o.JobID] = len(w.jobs)
	w.jobs = append(w.jobs, o)
}

// interrupted says what cannot be taken back of an event that was interrupted
// first: the migrations that were started, those that may have been, the checks
// that run; then the verdicts that are known. With start, what passed may be on
// its way.
func (w *watcher) interrupted(to io.Writer, start bool) {
	running := "these checks run, or have run by now"
	if start {
		running += ", and what passed may have been started"
	}
	for _, group := range []struct {
		title string
		holds func(check.Outcome) bool
	}{
		{"these migrations were started", func(o check.Outcome) bool { return o.Started() || o.AlreadyStarted() }},
		{"these migrations may have been started", func(o check.Outcome) bool { return o.Stage == check.StageStarting }},
		{running, func(o check.Outcome) bool { return o.Stage == check.StageCreated && o.Kind() != check.KindPassed }},
		{"these checks may run", func(o check.Outcome) bool { return o.Stage == check.StageInQuestion }},
		{"these checks have a verdict", func(o check.Outcome) bool { return o.Stage == check.StageJudged || o.Stage == check.StageWaiting }},
	} {
		title := "local: " + group.title + ":\n"
		for _, o := range w.jobs {
			if !group.holds(o) {
				continue
			}
			line := "  " + o.JobID + "  RequestId " + cmp.Or(o.StartRequestID, o.RequestID)
			if o.Stage == check.StageJudged || o.Stage == check.StageWaiting {
				line += "  " + verdict(o)
			}
			fmt.Fprint(to, title, printable(line), "\n")
			title = ""
		}
	}
}

func verdict(o check.Outcome) string {
	switch o.Kind() {
	case check.KindNotPassed:
		return "not passed: " + check.Cut(o.Check.Message, maxError)
	case check.KindWaiting:
		return "passed, waits to be started"
	case check.KindFailed:
		return "passed, not started: " + o.Error.Code
	}
	return "passed"
}

// result is the outcome that the line of a job tells.
func (l logLine) result() check.Outcome {
	o := check.Outcome{JobID: l.JobID, JobName: l.JobName, Record: l.Record}
	o.Stage, o.RequestID, o.StartRequestID = check.StageCreated, l.DTSRequestID, l.StartRequestID
	if l.Status != "" {
		o.Check = &check.State{Status: l.Status, Progress: l.Progress, Passed: l.Passed, Message: l.Reason, Steps: l.steps()}
	}
	if l.Code != "" {
		o.Stage, o.Error = check.StageUnseen, &check.Error{Code: l.Code, Message: l.Error}
		if l.MayBeRunning {
			o.Stage = check.StageInQuestion
		}
	}
	if o.HasVerdict() { // what failed, failed later
		if o.Stage = check.StageJudged; l.MayBeRunning {
			o.Stage = check.StageStarting
		}
	}
	switch l.Outcome {
	case "waiting":
		o.Stage = check.StageWaiting
	case "rehearsed":
		o.Stage, o.Rehearsed = check.StageUnseen, true
	case "already running":
		o.Found = true
	case "started":
		o.Stage = check.StageStarted
	case "already started":
		o.Stage = check.StageFoundStarted
	case "no verdict", "created, state not known":
		o.Stage = check.StageCreated
	}
	return o
}

// steps are those that the line gives reasons of, each once.
func (l logLine) steps() []check.Step {
	var out []check.Step
	for _, s := range l.Steps {
		if len(out) == 0 || out[len(out)-1].ID != s.ID {
			out = append(out, check.Step{ID: s.ID, Status: s.Status})
		}
		last := &out[len(out)-1]
		last.Failed = append(last.Failed, check.Item{Result: s.Status, Reason: s.Reason, Solution: s.Solution})
	}
	return out
}
