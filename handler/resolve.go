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

// resolve returns the jobs that the event's requests ask for, with the plan for
// each. A request that cannot be carried out is a failure of its own. Requests
// for the same job are merged into one that does all that any of them asks for,
// as strictly as any.
func (r *run) resolve(ctx context.Context, e event.Event) []*job {
	var jobs []*job
	type same struct {
		id       string
		describe bool
	}
	first := map[same]*job{}
	names := 0
	for _, request := range e.Requests {
		found, err := r.find(ctx, request)
		others := 0
		for _, f := range found {
			if first[same{f.ID, request.Ask.Describe}] == nil {
				others++
			}
		}
		switch {
		case err != nil:
		case len(jobs)+others > event.MaxJobs:
			err = event.ErrTooMany
		case names+len(found) > event.MaxNames:
			err = event.ErrTooOften
		}
		if err != nil {
			j := &job{invalid: true}
			short := *err
			short.Message = check.Cut(err.Message, mostTexts/len(e.Requests))
			j.fail(&short)
			if e.Records {
				j.Record = &request.Record
			}
			j.attempts = j.Error.Attempts
			jobs = append(jobs, j)
			continue
		}
		names += len(found)
		for _, f := range found {
			key := same{f.ID, request.Ask.Describe}
			j := first[key]
			if j == nil {
				j = &job{Outcome: check.Outcome{JobID: f.ID, JobName: f.Name}}
				first[key] = j
				jobs = append(jobs, j)
			}
			j.ask = union(j.ask, request.Ask)
			if request.ID != "" {
				j.from = append(j.from, request.ID)
			}
		}
	}
	for _, j := range jobs {
		if !j.invalid {
			j.plan = planOf(j.ask)
		}
	}
	return jobs
}

// union returns what a and b ask for together.
func union(a, b event.Ask) event.Ask {
	return event.Ask{
		Describe: a.Describe || b.Describe,
		Wait:     a.Wait || b.Wait,
		Start:    a.Start || b.Start,
		Strict:   a.Strict || b.Strict,
	}
}

// find returns the jobs that a request names or selects, or why it cannot be
// carried out.
func (r *run) find(ctx context.Context, request event.Request) ([]check.Job, *check.Error) {
	switch {
	case request.Err != nil:
		return nil, request.Err
	case request.Ask.Start && !r.AllowStart:
		return nil, &check.Error{
			Code:    check.CodeStartNotAllowed,
			Message: "Start: this deployment does not allow requests to start migrations",
		}
	case request.Ask.Strict && !r.Steps:
		return nil, check.Invalid("Strict", "is not possible with version 2018-03-30 of the API, which gives no steps")
	case request.Select != nil:
		return r.selected(ctx, request)
	}
	jobs := make([]check.Job, len(request.Jobs))
	for i, id := range request.Jobs {
		jobs[i].ID = id
	}
	return jobs, nil
}

// selected returns the jobs that a request selects: those that an earlier
// delivery found, else what DTS lists now.
func (r *run) selected(ctx context.Context, request event.Request) ([]check.Job, *check.Error) {
	if found, ok := r.memory.selection(request.ID); ok {
		return found, nil
	}
	listed, err := r.DTS.ListJobs(ctx, *request.Select)
	if err != nil {
		failure := *asError(err)
		failure.Message = check.Cut("Select: no job was touched, for the jobs could not be listed: "+failure.Message, check.MostText)
		return nil, &failure
	}
	found := listed
	if !request.Ask.Describe {
		found = r.checkable(listed)
	}
	if len(found) > event.MaxJobs {
		return nil, check.Invalid("Select", fmt.Sprintf("finds more than %d jobs", event.MaxJobs))
	}
	if !request.Ask.Describe {
		r.memory.noteSelection(request.ID, found)
	}
	return found, nil
}

// checkable returns the jobs of which a check can be created: DTS's own word on
// that decides where it gives one, else the job's status. Jobs whose status is
// not known are skipped, with a line in the log.
func (r *run) checkable(listed []check.Job) []check.Job {
	var found []check.Job
	var unknown []string
	skipped := 0
	for _, j := range listed {
		switch {
		case j.Actions != nil && slices.Contains(j.Actions, "check"), j.Actions == nil && check.AllowsCheck(j.Status):
			found = append(found, j)
		case j.Actions == nil && !check.KnownStatus(j.Status):
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
