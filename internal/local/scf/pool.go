package scf

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// PoolOptions say how a pool runs its function.
type PoolOptions struct {
	// Instances is how many there are at most. Events beyond that wait.
	Instances int

	// Freeze stops an instance's process between events.
	Freeze bool

	// InTurn gives each event to the instance that has waited longest, and to a new
	// one as long as there are fewer than Instances: an event that is tried again
	// meets another instance, as it may on the platform at any time.
	InTurn bool

	// Log takes what happens, in order for each request. It is called from
	// several goroutines.
	Log func(Record)
}

// Pool runs a function as the platform does: an instance is started when an
// event finds none that is free, takes one event at a time, is frozen between
// events, and is replaced after a crash or a time-out. Of those that are free, an
// event goes to the one that was used last, unless they take turns.
type Pool struct {
	function Function
	options  PoolOptions
	slots    chan struct{}

	ctx  context.Context // ends when the pool is closed
	stop context.CancelFunc

	mu      sync.Mutex
	closed  bool
	busy    sync.WaitGroup // counts events; it grows only while closed is not set
	idle    []*worker      // the one used last is the last
	started int            // instances that were ever started
	alive   int            // those that are there
}

// worker is an instance of a pool, and what it writes.
type worker struct {
	*Instance
	number int // 1 is the first that was started
	out    *tagged
}

// NewPool returns a pool without instances. Of the function, the Output is not
// used: what it writes goes to the log.
func NewPool(f Function, o PoolOptions) *Pool {
	p := &Pool{function: f.withDefaults(), options: o, slots: make(chan struct{}, o.Instances)}
	p.ctx, p.stop = context.WithCancel(context.Background())
	return p
}

// Close ends every instance. Events that are being handled, or wait, fail with
// ErrStopped.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.stop()
	p.busy.Wait()
	var closing sync.WaitGroup // one may take its time over the rest of its output
	for _, w := range p.idle {
		closing.Go(w.Close)
	}
	closing.Wait()
	p.idle = nil
}

// Invoke has the event handled and returns what came of it. The errors are
// those of Instance.Invoke and of an instance's start, ErrEventTooLarge and
// ErrStopped; FailureOf tells them apart. ctx does not end an event that an instance has
// begun to handle.
func (p *Pool) Invoke(ctx context.Context, e Event) (Result, error) {
	if len(e.Payload) > MaxEvent {
		return Result{}, ErrEventTooLarge
	}
	if !p.enter() {
		return Result{}, ErrStopped
	}
	defer p.busy.Done()
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-p.ctx.Done():
		return Result{}, ErrStopped
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
	p.options.Log(Record{Time: time.Now(), Kind: Begin, RequestID: e.RequestID})
	result, err := p.handle(e)
	if err != nil && p.ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = ErrStopped
	}
	now := time.Now()
	p.options.Log(Record{Time: now, Kind: End, RequestID: e.RequestID})
	report := Record{Time: now, Kind: Report, RequestID: e.RequestID, Status: 200,
		Duration: result.Duration, Memory: result.Memory, Size: p.function.Memory, Instance: result.Instance}
	if err != nil {
		failure := FailureOf(err, e.RequestID)
		report.Status, report.Text = failure.StatusCode, err.Error()
	}
	p.options.Log(report)
	return result, err
}

// enter counts an event, unless the pool is closed.
func (p *Pool) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.busy.Add(1)
	return true
}

// handle has an instance handle the event.
func (p *Pool) handle(e Event) (Result, error) {
	w, err := p.take(e.RequestID)
	if err != nil {
		return Result{}, startError{err}
	}
	began := time.Now()
	answer, err := w.Invoke(p.ctx, e)
	result := Result{Answer: answer, Duration: time.Since(began), Memory: w.PeakMemory(), Tail: w.out.end(), Instance: w.number}
	p.put(w, err)
	return result, err
}

// take returns an instance that is free, or a new one.
func (p *Pool) take(requestID string) (*worker, error) {
	for {
		w := p.free()
		if w == nil {
			break
		}
		if w.running() {
			w.out.begin(requestID)
			w.thaw()
			return w, nil
		}
		p.end(w) // its process ended while it had nothing to do
	}
	p.mu.Lock()
	p.started++
	p.alive++
	w := &worker{number: p.started, out: &tagged{log: p.options.Log}}
	p.mu.Unlock()
	w.out.begin(requestID)
	f := p.function
	f.Output = w.out
	instance, err := Start(p.ctx, f)
	if err != nil {
		p.gone()
	}
	w.Instance = instance
	return w, err
}

// free returns the instance whose turn it is, or nil if a new one is to be
// started.
func (p *Pool) free() *worker {
	p.mu.Lock()
	defer p.mu.Unlock()
	next := len(p.idle) - 1
	if p.options.InTurn && p.alive < p.options.Instances {
		next = -1
	} else if p.options.InTurn && next > 0 {
		next = 0
	}
	if next < 0 {
		return nil
	}
	w := p.idle[next]
	p.idle = slices.Delete(p.idle, next, next+1)
	return w
}

// put keeps an instance for the next event, if it is good for another.
func (p *Pool) put(w *worker, err error) {
	if spent(err) {
		p.end(w)
		return
	}
	if p.options.Freeze {
		w.freeze()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, w)
}

// end ends an instance that is of no more use.
func (p *Pool) end(w *worker) {
	w.Close()
	p.gone()
}

func (p *Pool) gone() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.alive--
}
