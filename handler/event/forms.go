package event

import (
	"encoding/json"

	"migratecheck/internal/check"
)

// readMessage reads a message: a text, or JSON in place of it. It must say which
// jobs.
func readMessage(place string, raw json.RawMessage) (draft, *check.Error) {
	v, err := jsonValue(place, raw, 0)
	if err != nil {
		return draft{}, err
	}
	if raw == nil || !isContent(v) {
		return draft{}, check.Invalid(place, "must be a string that names the jobs")
	}
	d, err := readValue(place, v)
	return d, required(place, d, err)
}

// required returns err, or the error for a request that does not say which jobs.
func required(place string, d draft, err *check.Error) *check.Error {
	if err == nil && d.empty() {
		err = check.Invalid(place, "names no job")
	}
	return err
}

// isContent reports whether a value can carry a request: no number, boolean or
// null does.
func isContent(v value) bool {
	return v.json == nil || v.json[0] == '{' || v.json[0] == '['
}

// readValue reads a check request in any of its forms.
func readValue(place string, v value) (draft, *check.Error) {
	switch {
	case v.json == nil:
		return readList(place, v.text)
	case isNull(v.json):
		return draft{}, nil
	case v.json[0] == '{':
		return readObject(place, object(v.json), v.depth)
	case v.json[0] == '[':
		return readJobs(place, true, []value{v})
	}
	return draft{}, check.Invalid(orEvent(place), "must be a JobId, an array of them or an object with JobId, not "+showJSON(v.json))
}

// readObject reads the object forms of a check request. Keys that are not ours
// are ignored.
func readObject(place string, o object, depth int) (draft, *check.Error) {
	if depth > maxDepth {
		return draft{}, tooDeep(place)
	}
	fields, err := o.fields(place, "JobId", "JobIds", "Select", "Action", "Wait", "Start", "Strict")
	if err != nil {
		return draft{}, err
	}
	var d draft
	if err := d.readOptions(place, fields); err != nil {
		return draft{}, err
	}
	for _, form := range []struct {
		key  string
		read func(string, json.RawMessage, int) (draft, *check.Error)
	}{{"JobId", readJob}, {"JobIds", readJobIDs}, {"Select", readSelect}} {
		raw, ok := fields[form.key]
		if !ok {
			continue
		}
		found, err := form.read(join(place, form.key), raw, depth)
		if err != nil {
			return draft{}, err
		}
		if err := d.merge(place, found); err != nil {
			return draft{}, err
		}
	}
	return d, d.readAnswers(place, o, depth)
}

// readJobIDs reads the value of JobIds: an array, or a text list.
func readJobIDs(place string, raw json.RawMessage, depth int) (draft, *check.Error) {
	v, err := jsonValue(place, raw, depth)
	if err != nil {
		return draft{}, err
	}
	return readJobs(place, true, []value{v})
}
