package main

import (
	"slices"
	"strconv"

	"migratecheck/internal/check"
)

// The exit statuses of invoke and report. Where several hold, it is the first of
// wrong use, interrupted, failed, not passed, no verdict, nothing.
const (
	statusFailed      = 1   // a job failed, or the whole event did
	statusWrongUse    = 2   // the command line makes no sense
	statusNotPassed   = 3   // a check did not pass
	statusNoVerdict   = 4   // a check has no verdict, or a job that passed waits to be started
	statusNothing     = 5   // nothing was selected, with -fail-empty
	statusInterrupted = 130 // by a signal
)

// exitStatus is the error of a command that ends with the status and has said
// what there is to say.
type exitStatus int

func (s exitStatus) Error() string { return "exit status " + strconv.Itoa(int(s)) }

// verdictFlags say which results end a command with another status than 0.
type verdictFlags struct {
	failOn      string
	failEmpty   bool
	needVerdict bool
}

func (v *verdictFlags) register(c *commandLine) {
	c.StringVar(&v.failOn, "fail-on", "verdict", "`what` ends with a status other than 0: verdict, a failure or a check that did not pass or has no verdict; or failed, only a failure")
	c.BoolVar(&v.failEmpty, "fail-empty", false, "end with status 5 if no job was selected")
}

func (v *verdictFlags) check(c *commandLine) error {
	if v.failOn != "verdict" && v.failOn != "failed" {
		return c.wrong("-fail-on must be verdict or failed")
	}
	return nil
}

// of returns the exit status for a result.
func (v verdictFlags) of(r check.Result) int {
	count := check.Count(r.Jobs)
	// A job that was started may yet be judged not to have passed, strictly.
	notPassed := slices.ContainsFunc(r.Jobs, func(o check.Outcome) bool { return o.HasVerdict() && !o.HasPassed() })
	without := count.NoVerdict + count.Waiting
	if v.needVerdict {
		without += count.Created
	}
	switch {
	case count.Failed > 0:
		return statusFailed
	case notPassed && v.failOn == "verdict":
		return statusNotPassed
	case without > 0 && v.failOn == "verdict":
		return statusNoVerdict
	case len(r.Jobs) == 0 && v.failEmpty:
		return statusNothing
	}
	return 0
}

// exit is the error that ends a command with the status; nil for 0.
func exit(status int) error {
	if status == 0 {
		return nil
	}
	return exitStatus(status)
}
