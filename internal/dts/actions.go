package dts

import (
	"context"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/tcapi"
)

// actions are those of DTS on one kind of job, in one generation of the API.
type actions struct {
	create, start tcapi.Action // change a job; start is none where jobs are not started
	check         tcapi.Action // reads the latest check of a job
	job, list     tcapi.Action // read what a job is, and all jobs
}

var (
	actions2018 = actions{
		create: creates(config.Version2018, "CreateMigrateCheckJob"),
		start:  starts(config.Version2018, "StartMigrateJob"),
		check:  reads(config.Version2018, "DescribeMigrateCheckJob"),
		job:    lists(config.Version2018, "DescribeMigrateJobs"),
		list:   lists(config.Version2018, "DescribeMigrateJobs"),
	}
	actions2021 = actions{
		create: creates(config.Version2021, "CreateMigrateCheckJob"),
		start:  starts(config.Version2021, "StartMigrateJob"),
		check:  reads(config.Version2021, "DescribeMigrationCheckJob"),
		job:    lists(config.Version2021, "DescribeMigrationDetail"), // as large as an entry of the list
		list:   lists(config.Version2021, "DescribeMigrationJobs"),
	}
	actionsSync = actions{
		create: starts(config.Version2021, "CreateCheckSyncJob"), // no code says that a check runs
		check:  reads(config.Version2021, "DescribeCheckSyncJobResult"),
		job:    lists(config.Version2021, "DescribeSyncJobs"),
		list:   lists(config.Version2021, "DescribeSyncJobs"),
	}
)

func reads(version, name string) tcapi.Action {
	return tcapi.Action{Service: "dts", Version: version, Name: name}
}

// lists returns an action whose answers hold the databases and tables of jobs.
func lists(version, name string) tcapi.Action {
	a := reads(version, name)
	a.MaxAnswer = maxEntry + 64<<10
	return a
}

// maxEntry is how large what DTS says of one job may be, in bytes.
const maxEntry = 4 << 20

// creates returns an action that is repeated after an attempt of unknown fate: a
// code says whether that was carried out.
func creates(version, name string) tcapi.Action {
	a := reads(version, name)
	a.Changes, a.Done = true, "InternalError.DuplicateJob"
	return a
}

// starts returns an action that is not repeated after an attempt of unknown fate.
func starts(version, name string) tcapi.Action {
	a := reads(version, name)
	a.Changes, a.Once = true, true
	return a
}

// jobRequest is the request of every action on one job.
type jobRequest struct{ JobId string }

// service is what all kinds of jobs are called through.
type service struct {
	api      *tcapi.Client
	startTag check.Tag
	actions
}

// do calls an action of which an answer that is too large is of no use.
func (s service) do(ctx context.Context, a tcapi.Action, request, response any) (check.Receipt, error) {
	receipt, err := s.api.Do(ctx, a, request, response)
	if failure, ok := err.(*check.Error); ok {
		failure.Body = nil
	}
	return receipt, err
}

// readCheck reads a check in the form that a kind of job, or a generation, has.
func readCheck[T interface{ state() check.State }](ctx context.Context, s service, job string) (check.State, check.Receipt, error) {
	var answer T
	receipt, err := s.do(ctx, s.actions.check, jobRequest{job}, &answer)
	if err != nil {
		return check.State{}, check.Receipt{}, err
	}
	return answer.state(), receipt, nil
}

// create creates the check of a job.
func (s service) create(ctx context.Context, job string) (check.Receipt, error) {
	return s.do(ctx, s.actions.create, jobRequest{job}, nil)
}

// start starts a job, of a kind that is started.
func (s service) start(ctx context.Context, job string) (check.Receipt, error) {
	if s.actions.start.Name == "" {
		return check.Receipt{}, check.Invalid("Start", "jobs of this kind are not started")
	}
	return s.do(ctx, s.actions.start, jobRequest{job}, nil)
}
