// Package report writes an event's result for people: as a table for terminals
// and logs, as a message for chats, and as an HTML page. All forms are written
// from one description, which puts first what somebody has to act on. What
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

	// Form holds the fields with which the page's button asks for the checks;
	// without fields there is no button.
	Form []Field

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

// detail says how much is written of each job.
type detail struct {
	text         int // characters of a text
	steps, items int // steps of a job, items of a step
}

// details are what is tried in turn until a report fits.
var details = []detail{{5000, 1000, 1000}, {1000, 100, 20}, {500, 20, 5}, {250, 8, 3}, {120, 4, 2}, {60, 1, 1}}

// description is a result in words.
type description struct {
	*words
	detail

	Headline    string
	Counts      string // empty if the event failed as a whole
	Context     []fact
	NotHandedOn string
	Sections    []section
}

// section holds the jobs of one kind.
type section struct {
	Kind     check.Kind
	Title    string
	Urgent   bool // somebody has to act
	Outcomes []check.Outcome
	Warned   int // how many of the jobs that passed have steps to look at
}

// job is what is said of one job.
type job struct {
	Title, Name, RequestID string
	Facts                  []fact
	Steps                  []step
	More                   string // how many steps are left out, in words
}

type step struct {
	Title, Status string
	Facts         []fact
}

// fact is a line: a text, perhaps with a label, or a link.
type fact struct{ Label, Text, Link string }

// urgency is the order of the sections.
var urgency = []check.Kind{check.KindNotPassed, check.KindNoVerdict, check.KindFailed, check.KindStarted, check.KindPassed, check.KindCreated}

func describe(r Report) description {
	w := cmp.Or(languages[r.Language], &english)
	d := description{words: w, detail: details[0]}
	jobs := r.Result.Jobs
	byKind := map[check.Kind][]check.Outcome{}
	problems := 0
	for _, o := range jobs {
		byKind[o.Kind()] = append(byKind[o.Kind()], o)
		if o.Problem() {
			problems++
		}
	}
	counts := make([]string, 0, len(urgency))
	for _, kind := range urgency {
		s := section{Kind: kind, Title: w.kind[kind], Outcomes: byKind[kind]}
		if len(s.Outcomes) == 0 {
			continue
		}
		s.Urgent = s.Outcomes[0].Problem()
		for _, o := range s.Outcomes {
			if !s.Urgent && o.Check != nil && slices.ContainsFunc(o.Check.Steps, notable) {
				s.Warned++
			}
		}
		count := fmt.Sprintf("%s %d", s.Title, len(s.Outcomes))
		if s.Warned > 0 {
			count += fmt.Sprintf(w.brackets, w.warned(s.Warned))
		}
		counts = append(counts, count)
		d.Sections = append(d.Sections, s)
	}
	d.Counts = w.total(len(jobs))
	if len(counts) > 0 {
		d.Counts += w.Colon + strings.Join(counts, w.Comma)
	}
	if whole(jobs) {
		d.Counts = ""
	}
	d.Headline = fmt.Sprintf(w.headline, d.headlineOf(jobs, problems, byKind))

	for _, f := range []fact{{Label: w.region, Text: clean(r.Region, maxName)}, {Label: w.function, Text: clean(r.Function, 2*maxName)},
		{Label: w.source, Text: cmp.Or(w.sources[r.Source], clean(r.Source, maxName))}} {
		if f.Text != "" {
			d.Context = append(d.Context, f)
		}
	}
	if !r.At.IsZero() {
		d.Context = append(d.Context, fact{Label: w.at, Text: r.At.Format("2006-01-02 15:04:05 -07:00")})
	}
	if len(r.Result.NotHandedOn) > 0 {
		var names []string
		for _, name := range r.Result.NotHandedOn {
			names = append(names, w.destination[name])
		}
		d.NotHandedOn = w.notHandedOn + w.Colon + strings.Join(names, w.Comma)
	}
	return d
}

func (d *description) headlineOf(jobs []check.Outcome, problems int, byKind map[check.Kind][]check.Outcome) string {
	switch {
	case len(jobs) == 0:
		return d.nothing
	case whole(jobs):
		return d.eventFailed
	case len(jobs) == 1:
		return d.one[jobs[0].Kind()]
	case problems > 0:
		return d.attention(problems, len(jobs))
	case !slices.ContainsFunc(jobs, func(o check.Outcome) bool { return o.Check == nil || o.Check.Passed == nil }):
		return d.allPassed(len(jobs))
	case len(byKind[check.KindCreated]) == len(jobs):
		return d.allCreated(len(jobs))
	}
	return d.noProblem(len(jobs))
}

// whole reports whether the event failed as a whole, before there were jobs.
func whole(jobs []check.Outcome) bool {
	return len(jobs) == 1 && jobs[0].JobID == "" && jobs[0].Record == nil
}

// title returns what a job is called.
func (d *description) title(o check.Outcome) string {
	switch {
	case o.JobID != "":
		return clean(o.JobID, 80)
	case o.Record != nil:
		return fmt.Sprintf(d.record, *o.Record)
	}
	return d.event
}

// Job describes one job.
func (d *description) Job(o check.Outcome) job {
	j := job{Title: d.title(o), Name: clean(o.JobName, 128), RequestID: d.short(o.RequestID)}
	j.say("", o.AlreadyRunning(), d.wasRunning)
	j.say("", o.AlreadyStarted(), d.wasStarted)
	if o.Error != nil {
		j.Facts = append(j.Facts, fact{Label: d.short(o.Error.Code), Text: d.short(o.Error.Message)})
		// Once there is a check, what may have been carried out is the start.
		checked := o.CreatedAnyway() || o.AlreadyRunning() || o.Check != nil
		j.say("", o.CreatedAnyway(), d.created)
		j.say("", o.MayBeRunning() && checked, d.mayStart)
		j.say("", o.MayBeRunning() && !checked, d.mayRun)
	}
	if o.Check != nil {
		d.describeCheck(&j, *o.Check)
	}
	j.say(d.startRequest, o.StartRequestID != "", d.short(o.StartRequestID))
	return j
}

func (j *job) say(label string, really bool, text string) {
	if really {
		j.Facts = append(j.Facts, fact{Label: label, Text: text})
	}
}

func (d *description) describeCheck(j *job, s check.State) {
	if s.Passed == nil {
		state := cmp.Or(d.state[s.Status], d.short(s.Status))
		if !s.Ended() && s.Status != check.Unavailable {
			state = d.progress(state, s.Progress)
		}
		j.say("", true, state)
	}
	passed := s.Passed != nil && *s.Passed
	message := d.short(s.Message)
	j.say(d.message, message != "" && !passed, message)
	var steps []check.Step
	left := 0
	for _, step := range s.Steps {
		switch {
		case notable(step):
			steps = append(steps, step)
		case step.Status == check.StepBlocked || step.Status == check.StepNotStarted:
			left++
		}
	}
	j.say("", left > 0 && s.Passed != nil && !passed, d.notCarried(left))
	slices.SortStableFunc(steps, func(a, b check.Step) int { return weight(a) - weight(b) })
	for i, step := range steps {
		if i == d.steps {
			j.More = d.moreSteps(len(steps) - i)
			break
		}
		j.Steps = append(j.Steps, d.describeStep(step))
	}
}

// notable reports whether a step failed, gave a warning or was skipped.
func notable(s check.Step) bool { return weight(s) < 3 }

// weight orders steps: what failed, what warned, what was skipped, all others.
func weight(s check.Step) int {
	switch {
	case s.Skipped || s.Status == check.StepSkipped:
		return 2
	case s.Status == check.StepFailed:
		return 0
	case s.Status == check.StepWarning || len(s.Failed) > 0:
		return 1
	}
	return 3
}

func (d *description) describeStep(s check.Step) step {
	status := s.Status
	if s.Skipped {
		status = check.StepSkipped
	}
	described := step{Title: cmp.Or(d.short(s.Name), d.short(s.ID), "?"), Status: d.statusOf(status)}
	if id := d.short(s.ID); id != "" && id != described.Title {
		described.Title += fmt.Sprintf(d.brackets, id)
	}
	add := func(label, text string) {
		if text != "" {
			described.Facts = append(described.Facts, fact{Label: label, Text: text})
		}
	}
	for i, item := range s.Failed {
		if i == d.items {
			add("", d.moreItems(len(s.Failed)-i))
			break
		}
		label := cmp.Or(d.short(item.Name), d.reason)
		if item.Result != s.Status && item.Result != "" {
			label += fmt.Sprintf(d.brackets, d.statusOf(item.Result))
		}
		why := cmp.Or(d.short(item.Reason), d.short(strings.Join(item.Log, " ")), d.short(item.Description), d.statusOf(item.Result))
		add(label, why)
		add(d.solution, d.short(item.Solution))
		add(d.risk, d.short(item.SkipRisk))
		for _, help := range item.HelpDoc {
			if safe, ok := link(help); ok {
				described.Facts = append(described.Facts, fact{Label: d.Help, Link: safe})
			} else {
				add(d.Help, d.short(help))
			}
		}
	}
	if len(s.Failed) == 0 {
		add(d.message, d.short(s.Message))
	}
	return described
}

// statusOf returns the word for a step's status or an item's result.
func (d *description) statusOf(status string) string {
	return cmp.Or(d.status[status], d.short(status))
}

// short returns a text from outside, cleaned and as long as the detail allows.
func (d *description) short(s string) string { return clean(s, d.text) }

// Headline returns the report in one line.
func Headline(r Report) string { return escape(describe(r).Headline) }
