package handler

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"migratecheck/handler/event"
	"migratecheck/internal/check"
)

// job is one job of an event and what has become of it so far.
type job struct {
	check.Outcome
	finished bool // the outcome is complete

	ask  event.Ask
	plan []step
	from []string // the ids of the requests that ask for it

	invalid  bool  // it stands for a record or a request that cannot be carried out
	recalled *past // what an earlier delivery did for it, nil for nothing

	evidence evidence
	readings int          // of the check
	unread   *check.Error // why the check could not be read the last time
	start    startState

	attempts int
	began    time.Time
	duration time.Duration
}

// asError returns err as a *check.Error.
func asError(err error) *check.Error {
	var failure *check.Error
	if !errors.As(err, &failure) {
		failure = &check.Error{Code: "ClientError", Message: err.Error()}
	}
	return failure
}

// fail notes that the job failed.
func (j *job) fail(err error) {
	failure := asError(err)
	j.Error = failure
	switch {
	case failure.MayBeRunning && !j.evidence.created:
		j.Stage = check.StageInQuestion
	case failure.MayBeRunning:
		j.Stage = check.StageStarting
	case j.evidence.created:
		j.Stage, j.Since = check.StageCreated, j.evidence.since
	}
	if j.evidence.created {
		j.Since = j.evidence.since
	}
	if j.RequestID == "" {
		j.RequestID = failure.RequestID
	}
}

// run is the work on one event.
type run struct {
	*Handler
	source event.Source
	about  About
	log    logger
	jobs   []*job

	mu    sync.Mutex // guards what follows, and the outcomes of finished jobs
	texts int        // about how many bytes the outcomes' texts take
	way   int        // in which outcomes are shortened
}

// inFlight bounds the jobs of one event that are worked on at once in one
// step. With DTS's 20 calls a second it is enough for answers that take over a
// second.
const inFlight = 32

// all works on every job of the event until it is finished: each job goes
// through the steps of its plan, and each step works on several jobs at once.
// A step that waits is no burden to the others, for each action has a quota of
// its own.
func (r *run) all(ctx context.Context) {
	var todo []*job
	for _, j := range r.jobs {
		if len(j.plan) == 0 {
			r.finish(j)
			continue
		}
		todo = append(todo, j)
	}
	if len(todo) == 1 {
		r.alone(ctx, todo[0])
		return
	}
	lines := map[string]*line{}
	var left, workers sync.WaitGroup
	left.Add(len(todo))
	done := make(chan struct{})
	for _, j := range todo {
		for _, s := range j.plan {
			if lines[s.name] == nil {
				lines[s.name] = newLine(done)
			}
		}
		lines[j.plan[0].name].add(j, time.Time{})
	}
	for _, l := range lines {
		for range min(len(todo), inFlight) {
			workers.Go(func() {
				for j := range l.due() {
					m := r.advance(ctx, j)
					if len(j.plan) == 0 {
						left.Done()
						continue
					}
					lines[j.plan[0].name].add(j, m)
				}
			})
		}
	}
	left.Wait()
	close(done)
	workers.Wait()
}

// alone works on the only job of an event.
func (r *run) alone(ctx context.Context, j *job) {
	for len(j.plan) > 0 {
		pause(ctx, time.Until(r.advance(ctx, j)))
	}
}

// advance runs the job's next step and returns when the job is due again: at once,
// unless the step asked for a pause. A job without further steps is finished.
func (r *run) advance(ctx context.Context, j *job) (due time.Time) {
	if j.began.IsZero() {
		j.began = time.Now()
	}
	m := r.step(ctx, j)
	deadline, _ := ctx.Deadline()
	switch {
	case m.again && time.Now().Add(m.after).Before(deadline):
		return time.Now().Add(m.after)
	case m.again:
		r.timeUp(j)
		j.plan = j.plan[1:]
	case m.last:
		j.plan = nil
	default:
		j.plan = j.plan[1:]
	}
	if len(j.plan) == 0 {
		r.finish(j)
	}
	return time.Time{}
}

// step calls the job's next step. A panic is the failure of this job alone.
func (r *run) step(ctx context.Context, j *job) (m move) {
	defer func() {
		panicked := recover()
		if panicked == nil {
			return
		}
		r.log.write(slog.LevelError, "panic",
			slog.String("jobId", j.JobID),
			slog.String("error", panicText(panicked)),
			slog.String("stack", check.Cut(string(debug.Stack()), 8<<10)))
		j.fail(&check.Error{
			Code:         check.CodePanic,
			Message:      "the function failed while it worked on this job: " + panicText(panicked),
			MayBeRunning: j.plan[0].changes,
		})
		m = move{last: true}
	}()
	return j.plan[0].do(r, ctx, j)
}

// panicText describes a panic. Only of runtime errors it shows the text: any other
// value may hold secrets.
func panicText(panicked any) string {
	if err, ok := panicked.(runtime.Error); ok {
		return err.Error()
	}
	return "a panic"
}

// finish notes that nothing more is to be done about a job. From here on its
// outcome belongs to the run, which may shorten it at any time.
func (r *run) finish(j *job) {
	if !j.began.IsZero() {
		j.duration = time.Since(j.began)
	}
	r.memory.note(j)
	r.logJob(j)
	r.keep(j)
}

// mostTexts bounds what the texts of an event's outcomes take, in bytes: those
// of thousands of jobs would fit neither into the memory nor into an answer.
const mostTexts = 6 << 20

// keep keeps the outcome of a finished job, and shortens all alike if their
// texts take too much.
func (r *run) keep(j *job) {
	r.mu.Lock()
	defer r.mu.Unlock()
	j.finished = true
	j.Outcome = j.Outcome.Shorten(r.way)
	r.texts += textSize(j.Outcome)
	for r.texts > mostTexts && r.way < check.Shortenings()-1 {
		r.way++
		r.texts = 0
		for _, other := range r.jobs {
			if other.finished {
				other.Outcome = other.Outcome.Shorten(r.way)
				r.texts += textSize(other.Outcome)
			}
		}
	}
}

// textSize returns roughly how many bytes an outcome's texts take.
func textSize(o check.Outcome) int {
	n := len(o.JobName)
	if o.Error != nil {
		n += len(o.Error.Message)
	}
	if o.Check != nil {
		n += stateSize(*o.Check)
	}
	return n
}

func stateSize(s check.State) int {
	n := len(s.Message)
	for _, step := range s.Steps {
		n += 60 + len(step.ID) + len(step.Name) + len(step.Status) + len(step.Message)
		for _, item := range step.Failed {
			n += 100 + len(item.Name) + len(item.Description) + len(item.Result) + len(item.Reason) + len(item.Solution) + len(item.SkipRisk)
			for _, text := range item.Log {
				n += 20 + len(text)
			}
			for _, link := range item.HelpDoc {
				n += 20 + len(link)
			}
		}
	}
	return n
}
