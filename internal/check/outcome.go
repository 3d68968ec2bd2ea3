package check

import (
	"encoding/json"
	"time"
)

// Stage is how far a job has got. Each stage is further than those before it.
type Stage uint8

// The stages. A reading alone does not bring a job further.
const (
	StageUnseen       Stage = iota // nothing was done about it
	StageInQuestion                // a creation was sent, and whether it was carried out is not known
	StageCreated                   // the check was created, or found running
	StageJudged                    // the check has a verdict
	StageWaiting                   // the check has passed, and the migration waits to be started by a person
	StageStarting                  // a start was sent, and whether it was carried out is not known
	StageFoundStarted              // the migration was found started
	StageStarted                   // the migration was started
)

// Evidence is what shows that a verdict is that of the check which was created, and
// not one that an earlier check left behind.
type Evidence uint8

// The grades of evidence.
const (
	EvidenceNone     Evidence = iota
	EvidenceChecking          // the job was seen checking since: what it agrees with next is proved
	EvidenceTime              // older states are no longer shown after so long: good enough to tell, not to start
	EvidenceProof             // it was seen
)

// Progress is how far one job has got. It is what the memory of deliveries keeps
// of a job, and what answers, log lines, reports and forwarded events are written
// from.
type Progress struct {
	Stage Stage

	// RequestID is that of the call that decided. A check that was created keeps
	// the id of its creation, whatever follows. StartRequestID is that of the start.
	RequestID, StartRequestID string

	// Found is set when the check was found running instead of created; Others when it
	// may be somebody else's, because no creation of this event can have brought it
	// about.
	Found, Others bool

	// Untagged, of a job that waits to be started, is set when it does not bear the
	// tag by which this deployment may start jobs: no person is called for it.
	Untagged bool

	// Since is when the check was created, by the service's clock.
	Since time.Time

	// Evidence is what shows that Check is of the check that was created.
	Evidence Evidence

	// Before is the verdict of the check before; nil where there was none, or none
	// that was read.
	Before *Verdict

	// Retracted is a verdict that was taken back, because another check took the place
	// of its own; nil where none was. It is brief.
	Retracted *Verdict

	// Check is the check's state, nil where none was asked for or seen.
	Check *State

	// Error is why the job failed, or was refused its next step; nil for a job that
	// was accepted.
	Error *Error
}

// Outcome is what became of one job. Its JSON form is the job's part of the
// function's answer.
type Outcome struct {
	JobID, JobName string

	// Record is the index of a record or CloudEvent that could not be carried out;
	// there is no job then.
	Record *int

	Progress

	// Repeated is set when nothing was asked of DTS for the job in this delivery: it
	// is the outcome of an earlier one.
	Repeated bool

	// Rehearsed is set for a rehearsal. Would says what would be done, WhyNot why
	// nothing would, or not all that was asked for.
	Rehearsed bool
	Would     []string
	WhyNot    string
}

// MayBeRunning reports whether a call may have been carried out although the job
// failed: the creation, or the start once the check exists.
func (p Progress) MayBeRunning() bool {
	return p.Error != nil && (p.Stage == StageInQuestion || p.Stage == StageStarting)
}

// HasVerdict reports whether the check has a verdict, HasPassed whether it has passed.
func (p Progress) HasVerdict() bool { return p.Check != nil && p.Check.Passed != nil }
func (p Progress) HasPassed() bool  { return p.HasVerdict() && *p.Check.Passed }

// Created reports whether the check was created, or found running.
func (p Progress) Created() bool { return p.Stage >= StageCreated && p.Stage != StageFoundStarted }

// CreatedAnyway reports whether the job failed in a step after the creation.
func (p Progress) CreatedAnyway() bool { return p.Error != nil && p.Created() }

// AlreadyRunning reports whether the check was found running.
func (p Progress) AlreadyRunning() bool { return p.Found && p.Stage >= StageCreated }

// Started reports whether the migration was started by this event, and
// AlreadyStarted whether it was found started.
func (p Progress) Started() bool        { return p.Error == nil && p.Stage == StageStarted }
func (p Progress) AlreadyStarted() bool { return p.Error == nil && p.Stage == StageFoundStarted }

// Waiting reports whether the check has passed and the migration waits to be
// started by a person.
func (p Progress) Waiting() bool { return p.Error == nil && p.Stage == StageWaiting }

// Kind is an outcome in a word.
type Kind string

// The kinds of outcomes.
const (
	KindCreated   Kind = "created"   // accepted, and no verdict was asked for
	KindPassed    Kind = "passed"    // the check passed
	KindNotPassed Kind = "notPassed" // the check did not pass
	KindNoVerdict Kind = "noVerdict" // the check has no verdict yet
	KindWaiting   Kind = "waiting"   // the check passed, and the migration waits to be started by a person
	KindStarted   Kind = "started"   // the migration is started
	KindRehearsed Kind = "rehearsed" // nothing was done: it was a rehearsal
	KindFailed    Kind = "failed"    // there is an Error
)

// Kind returns the kind of the outcome, of which there is exactly one.
func (o Outcome) Kind() Kind {
	switch {
	case o.Error != nil:
		return KindFailed
	case o.Stage >= StageFoundStarted:
		return KindStarted
	case o.Stage == StageWaiting:
		return KindWaiting
	case o.Rehearsed:
		return KindRehearsed
	case o.Check == nil:
		return KindCreated
	case !o.HasVerdict():
		return KindNoVerdict
	case o.HasPassed():
		return KindPassed
	}
	return KindNotPassed
}

// Problem reports whether a person has to look at the outcome: the job failed,
// did not pass, has no verdict, or waits to be started.
func (o Outcome) Problem() bool {
	switch o.Kind() {
	case KindFailed, KindNotPassed, KindNoVerdict:
		return true
	case KindWaiting:
		return !o.Untagged
	}
	return false
}

// Change is what is different from the check before.
type Change string

// The changes. A job of which no earlier check is known has ChangeNone.
const (
	ChangeNone  Change = ""
	ChangeFixed Change = "fixed" // it has passed, and had not before
	ChangeNew   Change = "new"   // it has not passed, and had before
	ChangeStill Change = "still" // it has not passed, and had not before
)

// Change returns what is different from the check before.
func (o Outcome) Change() Change {
	if o.Before == nil || !o.HasVerdict() {
		return ChangeNone
	}
	switch passed := o.HasPassed(); {
	case passed && !o.Before.Passed:
		return ChangeFixed
	case !passed && o.Before.Passed:
		return ChangeNew
	case !passed:
		return ChangeStill
	}
	return ChangeNone
}

// News reports whether the outcome is worth telling to whoever knows the check
// before: the verdict or the steps that failed differ from those before. A failure
// and a missing verdict always are, and so is a job without an earlier check that
// needs a person.
func (o Outcome) News() bool {
	switch kind := o.Kind(); {
	case kind == KindFailed || kind == KindNoVerdict:
		return true
	case o.Before == nil || !o.HasVerdict():
		return o.Problem()
	}
	now := o.Check.Verdict()
	return now.Passed != o.Before.Passed || !now.SameFailed(*o.Before)
}

// Counts says how many jobs have which outcome. Failed, Passed, NotPassed,
// NoVerdict, Waiting, Created and Rehearsed add up to the number of jobs. The
// Started are among the Passed: DTS starts nothing that has not passed a check.
type Counts struct {
	Jobs, Passed, NotPassed, NoVerdict, Waiting, Started, Created, Rehearsed, Failed int
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
		case KindWaiting:
			c.Waiting++
		case KindRehearsed:
			c.Rehearsed++
		case KindCreated:
			c.Created++
		}
	}
	return c
}

// Result is what became of an event: what answers, reports and forwarded events
// are written from.
type Result struct {
	Jobs []Outcome

	// Batch is set when the answer is a batch's, whatever the number of jobs.
	Batch bool

	// Verdicts is set when verdicts were asked for, Start when jobs were to be
	// started.
	Verdicts, Start bool

	// GivenBack is set when the event is given back to the platform, to be tried
	// again.
	GivenBack bool

	// Via names the functions of this kind that the event came through, as
	// region/namespace/name, the latest last and this one included; it is empty
	// where the result is not forwarded.
	Via []string

	// NotHandedOn names the destinations that the result could not be forwarded
	// to: function, eventBus, webhook.
	NotHandedOn []string
}

// answer is the JSON form of an outcome.
type answer struct {
	Error          *Error   `json:"Error,omitempty"`
	JobID          string   `json:"JobId,omitempty"`
	JobName        string   `json:"JobName,omitempty"`
	Kind           JobKind  `json:"Kind,omitempty"`
	Record         *int     `json:"Record,omitempty"`
	RequestID      string   `json:"RequestId,omitempty"`
	Repeated       bool     `json:"Repeated,omitempty"`
	AlreadyRunning bool     `json:"AlreadyRunning,omitempty"`
	MayBeRunning   bool     `json:"MayBeRunning,omitempty"`
	Created        bool     `json:"Created,omitempty"`
	Check          *State   `json:"Check,omitempty"`
	Before         *Verdict `json:"Before,omitempty"`
	Strictly       []string `json:"Strictly,omitempty"`
	Accepted       []string `json:"Accepted,omitempty"`
	Waiting        bool     `json:"Waiting,omitempty"`
	Started        bool     `json:"Started,omitempty"`
	StartRequestID string   `json:"StartRequestId,omitempty"`
	AlreadyStarted bool     `json:"AlreadyStarted,omitempty"`
	Would          []string `json:"Would,omitzero"`
	WhyNot         string   `json:"WhyNot,omitempty"`
	Via            []string `json:"Via,omitempty"`
	NotHandedOn    []string `json:"NotHandedOn,omitempty"`
}

// answer returns the JSON form of the outcome.
func (o Outcome) answer() answer {
	a := answer{
		Error: o.Error, JobID: o.JobID, JobName: o.JobName, Record: o.Record, RequestID: o.RequestID, Repeated: o.Repeated,
		AlreadyRunning: o.AlreadyRunning(), MayBeRunning: o.MayBeRunning(), Created: o.CreatedAnyway(),
		Check: o.Check, Before: o.Before,
		Waiting: o.Waiting(), Started: o.Started(), StartRequestID: o.StartRequestID, AlreadyStarted: o.AlreadyStarted(),
		WhyNot: o.WhyNot,
	}
	if KindOf(o.JobID) == Sync {
		a.Kind = Sync
	}
	if o.Check != nil {
		a.Strictly, a.Accepted = o.Check.Strictly, o.Check.Accepted
	}
	if o.Rehearsed {
		a.Would = append([]string{}, o.Would...)
	}
	return a
}

// Encode returns the job's part of an answer.
func (o Outcome) Encode() []byte { return Marshal(o.answer()) }

// MarshalJSON is Encode, for values that hold outcomes.
func (o Outcome) MarshalJSON() ([]byte, error) { return o.Encode(), nil }

// UnmarshalJSON reads the job's part of an answer.
func (o *Outcome) UnmarshalJSON(text []byte) error {
	var a answer
	if err := json.Unmarshal(text, &a); err != nil {
		return err
	}
	*o = Outcome{JobID: a.JobID, JobName: a.JobName, Record: a.Record, Repeated: a.Repeated, Rehearsed: a.Would != nil, Would: a.Would, WhyNot: a.WhyNot}
	o.RequestID, o.StartRequestID, o.Found, o.Before, o.Check, o.Error = a.RequestID, a.StartRequestID, a.AlreadyRunning, a.Before, a.Check, a.Error
	if a.Check != nil {
		a.Check.Strictly, a.Check.Accepted = a.Strictly, a.Accepted
	}
	judged := a.Check != nil && a.Check.Passed != nil
	switch {
	case a.Started:
		o.Stage = StageStarted
	case a.AlreadyStarted:
		o.Stage = StageFoundStarted
	case a.Waiting:
		o.Stage = StageWaiting
	case a.MayBeRunning && (a.Created || a.AlreadyRunning || judged):
		o.Stage = StageStarting
	case a.MayBeRunning:
		o.Stage = StageInQuestion
	case judged:
		o.Stage = StageJudged
	case a.Error == nil || a.Created || a.AlreadyRunning:
		o.Stage = StageCreated
	}
	return nil
}
