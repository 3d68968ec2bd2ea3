package dts

import (
	"context"
	"time"

	smithytime "github.com/aws/smithy-go/time"
	"github.com/aws/smithy-go/waiter"

	"migratecheck/internal/check"
)

// How a call is tried.
const (
	// maxAttemptTime is the most that one attempt may take.
	maxAttemptTime = 10 * time.Second

	// usualAttemptTime is what an attempt gets although half of the time that
	// is left, the other half being kept for a second attempt, is less.
	usualAttemptTime = time.Second

	// leastAttemptTime is what must be left for an attempt to be started.
	leastAttemptTime = 200 * time.Millisecond

	// minDelay and maxDelay bound the pause before another attempt.
	minDelay = 100 * time.Millisecond
	maxDelay = 2 * time.Second
)

// call makes one call, in as many attempts as the configuration and the
// deadline of ctx allow, and returns how many it took. The error that decides
// is the last attempt's; it has MayBeRunning set if any attempt's fate is
// unknown.
//
// An attempt that was refused for rate is not held against the limit if DTS
// took another call of this instance meanwhile: with the quota shared rather
// than closed, waiting gets the call through.
func (c *Client) call(ctx context.Context, quota *pacer, send func(context.Context, *session) error) (int, *check.Error) {
	s, failure := c.newSession(ctx)
	if failure != nil {
		return 0, failure
	}
	failure = notReached()
	unknown := false
	attempts, counted := 0, 0
	for counted < c.config.MaxAttempts {
		if attempts > 0 && !pause(ctx, attempts) {
			break
		}
		before := quota.progress()
		if !quota.wait(ctx, attempts > 0, leastAttemptTime) {
			break
		}
		attempts++
		counted++
		failure = c.attempt(ctx, s, counted == c.config.MaxAttempts, send)
		switch {
		case failure == nil:
			quota.took()
			return attempts, nil
		case failure.Throttled():
			quota.refused()
			if quota.progress() > before {
				counted--
			}
		case failure.RequestID != "":
			quota.took()
		}
		unknown = unknown || failure.MayBeRunning
		if !failure.Retryable() {
			break
		}
	}
	failure.Attempts = attempts
	failure.MayBeRunning = unknown
	return attempts, failure
}

// attempt sends one request and waits for its answer, within a time limit.
func (c *Client) attempt(ctx context.Context, s *session, last bool, send func(context.Context, *session) error) *check.Error {
	limit := attemptLimit(timeLeft(ctx), last)
	s.exchange = &exchange{credentials: s.credentials}
	ctx, cancel := context.WithTimeout(withExchange(ctx, s.exchange), limit)
	defer cancel()
	err := send(ctx, s)
	if err == nil {
		return nil
	}
	failure := s.errorOf(err, limit)
	if !s.exchange.complete {
		c.transport.renew(s.exchange.used)
	}
	return failure
}

// attemptLimit is how long an attempt may take when left is left in all.
func attemptLimit(left time.Duration, last bool) time.Duration {
	limit := left
	if !last {
		limit = max(left/2, usualAttemptTime)
	}
	return min(limit, left, maxAttemptTime)
}

// pause waits before the attempt that follows the given number of attempts.
// It reports false if no attempt could end in time after it.
func pause(ctx context.Context, attempts int) bool {
	left := timeLeft(ctx) - leastAttemptTime
	if left <= 0 {
		return false
	}
	delay, err := waiter.ComputeDelay(int64(attempts), minDelay, maxDelay, left+minDelay)
	if err != nil {
		delay = maxDelay // the jitter's random source failed
	}
	return smithytime.SleepWithContext(ctx, min(delay, left)) == nil
}

// timeLeft is the time until ctx ends; without a deadline, more than enough.
func timeLeft(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return time.Hour
	}
	return time.Until(deadline)
}
