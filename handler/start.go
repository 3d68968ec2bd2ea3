package handler

import (
	"context"
	"time"

	smithytime "github.com/aws/smithy-go/time"

	"migratecheck/internal/check"
)

const (
	// maxStarts bounds the starts that a delivery sends for one job.
	maxStarts = 3

	// startPause is the pause before a second look at the state of a job, which may
	// lag behind a start.
	startPause = time.Second
)

// start starts the migration of a job whose check has passed. The job's own state,
// read just before, decides; and after a start whose fate is not known, or that was
// refused, it is read again before anything else is done.
func (r *run) start(ctx context.Context, j *job) move {
	if j.Stage != check.StageStarting && !j.HasPassed() {
		return last
	}
	if j.Stage == check.StageJudged && needsPerson(j) && r.StartTag.Key == "" {
		j.Stage = check.StageWaiting
		return last
	}
	// Two events that ask for the same at once must not both find the job not started.
	if owner, busy := r.starting.LoadOrStore(j.JobID, j); busy && owner != j {
		return again(startPause) // finish lets go of it
	}
	found, _, failure := r.describeJob(ctx, j)
	switch {
	case failure != nil && j.Error == nil:
		j.fail(failure)
		return last
	case failure != nil:
		return last // what is known of the start stays
	case j.Stage == check.StageStarting:
		return r.settleStart(ctx, j, found)
	}
	return r.startFrom(ctx, j, found)
}

// needsPerson reports whether a job that has passed is one to be started by a person.
func needsPerson(j *job) bool {
	return check.KindOf(j.JobID) == check.Sync || j.Evidence != check.EvidenceProof || j.Others && !j.named || j.listed.TagsUnseen
}

// startFrom starts a job that is in that state, or says why not.
func (r *run) startFrom(ctx context.Context, j *job, found check.Job) move {
	switch untagged := r.untagged(found); {
	case found.Started():
		j.foundStarted()
	case found.Status == check.JobChecking || found.Status == check.JobCheckNotPass:
		// Another check runs, or what was read lags behind: the verdict is open.
		j.retract(found)
		return back(minPoll)
	case found.Status != check.JobCheckPass:
		j.Stage, j.Check = check.StageCreated, &check.State{
			Status: check.Finished, Progress: 100, Message: "not started: the job is " + check.Cut(found.Status, 40),
		}
	case needsPerson(j) || untagged:
		j.Stage, j.Untagged = check.StageWaiting, untagged
	default:
		return r.sendStart(ctx, j)
	}
	return last
}

// retract takes back a verdict that another check has taken the place of, or may have.
func (j *job) retract(found check.Job) {
	j.Retracted = j.Check.Verdict().Brief()
	j.Stage, j.Evidence, j.Check = check.StageCreated, check.EvidenceNone, &check.State{Status: check.Running}
	if found.Status == check.JobChecking {
		j.Evidence = check.EvidenceChecking
	}
}

// settleStart finds out what became of a start whose fate is not known by the job's
// state, and sends it again if it was not carried out.
func (r *run) settleStart(ctx context.Context, j *job, found check.Job) move {
	j.looks++
	switch {
	case found.Started():
		j.started("")
	case j.looks < 2:
		return again(startPause)
	case found.Status != check.JobCheckPass || j.sent == maxStarts:
		if j.Error == nil {
			j.fail(&check.Error{Code: check.CodeNoAnswer, Message: "an earlier start was not answered, and the job's status is " + found.Status})
		}
	case r.untagged(found): // since then
		j.Error, j.Stage, j.Untagged = nil, check.StageWaiting, true
	default:
		return r.sendStart(ctx, j)
	}
	return last
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
	case j.Check != nil && !j.HasVerdict():
		r.verdictIsLate(j)
	default:
		j.fail(&check.Error{Code: check.CodeDeadline, Message: "the migration was not started: the function's time was nearly up"})
	}
}
