package event

import (
	"bytes"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"migratecheck/internal/check"
	"migratecheck/internal/jsonscan"
)

// maxParameters bounds the values of a form or query string: as many as there
// may be jobs, and the options.
const maxParameters = MaxJobs + 1000

// parameters gathers those of a path, a query string or a form that are ours.
type parameters struct {
	draft
	place  string
	fields map[string]*field
	count  int
}

// index ends the key of a list: as web frameworks have it (JobIds[]), or as queries
// of API 3.0 do (JobIds.0).
var index = regexp.MustCompile(`(\[[0-9]*\]|\.[0-9]+)$`)

// add adds a value: a text, or JSON of the event that is no string, such as true for a
// parameter that has no value.
func (p *parameters) add(key, text, json []byte) *check.Error {
	bare := index.ReplaceAll(key[:len(key):len(key)], nil)
	name := match(bare, requestKeys)
	if name == "" {
		p.noteKey(p.place, key)
		return nil
	}
	if p.count++; p.count > maxParameters {
		return check.Invalid(p.place, fmt.Sprintf("has more than %d fields, which is not taken", maxParameters))
	}
	v := value{json: json}
	if json == nil {
		var err *check.Error
		if v, err = textValue(join(p.place, name), text, 0); err != nil {
			return err
		}
	}
	f := p.fields[name]
	if f == nil {
		f = &field{name: name, parameter: true}
		p.fields[name] = f
	}
	f.several = f.several || len(bare) < len(key)
	f.values = append(f.values, v)
	return nil
}

// read returns the check request that the parameters are.
func (p *parameters) read() (draft, *check.Error) {
	for _, name := range requestKeys {
		if f := p.fields[name]; f != nil {
			if err := p.draft.read(p.place, *f); err != nil {
				return p.draft, err
			}
		}
	}
	return p.draft, nil
}

// readParameters reads path or query parameters as an event has them: the
// value is a string, an array of strings where the parameter is repeated, or
// true where it has none.
func readParameters(place string, raw []byte) (draft, *check.Error) {
	if isEmpty(raw) {
		return draft{}, nil
	}
	if !jsonscan.IsObject(raw) {
		return draft{}, check.Invalid(place, "must be an object, not "+showJSON(raw))
	}
	p := parameters{place: place, fields: map[string]*field{}}
	for key, raw := range object(raw).members() {
		for json := range oneOrMore(raw) {
			if jsonscan.IsNull(json) {
				continue
			}
			text, ok := jsonscan.Text(json)
			if ok {
				json = nil
			}
			if err := p.add(key, text, json); err != nil {
				return draft{}, err
			}
		}
	}
	return p.read()
}

// isEmpty reports whether parameters are left out: {}, "" or nothing at all.
func isEmpty(raw []byte) bool {
	if text, ok := jsonscan.Text(raw); ok {
		return len(text) == 0
	}
	for range object(raw).members() {
		return false
	}
	return raw == nil || jsonscan.IsObject(raw)
}

// readForm reads the fields of a form.
func readForm(place string, text []byte) (draft, *check.Error) {
	p := parameters{place: place, fields: map[string]*field{}}
	for field := range bytes.SplitSeq(text, []byte("&")) {
		escapedKey, escapedValue, _ := strings.Cut(string(field), "=")
		key, badKey := url.QueryUnescape(escapedKey)
		value, badValue := url.QueryUnescape(escapedValue)
		if badKey != nil || badValue != nil {
			return draft{}, check.Invalid(place, "is not a valid form: it has "+show(field))
		}
		if err := p.add([]byte(key), []byte(value), nil); err != nil {
			return draft{}, err
		}
	}
	return p.read()
}
