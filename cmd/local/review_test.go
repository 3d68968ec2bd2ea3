package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"migratecheck/internal/local/scf"
)

// Each mistake, made by one change of the file that is shipped, is told by name.
func TestReview(t *testing.T) {
	file, err := os.ReadFile(filepath.Join("..", "..", "serverless.yml"))
	if err != nil {
		t.Fatal(err)
	}
	shipped := string(file)
	// With a job by name and less time, mistakes are easier to make.
	simple := strings.NewReplacer("timeout: 900", "timeout: 60", `argument: '{"Select":{},"Wait":true}'`, "argument: 'dts-1kl0iy0v'").Replace(shipped)
	for name, c := range map[string]struct{ old, new, more, note, err string }{
		"nothing":             {},
		"timout":              {old: "  timeout: 60", new: "  timout: 60", note: "inputs.timout: "},
		"rol":                 {old: "  role: migrate-check", new: "  rol: migrate-check", note: "inputs.rol: "},
		"no role":             {old: "  role: migrate-check", new: "", note: "inputs.role: is missing"},
		"event":               {old: "  events:", new: "  event:", note: "inputs.event: "},
		"crontab":             {old: "cronExpression:", new: "crontab:", err: "cronExpression: is required"},
		"the handler":         {old: "handler: main", new: "handler: index.main_handler", err: "inputs.handler: must be main"},
		"an unknown variable": {old: "DTS_REGION:", new: "DTS_REGIN:", note: "inputs.environment.variables.DTS_REGIN: the function does not read this variable, did you mean DTS_REGION?"},
		"another's variable":  {old: "DTS_REGION:", new: "TZ:", note: "inputs.environment.variables.TZ: the function does not read this variable"},
		"a bad variable":      {old: "LOG_LEVEL: info", new: "LOG_LEVEL: loud", err: "environment variable LOG_LEVEL: must be debug, info, warn or error"},
		"another bad one":     {old: "DTS_REGION: ap-guangzhou", new: "DTS_RATE_LIMIT: '0'", err: "environment variable DTS_RATE_LIMIT"},
		"a secret of nothing": {old: "LOG_LEVEL: info", new: "RESULT_WEBHOOK_SECRET: signing-secret", err: "environment variable RESULT_WEBHOOK_SECRET: is for RESULT_WEBHOOK"},
		"a pair that fits":    {old: "LOG_LEVEL: info", new: "RESULT_WEBHOOK: https://robot.example/x\n      RESULT_WEBHOOK_SECRET: signing-secret"},
		"no argument":         {old: "          argument: 'dts-1kl0iy0v'", new: "", note: "timer nightly-check: has no argument"},
		"a blank argument":    {old: "argument: 'dts-1kl0iy0v'", new: "argument: ' '", note: "timer nightly-check: has no argument"},
		"a refused argument":  {old: "argument: 'dts-1kl0iy0v'", new: "argument: 'dts/1'", note: "timer nightly-check: the function refuses its argument: InvalidParameter: Message"},
		"a short timeout":     {old: "timeout: 60", new: "timeout: 1", note: "timer nightly-check: needs a timeout of 2 s or more (1 jobs at 20 calls a second); inputs.timeout is 1"},
		"a wait":              {old: "argument: 'dts-1kl0iy0v'", new: `argument: '{"JobIds": ["dts-1", "dts-2"], "Wait": true}'`, note: "timer nightly-check: needs a timeout of 62 s or more (2 jobs at 20 calls a second, and a minute for the checks, at least); inputs.timeout is 60"},
		"a start":             {old: "argument: 'dts-1kl0iy0v'", new: `argument: '{"JobId": "dts-1", "Start": true}'`, note: "timer nightly-check: the function refuses its argument: Start is only for"},
		"a start not allowed": {old: "argument: 'dts-1kl0iy0v'", new: `argument: '{"Select": {}, "Start": true}'`, note: "timer nightly-check: the function refuses its argument: Start is only for where DTS_ALLOW_START is true"},
		"a start allowed":     {old: "argument: 'dts-1kl0iy0v'", new: `argument: '{"JobId": "dts-1", "Start": true}'`, more: "DTS_ALLOW_START: 'true'", note: "timer nightly-check: needs a timeout of 62 s"},
		"strictly":            {old: "argument: 'dts-1kl0iy0v'", new: `argument: '{"Select": {}, "Strict": true}'`, more: "DTS_API_VERSION: '2018-03-30'", note: "timer nightly-check: the function refuses its argument for migrations: Strict needs DTS_API_VERSION=2021-12-06"},
		"strictly a sync job": {old: "argument: 'dts-1kl0iy0v'", new: `argument: '{"JobId": "sync-1", "Strict": true}'`, more: "DTS_API_VERSION: '2018-03-30'"},
		"strictly, in 2021":   {old: "argument: 'dts-1kl0iy0v'", new: `argument: '{"Select": {}, "Strict": true}'`, more: "DTS_API_VERSION: '2021-12-06'"},
		"a proxy":             {old: "LOG_LEVEL: info", new: "HTTPS_PROXY: http://127.0.0.1:18099\n      NO_PROXY: 127.0.0.1"},
		"an endpoint":         {old: "LOG_LEVEL: info", new: "DTS_ENDPOINT: dts.internal.tencentcloudapi.com", note: "inputs.environment.variables.DTS_ENDPOINT: the embedded DTS endpoint takes its place"},
		"a selection":         {old: "argument: 'dts-1kl0iy0v'", new: `argument: '{"Select": {}}'`},
		"a wait that fits":    {old: "timeout: 60", new: "timeout: 62"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(simple, c.old, c.new, 1)
			if c.old == "" {
				text = shipped
			} else if text == simple {
				t.Fatal("there is nothing to change")
			}
			if c.more != "" {
				text = strings.Replace(text, "      LOG_LEVEL: info", "      LOG_LEVEL: info\n      "+c.more, 1)
			}
			d, err := scf.ParseConfig([]byte(text), os.LookupEnv)
			var notes []string
			if err == nil {
				notes, err = review(d, true, time.Now())
			}
			if fmt.Sprint(err) != "<nil>" && c.err == "" || c.err != "" && !strings.Contains(fmt.Sprint(err), c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
			told := slices.ContainsFunc(notes, func(note string) bool { return strings.HasPrefix(note, c.note) })
			if c.note == "" && len(notes) > 0 || c.note != "" && !told {
				t.Errorf("notes %q, want %q", notes, c.note)
			}
		})
	}
}

func TestNeededFor(t *testing.T) {
	for _, c := range []struct {
		jobs  int
		waits bool
		want  time.Duration
	}{{0, false, time.Second}, {20, false, 2 * time.Second}, {21, false, 3 * time.Second}, {5000, false, 251 * time.Second}, {5000, true, 311 * time.Second}} {
		if got, why := neededFor(c.jobs, c.waits); got != c.want {
			t.Errorf("%d jobs, wait %v: %v (%s), want %v", c.jobs, c.waits, got, why, c.want)
		}
	}
}

// Every bad variable is told, and not only the first.
func TestReviewTellsOfAll(t *testing.T) {
	_, err := review(scf.Deployment{Variables: map[string]string{"LOG_LEVEL": "loud", "DTS_API_VERSION": "2020-01-01"}}, true, time.Now())
	if err == nil || strings.Count(err.Error(), "environment variable ") != 2 {
		t.Errorf("error %v, want both variables", err)
	}
}

func TestUnread(t *testing.T) {
	got := unread([]string{"DTS_REGIN=x", "DTS_REGION=x", "RESULT_WEBHOK=x", "HOME=x", "MY_DTS_REGION=x", "DTS_X", "DTS_ENDPOINT=x"}, true)
	want := []string{
		"environment variable DTS_REGIN: the function does not read it, did you mean DTS_REGION?",
		"environment variable RESULT_WEBHOK: the function does not read it, did you mean RESULT_WEBHOOK?",
		"environment variable DTS_X: the function does not read it",
		"environment variable DTS_ENDPOINT: the embedded DTS endpoint takes its place; to call another, give -endpoint",
	}
	if !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
	if got := unread([]string{"DTS_ENDPOINT=x"}, false); got != nil {
		t.Errorf("with an -endpoint: %q", got)
	}
}
