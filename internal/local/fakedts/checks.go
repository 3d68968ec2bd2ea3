package fakedts

import (
	"strconv"
	"time"

	"migratecheck/internal/local/cloudapi"
)

// job is a job with its latest check.
type job struct {
	Job
	began time.Time // zero without a check
}

// The states of a check, whichever generation describes them.
type state int

const (
	none state = iota
	starting
	running
	finished
)

// at returns the state of the latest check and its progress in percent. The
// first tenth of a check is its start.
func (j *job) at(now time.Time) (state, int) {
	if j.began.IsZero() {
		return none, 0
	}
	takes := time.Duration(j.CheckSeconds * float64(time.Second))
	gone := now.Sub(j.began)
	switch {
	case gone >= takes:
		return finished, 100
	case gone < takes/10:
		return starting, 0
	}
	return running, min(99, int(100*gone/takes))
}

// create is CreateMigrateCheckJob.
func (j *job) create(now time.Time) (any, *cloudapi.Error) {
	if j.InMigration {
		return nil, cloudapi.Refuse("FailedOperation.NotAllowOperation", "The job is in migration: no check can be created.")
	}
	if state, _ := j.at(now); state == starting || state == running {
		return nil, cloudapi.Refuse("InternalError.DuplicateJob", "A check of the migration task is running.")
	}
	j.began = now
	return nil, nil
}

// describe2018 is DescribeMigrateCheckJob.
func (j *job) describe2018(now time.Time) (any, *cloudapi.Error) {
	state, progress := j.at(now)
	answer := map[string]any{
		"Status":       [...]string{"unavailable", "starting", "running", "finished"}[state],
		"Progress":     strconv.Itoa(progress),
		"CheckFlag":    3,
		"ErrorCode":    0,
		"ErrorMessage": "",
	}
	if state == finished {
		answer["CheckFlag"], answer["ErrorMessage"] = 1, j.message()
		if j.NotPassed {
			answer["CheckFlag"], answer["ErrorCode"] = 0, -1
		}
	}
	return answer, nil
}

func (j *job) message() string {
	if j.Message == "" {
		return "ok"
	}
	return j.Message
}

// describe2021 is DescribeMigrationCheckJob.
func (j *job) describe2021(now time.Time) (any, *cloudapi.Error) {
	state, progress := j.at(now)
	answer := map[string]any{
		"Status":    [...]string{"notStarted", "notStarted", "running", "success"}[state],
		"BriefMsg":  "",
		"CheckFlag": nil,
		"StepInfo":  j.steps(state, progress),
	}
	if state == finished {
		answer["BriefMsg"], answer["CheckFlag"] = j.message(), "checkPass"
		if j.NotPassed {
			answer["Status"], answer["CheckFlag"] = "failed", "checkNotPass"
		}
	}
	return answer, nil
}

// steps returns the steps of the check: of those of a running one, as many as
// its progress says are over.
func (j *job) steps(state state, progress int) []map[string]any {
	steps := j.Steps
	if steps == nil {
		steps = defaultSteps(j.NotPassed, j.message())
	}
	out := make([]map[string]any, len(steps))
	over := len(steps) * progress / 100
	for i, step := range steps {
		if state == none || i >= over {
			step.StepStatus, step.StepMessage, step.DetailCheckItems = "notStarted", "", nil
		}
		out[i] = map[string]any{
			"StepNo": i + 1, "StepId": step.StepID, "StepName": step.StepName,
			"StepStatus": step.StepStatus, "StepMessage": step.StepMessage,
			"DetailCheckItems": step.DetailCheckItems,
		}
	}
	return out
}

func defaultSteps(notPassed bool, message string) []Step {
	steps := []Step{
		{StepID: "ConnectDBCheck", StepName: "Connection check", StepStatus: "pass"},
		{StepID: "VersionCheck", StepName: "Version check", StepStatus: "pass"},
		{StepID: "SrcPrivilegeCheck", StepName: "Source instance permission check", StepStatus: "pass"},
	}
	if notPassed {
		last := &steps[2]
		last.StepStatus, last.StepMessage = "failed", message
		last.DetailCheckItems = []DetailItem{{
			CheckItemName: "Global privileges",
			CheckResult:   "failed",
			FailureReason: message,
			Solution:      "Grant the missing privilege to the migration account and create the check again.",
			HelpDoc:       []string{"https://www.tencentcloud.com/document/product/571"},
		}}
	}
	return steps
}
