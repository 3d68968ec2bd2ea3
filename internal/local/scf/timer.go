package scf

import (
	"context"
	"encoding/json"
	"time"
)

// Timer is a timer trigger.
type Timer struct {
	Name     string
	Schedule Schedule

	// Argument is the Message of the timer's events.
	Argument string

	// Enabled timers fire; the platform creates a timer closed unless it is told
	// otherwise.
	Enabled bool
}

// Run calls fire at each of the timer's times until ctx ends. Times that the
// machine slept through are left out.
func (t Timer) Run(ctx context.Context, fire func(at time.Time)) {
	last := time.Now()
	for {
		next := t.Schedule.Next(last)
		if next.IsZero() || !sleepUntil(ctx, next) {
			return
		}
		fire(next)
		last = next
		if now := time.Now(); now.Sub(next) > time.Minute {
			last = now
		}
	}
}

// sleepUntil reports whether the time has come before ctx ended. It looks at
// the clock twice a minute, since clocks are set and machines sleep.
func sleepUntil(ctx context.Context, at time.Time) bool {
	for {
		left := time.Until(at)
		if left <= 0 {
			return ctx.Err() == nil
		}
		timer := time.NewTimer(min(left, 30*time.Second))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false
		}
	}
}

// Event is the event of the timer for the given time.
func (t Timer) Event(at time.Time) []byte {
	payload, err := json.Marshal(struct {
		Type, TriggerName, Time, Message string
	}{"Timer", t.Name, at.UTC().Format(time.RFC3339), t.Argument})
	if err != nil {
		panic(err) // strings only
	}
	return payload
}
