package handler

import (
	"bytes"
	"encoding/json"
	"strings"
)

// object is a JSON object with its members in the order given. A key may stand
// in it twice, which encoding/json would hide, and differ from ours in case.
type object []member

type member struct {
	key   string
	value json.RawMessage
}

// parseObject reads a JSON object from valid JSON; it reports false for any
// other value.
func parseObject(raw json.RawMessage) (object, bool) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, false
	}
	o := object{}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, false
		}
		m := member{key: key.(string)} // a key is a string in valid JSON
		if err := decoder.Decode(&m.value); err != nil {
			return nil, false
		}
		o = append(o, m)
	}
	return o, true
}

// get returns the value of the key as the platform spells it, or nil for none
// and for null.
func (o object) get(key string) json.RawMessage {
	for _, m := range o {
		if m.key == key && !isNull(m.value) {
			return m.value
		}
	}
	return nil
}

// object returns the object under key, or nil where there is none, which has
// no members.
func (o object) object(key string) object {
	inner, _ := parseObject(o.get(key))
	return inner
}

// string returns the string under key, or "" where there is none.
func (o object) string(key string) string {
	s, _ := parseString(o.get(key))
	return s
}

// named returns the values under key in any case, nulls left out.
func (o object) named(key string) []json.RawMessage {
	var values []json.RawMessage
	for _, m := range o {
		if strings.EqualFold(m.key, key) && !isNull(m.value) {
			values = append(values, m.value)
		}
	}
	return values
}

func isNull(raw json.RawMessage) bool { return string(raw) == "null" }

func parseString(raw json.RawMessage) (string, bool) {
	var s string
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		return "", false
	}
	return s, true
}

func parseArray(raw json.RawMessage) ([]json.RawMessage, bool) {
	var a []json.RawMessage
	if len(raw) == 0 || raw[0] != '[' || json.Unmarshal(raw, &a) != nil {
		return nil, false
	}
	return a, true
}
