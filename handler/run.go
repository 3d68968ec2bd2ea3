package handler

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	smithytime "github.com/aws/smithy-go/time"
	"github.com/aws/smithy-go/waiter"

	"migratecheck/internal/check"
)

// outcome is what became of one task.
type outcome struct {
	task     task
	receipt  check.Receipt // of the accepted call
	state    *check.State  // nil where none was asked for or seen
	err      *check.Error
	unread   *check.Error // why a check that is waited for could not be read
	attempts int
	began    time.Time
	duration time.Duration
	done     bool
}

// requestID is the RequestId of the call that decided, if there was one. A
// check that was created keeps the id of its creation.
func (o outcome) requestID() string {
	if o.receipt.RequestID != "" || o.err == nil {
		return o.receipt.RequestID
	}
	return o.err.RequestID
}

// created tells of a failed task that its check was accepted all the same: only
// the reading of it failed.
func (o outcome) created() bool { return o.err != nil && o.receipt.RequestID != "" }

// word is the outcome in a word, for the log.
func (o outcome) word() string {
	switch {
	case o.created():
		return "created, state not known"
	case o.err != nil && o.err.MayBeRunning:
		return "not known"
	case o.err != nil && o.err.Code == check.CodeDeadline:
		return "not reached"
	case o.err != nil && o.err.Attempts == 0:
		return "not sent"
	case o.err != nil && strings.HasPrefix(o.err.Code, "ClientError"):
		return "no answer"
	case o.err != nil:
		return "refused"
	case o.state != nil && o.state.Passed != nil && *o.state.Passed:
		return "passed"
	case o.state != nil && o.state.Passed != nil:
		return "not passed"
	case o.state != nil:
		return o.state.Status
	case o.receipt.AlreadyRunning:
		return "already running"
	}
	return "created"
}

// run is the work on one event.
type run struct {
	dts    DTS
	event  event
	log    *slog.Logger
	output *output

	steps        atomic.Int64 // the size of the steps that were seen last
	tooManySteps atomic.Bool
}

// inFlight bounds the jobs of one event that are worked on at once. With
// DTS's 20 calls a second it is enough for answers that take over a second.
const inFlight = 32

// all works on every task of the event and returns the outcomes in the same
// order: first each task's own call, then, for those that wait, the reading of
// their checks until all have ended or time is nearly up.
func (r *run) all(ctx context.Context) []outcome {
	n := len(r.event.tasks)
	outcomes := make([]outcome, n)
	next := make(chan int, n)
	for i, t := range r.event.tasks {
		outcomes[i].task = t
		next <- i
	}
	close(next)

	// Checks are read for the first time beside the creation of the others:
	// each action has a quota of its own, and in a batch too large for the time
	// that is left, as many as can be created can be read.
	created := make(chan int, n)
	var reading sync.WaitGroup
	if slices.ContainsFunc(r.event.tasks, func(t task) bool { return t.wait }) {
		reading.Go(func() {
			each(created, func(i int) {
				o := &outcomes[i]
				inTime := rest(ctx, max(minPoll-time.Since(o.began.Add(o.duration)), 0))
				r.poll(ctx, o, inTime)
			})
		})
	}
	each(next, func(i int) {
		o := &outcomes[i]
		o.began = time.Now()
		r.call(ctx, o)
		o.duration = time.Since(o.began)
		if o.task.wait && o.err == nil && (o.state == nil || !o.state.Ended()) {
			created <- i
		} else {
			r.finish(o)
		}
	})
	close(created)
	reading.Wait()
	r.await(ctx, outcomes)
	return outcomes
}

// each calls work for every number in next until that is closed, several at a
// time.
func each(next <-chan int, work func(i int)) {
	if cap(next) == 1 {
		for i := range next {
			work(i)
		}
		return
	}
	var group sync.WaitGroup
	for range min(cap(next), inFlight) {
		group.Go(func() {
			for i := range next {
				work(i)
			}
		})
	}
	group.Wait()
}

// finish notes that nothing more is to be done about a task.
func (r *run) finish(o *outcome) {
	o.done = true
	o.duration = time.Since(o.began)
	r.logJob(*o)
}

// call makes the call that a task asks for.
func (r *run) call(ctx context.Context, o *outcome) {
	t := o.task
	if t.invalid != nil {
		o.err = t.invalid
		return
	}
	var err error
	if t.describe {
		var state check.State
		if state, o.receipt, err = r.dts.DescribeCheck(ctx, t.job); err == nil {
			r.see(o, state)
		}
	} else {
		o.receipt, err = r.dts.CreateCheck(ctx, t.job)
	}
	o.attempts = o.receipt.Attempts
	if err != nil {
		o.err = asError(err)
		o.attempts = o.err.Attempts
		if !t.describe && o.err.Duplicate() && r.event.source.atLeastOnce() {
			// The event came before, or another said the same.
			o.receipt = check.Receipt{RequestID: o.err.RequestID, AlreadyRunning: true, Attempts: o.attempts}
			o.err = nil
		}
	}
}

// asError is err as the handler's one kind of error.
func asError(err error) *check.Error {
	if e, ok := err.(*check.Error); ok {
		return e
	}
	return &check.Error{Code: "ClientError", Message: err.Error()}
}

// await reads the checks that have not ended in rounds. A check that could be
// read but has not ended when time is up keeps the state that was last seen.
func (r *run) await(ctx context.Context, outcomes []outcome) {
	for round := 2; ; round++ { // the first reading of each is over
		open := make(chan int, len(outcomes))
		for i, o := range outcomes {
			if !o.done {
				open <- i
			}
		}
		close(open)
		if len(open) == 0 {
			return
		}
		deadline, _ := ctx.Deadline()
		inTime := rest(ctx, pollDelay(round, time.Until(deadline)))
		each(open, func(i int) { r.poll(ctx, &outcomes[i], inTime) })
	}
}

// rest waits for the next reading. It reports false, if need be at once, if
// there will be no time for one.
func rest(ctx context.Context, delay time.Duration) bool {
	deadline, _ := ctx.Deadline()
	return delay < time.Until(deadline) && smithytime.SleepWithContext(ctx, delay) == nil
}

// poll reads one check, if there is time, and finishes its task when it was
// the last time.
func (r *run) poll(ctx context.Context, o *outcome, inTime bool) {
	if inTime {
		state, receipt, err := r.dts.DescribeCheck(ctx, o.task.job)
		if err == nil {
			r.see(o, state)
			o.attempts += receipt.Attempts
			if state.Ended() {
				r.finish(o)
			}
			return
		}
		failure := asError(err)
		o.attempts += failure.Attempts
		if !failure.Retryable() {
			o.err = failure
			r.finish(o)
			return
		}
		if failure.Code != check.CodeDeadline {
			o.unread = failure
			return
		}
	}
	if o.state == nil {
		o.err = o.unread
	}
	if o.state == nil && o.err == nil {
		o.err = &check.Error{Code: check.CodeDeadline, Message: "the check was not read: the function's time was nearly up"}
	}
	r.finish(o)
}

// see notes the state of a check. Steps are kept as long as they may fit into
// an answer: those of thousands of checks would not fit into the memory.
func (r *run) see(o *outcome, s check.State) {
	steps := stepsSize(s.Steps)
	if o.state != nil {
		steps -= stepsSize(o.state.Steps)
	}
	if r.steps.Add(int64(steps)) > maxAnswer {
		r.tooManySteps.Store(true)
	}
	if r.tooManySteps.Load() {
		s.Steps = nil
	}
	o.state = &s
}

// stepsSize is about what the steps take in an answer, in bytes.
func stepsSize(steps []check.Step) int {
	n := 0
	for _, s := range steps {
		n += 40 + len(s.Name) + len(s.Status) + len(s.Message)
		for _, item := range s.Failed {
			n += 60 + len(item.Name) + len(item.Result) + len(item.Reason) + len(item.Solution)
			for _, link := range item.HelpDoc {
				n += len(link)
			}
		}
	}
	return n
}

// The pause before each round of polling. The first is long enough for DTS to
// have replaced the state of an earlier check of the same job.
const (
	minPoll = time.Second
	maxPoll = 10 * time.Second
)

// pollDelay is a second at the least, even if less is left: then no reading is
// to follow.
func pollDelay(round int, left time.Duration) time.Duration {
	delay, err := waiter.ComputeDelay(int64(round), minPoll, maxPoll, max(left, 1))
	if err != nil {
		delay = maxPoll // the jitter's random source failed
	}
	return max(delay, minPoll)
}
