package handler

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"migratecheck/internal/check"
)

// clock is a time that is set by hand.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

// done is a job that was created for the delivery.
func done(id, name string) *job {
	return &job{Outcome: check.Outcome{JobID: name, Progress: check.Progress{Stage: check.StageCreated, RequestID: "create-" + name}}, from: []string{id}, evidence: evidence{created: true}}
}

func TestMemoryForgets(t *testing.T) {
	c := &clock{time.Date(2026, 11, 1, 2, 0, 0, 0, time.UTC)}
	m := newMemory(c.now)
	m.note(done("first", "dts-1"))
	recalled := func(id, name string) bool {
		return m.recall(&job{Outcome: check.Outcome{JobID: name}, from: []string{id}})
	}
	for _, row := range []struct {
		after   time.Duration
		id, job string
		want    bool
	}{
		{0, "first", "dts-1", true},
		{0, "first", "dts-2", false},
		{0, "second", "dts-1", false},
		{59 * time.Minute, "first", "dts-1", true},
		{2 * time.Minute, "first", "dts-1", false},
	} {
		c.Time = c.Add(row.after)
		if got := recalled(row.id, row.job); got != row.want {
			t.Errorf("%v: %s of %s: %v", c, row.job, row.id, got)
		}
	}
	if m.size != 0 || len(m.deliveries) != 0 || len(m.oldest) != 0 {
		t.Errorf("%d bytes, %d deliveries are left", m.size, len(m.deliveries))
	}
}

// Of a selection that is forgotten nothing is left, also when one of its jobs is
// noted afterwards.
func TestMemoryOfAForgottenSelection(t *testing.T) {
	c := &clock{time.Date(2026, 11, 1, 2, 0, 0, 0, time.UTC)}
	m := newMemory(c.now)
	m.noteSelection("night", []check.Job{{ID: "dts-1"}, {ID: "dts-2"}})
	if found, ok := m.selection("night"); !ok || len(found) != 2 {
		t.Fatalf("found %v", found)
	}
	c.Time = c.Add(memoryTime + time.Second)
	m.selection("night") // which is forgotten now
	m.note(done("night", "dts-1"))
	if found, ok := m.selection("night"); ok {
		t.Errorf("found %v", found)
	}
}

// A delivery that is too much by itself is not remembered, nor counted.
func TestMemoryOfALargeSelection(t *testing.T) {
	m := newMemory(time.Now)
	jobs := make([]check.Job, 20000)
	for i := range jobs {
		jobs[i] = check.Job{ID: fmt.Sprintf("dts-%060d", i), Name: strings.Repeat("x", mostRemember)}
	}
	m.noteSelection("night", jobs)
	if _, ok := m.selection("night"); ok || m.size != 0 || len(m.oldest) != 0 {
		t.Errorf("%d bytes, %d deliveries", m.size, len(m.oldest))
	}
	m.note(done("next", "dts-1"))
	if m.size == 0 || m.size > 2000 || len(m.oldest) != 1 {
		t.Errorf("%d bytes, %d deliveries", m.size, len(m.oldest))
	}
}

// What is remembered takes at most 4 MB, and the newest is remembered longest.
func TestMemoryIsBounded(t *testing.T) {
	for name, fill := range map[string]func(m *memory){
		"many small deliveries": func(m *memory) {
			for i := range 30000 {
				m.note(done(fmt.Sprintf("delivery-%032d", i), "dts-1kl0iy0v"))
			}
		},
		"refusals with long texts": func(m *memory) {
			for i := range 30000 {
				j := done(fmt.Sprintf("delivery-%032d", i), "dts-1kl0iy0v")
				j.fail(&check.Error{Code: "FailedOperation.NotAllowOperation", Message: strings.Repeat("x", 4000), RequestID: strings.Repeat("r", 64)})
				m.note(j)
			}
		},
		"selections of ten thousand": func(m *memory) {
			for d := range 3 {
				id := fmt.Sprintf("delivery-%d", d)
				found := make([]check.Job, 10000)
				for i := range found {
					found[i] = check.Job{ID: fmt.Sprintf("dts-%08d", i), Name: fmt.Sprintf("migration of shop %d", i)}
				}
				m.noteSelection(id, found)
				for _, f := range found {
					j := done(id, f.ID)
					j.RequestID = fmt.Sprintf("46b45da1-3e8e-4ef2-8de8-%012d", d)
					m.note(j)
				}
			}
			if found, ok := m.selection("delivery-2"); !ok || len(found) != 10000 || found[9999].Name != "migration of shop 9999" {
				t.Errorf("the last selection is not remembered: %v, %d jobs", ok, len(found))
			}
			if !m.recall(&job{Outcome: check.Outcome{JobID: "dts-00009999"}, from: []string{"delivery-2"}}) {
				t.Error("a job of the last selection is not remembered")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			heap := func() int {
				var s runtime.MemStats
				runtime.GC()
				runtime.GC()
				runtime.ReadMemStats(&s)
				return int(s.HeapAlloc)
			}
			before := heap()
			m := newMemory(time.Now)
			fill(m)
			took := heap() - before
			runtime.KeepAlive(m)
			if m.size > memorySize || m.size < memorySize/2 {
				t.Errorf("counts %d bytes", m.size)
			}
			if took > memorySize*5/4 {
				t.Errorf("takes %d bytes, counts %d", took, m.size)
			}
		})
	}
}

// Of events that succeeded and will not come again few are remembered, however
// many there were.
func TestMemoryOfWhatIsOver(t *testing.T) {
	dts := &scripted{}
	i := newInstance(everything(dts))
	fire := func(n int) { i.fire(t, fmt.Sprint("request-", n), `{"JobId":"dts-1"}`, time.Minute) }
	for n := range 1000 {
		fire(n)
	}
	if n := len(i.memory.deliveries); n != 100 || i.memory.size > 200_000 {
		t.Errorf("%d deliveries are remembered in %d bytes", n, i.memory.size)
	}
	fire(999)
	if n := dts.count("create", "dts-1"); n != 1000 {
		t.Errorf("%d checks were created", n)
	}
}

// A delivery that is too much by itself is given up, and nothing else is lost for good.
func TestMemoryOfTooMuch(t *testing.T) {
	m := newMemory(time.Now)
	for i := range 30000 {
		m.note(done("one delivery", fmt.Sprintf("dts-%032d", i)))
	}
	m.note(done("another", "dts-1"))
	if !m.recall(&job{Outcome: check.Outcome{JobID: "dts-1"}, from: []string{"another"}}) {
		t.Error("nothing is remembered any more")
	}
	if m.size > memorySize {
		t.Errorf("counts %d bytes", m.size)
	}
}

// Of deliveries that come at the same time the one that gets further is
// remembered, whichever is noted last, and so is what is not known of either.
func TestMemoryOfDeliveriesAtOnce(t *testing.T) {
	passed := true
	created := func(j *job) { j.evidence.created, j.RequestID = true, "created" }
	notes := map[string]func(*job){
		"unanswered": func(j *job) { j.fail(unanswered()); j.evidence.unanswered = true },
		"created":    created,
		"start lost": func(j *job) {
			created(j)
			j.Check = &check.State{Status: check.Finished, Passed: &passed}
			j.start.unanswered = true
		},
		"started": func(j *job) {
			created(j)
			j.Check = &check.State{Status: check.Finished, Passed: &passed}
			j.started("start")
		},
		"found started": func(j *job) { j.RequestID, j.Stage = "job", check.StageFoundStarted },
	}
	for _, row := range []struct {
		one, other                               string
		created, started, lost, unanswered, pass bool
	}{
		{"unanswered", "created", true, false, false, true, false},
		{"created", "start lost", true, false, true, false, true},
		{"created", "started", true, true, false, false, true},
		{"unanswered", "started", true, true, false, true, true},
		{"unanswered", "found started", false, true, false, true, false},
	} {
		for _, order := range [][2]string{{row.one, row.other}, {row.other, row.one}} {
			for name, ids := range map[string][2]string{"of one request": {"r", "r"}, "of two": {"r1", "r2"}} {
				m := newMemory(time.Now)
				for i, note := range order {
					j := &job{Outcome: check.Outcome{JobID: "dts-1"}, from: ids[i : i+1]}
					notes[note](j)
					m.note(j)
				}
				j := &job{Outcome: check.Outcome{JobID: "dts-1"}, from: ids[:]}
				m.recall(j)
				if j.evidence.created != row.created || (j.Started() || j.AlreadyStarted()) != row.started {
					t.Errorf("%v %s: %+v", order, name, j.Outcome)
				}
				if ids[0] == ids[1] && (j.start.unanswered != row.lost || j.evidence.unanswered != row.unanswered) {
					t.Errorf("%v %s: start lost %v, creation lost %v", order, name, j.start.unanswered, j.evidence.unanswered)
				}
				if ids[0] == ids[1] && (j.Check != nil) != row.pass {
					t.Errorf("%v %s: check %+v", order, name, j.Check)
				}
			}
		}
	}
}
