// Package report writes an event's result for people: as a table for terminals
// and logs, as a message for chats, as Markdown for the summary of a CI step, and
// as an HTML page. All forms are written from one description, which begins with
// what keeps jobs from passing and puts first what somebody has to act on. What
// comes from outside, names and texts, is shown as text and does nothing.
package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"migratecheck/internal/check"
)

// Report is a result and what a reader needs to know beside it.
type Report struct {
	Result check.Result

	// Region of the jobs, the function's namespace and name, the source of the event
	// and its trigger's name; empty ones are left out, and so is a zero time.
	Region, Namespace, Function, Source, Trigger string
	At                                           time.Time

	// Selected says what the jobs were selected by, a text for each filter, such as
	// "JobName: orders"; nil if they were named.
	Selected []string

	// Language is en-US or zh-CN; any other is taken for en-US.
	Language string

	// Button of a page that only reads; without jobs there is none. Posted is set for
	// the page that answers a POST.
	Button Button
	Posted bool

	// Mended is set where an earlier message told of a problem which is there no
	// longer.
	Mended bool
}

// Button asks for the checks of the jobs that await one, and names them.
type Button struct {
	Jobs    []string
	Options []Field // besides, as Wait or Strict
}

// Field is a name and a value of a form.
type Field struct{ Name, Value string }

// description is a result in words.
type description struct {
	*words
	detail

	Headline string
	Counts   []count  // none if the event failed as a whole
	Alerts   []string // what a reader has to know before all else
	Context  string   // where and when
	Selected string   // what the jobs were selected by, empty if they were named
	Causes   []*cause
	Sections []section

	filters  string // what the jobs were selected by, if by anything
	all      string // how many jobs there are
	problems int    // how many of them need a person
	mixed    bool   // there are migrations and sync jobs

	told map[string]bool // the solutions and links that causes have
}

// count says how many jobs there are of a kind.
type count struct {
	Kind   check.Kind
	Title  string
	Number int
	Note   string // about some of them, as "6 new, 23 still"
}

// section holds the jobs of one kind.
type section struct {
	count
	Urgent   bool // somebody has to act
	Outcomes []*check.Outcome
}

// untagged is the kind of those jobs that wait to be started and do not bear the
// tag: nobody is called for them.
const untagged check.Kind = "untagged"

// urgency is the order of the sections.
var urgency = []check.Kind{check.KindNotPassed, check.KindNoVerdict, check.KindFailed, check.KindWaiting,
	check.KindStarted, check.KindPassed, check.KindCreated, check.KindRehearsed, untagged}

func kindOf(o *check.Outcome) check.Kind {
	if kind := o.Kind(); kind != check.KindWaiting || !o.Untagged {
		return kind
	}
	return untagged
}

// beijing is the zone of every time: that of the platform's timers.
var beijing = time.FixedZone("UTC+8", 8*60*60)

// maxName is how much of a job's name a line has room for, in characters.
const maxName = 40

func describe(r Report) description {
	w := wordsOf(r.Language)
	d := description{words: w, detail: details[0], told: map[string]bool{}}
	jobs := r.Result.Jobs
	byKind := map[check.Kind][]*check.Outcome{}
	sync, repeated, news := 0, 0, 0
	for i := range jobs {
		o := &jobs[i]
		byKind[kindOf(o)] = append(byKind[kindOf(o)], o)
		if check.KindOf(o.JobID) == check.Sync {
			sync++
		}
		if o.Repeated {
			repeated++
		}
		if o.Problem() {
			d.problems++
			if o.Change() == check.ChangeNew {
				news++
			}
		}
	}
	for _, kind := range urgency {
		if outcomes := byKind[kind]; len(outcomes) > 0 {
			slices.SortStableFunc(outcomes, func(a, b *check.Outcome) int { return rank(a) - rank(b) })
			s := section{count{kind, w.kind[kind], len(outcomes), d.note(outcomes)}, outcomes[0].Problem(), outcomes}
			d.Sections = append(d.Sections, s)
			if !whole(jobs) {
				d.Counts = append(d.Counts, s.count)
			}
		}
	}
	d.all = w.total(len(jobs))
	if d.mixed = sync > 0 && sync < len(jobs); d.mixed {
		d.all += w.inBrackets(w.mixed(len(jobs)-sync, sync))
	}
	d.Headline = w.headline + d.headlineOf(r, byKind, news)
	if d.problems > 1 { // what keeps a single job is said there
		d.Causes = d.causesOf(byKind)
	}
	d.describeEvent(r, repeated)
	return d
}

// describeEvent says what is to be known of the event besides its jobs.
func (d *description) describeEvent(r Report, repeated int) {
	if r.Result.GivenBack {
		d.Alerts = append(d.Alerts, d.GivenBack)
	}
	if len(r.Result.NotHandedOn) > 0 {
		var names []string
		for _, name := range r.Result.NotHandedOn {
			names = append(names, cmp.Or(d.destination[name], clean(name, maxName)))
		}
		d.Alerts = append(d.Alerts, d.notForwarded+d.Colon+strings.Join(names, d.comma))
	}
	if repeated > 0 {
		d.Alerts = append(d.Alerts, d.repeated(repeated))
	}
	if r.Selected != nil {
		d.Selected = d.selected + d.Colon + cmp.Or(clean(strings.Join(r.Selected, d.semicolon), 500), d.noFilter)
		if len(r.Selected) > 0 || len(r.Result.Jobs) == 0 {
			d.filters = d.Selected
		}
	}
	function := clean(r.Function, 2*maxName)
	if function != "" && r.Namespace != "" && r.Namespace != "default" {
		function = clean(r.Namespace, maxName) + "/" + function
	}
	source := strings.TrimSpace(cmp.Or(d.sources[r.Source], clean(r.Source, maxName)) + " " + clean(r.Trigger, 2*maxName))
	at := ""
	if !r.At.IsZero() {
		at = r.At.In(beijing).Format("2006-01-02 15:04") + d.zone
	}
	d.Context = strings.Join(said(clean(r.Region, maxName), function, source, at), d.comma)
	// What begins a line must not make it a list or a heading.
	if d.Context != "" && d.Context[0] < 'A' { // a digit, or one of # + - = >
		d.Context = "· " + d.Context
	}
}

// said returns those of the texts that are not empty.
func said(texts ...string) []string {
	return slices.DeleteFunc(texts, func(s string) bool { return s == "" })
}

// overview returns the lines below a headline.
func (d *description) overview() []string {
	return said(append([]string{d.counts(), d.Context, d.Selected}, d.Alerts...)...)
}

// countText returns a count in words: "Not passed 2 (1 new)".
func (d *description) countText(c count) string {
	text := c.Title + " " + fmt.Sprint(c.Number)
	if c.Note != "" {
		text += d.inBrackets(c.Note)
	}
	return text
}

// counts returns the counts as a line.
func (d *description) counts() string {
	if len(d.Counts) == 0 {
		return ""
	}
	texts := make([]string, len(d.Counts))
	for i, c := range d.Counts {
		texts[i] = d.countText(c)
	}
	return d.all + d.Colon + strings.Join(texts, d.comma)
}

// remark is what there is to say about some jobs of a kind.
type remark int

// The remarks, in the order in which jobs are shown.
const (
	remarkNew remark = iota
	remarkWarned
	remarkAccepted
	remarkFixed
	remarkNone
	remarkStill
	remarks
)

// remarkOn returns what there is to say about a job, the first thing if several.
func remarkOn(o *check.Outcome) remark {
	change := o.Change()
	switch kind := o.Kind(); {
	case change == check.ChangeNew:
		return remarkNew
	case change == check.ChangeStill:
		return remarkStill
	case kind == check.KindNotPassed || kind == check.KindNoVerdict || kind == check.KindFailed:
	case warned(o):
		return remarkWarned
	case o.Check != nil && len(o.Check.Accepted) > 0:
		return remarkAccepted
	case change == check.ChangeFixed:
		return remarkFixed
	}
	return remarkNone
}

// rank orders the jobs of a section.
func rank(o *check.Outcome) int {
	if o.Kind() == check.KindRehearsed && o.WhyNot != "" {
		return -1
	}
	return int(remarkOn(o))
}

// warned reports whether the check has steps to look at that nobody has accepted.
func warned(o *check.Outcome) bool {
	return o.Check != nil && slices.ContainsFunc(o.Check.Steps, func(s check.Step) bool {
		return notable(s) && !slices.Contains(o.Check.Accepted, s.ID)
	})
}

// note counts what there is to say about the jobs of a section.
func (d *description) note(outcomes []*check.Outcome) string {
	var counts [remarks]int
	fixed, running := 0, 0
	for _, o := range outcomes {
		counts[remarkOn(o)]++
		if o.Change() == check.ChangeFixed {
			fixed++
		}
		if o.Kind() == check.KindNoVerdict && (o.Check.Status == check.Running || o.Check.Status == check.Starting) {
			running++
		}
	}
	counts[remarkFixed] = fixed // also those with warnings
	var notes []string
	for _, r := range []remark{remarkNew, remarkStill, remarkFixed, remarkWarned, remarkAccepted} {
		if counts[r] > 0 {
			notes = append(notes, d.remark[r](counts[r]))
		}
	}
	if running > 0 {
		notes = append(notes, d.running(running))
	}
	return strings.Join(notes, d.comma)
}

func (d *description) headlineOf(r Report, byKind map[check.Kind][]*check.Outcome, news int) string {
	jobs := r.Result.Jobs
	mended := ""
	if r.Mended && d.problems == 0 {
		mended = d.mended
	}
	fresh := ""
	if news > 0 {
		fresh = d.inBrackets(d.remark[remarkNew](news))
	}
	switch rehearsed := byKind[check.KindRehearsed]; {
	case len(jobs) == 0 && r.Selected != nil:
		return mended + d.noneSelected
	case len(jobs) == 0:
		return mended + d.nothing
	case whole(jobs):
		return d.eventFailed
	case len(jobs) == 1:
		if news > 0 {
			fresh = d.inBrackets(d.change[check.ChangeNew])
		}
		return mended + d.one[kindOf(&jobs[0])] + fresh
	case d.problems > 0:
		return d.attention(d.problems, len(jobs)) + fresh
	case len(rehearsed) > 0:
		checks, starts := 0, 0
		for _, o := range rehearsed {
			if slices.Contains(o.Would, "check") {
				checks++
			}
			if slices.Contains(o.Would, "start") {
				starts++
			}
		}
		return d.rehearsal(len(jobs), checks, starts)
	case len(byKind[check.KindPassed])+len(byKind[check.KindStarted]) == len(jobs):
		return mended + d.allPassed(len(jobs))
	case len(byKind[check.KindCreated]) == len(jobs):
		return mended + d.allCreated(len(jobs))
	}
	return mended + d.noProblem(len(jobs))
}

// whole reports whether the event failed as a whole, before there were jobs.
func whole(jobs []check.Outcome) bool {
	return len(jobs) == 1 && jobs[0].JobID == "" && jobs[0].Record == nil
}

// Headline returns the report in one line.
func Headline(r Report) string {
	d := describe(r)
	return dialects[DingTalk].plain(d.Headline)
}
