package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"migratecheck/handler/event"
	"migratecheck/internal/check"
)

func TestParseInvoke(t *testing.T) {
	for name, c := range map[string]struct {
		args  []string
		want  string // the request, as it is sent
		wrong string
	}{
		"one job":               {[]string{"dts-1"}, `{"JobId":"dts-1"}`, ""},
		"lists":                 {[]string{"dts-1；dts-2、", "dts-2"}, `{"JobIds":["dts-1","dts-2"]}`, ""},
		"select":                {[]string{"-select"}, `{"Select":{}}`, ""},
		"select, then a flag":   {[]string{"-select", "-wait"}, `{"Select":{},"Wait":true}`, ""},
		"select with =":         {[]string{`-select={"Status":"created"}`}, `{"Select":{"Status":"created"}}`, ""},
		"select and a filter":   {[]string{"--select", `{"Tags":{"a":["b"]}}`, "-start"}, `{"Select":{"Tags":{"a":["b"]}},"Start":true}`, ""},
		"start and strict":      {[]string{"-start", "-strict", "dts-1"}, `{"JobId":"dts-1","Start":true,"Strict":true}`, ""},
		"select and a job":      {[]string{"-select", "dts-1"}, "", "JobIds do not go with -select"},
		"filter and a job":      {[]string{"-select", "{}", "dts-1"}, "", "JobIds do not go with -select"},
		"no filter":             {[]string{"-select=created"}, "", "-select created: must be JSON such as"},
		"half a filter":         {[]string{"-select", `{"Status"`}, "", `-select {"Status": is no JSON: put it in quotes`},
		"no quotes":             {[]string{"-select", "{Status:created}", "-wait"}, "", "-select {Status:created}: is no JSON: put it in quotes, as in -select '"},
		"no quotes, in pieces":  {[]string{"-select", "Status:created", "JobName:x"}, "", "what follows -select is no JSON: put it in quotes"},
		"null":                  {[]string{"-select=null"}, "", "-select null: must be JSON such as"},
		"flags after a job":     {[]string{"dts-1", "-wait", "dts-2", "--strict", "-accept", "A, B", "-accept=C"}, `{"Accept":["A","B","C"],"JobIds":["dts-1","dts-2"],"Strict":true,"Wait":true}`, ""},
		"no flags":              {[]string{"-wait", "--", "-wait"}, `{"JobId":"-wait","Wait":true}`, ""},
		"read":                  {[]string{"-read", "dts-1"}, `{"Action":"DescribeMigrateCheckJob","JobId":"dts-1"}`, ""},
		"read and wait":         {[]string{"-read", "-wait", "-select"}, `{"Action":"DescribeMigrateCheckJob","Select":{},"Wait":true}`, ""},
		"a rehearsal":           {[]string{"-dry-run", "-start", "-select"}, `{"DryRun":true,"Select":{},"Start":true}`, ""},
		"a real rehearsal":      {[]string{"-dry-run", "-start", "-endpoint", "https://dts.example", "dts-1"}, `{"DryRun":true,"JobId":"dts-1","Start":true}`, ""},
		"read and start":        {[]string{"-read", "-start", "dts-1"}, "", "-read does not go with -start"},
		"accept alone":          {[]string{"-accept", "A", "dts-1"}, "", "-accept goes with -strict"},
		"accept nothing":        {[]string{"-strict", "-accept", "A,", "dts-1"}, "", "-accept A,: must be the ids of steps"},
		"read and an event":     {[]string{"-event", "-", "-read"}, "", "an -event is sent as it is"},
		"a number of seconds":   {[]string{"-timeout", "60", "dts-1"}, "", "-timeout 60: must be a length of time with its unit, such as 60s"},
		"a time of nothing":     {[]string{"-timeout", "soon", "dts-1"}, "", "-timeout soon: must be a length of time with its unit, such as 60s"},
		"a slip":                {[]string{"--wiat", "dts-1"}, "", "-wiat: there is no such flag, did you mean -wait?"},
		"a slip afterwards":     {[]string{"dts-1", "-wiat"}, "", "-wiat: there is no such flag, did you mean -wait?"},
		"a trigger's slip":      {[]string{"-trigger", "tiner", "dts-1"}, "", "did you mean timer?"},
		"fail on what":          {[]string{"-fail-on", "all", "dts-1"}, "", "-fail-on must be verdict or failed"},
		"select and an event":   {[]string{"-event", "-", "-select"}, "", "an -event is sent as it is"},
		"strict and an event":   {[]string{"-event", "-", "-strict"}, "", "an -event is sent as it is"},
		"start for real":        {[]string{"-start", "-endpoint", "https://dts.example", "dts-1"}, "", "set DTS_ALLOW_START=true if you mean it"},
		"a chat for real":       {[]string{"-webhook", "wecom", "-endpoint", "https://dts.example", "dts-1"}, "", "-webhook wecom is played here and does not go with -endpoint"},
		"a webhook for real":    {[]string{"-webhook", "https://hooks.example/x", "-endpoint", "https://dts.example", "dts-1"}, `{"JobId":"dts-1"}`, ""},
		"a webhook in the open": {[]string{"-webhook", "http://hooks.example/x", "dts-1"}, "", "-webhook must be wecom, feishu or dingtalk, or a URL: it must begin with https://"},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := parseInvoke(c.args)
			if c.wrong != "" {
				if _, usage := err.(usageError); !usage || !strings.Contains(err.Error(), c.wrong) {
					t.Errorf("error %v, want %q", err, c.wrong)
				}
				return
			}
			if got := encode(o.request()); err != nil || string(got) != c.want {
				t.Errorf("request %s, error %v", got, err)
			}
		})
	}
	t.Setenv("DTS_ALLOW_START", "true")
	if _, err := parseInvoke([]string{"-start", "-endpoint", "https://dts.example", "dts-1"}); err != nil {
		t.Errorf("allowed, and yet %v", err)
	}
}

// Whatever the trigger, the function reads the same request.
func TestWrap(t *testing.T) {
	for _, trigger := range triggers {
		for name, r := range map[string]ask{
			"jobs":      {jobs: []string{"dts-1", "dts-2"}, wait: true},
			"selection": {selection: selection(`{"Status":"checkPass"}`), start: true, strict: true},
		} {
			e, refusal := event.Read(wrap(trigger, r))
			if refusal != nil || string(e.Source) != trigger || len(e.Requests) != 1 {
				t.Fatalf("%s, %s: %+v, %v", trigger, name, e, refusal)
			}
			got := e.Requests[0]
			want := event.Ask{Wait: r.wait || r.start, Start: r.start, Strict: r.strict}
			got.Ask.Wait = got.Ask.Wait || got.Ask.Start
			selected := r.selection == nil && got.Select == nil || got.Select != nil && slices.Equal(got.Select.Status, []string{check.JobCheckPass})
			if got.Err != nil || !reflect.DeepEqual(got.Ask, want) || !slices.Equal(got.Jobs, r.jobs) || !selected {
				t.Errorf("%s, %s: %+v", trigger, name, got)
			}
		}
	}
}

// A selection is checked, told strictly and started through the built function,
// whatever the trigger.
func TestInvokeSelection(t *testing.T) {
	list := write(t, "jobs.json", `[
		{"JobId": "dts-good", "JobName": "orders"},
		{"JobId": "dts-warns", "Steps": [{"StepId": "ParamCheck", "StepName": "Parameters", "StepStatus": "warning"}]},
		{"JobId": "dts-bad", "NotPassed": true, "Status": "checkNotPass", "Message": "no luck"},
		{"JobId": "dts-migrates", "InMigration": true}]`)
	for name, c := range map[string]struct {
		args        []string
		environment string
		status      int
		out         []string
	}{
		"select":   {[]string{"-select", "-wait"}, "", 3, []string{`"Failed":0,"Passed":2,"NotPassed":1,"NoVerdict":0}`, `"JobName":"orders"`}},
		"a status": {[]string{"-select", `{"Status":"checkNotPass"}`, "-wait"}, "", 3, []string{`{"Jobs":[{"JobId":"dts-bad"`, `"Passed":0,"NotPassed":1`}},
		"start":    {[]string{"-trigger", "timer", "-select", "-start"}, "", 3, []string{`"Passed":2,"NotPassed":1,"NoVerdict":0,"Started":2`}},
		"strictly": {[]string{"-trigger", "eventbridge", "-select", "-start", "-strict"}, "DTS_API_VERSION=2021-12-06", 3, []string{`"Passed":1,"NotPassed":2,"NoVerdict":0,"Started":1`}},
		"a table": {[]string{"-trigger", "apigw", "-select", "-wait", "-text"}, "DTS_API_VERSION=2021-12-06", 3,
			[]string{"DTS check: 1 of 3 jobs needs you\n", "\nNot passed (still)  dts-bad", "- Parameters (ParamCheck): warning\n", "\nPassed              dts-good   orders"}},
		"a table in Chinese": {[]string{"-text", "-wait", "dts-good"}, "DTS_LANGUAGE=zh-CN", 0, []string{"DTS 校验：已通过", "ap-guangzhou"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // it waits
			run := command(t, append([]string{"invoke", "-function", function(), "-jobs", list, "-quota", "-1"}, c.args...)...)
			run.Env = append(run.Env, c.environment)
			var stderr bytes.Buffer
			run.Stderr = &stderr
			out, err := run.Output()
			if statusOf(err) != c.status {
				t.Errorf("%v, want status %d: %s", err, c.status, &stderr)
			}
			for _, want := range c.out {
				if !strings.Contains(string(out), want) {
					t.Errorf("output %s, want %s", out, want)
				}
			}
		})
	}
}

// The environment has the last word on starting.
func TestStartIsNotAllowed(t *testing.T) {
	t.Parallel()
	run := command(t, "invoke", "-function", function(), "-jobs", write(t, "jobs.json", jobs), "-trigger", "url", "-start", "dts-quick")
	run.Env = append(run.Env, "DTS_ALLOW_START=false")
	out, err := run.Output()
	if statusOf(err) != 1 || !strings.Contains(string(out), "ClientError.StartNotAllowed") {
		t.Errorf("output %s, error %v", out, err)
	}
}

// What a function error or an interruption hides, the log has told.
func TestOutcomesOfAnEventWithoutAnswer(t *testing.T) {
	t.Parallel()
	list := write(t, "jobs.json", jobs)
	for name, c := range map[string]struct {
		args        []string
		out, stderr []string
	}{
		"a function error": {[]string{"-fault", "code,code=InternalError.LockError,job=dts-other,action=CreateMigrateCheckJob,times=4", "-wait", "dts-awaited", "dts-notpass", "dts-other"}, []string{`{"Error":{"Code":"CheckFailed","Message":"1 of 3 jobs failed: dts-other: InternalError.LockError"}}`},
			[]string{"DTS check: 2 of 3 jobs need you\n", "\nNot passed  dts-notpass", "Message: no luck\n", "\nPassed      dts-awaited",
				"InternalError.LockError: ", "local: function error CheckFailed: 1 of 3 jobs failed\n"}},
		"a function error in a table": {[]string{"-text", "dts-nosuch"}, []string{"DTS check: ", "dts-nosuch", "ResourceNotFound.JobNotExist: The migration task"},
			[]string{"local: function error CheckFailed: dts-nosuch: ResourceNotFound.JobNotExist"}},
		"no event at all": {[]string{"-event", write(t, "event.json", `{"nothing":1}`)}, []string{`{"Error":{"Code":"CheckFailed","Message":"InvalidParameter: `}, []string{"local: function error CheckFailed: InvalidParameter: "}},
	} {
		t.Run(name, func(t *testing.T) {
			var out, stderr bytes.Buffer
			run := command(t, append([]string{"invoke", "-function", function(), "-jobs", list}, c.args...)...)
			run.Env = append(run.Env, "LOG_LEVEL=error")
			run.Stdout, run.Stderr = &out, &stderr
			if got := statusOf(run.Run()); got != 1 {
				t.Errorf("status %d", got)
			}
			for _, s := range []struct {
				got  string
				want []string
			}{{out.String(), c.out}, {stderr.String(), c.stderr}} {
				for _, want := range s.want {
					if !strings.Contains(s.got, want) {
						t.Errorf("output %q, want %q", s.got, want)
					}
				}
			}
			if strings.Contains(stderr.String(), `"level":"INFO"`) || strings.Contains(stderr.String(), "check runs") {
				t.Errorf("lines below LOG_LEVEL are shown: %s", &stderr)
			}
		})
	}
}

// After an interruption it is told what was started, and what runs.
func TestInterruptedWait(t *testing.T) {
	t.Parallel()
	run := command(t, "invoke", "-function", function(), "-jobs", write(t, "jobs.json", jobs), "-start", "dts-slow", "dts-awaited", "dts-notpass")
	run.Env = append(run.Env, "LOG_LEVEL=debug")
	var out bytes.Buffer
	run.Stdout = &out
	stderr, err := run.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	ids, named := map[string]string{}, ""
	for ended := 0; ended < 2 && lines.Scan(); {
		var l logLine
		if json.Unmarshal(lines.Bytes(), &l) != nil {
			continue
		}
		if l.Message == "check runs" || l.Message == "job" {
			ids[l.JobID] = cmp.Or(l.StartRequestID, l.DTSRequestID)
		}
		if l.Message == "job" {
			ended++
		}
	}
	if err := run.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		if !strings.HasPrefix(lines.Text(), "{") {
			named += lines.Text() + "\n"
		}
	}
	want := "local: these migrations were started:\n  dts-awaited  RequestId " + ids["dts-awaited"] +
		"\nlocal: these checks run, or have run by now, and what passed may have been started:\n  dts-slow  RequestId " + ids["dts-slow"] +
		"\nlocal: these checks have a verdict:\n  dts-notpass  RequestId " + ids["dts-notpass"] + "  not passed: no luck\nlocal: interrupted\n"
	if err := run.Wait(); statusOf(err) != statusInterrupted || named != want || !strings.HasPrefix(out.String(), `{"Error":{"Code":"ClientError.Interrupted"`) {
		t.Errorf("%v, %q, want %q, output %q", err, named, want, &out)
	}
}

// Of many jobs the table beside an error is cut; nothing hides in a line.
func TestHead(t *testing.T) {
	line := "x\n"
	if got := head(strings.Repeat(line, mostLines)); got != strings.Repeat(line, mostLines) {
		t.Errorf("cut though it fits: %q", got)
	}
	want := strings.Repeat(line, mostLines) + "… and 2 lines more; -text shows all\n"
	if got := head(strings.Repeat(line, mostLines+2)); got != want {
		t.Errorf("%q", got)
	}
}

func TestResultOf(t *testing.T) {
	passed := true
	state := &check.State{Status: check.Finished, Passed: &passed, Progress: 100, Steps: []check.Step{{ID: "a", Name: "A", Status: check.StepPass}}}
	record := 3
	for name, r := range map[string]check.Result{
		"one": {Jobs: []check.Outcome{{JobID: "dts-1", Progress: check.Progress{Stage: check.StageStarted, RequestID: "r", Check: state, StartRequestID: "s"}}},
			Verdicts: true, Start: true, NotHandedOn: []string{"webhook"}},
		"a failure":  {Jobs: []check.Outcome{{JobID: "dts-1", Progress: check.Progress{Stage: check.StageInQuestion, RequestID: "r", Error: &check.Error{Code: "A.B", Message: "c"}}}}},
		"none found": {Jobs: []check.Outcome{}, Batch: true, Verdicts: true},
		"a batch": {Jobs: []check.Outcome{{JobID: "dts-1", JobName: "orders", Progress: check.Progress{Stage: check.StageJudged, RequestID: "r", Check: state}}, {Record: &record, Progress: check.Progress{Error: &check.Error{Code: "A.B", Message: "c"}}}},
			Batch: true, Verdicts: true, Start: true, NotHandedOn: []string{"function"}},
	} {
		t.Run(name, func(t *testing.T) {
			answer := r.Encode(1<<20, func(part []byte) int { return len(part) })
			for _, answer := range [][]byte{answer, encode(map[string]any{"statusCode": 200, "headers": map[string]string{}, "body": string(answer)})} {
				_, got, err := readAnswer(answer)
				want, _ := json.Marshal(r)
				if read, _ := json.Marshal(got); err != nil || !bytes.Equal(read, want) {
					t.Errorf("%v, %s, want %s", err, read, want)
				}
			}
		})
	}
	for _, answer := range []string{`{"statusCode":200,"body":"<html>"}`, `{"statusCode":204,"headers":{},"body":""}`, `null`, `[]`, `"x"`, ``} {
		if _, got, err := readAnswer([]byte(answer)); err == nil {
			t.Errorf("%s: %+v", answer, got)
		}
	}
}
