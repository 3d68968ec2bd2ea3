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

	// Log takes what happens, in order for each request. It is called from
	// several goroutines.
	Log func(Record)
}

// Pool runs a function as the platform does: an instance is started when an
// event finds none that is free, takes one event at a time, is frozen between
// events, and is replaced after a crash or a time-out.
type Pool struct {
	function Function
	options  PoolOptions
	slots    chan struct{}

	ctx  context.Context // ends when the pool is closed
	stop context.CancelFunc

	mu     sync.Mutex
	closed bool
	busy   sync.WaitGroup // counts events; it grows only while closed is not set
	idle   []*worker      // the one used last is the last
}

// worker is an instance of a pool, and what it writes.
type worker struct {
	*Instance
	out *tagged
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
		Duration: result.Duration, Memory: result.Memory, Size: p.function.Memory}
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
	result := Result{Answer: answer, Duration: time.Since(began), Memory: w.PeakMemory(), Tail: w.out.end()}
	p.put(w, err)
	return result, err
}

// take returns an instance that is free, or a new one.
func (p *Pool) take(requestID string) (*worker, error) {
	for {
		p.mu.Lock()
		last := len(p.idle) - 1
		if last < 0 {
			p.mu.Unlock()
			break
		}
		w := p.idle[last]
		p.idle = slices.Delete(p.idle, last, last+1)
		p.mu.Unlock()
		if w.running() {
			w.out.begin(requestID)
			w.thaw()
			return w, nil
		}
		w.Close() // its process ended while it had nothing to do
	}
	w := &worker{out: &tagged{log: p.options.Log}}
	w.out.begin(requestID)
	f := p.function
	f.Output = w.out
	instance, err := Start(p.ctx, f)
	w.Instance = instance
	return w, err
}

// put keeps an instance for the next event, if it is good for another.
func (p *Pool) put(w *worker, err error) {
	if spent(err) {
		w.Close()
		return
	}
	if p.options.Freeze {
		w.freeze()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, w)
}
