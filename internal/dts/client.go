// Package dts calls the migration actions of Tencent Cloud's Data Transmission
// Service, in both generations of its API.
package dts

import (
	"context"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/tcapi"
)

// Client calls DTS for every invocation of one instance of the function. It is
// safe for concurrent use. The errors of its methods are of type *check.Error.
type Client struct {
	api     *tcapi.Client
	version string
	generation
}

// generation is what the generations of the API do differently.
type generation interface {
	// DescribeCheck reads the state of a job's latest check.
	DescribeCheck(ctx context.Context, job string) (check.State, check.Receipt, error)

	// DescribeJob reads a job.
	DescribeJob(ctx context.Context, job string) (check.Job, check.Receipt, error)

	// list reads one page of the list of jobs.
	list(ctx context.Context, f check.Filter, offset int) (page, error)
}

// New returns a client for a generation of the API, config.Version2018 or
// config.Version2021.
func New(api *tcapi.Client, version string) *Client {
	c := &Client{api: api, version: version, generation: version2018{api}}
	if version == config.Version2021 {
		c.generation = version2021{api}
	}
	return c
}

// jobRequest is the request of every action on one job.
type jobRequest struct{ JobId string }

// CreateCheck creates the check of a job. A check that was found running after
// an attempt with no answer is not an error but Receipt.AlreadyRunning: DTS runs
// one check of a job at a time, so it is the one that was asked for.
func (c *Client) CreateCheck(ctx context.Context, job string) (check.Receipt, error) {
	return c.api.Do(ctx, tcapi.Action{
		Service: "dts", Version: c.version, Name: "CreateMigrateCheckJob",
		Changes: true, Done: "InternalError.DuplicateJob",
	}, jobRequest{job}, nil)
}

// Start starts the migration of a job. It is not repeated after an attempt
// whose fate is not known: the error then has MayBeRunning set, and the job's
// status says more.
func (c *Client) Start(ctx context.Context, job string) (check.Receipt, error) {
	return c.api.Do(ctx, tcapi.Action{
		Service: "dts", Version: c.version, Name: "StartMigrateJob",
		Changes: true, Once: true,
	}, jobRequest{job}, nil)
}

// unreadable returns the error for an answer without what the action promises.
func unreadable(receipt check.Receipt, why string) error {
	return &check.Error{Code: check.CodeNotAPI, Message: why, RequestID: receipt.RequestID, Attempts: receipt.Attempts}
}

// noStatus says why a description of a check cannot be read.
const noStatus = "the check that is described has no status"

// Bounds of what is kept of an answer, in bytes.
const (
	maxWord = 64
	maxName = 512
)
