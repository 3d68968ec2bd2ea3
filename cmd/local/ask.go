package main

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// ask is what invoke asks the function for.
type ask struct {
	jobs                []string
	selection           selection // instead of jobs
	read, dryRun        bool
	wait, start, strict bool
	accept              stepIDs
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
	for name, asked := range map[string]bool{"Wait": a.wait, "Start": a.start, "Strict": a.strict, "DryRun": a.dryRun} {
		if asked {
			request[name] = true
		}
	}
	if a.read {
		request["Action"] = "DescribeMigrateCheckJob"
	}
	if a.accept != nil {
		request["Accept"] = a.accept
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
	case strings.ContainsAny(value, "{}:"):
		return errors.New(`is no JSON: put it in quotes, as in -select '{"Status":"created"}', or the shell takes away those within`)
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
