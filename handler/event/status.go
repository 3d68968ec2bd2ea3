package event

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"migratecheck/internal/check"
)

// checkable are the statuses in which a check can be created, awaiting those in
// which a job has no passed check.
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
	number, _ := strconv.Atoi(word)
	if named, ok := check.Status2018(number); ok && strconv.Itoa(number) == word {
		return named, ""
	}
	if !slices.Contains(check.Statuses, word) {
		return "", "must be a status of a job (" + strings.Join(check.Statuses, ", ") + "), not " + show(text)
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
		if !check.AllowsCheck(status) {
			return nil, check.Invalid(join(place, "Status"), "is "+status+", which allows no check: only "+strings.Join(checkable, ", ")+" do")
		}
	}
	return asked, nil
}
