// Package handler turns one event into migration checks and their outcomes
// into the answer that the event's source understands.
package handler

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/tencentyun/scf-go-lib/functioncontext"

	"migratecheck/internal/check"
)

// DTS is what the handler needs of the Data Transmission Service. The errors
// are of type *check.Error, and no call outlasts the deadline of its context.
type DTS interface {
	CreateCheck(ctx context.Context, job string) (check.Receipt, error)
	DescribeCheck(ctx context.Context, job string) (check.State, check.Receipt, error)
}

// Handler handles events. It is safe for concurrent use, and nothing of one
// invocation is seen by another.
type Handler struct {
	dts    DTS
	log    *slog.Logger
	output *output
}

// New returns a handler that makes its calls with dts and writes to log: one
// JSON object a line for each job and one for each event, of the given level
// or above.
func New(dts DTS, log io.Writer, level slog.Level) *Handler {
	o := &output{to: log}
	return &Handler{dts: dts, log: slog.New(slog.NewJSONHandler(o, &slog.HandlerOptions{Level: level})), output: o}
}

// Invoke handles one event, as cloudfunction.Handler has it. It returns before
// the deadline of ctx, whatever DTS does. The error, if any, is a *CheckFailed.
func (h *Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	began := time.Now()
	function, _ := functioncontext.FromContext(ctx)
	if function == nil {
		function = &functioncontext.FunctionContext{}
	}
	e, err := readEvent(payload)
	ctx, cancel := workingTime(ctx, began, function.TimeLimitInMs, len(e.tasks))
	defer cancel()

	run := run{
		dts:    h.dts,
		event:  e,
		log:    h.log.With("requestId", function.RequestID, "source", string(e.source)),
		output: h.output,
	}
	var outcomes []outcome
	if err != nil {
		outcomes = []outcome{{err: err}}
		run.logJob(outcomes[0])
	} else {
		outcomes = run.all(ctx)
	}
	run.logEvent(outcomes, time.Since(began))
	return answerFor(e.source, run.event.batch, outcomes, !run.tooManySteps.Load())
}

// Of the time that an invocation has, a part is kept to write the answer and
// to bring it home.
const (
	marginShare = 20 // one part in so many,
	leastMargin = 50 * time.Millisecond
	mostMargin  = 500 * time.Millisecond

	// jobMargin is what it takes to say of one job that it was not reached, on
	// the small share of a processor that a function of 64 MB has: in a batch of
	// thousands more than all of the above.
	jobMargin = 100 * time.Microsecond

	// defaultTimeout is the platform's own, for an invocation without a deadline.
	defaultTimeout = 3 * time.Second
)

// workingTime returns ctx with the deadline of the invocation of so many jobs,
// less a margin.
// The runtime hands an invocation that came without a deadline one in 1970.
func workingTime(ctx context.Context, now time.Time, limitInMs int32, jobs int) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok || deadline.Unix() <= 0 {
		limit := time.Duration(limitInMs) * time.Millisecond
		if limit <= 0 {
			limit = defaultTimeout
		}
		ctx, deadline = context.WithoutCancel(ctx), now.Add(limit)
	}
	left := deadline.Sub(now)
	margin := min(max(left/marginShare, leastMargin), mostMargin)
	margin = max(margin, min(time.Duration(jobs)*jobMargin, left/2))
	return context.WithDeadline(ctx, deadline.Add(-margin))
}
