package dts

import (
	"testing"
	"testing/synctest"
	"time"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/local/fakedts"
)

// Both generations, from creation to the verdict, in the one form of a state.
func TestGenerations(t *testing.T) {
	for _, version := range []string{config.Version2018, config.Version2021} {
		t.Run(version, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := fakedts.New(fakedts.Options{Jobs: []fakedts.Job{
					{JobID: "dts-good", CheckSeconds: 100},
					{JobID: "dts-bad", CheckSeconds: 100, NotPassed: true, Message: "no privilege"},
				}})
				c := settings()
				c.APIVersion = version
				client := connect(t, server, c)
				type seen struct {
					status   string
					progress int
					verdict  string
				}
				verdict := func(s check.State) string {
					if s.Passed == nil {
						return ""
					}
					return map[bool]string{true: "passed", false: "not passed"}[*s.Passed]
				}
				begun, progress := check.Starting, 67 // of the time
				if version == config.Version2021 {
					begun, progress = check.Unavailable, 66 // it does not say which; two of three steps
				}
				for job, want := range map[string][]seen{
					"dts-good": {{begun, 0, ""}, {"running", progress, ""}, {"finished", 100, "passed"}},
					"dts-bad":  {{begun, 0, ""}, {"running", progress, ""}, {"finished", 100, "not passed"}},
				} {
					if _, err := client.CreateCheck(t.Context(), job); err != nil {
						t.Fatal(err)
					}
					var got []seen
					var last check.State
					for _, wait := range []time.Duration{time.Second, 66 * time.Second, 40 * time.Second} {
						time.Sleep(wait)
						state, receipt, err := client.DescribeCheck(t.Context(), job)
						if err != nil || receipt.RequestID == "" {
							t.Fatalf("%+v: %v", receipt, err)
						}
						got = append(got, seen{state.Status, state.Progress, verdict(state)})
						last = state
					}
					for i := range want {
						if got[i] != want[i] {
							t.Errorf("%s: state %d is %+v, want %+v", job, i, got[i], want[i])
						}
					}
					if (version == config.Version2021) != (len(last.Steps) > 0) {
						t.Errorf("%s: steps %+v", job, last.Steps)
					}
					if job == "dts-bad" && version == config.Version2021 {
						step := last.Steps[2]
						if step.Status != "failed" || step.Message != "no privilege" || len(step.Failed) != 1 ||
							step.Failed[0].Reason != "no privilege" || step.Failed[0].Solution == "" || len(step.Failed[0].HelpDoc) != 1 {
							t.Errorf("the failed step is %+v", step)
						}
					}
				}
			})
		})
	}
}
