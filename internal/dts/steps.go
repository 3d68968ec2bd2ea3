package dts

import (
	"cmp"
	"slices"

	"migratecheck/internal/check"
)

// Bounds of what is kept of a check. DTS's own checks have some fifteen steps.
const (
	maxSteps   = 200
	maxDetails = 200       // items, of all steps
	maxLines   = 20        // log texts or links, of an item
	maxTexts   = 128 << 10 // bytes of text, of all steps
)

// texts keeps texts as long as there is room for them.
type texts struct{ room int }

func (t *texts) keep(text string) string {
	text = check.Head(text, min(check.MostText, t.room))
	t.room -= len(text)
	return text
}

// keepAll keeps those that are not empty.
func (t *texts) keepAll(all []string) []string {
	var out []string
	for _, text := range all {
		if len(out) == maxLines {
			break
		}
		if text = t.keep(text); text != "" {
			out = append(out, text)
		}
	}
	return out
}

// steps returns the steps of a check. If there are too many of them, those that
// passed are left out first, then those that have not begun.
func steps(all []step2021) []check.Step {
	if len(all) > maxSteps {
		rank := func(a step2021) int {
			switch {
			case a.StepStatus == check.StepNotStarted:
				return 1
			case a.StepStatus == check.StepPass && !a.HasSkipped:
				return 2
			}
			return 0
		}
		slices.SortStableFunc(all, func(a, b step2021) int { return rank(a) - rank(b) })
		all = all[:maxSteps]
	}
	kept := texts{maxTexts}
	details := 0
	var out []check.Step
	for _, a := range all {
		s := check.Step{
			ID:      check.Head(a.StepId, maxWord),
			Name:    check.Head(cmp.Or(a.StepName, a.StepId), maxName),
			Status:  check.Head(a.StepStatus, maxWord),
			Skipped: a.HasSkipped,
			Message: kept.keep(a.StepMessage),
		}
		if s.Name == "" && s.Status == "" && !s.Skipped && len(a.DetailCheckItems) == 0 { // null
			continue
		}
		if s.Skipped && s.Status == check.StepFailed {
			s.Status = check.StepSkipped
		}
		for _, b := range a.DetailCheckItems {
			null := b.CheckItemName == "" && b.CheckResult == ""
			if null || b.CheckResult == check.StepPass || details == maxDetails {
				continue
			}
			details++
			i := check.Item{
				Name:        check.Head(b.CheckItemName, maxName),
				Result:      check.Head(b.CheckResult, maxWord),
				Reason:      kept.keep(b.FailureReason),
				Solution:    kept.keep(b.Solution),
				Log:         kept.keepAll(b.ErrorLog),
				Description: kept.keep(b.Description),
				SkipRisk:    kept.keep(b.SkipInfo),
				HelpDoc:     kept.keepAll(b.HelpDoc),
			}
			if s.Skipped && i.Result == check.StepFailed {
				i.Result = check.StepSkipped
			}
			s.Failed = append(s.Failed, i)
		}
		out = append(out, s)
	}
	return out
}
