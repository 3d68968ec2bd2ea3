// Package forward sends an event's result on: to another function, to an event
// bus, and to a chat's robot or any other webhook.
package forward

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
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

// Forwarder forwards results. It is safe for concurrent use.
type Forwarder struct {
	config config.Config
	api    API

	// Of the webhook; robot is nil if it is none's.
	to        url.URL
	robot     *robot
	transport *http.Transport
}

// New returns a forwarder, nil if the configuration names no destination.
func New(c config.Config, api API) *Forwarder {
	if c.Function.Name == "" && c.EventBus == "" && c.Webhook == "" {
		return nil
	}
	to, err := url.Parse(c.Webhook)
	if err != nil {
		to = new(url.URL) // to nowhere; the configuration lets none pass
	}
	return &Forwarder{config: c, api: api, to: *to, robot: robotOf(c.WebhookForm, to), transport: newTransport(c, to)}
}

// destination is one place to send a result to, in as many calls as it takes.
type destination struct {
	name   string
	result check.Result

	// A call has at most limit bytes: frame are those of a result beside its jobs,
	// and piece writes a job. Without a limit there is one call.
	limit int
	frame func(check.Result) int
	piece func(check.Outcome) piece

	// encode writes a call, of the pieces if there is a limit.
	encode func(part check.Result, pieces []piece) json.RawMessage
	send   func(ctx context.Context, payload json.RawMessage) error
}

// piece is a job as it is sent. size is what it counts in a call, with the comma
// behind it.
type piece struct {
	json []byte
	size int
}

// next returns what the next call takes of a result, at least one job if there is
// any, as it is sent, and what is left. A panic becomes an error.
func (d destination) next(r check.Result) (part, rest check.Result, payload json.RawMessage, err error) {
	part, rest = r, r
	rest.Jobs = nil
	err = guard(func() error {
		if d.limit == 0 {
			payload = d.encode(part, nil)
			return nil
		}
		var pieces []piece
		total := d.frame(r) - len(",")
		for _, o := range r.Jobs {
			p := d.piece(o)
			if total += p.size; total > d.limit && pieces != nil {
				break
			}
			pieces = append(pieces, p)
		}
		n := len(pieces)
		part.Jobs, rest.Jobs = r.Jobs[:n], r.Jobs[n:]
		payload = d.encode(part, pieces)
		return nil
	})
	return part, rest, payload, err
}

// Forward sends a result to every destination that wants it, to all at the same
// time, and returns what became of it at each of these. told is what they know of
// the event from earlier deliveries: the same is not told again, and an end of
// trouble always. Rehearsals go nowhere: the next function would take one for a
// request. It returns when ctx ends, at the latest. A nil Forwarder does nothing.
func (f *Forwarder) Forward(ctx context.Context, r report.Report, told map[string]check.Told) []check.Forwarded {
	if f == nil {
		return nil
	}
	rehearsed := func(o check.Outcome) bool { return o.Rehearsed }
	if slices.ContainsFunc(r.Result.Jobs, rehearsed) {
		r.Result.Jobs = slices.DeleteFunc(slices.Clone(r.Result.Jobs), rehearsed)
		if len(r.Result.Jobs) == 0 {
			return nil
		}
	}
	r.Language = cmp.Or(r.Language, f.config.Language)
	destinations := f.destinations(r, told)
	out := make([]check.Forwarded, len(destinations))
	var group sync.WaitGroup
	for i, d := range destinations {
		group.Go(func() { out[i] = f.deliver(ctx, d) })
	}
	group.Wait()
	return out
}

// destinations returns those that want a result.
func (f *Forwarder) destinations(r report.Report, told map[string]check.Told) (out []destination) {
	problem := slices.ContainsFunc(r.Result.Jobs, check.Outcome.Problem)
	wanted := func(name, usual string) bool {
		switch when := cmp.Or(f.config.When, usual); {
		case told[name].Same:
			return false
		case told[name].Problem: // whatever became of it
			return true
		case when == config.Problems:
			return problem
		case when == config.Changes:
			return slices.ContainsFunc(r.Result.Jobs, check.Outcome.News)
		}
		return true
	}
	if f.config.Function.Name != "" && wanted(Function, config.Always) {
		out = append(out, f.function(r))
	}
	if f.config.EventBus != "" && wanted(EventBus, config.Always) && len(r.Result.Jobs) > 0 {
		result := r.Result
		if f.config.When == config.Changes && !told[EventBus].Problem {
			result.Jobs = slices.DeleteFunc(slices.Clone(result.Jobs), func(o check.Outcome) bool { return !o.News() })
		}
		out = append(out, f.eventBus(result))
	}
	if f.config.Webhook != "" && wanted(Webhook, config.Problems) {
		r.Mended = told[Webhook].Problem && !problem
		out = append(out, f.webhook(r))
	}
	return out
}

// answers is a destination that takes the answer, in several batches of whole jobs
// if it has more than limit bytes although it is shortened to that level.
func answers(name string, r check.Result, limit, level int, send func(context.Context, json.RawMessage) error) destination {
	return destination{
		name: name, result: r,
		limit: limit,
		frame: check.Result.Frame,
		piece: func(o check.Outcome) piece {
			encoded := o.Shorten(level).Encode()
			return piece{encoded, len(encoded) + len(",")}
		},
		encode: func(part check.Result, pieces []piece) json.RawMessage {
			if level > 0 || !part.Batch || len(pieces) < 2 { // it may have to be shortened, and by less
				return part.Encode(limit, nil)
			}
			return part.Join(jsonOf(pieces), sizeOf(pieces))
		},
		send: send,
	}
}

func sizeOf(pieces []piece) (size int) {
	for _, p := range pieces {
		size += p.size
	}
	return size
}

// jsonOf yields the pieces' JSON.
func jsonOf(pieces []piece) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, p := range pieces {
			if !yield(p.json) {
				return
			}
		}
	}
}

// errNoTime is why nothing is sent at the end of the time.
var errNoTime = errors.New("not sent: the function's time was nearly up")

// deliver sends a result to one destination, call by call.
func (f *Forwarder) deliver(ctx context.Context, d destination) check.Forwarded {
	out := check.Forwarded{Destination: d.name}
	var lost []check.Result
	for r, more := d.result, true; more; more = len(r.Jobs) > 0 {
		var part, rest check.Result
		var payload json.RawMessage
		err := errNoTime
		if tcapi.TimeLeft(ctx) >= tcapi.LeastAttemptTime {
			if part, rest, payload, err = d.next(r); err == nil {
				err = guard(func() error { return d.send(ctx, payload) })
			}
		}
		if err != nil && pointless(ctx, err) {
			part, rest.Jobs = r, nil
		}
		if err != nil {
			out.Reason = cmp.Or(out.Reason, check.Cut(f.api.Redact(ctx, reason(err)), maxReason))
			lost = append(lost, part)
		}
		r = rest
	}
	if lost != nil {
		out.Payloads = d.payloads(lost)
	}
	return out
}

// payloads yields results as they are sent.
func (d destination) payloads(results []check.Result) iter.Seq[json.RawMessage] {
	return func(yield func(json.RawMessage) bool) {
		for _, r := range results {
			for more := true; more; more = len(r.Jobs) > 0 {
				_, rest, payload, err := d.next(r)
				if err == nil && !yield(payload) {
					return
				}
				r = rest
			}
		}
	}
}

// maxReason bounds a reason, in bytes.
const maxReason = 1 << 10

// guard turns a panic of f into an error: a result that is not forwarded must not
// cost the event its answer.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f()
}

// pointless reports whether after that error no other call would be taken either:
// time is up, or the call was refused for good and not for what was in it.
func pointless(ctx context.Context, err error) bool {
	var e *check.Error
	return tcapi.TimeLeft(ctx) < tcapi.LeastAttemptTime || errors.As(err, &e) && !e.Retryable() && e.HTTPStatus() != http.StatusBadRequest
}

func reason(err error) string {
	var e *check.Error
	if errors.As(err, &e) && e.MayBeRunning {
		return e.Error() + " (it may have arrived all the same)"
	}
	return err.Error()
}
