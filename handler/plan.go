package handler

import (
	"context"
	"time"

	"github.com/aws/smithy-go/waiter"

	"migratecheck/handler/event"
	"migratecheck/internal/check"
)

// step works on one job. Its move says what comes next.
type step struct {
	name    string
	do      func(*run, context.Context, *job) move
	changes bool // if it panics, DTS may have changed something
}

// move says what follows a step: the next one, unless last ends the plan or again
// repeats the step after a pause.
type move struct {
	last  bool
	again bool
	after time.Duration
}

var (
	onward = move{}
	last   = move{last: true}
)

// again returns the move that repeats the step after a pause. If there is no time
// for that, the job's time is up and the next step runs.
func again(after time.Duration) move { return move{again: true, after: after} }

// planOf returns the plan for what is asked: the one table of them.
func planOf(ask event.Ask) []step {
	switch {
	case ask.Describe && ask.Wait:
		return []step{await}
	case ask.Describe:
		return []step{describe}
	case ask.Start:
		return []step{create, await, requirePassed, start}
	case ask.Wait:
		return []step{create, await}
	}
	return []step{create}
}

// The steps.
var (
	create        = step{"create", (*run).create, true}
	describe      = step{"describe", (*run).describe, false}
	await         = step{"await", (*run).await, false}
	requirePassed = step{"require passed", (*run).requirePassed, false}
	start         = step{"start", (*run).start, true}
)

// create creates the check, unless an earlier delivery of the event did.
func (r *run) create(ctx context.Context, j *job) move {
	if r.memory.recall(j) {
		if j.Error != nil || j.Started() || j.AlreadyStarted() {
			return last
		}
		if j.start.unanswered { // the check passed; only what became of the start is not known
			j.plan = []step{j.plan[0], start}
		}
		return onward
	}
	receipt, err := r.DTS.CreateCheck(ctx, j.JobID)
	j.attempts += receipt.Attempts
	if err == nil {
		j.accepted(receipt)
		r.logRunning(j)
		return onward
	}
	j.fail(err)
	j.attempts += j.Error.Attempts
	switch {
	case j.Error.Duplicate() && (r.source.AtLeastOnce() || j.ask.Wait || j.evidence.unanswered):
		// The event came before, or another said the same; or whoever waits wants
		// the verdict of the check that runs.
		j.accepted(check.Receipt{RequestID: j.Error.RequestID, AlreadyRunning: true, At: j.Error.At})
		r.logRunning(j)
		return onward
	case j.ask.Start && r.source.AtLeastOnce() && !j.Error.Retryable():
		if r.startedBefore(ctx, j) {
			return last
		}
	}
	j.evidence.unanswered = j.evidence.unanswered || j.MayBeRunning() // by an earlier delivery
	if j.evidence.unanswered {
		j.Stage = check.StageInQuestion
	}
	return last
}

// accepted notes that the check runs.
func (j *job) accepted(receipt check.Receipt) {
	j.Error, j.Stage = nil, check.StageCreated
	j.RequestID, j.Found = receipt.RequestID, receipt.AlreadyRunning
	j.evidence.created, j.evidence.since = true, receipt.At
	if receipt.At.IsZero() {
		j.evidence.since = time.Now()
	}
	j.Since = j.evidence.since
}

// startedBefore reports whether the job, of which no check can be created, has
// been started: by an earlier delivery of the event, or by somebody else. Where
// this cannot be read for the moment, that is why the job failed.
func (r *run) startedBefore(ctx context.Context, j *job) bool {
	found, receipt, failure := r.describeJob(ctx, j)
	switch {
	case failure != nil && failure.Retryable():
		unread := *failure
		unread.Message = "no check can be created (" + j.Error.Code + "), and whether the migration was started could not be read: " + failure.Message
		unread.MayBeRunning = j.MayBeRunning()
		j.fail(&unread)
	case failure == nil && found.Started():
		j.RequestID = receipt.RequestID
		j.alreadyStarted()
		return true
	}
	return false
}

// alreadyStarted notes that the migration was found started.
func (j *job) alreadyStarted() {
	j.Error, j.Stage = nil, check.StageFoundStarted
}

// describeJob reads the state of a job.
func (r *run) describeJob(ctx context.Context, j *job) (check.Job, check.Receipt, *check.Error) {
	found, receipt, err := r.DTS.DescribeJob(ctx, j.JobID)
	j.attempts += receipt.Attempts
	if err != nil {
		failure := asError(err)
		j.attempts += failure.Attempts
		return check.Job{}, receipt, failure
	}
	return found, receipt, nil
}

// describe reads the check once.
func (r *run) describe(ctx context.Context, j *job) move {
	state, receipt, err := r.DTS.DescribeCheck(ctx, j.JobID)
	j.attempts += receipt.Attempts
	if err != nil {
		j.fail(err)
		j.attempts += j.Error.Attempts
		return last
	}
	j.RequestID = receipt.RequestID
	r.see(j, state)
	return last
}

// await reads the check until it has ended, also if a reading fails for the
// moment.
func (r *run) await(ctx context.Context, j *job) move {
	j.readings++
	state, receipt, err := r.DTS.DescribeCheck(ctx, j.JobID)
	j.attempts += receipt.Attempts
	if err != nil {
		failure := asError(err)
		j.attempts += failure.Attempts
		if !failure.Retryable() {
			j.fail(failure)
			return last
		}
		if failure.Code != check.CodeDeadline {
			short := *failure
			short.Message = check.Cut(short.Message, mostTexts/len(r.jobs))
			j.unread = &short
		}
		return r.later(ctx, j)
	}
	if !j.evidence.created && j.RequestID == "" {
		j.RequestID = receipt.RequestID
	}
	proved := j.evidence.proves(state)
	if !proved && state.Ended() { // the job's own state may prove it
		found, receipt, failure := r.describeJob(ctx, j)
		if failure == nil && j.ask.Start && found.Started() {
			j.Check = nil
			j.alreadyStarted()
			return last
		}
		proved = failure == nil && j.evidence.provesWith(found, receipt.At, state)
	}
	if !proved {
		r.see(j, check.State{Status: check.Starting}) // what was read may be an earlier check's
		return r.later(ctx, j)
	}
	r.see(j, state)
	if state.Ended() {
		return onward
	}
	if state.Status == check.Unavailable && !j.evidence.created && j.readings > 1 {
		return onward // there is no check to wait for
	}
	return r.later(ctx, j)
}

// see records the state of a check. Of a job that further steps are to work on it
// keeps no more than a share of what all jobs may keep: of a check that has not
// ended no texts at all, for they are read again.
func (r *run) see(j *job, state check.State) {
	if state.Status == check.Unavailable && j.evidence.created {
		state.Status = check.Starting
	}
	if j.ask.Strict {
		state = state.Judge(nil)
	}
	share := mostTexts / len(r.jobs)
	if !state.Ended() && stateSize(state) > share {
		state.Message, state.Steps = "", nil
	}
	for way := 1; len(j.plan) > 1 && stateSize(state) > share && way < check.Shortenings(); way++ {
		state = *check.Outcome{Progress: check.Progress{Stage: check.StageJudged, Check: &state}}.Shorten(way).Check
	}
	j.Check = &state
}

// later returns the move that reads the check again.
func (r *run) later(ctx context.Context, j *job) move {
	deadline, _ := ctx.Deadline()
	return again(pollDelay(j.readings, time.Until(deadline)))
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

// timeUp notes that there is no time for the job's step to work on it again. A
// check that could be read but has not ended keeps the state that was last seen.
func (r *run) timeUp(j *job) {
	failure := &check.Error{Code: check.CodeDeadline, Message: "the function's time was nearly up"}
	switch {
	case j.plan[0].name == await.name && j.Check != nil, j.Error != nil:
		return
	case j.plan[0].name == await.name && j.unread != nil:
		failure = j.unread
	case j.plan[0].name == await.name:
		failure.Message = "the check was not read: " + failure.Message
	default:
		failure.MayBeRunning = j.start.unanswered
		failure.Message = "whether the migration was started is not known: " + failure.Message
	}
	j.fail(failure)
	j.plan = j.plan[:1] // nothing follows
}

// requirePassed ends the plan of a job whose check has not passed.
func (r *run) requirePassed(_ context.Context, j *job) move {
	switch {
	case j.Check.Passed == nil:
		j.fail(&check.Error{
			Code:    check.CodeNoVerdict,
			Message: "the check has no verdict yet, so the migration was not started",
		})
		return last
	case !*j.Check.Passed:
		return last
	}
	return onward
}
