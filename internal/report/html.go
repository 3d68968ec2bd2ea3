package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"strings"
	"sync"

	"migratecheck/internal/check"
)

var (
	//go:embed page.html
	page string
	//go:embed page.css
	style string

	// Parsed when first used: most functions are never asked for a page.
	templates = sync.OnceValue(func() *template.Template { return template.Must(template.New("page").Parse(page)) })

	// policy lets a browser use the page's own style and post its form back to
	// where it came from, and nothing else.
	policy = sync.OnceValue(func() string {
		sum := sha256.Sum256([]byte(style))
		return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; img-src data:; form-action 'self'; base-uri 'none'"
	})
)

// HTML returns the report as a page of its own, which loads nothing and runs
// nothing. If it gets too long, texts are cut first, then jobs are left out,
// and it says how many.
func HTML(r Report) []byte { return pageWithin(r, maxReport) }

// pageWithin returns the page in at most limit bytes, if that is enough for its head.
func pageWithin(r Report, limit int) []byte {
	d := describe(r)
	head := render("head", struct {
		description
		Policy string
		Style  template.CSS
		Form   []Field
		Button string
	}{d, policy(), template.CSS(style), r.Form, d.button(r.Form)})
	foot := render("foot", nil)
	return []byte(d.fit(limit, func(b *limited) {
		const end = "</section>\n"
		b.limit -= len(end) + len(foot)
		b.WriteString(head)
		open := ""
		d.each(b, "<p>%s</p>\n", func(s section, first bool, o check.Outcome) string {
			entry := render("job", d.Job(o))
			if first {
				entry = open + render("section", s) + entry
				open = end
			}
			return entry
		})
		b.WriteString(open + foot)
	}))
}

func render(name string, data any) string {
	var b strings.Builder
	if err := templates().ExecuteTemplate(&b, name, data); err != nil {
		panic(err) // a mistake in the template: nothing in the data can be wrong
	}
	return b.String()
}

// button returns what the button does, in words.
func (d *description) button(form []Field) string {
	for _, f := range form {
		if strings.EqualFold(f.Name, "Start") && !strings.EqualFold(f.Value, "false") {
			return d.CreateAndStart
		}
	}
	return d.Create
}
