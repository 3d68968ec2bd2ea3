package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"slices"
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
	templates = sync.OnceValue(func() map[string]*template.Template {
		out := map[string]*template.Template{}
		for language, w := range languages() {
			colon := func() string { return w.Colon }
			out[language] = template.Must(template.New("page").Funcs(template.FuncMap{"colon": colon}).Parse(page))
		}
		return out
	})

	// policy lets a browser use the page's own style and post its form back to
	// where it came from, and nothing else.
	policy = sync.OnceValue(func() string {
		sum := sha256.Sum256([]byte(style))
		return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; img-src data:; form-action 'self'; base-uri 'none'"
	})
)

// frame is what every page has.
type frame struct {
	*words
	Title, Policy string
	Style         template.CSS
}

func (w *words) frame(title string) frame {
	return frame{w, title, policy(), template.CSS(style)}
}

// Home returns the page of the function's bare address, which leads to all others.
func Home(language string) []byte {
	w := wordsOf(language)
	return []byte(w.render("head", w.frame(w.HomeTitle)) + w.render("home", w) + w.render("foot", nil))
}

// HTML returns the report as a page of its own, which loads nothing and runs
// nothing. If it gets too long, texts are cut first, then jobs are left out,
// and it says how many.
func HTML(r Report) []byte { return pageWithin(r, maxReport) }

// pageWithin returns the page in at most limit bytes, if that is enough for its head.
func pageWithin(r Report, limit int) []byte {
	d := describe(r)
	text := d.render("head", d.frame(d.Headline)) + d.render("overview", struct {
		description
		Button
		Face, These string
		State       template.URL
	}{d, r.Button, d.face(r.Button), strings.Join(r.Button.Jobs, ","), stateURL(r)})
	foot := d.render("foot", nil)
	if causes := d.eachCause(limit/4, "<li>%s</li>\n", func(c *cause) string {
		return d.render("cause", struct {
			*cause
			Many  string
			Notes []string
		}{c, d.total(len(c.Outcomes)), d.notes(c)})
	}); causes != "" {
		text += d.render("causes", d.causes) + causes + "</ul>\n</section>\n"
	}
	text += "<main>\n"
	return []byte(text + d.fit(limit-len(text)-len(foot), d.jobs) + foot)
}

// How much of a page is open: the jobs that have a row of their own before the others
// of their kind are folded, of each kind at least so many; the steps that are
// few enough to be shown all, or else only those of the first job; and the jobs that
// passed and are few enough to have rows.
const (
	mostRows   = 36
	leastRows  = 5
	openSteps  = 6
	openPassed = 10
)

// jobs writes the sections of a page.
func (d *description) jobs(b *limited) {
	const list, fold = "</div>\n</section>\n", "</details>\n"
	more := func(n int) string { return "<p class=\"more\">" + d.moreJobs(n) + "</p>\n" }
	b.limit -= len(fold) + len(list)
	// What has to be closed behind what is written, and behind the entry that comes next.
	now, next := "", ""
	rows, steps := 0, 0
	for _, s := range d.urgent() {
		for _, o := range s.Outcomes {
			if o.Check != nil {
				for _, step := range o.Check.Steps {
					if notable(step) {
						steps++
					}
				}
			}
		}
	}
	var folds map[int]string
	left := d.each(b, d.Sections, len(more(1<<20)), func(s section, i int, o *check.Outcome) string {
		now = next
		entry := ""
		if i == 0 {
			entry, next = now+d.render("section", s.count), list
			folds = d.folds(s, max(leastRows, mostRows-rows))
		}
		if title, ok := folds[i]; ok {
			if strings.HasPrefix(next, fold) {
				entry += fold
			}
			entry, next = entry+d.render("fold", title), fold+list
		}
		rows++
		r := row{job: d.Job(o), Class: class(s.Kind), Long: true}
		r.Why, r.Rest = d.why(r.job)
		if len(r.Steps) == 0 && len(r.Rest) == 0 {
			r.Long = false
			if !s.Urgent && s.Kind != check.KindCreated {
				r.RequestID = "" // nobody looks for it
			}
		} else {
			r.Open = s.Urgent && (steps <= openSteps || rows == 1)
		}
		return entry + d.render("job", r)
	})
	b.limit += len(fold) + len(list)
	if left == 0 {
		b.WriteString(next)
		return
	}
	b.WriteString(now)
	b.add(more(left), 0)
}

// row is a job on a page: in a row, or folded if there is more to say.
type row struct {
	job
	Class      string
	Why        string
	Rest       []fact
	Long, Open bool
}

// folds returns where in a section jobs are folded, and what is said in place of
// them. Of those that need nobody all are folded if they are many.
func (d *description) folds(s section, rows int) map[int]string {
	n := len(s.Outcomes)
	if s.Urgent {
		if n <= rows+1 {
			return nil
		}
		return map[int]string{rows: d.moreHere(n - rows)}
	}
	if n <= openPassed {
		return nil
	}
	folds := map[int]string{}
	for from := 0; from < n; {
		about := remarkOn(s.Outcomes[from])
		to := from
		for to < n && remarkOn(s.Outcomes[to]) == about {
			to++
		}
		title := d.remark[about]
		if title == nil {
			title = d.others
		}
		if folds[from] = title(to - from); to-from == n {
			folds[from] = d.total(n)
		}
		from = to
	}
	return folds
}

// class returns the class of the page's style for a kind.
func class(kind check.Kind) string {
	switch kind {
	case check.KindNotPassed, check.KindFailed:
		return "bad"
	case check.KindNoVerdict, check.KindWaiting:
		return "open"
	case check.KindStarted, check.KindPassed, check.KindCreated:
		return "good"
	}
	return "skip"
}

// Class returns the class of the page's style for a count.
func (c count) Class() string { return class(c.Kind) }

func (w *words) render(name string, data any) string {
	var b strings.Builder
	if err := templates()[w.Lang].ExecuteTemplate(&b, name, data); err != nil {
		panic(err) // a mistake in the template: nothing in the data can be wrong
	}
	return b.String()
}

// face returns what the button does, in words.
func (d *description) face(b Button) string {
	if len(b.Jobs) == 1 {
		return fmt.Sprintf(d.createOne, clean(b.Jobs[0], 80))
	}
	return d.createMany(len(b.Jobs))
}

// maxURL is how long an address may be that leads to the state of many jobs.
const maxURL = 2000

// stateURL returns the address of the state of the jobs on a page that
// answers a POST; empty if it would be too long, or is not needed.
func stateURL(r Report) template.URL {
	if !r.Posted {
		return ""
	}
	var ids []string
	for _, o := range r.Result.Jobs {
		if o.JobID != "" {
			ids = append(ids, o.JobID)
		}
	}
	// An id is of letters, digits, - and _, or it is none.
	url := "?JobIds=" + strings.Join(ids, ",")
	if len(ids) == 0 || len(url) > maxURL || slices.ContainsFunc([]byte(url[1:]), func(c byte) bool {
		return !alphanumeric(c) && !strings.ContainsRune("-_,=", rune(c))
	}) {
		return ""
	}
	return template.URL(url)
}
