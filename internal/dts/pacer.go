package dts

import (
	"context"
	"sync"
	"time"

	smithytime "github.com/aws/smithy-go/time"
)

// pacer keeps the calls of one action, from one instance, to the quota.
//
// Calls leave one at a time and evenly. The spacing is a little wider than the
// quota's own, and a call that leaves late (a busy machine) gives the next one
// no more than slack of its delay: so that no second, wherever it begins, sees
// more calls than the quota, neither here nor at DTS a few milliseconds of
// network later. A token bucket would let the calls that a stall held up leave
// together.
//
// Several instances share the account's quota and know nothing of each other.
// What they see is DTS refusing calls for rate. Each then lowers its own rate
// by a factor and afterwards raises it by a constant a second (additive
// increase, multiplicative decrease): a faster instance loses more with every
// refusal and gains no more between them, so that the rates approach each other
// while their sum stays at the quota. A lone instance is soon back at the full
// rate. Refused calls go before new ones, and only after a short rest of the
// whole instance: they meet a quota with room in it.
type pacer struct {
	fresh chan struct{} // held by the one new call that may compete with those tried again
	turn  chan struct{} // held by the call that leaves next

	mu       sync.Mutex
	full     float64 // calls a second, at most
	rate     float64 // calls a second, now
	raised   time.Time
	lowered  time.Time
	next     time.Time // when the next call may leave
	interval time.Duration
}

const (
	// headroom is how much of the quota the full rate leaves alone.
	headroom = 0.03

	// slack, as a part of the spacing, is how much of a late call's delay the
	// next one may make up for. It is less than what headroom adds up to over
	// as many calls as the quota allows in a second.
	slack = 0.2

	// backOff is the factor by which a refusal lowers the rate, hold the time
	// in which further refusals are taken for the same one, recovery the part
	// of the full rate that is regained in a second.
	backOff  = 0.7
	hold     = time.Second
	recovery = 0.02

	// rest is how long the instance sends nothing after a refusal.
	rest = 250 * time.Millisecond

	// leastRate, as a part of the full rate, is never gone below.
	leastRate = 0.02
)

// newPacer returns a pacer for a quota in calls a second.
func newPacer(quota int) *pacer {
	full := float64(quota) * (1 - headroom)
	return &pacer{fresh: make(chan struct{}, 1), turn: make(chan struct{}, 1), full: full, rate: full}
}

// wait blocks until a call may leave. It reports false, and the call must not
// be made, if ctx ends before that or less than reserve would be left of it.
func (p *pacer) wait(ctx context.Context, again bool, reserve time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-reserve))
		defer cancel()
	}
	if !again {
		if !acquire(ctx, p.fresh) {
			return false
		}
		defer func() { <-p.fresh }()
	}
	if !acquire(ctx, p.turn) {
		return false
	}
	defer func() { <-p.turn }()
	for {
		if ctx.Err() != nil {
			return false
		}
		delay := p.take(time.Now())
		if delay <= 0 {
			return true
		}
		if smithytime.SleepWithContext(ctx, delay) != nil {
			return false
		}
	}
}

func acquire(ctx context.Context, held chan struct{}) bool {
	select {
	case held <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// take lets a call leave at now, or returns how long it has to wait.
func (p *pacer) take(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if delay := p.next.Sub(now); delay > 0 {
		return delay
	}
	if p.rate < p.full {
		p.rate = min(p.full, p.rate+recovery*p.full*now.Sub(p.raised).Seconds())
	}
	p.raised = now
	interval := time.Duration(float64(time.Second) / p.rate)
	made := time.Duration(slack * float64(interval))
	from := now.Add(-made)
	if p.next.After(from) {
		from = p.next
	}
	p.next = from.Add(interval)
	return 0
}

// accepted tells the pacer that DTS took a call.
func (p *pacer) accepted() {}

// refused tells the pacer that DTS refused a call for rate.
func (p *pacer) refused() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if now.Sub(p.lowered) > hold {
		p.lowered = now
		p.rate = max(p.rate*backOff, leastRate*p.full)
	}
	if until := now.Add(rest); until.After(p.next) {
		p.next = until
	}
}
