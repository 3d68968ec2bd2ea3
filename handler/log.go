package handler

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"migratecheck/internal/check"
)

// logJob writes the line of one job, or of what could not be read as one.
func (r *run) logJob(j *job) {
	level := slog.LevelInfo
	attributes := make([]slog.Attr, 0, 16)
	if j.JobID != "" {
		attributes = append(attributes, slog.String("jobId", j.JobID))
	}
	if j.JobName != "" {
		attributes = append(attributes, slog.String("jobName", j.JobName))
	}
	if j.Record != nil {
		attributes = append(attributes, slog.Int("record", *j.Record))
	}
	if j.RequestID != "" {
		attributes = append(attributes, slog.String("dtsRequestId", j.RequestID))
	}
	if j.Repeated {
		attributes = append(attributes, slog.Bool("repeated", true))
	}
	if j.StartRequestID != "" {
		attributes = append(attributes, slog.String("startRequestId", j.StartRequestID))
	}
	attributes = append(attributes,
		slog.Int("attempts", j.attempts),
		slog.Int64("durationMs", j.duration.Milliseconds()),
		slog.String("outcome", j.word()))
	if s := j.Check; s != nil {
		attributes = append(attributes, slog.String("status", s.Status), slog.Int("progress", s.Progress))
		if s.Passed != nil {
			attributes = append(attributes, slog.Bool("passed", *s.Passed))
		}
	}
	if change := j.Change(); change != check.ChangeNone {
		attributes = append(attributes, slog.String("change", string(change)))
	}
	switch j.Kind() {
	case check.KindFailed:
		if level = slog.LevelError; r.refusedForWhatItSays(j) {
			level = slog.LevelWarn
		}
		attributes = append(attributes, slog.String("code", j.Error.Code), slog.String("error", check.Cut(j.Error.Message, check.MostText)))
		if j.MayBeRunning() {
			attributes = append(attributes, slog.Bool("mayBeRunning", true))
		}
	case check.KindNotPassed:
		level = slog.LevelWarn
		attributes = append(attributes, why(j.Outcome)...)
	case check.KindWaiting:
		if level = slog.LevelWarn; j.Untagged {
			level = slog.LevelInfo
		}
	case check.KindRehearsed:
		attributes = append(attributes, slog.Any("would", j.Would), slog.String("whyNot", j.WhyNot))
	case check.KindNoVerdict:
		if j.ask.Wait {
			level = slog.LevelWarn
		}
	}
	// The number of jobs, for whoever watches a batch go by.
	attributes = append(attributes, slog.Int("jobs", len(r.jobs)))
	r.log.write(level, "job", attributes...)
	if len(r.jobs) > 1 && j.attempts > 0 {
		r.output.flush() // somebody may be watching the batch go by
	}
}

// logStep logs at level debug that the check of a job runs, or that its start is
// about to be sent, for whoever watches; the job's own line comes at its end.
func (r *run) logStep(j *job, message string) {
	if len(j.plan) == 1 || !r.log.Enabled(context.Background(), slog.LevelDebug) {
		return
	}
	r.log.write(slog.LevelDebug, message,
		slog.String("jobId", j.JobID), slog.String("jobName", j.JobName), slog.String("dtsRequestId", j.RequestID))
	r.output.flush()
}

// word returns the outcome in a word, for the log.
func (j *job) word() string {
	if j.Error != nil {
		return j.failedWord()
	}
	switch kind := j.Kind(); kind {
	case check.KindStarted:
		if j.AlreadyStarted() {
			return "already started"
		}
		return "started"
	case check.KindNotPassed:
		return "not passed"
	case check.KindNoVerdict:
		if !j.ask.Wait {
			return j.Check.Status
		}
		return "no verdict"
	case check.KindCreated:
		if j.AlreadyRunning() {
			return "already running"
		}
		return "created"
	default:
		return string(kind) // passed, waiting, rehearsed
	}
}

// failedWord says in a word how a job failed: first by how far it got.
func (j *job) failedWord() string {
	switch code := j.Error.Code; {
	case code == check.CodeNoVerdict:
		return "no verdict"
	case j.MayBeRunning():
		return "not known"
	case j.Created() && j.HasVerdict():
		return "passed, not started"
	case j.Created():
		return "created, state not known"
	case code == check.CodeDeadline:
		return "not reached"
	case j.attempts == 0 && !j.Repeated:
		return "not sent"
	case strings.HasPrefix(code, "ClientError"):
		return "no answer"
	}
	return "refused"
}

// reason is what the log says of a step that failed or gave a warning.
type reason struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	Reason   string `json:"reason,omitempty"`
	Solution string `json:"solution,omitempty"`
}

// maxWhy bounds the explanation of why a check did not pass, in bytes; with the
// rest a line stays within 8 KB.
const maxWhy = 6 << 10

// why returns why a check did not pass, shortened if need be.
func why(o check.Outcome) []slog.Attr {
	for level := range check.Shortenings() {
		short := *o.Shorten(level).Check
		reasons := reasonsOf(short)
		if len(short.Message)+len(check.Marshal(reasons)) <= maxWhy {
			attributes := []slog.Attr{slog.String("message", short.Message)}
			if short.Strictly != nil {
				attributes = append(attributes, slog.Any("strictly", short.Strictly))
			}
			if len(reasons) > 0 {
				attributes = append(attributes, slog.Any("steps", reasons))
			}
			return attributes
		}
	}
	return nil // without texts and steps it is short enough
}

// reasonsOf returns the reasons of the steps that failed or gave a warning. A
// check without such steps may have failed strictly: then it returns those of all
// steps that are not good.
func reasonsOf(s check.State) []reason {
	var bad, notGood []reason
	for _, step := range s.Steps {
		switch {
		case step.Status == check.StepFailed || step.Status == check.StepWarning:
			bad = append(bad, reasonsOfStep(step)...)
		case !step.Good():
			notGood = append(notGood, reasonsOfStep(step)...)
		}
	}
	if bad == nil {
		return notGood
	}
	return bad
}

// reasonsOfStep returns the reasons of one step. DTS's log text stands in where
// it gives no reason.
func reasonsOfStep(s check.Step) []reason {
	if len(s.Failed) == 0 {
		status := s.Status
		if s.Skipped {
			status = check.StepSkipped
		}
		return []reason{{ID: s.ID, Status: status, Reason: s.Message}}
	}
	var out []reason
	for _, item := range s.Failed {
		out = append(out, reason{s.ID, item.Result, cmp.Or(item.Reason, strings.Join(item.Log, " ")), item.Solution})
	}
	return out
}

// logEvent writes the line of an event that is done.
func (r *run) logEvent(result check.Result) {
	c := check.Count(result.Jobs)
	level, word := slog.LevelInfo, "ok"
	if c.Failed > 0 {
		level, word = slog.LevelError, "failed"
	}
	if c.Failed > 0 && r.callersFault() {
		level = slog.LevelWarn
	}
	attributes := []slog.Attr{slog.Int("jobs", c.Jobs), slog.Int("failed", c.Failed)}
	if result.Verdicts {
		attributes = append(attributes, slog.Int("passed", c.Passed), slog.Int("notPassed", c.NotPassed), slog.Int("noVerdict", c.NoVerdict))
	}
	if result.Start {
		attributes = append(attributes, slog.Int("started", c.Started), slog.Int("waiting", c.Waiting))
	}
	attributes = append(attributes, slog.Int64("durationMs", time.Since(r.time.began).Milliseconds()), slog.String("outcome", word))
	r.log.write(level, "event", attributes...)
	r.output.flush()
}

// logger writes log lines to a slog.Handler. Unlike slog.Logger it does not look
// up the source position, which no line shows.
type logger struct{ slog.Handler }

func (l logger) with(attributes ...slog.Attr) logger { return logger{l.WithAttrs(attributes)} }

func (l logger) write(level slog.Level, message string, attributes ...slog.Attr) {
	ctx := context.Background()
	if !l.Enabled(ctx, level) {
		return
	}
	line := slog.NewRecord(time.Now(), level, message, 0)
	line.AddAttrs(attributes...)
	l.Handle(ctx, line)
}

// output gathers log lines until they are flushed: the line of an event's only
// job and the line of the event, which follows at once, are one write, and so
// are those of many jobs that were not reached.
type output struct {
	to io.Writer

	mu    sync.Mutex
	lines []byte
}

func (o *output) Write(line []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lines = append(o.lines, line...)
	if len(o.lines) >= maxLines {
		o.flushLocked()
	}
	return len(line), nil
}

// maxLines bounds what is gathered, in bytes.
const maxLines = 32 << 10

func (o *output) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.flushLocked()
}

func (o *output) flushLocked() {
	if len(o.lines) > 0 {
		o.to.Write(o.lines)
		o.lines = o.lines[:0]
	}
}
