package check

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func verdict(passed bool) *State { return &State{Status: Finished, Passed: &passed, Progress: 100} }

func length(part []byte) int { return len(part) }

func TestAnswer(t *testing.T) {
	refused := &Error{Code: "ResourceNotFound.JobNotExist", Message: "No such <job>.", RequestID: "not shown", MayBeRunning: true, Attempts: 3}
	one := 1
	for name, row := range map[string]struct {
		result Result
		want   string
	}{
		"one job":            {Result{Jobs: []Outcome{{JobID: "dts-a", Progress: Progress{Stage: StageCreated, RequestID: "r1"}}}}, `{"JobId":"dts-a","RequestId":"r1"}`},
		"one job, not told":  {Result{Jobs: []Outcome{{JobID: "dts-a", Progress: Progress{Stage: StageCreated, RequestID: "r1"}}}, NotHandedOn: []string{"webhook"}}, `{"JobId":"dts-a","RequestId":"r1","NotHandedOn":["webhook"]}`},
		"one refused":        {Result{Jobs: []Outcome{{JobID: "dts-a", Progress: Progress{RequestID: "r1", Error: refused}}}}, `{"Error":{"Code":"ResourceNotFound.JobNotExist","Message":"No such <job>."},"JobId":"dts-a","RequestId":"r1"}`},
		"no job":             {Result{Batch: true}, `{"Jobs":[],"Failed":0}`},
		"no job to wait for": {Result{Batch: true, Verdicts: true}, `{"Jobs":[],"Failed":0,"Passed":0,"NotPassed":0,"NoVerdict":0}`},
		"batch": {Result{Batch: true, Jobs: []Outcome{{JobID: "dts-a", Progress: Progress{Stage: StageCreated, RequestID: "r1"}}, {Record: &one, Progress: Progress{Error: refused}}}},
			`{"Jobs":[{"JobId":"dts-a","RequestId":"r1"},{"Error":{"Code":"ResourceNotFound.JobNotExist","Message":"No such <job>."},"Record":1}],"Failed":1}`},
		"batch with verdicts": {Result{Batch: true, Verdicts: true, Start: true, NotHandedOn: []string{"function"}, Jobs: []Outcome{
			{JobID: "dts-a", Progress: Progress{Stage: StageStarted, RequestID: "r1", Check: verdict(true), StartRequestID: "s1"}},
			{JobID: "dts-b", JobName: "orders", Progress: Progress{Stage: StageJudged, RequestID: "r2", Check: verdict(false)}}}},
			`{"Jobs":[{"JobId":"dts-a","RequestId":"r1","Check":{"Status":"finished","Passed":true,"Progress":100},"Started":true,"StartRequestId":"s1"},` +
				`{"JobId":"dts-b","JobName":"orders","RequestId":"r2","Check":{"Status":"finished","Passed":false,"Progress":100}}],` +
				`"Failed":0,"Passed":1,"NotPassed":1,"NoVerdict":0,"Started":1,"Waiting":0,"NotHandedOn":["function"]}`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(row.result.Encode(6<<20, nil)); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

// Each outcome has one kind, and those of which a verdict was asked for add up.
func TestKindsAddUp(t *testing.T) {
	failed := &Error{Code: "InternalError"}
	outcomes := []Outcome{
		{Progress: Progress{Stage: StageCreated, RequestID: "r"}},
		{Progress: Progress{Stage: StageJudged, Check: verdict(true)}},
		{Progress: Progress{Stage: StageJudged, Check: verdict(false)}},
		{Progress: Progress{Stage: StageJudged, Check: &State{Status: Running}}},
		{Progress: Progress{Stage: StageStarted, Check: verdict(true)}},
		{Progress: Progress{Stage: StageFoundStarted}},
		{Progress: Progress{Error: failed, Check: verdict(true)}},
		{Progress: Progress{Error: failed}},
	}
	want := []Kind{KindCreated, KindPassed, KindNotPassed, KindNoVerdict, KindStarted, KindStarted, KindFailed, KindFailed}
	problem := []bool{false, false, true, true, false, false, true, true}
	for i, o := range outcomes {
		if o.Kind() != want[i] || o.Problem() != problem[i] {
			t.Errorf("%d: %s, problem %v; want %s, %v", i, o.Kind(), o.Problem(), want[i], problem[i])
		}
	}
	c := Count(outcomes[1:])
	if c != (Counts{Jobs: 7, Passed: 3, NotPassed: 1, NoVerdict: 1, Started: 2, Failed: 2}) || c.Passed+c.NotPassed+c.NoVerdict+c.Failed != c.Jobs {
		t.Errorf("got %+v", c)
	}
}

// large is an outcome in which every text has so many bytes.
func large(i, n int) Outcome {
	text := strings.Repeat("長", n/3)
	return Outcome{JobID: fmt.Sprintf("dts-%05d", i), JobName: "name", Progress: Progress{RequestID: "r", Error: &Error{Code: "FailedOperation", Message: text}, Check: &State{Status: Finished, Message: text, Steps: []Step{{ID: "ConnectDBCheck", Name: "Connection", Status: StepFailed, Message: text, Failed: []Item{
		{Name: "Item", Result: "failed", Reason: text, Solution: text, Log: []string{text, text}, HelpDoc: []string{"https://a.example/1", "https://a.example/" + text}},
	}}}}}}
}

func TestCut(t *testing.T) {
	for _, row := range []struct {
		text string
		most int
		want string
	}{
		{"short", 5, "short"}, {"longer", 5, "lo…"}, {"長長長", 8, "長…"}, {"長長長", 9, "長長長"}, {"長長長", 3, "…"}, {"長", 2, ""}, {"a", 0, ""}, {"", 0, ""},
	} {
		if got := Cut(row.text, row.most); got != row.want {
			t.Errorf("%q cut to %d: %q, want %q", row.text, row.most, got, row.want)
		}
	}
}

func TestStrict(t *testing.T) {
	yes, no := true, false
	for name, row := range map[string]struct {
		state State
		want  *bool
	}{
		"passed":       {State{Passed: &yes, Steps: []Step{{Status: StepPass}}}, &yes},
		"a warning":    {State{Passed: &yes, Steps: []Step{{Status: StepPass}, {Status: StepWarning}}}, &no},
		"a skip":       {State{Passed: &yes, Steps: []Step{{Status: StepPass, Skipped: true}}}, &no},
		"not begun":    {State{Passed: &yes, Steps: []Step{{Status: StepNotStarted}}}, &no},
		"another word": {State{Passed: &yes, Steps: []Step{{Status: "Warning"}}}, &no},
		"an item":      {State{Passed: &yes, Steps: []Step{{Status: StepPass, Failed: []Item{{Result: "warning"}}}}}, &no},
		"not passed":   {State{Passed: &no, Steps: []Step{{Status: StepFailed}}}, &no},
		"no verdict":   {State{Steps: []Step{{Status: StepWarning}}}, nil},
		"no steps":     {State{Passed: &yes}, nil},
		"failed alone": {State{Passed: &no}, &no},
	} {
		t.Run(name, func(t *testing.T) {
			got := row.state.Judge(nil).Passed
			if (got == nil) != (row.want == nil) || got != nil && *got != *row.want {
				t.Errorf("got %v", got)
			}
		})
	}
	if !yes {
		t.Error("the verdict of another state was changed")
	}
}

// short names the texts that are never long.
var short = map[string]bool{
	"Outcome.JobID": true, "Progress.RequestID": true, "Progress.StartRequestID": true, "State.Status": true, "Error.Code": true, "Error.RequestID": true,
}

// withTexts returns an outcome with one of each text.
func withTexts() Outcome {
	return Outcome{JobID: "dts-1kl0iy0v", Rehearsed: true, Progress: Progress{
		RequestID: "r", Before: &Verdict{Failed: []string{""}, Warned: []string{""}}, Error: &Error{Code: "c"},
		Check: &State{Strictly: []string{""}, Accepted: []string{""}, Steps: []Step{{Failed: []Item{{Log: []string{""}, HelpDoc: []string{""}}}}}},
	}}
}

// The size of an outcome is about that of its JSON, whichever of its texts is long.
func TestSizeIsThatOfTheJSON(t *testing.T) {
	long := strings.Repeat("x", 10000)
	texts := 0
	for {
		o := withTexts()
		left := texts
		lengthen(reflect.ValueOf(&o).Elem(), long, &left)
		if left >= 0 {
			break
		}
		texts++
		encoded := len(o.Encode())
		if encoded < len(long) { // it is not told
			continue
		}
		if size := o.Size(); size < encoded*9/10 || size > encoded*12/10 {
			t.Errorf("%d, and the JSON has %d bytes: %.300s", size, encoded, strings.ReplaceAll(string(o.Encode()), long, "LONG"))
		}
	}
	if texts < 18 {
		t.Errorf("%d texts", texts)
	}
}

// At each level every text is cut, and with the steps, which are left out last, the
// lists of their ids.
func TestEveryTextIsShortened(t *testing.T) {
	long := strings.Repeat("x", 10000)
	for level, most := range []int{4096, 2048, 1024, 512, 256, 128, 64, 32, 128, 32, 0} {
		whole := 0
		for text, left := 0, -1; left < 0; text++ {
			o := withTexts()
			left = text
			lengthen(reflect.ValueOf(&o).Elem(), long, &left)
			switch n := strings.Count(string(o.Shorten(level).Encode()), "x"); {
			case n == len(long):
				whole++
			case n > most:
				t.Errorf("level %d: %d of text %d", level, n, text)
			}
		}
		// Those of the check before, which failed or warned, Strictly and Accepted.
		if lists := map[bool]int{true: 4}[level < 8]; whole != lists {
			t.Errorf("level %d: %d texts are whole", level, whole)
		}
	}
}

// lengthen sets the text of that number in v, counted down to -1.
func lengthen(v reflect.Value, text string, number *int) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			lengthen(v.Elem(), text, number)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !short[v.Type().Name()+"."+v.Type().Field(i).Name] {
				lengthen(v.Field(i), text, number)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			lengthen(v.Index(i), text, number)
		}
	case reflect.String:
		if *number == 0 {
			v.SetString(text)
		}
		*number--
	}
}
