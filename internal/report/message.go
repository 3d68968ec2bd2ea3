package report

import (
	"cmp"
	"fmt"
	"strings"

	"migratecheck/internal/check"
)

// Message returns the report as a message of at most limit bytes for a robot of
// the chat: how many jobs need a person, their ids by what keeps them, as many as
// fit, and how many more there are; then what is to be done, and what is to be
// said of each job, as far as there is room. Headline and counts are there
// whatever the limit.
func Message(r Report, chat Chat, limit int) string {
	d := describe(r)
	c := cmp.Or(dialects[chat], dialects[Feishu])
	end := d.closing(c, false)
	text := d.fit(limit, func(b *limited) { d.begin(b, c) })
	text += d.fit(limit-len(end)-len(text), func(b *limited) { d.solutions(b, c) })
	text += d.fit(limit-len(end)-len(text), func(b *limited) {
		d.each(b, d.urgent(), 0, func(_ section, _ int, o *check.Outcome) string {
			j := d.Job(o)
			return "\n\n" + strings.Join(append([]string{d.head(j, c)}, d.lines(j, c)...), c.newline)
		})
	})
	for _, end := range []string{d.closing(c, true), end} {
		if len(text)+len(end) <= limit {
			return text + end
		}
	}
	return text
}

// begin writes what is most important: headline, counts, and the ids of the jobs
// that need a person.
func (d *description) begin(b *limited, c *dialect) {
	b.WriteString(c.strong(d.Headline))
	for _, line := range said(append([]string{d.counts()}, d.Alerts...)...) {
		b.WriteString(c.newline + c.plain(line))
	}
	// Where there is hardly any room, the jobs come first.
	for _, line := range said(d.Context, d.filters) {
		if b.Len() < b.limit/4 {
			b.WriteString(c.newline + c.plain(line))
		}
	}
	if d.problems < 2 {
		return
	}
	// Where not all ids fit, what is said of their causes is as short as can be.
	compact := d.detail != details[0]
	more := func(n int) string { return "\n\n" + d.moreJobs(n) }
	left := d.problems
	named := map[*check.Outcome]bool{}
	for i, cause := range d.Causes {
		head := c.newline
		if i == 0 {
			head = "\n\n"
		}
		if compact {
			head += c.strong(cmp.Or(cause.ID, d.kind[cause.Kind])) + " " + fmt.Sprint(len(cause.Outcomes))
		} else {
			head += c.strong(d.causeTitle(cause)) + d.Colon + d.many(cause)
		}
		separator, change, again := d.Colon, check.ChangeNone, 0
		for _, o := range cause.Outcomes {
			if named[o] {
				again++
				continue
			}
			if o.Change() != change {
				if change = o.Change(); head == "" {
					separator = d.semicolon
				}
				if change != check.ChangeNone {
					separator += d.change[change] + " "
				}
			}
			behind := 0
			if left > 1 {
				behind = len(more(left - 1))
			}
			if !b.add(head+separator+c.plain(d.title(o)), behind) {
				b.cut = true
				b.add(more(left), 0)
				return
			}
			head, separator = "", " "
			named[o] = true
			left--
		}
		if again > 0 {
			behind := 0
			if left > 0 {
				behind = len(more(left))
			}
			b.add(head+d.comma+d.above(again), behind)
		}
	}
}

// solutions writes what is to be done about each cause.
func (d *description) solutions(b *limited, c *dialect) {
	before := "\n\n"
	for _, cause := range d.Causes {
		if len(cause.Solutions) == 0 {
			continue
		}
		entry := before + c.step + c.strong(d.causeTitle(cause))
		for _, line := range d.facts(cause.Solutions, c, c.stepFact) {
			entry += c.newline + line
		}
		if !b.add(entry, 0) {
			b.cut = true
			return
		}
	}
}

// mostNamed is how many jobs that need nobody are named of each kind.
const mostNamed = 20

// closing says how many jobs need nobody, and may name them where they are few.
func (d *description) closing(c *dialect, named bool) (text string) {
	for i, s := range d.Sections[len(d.urgent()):] {
		before := c.newline
		if i == 0 {
			before = "\n\n"
		}
		text += before + d.countText(s.count)
		if !named || s.Kind == untagged || len(s.Outcomes) > mostNamed {
			continue
		}
		for i, o := range s.Outcomes {
			j := d.Job(o)
			names := j.Title
			if j.Name != "" {
				names += " " + clean(j.Name, maxName)
			}
			if o.Rehearsed {
				for _, f := range j.Facts {
					names += " · " + d.inLine(f)
				}
			}
			separator := d.semicolon
			if i == 0 {
				separator = d.Colon
			}
			text += separator + c.plain(names)
		}
	}
	return text
}

// head returns the line that names a job.
func (d *description) head(j job, c *dialect) string {
	head := c.job + c.strong(j.Title)
	for _, word := range said(append([]string{j.Name, j.Changed}, j.Marks...)...) {
		head += " " + c.plain(word)
	}
	return head
}

// lines returns what is to be said of a job, but for what its causes tell.
func (d *description) lines(j job, c *dialect) []string {
	lines := d.facts(j.Facts, c, c.fact)
	for _, s := range j.Steps {
		title := s.Title
		if s.ID != "" {
			title += d.inBrackets(s.ID)
		}
		lines = append(lines, c.step+c.strong(title)+d.Colon+c.plain(s.Status))
		for _, f := range s.Facts {
			if !f.Told {
				lines = append(lines, d.facts([]fact{f}, c, c.stepFact)...)
			}
		}
	}
	if j.More != "" {
		lines = append(lines, c.step+j.More)
	}
	return lines
}

// facts returns a line for each fact.
func (d *description) facts(facts []fact, c *dialect, begin string) []string {
	lines := make([]string, len(facts))
	for i, f := range facts {
		switch {
		case f.Link != "" && c.link != "":
			lines[i] = begin + fmt.Sprintf(c.link, f.Label, c.escaped(f.Link))
		case f.Link != "":
			lines[i] = begin + f.Label + d.Colon + f.Link
		case f.Label != "":
			lines[i] = begin + c.plain(f.Label) + d.Colon + c.plain(d.short(f.Text))
		default:
			lines[i] = begin + c.plain(f.Text)
		}
	}
	return lines
}
