package check

import (
	"strings"
	"testing"
)

// Who needs a person, and what is news to whoever knows the check before.
func TestProblemAndNews(t *testing.T) {
	passed, failed := true, false
	at := func(verdict *bool, step string) *State {
		return &State{Status: Finished, Passed: verdict, Steps: []Step{{ID: step, Status: StepFailed}}}
	}
	before := &Verdict{Failed: []string{"A"}}
	for name, row := range map[string]struct {
		outcome       Outcome
		problem, news bool
	}{
		"waits":                    {Outcome{Progress: Progress{Stage: StageWaiting}}, true, true},
		"waits, without the tag":   {Outcome{Progress: Progress{Stage: StageWaiting, Untagged: true}}, false, false},
		"did not pass":             {Outcome{Progress: Progress{Check: at(&failed, "A")}}, true, true},
		"did not pass, as before":  {Outcome{Progress: Progress{Check: at(&failed, "A"), Before: before}}, true, false},
		"did not pass, elsewhere":  {Outcome{Progress: Progress{Check: at(&failed, "B"), Before: before}}, true, true},
		"passed":                   {Outcome{Progress: Progress{Check: &State{Status: Finished, Passed: &passed}}}, false, false},
		"passed, and not before":   {Outcome{Progress: Progress{Check: &State{Status: Finished, Passed: &passed}, Before: before}}, false, true},
		"no verdict":               {Outcome{Progress: Progress{Check: &State{Status: Running}, Before: before}}, true, true},
		"failed":                   {Outcome{Progress: Progress{Error: &Error{Code: "FailedOperation"}}}, true, true},
		"somebody else started it": {Outcome{Progress: Progress{Stage: StageFoundStarted}}, false, false},
	} {
		if o := row.outcome; o.Problem() != row.problem || o.News() != row.news {
			t.Errorf("%s: problem %v, news %v", name, o.Problem(), o.News())
		}
	}
}

// What has changed since the check before is told of a verdict, and only where there
// was one before.
func TestChange(t *testing.T) {
	good, bad := &Verdict{Passed: true}, &Verdict{}
	for name, row := range map[string]struct {
		before *Verdict
		check  *State
		want   Change
	}{
		"passed, as before":          {good, verdict(true), ChangeNone},
		"passed, and not before":     {bad, verdict(true), ChangeFixed},
		"not passed, but before":     {good, verdict(false), ChangeNew},
		"not passed, as before":      {bad, verdict(false), ChangeStill},
		"passed, nothing before":     {nil, verdict(true), ChangeNone},
		"not passed, nothing before": {nil, verdict(false), ChangeNone},
		"no verdict":                 {good, &State{Status: Running}, ChangeNone},
		"created, and not waited":    {bad, nil, ChangeNone},
	} {
		if got := (Outcome{Progress: Progress{Before: row.before, Check: row.check}}).Change(); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

// A migration that was found started says nothing of a check.
func TestFoundStartedIsNotCreated(t *testing.T) {
	for stage, created := range map[Stage]bool{
		StageUnseen: false, StageInQuestion: false, StageCreated: true, StageJudged: true, StageWaiting: true, StageStarting: true, StageFoundStarted: false, StageStarted: true,
	} {
		if got := (Progress{Stage: stage}).Created(); got != created {
			t.Errorf("stage %d: %v", stage, got)
		}
	}
}

// Ids that just fit are kept.
func TestShortIDs(t *testing.T) {
	id := "a step whose id has 32 characters"[:32]
	o := Outcome{Progress: Progress{Check: &State{Strictly: []string{id, "B"}}}}
	for level, s := range shortenings {
		if s == (shortening{most: 32}) {
			if got := o.Shorten(level).Check.Strictly; len(got) != 1 || got[0] != id {
				t.Errorf("kept %q", got)
			}
		}
	}
}

// What has changed is told by all steps, however many of them are left out.
func TestNewsOfWhatIsShortened(t *testing.T) {
	state := func(failed ...string) *State {
		s := &State{Status: Finished, Passed: new(bool)}
		for _, id := range failed {
			s.Steps = append(s.Steps, Step{ID: id + strings.Repeat("x", 60), Status: StepFailed})
		}
		return s
	}
	for name, row := range map[string]struct {
		before, now *State
		news        bool
	}{
		"the same":     {state("a", "b"), state("b", "a"), false},
		"another step": {state("a", "b"), state("a", "c"), true},
		"one less":     {state("a", "b"), state("a"), true},
	} {
		for limit := range 600 {
			o := Outcome{JobID: "dts-1", Progress: Progress{Stage: StageJudged, Before: row.before.Verdict(), Check: row.now}}.Within(limit)
			if o.News() != row.news || o.Check.Verdict().Same(*o.Before) == row.news {
				t.Errorf("%s, %d bytes: %+v, %+v", name, limit, o.Before, o.Check)
			}
			if back := o.Within(limit / 2); back.News() != row.news {
				t.Errorf("%s, %d bytes, then half of them: %+v", name, limit, back.Before)
			}
			if brief := o.Before.Brief(); o.Check.Verdict().Same(*brief) == row.news {
				t.Errorf("%s, %d bytes: %+v", name, limit, brief)
			}
		}
	}
}

// Two verdicts are the same only if they name the same steps.
func TestSameVerdict(t *testing.T) {
	of := func(passed bool, failed, warned string) Verdict {
		return Verdict{Passed: passed, Failed: strings.Fields(failed), Warned: strings.Fields(warned)}
	}
	all := []Verdict{of(true, "", ""), of(false, "", ""), of(false, "a", ""), of(false, "", "a"), of(false, "ab c", ""), of(false, "a bc", ""), of(false, "a", "b"), of(true, "", "a")}
	for i, a := range all {
		for j, b := range all {
			for name, pair := range map[string][2]Verdict{"whole": {a, b}, "brief": {*a.Brief(), b}, "both brief": {*a.Brief(), *b.Brief()}} {
				if pair[0].Same(pair[1]) != (i == j) {
					t.Errorf("%s: %+v, %+v", name, a, b)
				}
			}
		}
	}
}

// What is read from an answer has got as far as what the answer was written from.
func TestOutcomeIsReadBack(t *testing.T) {
	refused := &Error{Code: "FailedOperation", Message: "no"}
	passed, failed := verdict(true), verdict(false)
	for name, p := range map[string]Progress{
		"refused":                      {Error: refused, RequestID: "r"},
		"not known":                    {Stage: StageInQuestion, Error: refused},
		"created":                      {Stage: StageCreated, RequestID: "r"},
		"running already":              {Stage: StageCreated, RequestID: "r", Found: true},
		"running already, not read":    {Stage: StageCreated, RequestID: "r", Found: true, Error: refused},
		"created, not read":            {Stage: StageCreated, RequestID: "r", Error: refused},
		"created, no verdict":          {Stage: StageCreated, RequestID: "r", Check: &State{Status: Running}},
		"not passed, and before":       {Stage: StageJudged, RequestID: "r", Check: failed, Before: &Verdict{Failed: []string{"a"}}},
		"passed, and its start is not": {Stage: StageJudged, RequestID: "r", Check: passed, Error: refused},
		"waiting":                      {Stage: StageWaiting, RequestID: "r", Check: passed},
		"a start that is not known":    {Stage: StageStarting, RequestID: "r", Check: passed, Error: refused},
		"found started":                {Stage: StageFoundStarted, RequestID: "r"},
		"started":                      {Stage: StageStarted, RequestID: "r", StartRequestID: "s", Check: passed},
	} {
		o := Outcome{JobID: "dts-a", Progress: p}
		var got Outcome
		if err := got.UnmarshalJSON(o.Encode()); err != nil || got.Stage != o.Stage || string(got.Encode()) != string(o.Encode()) {
			t.Errorf("%s: stage %d, want %d: %s, %v", name, got.Stage, o.Stage, got.Encode(), err)
		}
	}
}
