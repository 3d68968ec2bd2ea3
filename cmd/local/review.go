package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"migratecheck/internal/config"
	"migratecheck/internal/local/scf"
)

// asked is what a timer's event asks of the function.
type asked struct {
	jobs  int  // how many it names
	waits bool // for their verdicts
}

// readAsked reads an event as the function does; the error is its refusal. nil
// if nothing is to be known of events here.
var readAsked func(event []byte) (asked, error)

// review says of a deployment what would not work, or works otherwise than it
// looks, a line each. What keeps the function from starting is an error.
func review(d scf.Deployment, now time.Time) ([]string, error) {
	notes := slices.Clone(d.Notes)
	var bad []error
	for _, name := range slices.Sorted(maps.Keys(d.Variables)) {
		place := "inputs.environment.variables." + name
		if !slices.Contains(config.Variables, name) {
			notes = append(notes, place+": the function does not read this variable"+hint(name, config.Variables))
			continue
		}
		only := func(n string) string {
			if n == name {
				return d.Variables[n]
			}
			return ""
		}
		if _, err := config.Load(only); err != nil && name != config.ResultWebhookSecret {
			bad = append(bad, fmt.Errorf("inputs.environment.variables: %w", err))
		}
	}
	if _, err := config.Load(func(name string) string { return d.Variables[name] }); err != nil && len(bad) == 0 {
		bad = append(bad, fmt.Errorf("inputs.environment.variables: %w", err))
	}
	for _, t := range d.Timers {
		notes = append(notes, reviewTimer(d, t, now)...)
	}
	return notes, errors.Join(bad...)
}

// quota is how many calls of an action DTS allows in a second.
const quota = 20

// checkTime is what a check takes at least, roughly.
const checkTime = time.Minute

func reviewTimer(d scf.Deployment, t scf.Timer, now time.Time) []string {
	name := fmt.Sprintf("timer %s: ", t.Name)
	if strings.TrimSpace(t.Argument) == "" {
		return []string{name + "has no argument: its events name no job, and the function refuses them"}
	}
	if readAsked == nil {
		return nil
	}
	a, err := readAsked(t.Event(now))
	if err != nil {
		return []string{name + "the function refuses its argument: " + err.Error()}
	}
	needs, why := neededFor(a)
	if d.Timeout >= needs {
		return nil
	}
	return []string{fmt.Sprintf("%sneeds a timeout of %d s or more (%s); inputs.timeout is %d", name,
		int(needs/time.Second), why, int(d.Timeout/time.Second))}
}

// neededFor is the least time that a batch needs, to the next second, and how it
// comes about. A second is for the last answers.
func neededFor(a asked) (time.Duration, string) {
	needs := time.Duration((a.jobs+quota-1)/quota+1) * time.Second
	why := fmt.Sprintf("%d jobs at %d calls a second", a.jobs, quota)
	if a.waits {
		needs += checkTime
		why += ", and the checks themselves"
	}
	return needs, why
}
