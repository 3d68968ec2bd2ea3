package event

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"time"

	"migratecheck/internal/check"
	"migratecheck/internal/jsonscan"
)

// draft is a check request as it was found in one place of an event, or in
// several that agree.
type draft struct {
	jobs   []string      // in the order given, each once
	filter *check.Filter // the value of Select, nil where there is none
	none   bool          // it is this function's own answer, which leaves nothing to do
	place  string        // where the jobs or Select were found
	batch  bool          // the request has a form that can name several jobs

	options options

	slips     []slip
	misplaced *check.Error // a filter that is outside of Select, where there is one

	via []string
	id  string
	at  time.Time
}

// empty reports whether the draft does not say which jobs.
func (d draft) empty() bool { return len(d.jobs) == 0 && d.filter == nil && !d.none }

// required returns err, or the error for a request that does not say which jobs.
func (d draft) required(place, problem string, err *check.Error) *check.Error {
	if err != nil || !d.empty() {
		return err
	}
	for _, s := range d.slips {
		if s.meant == "JobId" || s.meant == "JobIds" || s.meant == "Select" {
			problem += "; it has " + s.key + ": " + s.meant + " was probably meant"
			break
		}
	}
	return check.Invalid(orEvent(place), problem)
}

// request returns what is asked for, all places taken together.
func (d draft) request() (Request, *check.Error) {
	ask, err := d.options.ask()
	if err != nil {
		return Request{}, err
	}
	if i := slices.IndexFunc(d.slips, func(s slip) bool { return !s.faint }); ask.Start && i >= 0 {
		s := d.slips[i]
		return Request{}, check.Invalid(orEvent(s.place), "has the key "+s.key+": "+s.meant+" was probably meant; a request that starts migrations must be exact")
	}
	r := Request{Jobs: d.jobs, Ask: ask, Batch: d.batch || d.none}
	if d.filter != nil {
		filter := *d.filter
		filter.Status, err = statuses(d.place, filter.Status, ask)
		r.Select = &filter
	}
	return r, err
}

// merge adds what another place asks for. Two places that say which jobs must
// say the same, and so must options: the function never guesses.
func (d *draft) merge(other draft) *check.Error {
	d.slips = append(d.slips, other.slips...)
	if d.misplaced == nil {
		d.misplaced = other.misplaced
	}
	if d.via == nil {
		d.via = other.via
	}
	d.batch = d.batch || other.batch
	for _, name := range requestKeys { // in an order that does not change
		if given, ok := other.options[name]; ok {
			if err := d.options.set(name, given); err != nil {
				return err
			}
		}
	}
	switch {
	case other.empty():
	case d.empty():
		d.jobs, d.filter, d.none, d.place = other.jobs, other.filter, other.none, other.place
	case d.filter != nil && other.filter != nil:
		if !reflect.DeepEqual(d.filter, other.filter) {
			return check.Invalid(other.place, "differs from "+d.place)
		}
	case d.filter != nil || other.filter != nil:
		return check.Invalid(other.place, "must not be given together with "+d.place+": a request names its jobs or has Select, not both")
	case !slices.Equal(sorted(d.jobs), sorted(other.jobs)):
		return check.Invalid(other.place, "names another job than "+d.place)
	}
	return nil
}

func sorted(ids []string) []string { return slices.Sorted(slices.Values(ids)) }

// readMessage reads a message: a text, or JSON in place of it. It must say which
// jobs.
func readMessage(place string, raw []byte) (draft, *check.Error) {
	v, err := jsonValue(place, raw, 0)
	if err != nil {
		return draft{}, err
	}
	d, err := readValue(place, v)
	return d, d.required(place, "names no job", err)
}

// readValue reads a check request in any of its forms.
func readValue(place string, v value) (draft, *check.Error) {
	switch {
	case v.isBlank():
		return draft{}, nil
	case v.json == nil:
		return readText(place, v.text)
	case jsonscan.IsObject(v.json):
		return readObject(place, v.json, v.depth)
	case jsonscan.IsArray(v.json):
		return readJobs(place, field{values: []value{v}, several: true})
	}
	return draft{}, check.Invalid(orEvent(place), "must be a JobId, an array of them or an object with JobId, not "+showJSON(v.json))
}

// requestKeys are the keys of a check request. Those after the jobs are options.
var requestKeys = []string{"JobId", "JobIds", "Select", "Action", "Wait", "Start", "Strict", "DryRun", "Accept"}

// objectKeys are those, and the keys of answers that are passed on as requests.
var objectKeys = append(slices.Clone(requestKeys), "Response", "Jobs", "body", "Via")

// given is what an object has under one of its keys, which may stand there twice.
type given struct {
	raw   []byte
	twice bool // with different values
}

// readObject reads the object forms of a check request. The draft has Via and slips
// even if there is an error.
func readObject(place string, o object, depth int) (draft, *check.Error) {
	var d draft
	if depth > maxDepth {
		return d, tooDeep(place)
	}
	keys := map[string]given{}
	for key, raw := range o.members() {
		if jsonscan.IsNull(raw) {
			continue
		}
		name := match(key, objectKeys)
		if name == "" {
			d.noteKey(place, key)
			continue
		}
		before, ok := keys[name]
		keys[name] = given{raw, before.twice || ok && !bytes.Equal(before.raw, raw)}
	}
	d.via = readVia(keys["Via"].raw)
	if err := d.readKeys(place, keys, depth); err != nil {
		return d, err
	}
	if len(d.jobs) > 0 && o.get("RequestId") != nil && isLeftOut(o) {
		d.jobs, d.none = nil, true
	}
	err := d.readAnswers(place, o, keys, depth)
	return d, err
}

// readKeys adds what the keys of a check request say.
func (d *draft) readKeys(place string, keys map[string]given, depth int) *check.Error {
	for _, name := range requestKeys {
		key, ok := keys[name]
		if !ok {
			continue
		}
		where := join(place, name)
		if key.twice {
			return ambiguous(where)
		}
		v, err := jsonValue(where, key.raw, depth)
		if err == nil {
			err = d.read(place, field{name: name, values: []value{v}})
		}
		if err != nil {
			return err
		}
	}
	if d.filter != nil && d.misplaced != nil {
		return d.misplaced
	}
	return nil
}

// readAnswers adds what an answer that is passed on as a request says: an API's is
// under Response, this function's own under Jobs for a batch, and in body for HTTP. A
// sender may use these names for something else, so beside jobs they count only if
// they name jobs as well.
func (d *draft) readAnswers(place string, o object, keys map[string]given, depth int) *check.Error {
	for _, name := range []string{"Response", "Jobs", "body"} {
		key, ok := keys[name]
		if !ok || name == "body" && o.get("statusCode") == nil {
			continue
		}
		read := readAnswer
		if name == "Jobs" {
			read = readBatch
		}
		where := join(place, name)
		found, err := read(where, o, key.raw, depth)
		if key.twice {
			err = ambiguous(where)
		}
		if (err != nil || found.empty() || found.none) && !d.empty() {
			continue
		}
		if err == nil {
			err = d.merge(found)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func ambiguous(place string) *check.Error {
	return check.Invalid(place, "is given more than once, with different values")
}

// field is what a place says under one of our names.
type field struct {
	name      string
	values    []value
	parameter bool // of a query string, path or form: all is text, and it may be repeated
	several   bool // the key is that of a list
}

// read adds what a field says.
func (d *draft) read(place string, f field) *check.Error {
	where := join(place, f.name)
	switch f.name {
	case "JobId", "JobIds":
		found, err := readJobs(where, f)
		if err == nil {
			err = d.merge(found)
		}
		return err
	case "Select":
		for _, v := range f.values {
			found, err := readSelect(where, v, f.parameter)
			if err == nil {
				err = d.merge(found)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	return d.options.read(where, f)
}

// readAnswer reads an answer: that of an API call, or this function's own over HTTP.
func readAnswer(place string, _ object, raw []byte, depth int) (draft, *check.Error) {
	v, err := jsonValue(place, raw, depth)
	if err != nil {
		return draft{}, err
	}
	if !jsonscan.IsObject(v.json) {
		return draft{}, check.Invalid(place, "must be an object with JobId, not "+v.shown())
	}
	d, err := readObject(place, v.json, v.depth+1)
	if err == nil && d.empty() && object(v.json).get("Error") != nil {
		err = check.Invalid(place, "is the answer of a call that failed: it names no job")
	}
	return d, err
}

// readBatch reads this function's own answer to a batch. An entry for a record
// that could not be read names no job, and one that needs nothing more is left out.
func readBatch(place string, o object, raw []byte, depth int) (draft, *check.Error) {
	v, err := jsonValue(place, raw, depth)
	if err != nil {
		return draft{}, err
	}
	if !jsonscan.IsArray(v.json) {
		return draft{}, check.Invalid(place, "must be an array of objects with JobId, not "+v.shown())
	}
	l := list{place: place, several: true, member: "JobId"}
	entries, leftOut := 0, 0
	for i, entry := range jsonscan.Elements(v.json) {
		if !jsonscan.IsObject(entry) {
			return draft{}, check.Invalid(fmt.Sprintf("%s[%d]", place, i), "must be an object with JobId, not "+showJSON(entry))
		}
		entries++
		job := object(entry).get("JobId")
		switch {
		case isLeftOut(entry):
			leftOut++
		case job != nil:
			l.next = i
			if err := l.addString(job); err != nil {
				return draft{}, err
			}
		}
	}
	foundNone := entries == 0 && string(o.get("Failed")) == "0" // by a selection
	if len(l.ids) == 0 && (foundNone || leftOut > 0) {
		return draft{none: true, place: place}, nil
	}
	return l.draft()
}

// isLeftOut reports whether an answer is that of a job that needs nothing more, or
// needs a person.
func isLeftOut(answer object) bool {
	return isTrue(answer.get("Waiting")) || isTrue(answer.get("Started")) || isTrue(answer.get("AlreadyStarted"))
}
