// Package handon hands an event's result on: to another function, to an event
// bus and to a chat's robot.
package forward

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"sync"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/report"
	"migratecheck/internal/tcapi"
)

// The names of the destinations.
const (
	Function = "function"
	EventBus = "eventBus"
	Webhook  = "webhook"
)

// API calls actions of API 3.0, as *tcapi.Client does.
type API interface {
	Do(ctx context.Context, a tcapi.Action, request, response any) (check.Receipt, error)
	Redact(ctx context.Context, text string) string
}

// Failure is a destination that did not take all of a result.
type Failure struct {
	Destination, Reason string

	// Payloads yields what was not taken, as it would have been sent: for the
	// function its events, for the event bus lists of events, for the webhook the
	// message without its signature.
	Payloads iter.Seq[json.RawMessage]
}

// Sender hands results on. It is safe for concurrent use.
type Sender struct {
	config    config.Config
	api       API
	transport *http.Transport
}

// New returns a sender, nil if the configuration names no destination.
func New(c config.Config, api API) *Sender {
	if c.Function.Name == "" && c.EventBus == "" && c.Webhook == "" {
		return nil
	}
	return &Sender{config: c, api: api, transport: newTransport(c.Webhook)}
}

// destination is one place to send a result to, in parts of which each has a
// size that the place takes.
type destination struct {
	name   string
	split  func(check.Result) []check.Result
	encode func(part check.Result) json.RawMessage
	send   func(ctx context.Context, payload json.RawMessage) error
}

// Send hands a result on to every destination that wants it, to all at the same
// time, and returns those that did not take it. self is the function that this
// is. It returns when ctx ends, at the latest. A nil Sender does nothing.
func (s *Sender) Send(ctx context.Context, self config.Function, r report.Report) []Failure {
	if s == nil {
		return nil
	}
	r.Language = cmp.Or(r.Language, s.config.Language)
	var wg sync.WaitGroup
	destinations := s.destinations(self, r)
	failures := make([]*Failure, len(destinations))
	for i, d := range destinations {
		wg.Go(func() { failures[i] = s.sendTo(ctx, d, r.Result) })
	}
	wg.Wait()
	var out []Failure
	for _, f := range failures {
		if f != nil {
			out = append(out, *f)
		}
	}
	return out
}

// destinations returns those that want the result.
func (s *Sender) destinations(self config.Function, r report.Report) []destination {
	problem := false
	for _, o := range r.Result.Jobs {
		problem = problem || o.Problem()
	}
	wanted := func(usual string) bool { return problem || cmp.Or(s.config.When, usual) == config.Always }
	var out []destination
	if s.config.Function.Name != "" && wanted(config.Always) {
		out = append(out, s.function(self))
	}
	if s.config.EventBus != "" && wanted(config.Always) {
		out = append(out, s.eventBus())
	}
	if s.config.Webhook != "" && wanted(config.Problems) {
		out = append(out, s.webhook(r))
	}
	return out
}

// sendTo sends a result to one destination, part by part.
func (s *Sender) sendTo(ctx context.Context, d destination, r check.Result) *Failure {
	var parts, failed []check.Result
	err := guard(func() error {
		parts = d.split(r)
		return nil
	})
	if err != nil {
		failed = []check.Result{r}
	}
	for i, part := range parts {
		partErr := guard(func() error { return d.send(ctx, d.encode(part)) })
		if partErr == nil {
			continue
		}
		failed = append(failed, part)
		err = cmp.Or(err, partErr)
		if pointless(partErr) {
			failed = append(failed, parts[i+1:]...)
			break
		}
	}
	if err == nil {
		return nil
	}
	return &Failure{
		Destination: d.name,
		Reason:      check.Cut(s.api.Redact(ctx, reason(err)), maxReason),
		Payloads: func(yield func(json.RawMessage) bool) {
			for _, part := range failed {
				if !yield(d.encode(part)) {
					return
				}
			}
		},
	}
}

// maxReason bounds a reason, in bytes.
const maxReason = 1 << 10

// guard turns a panic of f into an error: a result that is not handed on must not
// cost the event its answer.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f()
}

// pointless reports whether no other part would be taken either: the call was
// refused for good, and not for what was in it.
func pointless(err error) bool {
	var e *check.Error
	return errors.As(err, &e) && !e.Retryable() && e.HTTPStatus() != http.StatusBadRequest
}

func reason(err error) string {
	var e *check.Error
	if errors.As(err, &e) && e.MayBeRunning {
		return e.Error() + " (it may have arrived all the same)"
	}
	return err.Error()
}
