package handler

import (
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

// tasks are what the request asks about each job.
func (r request) tasks() []task {
	tasks := make([]task, len(r.jobs))
	for i, job := range r.jobs {
		tasks[i] = task{job: job, describe: r.action == actionDescribe, wait: r.wait != nil && *r.wait}
	}
	return tasks
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

// jobs gathers the jobs that one place names, each once.
type jobs struct {
	place   string
	several bool   // the place can name several: each has an index,
	member  string // and stands in this member, if any
	next    int    // the index of the next

	ids  []string
	seen map[string]bool
}

// add adds a JobId. What follows the first one too many is not read.
func (j *jobs) add(id string) *check.Error {
	if !validJob(id) {
		return check.Invalid(orEvent(j.where()), "must be 1 to 64 characters of A-Z a-z 0-9 _ -")
	}
	j.next++
	if j.seen[id] {
		return nil
	}
	if j.seen == nil && j.several {
		j.seen = map[string]bool{}
	}
	if j.several {
		j.seen[id] = true
	}
	if j.ids = append(j.ids, id); len(j.ids) > maxJobs {
		return errTooMany
	}
	return nil
}

// addValue adds a JobId that must be a JSON string.
func (j *jobs) addValue(raw json.RawMessage) *check.Error {
	id, ok := parseString(raw)
	if !ok {
		return check.Invalid(j.where(), "must be a string")
	}
	return j.add(id)
}

// where is the place of the next job.
func (j *jobs) where() string {
	switch {
	case !j.several:
		return j.place
	case j.member == "":
		return fmt.Sprintf("%s[%d]", j.place, j.next)
	}
	return fmt.Sprintf("%s[%d].%s", j.place, j.next, j.member)
}

// name adds what a place names.
func (r *request) name(named jobs) *check.Error {
	return r.merge(named.place, request{jobs: named.ids, place: orEvent(named.place)})
}

// add adds a place that names one job.
func (r *request) add(place, id string) *check.Error {
	named := jobs{place: place}
	if err := named.add(id); err != nil {
		return err
	}
	return r.name(named)
}

// addArray adds a place that names jobs in an array.
func (r *request) addArray(place string, list array) *check.Error {
	named := jobs{place: place, several: true}
	for _, value := range list.elements() {
		if err := named.addValue(value); err != nil {
			return err
		}
	}
	if named.next == 0 {
		return check.Invalid(orEvent(place), "is empty")
	}
	return r.name(named)
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

// validJob checks the form of a JobId; whether it exists is for DTS to say.
func validJob(id string) bool {
	valid := 1 <= len(id) && len(id) <= 64
	for _, r := range id {
		valid = valid && ('A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '_' || r == '-')
	}
	return valid
}
