package handler

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"migratecheck/internal/check"
)

// The actions that a check request may name.
const (
	actionCreate   = "CreateMigrateCheckJob"
	actionDescribe = "DescribeMigrateCheckJob"
)

// request is a check request as it was found in one place of an event, or in
// several that agree.
type request struct {
	jobs   []string // in the order given, each once
	batch  bool     // the request has a form that can name several jobs
	place  string   // where the jobs were found
	action string   // "" where none is named
	wait   *bool    // nil where it is not said
}

// join names a member of the place; the event itself has no name of its own.
func join(place, member string) string {
	if place == "" {
		return member
	}
	return place + "." + member
}

// orEvent names the place, which may be the event itself.
func orEvent(place string) string {
	if place == "" {
		return "event"
	}
	return place
}

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
		if !json.Valid([]byte(text)) {
			return request{}, check.Invalid(place, "is not valid JSON")
		}
		return readJSON(place, json.RawMessage(text), depth)
	}
	ids := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\r' || r == '\n' })
	r := request{batch: len(ids) > 1}
	return r, r.add(place, ids...)
}

// isBlank tells that a trimmed text asks for nothing.
func isBlank(text string) bool { return text == "" || text == "null" }

// isJSON tells that a text means to be one of the JSON forms: no JobId begins so.
func isJSON(text string) bool { return text != "" && strings.Contains(`{["`, text[:1]) }

// readJSON reads a check request from valid JSON.
func readJSON(place string, raw json.RawMessage, depth int) (request, *check.Error) {
	raw = bytes.TrimSpace(raw)
	if depth > maxDepth {
		return request{}, check.Invalid(place, "is nested too deep")
	}
	if isNull(raw) {
		return request{}, nil
	}
	if o, ok := parseObject(raw); ok {
		return readObject(place, o, depth)
	}
	if _, ok := parseArray(raw); ok {
		r := request{batch: true}
		return r, r.addArray(place, raw)
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
	for _, value := range o.named("JobId") {
		id, ok := parseString(value)
		if !ok {
			return r, check.Invalid(join(place, "JobId"), "must be a string")
		}
		if err := r.add(join(place, "JobId"), id); err != nil {
			return r, err
		}
	}
	for _, value := range o.named("JobIds") {
		ids := request{batch: true}
		if err := ids.addArray(join(place, "JobIds"), value); err != nil {
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
		for _, value := range o.named(nested.key) {
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
	if len(entries) == 0 {
		return request{}, false, check.Invalid(place, "is empty")
	}
	r := request{batch: true, place: place}
	for i, entry := range entries {
		where := fmt.Sprintf("%s[%d]", place, i)
		o, ok := parseObject(entry)
		if !ok {
			return r, false, check.Invalid(where, "must be an object with JobId")
		}
		values := o.named("JobId")
		if len(values) == 0 && o.get("Error") != nil && o.get("Record") != nil {
			continue // our own entry for a record that could not be read
		}
		if len(values) != 1 {
			return r, false, check.Invalid(join(where, "JobId"), "is required, once")
		}
		id, ok := parseString(values[0])
		if !ok {
			return r, false, check.Invalid(join(where, "JobId"), "must be a string")
		}
		if err := validJob(join(where, "JobId"), id); err != nil {
			return r, false, err
		}
		r.jobs = append(r.jobs, id)
	}
	r.jobs = unique(r.jobs)
	return r, true, nil
}

// readOptions reads what stands beside the job.
func (r *request) readOptions(place string, o object) *check.Error {
	for _, value := range o.named("Action") {
		action, ok := parseString(value)
		if !ok {
			return check.Invalid(join(place, "Action"), "must be a string")
		}
		if err := r.setAction(join(place, "Action"), action); err != nil {
			return err
		}
	}
	for _, value := range o.named("Wait") {
		if s := string(value); s != "true" && s != "false" {
			return check.Invalid(join(place, "Wait"), "must be true or false")
		}
		if err := r.setWait(join(place, "Wait"), string(value) == "true"); err != nil {
			return err
		}
	}
	return nil
}

func (r *request) setAction(place, action string) *check.Error {
	if action != actionCreate && action != actionDescribe {
		return &check.Error{
			Code:    "InvalidAction",
			Message: place + ": must be " + actionCreate + " or " + actionDescribe,
		}
	}
	if r.action != "" && r.action != action {
		return check.Invalid(place, "differs from an action named elsewhere in the event")
	}
	r.action = action
	return nil
}

func (r *request) setWait(place string, wait bool) *check.Error {
	if r.wait != nil && *r.wait != wait {
		return check.Invalid(place, "is both true and false in the event")
	}
	r.wait = &wait
	return nil
}

// add adds a place that names jobs.
func (r *request) add(place string, ids ...string) *check.Error {
	for i, id := range ids {
		where := place
		if len(ids) > 1 {
			where = fmt.Sprintf("%s[%d]", place, i)
		}
		if err := validJob(where, id); err != nil {
			return err
		}
	}
	return r.merge(place, request{jobs: unique(ids), place: orEvent(place)})
}

// addArray adds a place that names jobs in an array.
func (r *request) addArray(place string, raw json.RawMessage) *check.Error {
	values, ok := parseArray(raw)
	if !ok {
		return check.Invalid(place, "must be an array of strings")
	}
	if len(values) == 0 {
		return check.Invalid(orEvent(place), "is empty")
	}
	ids := make([]string, len(values))
	for i, value := range values {
		if ids[i], ok = parseString(value); !ok {
			return check.Invalid(fmt.Sprintf("%s[%d]", place, i), "must be a string")
		}
		if err := validJob(fmt.Sprintf("%s[%d]", place, i), ids[i]); err != nil {
			return err
		}
	}
	return r.merge(place, request{jobs: unique(ids), place: orEvent(place)})
}

// merge adds what the given place asks for. Two places that name jobs must name
// the same ones: the function never guesses.
func (r *request) merge(place string, other request) *check.Error {
	if other.action != "" {
		if err := r.setAction(join(place, "Action"), other.action); err != nil {
			return err
		}
	}
	if other.wait != nil {
		if err := r.setWait(join(place, "Wait"), *other.wait); err != nil {
			return err
		}
	}
	r.batch = r.batch || other.batch
	if len(other.jobs) == 0 {
		return nil
	}
	if len(r.jobs) == 0 {
		r.jobs, r.place = other.jobs, other.place
		return nil
	}
	if slices.Equal(sorted(r.jobs), sorted(other.jobs)) {
		return nil
	}
	if r.place == other.place {
		return check.Invalid(r.place, "is given more than once, with different jobs")
	}
	return check.Invalid(other.place, "names another job than "+r.place)
}

func sorted(ids []string) []string {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return ids
}

// unique collapses repeated ids to their first occurrence.
func unique(ids []string) []string {
	if len(ids) < 2 {
		return ids
	}
	seen := make(map[string]bool, len(ids))
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

// validJob checks the form of a JobId; whether it exists is for DTS to say.
func validJob(place, id string) *check.Error {
	valid := 1 <= len(id) && len(id) <= 64
	for _, r := range id {
		valid = valid && ('A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '_' || r == '-')
	}
	if !valid {
		return check.Invalid(orEvent(place), "must be 1 to 64 characters of A-Z a-z 0-9 _ -")
	}
	return nil
}
