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
func Text(r Report) string {
	d := describe(r)
	return d.fit(maxReport, d.table)
}

// maxName is how much of a job's name a line of a table or of a chat has room
// for, in characters.
const maxName = 40

func (d *description) table(b *limited) {
	head := d.Headline + "\n"
	for _, line := range []string{d.Counts, d.NotHandedOn} {
		if line != "" {
			head += line + "\n"
		}
	}
	for i, f := range d.Context {
		if i > 0 {
			head += d.Comma
		}
		head += f.Label + d.Colon + f.Text
	}
	if len(d.Context) > 0 {
		head += "\n"
	}
	b.WriteString(head)
	if len(d.Sections) == 0 {
		return
	}
	widths := [...]int{width(d.result), width(d.job), 0}
	for _, s := range d.Sections {
		widths[0] = max(widths[0], width(s.Title))
		for _, o := range s.Outcomes {
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
	b.WriteString("\n" + row(d.result, d.job, d.name, "RequestId"))
	indent := strings.Repeat(" ", widths[0]+2)
	d.each(b, "%s\n", func(s section, _ bool, o check.Outcome) string {
		j := d.Job(o)
		entry := row(s.Title, j.Title, clean(j.Name, maxName), j.RequestID)
		lines(&entry, indent, d.Colon, j.Facts)
		for _, step := range j.Steps {
			entry += indent + "- " + step.Title + d.Colon + step.Status + "\n"
			lines(&entry, indent+"    ", d.Colon, step.Facts)
		}
		if j.More != "" {
			entry += indent + "- " + j.More + "\n"
		}
		return entry
	})
}

func lines(entry *string, indent, colon string, facts []fact) {
	for _, f := range facts {
		*entry += indent
		if f.Label != "" {
			*entry += f.Label + colon
		}
		*entry += f.Text + f.Link + "\n"
	}
}

// pad fills the text up to a number of columns.
func pad(s string, columns int) string { return s + strings.Repeat(" ", max(0, columns-width(s))) }
