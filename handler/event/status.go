package event

import (
	"encoding/json"
	"slices"
	"strings"

	"migratecheck/internal/check"
)

// statuses are the words for a job's status that DTS documents, version
// 2021-12-06: those that it filters by, and those that only its answers have.
var statuses = []string{
	check.JobCreated, check.JobChecking, check.JobCheckPass, check.JobCheckNotPass, check.JobReadyRun, check.JobRunning,
	check.JobReadyComplete, check.JobSuccess, check.JobFailed, check.JobStopping, check.JobCompleting, check.JobUnknown,
	"creating", "pausing", "manualPaused", "resumableErr", "resuming", "error", "canceled",
}

// numbers are the statuses of version 2018-03-30.
var numbers = map[string]string{
	"1":  check.JobCreated,
	"3":  check.JobChecking,
	"4":  check.JobCheckPass,
	"5":  check.JobCheckNotPass,
	"7":  check.JobRunning,
	"8":  check.JobReadyComplete,
	"9":  check.JobSuccess,
	"10": check.JobFailed,
	"11": check.JobStopping,
	"12": check.JobCompleting,
	"23": check.JobUnknown,
}

// checkable are the statuses that allow a check, awaiting those of jobs that
// have no passed one.
var (
	checkable = []string{check.JobCreated, check.JobCheckNotPass, check.JobCheckPass}
	awaiting  = checkable[:2]
)

// parseStatus reads a word, or a number of version 2018-03-30.
func parseStatus(raw json.RawMessage) (status, problem string) {
	text, ok := parseText(raw)
	if !ok {
		text = raw
	}
	word := string(trim(text))
	if named, ok := numbers[word]; ok {
		return named, ""
	}
	if !slices.Contains(statuses, word) {
		return "", "must be a status of a job (" + strings.Join(statuses, ", ") + "), not " + show(text)
	}
	return word, ""
}

// statusesToCheck returns the statuses of the jobs that checks are to be created
// for: those asked for, or those that await one.
func statusesToCheck(place string, asked []string) ([]string, *check.Error) {
	if asked == nil {
		return slices.Clone(awaiting), nil
	}
	for _, status := range asked {
		if !slices.Contains(checkable, status) {
			return nil, check.Invalid(join(place, "Status"), "is "+status+", which allows no check: only "+strings.Join(checkable, ", ")+" do")
		}
	}
	return asked, nil
}
