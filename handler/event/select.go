package event

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"migratecheck/internal/check"
)

// filterNames are the members of Select.
var filterNames = []string{"Status", "JobName", "Tags", "SrcDatabaseType", "DstDatabaseType"}

// maxValues and maxLength bound a filter's values; a job's name, for one, has at
// most 128 characters.
const (
	maxValues = 100
	maxLength = 255
)

// readSelect reads the value of Select.
func readSelect(place string, raw json.RawMessage, depth int) (draft, *check.Error) {
	v, err := jsonValue(place, raw, depth)
	if err != nil {
		return draft{}, err
	}
	selected := draft{filter: &check.Filter{}, place: place, batch: true}
	switch string(v.json) {
	case "false":
		return draft{}, nil
	case "true":
		return selected, nil
	}
	o, ok := parseObject(v.json)
	if !ok {
		return draft{}, check.Invalid(place, "must be true, false or an object of filters")
	}
	selected.filter, err = readFilter(place, o)
	return selected, err
}

// readFilter reads the object of Select. A filter that is misspelt or empty is
// an error: ignoring it would select every job.
func readFilter(place string, o object) (*check.Filter, *check.Error) {
	for key, raw := range o.members() {
		name := match(string(key), filterNames)
		if name == "" {
			return nil, check.Invalid(place, "has no filter "+show(key)+": there are "+strings.Join(filterNames, ", "))
		}
		if isNull(raw) {
			return nil, check.Invalid(join(place, name), "is null")
		}
	}
	fields, err := o.fields(place, filterNames...)
	if err != nil {
		return nil, err
	}
	f := &check.Filter{}
	for _, filter := range []struct {
		name   string
		values *[]string
		parse  func(json.RawMessage) (value, problem string)
	}{
		{"Status", &f.Status, parseStatus},
		{"JobName", &f.Names, parseName},
		{"SrcDatabaseType", &f.SrcDatabaseTypes, parseName},
		{"DstDatabaseType", &f.DstDatabaseTypes, parseName},
	} {
		if raw, ok := fields[filter.name]; ok {
			if *filter.values, err = readValues(join(place, filter.name), raw, filter.parse); err != nil {
				return nil, err
			}
		}
	}
	if raw, ok := fields["Tags"]; ok {
		f.Tags, err = readTags(join(place, "Tags"), raw)
	}
	return f, err
}

// readValues reads one value, or an array of them.
func readValues(place string, raw json.RawMessage, parse func(json.RawMessage) (value, problem string)) ([]string, *check.Error) {
	list, several := parseArray(raw)
	if !several {
		v, problem := parse(raw)
		if problem != "" {
			return nil, check.Invalid(place, problem)
		}
		return []string{v}, nil
	}
	var values []string
	for i, raw := range list.elements() {
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
func readTags(place string, raw json.RawMessage) (map[string][]string, *check.Error) {
	o, ok := parseObject(raw)
	if !ok {
		return nil, check.Invalid(place, "must be an object of tag keys and values")
	}
	tags := map[string][]string{}
	for name, raw := range o.members() {
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

func parseName(raw json.RawMessage) (name, problem string) {
	text, ok := parseText(raw)
	if !ok {
		return "", "must be a string or an array of strings"
	}
	return checkLength(string(trim(text)))
}

// parseTagValue differs from parseName in that a tag's value may be empty.
func parseTagValue(raw json.RawMessage) (value, problem string) {
	if text, ok := parseText(raw); ok && len(trim(text)) == 0 {
		return "", ""
	}
	return parseName(raw)
}

func checkLength(name string) (same, problem string) {
	if n := utf8.RuneCountInString(name); n < 1 || n > maxLength {
		return "", fmt.Sprintf("must be 1 to %d characters", maxLength)
	}
	return name, ""
}
