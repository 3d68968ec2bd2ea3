package handler

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/aws/smithy-go/waiter"

	"migratecheck/internal/check"
)

// asError returns err as a *check.Error.
func asError(err error) *check.Error {
	var failure *check.Error
	if !errors.As(err, &failure) {
		failure = &check.Error{Code: "ClientError", Message: err.Error()}
	}
	return failure
}

// fail notes that the job failed.
func (j *job) fail(failure *check.Error) {
	j.Error = failure
	if j.RequestID == "" {
		j.RequestID = failure.RequestID
	}
}

// called counts the attempts of a call and returns its error, if any.
func (j *job) called(receipt check.Receipt, err error) *check.Error {
	j.attempts += receipt.Attempts
	if err == nil {
		return nil
	}
	failure := asError(err)
	j.attempts += failure.Attempts
	return failure
}

// describeJob reads the state of a job.
func (r *run) describeJob(ctx context.Context, j *job) (check.Job, check.Receipt, *check.Error) {
	found, receipt, err := r.DTS.DescribeJob(ctx, j.JobID)
	return found, receipt, j.called(receipt, err)
}

// describe reads the check once.
func (r *run) describe(ctx context.Context, j *job) move {
	state, receipt, err := r.DTS.DescribeCheck(ctx, j.JobID)
	if failure := j.called(receipt, err); failure != nil {
		j.fail(failure)
		return last
	}
	j.RequestID = receipt.RequestID
	r.record(j, r.judged(j, state))
	return last
}

// strictly reads the check of a job that had passed before the event: whether it waits
// to be started is not for DTS alone to say.
func (r *run) strictly(ctx context.Context, j *job) move {
	r.describe(ctx, j)
	if j.HasPassed() {
		j.Stage, j.Untagged = check.StageWaiting, r.untagged(j.listed)
	}
	return last
}

// Reading what a job had before is worth no more than a part of its time.
const (
	beforeShare  = 8
	minBefore    = 500 * time.Millisecond
	maxBefore    = 3 * time.Second
	redelivered  = 30 * time.Second // an event that is older may have come before
	beforeFailed = 5                // about so many failures end the readings
)

// before reads the verdict of the check that the job had before: news for people,
// and evidence for the verdict to come. It never makes a job fail, and the creation
// goes first where time is short.
func (r *run) before(ctx context.Context, j *job) move {
	deadline, _ := ctx.Deadline()
	left := time.Until(deadline)
	if j.Stage != check.StageUnseen || left < deadline.Sub(r.time.began)/2 || r.befores.Add(-1) < 0 {
		return onward
	}
	ctx, cancel := context.WithTimeout(ctx, min(max(left/beforeShare, minBefore), maxBefore))
	defer cancel()
	state, receipt, err := r.DTS.DescribeCheck(ctx, j.JobID)
	switch failure := j.called(receipt, err); {
	case failure != nil:
		r.befores.Add(-int32(len(r.jobs)/beforeFailed + 1))
		return onward
	case state.Status == check.Unavailable:
		j.Evidence = check.EvidenceProof // there is no other check to be mistaken for it
		return onward
	case !state.Ended() || state.Passed == nil:
		return onward
	}
	// A check that was begun after the event is one that an earlier delivery created.
	if !j.fired.IsZero() && r.Now().Sub(j.fired) > redelivered {
		found, _, failure := r.describeJob(ctx, j)
		if failure != nil || found.CheckEnded.IsZero() || found.CheckEnded.After(j.fired) {
			return onward
		}
	}
	j.Before = r.judged(j, state).Verdict()
	return onward
}

// create creates the check.
func (r *run) create(ctx context.Context, j *job) move {
	if j.Stage >= check.StageCreated {
		return onward
	}
	earlier := j.Stage
	j.Stage = check.StageInQuestion // until it is answered
	receipt, err := r.DTS.CreateCheck(ctx, j.JobID)
	failure := j.called(receipt, err)
	if failure == nil {
		j.created(receipt)
		r.logStep(j, "check runs")
		return onward
	}
	if !failure.MayBeRunning {
		j.Stage = earlier
	}
	switch {
	case failure.Duplicate() && (r.event.Source.AtLeastOnce() || j.ask.Wait || earlier == check.StageInQuestion):
		// The event came before, or another said the same; or whoever waits wants
		// the verdict of the check that runs.
		j.created(check.Receipt{RequestID: failure.RequestID, AlreadyRunning: true, At: failure.At})
		j.Others = earlier != check.StageInQuestion
		r.logStep(j, "check runs")
		return onward
	case j.ask.Start && !r.event.Source.HTTP() && !failure.Retryable():
		// An earlier delivery, or somebody else, may have started the migration.
		found, seen, unread := r.describeJob(ctx, j)
		switch {
		case unread != nil && unread.Retryable():
			both := *unread
			both.Message = "no check can be created (" + failure.Code + "), and whether the migration was started could not be read: " + unread.Message
			failure = &both
		case unread == nil && found.Started():
			j.RequestID = seen.RequestID
			j.foundStarted()
			return last
		}
	}
	j.fail(failure)
	return last
}

// created notes that the check runs.
func (j *job) created(receipt check.Receipt) {
	j.Error, j.Stage = nil, check.StageCreated
	j.RequestID, j.Found, j.Since = receipt.RequestID, receipt.AlreadyRunning, receipt.At
}

// foundStarted notes that the migration was found started.
func (j *job) foundStarted() { j.Error, j.Stage = nil, check.StageFoundStarted }

// await reads the check until it has ended, also if a reading fails for the
// moment.
func (r *run) await(ctx context.Context, j *job) move {
	if j.Stage >= check.StageJudged {
		return onward
	}
	j.readings++
	state, receipt, err := r.DTS.DescribeCheck(ctx, j.JobID)
	if failure := j.called(receipt, err); failure != nil {
		if !failure.Retryable() {
			j.fail(failure)
			return last
		}
		if failure.Code != check.CodeDeadline {
			short := *failure
			short.Message = check.Cut(short.Message, r.textShare())
			j.unread = &short
		}
		return r.later(ctx, j, 0)
	}
	if j.RequestID == "" {
		j.RequestID = receipt.RequestID
	}
	if j.Since.IsZero() {
		j.Since = receipt.At // of a check that was found running
	}
	state = r.judged(j, state)
	switch {
	case !state.Ended():
		if state.Status == check.Starting || state.Status == check.Running { // an unknown word says nothing
			j.Evidence = check.EvidenceProof
		}
		r.record(j, state)
		if state.Status == check.Unavailable && !j.Created() && j.readings > 1 {
			return onward // there is no check to wait for
		}
		return r.later(ctx, j, 0)
	case state.Passed == nil && check.KindOf(j.JobID) == check.Sync && receipt.At.Sub(j.Since) <= settled:
		// The job's status, without which there is no verdict, may lag behind.
		r.record(j, state)
		return r.later(ctx, j, settled-receipt.At.Sub(j.Since))
	}
	if m, believed := r.believe(ctx, j, state, receipt.At); !believed {
		return m
	}
	r.record(j, state)
	if j.Created() && state.Passed != nil {
		j.Stage = check.StageJudged
	}
	return onward
}

// judged returns the state of a check as the request judges it.
func (r *run) judged(j *job, s check.State) check.State {
	if s.Status == check.Unavailable && j.Created() {
		s.Status = check.Starting
	}
	if j.ask.Strict {
		for _, step := range s.Steps {
			if slices.Contains(j.ask.Accept, step.ID) {
				r.stepsSeen.Store(step.ID, true)
			}
		}
		s = s.Judge(j.ask.Accept)
	}
	return s
}

// warnOfAccepted names the accepted steps that no check has, in the log. Which steps
// a check had that an earlier delivery judged is not known any more.
func (r *run) warnOfAccepted() {
	var unknown []string
	asked, judged := map[string]bool{}, false
	for _, j := range r.jobs {
		if j.recalled != nil && j.recalled.Stage >= check.StageJudged {
			return
		}
		judged = judged || j.HasVerdict()
		for _, id := range j.ask.Accept {
			if _, seen := r.stepsSeen.Load(id); !seen && !asked[id] {
				unknown = append(unknown, id)
			}
			asked[id] = true
		}
	}
	if judged && unknown != nil {
		r.log.write(slog.LevelWarn, "warning", slog.String("error", "Accept: no check has the step "+strings.Join(unknown, ", ")))
	}
}

// record notes the state of a check, with as much of its texts as the job has a
// share of.
func (r *run) record(j *job, s check.State) {
	j.Check = &s
	j.Outcome = j.Outcome.Within(r.textShare())
}

// later returns the move that reads the check again: after a pause that grows, but
// not long after the given time, if it is not past.
func (r *run) later(ctx context.Context, j *job, soon time.Duration) move {
	deadline, _ := ctx.Deadline()
	pause := pollDelay(j.readings, time.Until(deadline))
	if soon > 0 {
		pause = min(pause, max(soon+time.Second, minPoll))
	}
	return again(pause)
}

// The pause before each reading of a check.
const (
	minPoll = time.Second
	maxPoll = 10 * time.Second
)

// pollDelay returns the pause before the next reading: at least a second, even if
// less is left, so that no reading follows.
func pollDelay(readings int, left time.Duration) time.Duration {
	delay, err := waiter.ComputeDelay(int64(readings), minPoll, maxPoll, max(left, 1))
	if err != nil {
		delay = maxPoll // the jitter's random source failed
	}
	return max(delay, minPoll)
}

// verdictIsLate: a check that could be read but has not ended keeps the state that
// was last seen. If the migration was to be started on it, trying again can mend
// that, unless the check is somebody else's.
func (r *run) verdictIsLate(j *job) {
	switch {
	case j.Check != nil && j.ask.Start && j.Created() && !j.Others:
		j.fail(&check.Error{Code: check.CodeNoVerdict, Message: "the check has no verdict yet, so the migration was not started"})
	case j.Check != nil:
	case j.unread != nil:
		j.fail(j.unread)
	default:
		j.fail(&check.Error{Code: check.CodeDeadline, Message: "the check was not read: the function's time was nearly up"})
	}
}

// anew lets the event check the job itself, after somebody else's check has passed.
func (r *run) anew(_ context.Context, j *job) move {
	if !j.Others {
		return onward
	}
	if !j.HasPassed() {
		return last
	}
	verdict := j.Check.Verdict()
	j.Progress = check.Progress{Before: verdict, Retracted: verdict.Brief()}
	return onward
}

// rehearse says what would be done about the job.
func (r *run) rehearse(ctx context.Context, j *job) move {
	j.Rehearsed = true
	found := j.listed
	if j.named {
		seen, receipt, failure := r.describeJob(ctx, j)
		if failure != nil {
			j.fail(failure)
			return last
		}
		found, j.RequestID, j.JobName = seen, receipt.RequestID, seen.Name
	}
	starts := check.KindOf(j.JobID) == check.Migration
	switch {
	case r.waits(j):
		j.WhyNot = "it has passed: it would wait to be started by a person"
		return last
	case found.Status == check.JobChecking && j.ask.Wait:
		j.WhyNot = "a check runs already: it is waited for"
		if anew := !j.named && j.ask.Start && r.consents(found); anew {
			j.Would = append(j.Would, "check")
		} else {
			starts = starts && j.named
		}
	case !found.MayBeChecked() && found.Started():
		j.WhyNot = "the migration was started already: the job is " + found.Status
		return last
	case !found.MayBeChecked():
		j.WhyNot = "no check can be created: the job is " + found.Status
		return last
	default:
		j.Would = append(j.Would, "check")
	}
	switch {
	case !j.ask.Start:
	case !starts:
		j.WhyNot = "it would wait to be started by a person"
	case r.untagged(found) || found.TagsUnseen:
		j.WhyNot = "it would not be started: it does not bear the tag for that"
	default:
		j.Would = append(j.Would, "start")
	}
	return last
}
