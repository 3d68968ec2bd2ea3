package handler

import (
	"context"
	"time"

	"migratecheck/handler/event"
	"migratecheck/internal/check"
)

// job is one job of an event, what is to be done with it, and how far it has got.
type job struct {
	check.Outcome

	ask    event.Ask
	listed check.Job // of a job that was selected, what DTS listed; else the id alone
	named  bool      // the event names it
	fired  time.Time // when the event came about; zero where it does not say

	plan []*step
	at   int // in the plan

	invalid  bool            // it stands for a record or a request that cannot be carried out
	from     []*delivery     // of the requests that ask for it
	recalled *check.Progress // how far earlier deliveries brought it; nil for nowhere

	readings int          // of the check
	unread   *check.Error // why the check could not be read the last time
	looks    int          // at the job, since a start was not answered
	sent     int          // starts

	attempts int
	began    time.Time
	duration time.Duration
}

// step works on one job. Its move says what comes next. timeUp says what it means
// for the job that there is no time to do what the move says; without one the job fails
// then. A step that an earlier delivery has done has nothing to do.
type step struct {
	do     func(*run, context.Context, *job) move
	timeUp func(*run, *job)
}

// move says what follows a step: the next one, unless last ends the plan, back
// returns to the one before, or the same is repeated after a wait.
type move struct {
	last, back bool
	wait       time.Duration
}

var (
	onward = move{}
	last   = move{last: true}
)

// again returns the move that repeats the step after a pause, back the one that
// repeats the step before.
func again(pause time.Duration) move { return move{wait: max(pause, time.Nanosecond)} }
func back(pause time.Duration) move  { return move{wait: pause, back: true} }

// The steps, each in a file or section of its own.
var (
	rehearse = &step{(*run).rehearse, nil}
	describe = &step{(*run).describe, nil}
	before   = &step{(*run).before, nil}
	create   = &step{(*run).create, nil}
	strictly = &step{(*run).strictly, nil}
	await    = &step{(*run).await, (*run).verdictIsLate}
	anew     = &step{(*run).anew, nil}
	start    = &step{(*run).start, (*run).startIsLate}
)

// The plans, by what is asked.
var (
	planRehearse  = []*step{rehearse}
	planRead      = []*step{describe}
	planStrictly  = []*step{strictly}
	planFollow    = []*step{await}
	planCreate    = []*step{create}
	planVerdict   = []*step{before, create, await}
	planStart     = []*step{before, create, await, start}
	planStartAnew = []*step{before, create, await, anew, create, await, start}
)

// plan gives a job its plan, and takes up what earlier deliveries did.
func (r *run) plan(j *job) {
	if j.invalid {
		return
	}
	for _, d := range j.from {
		if p := r.deliveries.recall(d, j.JobID, judgementOf(j.ask)); p != nil && (j.recalled == nil || p.Stage > j.recalled.Stage) {
			j.recalled = p
		}
	}
	if j.recalled != nil {
		j.Progress = *j.recalled
		if j.Error != nil || j.Stage >= check.StageFoundStarted || j.Stage == check.StageWaiting {
			return // nothing is left to do
		}
	}
	switch {
	case j.listed.Failure != nil && !j.named:
		j.fail(j.listed.Failure)
		j.attempts = j.Error.Attempts
	case j.ask.Strict && !r.Steps && check.KindOf(j.JobID) == check.Migration:
		j.fail(check.Invalid("Strict", "is not possible with version 2018-03-30 of the API, which gives no steps: set DTS_API_VERSION to 2021-12-06"))
	case r.waits(j) && !j.ask.DryRun && !j.ask.Strict:
		j.Stage, j.Check = check.StageWaiting, hasPassed()
		j.Untagged = r.untagged(j.listed)
	case r.onBoard() && r.listedState(j):
	default:
		j.plan = r.planFor(j)
		if j.recalled == nil && !j.named && !j.ask.DryRun && !j.ask.Describe && j.listed.Status == check.JobChecking {
			// Somebody's check runs: it is waited for, and no other is created.
			j.Stage, j.Found, j.Others, j.Evidence = check.StageCreated, true, true, check.EvidenceChecking
		}
	}
}

// hasPassed returns the state of a check of which the list says no more than that it
// has passed.
func hasPassed() *check.State {
	passed := true
	return &check.State{Status: check.Finished, Passed: &passed, Progress: 100}
}

// onBoard reports whether the event is a page on which a selection is shown.
func (r *run) onBoard() bool {
	http := r.event.HTTP
	return http != nil && http.Get && http.Prefers == event.HTML && len(r.event.Requests) == 1 &&
		r.event.Requests[0].Select != nil && r.event.Requests[0].Ask.Describe
}

// listedState takes the state of a selected job's check from the list, and reports
// whether that is enough: why a check did not pass is read.
func (r *run) listedState(j *job) bool {
	switch {
	case j.listed.Status == check.JobCheckPass && !j.ask.Strict:
		j.Check = hasPassed()
	case j.listed.Status == check.JobCreated:
		j.Check = &check.State{Status: check.Unavailable}
	case j.listed.Status == check.JobChecking:
		j.Check = &check.State{Status: check.Running}
	case j.listed.Started():
		j.Stage = check.StageFoundStarted
	default:
		return false
	}
	return true
}

// planFor returns the plan for a job. A selected job that has passed by somebody
// else's check is started only with the consent of its tag, on a check of this
// event's own.
func (r *run) planFor(j *job) []*step {
	switch {
	case j.ask.Describe && j.ask.Wait:
		return planFollow
	case j.ask.Describe:
		return planRead
	case j.ask.DryRun:
		return planRehearse
	case r.waits(j): // strictly, for otherwise nothing is left to do
		return planStrictly
	case j.ask.Start && !j.named && r.consents(j.listed):
		return planStartAnew
	case j.ask.Start:
		return planStart
	case j.ask.Wait:
		return planVerdict
	}
	return planCreate
}

// waits reports whether the job was selected to be started and has passed already, not
// by this event's doing: it waits for a person, unless it bears the tag for that.
func (r *run) waits(j *job) bool {
	return !j.named && j.ask.Start && j.recalled == nil && j.listed.Status == check.JobCheckPass && !r.consents(j.listed)
}

// consents reports whether the job is one that is started, and bears the tag for that.
func (r *run) consents(j check.Job) bool {
	return r.StartTag.Key != "" && j.Tagged && check.KindOf(j.ID) == check.Migration
}

// untagged reports whether the job lacks the tag without which none may be started.
func (r *run) untagged(j check.Job) bool { return r.StartTag.Key != "" && !j.Tagged }

// step returns the job's next step, nil if there is none.
func (j *job) step() *step {
	if j.at >= len(j.plan) {
		return nil
	}
	return j.plan[j.at]
}
