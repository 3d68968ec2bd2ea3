package handler

import (
	"context"
	"time"

	"migratecheck/handler/event"
)

// Of the time that an invocation has, a part is kept to write the answer and
// to deliver it.
const (
	marginShare = 20 // the margin is 1/marginShare of the time left,
	leastMargin = 50 * time.Millisecond
	mostMargin  = 500 * time.Millisecond

	// jobMargin is the time it takes to report one job as not reached on the small
	// share of a processor that 64 MB gets; for thousands of jobs it adds up to
	// more than the margin.
	jobMargin = 100 * time.Microsecond

	// Where results are handed on, a part of the working time is kept for that.
	handOnShare = 5 // 1/handOnShare of it,
	mostHandOn  = 15 * time.Second

	// defaultTimeout is the platform's own, for an invocation without a deadline.
	defaultTimeout = 3 * time.Second
)

// timeOf returns the time by which the invocation must be answered: the deadline
// of ctx less a margin. The runtime gives an invocation without a deadline one in
// 1970; it is removed from the returned context.
func timeOf(ctx context.Context, now time.Time, limitInMs int32) (context.Context, time.Time) {
	deadline, ok := ctx.Deadline()
	if !ok || deadline.Unix() <= 0 {
		limit := time.Duration(limitInMs) * time.Millisecond
		if limit <= 0 {
			limit = defaultTimeout
		}
		ctx, deadline = context.WithoutCancel(ctx), now.Add(limit)
	}
	return ctx, deadline.Add(-margin(deadline.Sub(now)))
}

func margin(left time.Duration) time.Duration {
	return min(max(left/marginShare, leastMargin), mostMargin)
}

// workUntil returns when the work on the given number of jobs must end.
func (h *Handler) workUntil(answerBy, now time.Time, jobs int) time.Time {
	left := answerBy.Sub(now)
	kept := min(time.Duration(jobs)*jobMargin, left/2)
	if h.HandOn != nil {
		kept += writeTime(left, jobs) + min(left/handOnShare, mostHandOn)
	}
	return answerBy.Add(-kept)
}

// handOnUntil returns when handing on must end: what it could not deliver is
// still to be logged, before the answer is written.
func handOnUntil(answerBy, began time.Time, jobs int) time.Time {
	return answerBy.Add(-writeTime(answerBy.Sub(began), jobs))
}

// writeTime is how much of the time that is left is kept to write what could not
// be handed on.
func writeTime(left time.Duration, jobs int) time.Duration {
	return min(time.Duration(jobs)*jobMargin, left/4)
}

// countJobs returns how many jobs to expect of an event.
func countJobs(e event.Event) int {
	n := 0
	for _, r := range e.Requests {
		n += len(r.Jobs)
		if r.Select != nil {
			n += typicalSelection
		}
	}
	return n
}

// typicalSelection is the number of jobs assumed for a selection that has not been
// read.
const typicalSelection = 1000
