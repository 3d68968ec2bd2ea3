// Package check holds the words that the handler and the DTS client share:
// a check's receipt, its state, an error, and what an error code means.
// It imports no other package of this module.
package check

// Receipt is what DTS answers to a call that it accepted.
type Receipt struct {
	RequestID string

	// AlreadyRunning is set when the check was found running rather than
	// created by this very call.
	AlreadyRunning bool

	// Attempts is how many requests were sent for the call.
	Attempts int
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
}

// Ended tells that the check has come to its end, with a verdict or without.
func (s State) Ended() bool { return s.Status == Finished }

// The values of State.Status.
const (
	Unavailable = "unavailable"
	Starting    = "starting"
	Running     = "running"
	Finished    = "finished"
)

// Step is one step of a check (API version 2021-12-06 only).
type Step struct {
	Name string `json:"Name"`

	// Status is pass, failed, notStarted, blocked or warning, as DTS has it.
	Status  string `json:"Status"`
	Message string `json:"Message,omitempty"`

	// Failed holds the items of the step that failed or gave a warning.
	Failed []Item `json:"Failed,omitempty"`
}

// Item is one thing that a step looked at.
type Item struct {
	Name     string   `json:"Name"`
	Result   string   `json:"Result"`
	Reason   string   `json:"Reason,omitempty"`
	Solution string   `json:"Solution,omitempty"`
	HelpDoc  []string `json:"HelpDoc,omitempty"`
}
