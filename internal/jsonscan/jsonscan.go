// Package jsonscan goes through valid JSON as it stands: it copies nothing, keeps
// the order of members, and shows those that encoding/json would hide, such as a
// key that comes twice. It is for JSON that json.Valid has accepted; what it does
// with any other is not promised.
package jsonscan

import (
	"encoding/json"
	"iter"
)

// Members yields the members of an object in order: the key, a JSON string, and
// the value. It yields none for any other value.
func Members(value []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		if !IsObject(value) {
			return
		}
		for key, rest := next(value[1:]); key != nil; key, rest = next(rest) {
			var member []byte
			member, rest = next(rest)
			if !yield(key, member) {
				return
			}
		}
	}
}

// Elements yields the elements of an array with their indexes. It yields none for
// any other value.
func Elements(value []byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		if !IsArray(value) {
			return
		}
		i := 0
		for element, rest := next(value[1:]); element != nil; element, rest = next(rest) {
			if !yield(i, element) {
				return
			}
			i++
		}
	}
}

// IsObject and IsArray report whether a value, without white space around it, is one.
func IsObject(value []byte) bool { return len(value) > 0 && value[0] == '{' }
func IsArray(value []byte) bool  { return len(value) > 0 && value[0] == '[' }

// IsNull reports whether a value is null.
func IsNull(value []byte) bool { return string(value) == "null" }

// Text returns the text of a JSON string, and false for any other value. A text
// without escapes shares its bytes with the value.
func Text(value []byte) (text []byte, ok bool) {
	if len(value) == 0 || value[0] != '"' {
		return nil, false
	}
	if plain := value[1 : len(value)-1]; isPlain(plain) {
		return plain, true
	}
	var s string
	err := json.Unmarshal(value, &s)
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

// next returns the first value in what is left of an object or array, and what
// follows it; no value at the end.
func next(text []byte) (value, rest []byte) {
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
		if end := i + 1; depth == 0 && (separates(text[end]) || closes(text[end])) {
			return text[:end], text[end:]
		}
	}
	return nil, nil
}

func separates(c byte) bool {
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == ':'
}

func closes(c byte) bool { return c == '}' || c == ']' }
