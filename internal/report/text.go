package report

import (
	"strings"

	"migratecheck/internal/check"
)

// maxReport is how long a table or a page may be, in bytes: an answer has to
// hold it, escaped, within 6 MB.
const maxReport = 2500 << 10

// Text returns the report as a table for terminals and logs. If it gets too
// long, texts are cut first, then jobs are left out, and it says how many.
func Text(r Report) string { return textWithin(r, maxReport) }

func textWithin(r Report, limit int) string {
	d := describe(r)
	head := joined(append([]string{d.Headline}, d.overview()...))
	c := &dialect{bold: "%s", stepFact: "    "}
	if causes := d.eachCause(limit/4, "- %s\n", func(cause *cause) string {
		entry := "- " + d.causeTitle(cause) + d.Colon + d.many(cause) + "\n"
		return entry + joined(d.facts(cause.Solutions, c, c.stepFact))
	}); causes != "" {
		head += "\n" + d.causes + "\n" + causes
	}
	return head + d.fit(limit-len(head), d.table)
}

func joined(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

func (d *description) table(b *limited) {
	if len(d.Sections) == 0 {
		return
	}
	result := func(s section, o *check.Outcome) string {
		if change := o.Change(); change != check.ChangeNone {
			return s.Title + d.inBrackets(d.change[change])
		}
		return s.Title
	}
	widths := [...]int{width(d.result), width(d.job), 0}
	for _, s := range d.Sections {
		for _, o := range s.Outcomes {
			widths[0] = max(widths[0], width(result(s, o)))
			widths[1] = max(widths[1], width(d.title(o)))
			if o.JobName != "" {
				widths[2] = max(widths[2], width(d.name), width(clean(o.JobName, maxName)))
			}
		}
	}
	row := func(result, title, name, id string) string {
		line := pad(result, widths[0]) + "  " + pad(title, widths[1]) + "  "
		if widths[2] > 0 {
			line += pad(name, widths[2]) + "  "
		}
		return strings.TrimRight(line+id, " ") + "\n"
	}
	indent := strings.Repeat(" ", widths[0]+2)
	c := &dialect{bold: "%s", fact: indent, step: indent + "- ", stepFact: indent + "    "}
	b.WriteString("\n" + row(d.result, d.job, d.name, "RequestId"))
	left := d.each(b, d.Sections, len(d.moreJobs(1<<20))+1, func(s section, _ int, o *check.Outcome) string {
		j := d.Job(o)
		entry := row(result(s, o), j.Title, clean(j.Name, maxName), j.RequestID)
		for _, mark := range j.Marks {
			entry += indent + mark + "\n"
		}
		return entry + joined(d.lines(j, c))
	})
	if left > 0 {
		b.add(d.moreJobs(left)+"\n", 0)
	}
}

// pad fills the text up to a number of columns.
func pad(s string, columns int) string { return s + strings.Repeat(" ", max(0, columns-width(s))) }
