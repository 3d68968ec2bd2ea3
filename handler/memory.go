package handler

import (
	"crypto/sha256"
	"slices"
	"strconv"
	"sync"
	"time"

	"migratecheck/handler/event"
	"migratecheck/internal/check"
)

// memory is what an instance remembers of the events that may be delivered
// again: what was done for each, so that the next delivery creates and starts
// nothing twice and begins with what was not reached.
type memory struct {
	now func() time.Time

	mu         sync.Mutex
	deliveries map[string]*delivery // by the request's id
	oldest     []*delivery          // in the order in which they were first seen
	over       []*delivery          // those of events that succeeded and will not come again
	size       int                  // about how many bytes all of it takes
}

// delivery is what is remembered of a request of an event.
type delivery struct {
	id    string
	at    time.Time
	size  int
	order []*past
	jobs  map[string]*past // by job

	selected  bool // its jobs are what a selection found
	succeeded bool // the event will not come again
}

// past is what was done for one job.
type past struct {
	job, name               string
	requestID, startID      string
	alreadyRunning          bool
	evidence                evidence
	starting                bool // a start was sent
	started, alreadyStarted bool
	passed                  *bool
	refused                 *check.Error // for good
}

const (
	// memoryTime is how long a delivery is remembered.
	memoryTime = time.Hour

	// memorySize bounds what is remembered, in bytes.
	memorySize = 4 << 20

	// mostOver is how many deliveries are kept of events that will not come again.
	mostOver = 100

	// What a delivery, a job and a refusal take besides their texts, and the most
	// that is kept of a text, in bytes.
	deliverySize = 800
	pastSize     = 230
	refusedSize  = 100
	mostRemember = 160
)

func newMemory(now func() time.Time) *memory {
	return &memory{now: now, deliveries: map[string]*delivery{}}
}

// identify gives an id to each request that has none of its own and may be
// delivered again: the platform delivers an event again under the same request id.
func identify(e *event.Event, requestID string, payload []byte) {
	if e.Source.HTTP() || requestID == "" {
		return
	}
	var hash string
	for i := range e.Requests {
		if e.Requests[i].ID != "" {
			continue
		}
		if hash == "" {
			sum := sha256.Sum256(payload)
			hash = requestID + "\x00" + string(sum[:])
		}
		e.Requests[i].ID = hash + strconv.Itoa(i)
	}
}

// recall restores what earlier deliveries did for the job. It reports whether no
// check is left to create.
func (m *memory) recall(j *job) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget()
	p := new(past)
	for _, id := range j.from {
		if d := m.deliveries[id]; d != nil {
			if kept := d.jobs[j.JobID]; kept != nil && kept.reach() > p.reach() {
				p = kept
			}
		}
	}
	if p.reach() == 0 {
		return false
	}
	j.evidence = p.evidence
	j.RequestID, j.Found, j.StartRequestID, j.Since = p.requestID, p.alreadyRunning, p.startID, p.evidence.since
	switch {
	case p.started:
		j.Stage = check.StageStarted
	case p.alreadyStarted:
		j.Stage = check.StageFoundStarted
	case p.evidence.created:
		j.Stage = check.StageCreated
	}
	j.start.unanswered = p.starting
	if p.refused != nil {
		refused := *p.refused
		refused.Attempts = 0
		j.fail(&refused)
	}
	if p.passed != nil && (p.started || p.alreadyStarted || p.starting || p.refused != nil) {
		j.Check = &check.State{Status: check.Finished, Passed: p.passed, Progress: 100}
	}
	j.recalled = new(*p)
	return p.evidence.created || p.alreadyStarted || p.refused != nil
}

// nothingNew reports whether what became of a job is what was remembered of it.
func (j *job) nothingNew() bool {
	p := j.recalled
	if p == nil || j.attempts == 0 {
		return p != nil
	}
	return j.Error == nil && j.Started() == p.started && j.AlreadyStarted() == p.alreadyStarted &&
		j.Check != nil && j.Check.Passed != nil && p.passed != nil && *j.Check.Passed == *p.passed
}

// note remembers what has become of a job, in place of what was remembered, unless
// another delivery that came at the same time has got further.
func (m *memory) note(j *job) {
	if j.ask.Describe || j.invalid || len(j.from) == 0 {
		return
	}
	p := past{
		alreadyRunning: j.Found,
		evidence:       j.evidence,
		starting:       j.start.unanswered,
		started:        j.Started(), startID: j.StartRequestID, alreadyStarted: j.AlreadyStarted(),
	}
	if j.evidence.created || j.AlreadyStarted() {
		p.requestID = j.RequestID
	}
	if j.Check != nil {
		p.passed = j.Check.Passed
	}
	if j.Error != nil && !j.Error.Retryable() && !j.MayBeRunning() {
		refused := *j.Error
		refused.Message = check.Cut(refused.Message, mostRemember)
		p.refused = &refused
	}
	if p.reach() > 0 {
		m.keep(j, p)
	}
}

// reach returns how far a job has got: 0 if there is nothing to remember.
func (p *past) reach() int {
	switch {
	case p.started || p.alreadyStarted:
		return 3
	case p.evidence.created:
		return 2
	case p.evidence.unanswered || p.refused != nil:
		return 1
	}
	return 0
}

// with returns what is remembered after p as well.
func (kept *past) with(p past) past {
	starting, unanswered := p.starting || kept.starting, p.evidence.unanswered || kept.evidence.unanswered
	if p.passed == nil {
		p.passed = kept.passed
	}
	if kept.reach() > p.reach() {
		p = *kept
	}
	p.job, p.name, p.starting, p.evidence.unanswered = kept.job, kept.name, starting, unanswered
	return p
}

func (m *memory) keep(j *job, p past) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range j.from {
		d := m.delivery(id)
		kept := d.add(j.JobID)
		before := kept.size()
		*kept = kept.with(p)
		m.grow(d, kept.size()-before)
	}
}

// selection returns what a selection found in an earlier delivery.
func (m *memory) selection(id string) ([]check.Job, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget()
	d := m.deliveries[id]
	if d == nil || !d.selected {
		return nil, false
	}
	found := make([]check.Job, len(d.order))
	for i, p := range d.order {
		found[i] = check.Job{ID: p.job, Name: p.name}
	}
	return found, true
}

// noteSelection remembers what a selection found, ids and names alone.
func (m *memory) noteSelection(id string, found []check.Job) {
	if id == "" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.delivery(id)
	d.selected = true
	for _, j := range found {
		p := d.add(j.ID)
		p.name = check.Cut(j.Name, mostRemember)
		m.grow(d, p.size())
	}
}

// delivery returns the delivery with that id, a new one if need be.
func (m *memory) delivery(id string) *delivery {
	d := m.deliveries[id]
	if d == nil {
		d = &delivery{id: id, at: m.now(), jobs: map[string]*past{}}
		m.deliveries[id] = d
		m.oldest = append(m.oldest, d)
		m.grow(d, deliverySize+len(id))
	}
	return d
}

// add returns what is remembered of a job, which is nothing at first.
func (d *delivery) add(job string) *past {
	p := d.jobs[job]
	if p == nil {
		p = &past{job: job}
		d.jobs[job] = p
		d.order = append(d.order, p)
	}
	return p
}

// size returns roughly how many bytes p takes.
func (p *past) size() int {
	n := pastSize + len(p.job) + len(p.name) + len(p.requestID) + len(p.startID)
	if p.refused != nil {
		n += refusedSize + len(p.refused.Code) + len(p.refused.Message) + len(p.refused.RequestID)
	}
	return n
}

// grow adds to the size of a delivery, and forgets the oldest deliveries while all
// of them take too much.
func (m *memory) grow(d *delivery, size int) {
	if m.deliveries[d.id] != d {
		return // it was too much by itself
	}
	d.size += size
	m.size += size
	m.forget()
	for m.size > memorySize {
		m.remove(m.oldest[0])
	}
}

// succeeded notes that the platform will not bring an event again. Of such
// events only the last few are kept, for callers who try again themselves.
func (m *memory) succeeded(e event.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, request := range e.Requests {
		if d := m.deliveries[request.ID]; d != nil && !d.succeeded {
			d.succeeded = true
			m.over = append(m.over, d)
		}
	}
	for len(m.over) > mostOver {
		m.remove(m.over[0])
		m.over = m.over[1:]
	}
}

// remove forgets a delivery, if it is not forgotten already.
func (m *memory) remove(d *delivery) {
	if i := slices.Index(m.oldest, d); i >= 0 {
		m.oldest = slices.Delete(m.oldest, i, i+1)
		delete(m.deliveries, d.id)
		m.size -= d.size
	}
}

// forget drops the deliveries that are too old.
func (m *memory) forget() {
	for len(m.oldest) > 0 && m.now().Sub(m.oldest[0].at) > memoryTime {
		m.remove(m.oldest[0])
	}
}
