package event

import (
	"encoding/json"
	"fmt"

	"migratecheck/internal/check"
)

// readAnswers reads answers that are passed on as requests: an API's is under
// Response, this function's own under Jobs for a batch, and in body for HTTP.
// A sender may use these names for something else, so beside jobs they count
// only if they name jobs as well.
func (d *draft) readAnswers(place string, o object, depth int) *check.Error {
	for _, form := range []struct {
		key  string
		read func(string, object, json.RawMessage, int) (draft, *check.Error)
	}{{"Response", readResponse}, {"Jobs", readBatch}, {"body", readOwnBody}} {
		raw, twice := o.field(form.key)
		if raw == nil {
			continue
		}
		where := join(place, form.key)
		found, err := form.read(where, o, raw, depth)
		if twice {
			err = ambiguous(where)
		}
		if (err != nil || found.empty() || found.none) && !d.empty() {
			continue
		}
		if err != nil {
			return err
		}
		if err := d.merge(where, found); err != nil {
			return err
		}
	}
	return nil
}

// readResponse reads the answer of an API call.
func readResponse(place string, _ object, raw json.RawMessage, depth int) (draft, *check.Error) {
	v, err := jsonValue(place, raw, depth)
	if err != nil {
		return draft{}, err
	}
	o, ok := parseObject(v.json)
	if !ok {
		return draft{}, check.Invalid(place, "must be an object with JobId")
	}
	d, err := readObject(place, o, v.depth+1)
	if err == nil && d.empty() && o.get("Error") != nil {
		err = check.Invalid(place, "is the answer of a call that failed: it names no job")
	}
	return d, err
}

// readBatch reads this function's own answer to a batch. An entry for a record
// that could not be read names no job; if a selection found none, there are no
// entries, and the next function in a row has nothing to do.
func readBatch(place string, o object, raw json.RawMessage, depth int) (draft, *check.Error) {
	v, err := jsonValue(place, raw, depth)
	if err != nil {
		return draft{}, err
	}
	entries, ok := parseArray(v.json)
	if !ok {
		return draft{}, check.Invalid(place, "must be an array of objects with JobId")
	}
	if entries.empty() && string(o.get("Failed")) == "0" {
		return draft{none: true, batch: true, place: place}, nil
	}
	l := list{place: place, several: true, member: "JobId"}
	for i, entry := range entries.elements() {
		o, ok := parseObject(entry)
		if !ok {
			return draft{}, check.Invalid(fmt.Sprintf("%s[%d]", place, i), "must be an object with JobId")
		}
		l.next = i
		raw, twice := o.field("JobId")
		if twice {
			return draft{}, ambiguous(l.where())
		}
		if raw == nil {
			continue
		}
		if err := l.addString(raw); err != nil {
			return draft{}, err
		}
	}
	return l.draft()
}

// readOwnBody reads this function's own answer to an HTTP event.
func readOwnBody(place string, o object, raw json.RawMessage, depth int) (draft, *check.Error) {
	text, ok := parseText(raw)
	if !ok || o.get("statusCode") == nil {
		return draft{}, nil
	}
	v, err := textValue(place, text, depth)
	if err != nil {
		return draft{}, err
	}
	v.depth++
	return readValue(place, v)
}
