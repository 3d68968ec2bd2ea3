package main

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"migratecheck/internal/check"
)

// The JUnit form of a result, after the schema that Jenkins publishes: a suite for
// each job, a case for each step of its check.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name      string     `xml:"name,attr"`
		ClassName string     `xml:"classname,attr"`
		Skipped   *junitNote `xml:"skipped"`
		Error     *junitNote `xml:"error"`
		Failure   *junitNote `xml:"failure"`
		Output    string     `xml:"system-out,omitempty"`
	}
	junitNote struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// junit returns the result as JUnit XML. What XML cannot hold, such as control
// characters, is replaced.
func junit(r check.Result, v verdictFlags) []byte {
	all := junitSuites{Name: "DTS check"}
	for _, o := range r.Jobs {
		all.add(suiteOf(o, v))
	}
	if len(r.Jobs) == 0 { // a file without cases is taken for a mistake
		none := junitCase{Name: "jobs", ClassName: "selection"}
		if note := (&junitNote{Message: "no job was selected"}); v.failEmpty {
			none.Error = note
		} else {
			none.Skipped = note
		}
		all.add(junitSuite{Name: "selection", Cases: []junitCase{none}})
	}
	text, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		panic(err) // texts and numbers only
	}
	return append([]byte(xml.Header), append(text, '\n')...)
}

// add adds a suite, and counts its cases.
func (all *junitSuites) add(s junitSuite) {
	for _, c := range s.Cases {
		s.Tests++
		switch {
		case c.Error != nil:
			s.Errors++
		case c.Failure != nil:
			s.Failures++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	all.Tests, all.Failures, all.Errors = all.Tests+s.Tests, all.Failures+s.Failures, all.Errors+s.Errors
	all.Suites = append(all.Suites, s)
}

// suiteOf is the suite of one job. What is not about a step, as a refusal or a
// verdict that is missing, is a case of its own, the first.
func suiteOf(o check.Outcome, v verdictFlags) junitSuite {
	s := junitSuite{Name: cmp.Or(o.JobID, "event")}
	if o.Record != nil {
		s.Name = fmt.Sprintf("record %d", *o.Record)
	}
	for _, p := range []junitProperty{{"JobName", o.JobName}, {"RequestId", o.RequestID}, {"StartRequestId", o.StartRequestID}} {
		if p.Value != "" {
			s.Properties = append(s.Properties, p)
		}
	}
	whole := junitCase{Name: "check", ClassName: s.Name}
	if o.Check != nil {
		for _, step := range o.Check.Steps {
			s.Cases = append(s.Cases, caseOf(s.Name, step, *o.Check))
		}
		whole.Output = o.Check.Message
	}
	failed := slices.ContainsFunc(s.Cases, func(c junitCase) bool { return c.Failure != nil })
	switch kind := o.Kind(); {
	case kind == check.KindFailed:
		whole.Error = &junitNote{Message: o.Error.Message, Type: o.Error.Code, Text: afterwards(o)}
	case kind == check.KindNoVerdict:
		whole.Error = &junitNote{Message: "the check has no verdict: it is " + o.Check.Status, Type: string(kind), Text: o.Check.Message}
	case kind == check.KindWaiting:
		whole.Error = &junitNote{Message: "the check has passed, and the migration waits to be started", Type: string(kind)}
	case kind == check.KindCreated && v.needVerdict:
		whole.Error = &junitNote{Message: "the check was created, and no verdict was asked for", Type: string(kind)}
	case kind == check.KindNotPassed && !failed:
		whole.Failure = &junitNote{Message: cmp.Or(o.Check.Message, "the check did not pass"), Type: string(kind)}
	case len(s.Cases) > 0:
		return s // the steps say it all
	case kind == check.KindRehearsed:
		whole.Skipped = &junitNote{Message: "it was a rehearsal", Text: cmp.Or(o.WhyNot, strings.Join(o.Would, ", "))}
	}
	s.Cases = slices.Insert(s.Cases, 0, whole)
	return s
}

// afterwards says of a failure what may have happened all the same.
func afterwards(o check.Outcome) string {
	switch {
	case o.MayBeRunning() && o.Created():
		return "The migration may have been started all the same: look at the job before you start it again."
	case o.MayBeRunning():
		return "The check may have been created all the same: look at the job before you create it again."
	case o.CreatedAnyway():
		return "The check itself was created; what failed came later."
	}
	return ""
}

// caseOf is the case of one step. A warning is told in the output, unless the
// check was judged strictly and it is what kept it from passing.
func caseOf(job string, step check.Step, s check.State) junitCase {
	c := junitCase{Name: cmp.Or(step.Name, step.ID, "step"), ClassName: job}
	if step.ID != "" && step.ID != c.Name {
		c.Name += " (" + step.ID + ")"
	}
	status := step.Status
	if step.Skipped {
		status = check.StepSkipped
	}
	text := reasons(step)
	switch {
	case status == check.StepFailed || slices.Contains(s.Strictly, step.ID):
		c.Failure = &junitNote{Message: cmp.Or(first(step), status), Type: status, Text: text}
	case status == check.StepSkipped || status == check.StepBlocked || status == check.StepNotStarted:
		c.Skipped = &junitNote{Message: status, Text: text}
	case !step.Good():
		c.Output = status + ": " + text
	}
	return c
}

// first is the first reason that DTS gives of a step.
func first(step check.Step) string {
	for _, item := range step.Failed {
		if reason := cmp.Or(item.Reason, strings.Join(item.Log, " "), item.Description); reason != "" {
			return reason
		}
	}
	return step.Message
}

// reasons is all that DTS says of a step that did not simply pass.
func reasons(step check.Step) string {
	var b strings.Builder
	add := func(label, text string) {
		if text != "" {
			b.WriteString(label + text + "\n")
		}
	}
	add("", step.Message)
	for _, item := range step.Failed {
		add("", strings.TrimPrefix(item.Name+": "+cmp.Or(item.Reason, item.Description, item.Result), ": "))
		add("Solution: ", item.Solution)
		add("Log: ", strings.Join(item.Log, "\n"))
		add("Risk of skipping: ", item.SkipRisk)
		add("Help: ", strings.TrimSpace(strings.Join(item.HelpDoc, " ")))
	}
	return b.String()
}
