package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"migratecheck/internal/check"
)

// Names reads JobIds from a text in which they are separated by commas,
// semicolons or white space; each is returned once.
func Names(text string) ([]string, *check.Error) {
	d, err := readList("JobIds", []byte(text))
	return d.jobs, required("JobIds", d, err)
}

// readList reads a text that is a list of JobIds, which may be blank.
func readList(place string, text []byte) (draft, *check.Error) {
	text = bytes.TrimFunc(text, betweenJobs)
	if isBlank(text) {
		return draft{}, nil
	}
	return readJobs(place, bytes.ContainsFunc(text, betweenJobs), []value{{text: text}})
}

// readJobs reads values that name jobs: texts, or arrays of strings. several
// says that the place may hold more than one job.
func readJobs(place string, several bool, values []value) (draft, *check.Error) {
	l := list{place: place, several: several}
	for _, v := range values {
		if err := l.addValue(v); err != nil {
			return draft{}, err
		}
	}
	return l.draft()
}

// readJob reads a JSON value that must be one JobId.
func readJob(place string, raw json.RawMessage, depth int) (draft, *check.Error) {
	v, err := jsonValue(place, raw, depth)
	if err != nil {
		return draft{}, err
	}
	if v.json != nil {
		return draft{}, check.Invalid(place, "must be a string, not "+showJSON(v.json))
	}
	l := list{place: place}
	if err := l.add(v.text); err != nil {
		return draft{}, err
	}
	return l.draft()
}

// list gathers the jobs that one place names, each once.
type list struct {
	place   string
	several bool   // jobs have an index,
	member  string // and stand in this member, if any
	next    int    // the index of the next

	ids  []string
	seen map[string]bool
}

// addValue adds the jobs of a text or of an array of strings.
func (l *list) addValue(v value) *check.Error {
	if v.json == nil {
		for id := range bytes.FieldsFuncSeq(v.text, betweenJobs) {
			if err := l.add(id); err != nil {
				return err
			}
		}
		return nil
	}
	ids, ok := parseArray(v.json)
	if !ok {
		return check.Invalid(orEvent(l.place), "must be an array of strings, not "+showJSON(v.json))
	}
	for _, raw := range ids.elements() {
		if err := l.addString(raw); err != nil {
			return err
		}
	}
	return nil
}

// addString adds a JobId that must be a JSON string.
func (l *list) addString(raw json.RawMessage) *check.Error {
	id, ok := parseText(raw)
	if !ok {
		return check.Invalid(l.where(), "must be a string, not "+showJSON(raw))
	}
	return l.add(id)
}

// add adds one JobId. What follows the first one too many is not read.
func (l *list) add(text []byte) *check.Error {
	id := bytes.TrimFunc(text, betweenJobs)
	if !validJob(id) {
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

// where is the place of the next job.
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

// validJob reports whether a JobId has the right form; whether the job exists is
// for DTS to say.
func validJob(id []byte) bool {
	for _, c := range id {
		if !('A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '-') {
			return false
		}
	}
	return 1 <= len(id) && len(id) <= 64
}
