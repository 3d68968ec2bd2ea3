package handler

import (
	"bytes"
	"encoding/json"
	"runtime"
	"strings"
	"testing"
)

// Going through valid JSON finds what encoding/json finds.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`{}`, `[]`, ` { "a" : 1 , "A":[{"b":"}"}],"a":null}`, `["\"",{"\\":"\\\\\""},[[]],-1e9 , true]`, `[0]`, `{"":{}}`} {
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
				if err != nil || key != want {
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
	s, ok := parseString(value)
	var text string
	if isString := value[0] == '"'; ok != isString || isString && (json.Unmarshal(value, &text) != nil || s != text) {
		t.Fatalf("string %q of %q, want %q", s, value, text)
	}
}

// The largest events that the platform sends, whatever they are made of, are
// read in a function of 64 MB.
func TestLargestEventsFitIntoMemory(t *testing.T) {
	const size = 1_500_000 // a quarter, which proves as much
	fill := func(before, part, after string) string {
		return before + strings.Repeat(part, (size-len(before)-len(after))/len(part)) + after
	}
	quoted := func(text string) string { return string(marshal(text)) }
	for name, test := range map[string]struct {
		event string
		tasks int
		error string
	}{
		"one job, and much else":  {fill(`{"x":"`, "x", `","JobId":"dts-1"}`), 1, ""},
		"one job in many members": {fill(`{`, `"":1,`, `"JobId":"dts-1"}`), 1, ""},
		"one job many times":      {fill(`[`, `"dts-1",`, `"dts-1"]`), 1, ""},
		"many numbers":            {fill(`[`, `1,`, `1]`), 0, "[0]: must be a string"},
		"many lists":              {fill(`{"JobIds":[`, `[],`, `[]]}`), 0, "JobIds[0]: must be a string"},
		"a text of one job":       {fill(`{"Type":"Timer","Message":"`, "a,", `a"}`), 1, ""},
		"a body":                  {`{"httpMethod":"POST","path":"/","body":` + quoted(fill(`{"x":"`, "x", `","JobId":"dts-1"}`)) + `}`, 1, ""},
		"a query":                 {fill(`{"httpMethod":"GET","path":"/","queryString":{"JobIds":"`, `a,`, `a"}}`), 1, ""},
		"many records":            {fill(`{"Records":[{"CMQ":{}},`, `1,`, `1]}`), 0, errTooMany.Message},
		"many CloudEvents":        {fill(`[`, `{"specversion":"1.0"},`, `1]`), 0, errTooMany.Message},
		"many answers":            {fill(`{"Jobs":[`, `{"JobId":"a"},`, `{"JobId":"a"}]}`), 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			payload := []byte(test.event)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			e, err := readEvent(payload)
			runtime.ReadMemStats(&after)
			problem := ""
			if err != nil {
				problem = err.Message
			}
			if len(e.tasks) != test.tasks || problem != test.error {
				t.Errorf("%d tasks, %q; want %d, %q", len(e.tasks), problem, test.tasks, test.error)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 4*size {
				t.Errorf("took %d MB", took>>20)
			}
		})
	}
}
