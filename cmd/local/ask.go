package main

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"migratecheck/internal/check"
)

// ask is what invoke asks the function for.
type ask struct {
	jobs                []string
	selection           selection // instead of jobs
	wait, start, strict bool
}

// request is the check request in JSON.
func (a ask) request() map[string]any {
	request := map[string]any{}
	switch {
	case a.selection != nil:
		request["Select"] = json.RawMessage(a.selection)
	case len(a.jobs) == 1:
		request["JobId"] = a.jobs[0]
	default:
		request["JobIds"] = a.jobs
	}
	for name, asked := range map[string]bool{"Wait": a.wait, "Start": a.start, "Strict": a.strict} {
		if asked {
			request[name] = true
		}
	}
	return request
}

// selection is the value of -select: a filter in JSON, and without a value every
// job that awaits a check.
type selection json.RawMessage

func (s *selection) String() string { return string(*s) }

// IsBoolFlag lets the flag stand without a value.
func (s *selection) IsBoolFlag() bool { return true }

// Set takes the flag's value.
func (s *selection) Set(value string) error {
	switch {
	case value == "true":
		*s = selection("{}")
	case value == "false":
		*s = nil
	case strings.HasPrefix(value, "{") && json.Valid([]byte(value)):
		*s = selection(value)
	default:
		return errors.New(`must be JSON such as {"Status": "created"}`)
	}
	return nil
}

// joinSelection joins -select and the JSON that follows it to one argument.
func joinSelection(args []string) []string {
	i := slices.IndexFunc(args, func(arg string) bool { return arg == "-select" || arg == "--select" })
	if i < 0 || i+1 == len(args) || !strings.HasPrefix(args[i+1], "{") {
		return args
	}
	joined := append(slices.Clone(args[:i]), "-select="+args[i+1])
	return append(joined, args[i+2:]...)
}

// resultOf reads an answer of the function, in any form, back into a result.
func resultOf(answer []byte) (check.Result, bool) {
	answer = bodyOf(answer)
	var batch struct {
		Jobs            []check.Outcome
		Passed, Started json.RawMessage // a batch's counts; Started of one job is a boolean
		NotHandedOn     []string
	}
	if json.Unmarshal(answer, &batch) != nil {
		return check.Result{}, false
	}
	if batch.Jobs != nil {
		return check.Result{
			Jobs: batch.Jobs, Batch: true, Verdicts: batch.Passed != nil, Start: batch.Started != nil, NotHandedOn: batch.NotHandedOn,
		}, true
	}
	var one check.Outcome
	if json.Unmarshal(answer, &one) != nil || one.JobID == "" && one.Error == nil {
		return check.Result{}, false
	}
	return check.Result{Jobs: []check.Outcome{one}, Verdicts: one.Check != nil, Start: one.Started(), NotHandedOn: batch.NotHandedOn}, true
}
