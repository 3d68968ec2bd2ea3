package check

import (
	"slices"
	"strings"
	"time"
)

// JobKind is what a job does with the databases.
type JobKind string

// The kinds of jobs.
const (
	Migration JobKind = "migration"
	Sync      JobKind = "sync"
)

// KindOf returns the kind of the job with that id: ids of sync jobs begin with
// sync-, and all others are migrations.
func KindOf(id string) JobKind {
	if strings.HasPrefix(id, "sync-") {
		return Sync
	}
	return Migration
}

// Tag is the key and the value of a tag.
type Tag struct{ Key, Value string }

// Job is a job as DTS lists it. Of what DTS says of a job, which
// includes connection data, nothing else is kept.
type Job struct {
	ID, Name string

	// Status is one of the words below, or a word that DTS has newly invented.
	Status string

	// Checkable is DTS's own word on whether a check of the job can be created in its
	// present state; nil where DTS does not say (version 2018-03-30).
	Checkable *bool

	// Tagged is set if the job was seen to bear the tag by which this deployment may
	// start jobs, TagsUnseen if it fits a filter by tags on DTS's word alone.
	Tagged, TagsUnseen bool

	// Failure is set for an entry of a list that is too large to be read: of the job
	// only the id is known.
	Failure *Error

	// CheckEnded is when the latest check ended; zero where DTS does not say (in
	// lists, and in version 2018-03-30).
	CheckEnded time.Time
}

// The states of a job, in the words of version 2021-12-06.
const (
	JobCreated       = "created"
	JobChecking      = "checking"
	JobCheckPass     = "checkPass"
	JobCheckNotPass  = "checkNotPass"
	JobReadyRun      = "readyRun"
	JobRunning       = "running"
	JobReadyComplete = "readyComplete"
	JobSuccess       = "success"
	JobFailed        = "failed"
	JobStopping      = "stopping"
	JobCompleting    = "completing"
	JobUnknown       = "unknown"
)

// Started reports whether the job has been started, by whomever: it waits for its
// time, migrates, has migrated, or broke off.
func (j Job) Started() bool {
	switch j.Status {
	case "creating", "canceled", JobCreated, JobChecking, JobCheckPass, JobCheckNotPass:
		return false
	}
	return KnownStatus(j.Status)
}

// MayBeChecked reports whether a check of the job can be created: DTS's own word on
// that decides where it gives one, else the job's status.
func (j Job) MayBeChecked() bool {
	if j.Checkable != nil {
		return *j.Checkable
	}
	return AllowsCheck(j.Status)
}

// Filter says which jobs to list. All that is given must fit; an empty filter
// fits every migration.
type Filter struct {
	// Kinds of jobs; migrations if there is none.
	Kinds []JobKind

	// Status holds words of version 2021-12-06.
	Status []string

	// Names are exact.
	Names []string

	// Tags by key; a job fits with any of the values of each key.
	Tags map[string][]string

	// The types of the databases, such as "mysql".
	SrcDatabaseTypes, DstDatabaseTypes []string
}

// AllowsCheck reports whether a check can be created of a job with that status.
func AllowsCheck(status string) bool {
	return status == JobCreated || status == JobCheckPass || status == JobCheckNotPass
}

// Statuses are the words of version 2021-12-06: those that DTS filters by, and
// those that only its answers have.
var Statuses = []string{
	JobCreated, JobChecking, JobCheckPass, JobCheckNotPass, JobReadyRun, JobRunning, JobReadyComplete, JobSuccess, JobFailed,
	JobStopping, JobCompleting, JobUnknown, "creating", "pausing", "paused", "manualPaused", "resumableErr", "resuming", "error", "canceled",
}

// KnownStatus reports whether the status is one of Statuses that says anything.
func KnownStatus(status string) bool {
	return status != JobUnknown && slices.Contains(Statuses, status)
}

// Status2018 returns the word for a status of version 2018-03-30, which has
// numbers, and whether the number is one.
func Status2018(number int) (string, bool) {
	switch number {
	case 1:
		return JobCreated, true
	case 3:
		return JobChecking, true
	case 4:
		return JobCheckPass, true
	case 5:
		return JobCheckNotPass, true
	case 7:
		return JobRunning, true
	case 8:
		return JobReadyComplete, true
	case 9:
		return JobSuccess, true
	case 10:
		return JobFailed, true
	case 11:
		return JobStopping, true
	case 12:
		return JobCompleting, true
	case 23:
		return JobUnknown, true
	}
	return JobUnknown, false
}
