package event

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// join names a member of the place; the event itself has no name of its own.
func join(place, member string) string {
	if place == "" {
		return member
	}
	return place + "." + member
}

// orEvent names the place, which may be the event itself.
func orEvent(place string) string {
	if place == "" {
		return "event"
	}
	return place
}

// match returns the one of the names that a key is, without regard to case, or
// "".
func match(key string, names []string) string {
	for _, name := range names {
		if strings.EqualFold(key, name) {
			return name
		}
	}
	return ""
}

// maxShown bounds what an error shows of a value, in characters.
const maxShown = 80

// show quotes a value for an error: cut, and with nothing in it that could break
// a line of a log, or hide or turn round in one.
func show(text []byte) string {
	const enough = maxShown * utf8.UTFMax
	quoted := strconv.Quote(string(text[:min(len(text), enough)]))
	escaped := quoted[1 : len(quoted)-1]
	shown := cut(escaped, maxShown)
	if len(shown) < len(escaped) || len(text) > enough {
		shown += "…"
	}
	return `"` + shown + `"`
}

// cut returns the first n characters of a text.
func cut(text string, n int) string {
	for i := range text {
		if n--; n < 0 {
			return text[:i]
		}
	}
	return text
}
