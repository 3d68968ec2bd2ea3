package report

import (
	"fmt"
	"strings"

	"migratecheck/internal/check"
)

// Summary returns the report as Markdown for the summary of a CI step, in at most
// limit bytes: what keeps jobs first, then the jobs.
func Summary(r Report, limit int) string {
	d, c := describe(r), github
	text := "## " + c.plain(d.Headline) + "\n"
	for _, line := range d.overview() {
		text += "\n" + c.plain(line) + "\n"
	}
	if causes := d.eachCause(limit/4, "- %s\n", func(cause *cause) string {
		entry := c.job + c.strong(d.causeTitle(cause)) + d.Colon + d.many(cause) + "\n"
		return entry + joined(d.facts(cause.Solutions, c, c.fact))
	}); causes != "" {
		text += "\n### " + d.causes + "\n\n" + causes
	}
	return text + d.fit(limit-len(text), func(b *limited) {
		left := d.each(b, d.Sections, len(d.moreJobs(1<<20))+2, func(s section, i int, o *check.Outcome) string {
			j, entry := d.Job(o), ""
			if i == 0 {
				entry = "\n### " + s.Title + d.inBrackets(fmt.Sprint(s.Number)) + "\n\n"
			}
			return entry + d.head(j, c) + "\n" + joined(d.lines(j, c))
		})
		if left > 0 {
			b.add(strings.TrimSpace("\n"+d.moreJobs(left))+"\n", 0)
		}
	})
}
