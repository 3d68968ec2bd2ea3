package event

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"migratecheck/internal/check"
)

// maxWarnings bounds the warnings of an event.
const maxWarnings = 10

// slip is a key that is none of ours, and nearly one.
type slip struct {
	place, key, meant string

	// faint is set for a key of other senders that people use for ours as well. It is
	// told only where no job is named.
	faint bool
}

// others are words of other senders for which JobId or JobIds may be meant.
var others = map[string]string{"job": "JobId", "id": "JobId", "jobs": "JobIds", "ids": "JobIds"}

// maxKey bounds the keys that are looked at: none of ours is as long.
const maxKey = 20

// noteKey notes a key that is none of ours: a slip, or a filter that is not inside
// Select.
func (d *draft) noteKey(place string, key []byte) {
	if len(key) < 2 || len(key) > maxKey || bytes.EqualFold(key, []byte("Actions")) {
		return
	}
	if name := nearly(key, filterNames); name != "" && d.misplaced == nil {
		d.misplaced = check.Invalid(orEvent(place), "has "+show(key)+" beside Select: "+name+" belongs inside Select")
	}
	s := slip{place: place, meant: nearly(key, requestKeys)}
	if s.meant == "" && len(key) <= len("jobs") {
		s.meant, s.faint = others[strings.ToLower(string(key))], true
	}
	if s.meant != "" && len(d.slips) < maxWarnings {
		s.key = show(key)
		d.slips = append(d.slips, s)
	}
}

func (s slip) warning() string {
	return orEvent(s.place) + ": has the key " + s.key + ", which is ignored; " + s.meant + " was probably meant"
}

// match returns the name that equals key without regard to case, or "".
func match(key []byte, names []string) string {
	for _, name := range names {
		if len(key) <= maxKey && strings.EqualFold(string(key), name) {
			return name
		}
	}
	return ""
}

// nearly returns the name that equals key without regard to case, or is a slip away
// from it, or "".
func nearly(key []byte, names []string) string {
	if name := match(key, names); name != "" {
		return name
	}
	for _, name := range names {
		if isSlip(key, name) {
			return name
		}
	}
	return ""
}

// isSlip reports whether one letter was added to the name, left out or changed, or
// two that are side by side were swapped, case aside.
func isSlip(key []byte, name string) bool {
	same := func(a, b byte) bool { return a|' ' == b|' ' } // a letter of a name in either case
	for len(key) > 0 && len(name) > 0 && same(key[0], name[0]) {
		key, name = key[1:], name[1:]
	}
	for len(key) > 0 && len(name) > 0 && same(key[len(key)-1], name[len(name)-1]) {
		key, name = key[:len(key)-1], name[:len(name)-1]
	}
	if len(key) == 2 && len(name) == 2 {
		return same(key[0], name[1]) && same(key[1], name[0])
	}
	return utf8.RuneCount(key) <= 1 && len(name) <= 1
}
