package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"migratecheck/internal/check"
	"migratecheck/internal/jsonscan"
)

// maxDepth bounds what is looked into within one another: requests (an API
// answer, within an HTTP answer, within a message) and JSON that was encoded
// more than once.
const maxDepth = 4

// value is what a place of an event holds: JSON that is not a string, or a text
// that is not JSON. White space and byte order marks around it, and encoding
// JSON as a JSON string, are gone.
type value struct {
	json  []byte // nil for a text
	text  []byte
	depth int
}

// textValue returns the value of a place that holds text.
func textValue(place string, text []byte, depth int) (value, *check.Error) {
	text = trim(text)
	if !looksLikeJSON(text) {
		return value{text: text, depth: depth}, nil
	}
	if err := validate(orEvent(place), text); err != nil {
		return value{}, err
	}
	return jsonValue(place, text, depth)
}

// jsonValue returns the value of a place that holds valid JSON.
func jsonValue(place string, raw []byte, depth int) (value, *check.Error) {
	text, ok := jsonscan.Text(raw)
	if !ok {
		return value{json: raw, depth: depth}, nil
	}
	if depth == maxDepth {
		return value{}, tooDeep(place)
	}
	return textValue(place, text, depth+1)
}

func tooDeep(place string) *check.Error {
	return check.Invalid(orEvent(place), "is nested too deep")
}

// isBlank reports whether the value asks for nothing.
func (v value) isBlank() bool {
	return v.json == nil && (len(v.text) == 0 || string(v.text) == "null") || jsonscan.IsNull(v.json)
}

// shown returns the value as an error shows it.
func (v value) shown() string {
	if v.json != nil {
		return showJSON(v.json)
	}
	return show(v.text)
}

// looksLikeJSON reports whether a trimmed text is meant to be a JSON object, array
// or string, perhaps in quotes that a shell did not understand: no JobId begins so.
func looksLikeJSON(text []byte) bool {
	text = bytes.TrimLeft(text, "'")
	return len(text) > 0 && bytes.IndexByte([]byte(`{["`), text[0]) >= 0
}

// unquoted is JSON that lost its quotes on the way, or got others.
var unquoted = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^('|[{[]\s*[A-Za-z'])`) })

// validate returns the error for a text that is not JSON.
func validate(place string, text []byte) *check.Error {
	if json.Valid(text) {
		return nil
	}
	at := int64(len(text))
	var syntax *json.SyntaxError
	if errors.As(json.Unmarshal(text, new(any)), &syntax) {
		at = syntax.Offset
	}
	problem := fmt.Sprintf("is not valid JSON at byte %d: %s", at, show(text))
	if unquoted().Match(text) {
		problem += `; a shell may have taken its quotes: on Windows write "{\"JobId\":\"dts-1kl0iy0v\"}"`
	}
	return check.Invalid(place, problem)
}

// isSpace reports whether a character is white space or a byte order mark.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' }

// trim drops white space and byte order marks around a text.
func trim(text []byte) []byte { return bytes.TrimFunc(text, isSpace) }

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

// maxShown bounds what an error shows of a value, in characters.
const maxShown = 80

// show quotes a text for an error.
func show(text []byte) string { return `"` + shown(text, maxShown, false) + `"` }

// showJSON returns a JSON value as an error shows it; a missing one is null.
func showJSON(raw []byte) string {
	if raw == nil {
		return "null"
	}
	return shown(raw, maxShown, true)
}

// shown cuts a text to most characters, and escapes what could break a line of a
// log, is invisible or reverses the direction of writing; quotes too, unless they
// are those of JSON.
func shown(text []byte, most int, isJSON bool) string {
	enough := text[:min(len(text), most*utf8.UTFMax)]
	quoted := strconv.Quote(string(enough))
	escaped := quoted[1 : len(quoted)-1]
	if isJSON {
		escaped = strings.ReplaceAll(escaped, `\"`, `"`)
	}
	for i := range escaped {
		if most--; most < 0 {
			return escaped[:i] + "…"
		}
	}
	if len(enough) < len(text) {
		return escaped + "…"
	}
	return escaped
}
