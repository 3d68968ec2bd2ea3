package handler

import (
	"context"
	"time"

	"migratecheck/handler/event"
)

// Of the time that an invocation has, a part is kept to write the answer and
// to deliver it.
const (
	marginShare = 20 // one part in so many,
	leastMargin = 50 * time.Millisecond
	mostMargin  = 500 * time.Millisecond

	// jobMargin is what it takes to say of one job that it was not reached, on
	// the small share of a processor that a function of 64 MB has: in a batch of
	// thousands more than all of the above.
	jobMargin = 100 * time.Microsecond

	// Of the working time, where results are handed on, a part is kept for that.
	handOnShare = 5 // one part in so many,
	mostHandOn  = 15 * time.Second

	// defaultTimeout is the platform's own, for an invocation without a deadline.
	defaultTimeout = 3 * time.Second
)

// timeOf returns by when the invocation of ctx is answered: at its deadline,
// less a margin. The runtime hands an invocation that came without a deadline
// one in 1970; the context that is returned is without it.
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

// workUntil returns by when the work on so many jobs ends.
func (h *Handler) workUntil(answerBy, now time.Time, jobs int) time.Time {
	left := answerBy.Sub(now)
	kept := min(time.Duration(jobs)*jobMargin, left/2)
	if h.HandOn != nil {
		kept += min(left/handOnShare, mostHandOn)
	}
	return answerBy.Add(-kept)
}

// countJobs is how many jobs an event may come to.
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

// typicalSelection is for how many jobs time is kept before a selection is read.
const typicalSelection = 1000
