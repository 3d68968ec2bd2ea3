package handler

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tencentyun/scf-go-lib/functioncontext"

	"migratecheck/internal/check"
	"migratecheck/internal/report"
)

// pages are the operator's, in each language.
var pages = []string{"operations.md", "zh-CN/operations.md"}

func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// everyLine returns lines of every kind, with every field and every outcome
// that the handler writes.
func everyLine(t *testing.T) log {
	t.Helper()
	var lines log
	for _, event := range []string{
		timer(`{"Select":{},"Wait":true}`), timer(`{"Select":{},"Start":true}`), timer(`{"JobIds":["dts-stays","dts-migrates"],"Start":true}`),
		timer("dts-running"), `["dts-again","dts-lost","dts-mute","dts-busy","dts-late","dts-panics"]`, `{"JobIds":["dts-long","dts-unreadable"],"Wait":true}`,
		`{"JobIds":["dts-unavailable","dts-starting","dts-runs","dts-ended"],"Action":"DescribeMigrateCheckJob"}`,
		`{"Records":[{"CMQ":{"msgBody":"?"}}]}`, `{"httpMethod":"OPTIONS","path":"/"}`, `{"httpMethod":"POST","path":"/","body":"{}"}`,
		`{"httpMethod":"GET","path":"/","queryString":{"JobId":"dts-1","Start":"true"}}`,
		`{"JobIds":["dts-notpass"],"Wiat":true}`, `{"JobIds":["dts-warned"],"Wait":true,"Strict":true}`, `{"JobIds":["dts-1","dts-migrates"],"DryRun":true}`,
		timer(`{"Select":{"JobName":"nobody"},"Wait":true}`), timer(`{"JobId":"dts-1","Via":["ap-guangzhou/default/migrate-check"]}`),
	} {
		dts := eventful()
		o := everything(dts)
		if strings.Contains(event, "nobody") {
			o.DTS = &scripted{}
		}
		o.Forward = forwarder(func(context.Context, report.Report, map[string]check.Told) []check.Forwarded {
			return []check.Forwarded{{Destination: "webhook", Reason: "refused", Payloads: slices.Values([]json.RawMessage{[]byte("{}")})}}
		})
		i := newInstance(o)
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
		defer cancel()
		ctx = functioncontext.NewContext(ctx, &functioncontext.FunctionContext{RequestID: "request", FunctionName: "migrate-check"})
		for range 2 { // the second time from memory, where it is remembered
			lines = append(lines, i.fireAs(ctx, t, event).log...)
		}
		if strings.Contains(event, `"Start\":true`) {
			o.StartTag = check.Tag{Key: "night", Value: "yes"}
			lines = append(lines, newInstance(o).fireAs(ctx, t, event).log...)
		}
	}
	return lines
}

// eventful returns a DTS whose jobs show everything that can happen.
func eventful() DTS {
	notPassed := verdict(false, "no luck")
	notPassed.state.Steps = []check.Step{{ID: "VersionCheck", Status: check.StepFailed}}
	running := state(check.Running, 1)
	return insistent{&scripted{
		list: []check.Job{
			{ID: "dts-1", Name: "orders", Status: check.JobCreated}, {ID: "dts-notpass", Name: "billing", Status: check.JobCreated},
			{ID: "dts-slow", Name: "warehouse", Status: check.JobCreated}, {ID: "dts-new", Status: "brandNew"},
			{ID: "dts-done", Name: "archive", Status: check.JobCheckPass},
		},
		create: map[string]error{
			"dts-lost": unanswered(), "dts-mute": &check.Error{Code: check.CodeNoAnswer, Message: "no connection", Attempts: 1},
			"dts-running": refusal("InternalError.DuplicateJob"), "dts-migrates": refusal("FailedOperation.NotAllowOperation"),
			"dts-busy": refusal("RequestLimitExceeded"), "dts-late": &check.Error{Code: check.CodeDeadline, Message: "time was nearly up"},
		},
		before: map[string]reading{
			"dts-unavailable": state(check.Unavailable, 0), "dts-starting": state(check.Starting, 0), "dts-runs": state(check.Running, 50),
			"dts-ended": state(check.Finished, 100), "dts-notpass": verdict(true, "ok"),
		},
		describe: map[string][]reading{
			"dts-notpass": {running, notPassed}, "dts-warned": {running, steps(true)}, "dts-slow": {running}, "dts-unreadable": {{err: refusal("AuthFailure")}},
			"dts-long": append(slices.Repeat([]reading{running}, 100), verdict(true, "ok")),
		},
		job:    map[string][]jobReading{"dts-migrates": {{job: check.Job{ID: "dts-migrates", Status: check.JobRunning}}}},
		start:  map[string][]error{"dts-stays": {refusal("FailedOperation.StatusInConflict")}},
		panics: "create dts-panics",
	}}
}

// insistent is a DTS that has to be asked twice to check dts-again.
type insistent struct{ *scripted }

func (i insistent) CreateCheck(ctx context.Context, job string) (check.Receipt, error) {
	receipt, err := i.scripted.CreateCheck(ctx, job)
	if job == "dts-again" {
		receipt.Attempts++
	}
	return receipt, err
}

func timer(request string) string {
	return string(check.Marshal(map[string]string{"Type": "Timer", "TriggerName": "nightly", "Time": "2026-11-25T18:00:00Z", "Message": request}))
}

// table returns the cells of a page's nth table, without its head.
func table(t *testing.T, page string, nth int) (rows [][]string) {
	t.Helper()
	for block := range strings.SplitSeq(page, "\n\n") {
		if !strings.HasPrefix(block, "|") {
			continue
		}
		if nth--; nth >= 0 {
			continue
		}
		for _, row := range strings.Split(strings.TrimSpace(block), "\n")[2:] {
			cells := strings.Split(strings.ReplaceAll(row, `\|`, "¦"), "|")
			for i := range cells {
				cells[i] = strings.ReplaceAll(strings.TrimSpace(cells[i]), "¦", "|")
			}
			rows = append(rows, cells[1:len(cells)-1])
		}
		return rows
	}
	t.Fatal("there is no such table")
	return nil
}

var quoted = regexp.MustCompile("`([^`]+)`")

// words are the texts in a cell that stand between backticks.
func words(cell string) (out []string) {
	for _, m := range quoted.FindAllStringSubmatch(cell, -1) {
		out = append(out, m[1])
	}
	return out
}

// The tables, in the order in which they stand in the page.
const (
	fieldTable = iota
	outcomeTable
	queryTable
	alarmTable
)

// The operator's page tells each field of each kind of line, and no other, and
// each outcome of a job with its level.
func TestLogIsDocumented(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lines := everyLine(t)
		fields, outcomes := map[string]map[string]bool{}, map[string]map[string]bool{}
		for _, line := range lines {
			kind := line["msg"].(string)
			note(fields, kind, slices.Collect(maps.Keys(line))...)
			if kind == "job" {
				note(outcomes, line["outcome"].(string), line["level"].(string))
			}
		}
		for _, name := range pages {
			documented := map[string]map[string]bool{}
			for _, row := range table(t, page(t, name), fieldTable) {
				kinds := words(row[1])
				if len(kinds) == 0 { // all of them
					kinds = slices.Collect(maps.Keys(fields))
				}
				for _, kind := range kinds {
					note(documented, kind, "time", "level", "msg")
					note(documented, kind, words(row[0])...)
				}
			}
			same(t, name+": the fields", fields, documented)
			documented = map[string]map[string]bool{}
			for _, row := range table(t, page(t, name), outcomeTable) {
				for _, outcome := range words(row[0]) {
					for _, word := range slices.Concat(words(row[1]), words(row[2])) {
						if word == strings.ToUpper(word) {
							note(documented, outcome, word)
						}
					}
				}
			}
			same(t, name+": the outcomes", outcomes, documented)
		}
	})
}

func note(sets map[string]map[string]bool, key string, values ...string) {
	if sets[key] == nil {
		sets[key] = map[string]bool{}
	}
	for _, v := range values {
		sets[key][v] = true
	}
}

func same(t *testing.T, what string, got, documented map[string]map[string]bool) {
	t.Helper()
	both := maps.Clone(got)
	maps.Copy(both, documented)
	for key := range both {
		if g, d := slices.Sorted(maps.Keys(got[key])), slices.Sorted(maps.Keys(documented[key])); !slices.Equal(g, d) {
			t.Errorf("%s of %q are %v, the page tells %v", what, key, g, d)
		}
	}
}

// Each query and each alarm on the log finds a line that the handler writes,
// and what it asks for is there.
func TestQueriesFindLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lines := everyLine(t)
		for _, name := range pages {
			text := page(t, name)
			queries := 0
			for _, row := range slices.Concat(table(t, text, queryTable), table(t, text, alarmTable)) {
				for _, query := range words(row[1]) {
					queries++
					conditions, selected, _ := strings.Cut(query, "|")
					var found log
					for _, line := range lines {
						if meets(t, line, strings.TrimSpace(conditions)) {
							found = append(found, line)
						}
					}
					if len(found) == 0 {
						t.Errorf("%s: no line is found by %s", name, query)
					}
					for _, field := range selectedFields(selected) {
						if !slices.ContainsFunc(found, func(line map[string]any) bool { return line[field] != nil }) {
							t.Errorf("%s: %s: no line that it finds has %s", name, query, field)
						}
					}
				}
			}
			if queries < 15 {
				t.Errorf("%s: %d queries", name, queries)
			}
		}
	})
}

var condition = regexp.MustCompile(`^(\w+)(?::"([^"]+)"|:([\w*]+)| > (\d+))$`)

// meets reports whether a line meets the conditions of a query: in CLS's
// language, as much of it as the page has.
func meets(t *testing.T, line map[string]any, conditions string) bool {
	t.Helper()
	for part := range strings.SplitSeq(conditions, " AND ") {
		m := condition.FindStringSubmatch(part)
		if m == nil {
			t.Fatalf("the condition %s is of no known form", part)
		}
		value, ok := line[m[1]]
		if !ok {
			return false
		}
		if m[4] != "" {
			n, isNumber := value.(float64)
			least, _ := strconv.ParseFloat(m[4], 64)
			if !isNumber || n <= least {
				return false
			}
			continue
		}
		text, want := fmt.Sprint(value), m[2]+m[3]
		prefix, wild := strings.CutSuffix(want, "*")
		if text != want && !(wild && strings.HasPrefix(text, prefix)) {
			return false
		}
	}
	return true
}

// selectedFields are the fields that the SQL of a query names.
func selectedFields(sql string) (fields []string) {
	sql = regexp.MustCompile(`'[^']*'|__\w+__|\bAS t\b|\b\w+\(|\bGROUP BY t\b`).ReplaceAllString(sql, " ")
	for _, word := range regexp.MustCompile(`\w+`).FindAllString(sql, -1) {
		if !slices.Contains([]string{"SELECT", "ORDER", "GROUP", "BY", "DESC"}, word) {
			fields = append(fields, word)
		}
	}
	return fields
}
