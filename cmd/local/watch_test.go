package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"migratecheck/internal/check"
)

// What the watcher lets through, in which form.
func TestWatcherShows(t *testing.T) {
	const debug = `{"level":"DEBUG","msg":"check runs","jobId":"dts-1"}`
	const info = `{"level":"INFO","msg":"job","requestId":"46b45da1-x","jobId":"dts-1","outcome":"created"}`
	const event = `{"level":"INFO","msg":"event","jobs":1,"failed":0,"passed":1}`
	const other = "panic: \x1bno luck"
	for name, c := range map[string]struct {
		json  bool
		level slog.Level
		want  []string // without the time
	}{
		"for reading": {false, slog.LevelInfo, []string{" 46b45da1 INFO   job jobId=dts-1 outcome=created", "          INFO   event jobs=1 failed=0 passed=1", `          LINE   panic: \x1bno luck`}},
		"all of it":   {false, slog.LevelDebug, []string{"          DEBUG  check runs jobId=dts-1", " 46b45da1 INFO   job jobId=dts-1 outcome=created", "          INFO   event jobs=1 failed=0 passed=1", `          LINE   panic: \x1bno luck`}},
		"as JSON":     {true, slog.LevelInfo, []string{info, event, other}},
		"less":        {true, slog.LevelError, []string{other}},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			w := &watcher{log: newLogger(&out, c.json), level: c.level, at: map[string]int{}}
			for _, line := range []string{debug, info, event, other} {
				fmt.Fprintln(w, line)
			}
			lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
			if len(lines) != len(c.want) {
				t.Fatalf("lines %q", lines)
			}
			for i, line := range lines {
				if !c.json {
					line = line[len("15:04:05.000"):]
				}
				if line != c.want[i] {
					t.Errorf("%q, want %q", line, c.want[i])
				}
			}
		})
	}
}

// The log's lines tell what the answer would have told.
func TestWatcherLearns(t *testing.T) {
	yes, no, record := true, false, 1
	for line, want := range map[string]check.Outcome{
		`{"msg":"check runs","jobId":"a","jobName":"n","dtsRequestId":"r"}`:                                                                      {JobID: "a", JobName: "n", Progress: check.Progress{Stage: check.StageCreated, RequestID: "r", Check: &check.State{Status: check.Starting}}},
		`{"msg":"job","jobId":"a","dtsRequestId":"r","outcome":"created"}`:                                                                       {JobID: "a", Progress: check.Progress{Stage: check.StageCreated, RequestID: "r"}},
		`{"msg":"job","jobId":"a","dtsRequestId":"r","outcome":"already running"}`:                                                               {JobID: "a", Progress: check.Progress{Stage: check.StageCreated, RequestID: "r", Found: true}},
		`{"msg":"job","jobId":"a","dtsRequestId":"r","outcome":"passed","status":"finished","progress":100,"passed":true}`:                       {JobID: "a", Progress: check.Progress{Stage: check.StageJudged, RequestID: "r", Check: &check.State{Status: check.Finished, Progress: 100, Passed: &yes}}},
		`{"msg":"job","jobId":"a","dtsRequestId":"r","startRequestId":"s","outcome":"started","status":"finished","progress":100,"passed":true}`: {JobID: "a", Progress: check.Progress{Stage: check.StageStarted, RequestID: "r", Check: &check.State{Status: check.Finished, Progress: 100, Passed: &yes}, StartRequestID: "s"}},
		`{"msg":"job","jobId":"a","dtsRequestId":"r","outcome":"already started"}`:                                                               {JobID: "a", Progress: check.Progress{Stage: check.StageFoundStarted, RequestID: "r"}},
		`{"msg":"job","jobId":"a","dtsRequestId":"r","outcome":"not passed","status":"finished","progress":100,"passed":false,"message":"m",
			"steps":[{"id":"A","status":"failed","reason":"x","solution":"y"},{"id":"A","status":"failed","reason":"z"},{"id":"B","status":"warning","reason":"w"}]}`: {JobID: "a", Progress: check.Progress{Stage: check.StageJudged, RequestID: "r", Check: &check.State{Status: check.Finished, Progress: 100, Passed: &no, Message: "m", Steps: []check.Step{
			{ID: "A", Status: "failed", Failed: []check.Item{{Result: "failed", Reason: "x", Solution: "y"}, {Result: "failed", Reason: "z"}}},
			{ID: "B", Status: "warning", Failed: []check.Item{{Result: "warning", Reason: "w"}}}}}}},
		`{"msg":"job","jobId":"a","dtsRequestId":"r","outcome":"created, state not known","code":"C","error":"e"}`: {JobID: "a", Progress: check.Progress{Stage: check.StageCreated, RequestID: "r", Error: &check.Error{Code: "C", Message: "e"}}},
		`{"msg":"job","jobId":"a","outcome":"not known","code":"C","error":"e","mayBeRunning":true}`:               {JobID: "a", Progress: check.Progress{Stage: check.StageInQuestion, Error: &check.Error{Code: "C", Message: "e"}}},
		`{"msg":"job","record":1,"outcome":"not sent","code":"C","error":"e"}`:                                     {Record: &record, Progress: check.Progress{Error: &check.Error{Code: "C", Message: "e"}}},
	} {
		w := &watcher{log: newLogger(&bytes.Buffer{}, true), at: map[string]int{}}
		for range 2 { // a job has one outcome, the latest; records have no name
			fmt.Fprintln(w, strings.ReplaceAll(line, "\n", " "))
		}
		got, _ := json.Marshal(w.jobs[len(w.jobs)-1])
		if wanted, _ := json.Marshal(want); !bytes.Equal(got, wanted) || (len(w.jobs) == 1) != (want.JobID != "") {
			t.Errorf("%s:\n%d, %s, want %s", line, len(w.jobs), got, wanted)
		}
	}
}

// After an interruption, what cannot be taken back is told first.
func TestWatcherTellsOfAnInterruption(t *testing.T) {
	var out bytes.Buffer
	w := &watcher{log: newLogger(&bytes.Buffer{}, true), at: map[string]int{}}
	for _, line := range []string{
		`{"msg":"check runs","jobId":"dts-runs","dtsRequestId":"r1"}`,
		`{"msg":"check runs","jobId":"dts-started","dtsRequestId":"r2"}`,
		`{"msg":"check runs","jobId":"dts-starting","dtsRequestId":"r3"}`,
		`{"msg":"job","jobId":"dts-bad","dtsRequestId":"r4","outcome":"not passed","status":"finished","passed":false,"message":"no\u001b[2Jluck"}`,
		`{"msg":"job","jobId":"dts-waits","dtsRequestId":"r5","outcome":"waiting","status":"finished","passed":true}`,
		`{"msg":"job","jobId":"dts-lost","outcome":"not known","code":"C","error":"e","mayBeRunning":true,"dtsRequestId":"r6"}`,
		`{"msg":"job","jobId":"dts-refused","outcome":"refused","code":"C","error":"e","dtsRequestId":"r7"}`,
		`{"msg":"job","jobId":"dts-lost2","outcome":"not known","code":"C","error":"e","mayBeRunning":true,"dtsRequestId":"r8","status":"finished","passed":true}`,
		`{"msg":"job","jobId":"dts-rehearsed","outcome":"rehearsed"}`,
		`{"msg":"starting","jobId":"dts-starting","dtsRequestId":"r3"}`,
		`{"msg":"job","jobId":"dts-started","dtsRequestId":"r2","startRequestId":"s2","outcome":"started","status":"finished","passed":true}`,
		`{"msg":"job","jobId":"dts-created","dtsRequestId":"r9","outcome":"created"}`,
		`{"msg":"job","jobId":"dts-good","dtsRequestId":"r0","outcome":"passed","status":"finished","passed":true}`,
		`{"msg":"job","jobId":"dts-refused2","dtsRequestId":"ra","outcome":"passed, not started","status":"finished","passed":true,"code":"C.D","error":"e"}`,
	} {
		fmt.Fprintln(w, line)
	}
	w.interrupted(&out, true)
	want := `local: these migrations were started:
  dts-started  RequestId s2
local: these migrations may have been started:
  dts-starting  RequestId r3
  dts-lost2  RequestId r8
local: these checks run, or have run by now, and what passed may have been started:
  dts-runs  RequestId r1
  dts-created  RequestId r9
local: these checks may run:
  dts-lost  RequestId r6
local: these checks have a verdict:
  dts-bad  RequestId r4  not passed: no\x1b[2Jluck
  dts-waits  RequestId r5  passed, waits to be started
  dts-good  RequestId r0  passed
  dts-refused2  RequestId ra  passed, not started: C.D
`
	if out.String() != want {
		t.Errorf("told\n%s\nwant\n%s", &out, want)
	}
}

// What is no line of the function's has the level info.
func TestWatcherNotes(t *testing.T) {
	for level, shown := range map[slog.Level]bool{slog.LevelDebug: true, slog.LevelInfo: true, slog.LevelWarn: false} {
		var out bytes.Buffer
		w := &watcher{log: newLogger(&out, false), level: level}
		if w.note("a message"); (out.Len() > 0) != shown {
			t.Errorf("level %v: %q", level, &out)
		}
	}
}
