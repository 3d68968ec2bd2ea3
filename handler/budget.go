package handler

import (
	"context"
	"time"
)

// budget divides the time of an invocation: the work ends first, then the result is
// forwarded, then what is left serves to write the answer and to deliver it.
type budget struct {
	began, answerBy time.Time
	forwards        bool
}

const (
	// marginShare, leastMargin and mostMargin: of the time 1/marginShare, within
	// these bounds, is kept to deliver the answer.
	marginShare = 20
	leastMargin = 50 * time.Millisecond
	mostMargin  = 500 * time.Millisecond

	// jobTime is what it takes to tell what became of one job, in the log and in the
	// answer, on the small share of a processor that 64 MB get.
	jobTime = 400 * time.Microsecond

	// Results are forwarded within 1/forwardShare of the time, at most mostForward.
	forwardShare = 5
	mostForward  = 15 * time.Second

	// Where messages are lost, each of three destinations costs about as much time
	// as writing the answer did, and the answer is written again.
	lostTimes = 4

	// defaultTimeout is the platform's own, for an invocation without a deadline.
	defaultTimeout = 3 * time.Second
)

// budgetOf returns the budget of an invocation. The runtime gives an invocation
// without a deadline one in 1970; it is removed from the returned context.
func budgetOf(ctx context.Context, began time.Time, limitInMs int32, forwards bool) (context.Context, budget) {
	deadline, ok := ctx.Deadline()
	if !ok || deadline.Unix() <= 0 {
		limit := time.Duration(limitInMs) * time.Millisecond
		if limit <= 0 {
			limit = defaultTimeout
		}
		ctx, deadline = context.WithoutCancel(ctx), began.Add(limit)
	}
	margin := min(max(deadline.Sub(began)/marginShare, leastMargin), mostMargin)
	return ctx, budget{began, deadline.Add(-margin), forwards}
}

func (b budget) whole() time.Duration { return b.answerBy.Sub(b.began) }

// forward is how long forwarding may take.
func (b budget) forward() time.Duration {
	if !b.forwards {
		return 0
	}
	return min(b.whole()/forwardShare, mostForward)
}

// workUntil returns when the work on that many jobs must end.
func (b budget) workUntil(jobs int) time.Time {
	kept := min(time.Duration(jobs)*jobTime, b.whole()/2)
	return b.answerBy.Add(-kept - b.forward())
}

// forwardUntil returns when forwarding must end, if it begins now: what could not be
// delivered is still to be written, before the answer is. written is how long it
// took to write the answer.
func (b budget) forwardUntil(jobs int, written time.Duration) time.Time {
	now := time.Now()
	left := b.answerBy.Sub(now)
	kept := min(max(time.Duration(jobs)*jobTime, lostTimes*written), left/2)
	return now.Add(min(b.forward(), left-kept))
}
