package report

import (
	"fmt"
	"strings"
	"testing"

	"migratecheck/internal/check"
)

// large are as many jobs as an event may name, each with as much text as an answer of
// DTS holds of it.
func large() Report {
	long := strings.Repeat("权限<&\" ", 400)
	jobs := make([]check.Outcome, 10_000)
	for i := range jobs {
		var steps []check.Step
		for s := range 10 {
			steps = append(steps, check.Step{ID: fmt.Sprintf("Step%dCheck", s), Name: long[:30], Status: check.StepFailed, Failed: []check.Item{
				{Name: long[:30], Result: check.StepFailed, Reason: long, Solution: long, Log: []string{long}}}})
		}
		jobs[i] = check.Outcome{JobID: fmt.Sprintf("dts-%08d", i), Progress: check.Progress{Stage: check.StageJudged, Check: &check.State{Status: check.Finished, Passed: new(bool), Message: long, Steps: steps}}}
	}
	return Report{Result: check.Result{Jobs: jobs, Batch: true, Verdicts: true}}
}

func BenchmarkLarge(b *testing.B) {
	r := large()
	for form, write := range forms {
		b.Run(form, func(b *testing.B) {
			for b.Loop() {
				write(r)
			}
		})
	}
}
