package handler

import (
	"encoding/json"
	"fmt"
	"strings"

	"migratecheck/internal/check"
)

// maxDepth bounds the requests within requests (an API answer, within an HTTP
// answer, within a message) that are looked into.
const maxDepth = 4

// readText reads a check request from a text: one of the JSON forms, or JobIds
// separated by commas or white space.
func readText(place, text string, depth int) (request, *check.Error) {
	text = strings.TrimSpace(text)
	if isBlank(text) {
		return request{}, nil
	}
	if isJSON(text) {
		raw := json.RawMessage(text)
		if !json.Valid(raw) {
			return request{}, check.Invalid(place, "is not valid JSON")
		}
		return readJSON(place, raw, depth)
	}
	text = strings.TrimFunc(text, betweenJobs)
	named := jobs{place: place, several: strings.ContainsFunc(text, betweenJobs)}
	for id := range strings.FieldsFuncSeq(text, betweenJobs) {
		if err := named.add(id); err != nil {
			return request{}, err
		}
	}
	r := request{batch: named.several}
	return r, r.name(named)
}

// betweenJobs tells what stands between the JobIds of a text.
func betweenJobs(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\r' || r == '\n' }

// isBlank tells that a trimmed text asks for nothing.
func isBlank(text string) bool { return text == "" || text == "null" }

// isJSON tells that a text means to be one of the JSON forms: no JobId begins so.
func isJSON(text string) bool { return text != "" && strings.Contains(`{["`, text[:1]) }

// readJSON reads a check request from valid JSON.
func readJSON(place string, raw json.RawMessage, depth int) (request, *check.Error) {
	if depth > maxDepth {
		return request{}, check.Invalid(place, "is nested too deep")
	}
	if isNull(raw) {
		return request{}, nil
	}
	if o, ok := parseObject(raw); ok {
		return readObject(place, o, depth)
	}
	if list, ok := parseArray(raw); ok {
		r := request{batch: true}
		return r, r.addArray(place, list)
	}
	id, ok := parseString(raw)
	if !ok {
		return request{}, check.Invalid(orEvent(place), "must be a JobId, an array of them or an object with JobId")
	}
	var r request
	return r, r.add(place, id)
}

// readObject reads the object forms of a check request. Keys that are not ours
// are ignored, so "Response" and "Jobs", which a sender may use for something
// else, need to be in our form only if there is no job beside them.
func readObject(place string, o object, depth int) (request, *check.Error) {
	var r request
	if err := r.readOptions(place, o); err != nil {
		return r, err
	}
	for value := range o.named("JobId") {
		id, ok := parseString(value)
		if !ok {
			return r, check.Invalid(join(place, "JobId"), "must be a string")
		}
		if err := r.add(join(place, "JobId"), id); err != nil {
			return r, err
		}
	}
	for value := range o.named("JobIds") {
		list, ok := parseArray(value)
		if !ok {
			return r, check.Invalid(join(place, "JobIds"), "must be an array of strings")
		}
		ids := request{batch: true}
		if err := ids.addArray(join(place, "JobIds"), list); err != nil {
			return r, err
		}
		if err := r.merge(place, ids); err != nil {
			return r, err
		}
	}
	for _, nested := range []struct {
		key  string
		read func(string, json.RawMessage, int) (request, bool, *check.Error)
	}{{"Response", readResponse}, {"Jobs", readAnswers}} {
		for value := range o.named(nested.key) {
			inner, ours, err := nested.read(join(place, nested.key), value, depth+1)
			if !ours && len(r.jobs) > 0 {
				continue
			}
			if err != nil {
				return r, err
			}
			if err := r.merge(join(place, nested.key), inner); err != nil {
				return r, err
			}
		}
	}
	// This function's own answer to an HTTP event, passed on.
	if body, ok := parseString(o.get("body")); ok && len(r.jobs) == 0 && o.get("statusCode") != nil {
		inner, err := readText(join(place, "body"), body, depth+1)
		if err != nil {
			return r, err
		}
		if err := r.merge(join(place, "body"), inner); err != nil {
			return r, err
		}
	}
	return r, nil
}

// readResponse reads the answer of an API call that is passed on.
func readResponse(place string, raw json.RawMessage, depth int) (request, bool, *check.Error) {
	o, ok := parseObject(raw)
	if !ok {
		return request{}, false, check.Invalid(place, "must be an object with JobId")
	}
	if depth > maxDepth {
		return request{}, false, check.Invalid(place, "is nested too deep")
	}
	r, err := readObject(place, o, depth)
	if err == nil && len(r.jobs) == 0 && o.get("Error") != nil {
		err = check.Invalid(place, "is the answer of a call that failed: it names no job")
	}
	return r, len(r.jobs) > 0 || err != nil, err
}

// readAnswers reads the entries of a batch's answer that is passed on.
func readAnswers(place string, raw json.RawMessage, _ int) (request, bool, *check.Error) {
	entries, ok := parseArray(raw)
	if !ok {
		return request{}, false, check.Invalid(place, "must be an array of objects with JobId")
	}
	r := request{batch: true}
	named := jobs{place: place, several: true, member: "JobId"}
	for i, entry := range entries.elements() {
		o, ok := parseObject(entry)
		if !ok {
			return r, false, check.Invalid(fmt.Sprintf("%s[%d]", place, i), "must be an object with JobId")
		}
		var id json.RawMessage
		values := 0
		for id = range o.named("JobId") {
			values++
		}
		if values == 0 && o.get("Error") != nil && o.get("Record") != nil {
			named.next++ // our own entry for a record that could not be read
			continue
		}
		if values != 1 {
			return r, false, check.Invalid(named.where(), "is required, once")
		}
		if err := named.addValue(id); err != nil {
			return r, false, err
		}
	}
	if named.next == 0 {
		return r, false, check.Invalid(place, "is empty")
	}
	return r, true, r.name(named)
}

// readOptions reads what stands beside the job.
func (r *request) readOptions(place string, o object) *check.Error {
	for value := range o.named("Action") {
		action, ok := parseString(value)
		if !ok {
			return check.Invalid(join(place, "Action"), "must be a string")
		}
		if err := r.setAction(join(place, "Action"), action); err != nil {
			return err
		}
	}
	for value := range o.named("Wait") {
		if s := string(value); s != "true" && s != "false" {
			return check.Invalid(join(place, "Wait"), "must be true or false")
		}
		if err := r.setWait(join(place, "Wait"), string(value) == "true"); err != nil {
			return err
		}
	}
	return nil
}
