package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"migratecheck/internal/check"
)

// errNoAnswer is for a text that is not an answer of the function in any form.
var errNoAnswer = errors.New("is no answer of the function")

// readAnswer reads an answer of the function in whatever it comes: as it is, in
// the answer of the SCF API's InvokeFunction or Invoke, with or without the
// Response around it, in an integration response, in CloudEvents. It returns the
// answer itself and what it says. What the platform says of a function that
// failed is a failure of the whole event.
func readAnswer(text []byte) ([]byte, check.Result, error) {
	text = bytes.TrimPrefix(bytes.TrimSpace(text), []byte("\ufeff"))
	for range 5 { // within each other at most
		inner, failure := unwrap(text)
		if failure != nil {
			r := failed(failure.Code, failure.Message)
			return check.Marshal(r.Jobs[0]), r, nil
		}
		if inner == nil {
			break
		}
		text = bytes.TrimSpace(inner)
	}
	r, err := resultOf(text)
	return text, r, err
}

// failed is the result of an event that failed as a whole.
func failed(code, message string) check.Result {
	return check.Result{Jobs: []check.Outcome{{Progress: check.Progress{Error: &check.Error{Code: code, Message: message}}}}}
}

// unwrap returns what is within a text around an answer, or the failure that it
// tells of; neither if it is none.
func unwrap(text []byte) ([]byte, *check.Error) {
	if quoted := ""; json.Unmarshal(text, &quoted) == nil {
		return []byte(quoted), nil // jq without -r
	}
	var o struct {
		Response, Result *json.RawMessage
		RetMsg           *string
		InvokeResult     int
		ErrMsg           string

		StatusCode      int
		Body            *string
		IsBase64Encoded bool

		ErrorCode                int
		ErrorMessage, StackTrace string

		SpecVersion string
		Data        json.RawMessage
		EventList   []json.RawMessage
	}
	list := bytes.HasPrefix(text, []byte("["))
	if list && json.Unmarshal(text, &o.EventList) != nil || !list && json.Unmarshal(text, &o) != nil {
		return nil, nil
	}
	switch {
	case o.EventList != nil:
		return batchOf(o.EventList), nil
	case o.Response != nil:
		return *o.Response, nil
	case o.Result != nil:
		return *o.Result, nil
	case o.ErrorMessage != "": // the platform's words for a function that failed
		if name, message, ok := strings.Cut(o.StackTrace, ": "); ok && typeName.MatchString(name) {
			return nil, &check.Error{Code: name, Message: message}
		}
		return nil, &check.Error{Code: "FunctionError", Message: o.ErrorMessage}
	case o.RetMsg != nil && *o.RetMsg == "" && o.ErrMsg == "":
		return nil, &check.Error{Code: check.CodeNotAPI, Message: "the function was invoked asynchronously: there is no answer"}
	case o.RetMsg != nil && (o.InvokeResult != 0 || o.ErrMsg != "") && unwrapsToNothing(*o.RetMsg):
		return nil, &check.Error{Code: "FunctionError", Message: o.ErrMsg}
	case o.RetMsg != nil:
		return []byte(*o.RetMsg), nil
	case o.StatusCode != 0 && o.Body != nil && o.IsBase64Encoded:
		body, err := base64.StdEncoding.DecodeString(*o.Body)
		if err != nil {
			return nil, nil
		}
		return body, nil
	case o.StatusCode != 0 && o.Body != nil:
		return []byte(*o.Body), nil
	case o.SpecVersion != "" && o.Data != nil:
		return o.Data, nil
	}
	return nil, nil
}

// typeName is a name of a Go type.
var typeName = regexp.MustCompile(`^[A-Za-z]\w*$`)

// unwrapsToNothing reports whether a RetMsg does not itself tell of the failure.
func unwrapsToNothing(retMsg string) bool {
	_, failure := unwrap([]byte(retMsg))
	return failure == nil
}

// batchOf joins the answers in CloudEvents to one of a batch; nil if they are none.
func batchOf(events []json.RawMessage) []byte {
	if len(events) == 0 {
		return nil
	}
	jobs := make([]json.RawMessage, 0, len(events))
	for _, event := range events {
		var e struct {
			SpecVersion string
			Data        json.RawMessage
		}
		if json.Unmarshal(event, &e) != nil || e.SpecVersion == "" || e.Data == nil {
			return nil
		}
		jobs = append(jobs, e.Data)
	}
	return check.Marshal(map[string]any{"Jobs": jobs})
}

// resultOf reads the function's own answer back into a result. An answer has to
// say of each job what became of it: one from which something is missing is none.
func resultOf(answer []byte) (check.Result, error) {
	var batch struct {
		Jobs             []check.Outcome
		Passed, Started  json.RawMessage // a batch's counts; Started of one job is a boolean
		NotHandedOn, Via []string
	}
	if len(bytes.TrimSpace(answer)) == 0 {
		return check.Result{}, fmt.Errorf("%w: it is empty", errNoAnswer)
	}
	if json.Unmarshal(answer, &batch) != nil {
		return check.Result{}, fmt.Errorf("%w: %s", errNoAnswer, printable(check.Cut(string(answer), maxError)))
	}
	r := check.Result{
		Jobs: batch.Jobs, Batch: true, Verdicts: batch.Passed != nil, Start: batch.Started != nil, NotHandedOn: batch.NotHandedOn, Via: batch.Via,
	}
	if batch.Jobs == nil {
		var one check.Outcome
		if err := json.Unmarshal(answer, &one); err != nil {
			return check.Result{}, fmt.Errorf("%w: %w", errNoAnswer, err)
		}
		r.Batch, r.Jobs = false, []check.Outcome{one}
		r.Verdicts, r.Start = one.Check != nil, one.Started() || one.Waiting()
	}
	for _, o := range r.Jobs {
		told := o.RequestID != "" || o.Check != nil || o.Rehearsed || o.Stage > check.StageCreated
		if o.Error == nil && (o.JobID == "" || !told) {
			return check.Result{}, fmt.Errorf("%w: it does not say what became of a job: %s", errNoAnswer, printable(check.Cut(string(answer), maxError)))
		}
	}
	return r, nil
}
