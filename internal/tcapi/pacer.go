package tcapi

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
// increase, multiplicative decrease), so that the rates approach each other
// while their sum stays about the quota. A lone instance is soon back at the
// full rate.
//
// After a refusal the whole instance rests until the oldest call that DTS took
// from it in the last second is a second old: at that moment there is
// room in the quota that nobody else has had. Refused calls go before new ones.
type pacer struct {
	entry chan struct{} // held by the one new call that may compete with those tried again
	turn  chan struct{} // held by the call that leaves next

	mu      sync.Mutex
	full    float64     // calls a second, at most
	lowest  float64     // calls a second, when the rate was last lowered
	lowered time.Time   // when that was
	next    time.Time   // when the next call may leave
	taken   []time.Time // when DTS took calls, of the last second
	count   int         // how many calls DTS has taken
	row     int         // how often the rate was lowered since
}

const (
	// headroom is how much of the quota the full rate leaves alone.
	headroom = 0.03

	// slack, as a part of the spacing, is how much of a late call's delay the
	// next one may make up for. It is less than what headroom adds up to over
	// as many calls as the quota allows in a second.
	slack = 0.2

	// cut is the factor by which a refusal lowers the rate, hold the time in
	// which further refusals are taken for the same one, recovery the part of
	// the full rate that is regained in a second. If the quota does not count the
	// calls that it refuses, resting alone would do. If it does, this makes the
	// difference between lost jobs and none.
	cut      = 0.8
	hold     = 300 * time.Millisecond
	recovery = 0.06

	// A second is what the quota is counted over. Each further refusal in a row
	// adds longer to the rest, up to longest: a quota that is open again must
	// not find an instance asleep.
	second  = time.Second
	longer  = 200 * time.Millisecond
	longest = 2 * time.Second
)

// newPacer returns a pacer for a quota in calls a second.
func newPacer(quota int) *pacer {
	full := float64(quota) * (1 - headroom)
	return &pacer{entry: make(chan struct{}, 1), turn: make(chan struct{}, 1), full: full, lowest: full}
}

// wait blocks until a call may leave. It reports false, and the call must not
// be made, if ctx ends before that or less than reserve would be left of it.
func (p *pacer) wait(ctx context.Context, again bool, reserve time.Duration) bool {
	deadline := time.Now().Add(TimeLeft(ctx) - reserve)
	if !again {
		if !acquire(ctx, deadline, p.entry) {
			return false
		}
		defer func() { <-p.entry }()
	}
	if !acquire(ctx, deadline, p.turn) {
		return false
	}
	defer func() { <-p.turn }()
	for {
		now := time.Now()
		if ctx.Err() != nil || !now.Before(deadline) {
			return false
		}
		delay := p.take(now)
		if delay <= 0 {
			return true
		}
		if !now.Add(delay).Before(deadline) || smithytime.SleepWithContext(ctx, delay) != nil {
			return false
		}
	}
}

// acquire takes what one call holds at a time.
func acquire(ctx context.Context, deadline time.Time, held chan struct{}) bool {
	select {
	case held <- struct{}{}:
		return true
	default:
	}
	timeUp := time.NewTimer(time.Until(deadline))
	defer timeUp.Stop()
	select {
	case held <- struct{}{}:
		return true
	case <-timeUp.C:
		return false
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
	interval := time.Duration(float64(time.Second) / p.rate(now))
	from := now.Add(-time.Duration(slack * float64(interval)))
	if p.next.After(from) {
		from = p.next
	}
	p.next = from.Add(interval)
	return 0
}

// rate returns the rate at now, in calls a second.
func (p *pacer) rate(now time.Time) float64 {
	return min(p.full, p.lowest+recovery*p.full*now.Sub(p.lowered).Seconds())
}

// took records that DTS took a call, whatever it answered.
func (p *pacer) took() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.forget(now)
	p.taken = append(p.taken, now)
	p.count++
	p.row = 0
}

// refused records that DTS refused a call for rate.
func (p *pacer) refused() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.forget(now)
	if now.Sub(p.lowered) > hold {
		p.lowest = cut * p.rate(now)
		p.lowered = now
		p.row++
	}
	free := now
	if len(p.taken) > 0 {
		free = p.taken[0]
	}
	free = free.Add(second + min(time.Duration(max(p.row-1, 0))*longer, longest))
	if free.After(p.next) {
		p.next = free
	}
}

// forget drops the calls that are no longer in the quota's second.
func (p *pacer) forget(now time.Time) {
	n := 0
	for n < len(p.taken) && now.Sub(p.taken[n]) >= second {
		n++
	}
	p.taken = p.taken[n:]
}

// progress is how many calls DTS has taken: if it grows between two refusals
// of a call, the quota is shared, not closed.
func (p *pacer) progress() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}
