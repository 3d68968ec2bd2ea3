package event

import (
	"bytes"
	"encoding/json"
	"testing"
)

// Going through valid JSON finds what encoding/json finds.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`{}`, `[]`, ` { "a" : 1 , "A":[{"b":"}"}],"a":null}`, "{\r\n\t\"a\" :\r1\r}", `["\"",{"\\":"\\\\\""},[[]],-1e9 , true]`, `[0]`, `{"":{}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		text = bytes.TrimSpace(text)
		if !json.Valid(text) {
			return
		}
		if o, ok := parseObject(text); ok {
			decoder := json.NewDecoder(bytes.NewReader(text))
			decoder.Token()
			for key, value := range o.members() {
				want, err := decoder.Token()
				if err != nil || string(key) != want {
					t.Fatalf("key %q, want %v, %v", key, want, err)
				}
				sameValue(t, decoder, value)
			}
			if decoder.More() {
				t.Fatal("members are missing")
			}
		}
		if a, ok := parseArray(text); ok {
			decoder := json.NewDecoder(bytes.NewReader(text))
			decoder.Token()
			n := 0
			for i, value := range a.elements() {
				if i != n {
					t.Fatalf("element %d has index %d", n, i)
				}
				n++
				sameValue(t, decoder, value)
			}
			if decoder.More() {
				t.Fatal("elements are missing")
			}
		}
	})
}

func sameValue(t *testing.T, decoder *json.Decoder, value json.RawMessage) {
	t.Helper()
	var want json.RawMessage
	if err := decoder.Decode(&want); err != nil || !bytes.Equal(value, want) {
		t.Fatalf("value %q, want %q, %v", value, want, err)
	}
	s, ok := parseText(value)
	var text string
	if isString := value[0] == '"'; ok != isString || isString && (json.Unmarshal(value, &text) != nil || string(s) != text) {
		t.Fatalf("string %q of %q, want %q", s, value, text)
	}
}
