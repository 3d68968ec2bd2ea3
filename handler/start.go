package handler

import (
	"context"
	"time"

	smithytime "github.com/aws/smithy-go/time"

	"migratecheck/internal/check"
)

const (
	// maxStarts bounds the starts that are sent for one job of an event.
	maxStarts = 3

	// startPause is the pause before a second look at the state of a job, which may
	// lag behind a start.
	startPause = time.Second
)

// start starts the migration of a job whose check has passed. The job's own state,
// read just before, decides; and after a start whose fate is not known, or that was
// refused, it is read again before anything else is done.
func (r *run) start(ctx context.Context, j *job) (m move) {
	if j.Stage != check.StageStarting && (j.Check == nil || j.Check.Passed == nil || !*j.Check.Passed) {
		return last
	}
	waits := check.KindOf(j.JobID) == check.Sync || j.Evidence != check.EvidenceProof || j.Others && !j.named || j.listed.TagsUnseen
	if j.Stage == check.StageJudged && waits && r.StartTag.Key == "" {
		j.Stage = check.StageWaiting
		return last
	}
	// Two events that ask for the same at once must not both find the job not started.
	if owner, busy := r.starting.LoadOrStore(j.JobID, j); busy && owner != j {
		return again(startPause) // finish, or going back, lets go of it
	}
	found, _, failure := r.describeJob(ctx, j)
	untagged := r.untagged(found)
	switch {
	case failure != nil && j.Error == nil:
		j.fail(failure)
		return last
	case failure != nil:
		return last // what is known of the start stays
	case j.Stage == check.StageStarting:
		if m, decided := r.lookAgain(j, found); decided {
			return m
		}
		if untagged { // since then
			j.Error, j.Stage, j.Untagged = nil, check.StageWaiting, true
			return last
		}
	case found.Started():
		j.foundStarted()
		return last
	case found.Status == check.JobChecking || found.Status == check.JobCheckNotPass:
		// Another check runs, or what was read lags behind: the verdict is open.
		j.Stage, j.Evidence, j.Check = check.StageCreated, check.EvidenceNone, &check.State{Status: check.Running}
		if found.Status == check.JobChecking {
			j.Evidence = check.EvidenceChecking
		}
		r.starting.CompareAndDelete(j.JobID, j)
		return back(minPoll)
	case found.Status != check.JobCheckPass:
		j.Stage, j.Check = check.StageCreated, &check.State{
			Status: check.Finished, Progress: 100, Message: "not started: the job is " + check.Cut(found.Status, 40),
		}
		return last
	case waits || untagged:
		j.Stage, j.Untagged = check.StageWaiting, untagged
		return last
	}
	return r.sendStart(ctx, j)
}

func (r *run) sendStart(ctx context.Context, j *job) move {
	r.logStep(j, "starting")
	earlier := j.Stage
	j.Stage, j.looks, j.sent = check.StageStarting, 0, j.sent+1 // until it is answered
	receipt, err := r.DTS.Start(ctx, j.JobID)
	failure := j.called(receipt, err)
	if failure == nil {
		j.started(receipt.RequestID)
		return last
	}
	j.fail(failure)
	if failure.MayBeRunning {
		return again(0)
	}
	if failure.Retryable() {
		j.Stage = earlier
		return last
	}
	// An earlier start, or somebody else's, may be why this one was refused. The
	// job's state may lag behind.
	looks := 1
	if failure.HTTPStatus() == 409 {
		looks = 2
	}
	for look := range looks {
		if look > 0 && smithytime.SleepWithContext(ctx, startPause) != nil {
			break
		}
		if found, _, unread := r.describeJob(ctx, j); unread == nil && found.Started() {
			if earlier == check.StageStarting {
				j.started("")
			} else {
				j.foundStarted()
			}
			return last
		}
	}
	j.Stage = earlier
	return last
}

// lookAgain says what the job's state means after a start of unknown fate. It
// reports false if the start is to be sent again.
func (r *run) lookAgain(j *job, found check.Job) (m move, decided bool) {
	j.looks++
	switch {
	case found.Started():
		j.started("")
		return last, true
	case j.looks < 2:
		return again(startPause), true
	case found.Status == check.JobCheckPass && j.sent < maxStarts:
		return onward, false
	case j.Error == nil:
		j.fail(&check.Error{Code: check.CodeNoAnswer, Message: "an earlier start was not answered, and the job's status is " + found.Status})
	}
	return last, true
}

// started notes that the migration is started.
func (j *job) started(requestID string) {
	j.Error, j.Stage, j.StartRequestID = nil, check.StageStarted, requestID
}

// startIsLate: whether a start that was sent has been carried out stays open; one
// that was not can be sent by the next delivery.
func (r *run) startIsLate(j *job) {
	switch {
	case j.Error != nil:
	case j.Stage == check.StageStarting:
		j.fail(&check.Error{Code: check.CodeDeadline, Message: "whether the migration was started is not known: the function's time was nearly up"})
	case j.Check != nil && j.Check.Passed == nil:
		r.verdictIsLate(j)
	default:
		j.fail(&check.Error{Code: check.CodeDeadline, Message: "the migration was not started: the function's time was nearly up"})
	}
}
