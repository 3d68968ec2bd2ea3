// Package handler turns one event into migration checks, verdicts and started
// migrations, and their outcomes into the answer that the event's source
// understands.
package handler

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"migratecheck/internal/check"
	"migratecheck/internal/report"
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

// Forwarder forwards a result to its destinations within the time of ctx, and
// returns what became of it at each that it was sent to. told says what each knows
// of the event already.
type Forwarder interface {
	Forward(ctx context.Context, r report.Report, told map[string]check.Told) []check.Forwarded
}

// Options configure a Handler.
type Options struct {
	DTS DTS

	// Forward is nil where results are forwarded to nobody.
	Forward Forwarder

	// Log gets one JSON object a line for each job and one for each event, of
	// the given level or above.
	Log   io.Writer
	Level slog.Level

	// AllowStart permits requests with Start. With a StartTag only jobs that bear it
	// are started; its key is empty where every job may be.
	AllowStart bool
	StartTag   check.Tag

	// Steps is set if the API version in use gives the steps of a migration's check,
	// which Strict needs.
	Steps bool

	// Rate is how many calls a second of an action are sent; 20 if zero.
	Rate int

	// Language is the language of pages and tables, Region the region of the jobs;
	// the function's own if empty.
	Language, Region string

	// Now tells the time for the memory of deliveries; time.Now if nil.
	Now func() time.Time
}

// Handler handles events. It is safe for concurrent use; concurrent events are
// kept apart.
type Handler struct {
	Options
	log        logger
	output     *output
	deliveries *deliveries
	starting   sync.Map // the *job that is being started, by its id
}

// New returns a handler.
func New(o Options) *Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rate == 0 {
		o.Rate = 20
	}
	out := &output{to: o.Log}
	return &Handler{
		Options:    o,
		log:        logger{slog.NewJSONHandler(out, &slog.HandlerOptions{Level: o.Level})},
		output:     out,
		deliveries: newDeliveries(o.Now),
	}
}
