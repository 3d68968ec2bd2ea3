package event

import (
	"slices"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	for text, want := range map[string]string{
		"dts-1":                       "dts-1",
		" dts-1,dts-2;dts-3 ":         "dts-1 dts-2 dts-3",
		",;dts-1,,dts-1\t\r\ndts-2;":  "dts-1 dts-2",
		"dts-1，dts-2；dts-3、dts-4":     "dts-1 dts-2 dts-3 dts-4",
		"dts-1\u3000dts-2\u00a0dts-3": "dts-1 dts-2 dts-3",
		"\ufeffdts-1\u2028dts-2":      "dts-1 dts-2",
	} {
		got, err := Names(text)
		if err != nil || !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%q: got %v, %v; want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		strings.Repeat("𠀀", 81): `JobIds: must be 1 to 64 characters of A-Z a-z 0-9 _ -, not "` + strings.Repeat("𠀀", 80) + `…"`,
		"":                      "JobIds: names no job",
		" , ":                   "JobIds: names no job",
		"dts-1 [x]":             `JobIds[1]: must be 1 to 64 characters of A-Z a-z 0-9 _ -, not "[x]"`,
		"dts-1\u200b":           `JobIds: must be 1 to 64 characters of A-Z a-z 0-9 _ -, not "dts-1\u200b"`,
		`["dts-1"]`:             `JobIds: must be 1 to 64 characters of A-Z a-z 0-9 _ -, not "[\"dts-1\"]"`,
		"dts-1,\xff\n":          `JobIds[1]: must be 1 to 64 characters of A-Z a-z 0-9 _ -, not "\xff"`,
	} {
		got, err := Names(text)
		if err == nil || err.Message != want || got != nil {
			t.Errorf("%q: got %v, %v; want %s", text, got, err, want)
		}
	}
}

func TestSources(t *testing.T) {
	for source, want := range map[Source]struct{ http, atLeastOnce bool }{
		APIGateway:  {true, false},
		FunctionURL: {true, false},
		Timer:       {false, true},
		CKafka:      {false, true},
		CMQ:         {false, true},
		EventBridge: {false, true},
		Direct:      {false, false},
	} {
		if source.HTTP() != want.http || source.AtLeastOnce() != want.atLeastOnce {
			t.Errorf("%s: HTTP %v, at least once %v", source, source.HTTP(), source.AtLeastOnce())
		}
	}
}

// The keys under which a query may list jobs.
func TestKeysOfLists(t *testing.T) {
	for key, want := range map[string]bool{
		"JobIds": true, "jobids": true, "JobIds[]": true, "JobIds[0]": true, "JobId[12]": true, "JobIds.0": true, "JobId.12": true,
		"JobIds.": false, "JobIds[": false, "JobIds]": false, "JobIds[x]": false, "JobIds1": false, "JobIds.1]": false, "JobIds[1": false, "JobIds.x": false, "[]": false, ".1": false, "]": false,
	} {
		e, err := Read([]byte(`{"httpMethod":"GET","path":"/","queryString":{"` + key + `":"dts-1"}}`))
		if got := err == nil; got != want || got && e.Requests[0].Batch != (key != "JobId") {
			t.Errorf("%s: %+v, %v", key, e.Requests, err)
		}
	}
}
