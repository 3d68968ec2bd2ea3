package handler

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tencentyun/scf-go-lib/functioncontext"

	"migratecheck/handler/event"
	"migratecheck/internal/check"
	"migratecheck/internal/report"
)

// run is the work on one event.
type run struct {
	*Handler
	event    event.Event
	function *functioncontext.FunctionContext
	self     string // this function, as Via names it; empty if it has no name
	log      logger
	time     budget
	jobs     []*job

	firing string    // SCF's request id with the payload; empty where there is none
	memory *delivery // of the event as a whole; nil if it cannot come again

	texts atomic.Int64 // bytes that the texts of finished jobs take

	// stepsSeen holds the ids of accepted steps that a check has.
	stepsSeen sync.Map

	// befores is for how many jobs there is time to read what they had before.
	befores atomic.Int32
}

// Invoke handles one event. It implements cloudfunction.Handler and returns before
// the deadline of ctx, whatever the cloud does. The error, if any, is a *CheckFailed.
func (h *Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	began := time.Now()
	e, refusal := event.Read(payload)
	r := h.newRun(ctx, e)
	ctx, r.time = budgetOf(ctx, began, r.function.TimeLimitInMs, h.Forward != nil)
	if e.HTTP != nil && (e.HTTP.Status != 0 || e.HTTP.Home) {
		return r.answerWithoutJobs(), nil
	}

	r.recall(refusal, payload)
	r.resolve(ctx, refusal)
	r.work(ctx)
	r.warnOfAccepted()

	result := r.result()
	writing := time.Now()
	answer, failed := r.answer(result)
	if lost := r.forward(ctx, &result, failed != nil, time.Since(writing)); lost {
		r.amend(&answer, result)
	}
	r.logEvent(result)
	if failed == nil && r.event.Source == event.Direct && r.firing != "" {
		r.deliveries.succeed(r.firing, r.firing+"0") // the event, and its only request
	}
	return answer.encode(), failed
}

func (h *Handler) newRun(ctx context.Context, e event.Event) *run {
	function, _ := functioncontext.FromContext(ctx)
	if function == nil {
		function = &functioncontext.FunctionContext{}
	}
	r := &run{
		Handler:  h,
		event:    e,
		function: function,
		log:      h.log.with(slog.String("requestId", function.RequestID), slog.String("source", string(e.Source))),
	}
	if function.FunctionName != "" {
		region := cmp.Or(function.TencentcloudRegion, h.Region)
		r.self = strings.Join([]string{region, cmp.Or(function.Namespace, "default"), function.FunctionName}, "/")
	}
	for _, warning := range e.Warnings {
		r.log.write(slog.LevelWarn, "warning", slog.String("error", warning))
	}
	return r
}

// result gathers the outcomes.
func (r *run) result() check.Result {
	result := check.Result{Batch: r.event.Batch || len(r.jobs) != 1, Jobs: make([]check.Outcome, len(r.jobs))}
	if len(r.jobs) == 1 && r.jobs[0].invalid && r.jobs[0].Record == nil {
		result.Batch = false // the event as a whole is refused
	}
	for i, j := range r.jobs {
		result.Jobs[i] = j.Outcome
	}
	for _, request := range r.event.Requests { // also one that found no job
		ask := request.Ask
		result.Verdicts = result.Verdicts || ask.Describe || ask.Wait && !ask.DryRun
		result.Start = result.Start || ask.Start
	}
	return result
}

// forward forwards the result, unless there is nobody to tell or nothing to tell.
// It notes in the result and in the log what could not be forwarded, a line for each
// message that has to be sent again, and reports whether there is any. written is
// how long it took to write the answer: what is lost has to be written as well.
func (r *run) forward(ctx context.Context, result *check.Result, givenBack bool, written time.Duration) (lost bool) {
	if r.Forward == nil || r.onlyRead() || r.callersFault() {
		return false
	}
	r.output.flush() // forwarding takes its time
	result.GivenBack = givenBack
	if result.Via = r.via(); r.self != "" {
		result.Via = append(result.Via, r.self)
	}
	defer func() { result.Via = nil }()
	now := digestOf(result.Jobs)
	told := r.deliveries.told(r.memory, now)
	ctx, cancel := context.WithDeadline(ctx, r.time.forwardUntil())
	defer cancel()
	for _, f := range r.Forward.Forward(ctx, r.report(*result), told) {
		if f.Reason == "" {
			r.deliveries.note(r.memory, f.Destination, now)
			continue
		}
		result.NotHandedOn = append(result.NotHandedOn, f.Destination)
		if f.Payloads == nil {
			continue
		}
		r.logLost(f, r.time.loggedBy(written))
	}
	return result.NotHandedOn != nil
}

// logLost writes a line for each message that has to be sent again, as long as there
// is time: the answer, which has the outcomes as well, goes first.
func (r *run) logLost(f check.Forwarded, until time.Time) {
	destination, reason := slog.String("destination", f.Destination), slog.String("error", f.Reason)
	cut := func() bool {
		if time.Now().Before(until) {
			return false
		}
		r.log.write(slog.LevelError, "not handed on", destination, reason,
			slog.String("payloadCut", "the function's time was nearly up: see the lines of the jobs"))
		return true
	}
	if cut() { // before any message is encoded
		return
	}
	for payload := range f.Payloads {
		if cut() {
			return
		}
		r.log.write(slog.LevelError, "not handed on", destination, reason, slog.Any("payload", payload))
	}
}

// via returns the functions of this kind that the event came through.
func (r *run) via() []string {
	via := slices.Clone(r.event.Via) // also of an event that is refused
	for _, request := range r.event.Requests {
		via = append(via, request.Via...)
	}
	return distinct(via)
}

// onlyRead reports whether the event is a page or a GET that only reads.
func (r *run) onlyRead() bool {
	if r.event.HTTP == nil || !r.event.HTTP.Get {
		return false
	}
	for _, request := range r.event.Requests {
		if !request.Ask.Describe && !request.Ask.DryRun {
			return false
		}
	}
	return true
}

// callersFault reports whether the event is a request over HTTP that is refused as a
// whole for what it says, which is its caller's to mend.
func (r *run) callersFault() bool {
	return len(r.jobs) > 0 && !slices.ContainsFunc(r.jobs, func(j *job) bool { return !r.refusedForWhatItSays(j) })
}

func (r *run) refusedForWhatItSays(j *job) bool {
	return r.event.HTTP != nil && j.Error != nil && j.attempts == 0 && (j.Error.HTTPStatus() == 400 || j.Error.HTTPStatus() == 403)
}

// report returns the result as a report, from which pages, tables and messages are
// written.
func (r *run) report(result check.Result) report.Report {
	p := report.Report{
		Result: result, Region: cmp.Or(r.Region, r.function.TencentcloudRegion),
		Namespace: r.function.Namespace, Function: r.function.FunctionName,
		Source: string(r.event.Source), Trigger: r.event.Trigger, At: time.Now(), Language: r.Language,
	}
	for _, request := range r.event.Requests {
		if request.Select != nil {
			p.Selected = append(p.Selected, event.Selected(*request.Select)...)
		}
	}
	p.Selected = distinct(p.Selected)
	if http := r.event.HTTP; http != nil {
		p.Posted = http.Posted
		if http.Page {
			p.Button = r.button()
		}
	}
	return p
}

// button asks for the checks of the jobs on the page that await one.
func (r *run) button() report.Button {
	var b report.Button
	for _, j := range r.jobs {
		switch {
		case j.Error != nil || j.Check == nil:
		case j.Kind() == check.KindNotPassed, j.Check.Status == check.Unavailable:
			b.Jobs = append(b.Jobs, j.JobID)
		}
	}
	for _, o := range r.event.HTTP.Options {
		b.Options = append(b.Options, report.Field(o))
	}
	return b
}

// distinct returns each text once, in the order in which they come first.
func distinct(texts []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, text := range texts {
		if !seen[text] {
			seen[text] = true
			out = append(out, text)
		}
	}
	return out
}
