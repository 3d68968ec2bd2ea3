package event

import (
	"bytes"
	"encoding/json"
	"iter"

	"migratecheck/internal/check"
)

// object and array are valid JSON as it stands in the event. An event may have
// 6 MB and the function 64, so nothing is copied and nothing is read twice
// that need not be: what is looked for is found by going through the text.
type (
	object json.RawMessage
	array  json.RawMessage
)

// parseObject returns valid JSON as an object, or an object without members and
// false for any other value.
func parseObject(raw json.RawMessage) (object, bool) {
	if len(raw) == 0 || raw[0] != '{' {
		return nil, false
	}
	return object(raw), true
}

// parseArray returns valid JSON as an array, or an array without elements and
// false for any other value.
func parseArray(raw json.RawMessage) (array, bool) {
	if len(raw) == 0 || raw[0] != '[' {
		return nil, false
	}
	return array(raw), true
}

// members yields the members in order. A key may come twice, which encoding/json
// would hide, and may differ from ours in case.
func (o object) members() iter.Seq2[[]byte, json.RawMessage] {
	return func(yield func([]byte, json.RawMessage) bool) {
		if len(o) == 0 {
			return
		}
		for key, rest := split(o[1:]); key != nil; key, rest = split(rest) {
			var value []byte
			value, rest = split(rest)
			name, _ := parseText(key)
			if !yield(name, value) {
				return
			}
		}
	}
}

func (a array) elements() iter.Seq2[int, json.RawMessage] {
	return func(yield func(int, json.RawMessage) bool) {
		if len(a) == 0 {
			return
		}
		i := 0
		for value, rest := split(a[1:]); value != nil; value, rest = split(rest) {
			if !yield(i, value) {
				return
			}
			i++
		}
	}
}

// empty reports whether the array has no elements.
func (a array) empty() bool {
	for range a.elements() {
		return false
	}
	return true
}

// oneOrMore returns the elements of an array, or the value itself.
func oneOrMore(raw json.RawMessage) iter.Seq[json.RawMessage] {
	return func(yield func(json.RawMessage) bool) {
		list, ok := parseArray(raw)
		if !ok {
			yield(raw)
		}
		for _, value := range list.elements() {
			if !yield(value) {
				return
			}
		}
	}
}

// split returns the first value in what is left of an object or array, and
// what follows it; no value at the end.
func split(text []byte) (value, rest []byte) {
	for len(text) > 0 && separates(text[0]) {
		text = text[1:]
	}
	if len(text) == 0 || closes(text[0]) {
		return nil, nil
	}
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			for i++; text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case c == '{' || c == '[':
			depth++
		case closes(c):
			depth--
		}
		if next := i + 1; depth == 0 && (next == len(text) || separates(text[next]) || closes(text[next])) {
			return text[:next], text[next:]
		}
	}
	return nil, nil
}

func separates(c byte) bool {
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == ':'
}

func closes(c byte) bool { return c == '}' || c == ']' }

// get returns the value of the key as the platform spells it, or nil for none
// and for null.
func (o object) get(key string) json.RawMessage {
	for name, value := range o.members() {
		if string(name) == key && !isNull(value) {
			return value
		}
	}
	return nil
}

// object returns the object under key, which has no members where there is none.
func (o object) object(key string) object {
	inner, _ := parseObject(o.get(key))
	return inner
}

// string returns the string under key, or "" where there is none.
func (o object) string(key string) string {
	text, _ := parseText(o.get(key))
	return string(text)
}

// field returns the value of a key, which matches without regard to case, or nil
// for none and for null. ambiguous is set if it is given twice, with different
// values.
func (o object) field(name string) (value json.RawMessage, ambiguous bool) {
	for key, raw := range o.members() {
		if !bytes.EqualFold(key, []byte(name)) || isNull(raw) {
			continue
		}
		ambiguous = ambiguous || value != nil && !bytes.Equal(value, raw)
		value = raw
	}
	return value, ambiguous
}

// fields returns the values of several keys, as field does; for one that is
// ambiguous there is an error.
func (o object) fields(place string, names ...string) (map[string]json.RawMessage, *check.Error) {
	values := map[string]json.RawMessage{}
	for key, raw := range o.members() {
		name := match(string(key), names)
		if name == "" || isNull(raw) {
			continue
		}
		if before, ok := values[name]; ok && !bytes.Equal(before, raw) {
			return nil, ambiguous(join(place, name))
		}
		values[name] = raw
	}
	return values, nil
}

func ambiguous(place string) *check.Error {
	return check.Invalid(place, "is given more than once, with different values")
}

func isNull(raw json.RawMessage) bool { return string(raw) == "null" }

// parseText returns the text of a JSON string, and false for any other value.
func parseText(raw json.RawMessage) ([]byte, bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return nil, false
	}
	if plain := raw[1 : len(raw)-1]; isPlain(plain) {
		return plain, true
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return []byte(s), err == nil
}

// isPlain reports whether the text of a JSON string stands for itself.
func isPlain(text []byte) bool {
	for _, c := range text {
		if c == '\\' || c >= 0x80 {
			return false
		}
	}
	return true
}
