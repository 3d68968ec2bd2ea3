package event

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"migratecheck/internal/check"
)

// maxParameters bounds the values of a form or query string: as many as there
// may be jobs, and the options.
const maxParameters = MaxJobs + 1000

// parameter is one that the function knows, of a path, a query string or a form.
type parameter struct {
	name   string // as we spell it
	listed bool   // the key is that of a list: JobId[], JobIds.0
	index  int    // the number in the key of a list, or -1

	text    []byte
	notText bool // in an event's JSON the value is not a string, as true is not
}

// jobKey is the key of a parameter that names jobs; several come as they do in
// queries of API 3.0 (JobIds.0) or as web frameworks have them (JobIds[]).
var jobKey = regexp.MustCompile(`^(?i:(JobIds?))(?:\[([0-9]*)\]|\.([0-9]+))?$`)

// parameterOf returns the parameter of that key, without a value, and false for
// one that is not ours.
func parameterOf(key string) (parameter, bool) {
	p := parameter{index: -1}
	if found := jobKey.FindStringSubmatch(key); found != nil {
		p.name = match(found[1], []string{"JobId", "JobIds"})
		p.listed = len(key) > len(p.name)
		if number := found[2] + found[3]; number != "" {
			p.index, _ = strconv.Atoi(number) // one that is too large goes last
		}
		return p, true
	}
	p.name = match(key, []string{"Action", "Select", "Wait", "Start", "Strict"})
	return p, p.name != ""
}

// readParameterObject reads path or query parameters as an event has them: the
// value is a string, an array of strings where the parameter is repeated, or
// true where it has none.
func readParameterObject(place string, raw json.RawMessage) (draft, *check.Error) {
	if isEmpty(raw) {
		return draft{}, nil
	}
	o, ok := parseObject(raw)
	if !ok {
		return draft{}, check.Invalid(place, "must be an object")
	}
	var parameters []parameter
	for key, raw := range o.members() {
		p, ours := parameterOf(string(key))
		if !ours {
			continue
		}
		for value := range oneOrMore(raw) {
			if isNull(value) {
				continue
			}
			if len(parameters) == maxParameters {
				return draft{}, tooManyParameters(place)
			}
			text, ok := parseText(value)
			if !ok {
				text = value
			}
			p.text, p.notText = text, !ok
			parameters = append(parameters, p)
		}
	}
	return readParameters(place, parameters)
}

// isEmpty reports whether parameters are left out: {}, "" or nothing at all.
func isEmpty(raw json.RawMessage) bool {
	if text, ok := parseText(raw); ok {
		return len(text) == 0
	}
	o, ok := parseObject(raw)
	for range o.members() {
		return false
	}
	return ok || raw == nil
}

// readForm reads the fields of a form.
func readForm(place string, text []byte) (draft, *check.Error) {
	var parameters []parameter
	fields := 0
	for field := range bytes.SplitSeq(text, []byte("&")) {
		if fields++; fields > maxParameters {
			return draft{}, tooManyParameters(place)
		}
		escapedKey, escapedValue, _ := strings.Cut(string(field), "=")
		key, badKey := url.QueryUnescape(escapedKey)
		value, badValue := url.QueryUnescape(escapedValue)
		if badKey != nil || badValue != nil {
			return draft{}, check.Invalid(place, "is not a valid form")
		}
		if p, ours := parameterOf(key); ours {
			p.text = []byte(value)
			parameters = append(parameters, p)
		}
	}
	return readParameters(place, parameters)
}

func tooManyParameters(place string) *check.Error {
	return check.Invalid(place, fmt.Sprintf("has more than %d fields, which is not taken", maxParameters))
}

// readParameters reads a check request from parameters.
func readParameters(place string, parameters []parameter) (draft, *check.Error) {
	var d draft
	jobs := map[string][]parameter{}
	for _, p := range parameters {
		where := join(place, p.name)
		var err *check.Error
		switch p.name {
		case "JobId", "JobIds":
			jobs[p.name] = append(jobs[p.name], p)
		case "Action":
			err = d.setAction(where, string(trim(p.text)))
		case "Select":
			var found draft
			if found, err = readSelectText(where, p.text); err == nil {
				err = d.merge(place, found)
			}
		default:
			on, ok := isOn(p.text)
			if !ok {
				return draft{}, check.Invalid(where, "must be true or false")
			}
			err = d.setFlag(where, p.name, on)
		}
		if err != nil {
			return draft{}, err
		}
	}
	for _, name := range []string{"JobId", "JobIds"} {
		found, err := readJobParameters(join(place, name), jobs[name], name == "JobIds")
		if err != nil {
			return draft{}, err
		}
		if err := d.merge(place, found); err != nil {
			return draft{}, err
		}
	}
	return d, nil
}

// readJobParameters reads the values of JobId or JobIds. Those whose keys have
// numbers are in the order of these.
func readJobParameters(place string, parameters []parameter, several bool) (draft, *check.Error) {
	if len(parameters) == 0 {
		return draft{}, nil
	}
	slices.SortStableFunc(parameters, func(a, b parameter) int { return cmp.Compare(a.index, b.index) })
	several = several || len(parameters) > 1
	values := make([]value, len(parameters))
	for i, p := range parameters {
		if p.notText {
			return draft{}, check.Invalid(place, "must be a string, not "+showJSON(p.text))
		}
		v, err := textValue(place, p.text, 0)
		if err != nil {
			return draft{}, err
		}
		v.text = bytes.TrimFunc(v.text, betweenJobs)
		several = several || p.listed || v.json != nil || bytes.ContainsFunc(v.text, betweenJobs)
		values[i] = v
	}
	return readJobs(place, several, values)
}

// readSelectText reads Select as a parameter: on or off, or the filters in JSON.
func readSelectText(place string, text []byte) (draft, *check.Error) {
	if on, ok := isOn(text); ok {
		return readSelect(place, strconv.AppendBool(nil, on), 0)
	}
	v, err := textValue(place, text, 0)
	if err != nil || isBlank(v.text) && v.json == nil {
		return draft{}, err
	}
	return readSelect(place, v.json, v.depth)
}

// isOn reads a parameter that is true or false; one without a value is true.
func isOn(text []byte) (on, ok bool) {
	text = trim(text)
	if len(text) == 0 {
		return true, true
	}
	on, err := strconv.ParseBool(string(text))
	return on, err == nil
}
