package dts

import (
	"context"
	"slices"
	"time"

	"migratecheck/internal/check"
)

// version2021 are migrations in the API of 2021-12-06.
type version2021 struct{ service }

// check2021 is the answer of DescribeMigrationCheckJob. All of it may be null.
type check2021 struct {
	Status, BriefMsg, CheckFlag string
	StepInfo                    []step2021
}

type step2021 struct {
	StepId, StepName, StepStatus, StepMessage string
	HasSkipped                                bool
	DetailCheckItems                          []item2021
}

type item2021 struct {
	CheckItemName, Description, CheckResult, FailureReason, Solution string
	ErrorLog, HelpDoc                                                []string
	SkipInfo                                                         string
}

func (v version2021) describeCheck(ctx context.Context, job string) (check.State, check.Receipt, error) {
	return readCheck[check2021](ctx, v.service, job)
}

func (a check2021) state() check.State {
	s := check.State{Status: check.Head(a.Status, maxWord), Message: check.Head(a.BriefMsg, check.MostText)}
	switch s.Status {
	case "notStarted", "":
		s.Status = check.Unavailable
	case "success", "failed":
		// A check that failed to run has not passed, whatever its flag says.
		passed := s.Status == "success" && a.CheckFlag == "checkPass"
		if passed || s.Status == "failed" || a.CheckFlag == "checkNotPass" {
			s.Passed = &passed
		}
		s.Status = check.Finished
	}
	over := 0
	for _, step := range a.StepInfo {
		switch step.StepStatus {
		case check.StepPass, check.StepWarning, check.StepFailed:
			over++
		}
	}
	// This generation does not tell the progress: it is the share of the steps
	// that are over.
	if s.Ended() {
		s.Progress = 100
	} else if len(a.StepInfo) > 0 {
		s.Progress = 100 * over / len(a.StepInfo)
	}
	s.Steps = steps(a.StepInfo)
	return s
}

// job2021 is an entry of the list, and the part of a job's details that is the
// same.
type job2021 struct {
	JobId, JobName, Status string
	Action                 *struct{ AllowedAction bounded[string] }
	Tags                   tags
}

func (j job2021) job() (check.Job, tags) {
	out := check.Job{ID: j.JobId, Name: check.Head(j.JobName, maxName), Status: word2021(j.Status)}
	if j.Action != nil && j.Action.AllowedAction != nil {
		out.Checkable = new(slices.Contains(j.Action.AllowedAction, "check"))
	}
	return out, j.Tags
}

// fits: DTS filters by all that there is.
func (j job2021) fits(check.Filter) bool { return true }

// word2021 returns the word for a job's status: the same, or unknown for what
// cannot be one.
func word2021(status string) string {
	if status == "" || len(status) > maxWord {
		return check.JobUnknown
	}
	return status
}

// detail2021 is the answer of DescribeMigrationDetail.
type detail2021 struct {
	job2021       `redact:"-"`
	CheckStepInfo *struct{ EndAt string }
}

func (v version2021) describeJob(ctx context.Context, job string) (check.Job, check.Receipt, error) {
	var answer detail2021
	receipt, err := v.do(ctx, v.actions.job, jobRequest{job}, &answer)
	if err != nil {
		return check.Job{}, check.Receipt{}, err
	}
	if answer.JobId != job {
		return check.Job{}, check.Receipt{}, unreadable(receipt, "the job that is described is another one")
	}
	out := v.listed(answer, check.Filter{}).Job
	if info := answer.CheckStepInfo; info != nil {
		out.CheckEnded = timeOf(info.EndAt)
	}
	return out, receipt, nil
}

// timeOf reads a time as DTS writes it, in Beijing, or as RFC 3339 has it. It
// returns the zero time where there is none.
func timeOf(text string) time.Time {
	beijing := time.FixedZone("UTC+8", 8*60*60)
	if t, err := time.ParseInLocation(time.DateTime, text, beijing); err == nil {
		return t
	}
	t, _ := time.Parse(time.RFC3339, text)
	return t
}

func (v version2021) list(ctx context.Context, f check.Filter, offset, limit int) (page, error) {
	r := byAge(f, offset, limit)
	r.Order, r.OrderSeq = "", "asc" // as it has no other
	r.Status, r.SrcDatabaseType, r.DstDatabaseType = f.Status, f.SrcDatabaseTypes, f.DstDatabaseTypes
	return readPage[job2021](ctx, v.service, f, r)
}
