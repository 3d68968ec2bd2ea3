package handler

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"migratecheck/handler/event"
	"migratecheck/internal/check"
)

// resolve makes the jobs that the event's requests ask for, each with its plan and
// with how far earlier deliveries brought it. A request that cannot be carried out is
// a failure of its own; refusal is why nothing of the event can be. Requests for the
// same job are merged into one that does all that any of them asks for, as strictly
// as any; but what only reads or rehearses stays by itself.
func (r *run) resolve(ctx context.Context, refusal *check.Error) {
	if refusal != nil && r.cameBefore(r.event.Via) {
		return
	}
	if refusal != nil {
		r.jobs = []*job{{invalid: true}}
		r.jobs[0].Error = refusal
		return
	}
	taken := map[jobKey]*job{}
	names := 0
	for i := range r.event.Requests {
		request := &r.event.Requests[i]
		var d *delivery // what only reads is not remembered
		if !request.Ask.Describe && !request.Ask.DryRun {
			own, firing := r.idsOf(i)
			d = r.deliveries.get(len(request.Jobs), own, firing)
		}
		found, err := r.find(ctx, request, d)
		switch {
		case err != nil:
		case len(r.jobs)+others(taken, found, request.Ask) > event.MaxJobs:
			err = event.ErrTooMany
		case names+len(found) > event.MaxNames:
			err = event.ErrTooOften
		}
		if err != nil {
			r.jobs = append(r.jobs, r.invalid(request, err))
			continue
		}
		names += len(found)
		for _, f := range found {
			r.take(taken, request, f, d)
		}
	}
	for _, j := range r.jobs {
		r.plan(j)
	}
}

// jobKey is what the requests have in common that are merged into one job.
type jobKey struct {
	id               string
	describe, dryRun bool
}

func keyOf(id string, ask event.Ask) jobKey { return jobKey{id, ask.Describe, ask.DryRun} }

// others returns how many of the jobs found are not among those taken.
func others(taken map[jobKey]*job, found []check.Job, ask event.Ask) (n int) {
	for _, f := range found {
		if taken[keyOf(f.ID, ask)] == nil {
			n++
		}
	}
	return n
}

// take adds what a request asks for a job.
func (r *run) take(taken map[jobKey]*job, request *event.Request, found check.Job, d *delivery) {
	key := keyOf(found.ID, request.Ask)
	j := taken[key]
	if j == nil {
		j = &job{Outcome: check.Outcome{JobID: found.ID}, listed: found, ask: request.Ask}
		taken[key] = j
		r.jobs = append(r.jobs, j)
	} else {
		j.ask = union(j.ask, request.Ask)
	}
	if request.Select == nil {
		j.named = true
	} else {
		j.listed, j.JobName = found, found.Name
	}
	if !request.At.IsZero() && (j.fired.IsZero() || request.At.Before(j.fired)) {
		j.fired = request.At
	}
	if d != nil {
		j.from = append(j.from, d)
	}
}

// invalid returns what stands for a request that cannot be carried out.
func (r *run) invalid(request *event.Request, err *check.Error) *job {
	j := &job{invalid: true, attempts: err.Attempts}
	short := *err
	short.Message = check.Cut(err.Message, maxTexts/len(r.event.Requests))
	j.fail(&short)
	if r.event.Records {
		j.Record = &request.Record
	}
	return j
}

// union returns what a and b ask for together, both of which read, rehearse or do.
// What one of them judges strictly is accepted only if every strict one accepts it.
func union(a, b event.Ask) event.Ask {
	switch {
	case a.Strict && b.Strict && !slices.Equal(a.Accept, b.Accept):
		a.Accept = slices.DeleteFunc(slices.Clone(a.Accept), func(id string) bool { return !slices.Contains(b.Accept, id) })
	case b.Strict:
		a.Accept = b.Accept
	}
	a.Wait, a.Start, a.Strict = a.Wait || b.Wait, a.Start || b.Start, a.Strict || b.Strict
	return a
}

// find returns the jobs that a request names or selects, or why it cannot be
// carried out.
func (r *run) find(ctx context.Context, request *event.Request, d *delivery) ([]check.Job, *check.Error) {
	switch {
	case r.cameBefore(request.Via):
		return nil, nil
	case request.Err != nil:
		return nil, request.Err
	case request.Ask.Start && !r.AllowStart:
		return nil, &check.Error{
			Code:    check.CodeStartNotAllowed,
			Message: "Start: this deployment does not allow requests to start migrations; DTS_ALLOW_START=true does",
		}
	case request.Select != nil:
		return r.selected(ctx, request, d)
	}
	jobs := make([]check.Job, len(request.Jobs))
	for i, id := range request.Jobs {
		jobs[i].ID = id
	}
	return jobs, nil
}

// cameBefore reports, also in the log, whether an event came through this function
// before. It asks for nothing then, because it would go in a circle.
func (r *run) cameBefore(via []string) bool {
	if r.self == "" || !slices.Contains(via, r.self) {
		return false
	}
	r.log.write(slog.LevelWarn, "circle", slog.String("error", "the event came through this function before: nothing is done about it"))
	return true
}

// selected returns the jobs that a request selects: those that an earlier
// delivery found, else what DTS lists now.
func (r *run) selected(ctx context.Context, request *event.Request, d *delivery) ([]check.Job, *check.Error) {
	if found, ok := r.deliveries.selection(d); ok {
		return found, nil
	}
	ctx, cancel := context.WithDeadline(ctx, r.time.workUntil(0))
	defer cancel()
	listed, err := r.DTS.ListJobs(ctx, *request.Select)
	if err != nil {
		failure := *asError(err)
		failure.Message = check.Cut("Select: no job was touched, because the jobs could not be listed: "+failure.Message, check.MostText)
		return nil, &failure
	}
	if !request.Ask.Describe {
		listed = r.usable(listed, request.Ask)
	}
	if len(listed) > event.MaxJobs {
		return nil, check.Invalid("Select", fmt.Sprintf("finds more than %d jobs", event.MaxJobs))
	}
	r.deliveries.noteSelection(d, listed)
	return listed, nil
}

// usable returns the jobs of which a check can be created, and those whose check
// runs if it is to be waited for. Jobs whose status is not known are skipped, with a
// line in the log.
func (r *run) usable(listed []check.Job, ask event.Ask) []check.Job {
	var found []check.Job
	var unknown []string
	skipped := 0
	for _, j := range listed {
		switch {
		case j.Failure != nil, j.MayBeChecked(),
			j.Status == check.JobChecking && ask.Wait,
			j.Status == check.JobCheckPass && ask.Start:
			found = append(found, j)
		case j.Checkable == nil && !check.KnownStatus(j.Status):
			if skipped++; len(unknown) < 20 {
				unknown = append(unknown, j.ID+" ("+check.Cut(j.Status, 40)+")")
			}
		}
	}
	if skipped > 0 {
		r.log.write(slog.LevelWarn, "skipped",
			slog.Int("jobs", skipped),
			slog.String("error", "their status is not known: "+strings.Join(unknown, ", ")))
	}
	return found
}
