package dts

import (
	"strconv"
	"strings"

	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	v2018 "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/dts/v20180330"
	v2021 "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/dts/v20211206"

	"migratecheck/internal/check"
)

// value is *p, or the zero value where the API gave none.
func value[T any](p *T) T {
	if p == nil {
		return *new(T)
	}
	return *p
}

// version2018 is the API of 2018-03-30.
type version2018 struct{}

func (version2018) create(job string) (tchttp.Request, tchttp.Response, func() string) {
	request, response := v2018.NewCreateMigrateCheckJobRequest(), v2018.NewCreateMigrateCheckJobResponse()
	request.JobId = &job
	return request, response, func() string {
		if response.Response == nil {
			return ""
		}
		return value(response.Response.RequestId)
	}
}

func (version2018) describe(job string) (tchttp.Request, tchttp.Response, func() (check.State, string)) {
	request, response := v2018.NewDescribeMigrateCheckJobRequest(), v2018.NewDescribeMigrateCheckJobResponse()
	request.JobId = &job
	return request, response, func() (check.State, string) {
		if response.Response == nil {
			return check.State{}, ""
		}
		return state2018(response.Response), value(response.Response.RequestId)
	}
}

func state2018(r *v2018.DescribeMigrateCheckJobResponseParams) check.State {
	s := check.State{Status: value(r.Status), Message: value(r.ErrorMessage)}
	s.Progress, _ = strconv.Atoi(strings.TrimSuffix(value(r.Progress), "%"))
	s.Progress = min(max(s.Progress, 0), 100)
	if s.Ended() && r.CheckFlag != nil && (*r.CheckFlag == 0 || *r.CheckFlag == 1) {
		passed := *r.CheckFlag == 1
		s.Passed = &passed
	}
	return s
}

// version2021 is the API of 2021-12-06.
type version2021 struct{}

func (version2021) create(job string) (tchttp.Request, tchttp.Response, func() string) {
	request, response := v2021.NewCreateMigrateCheckJobRequest(), v2021.NewCreateMigrateCheckJobResponse()
	request.JobId = &job
	return request, response, func() string {
		if response.Response == nil {
			return ""
		}
		return value(response.Response.RequestId)
	}
}

func (version2021) describe(job string) (tchttp.Request, tchttp.Response, func() (check.State, string)) {
	request, response := v2021.NewDescribeMigrationCheckJobRequest(), v2021.NewDescribeMigrationCheckJobResponse()
	request.JobId = &job
	return request, response, func() (check.State, string) {
		if response.Response == nil {
			return check.State{}, ""
		}
		return state2021(response.Response), value(response.Response.RequestId)
	}
}

func state2021(r *v2021.DescribeMigrationCheckJobResponseParams) check.State {
	s := check.State{Status: value(r.Status), Message: value(r.BriefMsg)}
	switch s.Status {
	case "notStarted":
		s.Status = check.Starting
	case "success", "failed":
		// A check that failed to run has not passed, whatever its flag says.
		passed := s.Status == "success" && value(r.CheckFlag) == "checkPass"
		if passed || s.Status == "failed" || value(r.CheckFlag) == "checkNotPass" {
			s.Passed = &passed
		}
		s.Status = check.Finished
	}
	done := 0
	for _, step := range r.StepInfo {
		if step == nil {
			continue
		}
		if status := value(step.StepStatus); status == "pass" || status == "warning" || status == "failed" {
			done++
		}
		s.Steps = append(s.Steps, stepOf(step))
	}
	// This generation tells no progress: the share of the steps that are over.
	if s.Ended() {
		s.Progress = 100
	} else if len(s.Steps) > 0 {
		s.Progress = 100 * done / len(s.Steps)
	}
	return s
}

func stepOf(step *v2021.CheckStep) check.Step {
	out := check.Step{Name: value(step.StepName), Status: value(step.StepStatus), Message: value(step.StepMessage)}
	if out.Name == "" {
		out.Name = value(step.StepId)
	}
	for _, item := range step.DetailCheckItems {
		if item == nil || value(item.CheckResult) == "pass" {
			continue
		}
		failed := check.Item{
			Name:     value(item.CheckItemName),
			Result:   value(item.CheckResult),
			Reason:   value(item.FailureReason),
			Solution: value(item.Solution),
		}
		for _, link := range item.HelpDoc {
			failed.HelpDoc = append(failed.HelpDoc, value(link))
		}
		out.Failed = append(out.Failed, failed)
	}
	return out
}
