package dts

import (
	"context"
	"slices"
	"sync"
	"time"

	"migratecheck/internal/check"
	"migratecheck/internal/tcapi"
)

// combiner reads jobs, as many as wait in one call. A few calls may be under way at
// once; whoever comes meanwhile joins the one that is next.
type combiner struct {
	read func(ctx context.Context, ids []string) (map[string]check.Job, check.Receipt, error)

	mu       sync.Mutex
	underWay int      // calls
	waiting  []*batch // for one of these to end; the last takes more jobs
}

// maxUnderWay is how many calls may be under way at once: a few, so that one that
// gets no answer does not hold up the others, but not so many that jobs that could
// share a call have one each.
const maxUnderWay = 4

// batch is a call for several jobs.
type batch struct {
	ctx   context.Context // of the first caller
	ids   []string
	until time.Time // when the last caller has to go

	done     chan struct{} // closed when what follows is set
	found    map[string]check.Job
	receipt  check.Receipt
	err      error
	panicked any // what the call panicked with
}

// get reads a job, perhaps with others. It returns when the time
// of ctx is up, though the call may go on for others. It panics if the call did.
func (c *combiner) get(ctx context.Context, id string) (map[string]check.Job, check.Receipt, error) {
	b := c.join(ctx, id)
	select {
	case <-b.done:
	case <-ctx.Done():
		return nil, check.Receipt{}, &check.Error{Code: check.CodeDeadline, Message: "the job was not read: the function's time was nearly up"}
	}
	if b.panicked != nil {
		panic(b.panicked)
	}
	if failure, ok := b.err.(*check.Error); ok {
		own := *failure // the callers may change theirs
		return nil, check.Receipt{}, &own
	}
	return b.found, b.receipt, nil
}

// join adds a job to the next call.
func (c *combiner) join(ctx context.Context, id string) *batch {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.waiting); n == 0 || len(c.waiting[n-1].ids) == maxPage {
		c.waiting = append(c.waiting, &batch{ctx: ctx, done: make(chan struct{})})
	}
	b := c.waiting[len(c.waiting)-1]
	if !slices.Contains(b.ids, id) {
		b.ids = append(b.ids, id)
	}
	if until := time.Now().Add(tcapi.TimeLeft(ctx)); until.After(b.until) {
		b.until = until
	}
	c.begin()
	return b
}

// begin begins calls for as many of those that wait as may be under way. The caller
// holds the lock.
func (c *combiner) begin() {
	for c.underWay < maxUnderWay && len(c.waiting) > 0 {
		b := c.waiting[0]
		c.waiting = slices.Delete(c.waiting, 0, 1)
		ctx, cancel := context.WithDeadline(context.WithoutCancel(b.ctx), b.until)
		c.underWay++
		go func() {
			defer cancel()
			defer func() {
				b.panicked = recover()
				c.end(b)
			}()
			b.found, b.receipt, b.err = c.read(ctx, b.ids)
		}()
	}
}

// end ends a call.
func (c *combiner) end(b *batch) {
	close(b.done)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.underWay--
	c.begin()
}
