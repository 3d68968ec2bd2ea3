package dts

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"migratecheck/internal/check"
)

// version2018 are migrations in the API of 2018-03-30.
type version2018 struct{ service }

// check2018 is the answer of DescribeMigrateCheckJob. All of it may be null.
type check2018 struct {
	Status, ErrorMessage, Progress string
	CheckFlag                      *int
	ErrorCode                      int
}

func (v version2018) describeCheck(ctx context.Context, job string) (check.State, check.Receipt, error) {
	return readCheck[check2018](ctx, v.service, job)
}

func (a check2018) state() check.State {
	s := check.State{Status: check.Head(cmp.Or(a.Status, check.Unavailable), maxWord), Message: check.Head(a.ErrorMessage, check.MostText)}
	s.Progress, _ = strconv.Atoi(strings.TrimSuffix(a.Progress, "%"))
	s.Progress = min(max(s.Progress, 0), 100)
	if s.Ended() && a.CheckFlag != nil && (*a.CheckFlag == 0 || *a.CheckFlag == 1) {
		// A check that failed to run has not passed, whatever its flag says.
		passed := *a.CheckFlag == 1 && a.ErrorCode == 0
		s.Passed = &passed
	}
	return s
}

// job2018 is an entry of the list.
type job2018 struct {
	JobId, JobName                   string
	Status                           int
	SrcDatabaseType, DstDatabaseType string
	Tags                             tags
}

func (j job2018) job() (check.Job, tags) {
	status, _ := check.Status2018(j.Status)
	return check.Job{ID: j.JobId, Name: check.Head(j.JobName, maxName), Status: status}, j.Tags
}

func (j job2018) fits(f check.Filter) bool {
	return among(f.SrcDatabaseTypes, j.SrcDatabaseType) && among(f.DstDatabaseTypes, j.DstDatabaseType)
}

func (v version2018) describeJob(ctx context.Context, job string) (check.Job, check.Receipt, error) {
	found, receipt, err := readJobs[job2018](ctx, v.service, jobsRequest{JobId: job}, job)
	if err != nil {
		return check.Job{}, check.Receipt{}, err
	}
	return only(job, found, receipt, "ResourceNotFound.JobNotExist")
}

func (v version2018) list(ctx context.Context, f check.Filter, offset, limit int) (page, error) {
	return readPage[job2018](ctx, v.service, f, byAge(f, offset, limit))
}
