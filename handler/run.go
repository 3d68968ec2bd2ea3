package handler

import (
	"context"
	"log/slog"
	"sync"
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
	duration time.Duration
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
	case o.err != nil && o.err.RequestID != "":
		return "refused"
	case o.err != nil && o.err.Code == check.CodeDeadline:
		return "not reached"
	case o.err != nil && o.err.Attempts == 0:
		return "not sent"
	case o.err != nil:
		return "no answer"
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
}

// inFlight bounds the jobs of one event that are worked on at once. With
// DTS's 20 calls a second it is enough for answers that take over a second.
const inFlight = 32

// all works on every task of the event and returns the outcomes in the same
// order: first each task's own call, then, for those that wait, rounds of
// reading their checks until all have ended or time is nearly up.
func (r *run) all(ctx context.Context) []outcome {
	outcomes := make([]outcome, len(r.event.tasks))
	began := make([]time.Time, len(outcomes))
	each(len(outcomes), func(i int) {
		began[i] = time.Now()
		outcomes[i] = r.call(ctx, r.event.tasks[i])
		outcomes[i].duration = time.Since(began[i])
		if !waiting(outcomes[i]) {
			r.logJob(outcomes[i])
		}
	})
	r.await(ctx, outcomes, began)
	return outcomes
}

// each calls work for 0 to n-1, several at a time.
func each(n int, work func(i int)) {
	if n == 1 {
		work(0)
		return
	}
	var group sync.WaitGroup
	next := make(chan int)
	for range min(n, inFlight) {
		group.Go(func() {
			for i := range next {
				work(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	group.Wait()
}

// call makes the call that a task asks for.
func (r *run) call(ctx context.Context, t task) outcome {
	o := outcome{task: t}
	if t.invalid != nil {
		o.err = t.invalid
		return o
	}
	var err error
	if t.describe {
		var state check.State
		if state, o.receipt, err = r.dts.DescribeCheck(ctx, t.job); err == nil {
			o.state = &state
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
	return o
}

// asError is err as the handler's one kind of error.
func asError(err error) *check.Error {
	if e, ok := err.(*check.Error); ok {
		return e
	}
	return &check.Error{Code: "ClientError", Message: err.Error()}
}

// waiting tells that a task waits for its check to end.
func waiting(o outcome) bool {
	return o.task.wait && o.err == nil && (o.state == nil || !o.state.Ended())
}

// await reads the checks of the tasks that wait. A task whose check could be
// read but has not ended when time is up keeps the state that was last seen.
func (r *run) await(ctx context.Context, outcomes []outcome, began []time.Time) {
	var open []int
	for i, o := range outcomes {
		if waiting(o) {
			open = append(open, i)
		}
	}
	for round := 1; len(open) > 0; round++ {
		deadline, _ := ctx.Deadline()
		left := time.Until(deadline)
		delay := pollDelay(round, left)
		timeUp := delay >= left || smithytime.SleepWithContext(ctx, delay) != nil
		ended := make([]bool, len(open))
		each(len(open), func(i int) {
			o := &outcomes[open[i]]
			ended[i] = r.poll(ctx, o, timeUp)
			if ended[i] {
				o.duration = time.Since(began[open[i]])
				r.logJob(*o)
			}
		})
		still := open[:0]
		for i, index := range open {
			if !ended[i] {
				still = append(still, index)
			}
		}
		open = still
	}
}

// poll reads one check and reports whether that was the last time.
func (r *run) poll(ctx context.Context, o *outcome, timeUp bool) bool {
	if !timeUp {
		state, receipt, err := r.dts.DescribeCheck(ctx, o.task.job)
		if err == nil {
			o.state = &state
			o.attempts += receipt.Attempts
			return state.Ended()
		}
		failure := asError(err)
		o.attempts += failure.Attempts
		if !failure.Retryable() {
			o.err = failure
			return true
		}
		if failure.Code != check.CodeDeadline {
			o.unread = failure
			return false
		}
	}
	if o.state == nil {
		o.err = o.unread
	}
	if o.state == nil && o.err == nil {
		o.err = &check.Error{Code: check.CodeDeadline, Message: "the check was not read: the function's time was nearly up"}
	}
	return true
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
