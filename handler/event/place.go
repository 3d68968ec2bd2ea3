package event

import (
	"encoding/json"
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

// match returns the name that equals key without regard to case, or "".
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

// show quotes a text for an error.
func show(text []byte) string { return `"` + shown(text, false) + `"` }

// showJSON returns a JSON value as an error shows it.
func showJSON(raw json.RawMessage) string { return shown(raw, true) }

// shown shortens a value, and escapes what could break a line of a log, is
// invisible or reverses the direction of writing; quotes too, unless they are
// those of JSON.
func shown(text []byte, isJSON bool) string {
	const enough = maxShown * utf8.UTFMax
	quoted := strconv.Quote(string(text[:min(len(text), enough)]))
	escaped := quoted[1 : len(quoted)-1]
	if isJSON {
		escaped = strings.ReplaceAll(escaped, `\"`, `"`)
	}
	shown := cut(escaped, maxShown)
	if len(shown) < len(escaped) || len(text) > enough {
		shown += "…"
	}
	return shown
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
