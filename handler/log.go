package handler

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

// logJob writes the line of one job, or of what could not be read as one.
func (r *run) logJob(o outcome) {
	level := slog.LevelInfo
	attributes := make([]slog.Attr, 0, 12)
	if o.task.job != "" {
		attributes = append(attributes, slog.String("jobId", o.task.job))
	}
	if o.requestID() != "" {
		attributes = append(attributes, slog.String("dtsRequestId", o.requestID()))
	}
	attributes = append(attributes,
		slog.Int("attempts", o.attempts),
		slog.Int64("durationMs", o.duration.Milliseconds()),
		slog.String("outcome", o.word()))
	if s := o.state; s != nil {
		attributes = append(attributes, slog.String("status", s.Status), slog.Int("progress", s.Progress))
		if s.Passed != nil {
			attributes = append(attributes, slog.Bool("passed", *s.Passed))
			if !*s.Passed {
				level = slog.LevelWarn
			}
		}
	}
	if o.err != nil {
		level = slog.LevelError
		attributes = append(attributes, slog.String("code", o.err.Code), slog.String("error", o.err.Message))
		if o.err.MayBeRunning {
			attributes = append(attributes, slog.Bool("mayBeRunning", true))
		}
	}
	// Of how many this is one, for whoever watches a batch go by.
	attributes = append(attributes, slog.Int("jobs", max(len(r.event.tasks), 1)))
	r.log.LogAttrs(context.Background(), level, "job", attributes...)
	if len(r.event.tasks) > 1 && o.attempts > 0 {
		r.output.flush() // somebody may be watching the batch go by
	}
}

// logEvent writes the line of an event that is done.
func (r *run) logEvent(outcomes []outcome, took time.Duration) {
	failed := failures(outcomes)
	level, word := slog.LevelInfo, "ok"
	if failed > 0 {
		level, word = slog.LevelError, "failed"
	}
	r.log.LogAttrs(context.Background(), level, "event",
		slog.Int("jobs", len(outcomes)),
		slog.Int("failed", failed),
		slog.Int64("durationMs", took.Milliseconds()),
		slog.String("outcome", word))
	r.output.flush()
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
