package jsonscan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
)

func TestMembers(t *testing.T) {
	for text, want := range map[string][]string{
		`{}`:                                nil,
		`{ }`:                               nil,
		`[1,2]`:                             nil,
		`"{}"`:                              nil,
		`{"a":1}`:                           {`"a"=1`},
		"{\r\n\t\"a\" :\r1 , \"b\":[2 ,3]}": {`"a"=1`, `"b"=[2 ,3]`},
		`{"a":1,"a":2,"A":null}`:            {`"a"=1`, `"a"=2`, `"A"=null`},
		`{"":{}}`:                           {`""={}`},
		`{"}":"{","\"":"\\"}`:               {`"}"="{"`, `"\""="\\"`},
		`{"a":{"b":[{"c":"]"}]},"d":-1e9}`:  {`"a"={"b":[{"c":"]"}]}`, `"d"=-1e9`},
	} {
		var got []string
		for key, value := range Members([]byte(text)) {
			got = append(got, fmt.Sprintf("%s=%s", key, value))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestElements(t *testing.T) {
	for text, want := range map[string][]string{
		`[]`:                          nil,
		"[\n]":                        nil,
		`{"a":1}`:                     nil,
		`7`:                           nil,
		`[0]`:                         {`0`},
		`[true , null,"a,b"]`:         {`true`, `null`, `"a,b"`},
		`["\"",{"\\":"\\\\\""},[[]]]`: {`"\""`, `{"\\":"\\\\\""}`, `[[]]`},
	} {
		var got []string
		for i, element := range Elements([]byte(text)) {
			if i != len(got) {
				t.Errorf("%s: element %d has index %d", text, len(got), i)
			}
			got = append(got, string(element))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

// Whoever has found what he looks for does not go on.
func TestStop(t *testing.T) {
	n := 0
	for range Members([]byte(`{"a":1,"b":2}`)) {
		n++
		break
	}
	for range Elements([]byte(`[1,2]`)) {
		n++
		break
	}
	if n != 2 {
		t.Errorf("%d steps", n)
	}
}

func TestText(t *testing.T) {
	for value, want := range map[string]string{
		`""`: "", `"a b"`: "a b", `"\"\\\u00e9\n"`: "\"\\é\n", `"é"`: "é", `"\ud83d\ude00"`: "😀", "\"\xff\"": "\ufffd", `"\ud800"`: "\ufffd",
	} {
		if got, ok := Text([]byte(value)); !ok || string(got) != want {
			t.Errorf("%s: got %q, %v, want %q", value, got, ok, want)
		}
	}
	for _, value := range []string{"", "null", "1", `["a"]`, `{"a":"b"}`, "true"} {
		if got, ok := Text([]byte(value)); ok || got != nil {
			t.Errorf("%s: got %q", value, got)
		}
	}
	value := []byte(`"dts-1"`)
	if text, _ := Text(value); &text[0] != &value[1] {
		t.Error("a text without escapes is copied")
	}
}

func TestKinds(t *testing.T) {
	for value, want := range map[string]string{"{}": "object", "[]": "array", "null": "null", `"null"`: "", "": "", "7": ""} {
		got := ""
		for kind, is := range map[string]func([]byte) bool{"object": IsObject, "array": IsArray, "null": IsNull} {
			if is([]byte(value)) {
				got += kind
			}
		}
		if got != want {
			t.Errorf("%q is %q, want %q", value, got, want)
		}
	}
}

// Going through valid JSON finds what encoding/json finds.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{`{}`, `[]`, ` { "a" : 1 , "A":[{"b":"}"}],"a":null}`, "{\r\n\t\"a\" :\r1\r}", `["\"",{"\\":"\\\\\""},[[]],-1e9 , true]`, `[0]`, `{"":{}}`, `"é"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		text = bytes.TrimSpace(text)
		if !json.Valid(text) {
			return
		}
		same(t, text, text)
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.Token()
		next := func(what string, got []byte) {
			var want json.RawMessage
			if err := decoder.Decode(&want); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("%s %q, want %q", what, got, want)
			}
			same(t, got, want)
		}
		for key, value := range Members(text) {
			name, err := decoder.Token()
			if got, ok := Text(key); err != nil || !ok || string(got) != name {
				t.Fatalf("key %q, want %q, %v", key, name, err)
			}
			next("value", value)
		}
		for _, element := range Elements(text) {
			next("element", element)
		}
		if (IsObject(text) || IsArray(text)) && decoder.More() {
			t.Fatal("something is missing")
		}
	})
}

// same checks what is said of a value against encoding/json.
func same(t *testing.T, value, want []byte) {
	t.Helper()
	var decoded any
	if err := json.Unmarshal(want, &decoded); err != nil {
		t.Fatal(err)
	}
	wantText, wantOK := decoded.(string)
	if got, ok := Text(value); string(got) != wantText || ok != wantOK {
		t.Fatalf("text %q, %v of %q", got, ok, value)
	}
	_, object := decoded.(map[string]any)
	_, array := decoded.([]any)
	if IsObject(value) != object || IsArray(value) != array || IsNull(value) != (decoded == nil) {
		t.Fatalf("kind of %q", value)
	}
}
