package event

import (
	"iter"

	"migratecheck/internal/jsonscan"
)

// object is a JSON value as it stands in the event; one that is no object has no
// members. An event may have 6 MB and the function 64, so nothing is copied that
// need not be.
type object []byte

// members yields the members in order. A key may come twice.
func (o object) members() iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		for key, value := range jsonscan.Members(o) {
			name, _ := jsonscan.Text(key)
			if !yield(name, value) {
				return
			}
		}
	}
}

// get returns the value of the key as the platform spells it, or nil for none
// and for null.
func (o object) get(key string) []byte {
	for name, value := range o.members() {
		if string(name) == key && !jsonscan.IsNull(value) {
			return value
		}
	}
	return nil
}

// object returns the object under key, which has no members where there is none.
func (o object) object(key string) object { return object(o.get(key)) }

// text returns the string under key, or "" where there is none.
func (o object) text(key string) string {
	text, _ := jsonscan.Text(o.get(key))
	return string(text)
}

// isTrue reports whether a value is true.
func isTrue(value []byte) bool { return string(value) == "true" }

// oneOrMore yields the elements of an array, or the value itself.
func oneOrMore(value []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if !jsonscan.IsArray(value) {
			yield(value)
			return
		}
		for _, element := range jsonscan.Elements(value) {
			if !yield(element) {
				return
			}
		}
	}
}
