package handler

import (
	"crypto/sha256"
	"hash/fnv"
	"io"
	"slices"
	"strconv"
	"sync"
	"time"
	"unsafe"

	"migratecheck/handler/event"
	"migratecheck/internal/check"
)

// deliveries is what an instance remembers of events that may be delivered again:
// how far each job got, so that the next delivery creates and starts nothing twice
// and begins with what was not reached; and which outcome which destination took.
//
// Whole values go in and come out. What is remembered is bounded: texts and names
// are dropped first, of what came longest ago, and then whole deliveries.
type deliveries struct {
	now func() time.Time

	mu          sync.Mutex
	byID        map[string]*delivery
	first, last *delivery   // in the order in which they came first
	succeeded   []*delivery // that will not come again
	texts       *delivery   // the first one that still has its texts
	size        int         // bytes, as size reckons
}

// delivery is what is remembered of a request, or of an event as a whole.
type delivery struct {
	ids        []string // any of which another delivery may bear
	at         time.Time
	prev, next *delivery
	gone       bool // it was forgotten, and takes no notes any more
	bare       bool // its texts were dropped
	size       int

	selected bool // its jobs are what a selection found
	jobs     []remembered
	index    map[string]int32 // of each JobId in jobs; nil for a few

	told map[string]told // by destination
}

// remembered is one job, by what its check was judged, and how far it got.
type remembered struct {
	id        string
	listed    *check.Job // what DTS listed, of a selected job
	judgement judgement
	check.Progress
}

// judgement is a request's Strict and Accept in a few bytes.
type judgement uint64

func judgementOf(ask event.Ask) judgement {
	if !ask.Strict {
		return 0
	}
	hash := fnv.New64a()
	hashTexts(hash, append([]string{"Strict"}, ask.Accept...))
	return judgement(hash.Sum64())
}

// told is the outcome that a destination took last.
type told struct {
	digest  uint64
	problem bool
}

const (
	// memoryTime is how long a delivery is remembered.
	memoryTime = time.Hour

	// memorySize bounds what is remembered, in bytes of the heap.
	memorySize = 6 << 20

	// maxSucceeded is how many invocations are remembered that succeeded and that the
	// platform will not try again.
	maxSucceeded = 100

	// What a delivery takes besides its jobs, an id of it, a job in the index, and a
	// destination.
	deliverySize = 200
	idSize       = 80
	jobSize      = 60
	toldSize     = 120

	// few jobs are found without an index.
	few = 4

	// maxRemembered is the most that is kept of an error's text once texts are dropped.
	maxRemembered = 64
)

func newDeliveries(now func() time.Time) *deliveries {
	return &deliveries{now: now, byID: map[string]*delivery{}}
}

// idsOf returns what tells another delivery of a request: what the event itself bears,
// and the firing, under which the platform tries an event again, unless what the event
// bears holds for ever. Each is empty where there is none, as over HTTP.
func (r *run) idsOf(i int) (own, firing string) {
	if r.event.Source.HTTP() {
		return "", ""
	}
	request := r.event.Requests[i]
	if request.At.IsZero() || r.Now().Sub(request.At).Abs() <= memoryTime {
		own = request.ID
	}
	if r.firing != "" && (own == "" || !request.At.IsZero()) {
		firing = r.firing + strconv.Itoa(i)
	}
	return own, firing
}

// recall finds what is remembered of the event as a whole.
func (r *run) recall(refusal *check.Error, payload []byte) {
	if r.event.Source.HTTP() {
		return
	}
	sum := sha256.Sum256(payload)
	if id := r.function.RequestID; id != "" {
		r.firing = id + "\x00" + string(sum[:])
	}
	if r.Forward == nil { // there is nobody to tell twice
		return
	}
	own := ""
	switch {
	case refusal == nil:
		all, known := sha256.New(), true
		for i := range r.event.Requests {
			id, _ := r.idsOf(i)
			known = known && id != ""
			io.WriteString(all, id)
		}
		if known {
			own = "event\x00" + string(all.Sum(nil))
		}
	case r.event.Source == event.CKafka || r.event.Source == event.EventBridge:
		own = "event\x00" + string(sum[:])
	}
	r.memory = r.deliveries.get(0, r.firing, own)
}

// get returns the delivery that bears one of the ids, if need be a new one with room
// for that many jobs; nil without ids. Those that are empty are none.
func (m *deliveries) get(jobs int, ids ...string) *delivery {
	if ids = slices.DeleteFunc(ids, func(id string) bool { return id == "" }); len(ids) == 0 {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.first != nil && m.now().Sub(m.first.at) > memoryTime {
		m.remove(m.first)
	}
	var d *delivery
	for _, id := range ids {
		if d = m.byID[id]; d != nil {
			break
		}
	}
	if d == nil {
		d = &delivery{at: m.now(), prev: m.last}
		if m.last == nil {
			m.first = d
		} else {
			m.last.next = d
		}
		m.last = d
		if m.texts == nil {
			m.texts = d
		}
		m.grow(d, deliverySize)
		m.makeRoom(d, jobs)
	}
	for _, id := range ids {
		if m.byID[id] == nil && !d.gone {
			m.byID[id] = d
			d.ids = append(d.ids, id)
			m.grow(d, block(id)+idSize)
		}
	}
	return d
}

// succeed notes that what bears one of the ids has succeeded and will not come again,
// unless the platform did not hear of it: only the last of these are remembered.
func (m *deliveries) succeed(ids ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		if d := m.byID[id]; d != nil {
			m.succeeded = append(m.succeeded, d)
		}
	}
	for len(m.succeeded) > maxSucceeded {
		if d := m.succeeded[0]; !d.gone {
			m.remove(d)
		}
		m.succeeded = slices.Delete(m.succeeded, 0, 1)
	}
}

// recall returns how far earlier deliveries brought a job, nil for nowhere. A check
// that was judged otherwise than it is to be now is one without a verdict.
func (m *deliveries) recall(d *delivery, job string, by judgement) *check.Progress {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, ok := d.find(job)
	if !ok || d.jobs[i].Stage == check.StageUnseen && d.jobs[i].Error == nil {
		return nil
	}
	p := d.jobs[i].Progress
	if p.Stage == check.StageJudged && p.Error == nil && d.jobs[i].judgement != by {
		p.Stage, p.Check = check.StageCreated, nil
	}
	return &p
}

// selection returns what a selection found in an earlier delivery.
func (m *deliveries) selection(d *delivery) ([]check.Job, bool) {
	if d == nil {
		return nil, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	found := make([]check.Job, len(d.jobs))
	for i, kept := range d.jobs {
		if found[i].ID = kept.id; kept.listed != nil {
			found[i] = *kept.listed
		}
	}
	return found, d.selected
}

// noteSelection remembers what a selection found.
func (m *deliveries) noteSelection(d *delivery, found []check.Job) {
	if d == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if d.gone || d.selected { // by a delivery that came at the same time
		return
	}
	d.selected = true
	m.makeRoom(d, len(found))
	for _, j := range found {
		if !d.gone {
			j.Checkable = nil // it says no more than was used already
			m.add(d, remembered{id: j.ID, listed: &j})
		}
	}
}

// keep remembers how far a job got, unless another delivery that came at the same
// time has brought it further, or created the check; but what was taken back is. What
// trying again can mend is not remembered, nor is a refusal that says the function is
// misconfigured, which somebody may mend.
func (m *deliveries) keep(d *delivery, now remembered) {
	p := &now.Progress
	if p.Error != nil && (p.Error.Retryable() || p.MayBeRunning() || p.Error.HTTPStatus() == 500) {
		p.Error = nil
	}
	if p.Stage == check.StageUnseen && p.Error == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if d.gone {
		return
	}
	i, ok := d.find(now.id)
	if !ok {
		i = m.add(d, remembered{id: now.id})
	}
	if d.gone { // it was too much
		return
	}
	kept := &d.jobs[i]
	takenBack := p.Retracted != nil && (kept.Stage == check.StageJudged || kept.Others)
	if kept.Stage > p.Stage && !takenBack || kept.Stage == check.StageCreated && !kept.Others && p.Stage == kept.Stage && p.Others {
		return
	}
	size := kept.size()
	kept.judgement, kept.Progress = now.judgement, *p
	if d.bare {
		kept.drop()
	}
	m.grow(d, kept.size()-size)
}

// find returns the place of a job in a delivery, and whether it has one.
func (d *delivery) find(id string) (int32, bool) {
	if d.index != nil {
		i, ok := d.index[id]
		return i, ok
	}
	i := slices.IndexFunc(d.jobs, func(r remembered) bool { return r.id == id })
	return int32(i), i >= 0
}

// makeRoom makes room for the jobs of a delivery that has none yet.
func (m *deliveries) makeRoom(d *delivery, jobs int) {
	d.jobs = make([]remembered, 0, jobs)
	m.grow(d, jobs*int(unsafe.Sizeof(remembered{})))
}

// add adds a job to a delivery and returns its place.
func (m *deliveries) add(d *delivery, r remembered) int32 {
	i, room := int32(len(d.jobs)), cap(d.jobs)
	if d.bare {
		r.drop()
	}
	d.jobs = append(d.jobs, r)
	size := r.size() + (cap(d.jobs)-room)*int(unsafe.Sizeof(r))
	switch {
	case d.index != nil:
		d.index[r.id] = i
		size += jobSize
	case len(d.jobs) > few:
		d.index = make(map[string]int32, cap(d.jobs))
		for i, r := range d.jobs {
			d.index[r.id] = int32(i)
		}
		size += cap(d.jobs) * jobSize
	}
	m.grow(d, size)
	return i
}

// grow adds to the size of a delivery, and forgets what can be spared while all of
// them take too much.
func (m *deliveries) grow(d *delivery, size int) {
	if d.gone {
		return
	}
	d.size += size
	m.size += size
	for m.size > memorySize && m.texts != nil {
		m.drop(m.texts)
	}
	for m.size > memorySize {
		m.remove(m.first)
	}
}

// drop drops the texts of a delivery.
func (m *deliveries) drop(d *delivery) {
	for i := range d.jobs {
		size := d.jobs[i].size()
		d.jobs[i].drop()
		size -= d.jobs[i].size()
		d.size -= size
		m.size -= size
	}
	d.bare, m.texts = true, d.next
}

// drop drops names and texts: the verdict stays.
func (r *remembered) drop() {
	if r.listed != nil {
		r.listed.Name = ""
	}
	r.Before = nil
	if c := r.Check; c != nil {
		r.Check = &check.State{Status: c.Status, Passed: c.Passed, Progress: c.Progress}
	}
	if e := r.Error; e != nil {
		r.Error = &check.Error{Code: e.Code, Message: check.Cut(e.Message, maxRemembered), RequestID: e.RequestID}
	}
}

// remove forgets a delivery.
func (m *deliveries) remove(d *delivery) {
	for _, id := range d.ids {
		delete(m.byID, id)
	}
	if m.texts == d {
		m.texts = d.next
	}
	if d.prev == nil {
		m.first = d.next
	} else {
		d.prev.next = d.next
	}
	if d.next == nil {
		m.last = d.prev
	} else {
		d.next.prev = d.prev
	}
	m.size -= d.size
	*d = delivery{gone: true}
}

// told returns what each destination knows of an event whose outcome is now.
func (m *deliveries) told(d *delivery, now told) map[string]check.Told {
	if d == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[string]check.Told{}
	for destination, t := range d.told {
		out[destination] = check.Told{Same: t.digest == now.digest, Problem: t.problem}
	}
	return out
}

// note remembers the outcome that a destination took.
func (m *deliveries) note(d *delivery, destination string, now told) {
	if d == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if d.gone {
		return
	}
	if d.told == nil {
		d.told = map[string]told{}
	}
	known := len(d.told)
	d.told[destination] = now
	m.grow(d, (len(d.told)-known)*toldSize)
}

// digestOf returns the outcomes of an event in a few bytes. Neither
// texts nor steps count, which may be forgotten: a verdict is of one check.
func digestOf(outcomes []check.Outcome) told {
	var now told
	hash := fnv.New64a()
	for _, o := range outcomes {
		now.problem = now.problem || o.Problem()
		parts := []string{o.JobID, string(o.Kind())}
		if o.Record != nil {
			parts = append(parts, strconv.Itoa(*o.Record))
		}
		if o.Error != nil {
			parts = append(parts, o.Error.Code)
		}
		hashTexts(hash, parts)
	}
	now.digest = hash.Sum64()
	return now
}

func hashTexts(hash io.Writer, texts []string) {
	for _, text := range texts {
		io.WriteString(hash, text)
		hash.Write([]byte{0})
	}
}

// size returns how many bytes a job takes in memory beside its place in the list.
func (r *remembered) size() int {
	n := block(r.id) + block(r.RequestID) + block(r.StartRequestID)
	if j := r.listed; j != nil {
		n += int(unsafe.Sizeof(*j)) + block(j.Name)
	}
	if e := r.Error; e != nil {
		n += int(unsafe.Sizeof(*e)) + block(e.Code) + block(e.Message)
		if e.RequestID != r.RequestID {
			n += block(e.RequestID)
		}
	}
	if v := r.Before; v != nil {
		n += int(unsafe.Sizeof(*v)) + blocks(v.Failed) + blocks(v.Warned)
	}
	if v := r.Retracted; v != nil {
		n += int(unsafe.Sizeof(*v))
	}
	if c := r.Check; c != nil {
		n += int(unsafe.Sizeof(*c)) + 1 + block(c.Status) + block(c.Message) + blocks(c.Strictly) + blocks(c.Accepted)
		for _, s := range c.Steps {
			n += int(unsafe.Sizeof(s)) + block(s.ID) + block(s.Name) + block(s.Status) + block(s.Message)
			for _, i := range s.Failed {
				n += int(unsafe.Sizeof(i)) + block(i.Name) + block(i.Description) + block(i.Result) + block(i.Reason) +
					block(i.Solution) + block(i.SkipRisk) + blocks(i.Log) + blocks(i.HelpDoc)
			}
		}
	}
	return n
}

// block returns how many bytes the allocator takes for a text.
func block(text string) int { return (len(text) + 15) &^ 15 }

func blocks(texts []string) int {
	n := 16 * len(texts)
	for _, text := range texts {
		n += block(text)
	}
	return n
}
