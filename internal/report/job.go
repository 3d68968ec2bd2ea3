package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"migratecheck/internal/check"
)

// job is what is said of one job.
type job struct {
	Title, Name, RequestID string
	Change                 check.Change
	Changed                string // the change in a word
	Marks                  []string
	Facts                  facts
	Steps                  []step
	More                   string // how many steps are left out, in words
}

type step struct {
	Title, ID     string
	Status, Class string // in words, and as a class of the page's style
	Facts         facts
}

// fact is a line: a text, perhaps with a label, or a link. It is told if a cause
// has it for all its jobs.
type fact struct {
	Label, Text, Link string
	Told              bool
}

// facts are what is said of a job, or of a step.
type facts []fact

// add adds a fact, unless there is nothing to say.
func (f *facts) add(label, text string) {
	if text != "" {
		*f = append(*f, fact{Label: label, Text: text})
	}
}

// title returns what a job is called.
func (d *description) title(o *check.Outcome) string {
	switch {
	case o.JobID != "":
		return clean(o.JobID, 80)
	case o.Record != nil:
		return fmt.Sprintf(d.record, *o.Record)
	}
	return d.event
}

// Job describes one job.
func (d *description) Job(o *check.Outcome) job {
	j := job{Title: d.title(o), Name: clean(o.JobName, min(128, 2*d.text-20)), RequestID: d.short(o.RequestID), Change: o.Change()}
	j.Changed = d.change[j.Change]
	if d.mixed && check.KindOf(o.JobID) == check.Sync {
		j.Marks = append(j.Marks, d.sync)
	}
	if o.Repeated {
		j.Marks = append(j.Marks, d.fromMemory)
	}
	switch kindOf(o) {
	case check.KindWaiting:
		j.Facts.add("", d.waits)
	case untagged:
		j.Facts.add("", d.noTag)
	case check.KindRehearsed:
		for _, step := range o.Would {
			j.Facts.add("", cmp.Or(d.would[step], d.short(step)))
		}
		if len(o.Would) == 0 {
			j.Facts.add("", d.would[""])
		}
	case check.KindFailed:
		j.Facts = append(j.Facts, fact{Label: d.short(o.Error.Code), Text: d.short(o.Error.Message)})
	}
	j.Facts.add(d.whyNot, d.short(o.WhyNot))
	if o.AlreadyRunning() {
		j.Facts.add("", d.wasRunning)
	}
	if o.AlreadyStarted() {
		j.Facts.add("", d.wasStarted)
	}
	if o.CreatedAnyway() {
		j.Facts.add("", d.created)
	}
	switch {
	case o.MayBeRunning() && o.Stage == check.StageStarting:
		j.Facts.add("", d.mayStart)
	case o.MayBeRunning():
		j.Facts.add("", d.mayRun)
	}
	if o.Check != nil {
		d.describeCheck(&j, o)
	}
	// That it passed before, or not, is said by the change; what failed then, if it is not the same.
	if b := o.Before; b != nil && o.HasVerdict() && !b.SameFailed(*o.Check.Verdict()) {
		j.Facts.add(d.failedBefore, d.ids(b.Failed))
	}
	j.Facts.add(d.startRequest, d.short(o.StartRequestID))
	return j
}

// describeCheck describes a check: of one that has passed only what is worth a look.
func (d *description) describeCheck(j *job, o *check.Outcome) {
	s := o.Check
	passed, kept := s.Passed != nil && *s.Passed, s.Passed != nil && !*s.Passed
	if s.Passed == nil {
		state := cmp.Or(d.state[s.Status], d.short(s.Status))
		switch {
		case s.Status == check.Unavailable && o.Created():
			state = d.notBegun
		case !s.Ended() && s.Status != check.Unavailable:
			state = d.progress(state, s.Progress)
		}
		j.Facts.add("", state)
	}
	if kept && len(s.Strictly) > 0 {
		j.Facts.add(d.onlyStrictly, d.ids(s.Strictly))
	} else if !passed {
		j.Facts.add(d.message, d.short(s.Message))
	}
	j.Facts.add(d.accepted, d.ids(s.Accepted))
	var steps []check.Step
	left := 0
	for _, step := range s.Steps {
		switch {
		case notable(step) || slices.Contains(s.Strictly, step.ID):
			steps = append(steps, step)
		case step.Status == check.StepBlocked || step.Status == check.StepNotStarted:
			left++
		}
	}
	if kept && left > 0 {
		j.Facts.add("", d.notCarried(left))
	}
	slices.SortStableFunc(steps, func(a, b check.Step) int { return weight(a) - weight(b) })
	for i, step := range steps {
		if i == d.steps {
			j.More = d.moreSteps(len(steps) - i)
			break
		}
		described := d.describeStep(step)
		if slices.Contains(s.Accepted, step.ID) {
			described.Status += d.comma + d.acceptedStep
		}
		j.Steps = append(j.Steps, described)
	}
}

// ids returns ids of steps in a row.
func (d *description) ids(ids []string) string {
	out := make([]string, 0, len(ids))
	for _, id := range ids[:min(len(ids), d.steps)] {
		out = append(out, d.short(id))
	}
	return strings.Join(out, d.comma)
}

// notable reports whether a step failed, gave a warning or was skipped.
func notable(s check.Step) bool { return weight(s) < 3 }

// weight orders steps: what failed, what warned, what was skipped, all others.
func weight(s check.Step) int {
	switch {
	case s.Skipped || s.Status == check.StepSkipped:
		return 2
	case s.Status == check.StepFailed:
		return 0
	case s.Status == check.StepWarning || len(s.Failed) > 0:
		return 1
	}
	return 3
}

// classes are those of the page's badges by a step's weight: a warning is no
// failure.
var classes = [...]string{"bad", "warn", "skip", "open"}

func (d *description) describeStep(s check.Step) step {
	status := s.Status
	switch {
	case s.Skipped:
		status = check.StepSkipped
	case status == check.StepPass && len(s.Failed) > 0:
		status = check.StepWarning
	}
	described := step{Title: cmp.Or(d.short(s.Name), d.short(s.ID), "?"), ID: d.short(s.ID), Status: d.statusOf(status), Class: classes[weight(s)]}
	if described.ID == described.Title {
		described.ID = ""
	}
	links := map[string]bool{}
	for i, item := range s.Failed {
		if i == d.items {
			described.Facts.add("", d.moreItems(len(s.Failed)-i))
			break
		}
		label := cmp.Or(d.short(item.Name), d.reason)
		if item.Result != s.Status && item.Result != "" {
			label += d.inBrackets(d.statusOf(item.Result))
		}
		described.Facts.add(label, cmp.Or(d.short(item.Reason), d.log(item.Log), d.short(item.Description), d.statusOf(item.Result)))
		if described.Facts.add(d.solution, d.short(item.Solution)); item.Solution != "" {
			described.Facts[len(described.Facts)-1].Told = d.told[beginning(item.Solution)]
		}
		described.Facts.add(d.risk, d.short(item.SkipRisk))
		for n, help := range item.HelpDoc {
			safe, ok := link(help)
			switch {
			case n == d.items:
			case !ok:
				described.Facts.add(d.Help, d.short(help))
			case !links[safe]:
				links[safe] = true
				described.Facts = append(described.Facts, fact{Label: d.Help, Link: safe, Told: d.told[safe]})
			}
		}
	}
	if len(s.Failed) == 0 {
		described.Facts.add(d.message, d.short(s.Message))
	}
	return described
}

// log returns DTS's own log in one line.
func (d *description) log(lines []string) string {
	text := ""
	for _, line := range lines {
		if len(text) > 4*d.text {
			break
		}
		text += " " + line
	}
	return d.short(text)
}

// statusOf returns the word for a step's status or an item's result.
func (d *description) statusOf(status string) string {
	return cmp.Or(d.status[status], d.short(status))
}

// short returns a text from outside, cleaned and as long as the detail allows.
func (d *description) short(s string) string { return clean(s, d.text) }

// why returns in a line what keeps the job, or else what is most to be said of
// it, and what is left to say besides.
func (d *description) why(j job) (why string, rest []fact) {
	if len(j.Steps) == 0 {
		if len(j.Facts) == 0 {
			return "", nil
		}
		return d.inLine(j.Facts[0]), j.Facts[1:]
	}
	var parts []string
	for _, s := range j.Steps {
		if len(parts) == 2 || s.Class != j.Steps[0].Class {
			break
		}
		part := s.Title
		if len(s.Facts) > 0 {
			part += d.Colon + s.Facts[0].Text
		}
		parts = append(parts, part)
	}
	return clean(strings.Join(parts, " · "), min(240, 2*d.text)), j.Facts
}

// inLine returns a fact as a line.
func (d *description) inLine(f fact) string {
	if f.Label == "" {
		return f.Text
	}
	return f.Label + d.Colon + f.Text + f.Link
}
