package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"migratecheck/handler/event"
	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/local/scf"
	"migratecheck/internal/local/spelling"
)

// review says of a deployment what would not work, or works differently from what
// the file suggests, a line each. What keeps the function from starting is an error.
// With embedded, DTS is the embedded endpoint.
func review(d scf.Deployment, embedded bool, now time.Time) ([]string, error) {
	notes := slices.Clone(d.Notes)
	var bad []error
	for _, name := range slices.Sorted(maps.Keys(d.Variables)) {
		place := "inputs.environment.variables." + name
		if slices.Contains([]string{"https_proxy", "no_proxy"}, name) {
			continue // one that cannot be read is told of below
		}
		if !slices.Contains(config.Variables, name) {
			notes = append(notes, place+": the function does not read this variable"+spelling.Hint(name, config.Variables))
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
	if d.Variables[config.Endpoint] != "" && embedded {
		notes = append(notes, "inputs.environment.variables."+config.Endpoint+": the embedded DTS endpoint takes its place; to call another, give -endpoint")
	}
	variables := maps.Clone(d.Variables)
	if variables == nil {
		variables = map[string]string{}
	}
	maps.Copy(variables, ownVariables())
	settings, err := config.Load(func(name string) string { return variables[name] })
	if err != nil {
		settings.AllowStart = true // what is wrong is told already
	}
	for _, t := range d.Timers {
		notes = append(notes, reviewTimer(d, settings, t, now)...)
	}
	return notes, errors.Join(bad...)
}

// quota is how many calls of an action DTS allows in a second.
const quota = 20

// checkTime is what a check takes at least, roughly.
const checkTime = time.Minute

func reviewTimer(d scf.Deployment, settings config.Config, t scf.Timer, now time.Time) []string {
	name := fmt.Sprintf("timer %s: ", t.Name)
	if strings.TrimSpace(t.Argument) == "" {
		return []string{name + "has no argument: its events name no job, and the function refuses them"}
	}
	e, refusal := event.Read(t.Event(now))
	if refusal != nil {
		return []string{fmt.Sprintf("%sthe function refuses its argument: %s: %s", name, refusal.Code, refusal.Message)}
	}
	var notes []string
	for _, warning := range e.Warnings {
		notes = append(notes, name+warning)
	}
	jobs, waits := 0, false
	for _, r := range e.Requests { // a timer's event has one; which jobs a selection finds is not known here
		jobs += len(r.Jobs)
		waits = waits || r.Ask.Wait || r.Ask.Start
		if r.Ask.Start && !settings.AllowStart {
			notes = append(notes, fmt.Sprintf("%sthe function refuses its argument: Start is only for where %s is true", name, config.AllowStart))
		}
		if r.Ask.Strict && settings.APIVersion == config.Version2018 && namesMigrations(r) {
			notes = append(notes, fmt.Sprintf("%sthe function refuses its argument for migrations: Strict needs %s=%s", name, config.APIVersion, config.Version2021))
		}
	}
	if needs, why := neededFor(jobs, waits); d.Timeout < needs {
		notes = append(notes, fmt.Sprintf("%sneeds a timeout of %d s or more (%s); inputs.timeout is %d", name,
			int(needs/time.Second), why, int(d.Timeout/time.Second)))
	}
	return notes
}

// namesMigrations reports whether a request names a migration, or may select one.
func namesMigrations(r event.Request) bool {
	isMigration := func(id string) bool { return check.KindOf(id) == check.Migration }
	return slices.ContainsFunc(r.Jobs, isMigration) ||
		r.Select != nil && (r.Select.Kinds == nil || slices.Contains(r.Select.Kinds, check.Migration))
}

// neededFor is the least time that a batch needs, in whole seconds, and how it
// comes about. The last second is for the last answers.
func neededFor(jobs int, waits bool) (time.Duration, string) {
	needs := time.Duration((jobs+quota-1)/quota+1) * time.Second
	why := fmt.Sprintf("%d jobs at %d calls a second", jobs, quota)
	if jobs == 0 { // a selection
		why = fmt.Sprintf("a second for every %d jobs that it selects", quota)
	}
	if waits {
		needs += checkTime
		why += ", and a minute for the checks, at least"
	}
	return needs, why
}
