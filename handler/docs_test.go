package handler

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"migratecheck/internal/check"
)

// written returns the fields of every kind of line that the handler writes.
func written(t *testing.T) map[string]map[string]bool {
	t.Helper()
	no := false
	notPassed := reading{state: check.State{Status: check.Finished, Passed: &no, Message: "no luck", Steps: []check.Step{{ID: "VersionCheck", Status: check.StepFailed}}}}
	dts := &scripted{
		list:     []check.Job{{ID: "dts-1", Name: "orders", Status: check.JobCreated}, {ID: "dts-2", Status: "brandNew"}},
		create:   map[string]error{"dts-lost": unanswered()},
		describe: map[string][]reading{"dts-notpass": {state(check.Running, 1), notPassed}},
		panics:   "create dts-panics",
	}
	o := everything(dts)
	o.HandOn = func(context.Context, check.Result, About) []Undelivered {
		return []Undelivered{{Destination: "webhook", Reason: "refused", Payloads: slices.Values([]json.RawMessage{[]byte("{}")})}}
	}
	i := newInstance(o)
	fields := map[string]map[string]bool{}
	for _, event := range []string{
		`{"Select":{},"Start":true}`, `{"JobIds":["dts-notpass","dts-panics"],"Wait":true}`, `{"JobId":"dts-lost"}`, `{"Records":[{"CMQ":{"msgBody":"?"}}]}`,
	} {
		for _, line := range i.fire(t, "request", event, time.Minute).log {
			kind := line["msg"].(string)
			if fields[kind] == nil {
				fields[kind] = map[string]bool{}
			}
			for field := range line {
				fields[kind][field] = true
			}
		}
	}
	return fields
}

// The operator's page tells each field of each line, no other, and its queries
// ask for fields that are there.
func TestLogIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	var lines map[string]map[string]bool
	synctest.Test(t, func(t *testing.T) { lines = written(t) })
	quoted := regexp.MustCompile("`([^`]+)`")
	documented := map[string]map[string]bool{}
	_, table, _ := strings.Cut(string(page), "| field | in | meaning |")
	table, _, _ = strings.Cut(table, "\n\n")
	for row := range strings.Lines(table) {
		cells := strings.Split(row, "|")
		if len(cells) < 4 {
			continue
		}
		kinds := quoted.FindAllStringSubmatch(cells[2], -1)
		if strings.TrimSpace(cells[2]) == "all" {
			for kind := range lines {
				kinds = append(kinds, []string{"", kind})
			}
		}
		for _, kind := range kinds {
			if documented[kind[1]] == nil {
				documented[kind[1]] = map[string]bool{"time": true, "level": true, "msg": true}
			}
			for _, field := range quoted.FindAllStringSubmatch(cells[1], -1) {
				documented[kind[1]][field[1]] = true
			}
		}
	}
	for kind, fields := range lines {
		if got, want := slices.Sorted(maps.Keys(fields)), slices.Sorted(maps.Keys(documented[kind])); !slices.Equal(got, want) {
			t.Errorf("%s: the lines have %v\nthe page tells %v", kind, got, want)
		}
	}
	queries := regexp.MustCompile("`msg:\"?(job|event|not handed on)\"? ?([^`]*)`").FindAllStringSubmatch(string(page), -1)
	if len(queries) < 10 {
		t.Errorf("%d queries", len(queries))
	}
	for _, q := range queries {
		for _, field := range regexp.MustCompile(`\b([a-z]+[a-zA-Z]*)\b`).FindAllString(regexp.MustCompile(`"[^"]*"|'[^']*'|__\w+__|\b(AS t|date_trunc|count|true)\b`).ReplaceAllString(q[2], ""), -1) {
			if field != "t" && !lines[q[1]][field] {
				t.Errorf("the query %s asks for %s", q[0], field)
			}
		}
	}
}
