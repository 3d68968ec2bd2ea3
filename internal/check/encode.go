package check

import (
	"bytes"
	"encoding/json"
	"iter"
	"strings"
	"unicode/utf8"
)

// MostText is the most that is kept of one of DTS's texts, in bytes.
const MostText = 4 << 10

// shortenings are the levels to which outcomes are shortened, from none at all to the
// strongest: texts are cut before steps are left out, and no outcome ever is.
var shortenings = []shortening{
	{most: MostText, steps: true}, {most: 2048, steps: true}, {most: 1024, steps: true}, {most: 512, steps: true},
	{most: 256, steps: true}, {most: 128, steps: true}, {most: 64, steps: true}, {most: 32, steps: true},
	{most: 128}, {most: 32}, {most: 0},
}

// shortening says how much of an outcome's texts is kept, in bytes each, and
// whether its steps are.
type shortening struct {
	most  int
	steps bool
}

// Shortenings returns how many levels there are to shorten an outcome. Level 0 cuts
// only texts above MostText.
func Shortenings() int { return len(shortenings) }

// Shorten returns the outcome, shortened to the given level.
func (o Outcome) Shorten(level int) Outcome {
	s := shortenings[level]
	o.JobName = Cut(o.JobName, s.most)
	if o.Error != nil {
		e := *o.Error
		e.Message = Cut(e.Message, s.most)
		o.Error = &e
	}
	if o.Check != nil {
		c := *o.Check
		c.Message = Cut(c.Message, s.most)
		c.Steps = s.shortSteps(c.Steps)
		c.Strictly, c.Accepted = s.shortIDs(c.Strictly), s.shortIDs(c.Accepted)
		o.Check = &c
	}
	if o.Before != nil && !s.steps {
		v := *o.Before
		v.Failed, v.Warned = s.shortIDs(v.Failed), s.shortIDs(v.Warned)
		o.Before = &v
	}
	o.WhyNot = Cut(o.WhyNot, s.most)
	return o
}

// shortIDs returns the ids of steps, which are kept as long as the steps are, and
// then as texts are.
func (s shortening) shortIDs(ids []string) []string {
	if s.steps {
		return ids
	}
	return whole(ids, s.most)
}

// whole returns the first of the texts, as many as have at most most bytes together.
func whole(texts []string, most int) []string {
	for i, text := range texts {
		if most -= len(text); most < 0 {
			return texts[:i]
		}
	}
	return texts
}

// digested returns the outcome with what its verdicts can still be compared by once it
// is shortened.
func (o Outcome) digested() Outcome {
	if o.HasVerdict() {
		c := *o.Check
		c.failed, c.warned = c.Verdict().digests()
		o.Check = &c
	}
	if o.Before != nil {
		v := *o.Before
		v.failed, v.warned = v.digests()
		o.Before = &v
	}
	return o
}

// Within returns the outcome, shortened until its texts take at most about limit
// bytes. What remains where that is not enough is the outcome without texts. Its
// verdicts are the same as before.
func (o Outcome) Within(limit int) Outcome {
	short := o
	for level := range shortenings {
		if level == 1 {
			o = o.digested()
		}
		if short = o.Shorten(level); short.Size() <= limit {
			break
		}
	}
	return short
}

// Size returns roughly how many bytes the outcome's texts take, with what holds
// them.
func (o Outcome) Size() int {
	n := len(o.JobName) + len(o.WhyNot)
	if o.Error != nil {
		n += len(o.Error.Message)
	}
	lists := [][]string{}
	if o.Before != nil {
		lists = append(lists, o.Before.Failed, o.Before.Warned)
	}
	if c := o.Check; c != nil {
		n += len(c.Message)
		lists = append(lists, c.Strictly, c.Accepted)
		for _, step := range c.Steps {
			n += 120 + len(step.ID) + len(step.Name) + len(step.Status) + len(step.Message)
			for _, item := range step.Failed {
				n += 160 + len(item.Name) + len(item.Description) + len(item.Result) + len(item.Reason) + len(item.Solution) + len(item.SkipRisk)
				lists = append(lists, item.Log, item.HelpDoc)
			}
		}
	}
	for _, list := range lists {
		for _, text := range list {
			n += 20 + len(text)
		}
	}
	return n
}

func (s shortening) shortSteps(steps []Step) []Step {
	if !s.steps || len(steps) == 0 {
		return nil
	}
	out := make([]Step, len(steps))
	for i, step := range steps {
		step.ID, step.Name, step.Message = Cut(step.ID, s.most), Cut(step.Name, s.most), Cut(step.Message, s.most)
		step.Status = Cut(step.Status, s.most)
		items := make([]Item, len(step.Failed))
		for j, item := range step.Failed {
			items[j] = s.shortItem(item)
		}
		if step.Failed != nil {
			step.Failed = items
		}
		out[i] = step
	}
	return out
}

func (s shortening) shortItem(item Item) Item {
	for _, text := range []*string{&item.Name, &item.Description, &item.Result, &item.Reason, &item.Solution, &item.SkipRisk} {
		*text = Cut(*text, s.most)
	}
	// Of the log's lines together no more is kept than of one text.
	left := s.most
	lines := item.Log
	item.Log = nil
	for _, line := range lines {
		if line = Cut(line, left); line == "" {
			break
		}
		item.Log = append(item.Log, line)
		left -= len(line)
	}
	item.HelpDoc = whole(item.HelpDoc, s.most) // a link that is cut leads nowhere
	return item
}

// Cut returns the text cut to at most most bytes, between characters and with an
// ellipsis in place of what is missing.
func Cut(text string, most int) string {
	const ellipsis = "…"
	if len(text) <= most {
		return text
	}
	if most < len(ellipsis) {
		return ""
	}
	return Head(text, most-len(ellipsis)) + ellipsis
}

// Head returns the longest beginning of text of at most most bytes that ends
// between characters. It does not keep the rest in memory.
func Head(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return strings.Clone(text[:most])
}

// Encode returns the answer as JSON, shortened until its size is at most limit.
// size says what a part of it counts, its bytes if size is nil. An answer
// that is larger even so is returned in its shortest form.
func (r Result) Encode(limit int, size func(part []byte) int) []byte {
	if size == nil {
		size = func(part []byte) int { return len(part) }
	}
	var out []byte
	for level := range shortenings {
		fits := false
		if out, fits = r.encode(out[:0], level, limit, size); fits {
			break
		}
	}
	return out
}

// encode appends the answer to out, outcome by outcome, and reports whether it
// fits. The last level is appended in full whether it fits or not.
func (r Result) encode(out []byte, level, limit int, size func([]byte) int) ([]byte, bool) {
	must := level == len(shortenings)-1
	if !r.Batch && len(r.Jobs) == 1 {
		one := r.Jobs[0].Shorten(level).answer()
		one.Via, one.NotHandedOn = r.Via, r.NotHandedOn
		out = append(out, Marshal(one)...)
		return out, size(out) <= limit
	}
	out = append(out, begin...)
	end := r.end()
	total := size(out) + size(end)
	for i, o := range r.Jobs {
		from := len(out)
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, o.Shorten(level).Encode()...)
		if total += size(out[from:]); total > limit && !must {
			return out, false
		}
	}
	return append(out, end...), total <= limit
}

// Join returns the answer of a batch whose jobs are encoded already. size is about how
// many bytes these have.
func (r Result) Join(jobs iter.Seq[[]byte], size int) []byte {
	out := append(make([]byte, 0, size+r.Frame()), begin...)
	for job := range jobs {
		if len(out) > len(begin) {
			out = append(out, ',')
		}
		out = append(out, job...)
	}
	return append(out, r.end()...)
}

// Amend adds to an answer that is encoded what could not be forwarded.
func Amend(answer []byte, notHandedOn []string) []byte {
	answer = append(answer[:len(answer)-len("}")], `,"NotHandedOn":`...)
	return append(append(answer, Marshal(notHandedOn)...), '}')
}

// begin is what stands before the jobs of a batch's answer.
const begin = `{"Jobs":[`

// end returns what stands behind them.
func (r Result) end() []byte { return append([]byte("],"), Marshal(r.summary())[1:]...) }

// Frame returns how many bytes a batch's answer has beside its jobs and the commas
// between them. With some of the jobs it has no more.
func (r Result) Frame() int { return len(begin) + len(r.end()) }

// summary is what a batch's answer says besides the jobs.
type summary struct {
	Failed      int      `json:"Failed"`
	Passed      *int     `json:"Passed,omitempty"`
	NotPassed   *int     `json:"NotPassed,omitempty"`
	NoVerdict   *int     `json:"NoVerdict,omitempty"`
	Started     *int     `json:"Started,omitempty"`
	Waiting     *int     `json:"Waiting,omitempty"`
	Created     *int     `json:"Created,omitempty"`
	Rehearsed   *int     `json:"Rehearsed,omitempty"`
	Via         []string `json:"Via,omitempty"`
	NotHandedOn []string `json:"NotHandedOn,omitempty"`
}

func (r Result) summary() summary {
	c := Count(r.Jobs)
	s := summary{Failed: c.Failed, Via: r.Via, NotHandedOn: r.NotHandedOn}
	if r.Verdicts {
		s.Passed, s.NotPassed, s.NoVerdict = &c.Passed, &c.NotPassed, &c.NoVerdict
		if c.Created > 0 {
			s.Created = &c.Created
		}
		if c.Rehearsed > 0 {
			s.Rehearsed = &c.Rehearsed
		}
	}
	if r.Start {
		s.Started, s.Waiting = &c.Started, &c.Waiting
	}
	return s
}

// Marshal is json.Marshal without the escapes for HTML. It panics for a value
// that JSON cannot have.
func Marshal(v any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err) // texts, numbers and booleans only
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
