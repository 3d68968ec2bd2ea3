package report

import (
	"bytes"
	"fmt"
	"slices"
	"sort"

	"migratecheck/internal/check"
)

// detail says how much is written of each job.
type detail struct {
	text         int // characters of a text
	steps, items int // steps of a job, items of a step
}

// details are what is tried in turn until a text fits.
var details = []detail{{5000, 1000, 1000}, {1000, 100, 20}, {500, 20, 5}, {250, 8, 3}, {120, 4, 2}, {60, 1, 1}}

// limited is a text that takes whole parts as long as they fit.
type limited struct {
	bytes.Buffer
	limit int // in bytes

	// cut is set when a part was left out that less detail may make room for.
	cut bool
}

// add adds the part if there is room for it and for so many bytes behind it.
func (b *limited) add(part string, behind int) bool {
	if b.Len()+len(part)+behind > b.limit {
		return false
	}
	b.WriteString(part)
	return true
}

// fit renders a text of at most limit bytes with as much detail as it has room for.
func (d *description) fit(limit int, render func(*limited)) string {
	var b limited
	fits := func(level int) bool {
		d.detail = details[level]
		b.Reset()
		b.limit, b.cut = limit, false
		render(&b)
		return !b.cut
	}
	// All fits, or not even the least: what lies between is rarely needed.
	if last := len(details) - 1; !fits(0) && fits(last) {
		fits(1 + sort.Search(last-1, func(i int) bool { return fits(i + 1) }))
	}
	return b.String()
}

// each adds an entry for each job of the sections, in order, as long as it fits
// together with so many bytes behind it, which say how many more there are; the
// last one needs none. It returns how many are left out. entry is told the job's place
// in its section.
func (d *description) each(b *limited, sections []section, behind int, entry func(s section, i int, o *check.Outcome) string) (left int) {
	for _, s := range sections {
		left += len(s.Outcomes)
	}
	for _, s := range sections {
		for i, o := range s.Outcomes {
			if left == 1 {
				behind = 0
			}
			if !b.add(entry(s, i, o), behind) {
				b.cut = s.Urgent
				return left
			}
			left--
		}
	}
	return 0
}

// eachCause returns an entry for each cause of which more is known than the kind of the
// outcome, in at most limit bytes, and says how
// many more there are by the format more.
func (d *description) eachCause(limit int, more string, entry func(c *cause) string) string {
	causes := slices.DeleteFunc(slices.Clone(d.Causes), func(c *cause) bool { return c.ID == "" })
	return d.fit(limit, func(b *limited) {
		for i, c := range causes {
			behind := ""
			if left := len(causes) - i - 1; left > 0 {
				behind = fmt.Sprintf(more, d.moreCauses(left))
			}
			if !b.add(entry(c), len(behind)) {
				b.cut = true
				b.add(fmt.Sprintf(more, d.moreCauses(len(causes)-i)), 0)
				return
			}
		}
	})
}

// urgent returns the sections of jobs that need a person.
func (d *description) urgent() []section {
	n := 0
	for n < len(d.Sections) && d.Sections[n].Urgent {
		n++
	}
	return d.Sections[:n]
}
