package dts

import (
	"context"
	"strconv"
	"strings"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/tcapi"
)

// version2018 is the API of 2018-03-30.
type version2018 struct{ api *tcapi.Client }

func (version2018) action(name string) tcapi.Action {
	return tcapi.Action{Service: "dts", Version: config.Version2018, Name: name}
}

// check2018 is the answer of DescribeMigrateCheckJob.
type check2018 struct {
	Status, ErrorMessage, Progress string
	CheckFlag                      *int
	ErrorCode                      int
}

func (v version2018) DescribeCheck(ctx context.Context, job string) (check.State, check.Receipt, error) {
	var answer check2018
	receipt, err := v.api.Do(ctx, v.action("DescribeMigrateCheckJob"), jobRequest{job}, &answer)
	if err != nil {
		return check.State{}, check.Receipt{}, err
	}
	if answer.Status == "" {
		return check.State{}, check.Receipt{}, unreadable(receipt, noStatus)
	}
	return answer.state(), receipt, nil
}

func (a check2018) state() check.State {
	s := check.State{Status: check.Head(a.Status, maxWord), Message: check.Head(a.ErrorMessage, check.MostText)}
	s.Progress, _ = strconv.Atoi(strings.TrimSuffix(a.Progress, "%"))
	s.Progress = min(max(s.Progress, 0), 100)
	if s.Ended() && a.CheckFlag != nil && (*a.CheckFlag == 0 || *a.CheckFlag == 1) {
		// A check that failed to run has not passed, whatever its flag says.
		passed := *a.CheckFlag == 1 && a.ErrorCode == 0
		s.Passed = &passed
	}
	return s
}

// jobs2018 is the request of DescribeMigrateJobs.
type jobs2018 struct {
	JobId      string      `json:",omitempty"`
	JobName    string      `json:",omitempty"`
	TagFilters []tagFilter `json:",omitempty"`
	Order      string      `json:",omitempty"`
	OrderSeq   string      `json:",omitempty"`
	Limit      int         `json:",omitempty"`
	Offset     int         `json:",omitempty"`
}

// list2018 is the answer.
type list2018 struct {
	TotalCount *int
	JobList    []job2018
}

// job2018 is an entry of the list. Nothing else of it is decoded: it has
// connection data.
type job2018 struct {
	JobId, JobName                   string
	Status                           int
	SrcDatabaseType, DstDatabaseType string
	Tags                             tags
}

func (j job2018) job() check.Job {
	status, _ := check.Status2018(j.Status)
	return check.Job{ID: j.JobId, Name: check.Head(j.JobName, maxName), Status: status}
}

func (v version2018) DescribeJob(ctx context.Context, job string) (check.Job, check.Receipt, error) {
	var answer list2018
	receipt, err := v.api.Do(ctx, v.action("DescribeMigrateJobs"), jobs2018{JobId: job}, &answer)
	if err != nil {
		return check.Job{}, check.Receipt{}, err
	}
	var found []check.Job
	for _, entry := range answer.JobList {
		if entry.JobId == job {
			found = append(found, entry.job())
		}
	}
	switch len(found) {
	case 0:
		return check.Job{}, check.Receipt{}, &check.Error{
			Code: "ResourceNotFound.JobNotExist", Message: "DTS lists no job of this JobId in the region",
			RequestID: receipt.RequestID, Attempts: receipt.Attempts,
		}
	case 1:
		return found[0], receipt, nil
	}
	return check.Job{}, check.Receipt{}, unreadable(receipt, "the job is listed more than once")
}

func (v version2018) list(ctx context.Context, f check.Filter, offset int) (page, error) {
	request := jobs2018{JobName: onlyName(f), TagFilters: tagFilters(f), Order: "CreateTime", OrderSeq: "ASC", Limit: maxPage, Offset: offset}
	var answer list2018
	receipt, err := v.api.Do(ctx, v.action("DescribeMigrateJobs"), request, &answer)
	if err != nil {
		return page{}, err
	}
	return newPage(receipt, offset, answer.TotalCount, answer.JobList, func(j job2018) (check.Job, bool) {
		return j.job(), among(f.SrcDatabaseTypes, j.SrcDatabaseType) && among(f.DstDatabaseTypes, j.DstDatabaseType) && j.Tags.fit(f)
	})
}
