// Package check holds the domain's words: a migration job, the receipt of a
// call, the state and verdict of a check, the outcome of a job, and the one
// error type with the one table of what an error code means.
// It imports no other package of this module.
package check

import (
	"cmp"
	"hash/fnv"
	"io"
	"slices"
	"time"
)

// Receipt is what DTS answers to a call that it accepted.
type Receipt struct {
	RequestID string

	// AlreadyRunning is set when the check was found running rather than
	// created by this very call.
	AlreadyRunning bool

	// Attempts is how many requests were sent for the call.
	Attempts int

	// At is when the answer was given: by the service's clock if the answer has a
	// plausible Date, else by this machine's.
	At time.Time
}

// State is a check as DTS describes it, in one form for both generations of
// the API. Its JSON form is the "Check" of the function's answer.
type State struct {
	// Status is unavailable, starting, running or finished: the words of
	// DescribeMigrateCheckJob, version 2018-03-30.
	Status string `json:"Status"`

	// Passed is the verdict, nil as long as there is none.
	Passed *bool `json:"Passed,omitempty"`

	// Progress is in percent.
	Progress int `json:"Progress"`

	Message string `json:"Message,omitempty"`
	Steps   []Step `json:"Steps,omitempty"`

	// Strictly holds the ids of the steps that alone kept the check from passing
	// strictly, Accepted those of the steps that would have, had they not been
	// accepted.
	Strictly []string `json:"-"`
	Accepted []string `json:"-"`

	// Digests of the ids that the verdict names, once the steps are shortened; else 0.
	failed, warned uint64
}

// Ended reports whether the check has come to its end, with a verdict or without.
func (s State) Ended() bool { return s.Status == Finished }

// Verdict is what a check said, in short.
type Verdict struct {
	Passed bool `json:"Passed"`

	// Failed and Warned hold the ids of the steps that failed or warned, each once
	// and sorted.
	Failed []string `json:"Failed,omitempty"`
	Warned []string `json:"Warned,omitempty"`

	failed, warned uint64 // digests of them, once they are shortened; else 0
}

// digests returns what tells the steps that failed and those that warned from others.
func (v Verdict) digests() (failed, warned uint64) {
	return cmp.Or(v.failed, digest(v.Failed)), cmp.Or(v.warned, digest(v.Warned))
}

func digest(ids []string) uint64 {
	hash := fnv.New64a()
	for _, id := range ids {
		io.WriteString(hash, id+"\x00")
	}
	return hash.Sum64()
}

// Brief returns the verdict without the ids, which it can still be compared by.
func (v Verdict) Brief() *Verdict {
	failed, warned := v.digests()
	return &Verdict{Passed: v.Passed, failed: failed, warned: warned}
}

// Same reports whether two checks said the same, SameFailed whether the same steps
// failed, also where the ids of these have been shortened since.
func (v Verdict) Same(other Verdict) bool {
	_, a := v.digests()
	_, b := other.digests()
	return v.Passed == other.Passed && v.SameFailed(other) && a == b
}

func (v Verdict) SameFailed(other Verdict) bool {
	a, _ := v.digests()
	b, _ := other.digests()
	return a == b
}

// Verdict returns the state's verdict in short, nil if there is none.
func (s State) Verdict() *Verdict {
	if s.Passed == nil {
		return nil
	}
	v := &Verdict{Passed: *s.Passed, failed: s.failed, warned: s.warned}
	for _, step := range s.Steps {
		switch {
		case step.Status == StepFailed && !step.Skipped:
			v.Failed = append(v.Failed, step.ID)
		case step.Warned():
			v.Warned = append(v.Warned, step.ID)
		}
	}
	for _, ids := range []*[]string{&v.Failed, &v.Warned} {
		slices.Sort(*ids)
		*ids = slices.Compact(*ids)
	}
	return v
}

// Judge returns the state with a strict verdict: not passed if a step gave a
// warning or was skipped, unless its id is among the accepted, or was not begun;
// and none if DTS gives no steps to judge by.
func (s State) Judge(accept []string) State {
	if s.Passed == nil || !*s.Passed {
		return s
	}
	if len(s.Steps) == 0 {
		s.Passed = nil
	}
	for _, step := range s.Steps {
		switch {
		case step.Good():
		case step.Warned() && slices.Contains(accept, step.ID):
			s.Accepted = append(s.Accepted, step.ID)
		default:
			s.Strictly = append(s.Strictly, step.ID)
			s.Passed = new(bool)
		}
	}
	return s
}

// The values of State.Status.
const (
	Unavailable = "unavailable"
	Starting    = "starting"
	Running     = "running"
	Finished    = "finished"
)

// Step is one step of a check (API version 2021-12-06 only).
type Step struct {
	ID   string `json:"Id,omitempty"`
	Name string `json:"Name"`

	// Status is pass, failed, notStarted, blocked or warning, as DTS has it, or
	// skipped for a skipped step that DTS calls failed.
	Status  string `json:"Status"`
	Skipped bool   `json:"Skipped,omitempty"`
	Message string `json:"Message,omitempty"`

	// Failed holds the items of the step that failed or gave a warning.
	Failed []Item `json:"Failed,omitempty"`
}

// Good reports whether the step passed, with nothing to say against it.
func (s Step) Good() bool {
	return !s.Skipped && s.Status == StepPass && len(s.Failed) == 0
}

// Warned reports whether the step is no worse than a warning, or was skipped: a
// step that was skipped is a skip, though DTS may call it failed.
func (s Step) Warned() bool {
	return !s.Good() && (s.Skipped || s.Status == StepSkipped || s.Status == StepWarning || s.Status == StepPass)
}

// The values of Step.Status.
const (
	StepPass       = "pass"
	StepFailed     = "failed"
	StepNotStarted = "notStarted"
	StepBlocked    = "blocked"
	StepWarning    = "warning"
	StepSkipped    = "skipped"
)

// Item is one thing that a step looked at.
type Item struct {
	Name        string `json:"Name"`
	Description string `json:"Description,omitempty"`

	// Result is failed or warning, as DTS has it, or skipped.
	Result   string `json:"Result"`
	Reason   string `json:"Reason,omitempty"`
	Solution string `json:"Solution,omitempty"`

	// Log is DTS's own log text.
	Log []string `json:"Log,omitempty"`

	// SkipRisk is what DTS says of the risk of skipping the item.
	SkipRisk string   `json:"SkipRisk,omitempty"`
	HelpDoc  []string `json:"HelpDoc,omitempty"`
}
