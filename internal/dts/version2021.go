package dts

import (
	"cmp"
	"context"
	"slices"
	"time"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/tcapi"
)

// version2021 is the API of 2021-12-06.
type version2021 struct{ api *tcapi.Client }

func (version2021) action(name string) tcapi.Action {
	return tcapi.Action{Service: "dts", Version: config.Version2021, Name: name}
}

// check2021 is the answer of DescribeMigrationCheckJob.
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

func (v version2021) DescribeCheck(ctx context.Context, job string) (check.State, check.Receipt, error) {
	var answer check2021
	receipt, err := v.api.Do(ctx, v.action("DescribeMigrationCheckJob"), jobRequest{job}, &answer)
	if err != nil {
		return check.State{}, check.Receipt{}, err
	}
	if answer.Status == "" {
		return check.State{}, check.Receipt{}, unreadable(receipt, noStatus)
	}
	return answer.state(), receipt, nil
}

func (a *check2021) state() check.State {
	s := check.State{Status: check.Head(a.Status, maxWord), Message: check.Head(a.BriefMsg, check.MostText)}
	switch s.Status {
	case "notStarted":
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

// Bounds of what is kept of a check. DTS's own checks have some fifteen steps.
const (
	maxSteps   = 200
	maxDetails = 200       // items, of all steps
	maxLines   = 20        // log texts or links, of an item
	maxTexts   = 128 << 10 // bytes of text, of all steps
)

// texts keeps texts as long as there is room for them.
type texts struct{ room int }

func (t *texts) keep(text string) string {
	text = check.Head(text, min(check.MostText, t.room))
	t.room -= len(text)
	return text
}

// keepAll keeps those that are not empty.
func (t *texts) keepAll(all []string) []string {
	var out []string
	for _, text := range all {
		if len(out) == maxLines {
			break
		}
		if text = t.keep(text); text != "" {
			out = append(out, text)
		}
	}
	return out
}

// steps returns the steps of a check. If there are too many of them, those that
// passed are left out first, then those that have not begun.
func steps(all []step2021) []check.Step {
	if len(all) > maxSteps {
		rank := func(a step2021) int {
			switch {
			case a.StepStatus == check.StepNotStarted:
				return 1
			case a.StepStatus == check.StepPass && !a.HasSkipped:
				return 2
			}
			return 0
		}
		slices.SortStableFunc(all, func(a, b step2021) int { return rank(a) - rank(b) })
		all = all[:maxSteps]
	}
	kept := texts{maxTexts}
	details := 0
	var out []check.Step
	for _, a := range all {
		s := check.Step{
			ID:      check.Head(a.StepId, maxWord),
			Name:    check.Head(cmp.Or(a.StepName, a.StepId), maxName),
			Status:  check.Head(a.StepStatus, maxWord),
			Skipped: a.HasSkipped,
			Message: kept.keep(a.StepMessage),
		}
		if s.Name == "" && s.Status == "" && !s.Skipped && len(a.DetailCheckItems) == 0 { // null
			continue
		}
		if s.Skipped && s.Status == check.StepFailed {
			s.Status = check.StepSkipped
		}
		for _, b := range a.DetailCheckItems {
			null := b.CheckItemName == "" && b.CheckResult == ""
			if null || b.CheckResult == check.StepPass || details == maxDetails {
				continue
			}
			details++
			i := check.Item{
				Name:        check.Head(b.CheckItemName, maxName),
				Result:      check.Head(b.CheckResult, maxWord),
				Reason:      kept.keep(b.FailureReason),
				Solution:    kept.keep(b.Solution),
				Log:         kept.keepAll(b.ErrorLog),
				Description: kept.keep(b.Description),
				SkipRisk:    kept.keep(b.SkipInfo),
				HelpDoc:     kept.keepAll(b.HelpDoc),
			}
			if s.Skipped && i.Result == check.StepFailed {
				i.Result = check.StepSkipped
			}
			s.Failed = append(s.Failed, i)
		}
		out = append(out, s)
	}
	return out
}

// jobs2021 is the request of DescribeMigrationJobs.
type jobs2021 struct {
	JobName         string      `json:",omitempty"`
	Status          []string    `json:",omitempty"`
	SrcDatabaseType []string    `json:",omitempty"`
	DstDatabaseType []string    `json:",omitempty"`
	TagFilters      []tagFilter `json:",omitempty"`
	OrderSeq        string
	Limit           int
	Offset          int
}

// list2021 is the answer.
type list2021 struct {
	TotalCount *int
	JobList    []job2021
}

// job2021 is an entry of the list, and the part of a job's details that is the
// same. Nothing else of it is decoded: it has connection data.
type job2021 struct {
	JobId, JobName, Status string
	Action                 *struct{ AllowedAction []string }
	Tags                   tags
}

func (j job2021) job() check.Job {
	out := check.Job{ID: j.JobId, Name: check.Head(j.JobName, maxName), Status: word2021(j.Status)}
	if j.Action == nil || j.Action.AllowedAction == nil {
		return out
	}
	out.Actions = []string{}
	for _, action := range []string{"check", "start"} {
		if slices.Contains(j.Action.AllowedAction, action) {
			out.Actions = append(out.Actions, action)
		}
	}
	return out
}

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
	job2021
	CheckStepInfo *struct{ EndAt string }
}

func (v version2021) DescribeJob(ctx context.Context, job string) (check.Job, check.Receipt, error) {
	var answer detail2021
	receipt, err := v.api.Do(ctx, v.action("DescribeMigrationDetail"), jobRequest{job}, &answer)
	if err != nil {
		return check.Job{}, check.Receipt{}, err
	}
	if answer.JobId != job {
		return check.Job{}, check.Receipt{}, unreadable(receipt, "the job that is described is another one")
	}
	out := answer.job()
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

func (v version2021) list(ctx context.Context, f check.Filter, offset int) (page, error) {
	request := jobs2021{
		JobName: onlyName(f), Status: f.Status, SrcDatabaseType: f.SrcDatabaseTypes, DstDatabaseType: f.DstDatabaseTypes,
		TagFilters: tagFilters(f), OrderSeq: "asc", Limit: maxPage, Offset: offset,
	}
	var answer list2021
	receipt, err := v.api.Do(ctx, v.action("DescribeMigrationJobs"), request, &answer)
	if err != nil {
		return page{}, err
	}
	return newPage(receipt, offset, answer.TotalCount, answer.JobList, func(j job2021) (check.Job, bool) { return j.job(), j.Tags.fit(f) })
}
