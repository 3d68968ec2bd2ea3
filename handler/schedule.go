package handler

import (
	"context"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	smithytime "github.com/aws/smithy-go/time"

	"migratecheck/internal/check"
)

// inFlight bounds the jobs of one event that are worked on at once in one
// step. With DTS's 20 calls a second it is enough for answers that take over a
// second.
const inFlight = 32

// work brings every job of the event through the steps of its plan. Each step has
// workers of its own, because each action has a quota of its own. A job that waits
// costs a timer.
func (r *run) work(ctx context.Context) {
	r.time.expect(len(r.jobs), r.verdicts())
	ctx, cancel := context.WithDeadline(ctx, r.time.workUntil(0))
	defer cancel()
	// Half of the time in which the quota of readings allows more than one of each
	// check may go to what was there before.
	readings := time.Until(r.time.workUntil(0)).Seconds() * float64(r.Rate)
	r.befores.Store(int32(min(readings/2-float64(len(r.jobs)), float64(len(r.jobs)))))
	var todo []*job
	for _, j := range r.jobs {
		if j.step() == nil {
			r.finish(j)
			continue
		}
		todo = append(todo, j)
	}
	if len(todo) == 1 {
		for j := todo[0]; j.step() != nil; {
			if wait := r.advance(ctx, j); wait > 0 {
				smithytime.SleepWithContext(ctx, wait)
			}
		}
		return
	}
	queues := map[*step]queue{}
	for _, j := range todo {
		for _, s := range j.plan {
			if _, ok := queues[s]; !ok {
				queues[s] = queue{make(chan *job, len(todo)), make(chan *job, len(todo))} // a job is in one at a time
			}
		}
	}
	var left, workers sync.WaitGroup
	left.Add(len(todo))
	done := make(chan struct{})
	for _, q := range queues {
		for range min(len(todo), inFlight) {
			workers.Go(func() {
				for j := q.next(done); j != nil; j = q.next(done) {
					ctx, cancel := context.WithDeadline(ctx, r.time.workUntil(int(r.texts.Load())))
					wait := r.advance(ctx, j)
					cancel()
					switch next := j.step(); {
					case next == nil:
						left.Done()
					case wait > 0:
						time.AfterFunc(wait, func() { queues[next].again <- j })
					default:
						queues[next].first <- j
					}
				}
			})
		}
	}
	for _, j := range todo {
		queues[j.step()].first <- j
	}
	left.Wait()
	close(done)
	workers.Wait()
}

// queue holds the jobs that a step is to work on: those that come to it first go
// before those that come again.
type queue struct{ first, again chan *job }

// next returns the next job, nil once all are done.
func (q queue) next(done <-chan struct{}) *job {
	select {
	case j := <-q.first:
		return j
	default:
	}
	select {
	case j := <-q.first:
		return j
	case j := <-q.again:
		return j
	case <-done:
		return nil
	}
}

// advance runs the job's next step and returns how long the job then waits. A job
// that is through its plan is finished.
func (r *run) advance(ctx context.Context, j *job) (wait time.Duration) {
	if j.began.IsZero() {
		j.began = time.Now()
	}
	m := r.do(ctx, j)
	if m.wait > 0 && !timeAfter(ctx, m.wait) {
		if timeUp := j.step().timeUp; timeUp != nil {
			timeUp(r, j)
		} else {
			j.fail(&check.Error{Code: check.CodeDeadline, Message: "the function's time was nearly up"})
		}
		m = last
	}
	switch {
	case m.last:
		j.at = len(j.plan)
	case m.back:
		j.at--
	case m.wait == 0:
		j.at++
	}
	if j.step() == nil {
		r.finish(j)
	}
	return m.wait
}

// timeAfter reports whether there is time left of ctx after a pause.
func timeAfter(ctx context.Context, pause time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || time.Now().Add(pause).Before(deadline)
}

// do calls the job's next step. A panic is the failure of this job alone.
func (r *run) do(ctx context.Context, j *job) (m move) {
	defer func() {
		panicked := recover()
		if panicked == nil {
			return
		}
		r.log.write(slog.LevelError, "panic",
			slog.String("jobId", j.JobID),
			slog.String("error", panicText(panicked)),
			slog.String("stack", check.Cut(string(debug.Stack()), 8<<10)))
		j.fail(&check.Error{Code: check.CodePanic, Message: "the function failed while it worked on this job: " + panicText(panicked)})
		m = last
	}()
	return j.step().do(r, ctx, j)
}

// panicText describes a panic. Only of runtime errors it shows the text: any other
// value may hold secrets.
func panicText(panicked any) string {
	if err, ok := panicked.(runtime.Error); ok {
		return err.Error()
	}
	return "a panic"
}

// verdicts returns of how many checks the verdict can be read in the time there is.
func (r *run) verdicts() int {
	asked := 0
	for _, j := range r.jobs {
		if j.ask.Describe || j.ask.Wait {
			asked++
		}
	}
	return min(asked, int(time.Until(r.time.answerBy).Seconds())*r.Rate)
}

// maxTexts bounds what the texts of an event's outcomes take, in bytes: those
// of thousands of jobs would fit neither into the memory nor into an answer. Each
// job has an equal share.
const maxTexts = 6 << 20

func (r *run) textShare() int { return maxTexts / max(len(r.jobs), 1) }

// finish notes that nothing more is to be done about a job.
func (r *run) finish(j *job) {
	r.starting.CompareAndDelete(j.JobID, j)
	if !j.began.IsZero() {
		j.duration = time.Since(j.began)
	}
	j.Repeated = j.recalled != nil && j.attempts == 0 && j.recalled.Stage == j.Stage && (j.recalled.Error == nil) == (j.Error == nil)
	for _, d := range j.from {
		r.deliveries.keep(d, remembered{id: j.JobID, judgement: judgementOf(j.ask), Progress: j.Progress})
	}
	j.Outcome = j.Outcome.Within(r.textShare())
	r.texts.Add(int64(j.Outcome.Size()))
	r.logJob(j)
}
