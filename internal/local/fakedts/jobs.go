package fakedts

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"migratecheck/internal/local/spelling"
)

// Job is a job and what its checks are like. Its JSON form is an
// element of a jobs file (see testdata/jobs.json).
type Job struct {
	JobID   string `json:"JobId"`
	JobName string `json:"JobName,omitempty"`

	// Kind is migration, the default, or sync, whose ids begin with sync-.
	Kind string `json:"Kind,omitempty"`

	// Region in which the job exists; empty for every region.
	Region string `json:"Region,omitempty"`

	Tags map[string]string `json:"Tags,omitempty"`

	// The types of the databases; mysql unless given.
	SrcDatabaseType string `json:"SrcDatabaseType,omitempty"`
	DstDatabaseType string `json:"DstDatabaseType,omitempty"`

	// RunMode is immediate, the default, or timed.
	RunMode string `json:"RunMode,omitempty"`

	// CreateTime of the job, in Beijing time as the API has it: 2006-01-02
	// 15:04:05. Unless given, the jobs are a day old, each a second younger than
	// the one before it.
	CreateTime string `json:"CreateTime,omitempty"`

	// Status that the job is in until a call changes it; created unless given.
	Status string `json:"Status,omitempty"`

	// Before is the check before the first that is created; in a status that a job
	// has only after one, there is one anyway.
	Before *Verdict `json:"Before,omitempty"`

	// Unconfigured is set if the job was created and never configured: it does not
	// allow a check.
	Unconfigured bool `json:"Unconfigured,omitempty"`

	// Nulls is set if what there is not to say of a job that has had no check is null.
	Nulls bool `json:"Nulls,omitempty"`

	// CheckSeconds is how long a check takes; one second if 0.
	CheckSeconds float64 `json:"CheckSeconds,omitempty"`

	// BreaksDown is set if every check that is created ends as failed without a
	// verdict, and leaves the job as one that has had none.
	BreaksDown bool `json:"BreaksDown,omitempty"`

	// NotPassed is the verdict of every check that is created, Message what is
	// said with it ("ok" unless given).
	NotPassed bool   `json:"NotPassed,omitempty"`
	Message   string `json:"Message,omitempty"`

	// Steps of a check, as DescribeMigrationCheckJob gives them; three that
	// pass, or the last of which fails, unless given.
	Steps []Step `json:"Steps,omitempty"`

	// InMigration is short for the Status running.
	InMigration bool `json:"InMigration,omitempty"`

	// MigrateSeconds is how long a job that was started stays in each status
	// until it is at success; a minute if 0.
	MigrateSeconds float64 `json:"MigrateSeconds,omitempty"`

	// ErrorCode is what every call for the job is answered with, if given.
	ErrorCode    string `json:"ErrorCode,omitempty"`
	ErrorMessage string `json:"ErrorMessage,omitempty"`
}

// Instant is the CheckSeconds of a check that is over when the next call comes,
// for tests that create one check after the other.
const Instant = 1e-9

// Verdict is what a check ends with, as in Job.
type Verdict struct {
	NotPassed bool   `json:"NotPassed,omitempty"`
	Message   string `json:"Message,omitempty"`
	Steps     []Step `json:"Steps,omitempty"`
}

// Step is a step of a check when the check is over, in the API's own form.
type Step struct {
	StepID           string       `json:"StepId"`
	StepName         string       `json:"StepName"`
	StepStatus       string       `json:"StepStatus"`
	StepMessage      string       `json:"StepMessage"`
	HasSkipped       bool         `json:"HasSkipped,omitempty"`
	DetailCheckItems []DetailItem `json:"DetailCheckItems,omitempty"`
}

// DetailItem is one thing that a step looks at.
type DetailItem struct {
	CheckItemName string   `json:"CheckItemName"`
	Description   string   `json:"Description,omitempty"`
	CheckResult   string   `json:"CheckResult"`
	FailureReason string   `json:"FailureReason,omitempty"`
	Solution      string   `json:"Solution,omitempty"`
	ErrorLog      []string `json:"ErrorLog,omitempty"`
	HelpDoc       []string `json:"HelpDoc,omitempty"`
	SkipInfo      string   `json:"SkipInfo,omitempty"`
}

// maxSeconds is the longest time of a jobs file: a year, so that no typing error
// overflows a time.Duration.
const maxSeconds = 365 * 24 * 60 * 60

// wrong returns a member of a job and what is wrong with it, if anything.
func (j Job) wrong() (member, problem string) {
	if j.Kind != "" && j.Kind != migration && j.Kind != syncJob {
		return "Kind", fmt.Sprintf("must be %s or %s", migration, syncJob)
	}
	if strings.HasPrefix(j.JobID, "sync-") != (j.Kind == syncJob) {
		return "JobId", "must begin with sync- if the Kind is sync, and only then"
	}
	if j.Region != "" && !slices.Contains(regions, j.Region) {
		return "Region", fmt.Sprintf("DTS is not offered in %q%s", j.Region, spelling.Hint(j.Region, regions))
	}
	if j.CheckSeconds < 0 || j.CheckSeconds > maxSeconds {
		return "CheckSeconds", fmt.Sprintf("must be from 0 to %d", maxSeconds)
	}
	if j.MigrateSeconds < 0 || j.MigrateSeconds > maxSeconds {
		return "MigrateSeconds", fmt.Sprintf("must be from 0 to %d", maxSeconds)
	}
	if j.CreateTime != "" {
		if _, err := time.ParseInLocation(time.DateTime, j.CreateTime, beijing); err != nil {
			return "CreateTime", "must be of the form 2006-01-02 15:04:05"
		}
	}
	if j.RunMode != "" && j.RunMode != immediate && j.RunMode != timed {
		return "RunMode", fmt.Sprintf("must be %s or %s", immediate, timed)
	}
	if s, ok := statuses[j.status()]; !ok || j.Kind == syncJob && s.sync == "" {
		return "Status", fmt.Sprintf("there is no status %q%s", j.Status, spelling.Hint(j.Status, slices.Sorted(maps.Keys(statuses))))
	}
	if j.InMigration && j.Status != "" && j.Status != running {
		return "InMigration", fmt.Sprintf("does not go with the status %s", j.Status)
	}
	if j.Unconfigured && j.status() != created {
		return "Unconfigured", fmt.Sprintf("does not go with the status %s", j.status())
	}
	if b := j.Before; b != nil && (statuses[j.status()].checked && b.NotPassed || j.status() == checkNotPass && !b.NotPassed) {
		return "Before", fmt.Sprintf("is not what leads to the status %s", j.status())
	}
	for _, steps := range [][]Step{j.Steps, j.before().Steps} {
		for _, step := range steps {
			if !slices.Contains(stepStatuses, step.StepStatus) {
				return "Steps", fmt.Sprintf("%q: there is no StepStatus %q%s", step.StepID, step.StepStatus, spelling.Hint(step.StepStatus, stepStatuses))
			}
			for _, item := range step.DetailCheckItems {
				if results := stepStatuses[:3]; !slices.Contains(results, item.CheckResult) {
					return "Steps", fmt.Sprintf("%q: there is no CheckResult %q%s", step.StepID, item.CheckResult, spelling.Hint(item.CheckResult, results))
				}
			}
		}
	}
	return "", ""
}

// stepStatuses are the words of a step; its items have the first three.
var stepStatuses = []string{"pass", "failed", "warning", "blocked", "notStarted"}

// The kinds of jobs.
const (
	migration = "migration"
	syncJob   = "sync"
)

// The run modes.
const (
	immediate = "immediate"
	timed     = "timed"
)

// status returns the status that the job begins with.
func (j Job) status() string {
	switch {
	case j.InMigration:
		return running
	case j.Status == "":
		return created
	}
	return j.Status
}

// before returns the verdict of the check that the job begins with.
func (j Job) before() Verdict {
	if j.Before != nil {
		return *j.Before
	}
	if j.status() == checkNotPass {
		return Verdict{NotPassed: true, Message: "the last check did not pass"}
	}
	return Verdict{}
}
