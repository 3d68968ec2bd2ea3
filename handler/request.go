package handler

import (
	"encoding/json"
	"fmt"
	"slices"

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
