//go:build !race

// Sizes, and what they take of the heap: with the race detector these tests would take
// ten times as long, to watch one goroutine.

package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// Whatever DTS says, the answer fits, and every outcome is in it.
func TestAnswerFits(t *testing.T) {
	quoted := func(part []byte) int {
		return len(part) + bytes.Count(part, []byte(`"`)) + bytes.Count(part, []byte(`\`))
	}
	for name, row := range map[string]struct {
		jobs, text, limit int
		size              func([]byte) int
		steps             bool // are still in it
	}{
		"all of it":           {10, 4096, 6 << 20, length, true},
		"texts are cut first": {1000, 4096, 1 << 20, length, true},
		"then steps":          {1000, 4096, 250 << 10, length, false},
		"as a text in JSON":   {1000, 4096, 1 << 20, quoted, true},
		"ten thousand":        {10000, 4096, 6 << 20, length, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := Result{Batch: true, Jobs: make([]Outcome, row.jobs)}
			for i := range r.Jobs {
				r.Jobs[i] = large(i, row.text)
			}
			encoded := r.Encode(row.limit, row.size)
			if got := row.size(encoded); got > row.limit || got < row.limit/4 && row.jobs > 10 {
				t.Errorf("%d bytes, the limit is %d", got, row.limit)
			}
			var a struct {
				Jobs   []Outcome
				Failed int
			}
			if err := json.Unmarshal(encoded, &a); err != nil {
				t.Fatal(err)
			}
			if len(a.Jobs) != row.jobs || a.Failed != row.jobs {
				t.Fatalf("%d jobs, %d failed", len(a.Jobs), a.Failed)
			}
			for i, o := range a.Jobs {
				if o.JobID != r.Jobs[i].JobID || o.Error == nil || o.Error.Code != "FailedOperation" || o.RequestID != "r" || (len(o.Check.Steps) > 0) != row.steps {
					t.Fatalf("job %d: %+v", i, o)
				}
				if !utf8.ValidString(o.Error.Message) || len(o.Error.Message) > 4<<10 {
					t.Fatalf("job %d: %q", i, o.Error.Message)
				}
			}
		})
	}
}

// A job is as short as need be, whatever DTS says: with thousands of ids of steps,
// too, and it keeps its verdicts.
func TestIDsOfStepsAreShortened(t *testing.T) {
	var ids []string
	for i := range 10_000 {
		ids = append(ids, fmt.Sprintf("Step%05dCheck", i))
	}
	passed := false
	o := Outcome{JobID: "dts-1", Progress: Progress{Stage: StageJudged, Before: &Verdict{Failed: ids, Warned: ids},
		Check: &State{Status: Finished, Passed: &passed, Strictly: ids, Accepted: ids}}, WhyNot: strings.Repeat("because ", 10_000)}
	for _, limit := range []int{1 << 20, 128 << 10, 500} {
		var got struct {
			Before             *Verdict
			Check              State
			Strictly, Accepted []string
		}
		text := Result{Jobs: []Outcome{o}}.Encode(limit, nil)
		if err := json.Unmarshal(text, &got); err != nil || len(text) > limit || got.Before == nil || got.Check.Passed == nil || *got.Check.Passed {
			t.Errorf("%d: %d bytes, %v", limit, len(text), err)
		}
		if all := limit == 1<<20; len(got.Strictly) == len(ids) != all || len(got.Before.Failed) == len(ids) != all {
			t.Errorf("%d: %d ids", limit, len(got.Strictly))
		}
		if len(o.Before.Failed) != len(ids) || len(o.Check.Strictly) != len(ids) {
			t.Fatal("the outcome was changed")
		}
	}
}
