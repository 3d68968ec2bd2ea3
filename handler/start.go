package handler

import (
	"context"
	"time"

	"migratecheck/internal/check"
)

// startState is what is known of a job's start.
type startState struct {
	unanswered bool // a call may have been carried out: nothing is sent before the job's state is read
	looks      int  // how often the state was read since that call
	sent       int  // how many calls were sent by this delivery
}

// mostStarts bounds the calls for one job of an event.
const mostStarts = 3

// startPause is the pause between an unanswered start and the second look at the
// job's state, which may lag behind.
const startPause = time.Second

// start starts the migration. It never repeats a start blindly: after a call
// whose fate is not known, or a refusal, the job's own state decides.
func (r *run) start(ctx context.Context, j *job) move {
	if j.start.unanswered {
		m, sendAgain := r.lookAtStart(ctx, j)
		if !sendAgain {
			return m
		}
	}
	before := j.start.unanswered
	j.start = startState{unanswered: true, sent: j.start.sent + 1} // until it is answered
	receipt, err := r.DTS.Start(ctx, j.JobID)
	j.attempts += receipt.Attempts
	if err == nil {
		j.started(receipt.RequestID)
		return last
	}
	j.fail(err)
	j.attempts += j.Error.Attempts
	if j.MayBeRunning() {
		return again(0)
	}
	// An earlier call may have been carried out, although this one was refused.
	j.start.unanswered = before
	if before {
		j.Stage = check.StageStarting
	}
	if !j.Error.Retryable() { // it, or somebody else, may have started the migration since
		if found, _, failure := r.describeJob(ctx, j); failure == nil && found.Started() {
			if before {
				j.started("")
			} else {
				j.alreadyStarted()
			}
		}
	}
	return last
}

// lookAtStart reads the job's state after a start of unknown fate. It reports
// whether the start is to be sent again.
func (r *run) lookAtStart(ctx context.Context, j *job) (m move, sendAgain bool) {
	found, _, failure := r.describeJob(ctx, j)
	j.start.looks++
	switch {
	case failure == nil && startedSince(found.Status):
		j.started("")
		return last, false
	case failure == nil && j.start.looks < 2:
		return again(startPause), false
	case failure == nil && found.Status == check.JobCheckPass && j.start.sent < mostStarts:
		return onward, true
	case j.Error != nil:
		return last, false // what is known of the start stays
	case failure == nil:
		failure = &check.Error{
			Code:    check.CodeNoAnswer,
			Message: "an earlier start was not answered, and the job's status is " + found.Status,
		}
	}
	j.fail(failure)
	j.Stage = check.StageStarting
	return last, false
}

// startedSince reports whether the status shows that a job which could be started
// a moment ago has been started.
func startedSince(status string) bool {
	switch status {
	case "creating", "canceled", check.JobCreated, check.JobChecking, check.JobCheckPass, check.JobCheckNotPass:
		return false
	}
	return check.KnownStatus(status)
}

// started notes that the migration is started.
func (j *job) started(requestID string) {
	j.Error, j.Stage = nil, check.StageStarted
	j.StartRequestID = requestID
	j.start.unanswered = false
}
