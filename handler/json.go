package handler

import (
	"encoding/json"
	"iter"
	"strings"
)

// object and array are valid JSON as it stands in the event. An event may have
// 6 MB and the function 64, so nothing is copied and nothing is read twice
// that need not be: what is looked for is found by going through the text.
type (
	object json.RawMessage
	array  json.RawMessage
)

// parseObject takes valid JSON for an object; it reports false for any other
// value.
func parseObject(raw json.RawMessage) (object, bool) {
	return object(raw), len(raw) > 0 && raw[0] == '{'
}

// parseArray takes valid JSON for an array; it reports false for any other
// value.
func parseArray(raw json.RawMessage) (array, bool) {
	return array(raw), len(raw) > 0 && raw[0] == '['
}

// members are in the order given. A key may come twice, which encoding/json
// would hide, and differ from ours in case.
func (o object) members() iter.Seq2[string, json.RawMessage] {
	return func(yield func(string, json.RawMessage) bool) {
		if len(o) == 0 {
			return
		}
		for key, rest := split(o[1:]); key != nil; key, rest = split(rest) {
			var value []byte
			value, rest = split(rest)
			name, _ := parseString(key)
			if !yield(name, value) {
				return
			}
		}
	}
}

func (a array) elements() iter.Seq2[int, json.RawMessage] {
	return func(yield func(int, json.RawMessage) bool) {
		i := 0
		for value, rest := split(a[1:]); value != nil; value, rest = split(rest) {
			if !yield(i, value) {
				return
			}
			i++
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
		if name == key && !isNull(value) {
			return value
		}
	}
	return nil
}

// object returns the object under key, or nil where there is none, which has
// no members.
func (o object) object(key string) object {
	inner, ok := parseObject(o.get(key))
	if !ok {
		return nil
	}
	return inner
}

// string returns the string under key, or "" where there is none.
func (o object) string(key string) string {
	s, _ := parseString(o.get(key))
	return s
}

// named returns the values under key in any case, nulls left out.
func (o object) named(key string) iter.Seq[json.RawMessage] {
	return func(yield func(json.RawMessage) bool) {
		for name, value := range o.members() {
			if strings.EqualFold(name, key) && !isNull(value) && !yield(value) {
				return
			}
		}
	}
}

func isNull(raw json.RawMessage) bool { return string(raw) == "null" }

func parseString(raw json.RawMessage) (string, bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	if plain := raw[1 : len(raw)-1]; isPlain(plain) {
		return string(plain), true
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err == nil
}

// isPlain tells that the text of a JSON string stands for itself.
func isPlain(text []byte) bool {
	for _, c := range text {
		if c == '\\' || c >= 0x80 {
			return false
		}
	}
	return true
}
