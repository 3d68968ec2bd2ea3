package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode"

	"migratecheck/internal/check"
)

// maxDepth bounds what is looked into within one another: requests (an API
// answer, within an HTTP answer, within a message) and JSON that was encoded
// more than once.
const maxDepth = 4

// value is what a place of an event holds: JSON that is not a string, or a text
// that is not JSON. White space and byte order marks around it, and encoding
// JSON as a JSON string, are gone.
type value struct {
	json  json.RawMessage // nil for a text
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
func jsonValue(place string, raw json.RawMessage, depth int) (value, *check.Error) {
	text, ok := parseText(raw)
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

// looksLikeJSON reports whether a trimmed text is meant to be a JSON object, array
// or string: no JobId begins so.
func looksLikeJSON(text []byte) bool {
	return len(text) > 0 && bytes.IndexByte([]byte(`{["`), text[0]) >= 0
}

// isBlank reports whether a trimmed text asks for nothing.
func isBlank(text []byte) bool { return len(text) == 0 || string(text) == "null" }

// isSpace reports whether a character is white space or a byte order mark.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' }

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
	return check.Invalid(place, fmt.Sprintf("is not valid JSON at byte %d", at))
}

// trim drops white space and byte order marks around a text.
func trim(text []byte) []byte { return bytes.TrimFunc(text, isSpace) }
