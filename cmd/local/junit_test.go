package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"migratecheck/internal/check"
)

// element says what the schema that Jenkins publishes for JUnit (junit-10.xsd of
// its xunit plugin) allows in an element.
type element struct {
	children             []string
	required, attributes []string
	text                 bool
}

var (
	note   = element{attributes: []string{"type", "message"}, text: true}
	schema = map[string]element{
		"testsuites": {children: []string{"testsuite"}, attributes: []string{"name", "time", "tests", "failures", "errors"}},
		"testsuite": {children: []string{"testsuite", "properties", "testcase", "system-out", "system-err"},
			required:   []string{"name", "tests", "failures", "errors"},
			attributes: []string{"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"}},
		"properties": {children: []string{"property"}},
		"property":   {required: []string{"name", "value"}},
		"testcase": {children: []string{"skipped", "error", "failure", "rerunFailure", "rerunError", "flakyFailure", "flakyError", "system-out", "system-err"},
			required: []string{"name"}, attributes: []string{"time", "classname", "group"}},
		"failure": note, "error": note, "skipped": note,
		"system-out": {text: true}, "system-err": {text: true},
	}
)

// validate returns what the schema has against a document.
func validate(document []byte) (problems []string) {
	problem := func(format string, values ...any) { problems = append(problems, fmt.Sprintf(format, values...)) }
	decoder := xml.NewDecoder(bytes.NewReader(document))
	var open []string
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return problems
		}
		if err != nil {
			return append(problems, err.Error())
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			e, known := schema[name]
			switch {
			case !known:
				problem("%s is no element", name)
			case len(open) == 0 && name != "testsuites" && name != "testsuite":
				problem("%s is the root", name)
			case len(open) > 0 && !slices.Contains(schema[open[len(open)-1]].children, name):
				problem("%s is in %s", name, open[len(open)-1])
			}
			var has []string
			for _, a := range token.Attr {
				has = append(has, a.Name.Local)
				if !slices.Contains(e.required, a.Name.Local) && !slices.Contains(e.attributes, a.Name.Local) {
					problem("%s has the attribute %s", name, a.Name.Local)
				}
			}
			for _, a := range e.required {
				if !slices.Contains(has, a) {
					problem("%s lacks the attribute %s", name, a)
				}
			}
			open = append(open, name)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if text := strings.TrimSpace(string(token)); text != "" && (len(open) == 0 || !schema[open[len(open)-1]].text) {
				problem("text %q in %v", text, open)
			}
		}
	}
}

// The test itself finds what the schema forbids.
func TestValidate(t *testing.T) {
	for _, document := range []string{
		`<testsuites><testcase name="x"/></testsuites>`, `<testsuites><testsuite name="x" tests="0" failures="0"/></testsuites>`,
		`<testcase name="x"/>`, `<testsuite name="x" tests="0" failures="0" errors="0" status="x"/>`, `<testsuites>x</testsuites>`,
		`<testsuites><testsuite name="x" tests="0" failures="0" errors="0"><failure/></testsuite></testsuites>`, "<testsuites name=\"\x01\"/>", `<testsuites>`,
	} {
		if validate([]byte(document)) == nil {
			t.Errorf("%s is taken for valid", document)
		}
	}
}

func TestJUnit(t *testing.T) {
	yes, no := true, false
	step := func(id, status string, items ...check.Item) check.Step {
		return check.Step{ID: id, Name: "Step " + id, Status: status, Failed: items}
	}
	item := func(result, reason string) check.Item {
		return check.Item{Name: "item", Result: result, Reason: reason, Solution: "solve " + reason}
	}
	skipped := step("S", check.StepFailed, item("warning", "skipped"))
	skipped.Skipped = true
	state := func(passed *bool, steps ...check.Step) *check.State {
		return &check.State{Status: check.Finished, Passed: passed, Progress: 100, Message: "message", Steps: steps}
	}
	all := state(&no, step("A", check.StepPass), step("B", check.StepFailed, item("failed", "no luck")), step("C", check.StepBlocked), step("D", check.StepNotStarted), skipped, step("E", check.StepWarning, item("warning", "odd")))
	warned := state(&yes, step("A", check.StepPass), skipped, step("E", check.StepWarning, item("warning", "odd")))
	strict := warned.Judge([]string{"S"})
	record := 2
	job := func(p check.Progress) check.Outcome {
		return check.Outcome{JobID: "dts-1", JobName: "orders", Progress: p}
	}
	judged := func(s *check.State) check.Outcome {
		return job(check.Progress{Stage: check.StageJudged, RequestID: "r", Check: s})
	}
	hostile := "a\x00b\x1b[2J\x08 ]]> <b> &amp; \"'\ufffe\uffff \u2028 \xff" + strings.Repeat("z", 1<<20)
	bad := judged(state(&no, check.Step{ID: hostile, Name: hostile, Status: check.StepFailed, Failed: []check.Item{{Name: hostile, Result: hostile, Reason: hostile, Solution: hostile, Log: []string{hostile}, HelpDoc: []string{hostile}}}}))
	bad.JobID, bad.JobName, bad.RequestID, bad.Check.Message = hostile, hostile, hostile, hostile
	for name, c := range map[string]struct {
		outcomes []check.Outcome
		flags    verdictFlags
		counts   string // tests, failures, errors, skipped
		has      []string
	}{
		"every kind of step": {[]check.Outcome{judged(all)}, verdictFlags{}, "6 1 0 3", []string{
			`<property name="JobName" value="orders">`, `<testcase name="Step A (A)" classname="dts-1">`, `<failure message="no luck" type="failed">item: no luck`,
			"Solution: solve no luck", `<skipped message="blocked">`, `<skipped message="notStarted">`, `<skipped message="skipped">item: skipped`, "<system-out>warning: item: odd"}},
		"strictly":             {[]check.Outcome{judged(&strict)}, verdictFlags{}, "3 1 0 1", []string{`<failure message="odd" type="warning">`}},
		"not strictly":         {[]check.Outcome{judged(warned)}, verdictFlags{}, "3 0 0 1", nil},
		"passed, no steps":     {[]check.Outcome{judged(state(&yes))}, verdictFlags{}, "1 0 0 0", []string{`<testcase name="check" classname="dts-1">`}},
		"not passed, no steps": {[]check.Outcome{judged(state(&no))}, verdictFlags{}, "1 1 0 0", []string{`<failure message="message" type="notPassed">`}},
		"not passed, but how":  {[]check.Outcome{judged(state(&no, step("A", check.StepPass), step("C", check.StepBlocked)))}, verdictFlags{}, "3 1 0 1", []string{`<failure message="message" type="notPassed">`}},
		"no verdict":           {[]check.Outcome{judged(&check.State{Status: check.Running})}, verdictFlags{}, "1 0 1 0", []string{`<error message="the check has no verdict: it is running" type="noVerdict">`}},
		"refused": {[]check.Outcome{job(check.Progress{Stage: check.StageInQuestion, Error: &check.Error{Code: "A.B", Message: "no"}})}, verdictFlags{}, "1 0 1 0",
			[]string{`<error message="no" type="A.B">The check may have been created all the same`}},
		"waits":                 {[]check.Outcome{job(check.Progress{Stage: check.StageWaiting})}, verdictFlags{}, "1 0 1 0", []string{"waits to be started"}},
		"started, then refused": {[]check.Outcome{job(check.Progress{Stage: check.StageStarting, Check: state(&yes, step("A", check.StepPass)), Error: &check.Error{Code: "A.B", Message: "no"}})}, verdictFlags{}, "2 0 1 0", []string{"The migration may have been started"}},
		"created":               {[]check.Outcome{job(check.Progress{Stage: check.StageCreated, RequestID: "r"})}, verdictFlags{}, "1 0 0 0", nil},
		"created, no verdict":   {[]check.Outcome{job(check.Progress{Stage: check.StageCreated, RequestID: "r"})}, verdictFlags{needVerdict: true}, "1 0 1 0", nil},
		"a rehearsal":           {[]check.Outcome{{JobID: "dts-1", Rehearsed: true, Would: []string{"check", "start"}}}, verdictFlags{}, "1 0 0 1", []string{"check, start"}},
		"several":               {[]check.Outcome{judged(all), judged(warned), {Record: &record, Progress: check.Progress{Error: &check.Error{Code: "A.B", Message: "no"}}}}, verdictFlags{}, "10 1 1 4", []string{`<testsuite name="record 2" tests="1" failures="0" errors="1"`}},
		"none":                  {nil, verdictFlags{}, "1 0 0 1", []string{"no job was selected"}},
		"none, a failure":       {nil, verdictFlags{failEmpty: true}, "1 0 1 0", nil},
		"the whole event":       {failed("CheckFailed", hostile).Jobs, verdictFlags{}, "1 0 1 0", []string{`<testsuite name="event"`}},
		"whatever DTS says":     {[]check.Outcome{bad}, verdictFlags{}, "1 1 0 0", []string{"a\ufffdb\ufffd[2J\ufffd ]]&gt; &lt;b&gt; &amp;amp;"}},
	} {
		t.Run(name, func(t *testing.T) {
			document := junit(check.Result{Jobs: c.outcomes}, c.flags)
			for _, problem := range validate(document) {
				t.Errorf("not valid: %.300s", problem)
			}
			var all junitSuites
			if err := xml.Unmarshal(document, &all); err != nil {
				t.Fatal(err)
			}
			skips := 0
			for _, s := range all.Suites {
				skips += s.Skipped
			}
			if got := fmt.Sprint(all.Tests, all.Failures, all.Errors, skips); got != c.counts {
				t.Errorf("counts %s, want %s", got, c.counts)
			}
			for _, want := range c.has {
				if !bytes.Contains(document, []byte(want)) {
					t.Errorf("no %q in %.3000s", want, document)
				}
			}
		})
	}
}
