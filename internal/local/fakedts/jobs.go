package fakedts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
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

// defaultJobs are the jobs of an endpoint that is told of none.
func defaultJobs() []Job {
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
		if j.Region != "" && !slices.Contains(regions, j.Region) {
			return nil, fmt.Errorf("jobs file: [%d].Region: DTS is not offered in %q", i, j.Region)
		}
		if j.CheckSeconds < 0 || j.CheckSeconds > maxCheckSeconds {
			return nil, fmt.Errorf("jobs file: [%d].CheckSeconds: must be from 0 to %d", i, maxCheckSeconds)
		}
		seen[j.JobID] = true
	}
	return jobs, nil
}
