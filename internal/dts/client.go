// Package dts calls the actions of Tencent Cloud's Data Transmission Service on
// migration jobs, in both generations of its API, and on sync jobs.
package dts

import (
	"context"
	"fmt"
	"slices"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/tcapi"
)

// Client calls DTS for every invocation of one instance of the function. It is
// safe for concurrent use. The errors of its methods are of type *check.Error.
type Client struct {
	api   *tcapi.Client
	kinds map[check.JobKind]kind
}

// kind is what DTS can do with one kind of job.
type kind interface {
	create(ctx context.Context, job string) (check.Receipt, error)
	describeCheck(ctx context.Context, job string) (check.State, check.Receipt, error)
	describeJob(ctx context.Context, job string) (check.Job, check.Receipt, error)
	start(ctx context.Context, job string) (check.Receipt, error)

	// list reads a page of the list of jobs: as many as the limit from offset on.
	list(ctx context.Context, f check.Filter, offset, limit int) (page, error)
}

// New returns a client that speaks a generation of the API about migrations,
// config.Version2018 or config.Version2021; sync jobs are of the latter only.
// Jobs that bear startTag are Tagged, none if its key is empty.
func New(api *tcapi.Client, version string, startTag check.Tag) *Client {
	with := func(a actions) service { return service{api, startTag, a} }
	c := &Client{api: api, kinds: map[check.JobKind]kind{
		check.Migration: version2018{with(actions2018)},
		check.Sync:      newSync(with(actionsSync)),
	}}
	if version == config.Version2021 {
		c.kinds[check.Migration] = version2021{with(actions2021)}
	}
	return c
}

func (c *Client) of(job string) kind { return c.kinds[check.KindOf(job)] }

// CreateCheck creates the check of a job. A check that was found running after an
// attempt with no answer is not an error but Receipt.AlreadyRunning: DTS runs one
// check of a job at a time, so it is the one that was asked for.
func (c *Client) CreateCheck(ctx context.Context, job string) (check.Receipt, error) {
	return c.of(job).create(ctx, job)
}

// DescribeCheck reads the state of a job's latest check.
func (c *Client) DescribeCheck(ctx context.Context, job string) (check.State, check.Receipt, error) {
	return c.of(job).describeCheck(ctx, job)
}

// DescribeJob reads a job.
func (c *Client) DescribeJob(ctx context.Context, job string) (check.Job, check.Receipt, error) {
	j, receipt, err := c.of(job).describeJob(ctx, job)
	return c.shown(ctx, j), receipt, err
}

// shown returns a job as it may be shown: what DTS says of it is compared first, and
// secrets are taken out of it then.
func (c *Client) shown(ctx context.Context, j check.Job) check.Job {
	j.Name, j.Status = c.api.Redact(ctx, j.Name), c.api.Redact(ctx, j.Status)
	return j
}

// Start starts the migration of a job. It is not repeated after an attempt
// whose fate is not known: the error then has MayBeRunning set, and the job's
// status says more. A sync job is not started.
func (c *Client) Start(ctx context.Context, job string) (check.Receipt, error) {
	return c.of(job).start(ctx, job)
}

// ListJobs lists the jobs that fit a filter, migrations first: all of them or none.
// A job that fits and is there all the time is in the list, once. One whose entry
// is too large to be read is taken to fit, and has a Failure.
func (c *Client) ListJobs(ctx context.Context, f check.Filter) ([]check.Job, error) {
	if len(f.Kinds) == 0 {
		f.Kinds = []check.JobKind{check.Migration}
	}
	all := []check.Job{}
	for _, k := range []check.JobKind{check.Migration, check.Sync} {
		if !slices.Contains(f.Kinds, k) {
			continue
		}
		jobs, err := listAll(ctx, c.kinds[k], f)
		if err != nil {
			return nil, err
		}
		for _, j := range jobs {
			if c.api.Redact(ctx, j.ID) != j.ID {
				return nil, unreadableList(check.Receipt{}, "a JobId that holds a secret")
			}
			all = append(all, c.shown(ctx, j))
		}
	}
	if len(all) > maxJobs {
		return nil, check.Invalid("Select", fmt.Sprintf("finds more than %d jobs: say more of which are meant", maxJobs))
	}
	return all, nil
}

// unreadable returns the error for an answer without what the action promises.
func unreadable(receipt check.Receipt, why string) error {
	return &check.Error{Code: check.CodeNotAPI, Message: why, RequestID: receipt.RequestID, Attempts: receipt.Attempts}
}

// Bounds of what is kept of an answer, in bytes.
const (
	maxWord = 64
	maxName = 512
)
