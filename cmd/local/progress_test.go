package main

import (
	"bytes"
	"fmt"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	began := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	job := `{"level":"INFO","msg":"job","jobId":"dts-1","outcome":"created"}`
	failed := `{"level":"ERROR","msg":"job","jobId":"dts-1","code":"ResourceNotFound.JobNotExist"}`
	for name, c := range map[string]struct {
		jobs  int
		lines []string
		after time.Duration
		want  string
	}{
		"nothing yet":       {4, nil, 0, "0 of 4 done, 0 failed, 0 not passed, at most 1m0s left"},
		"number not known":  {0, []string{job}, 10 * time.Second, "1 done, 0 failed, 0 not passed, at most 50s left"},
		"number from lines": {0, []string{`{"msg":"job","jobs":2}`}, 10 * time.Second, "1 of 2 done, 0 failed, 0 not passed, about 10s left"},
		"half of it":        {4, []string{job, failed}, 10 * time.Second, "2 of 4 done, 1 failed, 0 not passed, about 10s left"},
		"one did not pass":  {2, []string{`{"level":"WARN","msg":"job","jobId":"dts-1","outcome":"not passed","status":"finished","passed":false}`}, 10 * time.Second, "1 of 2 done, 0 failed, 1 not passed, about 10s left"},
		"no faster":         {100, []string{job}, 10 * time.Second, "1 of 100 done, 0 failed, 0 not passed, at most 50s left"},
		"other lines":       {4, []string{`{"msg":"event","code":"x"}`, "panic: no luck", `{"msg":7}`, ""}, 0, "0 of 4 done, 0 failed, 0 not passed, at most 1m0s left"},
		"all of it":         {1, []string{job}, time.Second, "1 of 1 done, 0 failed, 0 not passed, at most 59s left"},
		"too late":          {1, nil, time.Hour, "0 of 1 done, 0 failed, 0 not passed, at most 0s left"},
	} {
		t.Run(name, func(t *testing.T) {
			var terminal bytes.Buffer
			now := began
			p := &progress{to: &terminal, jobs: c.jobs, began: began, deadline: began.Add(time.Minute), now: func() time.Time { return now }}
			want := ""
			for _, line := range c.lines {
				w := &watcher{log: newLogger(p, true), progress: p, at: map[string]int{}}
				fmt.Fprintln(w, line)
				want += clearLine + line + "\n" + clearLine + p.text()
			}
			if terminal.String() != want {
				t.Errorf("the terminal has\n%q, want\n%q", terminal.String(), want)
			}
			now = began.Add(c.after)
			if got := p.text(); got != c.want {
				t.Errorf("line %q, want %q", got, c.want)
			}
		})
	}
}

func TestProgressIsTakenAway(t *testing.T) {
	var terminal bytes.Buffer
	p := &progress{to: &terminal, now: time.Now}
	p.show()()
	if got := terminal.String(); got != clearLine {
		t.Errorf("the terminal has %q", got)
	}
}
