package main

import (
	"encoding/json"
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
	jobs []check.Outcome // in the order of the log
	runs []check.Outcome // the same, those whose checks run or have run
	at   map[string]int  // where in jobs a JobId is
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
	var l logLine
	isLog := json.Unmarshal(line, &l) == nil
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
		o := check.Outcome{JobID: l.JobID, JobName: l.JobName, Progress: check.Progress{Stage: check.StageCreated, RequestID: l.DTSRequestID, Check: &check.State{Status: check.Starting}}}
		w.runs = append(w.runs, o)
		w.note(o)
	case "job":
		o := l.result()
		if l.Outcome == "created" || o.AlreadyRunning() {
			w.runs = append(w.runs, o)
		}
		w.note(o)
		if w.progress != nil {
			w.progress.count(l.Jobs, l.Code != "")
		}
	}
}

// note keeps the latest that is known of a job.
func (w *watcher) note(o check.Outcome) {
	i, known := w.at[o.JobID]
	if known && o.JobID != "" {
		w.jobs[i] = o
		return
	}
	w.at[o.JobID] = len(w.jobs)
	w.jobs = append(w.jobs, o)
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
	switch l.Outcome {
	case "already running":
		o.Found = true
	case "started":
		o.Stage = check.StageStarted
	case "already started":
		o.Stage = check.StageFoundStarted
	case "no verdict", "passed, not started", "created, state not known":
		if o.Stage = check.StageCreated; l.MayBeRunning {
			o.Stage = check.StageStarting
		}
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
