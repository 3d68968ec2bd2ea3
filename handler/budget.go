package handler

import (
	"context"
	"time"
)

// budget divides the time of an invocation: the work ends first, then the answer is
// written, then the result is forwarded, and what is left serves to write what could
// not be, the answer once more, and to deliver it.
type budget struct {
	began, answerBy time.Time
	forwards        bool

	// What there will be to tell: so many jobs, and about so many bytes of what DTS
	// says of their checks.
	jobs, texts int
}

const (
	// marginShare, minMargin and maxMargin: of the time 1/marginShare, within
	// these bounds, is kept to deliver the answer.
	marginShare = 20
	minMargin   = 50 * time.Millisecond
	maxMargin   = 500 * time.Millisecond

	// jobTime is what it takes to tell what became of one job, in the log and in the
	// answer, on the small share of a processor that 64 MB get; lostJobTime what it
	// takes where it could not be forwarded. textTime and lostTextTime are those of a
	// kilobyte of DTS's texts.
	jobTime      = 350 * time.Microsecond
	lostJobTime  = 500 * time.Microsecond
	textTime     = 400 * time.Microsecond
	lostTextTime = 600 * time.Microsecond

	// The texts of a check usually take less than usualTexts bytes, those of many
	// less than manyTexts. Where they take more, the work ends earlier.
	usualTexts = 4 << 10
	manyTexts  = 3 << 19

	// Results are forwarded within 1/forwardShare of the time, at most maxForward.
	forwardShare = 5
	maxForward   = 15 * time.Second

	// Of all that is lost the largest message is at most this share; and what the answer
	// still needs is so many times what it took to write it.
	largestShare = 2
	answerTimes  = 5

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
	margin := min(max(deadline.Sub(began)/marginShare, minMargin), maxMargin)
	return ctx, budget{began: began, answerBy: deadline.Add(-margin), forwards: forwards}
}

func (b budget) whole() time.Duration { return b.answerBy.Sub(b.began) }

// forward is how long forwarding may take.
func (b budget) forward() time.Duration {
	if !b.forwards {
		return 0
	}
	return min(b.whole()/forwardShare, maxForward)
}

// expect notes how many jobs there are, and of how many checks the verdict can be
// read.
func (b *budget) expect(jobs, verdicts int) {
	b.jobs, b.texts = jobs, min(verdicts*usualTexts, manyTexts)
}

// workUntil returns when the work must end. There may be more bytes of texts by then
// than were expected.
func (b budget) workUntil(texts int) time.Time {
	b.texts = max(b.texts, texts)
	kept := b.telling(jobTime, textTime)
	if b.forwards {
		kept += b.telling(lostJobTime, lostTextTime)
	}
	return b.answerBy.Add(-min(kept, b.whole()/2) - b.forward())
}

// telling returns how long it takes to tell what there is, given what a job and a
// kilobyte take.
func (b budget) telling(job, kilobyte time.Duration) time.Duration {
	return time.Duration(b.jobs)*job + time.Duration(b.texts>>10)*kilobyte
}

// forwardUntil returns when forwarding must end, if it begins now: what could not be
// delivered is still to be written. It may be past.
func (b budget) forwardUntil() time.Time {
	now := time.Now()
	return now.Add(min(b.forward(), b.answerBy.Sub(now)-b.telling(lostJobTime, lostTextTime)))
}

// loggedBy returns when no more of what could not be delivered is begun to be written:
// what is begun is still to be ended, and the answer is written and encoded once more.
// written is how long it took to write the answer.
func (b budget) loggedBy(written time.Duration) time.Time {
	return b.answerBy.Add(-max(b.telling(lostJobTime, 0)/largestShare, answerTimes*written))
}
