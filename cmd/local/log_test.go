package main

import (
	"bytes"
	"testing"
	"time"

	"migratecheck/internal/local/scf"
)

func TestLog(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 30, 1, 120e6, time.UTC)
	const id = "46b45da1-0000-4000-8000-000000000000"
	for name, c := range map[string]struct {
		record     scf.Record
		text, json string
	}{
		"start": {scf.Record{Kind: scf.Begin, RequestID: id},
			"START  " + id, `{"time":"2026-11-23T12:30:01.12Z","type":"START","requestId":"` + id + `"}`},
		"end": {scf.Record{Kind: scf.End, RequestID: id},
			"END", `{"time":"2026-11-23T12:30:01.12Z","type":"END","requestId":"` + id + `"}`},
		"a line of the function's": {scf.Record{Kind: scf.Line, RequestID: id, Text: `{"time":"x","level":"WARN","msg":"job","requestId":"y","n":1,"text":"a b","o":{"x":["y z"]},"l":"[a b]"}`},
			`WARN   job n=1 text="a b" o={"x":["y z"]} l="[a b]"`, `{"time":"x","level":"WARN","msg":"job","requestId":"y","n":1,"text":"a b","o":{"x":["y z"]},"l":"[a b]"}`},
		"a note of several lines": {scf.Record{Kind: scf.Note, RequestID: id, Text: "a  \n\n\x1bb\n"},
			"NOTE   a\n  |\n  | \\x1bb", `{"time":"2026-11-23T12:30:01.12Z","type":"NOTE","requestId":"` + id + `","message":"a  \n\n\u001bb\n"}`},
		"a line that is no JSON": {scf.Record{Kind: scf.Line, RequestID: id, Text: "panic: \x1b[31m{\"a\":1}"},
			`LINE   panic: \x1b[31m{"a":1}`, `{"time":"2026-11-23T12:30:01.12Z","type":"LINE","requestId":"` + id + `","message":"panic: \u001b[31m{\"a\":1}"}`},
		"a line that hides": {scf.Record{Kind: scf.Line, RequestID: id, Text: `{"level":"INFO","msg":"a\nb","x\r":"\u001b[2K\u202ec"}`},
			`INFO   a\nb x\r=\x1b[2K\u202ec`, `{"level":"INFO","msg":"a\nb","x\r":"\u001b[2K\u202ec"}`},
		"a line that is JSON and more": {scf.Record{Kind: scf.Line, RequestID: id, Text: `{"msg":"a"} {"msg":"b"}`},
			`LINE   {"msg":"a"} {"msg":"b"}`, `{"time":"2026-11-23T12:30:01.12Z","type":"LINE","requestId":"` + id + `","message":"{\"msg\":\"a\"} {\"msg\":\"b\"}"}`},
		"a line with no text": {scf.Record{Kind: scf.Line, RequestID: id, Text: "\xff"},
			`LINE   ` + "\ufffd", `{"time":"2026-11-23T12:30:01.12Z","type":"LINE","requestId":"` + id + `","message":"\ufffd"}`},
		"report": {scf.Record{Kind: scf.Report, RequestID: id, Status: 200, Duration: 12340 * time.Microsecond, Memory: 9 << 20, Size: 64},
			"REPORT status 200, 12.3 ms, memory 9.0 MB of 64 MB",
			`{"time":"2026-11-23T12:30:01.12Z","type":"REPORT","requestId":"` + id + `","status":200,"durationMs":12.34,"peakMemoryMB":9,"memoryMB":64}`},
		"report of a failure": {scf.Record{Kind: scf.Report, RequestID: id, Status: 439, Text: "it\nended", Size: 64},
			`REPORT status 439, 0.0 ms, memory not known of 64 MB: it\nended`,
			`{"time":"2026-11-23T12:30:01.12Z","type":"REPORT","requestId":"` + id + `","message":"it\nended","status":439,"durationMs":0,"memoryMB":64}`},
	} {
		t.Run(name, func(t *testing.T) {
			c.record.Time = at
			for json, want := range map[bool]string{false: "12:30:01.120 46b45da1 " + c.text, true: c.json} {
				var out bytes.Buffer
				newLogger(&out, json).log(c.record)
				if got := out.String(); got != want+"\n" {
					t.Errorf("json %v:\n%q, want\n%q", json, got, want)
				}
			}
		})
	}
}
