package report

import (
	"fmt"
	"strings"

	"migratecheck/internal/check"
)

// markup is how a chat writes what it shows.
type markup struct {
	bold    string // a format
	link    string // a format, of label and address
	quote   string // what begins a line of a job
	newline string
}

// markdown keeps to what WeCom and DingTalk both have: bold, quotes and links.
// A line ends in two blanks, without which DingTalk would not break it.
var markdown = markup{bold: "**%s**", link: "[%s](%s)", quote: "> ", newline: "  \n"}

var plain = markup{bold: "%s", link: "%s: %s", quote: "  ", newline: "\n"}

// Markdown returns the report as a message of at most limit bytes for the robots
// of WeCom and DingTalk: counts, each job that somebody has to act on, and the
// names of the others. It says how many more jobs there are than it has room
// for. The counts are there whatever the limit.
func Markdown(r Report, limit int) string { return chat(r, limit, markdown) }

// Plain returns the same message without markup, for Feishu's robot.
func Plain(r Report, limit int) string { return chat(r, limit, plain) }

func chat(r Report, limit int, m markup) string {
	d := describe(r)
	return d.fit(limit, func(b *limited) { d.chat(b, m) })
}

func (d *description) chat(b *limited, m markup) {
	b.WriteString(m.strong(d.Headline))
	for _, line := range []string{d.Counts, d.NotHandedOn} {
		if line != "" {
			b.WriteString(m.newline + line)
		}
	}
	var context strings.Builder
	for i, f := range d.Context {
		if i > 0 {
			context.WriteString(d.Comma)
		}
		context.WriteString(f.Label + d.Colon + escape(f.Text))
	}
	// Where there is hardly any room, the jobs come first.
	if context.Len() > 0 && b.Len() < b.limit/4 {
		b.WriteString(m.newline + context.String())
	}
	d.each(b, "\n\n%s", func(s section, first bool, o check.Outcome) string {
		entry := ""
		if first {
			entry = "\n\n" + m.strong(s.Title+fmt.Sprintf(d.brackets, fmt.Sprint(len(s.Outcomes))))
		}
		if s.Urgent {
			return entry + "\n\n" + strings.Join(d.lines(d.Job(o), m), m.newline)
		}
		if first {
			entry += "\n\n" + m.quote
		} else {
			entry += d.Comma
		}
		return entry + escape(d.inline(o))
	})
}

// inline returns a job's id, and its name where it is known.
func (d *description) inline(o check.Outcome) string {
	if name := clean(o.JobName, maxName); name != "" {
		return d.title(o) + fmt.Sprintf(d.brackets, name)
	}
	return d.title(o)
}

func (d *description) lines(j job, m markup) []string {
	head := m.quote + m.strong(j.Title)
	if j.Name != "" {
		head += " " + escape(j.Name)
	}
	lines := []string{head}
	add := func(facts []fact) {
		for _, f := range facts {
			line := escape(f.Text)
			if f.Link != "" {
				line = fmt.Sprintf(m.link, escape(f.Label), f.Link)
			} else if f.Label != "" {
				line = escape(f.Label) + d.Colon + line
			}
			// What begins a line from outside must not make it a list or a heading.
			lines = append(lines, m.quote+"· "+line)
		}
	}
	add(j.Facts)
	for _, s := range j.Steps {
		lines = append(lines, m.quote+m.strong(s.Title)+d.Colon+s.Status)
		add(s.Facts)
	}
	if j.More != "" {
		lines = append(lines, m.quote+j.More)
	}
	return lines
}

func (m markup) strong(s string) string { return fmt.Sprintf(m.bold, escape(s)) }

// escape replaces what may mean something to a chat by characters that look
// alike and mean nothing. The dialects do not agree on any way to escape, and
// a mention is one wherever it stands.
func escape(s string) string {
	var b strings.Builder
	for i, r := range s {
		if strings.ContainsRune("!#&*<>@[\\]`|~", r) || r == '_' && !within(s, i) {
			r += '！' - '!'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// within reports whether the byte at i stands between letters or digits. An
// underscore there is no markup, and names keep theirs.
func within(s string, i int) bool {
	return i > 0 && i+1 < len(s) && alphanumeric(s[i-1]) && alphanumeric(s[i+1])
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}
