// Package handler turns one event into migration checks, verdicts and started
// migrations, and their outcomes into the answer that the event's source
// understands.
package handler

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"iter"
	"log/slog"
	"slices"
	"time"

	"github.com/tencentyun/scf-go-lib/functioncontext"

	"migratecheck/handler/event"
	"migratecheck/internal/check"
)

// DTS is what the handler needs of the Data Transmission Service. The errors
// are of type *check.Error, receipts are dated, and no call outlasts the deadline
// of its context.
type DTS interface {
	CreateCheck(ctx context.Context, job string) (check.Receipt, error)
	DescribeCheck(ctx context.Context, job string) (check.State, check.Receipt, error)
	DescribeJob(ctx context.Context, job string) (check.Job, check.Receipt, error)
	ListJobs(ctx context.Context, f check.Filter) ([]check.Job, error)
	Start(ctx context.Context, job string) (check.Receipt, error)
}

// Options configure a Handler.
type Options struct {
	DTS DTS

	// HandOn hands a result on to its destinations within the time of ctx and
	// returns what could not be handed on. It is nil where there is no destination.
	HandOn func(ctx context.Context, r check.Result, about About) []Undelivered

	// Log gets one JSON object a line for each job and one for each event, of
	// the given level or above.
	Log   io.Writer
	Level slog.Level

	// AllowStart permits requests with Start.
	AllowStart bool

	// Steps is set if the API version in use gives the steps of a check, which
	// Strict needs.
	Steps bool

	// Language is the language of pages and tables, Region the region of the jobs;
	// the function's own if empty.
	Language, Region string

	// Now tells the time for the memory of deliveries; time.Now if nil.
	Now func() time.Time
}

// About identifies the event of a result.
type About struct {
	// Source is the event's source; Namespace and Function name this function, and
	// Region is that of the jobs.
	Source, Namespace, Function, Region string
}

// Undelivered is what could not be handed on to a destination.
type Undelivered struct {
	Destination, Reason string

	// Payloads yields everything that is needed to send it again.
	Payloads iter.Seq[json.RawMessage]
}

// Handler handles events. It is safe for concurrent use; concurrent events are
// kept apart.
type Handler struct {
	Options
	log    logger
	output *output
	memory *memory
}

// New returns a handler.
func New(o Options) *Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	out := &output{to: o.Log}
	return &Handler{
		Options: o,
		log:     logger{slog.NewJSONHandler(out, &slog.HandlerOptions{Level: o.Level})},
		output:  out,
		memory:  newMemory(o.Now),
	}
}

// Invoke handles one event. It implements cloudfunction.Handler and returns before
// the deadline of ctx, whatever the cloud does. The error, if any, is a *CheckFailed.
func (h *Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	began := time.Now()
	function, _ := functioncontext.FromContext(ctx)
	if function == nil {
		function = &functioncontext.FunctionContext{}
	}
	e, err := event.Read(payload)
	log := h.log.with(slog.String("requestId", function.RequestID), slog.String("source", string(e.Source)))
	if e.HTTP != nil && e.HTTP.Status != 0 {
		log.write(slog.LevelInfo, "event", slog.Int("jobs", 0), slog.Int("failed", 0),
			slog.Int64("durationMs", time.Since(began).Milliseconds()), slog.String("outcome", "nothing asked"))
		h.output.flush()
		return refuse(e.HTTP), nil
	}
	if err == nil {
		identify(&e, function.RequestID, payload)
	}
	ctx, answerBy := timeOf(ctx, began, function.TimeLimitInMs)
	working, cancel := context.WithDeadline(ctx, h.workUntil(answerBy, began, countJobs(e)))
	defer cancel()

	r := &run{
		Handler: h,
		source:  e.Source,
		about: About{
			Source: string(e.Source), Namespace: function.Namespace, Function: function.FunctionName,
			Region: cmp.Or(h.Region, function.TencentcloudRegion),
		},
		log: log,
	}
	if err != nil {
		r.jobs = []*job{{Outcome: check.Outcome{Progress: check.Progress{Error: err}}, invalid: true}}
		r.logJob(r.jobs[0])
	} else {
		r.jobs = r.resolve(working, e)
		r.all(working)
	}
	result := r.result(e)
	if h.HandOn != nil && (e.HTTP == nil || !e.HTTP.Page) && r.somethingNew() {
		ctx, cancel := context.WithDeadline(ctx, handOnUntil(answerBy, began, len(r.jobs)))
		defer cancel()
		r.handOn(ctx, &result)
	}
	r.logEvent(result, time.Since(began))
	answer, failed := r.answer(e, result)
	if failed == nil && e.Source == event.Direct { // only a function error brings such an event again
		h.memory.succeeded(e)
	}
	return answer, failed
}

// result gathers the outcomes.
func (r *run) result(e event.Event) check.Result {
	result := check.Result{Batch: e.Batch || len(r.jobs) != 1, Jobs: make([]check.Outcome, len(r.jobs))}
	if len(r.jobs) == 1 && r.jobs[0].invalid && r.jobs[0].Record == nil {
		result.Batch = false // the event as a whole is refused
	}
	for i, j := range r.jobs {
		result.Jobs[i] = j.Outcome
		result.Verdicts = result.Verdicts || j.ask.Describe || j.ask.Wait
		result.Start = result.Start || j.ask.Start
	}
	for _, request := range e.Requests { // also where a selection found no job
		result.Verdicts = result.Verdicts || request.Ask.Describe || request.Ask.Wait
		result.Start = result.Start || request.Ask.Start
	}
	return result
}

// somethingNew reports whether there is an outcome that no earlier delivery of the
// event has had.
func (r *run) somethingNew() bool {
	return len(r.jobs) == 0 || slices.ContainsFunc(r.jobs, func(j *job) bool { return !j.nothingNew() })
}

// handOn hands the result on, and notes in it and in the log what could not be
// handed on: a line for each message that has to be sent again.
func (r *run) handOn(ctx context.Context, result *check.Result) {
	for _, u := range r.HandOn(ctx, *result, r.about) {
		result.NotHandedOn = append(result.NotHandedOn, u.Destination)
		for payload := range u.Payloads {
			r.log.write(slog.LevelError, "not handed on",
				slog.String("destination", u.Destination),
				slog.String("error", u.Reason),
				slog.Any("payload", payload))
		}
	}
}
