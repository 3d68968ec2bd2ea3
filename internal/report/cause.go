package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"migratecheck/internal/check"
)

// cause is what keeps jobs from passing: a step by its id, the code of a failure,
// or only the kind of the outcome.
type cause struct {
	Kind      check.Kind // of the outcomes
	ID, Name  string     // of the step, or the code; both empty if nothing is known but the kind
	Outcomes  []*check.Outcome
	New       int // how many of the jobs are new
	Strictly  int // how many of the jobs the step kept from passing only strictly
	Solutions []fact

	id        string // as DTS has it
	solutions map[string]*solution
	links     []string
}

// solution is what some jobs are told to do.
type solution struct {
	text string
	jobs int
}

// beginning returns what solutions are told apart by: those of many jobs are long.
func beginning(text string) string { return text[:min(len(text), 1000)] }

// mostCauses bounds the causes: a check has some fifteen steps.
const mostCauses = 1000

// The most that is told once for all jobs of a cause.
const (
	mostSolutions = 3
	mostLinks     = 2
)

// causesOf returns what keeps jobs from what was asked for: first the steps, those
// that most jobs have first, then what else does. A job counts under each of its causes.
func (d *description) causesOf(byKind map[check.Kind][]*check.Outcome) []*cause {
	type key struct {
		kind check.Kind
		id   string
	}
	causes := map[key]*cause{}
	add := func(o *check.Outcome, id string) *cause {
		k := key{o.Kind(), id}
		if causes[k] == nil && len(causes) >= mostCauses {
			k.id = ""
		}
		c := causes[k]
		if c == nil {
			c = &cause{Kind: k.kind, ID: clean(k.id, 80), id: k.id, solutions: map[string]*solution{}}
			causes[k] = c
		}
		// The steps of one job may share an id.
		if n := len(c.Outcomes); n == 0 || c.Outcomes[n-1] != o {
			c.Outcomes = append(c.Outcomes, o)
			if o.Change() == check.ChangeNew {
				c.New++
			}
		}
		return c
	}
	for _, kind := range urgency[:slices.Index(urgency, check.KindStarted)] {
		for _, o := range byKind[kind] {
			if kind == check.KindFailed {
				add(o, o.Error.Code)
				continue
			}
			known := false
			if kind == check.KindNotPassed {
				for _, s := range o.Check.Steps {
					if keeps(s, *o.Check) {
						known = true
						add(o, cmp.Or(s.ID, s.Name)).learn(s)
					}
				}
				for _, id := range slices.Compact(slices.Sorted(slices.Values(o.Check.Strictly))) {
					known = true
					c := add(o, id)
					c.Strictly++
				}
			}
			if !known {
				add(o, "")
			}
		}
	}
	sorted := slices.SortedFunc(maps.Values(causes), func(a, b *cause) int {
		return cmp.Or(slices.Index(urgency, a.Kind)-slices.Index(urgency, b.Kind), cmp.Compare(min(1, len(b.ID)), min(1, len(a.ID))),
			len(b.Outcomes)-len(a.Outcomes), strings.Compare(a.id, b.id))
	})
	for _, c := range sorted {
		d.solve(c)
	}
	return sorted
}

// keeps reports whether the step keeps the check from passing.
func keeps(s check.Step, in check.State) bool {
	return s.Status == check.StepFailed && !s.Skipped || slices.Contains(in.Strictly, s.ID)
}

// learn takes name, solutions and links from the step of one job.
func (c *cause) learn(s check.Step) {
	if c.Name == "" {
		c.Name = clean(s.Name, 80)
	}
	for i, item := range s.Failed {
		if i == details[0].items {
			break
		}
		if item.Result == check.StepWarning && s.Status == check.StepFailed {
			continue // it is not what failed
		}
		key := beginning(item.Solution)
		if known := c.solutions[key]; known != nil {
			known.jobs++
		} else if key != "" && len(c.solutions) < mostCauses {
			c.solutions[key] = &solution{item.Solution, 1}
		}
		for _, help := range item.HelpDoc {
			if len(c.links) < mostLinks {
				if safe, ok := link(help); ok && !slices.Contains(c.links, safe) {
					c.links = append(c.links, safe)
				}
			}
		}
	}
}

// solve writes what most jobs of the cause are told to do, and the links, which no
// other cause has.
func (d *description) solve(c *cause) {
	if c.Name == c.ID {
		c.Name = ""
	}
	solutions := slices.SortedFunc(maps.Values(c.solutions), func(a, b *solution) int {
		return cmp.Or(b.jobs-a.jobs, strings.Compare(a.text, b.text))
	})
	for i, s := range solutions[:min(len(solutions), mostSolutions)] {
		// What only one job of many is told is told there.
		if i > 0 && s.jobs == 1 && len(c.Outcomes) > 1 {
			break
		}
		if text := clean(s.text, 1000); text != "" {
			c.Solutions = append(c.Solutions, fact{Label: d.solution, Text: text})
			d.told[beginning(s.text)] = true
		}
	}
	for _, safe := range c.links {
		if !d.told[safe] {
			d.told[safe] = true
			c.Solutions = append(c.Solutions, fact{Label: d.Help, Link: safe})
		}
	}
}

// title returns what a cause is called: "Binary log check (BinlogParamCheck)".
func (d *description) causeTitle(c *cause) string {
	switch {
	case c.Name != "" && c.ID != "":
		return c.Name + d.inBrackets(c.ID)
	case c.ID == "":
		return d.kind[c.Kind]
	}
	return c.ID
}

// notes returns what there is to say about some of the jobs of a cause.
func (d *description) notes(c *cause) (notes []string) {
	if c.New > 0 {
		notes = append(notes, d.remark[remarkNew](c.New))
	}
	if c.Strictly > 0 {
		notes = append(notes, d.strictly(c.Strictly))
	}
	return notes
}

// many returns how many jobs a cause has: "12 jobs (5 new)".
func (d *description) many(c *cause) string {
	many := d.total(len(c.Outcomes))
	if notes := d.notes(c); len(notes) > 0 {
		many += d.inBrackets(strings.Join(notes, d.comma))
	}
	return many
}

// inBrackets returns the text in brackets, to be put behind another.
func (w *words) inBrackets(text string) string { return fmt.Sprintf(w.brackets, text) }
