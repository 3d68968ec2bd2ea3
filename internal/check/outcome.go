package check

// Outcome is what became of one job. Its JSON form is the job's part of the
// function's answer; the log, reports and what is handed on are written from
// it as well.
type Outcome struct {
	// Error is why the job failed, nil for a job that was accepted.
	Error *Error `json:"Error,omitempty"`

	JobID   string `json:"JobId,omitempty"`
	JobName string `json:"JobName,omitempty"`

	// Record is the index of a record or CloudEvent that could not be carried out;
	// there is no job then.
	Record *int `json:"Record,omitempty"`

	// RequestID is that of the call that decided. A check that was created keeps
	// the id of its creation, whatever follows.
	RequestID string `json:"RequestId,omitempty"`

	// AlreadyRunning is set when the check was found running.
	AlreadyRunning bool `json:"AlreadyRunning,omitempty"`

	// MayBeRunning, beside an Error, is set when a call may have been carried out
	// in spite of it.
	MayBeRunning bool `json:"MayBeRunning,omitempty"`

	// Created, beside an Error, is set when the check was created and a later
	// step failed.
	Created bool `json:"Created,omitempty"`

	// Check is the check's state, nil where none was asked for or seen.
	Check *State `json:"Check,omitempty"`

	// Started is set when the migration was started, StartRequestID is the
	// RequestId of that; AlreadyStarted is set when it was found started.
	Started        bool   `json:"Started,omitempty"`
	StartRequestID string `json:"StartRequestId,omitempty"`
	AlreadyStarted bool   `json:"AlreadyStarted,omitempty"`
}

// Kind is an outcome in a word.
type Kind string

// The kinds of outcomes.
const (
	KindCreated   Kind = "created"   // accepted, and no verdict was asked for
	KindPassed    Kind = "passed"    // the check passed
	KindNotPassed Kind = "notPassed" // the check did not pass
	KindNoVerdict Kind = "noVerdict" // the check has no verdict yet
	KindStarted   Kind = "started"   // the migration is started
	KindFailed    Kind = "failed"    // there is an Error
)

// Kind returns the kind of the outcome, of which there is exactly one.
func (o Outcome) Kind() Kind {
	switch {
	case o.Error != nil:
		return KindFailed
	case o.Started || o.AlreadyStarted:
		return KindStarted
	case o.Check == nil:
		return KindCreated
	case o.Check.Passed == nil:
		return KindNoVerdict
	case *o.Check.Passed:
		return KindPassed
	}
	return KindNotPassed
}

// Problem reports whether somebody has to look at the outcome: the job failed,
// did not pass or has no verdict.
func (o Outcome) Problem() bool {
	switch o.Kind() {
	case KindFailed, KindNotPassed, KindNoVerdict:
		return true
	}
	return false
}

// Counts says how many jobs have which outcome. Passed, NotPassed, NoVerdict
// and Failed add up to the number of jobs where verdicts were asked for. The
// Started are among the Passed: DTS starts nothing that has not passed a check.
type Counts struct {
	Jobs, Passed, NotPassed, NoVerdict, Started, Failed int
}

// Count counts outcomes.
func Count(outcomes []Outcome) Counts {
	c := Counts{Jobs: len(outcomes)}
	for _, o := range outcomes {
		switch o.Kind() {
		case KindFailed:
			c.Failed++
		case KindStarted:
			c.Started++
			c.Passed++
		case KindPassed:
			c.Passed++
		case KindNotPassed:
			c.NotPassed++
		case KindNoVerdict:
			c.NoVerdict++
		}
	}
	return c
}

// Result is what became of an event: what answers, reports and what is handed
// on are written from.
type Result struct {
	Jobs []Outcome

	// Batch is set when the answer is a batch's, whatever the number of jobs.
	Batch bool

	// Verdicts is set when verdicts were asked for, Start when jobs were to be
	// started.
	Verdicts, Start bool

	// NotHandedOn names the destinations that the result could not be handed on
	// to: function, eventBus, webhook.
	NotHandedOn []string
}
