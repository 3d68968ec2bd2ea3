package event

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"migratecheck/internal/check"
	"migratecheck/internal/jsonscan"
)

// filterNames are the members of Select.
var filterNames = []string{"Kind", "Status", "JobName", "Tags", "SrcDatabaseType", "DstDatabaseType"}

// maxValues and maxLength bound a filter's values; a job's name, for one, has at
// most 128 characters.
const (
	maxValues = 100
	maxLength = 255
)

// readSelect reads the value of Select: on or off, or an object of filters.
func readSelect(place string, v value, parameter bool) (draft, *check.Error) {
	selected := draft{filter: &check.Filter{}, place: place, batch: true}
	if parameter && string(v.text) == "null" {
		return draft{}, nil
	}
	if on, ok := isOn(v, parameter); ok {
		if !on {
			return draft{}, nil
		}
		return selected, nil
	}
	if !jsonscan.IsObject(v.json) {
		return draft{}, check.Invalid(place, "must be true, false or an object of filters, not "+v.shown())
	}
	var err *check.Error
	selected.filter, err = readFilter(place, object(v.json))
	return selected, err
}

// readFilter reads the object of Select. A filter that is misspelt or empty is
// an error: ignoring it would select every job.
func readFilter(place string, o object) (*check.Filter, *check.Error) {
	given := map[string][]byte{}
	for key, raw := range o.members() {
		name := match(key, filterNames)
		switch before, twice := given[name]; {
		case name == "":
			return nil, noFilter(place, key)
		case twice && string(before) != string(raw):
			return nil, ambiguous(join(place, name))
		}
		given[name] = raw
	}
	values := map[string][]string{}
	for name, parse := range map[string]parser{
		"Kind": parseKind, "Status": parseStatus, "JobName": parseName, "SrcDatabaseType": parseName, "DstDatabaseType": parseName,
	} {
		if raw, ok := given[name]; ok {
			var err *check.Error
			if values[name], err = readValues(join(place, name), raw, parse); err != nil {
				return nil, err
			}
		}
	}
	f := &check.Filter{
		Status: values["Status"], Names: values["JobName"],
		SrcDatabaseTypes: values["SrcDatabaseType"], DstDatabaseTypes: values["DstDatabaseType"],
	}
	for _, kind := range values["Kind"] {
		f.Kinds = append(f.Kinds, check.JobKind(kind))
	}
	var err *check.Error
	if raw, ok := given["Tags"]; ok {
		f.Tags, err = readTags(join(place, "Tags"), raw)
	}
	return f, err
}

// noFilter is the error for a key inside Select that is no filter.
func noFilter(place string, key []byte) *check.Error {
	problem := "has no filter " + show(key) + ": "
	if name := nearly(key, filterNames); name != "" {
		return check.Invalid(place, problem+name+" was probably meant")
	}
	if name := nearly(key, requestKeys); name != "" {
		return check.Invalid(place, problem+name+" belongs beside Select")
	}
	return check.Invalid(place, problem+"there are "+strings.Join(filterNames, ", "))
}

// parser reads one value of a filter.
type parser func(raw []byte) (value, problem string)

// readValues reads one value, or an array of them.
func readValues(place string, raw []byte, parse parser) ([]string, *check.Error) {
	if !jsonscan.IsArray(raw) {
		v, problem := parse(raw)
		if problem != "" {
			return nil, check.Invalid(place, problem)
		}
		return []string{v}, nil
	}
	var values []string
	for i, raw := range jsonscan.Elements(raw) {
		if i == maxValues {
			return nil, check.Invalid(place, fmt.Sprintf("has more than %d values", maxValues))
		}
		v, problem := parse(raw)
		if problem != "" {
			return nil, check.Invalid(fmt.Sprintf("%s[%d]", place, i), problem)
		}
		if !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	if values == nil {
		return nil, check.Invalid(place, "is empty")
	}
	return values, nil
}

// readTags reads the values of each tag. Tag keys are not ours: their case counts.
func readTags(place string, raw []byte) (map[string][]string, *check.Error) {
	if !jsonscan.IsObject(raw) {
		return nil, check.Invalid(place, "must be an object of tag keys and values, not "+showJSON(raw))
	}
	tags := map[string][]string{}
	for name, raw := range object(raw).members() {
		key, problem := checkLength(string(name))
		if problem != "" {
			return nil, check.Invalid(place, "has the key "+show(name)+", which "+problem)
		}
		where := place + "[" + show(name) + "]"
		values, err := readValues(where, raw, parseTagValue)
		if err != nil {
			return nil, err
		}
		if before, ok := tags[key]; ok && !slices.Equal(before, values) {
			return nil, ambiguous(where)
		}
		if tags[key] = values; len(tags) > maxValues {
			return nil, check.Invalid(place, fmt.Sprintf("has more than %d keys", maxValues))
		}
	}
	if len(tags) == 0 {
		return nil, check.Invalid(place, "is empty")
	}
	return tags, nil
}

func parseName(raw []byte) (name, problem string) {
	text, ok := jsonscan.Text(raw)
	if !ok {
		return "", "must be a string or an array of strings, not " + showJSON(raw)
	}
	return checkLength(string(trim(text)))
}

// parseTagValue differs from parseName in that a tag's value may be empty.
func parseTagValue(raw []byte) (value, problem string) {
	if text, ok := jsonscan.Text(raw); ok && len(trim(text)) == 0 {
		return "", ""
	}
	return parseName(raw)
}

func checkLength(name string) (same, problem string) {
	if n := utf8.RuneCountInString(name); n < 1 || n > maxLength {
		return "", fmt.Sprintf("must be 1 to %d characters, not %s", maxLength, show([]byte(name)))
	}
	return name, ""
}

func parseKind(raw []byte) (kind, problem string) {
	text, _ := jsonscan.Text(raw)
	switch kind := string(trim(text)); check.JobKind(kind) {
	case check.Migration, check.Sync:
		return kind, ""
	}
	return "", fmt.Sprintf("must be %s or %s, not %s", check.Migration, check.Sync, showJSON(raw))
}

// parseStatus reads a word, or a number of version 2018-03-30.
func parseStatus(raw []byte) (status, problem string) {
	text, ok := jsonscan.Text(raw)
	if !ok {
		text = raw
	}
	word := string(trim(text))
	number, _ := strconv.Atoi(word)
	if named, ok := check.Status2018(number); ok && strconv.Itoa(number) == word {
		return named, ""
	}
	if !slices.Contains(check.Statuses, word) {
		return "", "must be a status of a job (" + strings.Join(check.Statuses, ", ") + "), not " + show(text)
	}
	return word, ""
}

// statuses returns the statuses of the jobs that a request selects: those that are
// named, or those that its steps can do something about. nil is any.
func statuses(place string, named []string, ask Ask) ([]string, *check.Error) {
	if ask.Describe {
		return named, nil
	}
	awaiting := []string{check.JobCreated, check.JobCheckNotPass}
	if ask.Wait {
		awaiting = append(awaiting, check.JobChecking) // what runs is waited for
	}
	if ask.Start {
		awaiting = append(awaiting, check.JobCheckPass) // and what has passed is not passed over in silence
	}
	if named == nil {
		return awaiting, nil
	}
	for _, status := range named {
		switch {
		case check.AllowsCheck(status), status == check.JobChecking && ask.Wait:
		case status == check.JobChecking:
			return nil, check.Invalid(join(place, "Status"), "is checking: no check can be created, and without Wait it is not waited for")
		default:
			return nil, check.Invalid(join(place, "Status"), "is "+status+", which allows no check: only created, checkPass and checkNotPass do")
		}
	}
	return named, nil
}

// maxSelected bounds a text of Selected, in characters.
const maxSelected = 200

// Selected says what a filter selects by: a short text for each of its members, as
// "JobName: orders", safe to show and to log. It is not nil.
func Selected(f check.Filter) []string {
	kinds := make([]string, len(f.Kinds))
	for i, kind := range f.Kinds {
		kinds[i] = string(kind)
	}
	var tags []string
	for _, key := range slices.Sorted(maps.Keys(f.Tags)) {
		tags = append(tags, key+"="+strings.Join(f.Tags[key], "|"))
	}
	texts := []string{}
	for _, filter := range []struct {
		name   string
		values []string
	}{
		{"Kind", kinds}, {"Status", f.Status}, {"JobName", f.Names}, {"Tags", tags},
		{"SrcDatabaseType", f.SrcDatabaseTypes}, {"DstDatabaseType", f.DstDatabaseTypes},
	} {
		if len(filter.values) > 0 {
			texts = append(texts, filter.name+": "+shown([]byte(strings.Join(filter.values, ", ")), maxSelected, true))
		}
	}
	return texts
}
