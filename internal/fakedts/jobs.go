package fakedts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"migratecheck/internal/cloudapi"
)

// Job is a migration job and what its checks are like. Its JSON form is an
// element of a jobs file (see testdata/jobs.json).
type Job struct {
	JobID string `json:"JobId"`

	// Region in which the job exists; empty for every region.
	Region string `json:"Region,omitempty"`

	// CheckSeconds is how long a check takes.
	CheckSeconds float64 `json:"CheckSeconds,omitempty"`

	// NotPassed is the verdict, and Message what is said with it ("ok" unless
	// given).
	NotPassed bool   `json:"NotPassed,omitempty"`
	Message   string `json:"Message,omitempty"`

	// Steps of a check, as DescribeMigrationCheckJob gives them; three that
	// pass, or the last of which fails, unless given.
	Steps []Step `json:"Steps,omitempty"`

	// InMigration tells that the job migrates: no check can be created.
	InMigration bool `json:"InMigration,omitempty"`

	// ErrorCode is what every call for the job is answered with, if given.
	ErrorCode    string `json:"ErrorCode,omitempty"`
	ErrorMessage string `json:"ErrorMessage,omitempty"`
}

// Step is a step of a check when the check is over, in the API's own form.
type Step struct {
	StepID           string       `json:"StepId"`
	StepName         string       `json:"StepName"`
	StepStatus       string       `json:"StepStatus"`
	StepMessage      string       `json:"StepMessage"`
	DetailCheckItems []DetailItem `json:"DetailCheckItems,omitempty"`
}

// DetailItem is one thing that a step looks at.
type DetailItem struct {
	CheckItemName string   `json:"CheckItemName"`
	CheckResult   string   `json:"CheckResult"`
	FailureReason string   `json:"FailureReason,omitempty"`
	Solution      string   `json:"Solution,omitempty"`
	HelpDoc       []string `json:"HelpDoc,omitempty"`
	ErrorLog      []string `json:"ErrorLog,omitempty"`
}

// DefaultJobs are the jobs of an endpoint that is told of none.
func DefaultJobs() []Job {
	return []Job{
		{JobID: "dts-1kl0iy0v", CheckSeconds: 3},
		{JobID: "dts-dau5czmd", CheckSeconds: 3},
		{JobID: "dts-notpass1", CheckSeconds: 3, NotPassed: true,
			Message: "Source instance permission check failed: the account lacks REPLICATION CLIENT"},
		{JobID: "dts-slowchk1", CheckSeconds: 120},
		{JobID: "dts-migrate1", InMigration: true},
	}
}

// maxCheckSeconds is the longest check of a jobs file: a year, so that no typing
// error overflows a time.Duration.
const maxCheckSeconds = 365 * 24 * 60 * 60

// ParseJobs reads a jobs file: a JSON array of jobs, an empty one included.
func ParseJobs(file []byte) ([]Job, error) {
	decoder := json.NewDecoder(bytes.NewReader(file))
	decoder.DisallowUnknownFields()
	var jobs []Job
	if err := decoder.Decode(&jobs); err != nil {
		return nil, fmt.Errorf("jobs file: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF || jobs == nil {
		return nil, errors.New("jobs file: must be one JSON array")
	}
	seen := make(map[string]bool, len(jobs))
	for i, j := range jobs {
		if j.JobID == "" || seen[j.JobID] {
			return nil, fmt.Errorf("jobs file: [%d].JobId: must be given, and differ from the others", i)
		}
		if j.Region != "" && !slices.Contains(Regions, j.Region) {
			return nil, fmt.Errorf("jobs file: [%d].Region: DTS is not offered in %q", i, j.Region)
		}
		if j.CheckSeconds < 0 || j.CheckSeconds > maxCheckSeconds {
			return nil, fmt.Errorf("jobs file: [%d].CheckSeconds: must be from 0 to %d", i, maxCheckSeconds)
		}
		seen[j.JobID] = true
	}
	return jobs, nil
}

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
func create(_ *Server, j *job, now time.Time) (any, *cloudapi.Error) {
	if j.InMigration {
		return nil, refuse("FailedOperation.NotAllowOperation", "The job is in migration: no check can be created.")
	}
	if state, _ := j.at(now); state == starting || state == running {
		return nil, refuse("InternalError.DuplicateJob", "A check of the migration task is running.")
	}
	j.began = now
	return nil, nil
}

// describe2018 is DescribeMigrateCheckJob.
func describe2018(_ *Server, j *job, now time.Time) (any, *cloudapi.Error) {
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
func describe2021(_ *Server, j *job, now time.Time) (any, *cloudapi.Error) {
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
