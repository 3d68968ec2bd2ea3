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
	const other = "panic: \x1bno luck"
	for name, c := range map[string]struct {
		json  bool
		level slog.Level
		want  []string // without the time
	}{
		"for reading": {false, slog.LevelInfo, []string{" 46b45da1 INFO   job jobId=dts-1 outcome=created", `          LINE   panic: \x1bno luck`}},
		"all of it":   {false, slog.LevelDebug, []string{"          DEBUG  check runs jobId=dts-1", " 46b45da1 INFO   job jobId=dts-1 outcome=created", `          LINE   panic: \x1bno luck`}},
		"as JSON":     {true, slog.LevelInfo, []string{info, other}},
		"less":        {true, slog.LevelError, []string{other}},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			w := &watcher{log: newLogger(&out, c.json), level: c.level, at: map[string]int{}}
			for _, line := range []string{debug, info, other} {
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
		if runs := want.RequestID != "" && want.Error == nil && !want.AlreadyStarted() && (want.Check == nil || want.Check.Status == check.Starting); (len(w.runs) == 2) != runs || (len(w.runs) == 0) == runs {
			t.Errorf("%s: checks that run: %+v", line, w.runs)
		}
		got, _ := json.Marshal(w.jobs[len(w.jobs)-1])
		if wanted, _ := json.Marshal(want); !bytes.Equal(got, wanted) || (len(w.jobs) == 1) != (want.JobID != "") {
			t.Errorf("%s:\n%d, %s, want %s", line, len(w.jobs), got, wanted)
		}
	}
}
