package event

import (
	"bytes"
	"fmt"
	"strings"

	"migratecheck/internal/check"
	"migratecheck/internal/jsonscan"
)

// Names reads JobIds from a text in which they are separated by commas,
// semicolons or white space; each is returned once.
func Names(text string) ([]string, *check.Error) {
	d, err := readText("JobIds", []byte(text))
	return d.jobs, d.required("JobIds", "names no job", err)
}

// readText reads a text that is a list of JobIds, which may be blank.
func readText(place string, text []byte) (draft, *check.Error) {
	v := value{text: bytes.TrimFunc(text, betweenJobs)}
	if v.isBlank() {
		return draft{}, nil
	}
	return readJobs(place, field{values: []value{v}, parameter: true})
}

// readJobs reads values that name jobs: texts, or arrays of strings. There must be at
// least one job. A JobId in JSON is a single one.
func readJobs(place string, f field) (draft, *check.Error) {
	l := list{place: place, several: f.several || f.name == "JobIds" || len(f.values) > 1}
	single := f.name == "JobId" && !f.parameter
	for i, v := range f.values {
		if v.json != nil && f.name == "JobId" && (single || !jsonscan.IsArray(v.json)) {
			return draft{}, check.Invalid(place, "must be a string, not "+showJSON(v.json))
		}
		if f.parameter {
			v.text = bytes.TrimFunc(v.text, betweenJobs)
			l.several = l.several || v.json != nil || bytes.ContainsFunc(v.text, betweenJobs)
			f.values[i] = v
		}
	}
	for _, v := range f.values {
		read := l.addValue
		if single {
			read = func(v value) *check.Error { return l.add(v.text) }
		}
		if err := read(v); err != nil {
			return draft{}, err
		}
	}
	return l.draft()
}

// list gathers the ids that one place names, each once.
type list struct {
	place   string
	several bool   // ids have an index,
	member  string // and stand in this member, if any
	next    int    // the index of the next

	ids  []string
	seen map[string]bool
}

// addValue adds the ids of a text or of an array of strings.
func (l *list) addValue(v value) *check.Error {
	if v.json == nil {
		for id := range bytes.FieldsFuncSeq(v.text, betweenJobs) {
			if err := l.add(id); err != nil {
				return err
			}
		}
		return nil
	}
	if !jsonscan.IsArray(v.json) {
		return check.Invalid(orEvent(l.place), "must be an array of strings, not "+showJSON(v.json))
	}
	for _, raw := range jsonscan.Elements(v.json) {
		if err := l.addString(raw); err != nil {
			return err
		}
	}
	return nil
}

// addString adds an id that must be a JSON string.
func (l *list) addString(raw []byte) *check.Error {
	id, ok := jsonscan.Text(raw)
	if !ok {
		return check.Invalid(l.where(), "must be a string, not "+showJSON(raw))
	}
	return l.add(id)
}

// add adds one id. What follows the first one too many is not read.
func (l *list) add(text []byte) *check.Error {
	id := bytes.TrimFunc(text, betweenJobs)
	if !isID(id) {
		return check.Invalid(l.where(), "must be 1 to 64 characters of A-Z a-z 0-9 _ -, not "+show(text))
	}
	l.next++
	if l.seen[string(id)] {
		return nil
	}
	if l.seen == nil {
		l.seen = map[string]bool{}
	}
	l.seen[string(id)] = true
	if l.ids = append(l.ids, string(id)); len(l.ids) > MaxJobs {
		return ErrTooMany
	}
	return nil
}

// where is the place of the next id.
func (l *list) where() string {
	switch {
	case !l.several:
		return orEvent(l.place)
	case l.member == "":
		return fmt.Sprintf("%s[%d]", l.place, l.next)
	}
	return fmt.Sprintf("%s[%d].%s", l.place, l.next, l.member)
}

// draft returns the request for the jobs. There must be at least one.
func (l *list) draft() (draft, *check.Error) {
	place := orEvent(l.place)
	if len(l.ids) == 0 {
		return draft{}, check.Invalid(place, "names no job")
	}
	return draft{jobs: l.ids, batch: l.several, place: place}, nil
}

// betweenJobs reports whether a character separates JobIds, or stands before or
// after one.
func betweenJobs(r rune) bool { return isSpace(r) || strings.ContainsRune(",;，；、", r) }

// isID reports whether the id of a job or a step has the right form; whether it
// exists is for DTS to say.
func isID(id []byte) bool {
	for _, c := range id {
		if !('A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '-') {
			return false
		}
	}
	return 1 <= len(id) && len(id) <= 64
}
