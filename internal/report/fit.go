package report

import (
	"fmt"
	"strings"

	"migratecheck/internal/check"
)

// limited is a text that takes whole entries as long as they fit.
type limited struct {
	strings.Builder
	limit int // in bytes

	// cut is set when the entry of a job was left out that somebody has to act on.
	cut bool
}

// fit writes the description with as much detail as the limit allows.
func (d *description) fit(limit int, write func(*limited)) string {
	var b *limited
	for _, d.detail = range details {
		b = &limited{limit: limit}
		if write(b); !b.cut {
			break
		}
	}
	return b.String()
}

// each adds an entry for each job, in order of urgency, as long as it fits
// together with the line that says how many more there are. more is that
// line's format; entry is told of the first job of each section.
func (d *description) each(b *limited, more string, entry func(s section, first bool, o check.Outcome) string) {
	left := 0
	for _, s := range d.Sections {
		left += len(s.Outcomes)
	}
	for _, s := range d.Sections {
		for i, o := range s.Outcomes {
			text, rest := entry(s, i == 0, o), ""
			if left > 1 {
				rest = fmt.Sprintf(more, d.moreJobs(left-1))
			}
			if b.Len()+len(text)+len(rest) > b.limit {
				b.cut = s.Urgent
				if rest = fmt.Sprintf(more, d.moreJobs(left)); b.Len()+len(rest) <= b.limit {
					b.WriteString(rest)
				}
				return
			}
			b.WriteString(text)
			left--
		}
	}
}
