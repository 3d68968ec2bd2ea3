package report

import (
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"migratecheck/internal/check"
)

// Every language has every word.
func TestLanguages(t *testing.T) {
	en := reflect.ValueOf(*wordsOf("en-US"))
	for language, w := range languages() {
		if w.Lang != language {
			t.Errorf("%s says that it is %s", language, w.Lang)
		}
		v := reflect.ValueOf(*w)
		for i := range v.NumField() {
			field, name := v.Field(i), language+": "+v.Type().Field(i).Name
			if field.IsZero() {
				t.Errorf("%s is missing", name)
			}
			if field.Kind() != reflect.Map {
				continue
			}
			for _, key := range en.Field(i).MapKeys() {
				if value := field.MapIndex(key); !value.IsValid() || value.IsZero() {
					t.Errorf("%s has no %v", name, key)
				}
			}
		}
		for _, kind := range urgency {
			if w.kind[kind] == "" || w.one[kind] == "" {
				t.Errorf("%s has no words for %s", language, kind)
			}
		}
	}
	if got := Text(Report{Language: "de-DE"}); got != Text(Report{Language: "en-US"}) {
		t.Errorf("a language that there is not: %s", got)
	}
}

func TestHeadlines(t *testing.T) {
	created := check.Outcome{JobID: "a"}
	passed := check.Outcome{JobID: "a", Progress: check.Progress{Stage: check.StageJudged, Check: &check.State{Status: check.Finished, Passed: verdict(true)}}}
	started := check.Outcome{JobID: "a", Progress: check.Progress{Stage: check.StageStarted, Check: passed.Check}}
	failed := check.Outcome{JobID: "a", Progress: check.Progress{Error: &check.Error{Code: "x"}}}
	record := check.Outcome{Record: new(int), Progress: check.Progress{Error: failed.Error}}
	for name, row := range map[string]struct {
		jobs   []check.Outcome
		en, zh string
	}{
		"none":                {nil, "no job was found", "没有找到任务"},
		"one":                 {[]check.Outcome{passed}, "the check passed", "已通过"},
		"one problem":         {[]check.Outcome{failed}, "the request for the job failed", "任务请求失败"},
		"one record":          {[]check.Outcome{record}, "the request for the job failed", "任务请求失败"},
		"the event":           {[]check.Outcome{{Progress: check.Progress{Error: failed.Error}}}, "the request failed", "请求失败"},
		"one of two":          {[]check.Outcome{failed, created}, "1 of 2 jobs needs you", "2 个任务中有 1 个需要处理"},
		"two of two":          {[]check.Outcome{failed, record}, "2 of 2 jobs need you", "2 个任务中有 2 个需要处理"},
		"all passed":          {[]check.Outcome{passed, started}, "all 2 jobs passed", "2 个任务全部通过"},
		"all created":         {[]check.Outcome{created, created}, "2 checks are created", "已对 2 个任务发起校验"},
		"no problem, but mix": {[]check.Outcome{created, passed}, "2 jobs, none needs you", "2 个任务均无需处理"},
	} {
		t.Run(name, func(t *testing.T) {
			for language, want := range map[string]string{"en-US": "DTS check: " + row.en, "zh-CN": "DTS 校验：" + row.zh} {
				got, _, _ := strings.Cut(Text(Report{Result: check.Result{Jobs: row.jobs}, Language: language}), "\n")
				if got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			}
		})
	}
}

// The counts add up to the number of jobs.
func TestCountsAddUp(t *testing.T) {
	number := regexp.MustCompile(`\d+`)
	for name, r := range reports {
		for _, r.Language = range []string{"en-US", "zh-CN"} {
			counts := regexp.MustCompile(` ?[(（][^)）]*[)）]`).ReplaceAllString(func() string { d := describe(r); return d.counts() }(), "")
			sum := -2 * len(r.Result.Jobs)
			for _, n := range number.FindAllString(counts, -1) {
				n, _ := strconv.Atoi(n)
				sum += n
			}
			if sum != 0 && name != "event" || name == "event" && counts != "" {
				t.Errorf("%s: %s", name, counts)
			}
		}
	}
}

// What needs a person comes first, and of that what is new.
func TestOrder(t *testing.T) {
	eachReport(t, func(t *testing.T, r Report, form, text string) {
		if !strings.Contains(t.Name(), "mixed") {
			return
		}
		if form != "txt" && form != "html" && form != "summary.md" {
			return // a message names causes, too: see its own tests
		}
		want := []string{"sync-newfail", "dts-notpass1", "dts-strict01", "dts-running1", "dts-broken01", "dts-nothing1", "dts-newword1", "dts-created2",
			"dts-refused1", "dts-unknown1", "dts-unknown2", "dts-late0001", "dts-waiting1",
			"dts-started1", "dts-started2", "dts-passed01", "dts-accept01", "dts-passed02", "dts-created1", "dts-untagged"}
		if got := regexp.MustCompile(`(dts|sync)-[a-z]+[0-9]+|sync-newfail|dts-untagged`).FindAllString(text, -1); !slices.Equal(got, want) {
			t.Errorf("got %v", got)
		}
	})
}

// Ids and names are as long as the API allows, and there is room for them.
func TestLongNames(t *testing.T) {
	id, name, function := strings.Repeat("i", 64), strings.Repeat("库", 128), strings.Repeat("f", 60)
	state := &check.State{Status: check.Finished, Passed: verdict(false)}
	r := Report{Function: function, Result: check.Result{Jobs: []check.Outcome{{JobID: id, JobName: name, Progress: check.Progress{Stage: check.StageJudged, Check: state}}}}}
	for form, text := range map[string]string{"page": string(HTML(r)), "message": Message(r, WeCom, 4096)} {
		if !strings.Contains(text, id) || !strings.Contains(text, name) || !strings.Contains(text, function) {
			t.Errorf("%s: %s", form, text)
		}
	}
}

// Jobs with warnings are counted, a step without a name is shown too, and an
// item without a reason has DTS's log or what it is about in its place.
func TestWarnings(t *testing.T) {
	passed := func(status string, items ...check.Item) check.Outcome {
		return check.Outcome{JobID: "dts-a", Progress: check.Progress{Stage: check.StageJudged, Check: &check.State{Status: check.Finished, Passed: verdict(true), Steps: []check.Step{{Status: status, Failed: items}}}}}
	}
	about := []check.Item{{Name: "A", Log: []string{"DTS's", "log"}, Description: "about A"}, {Name: "B", Description: "about B"}}
	r := Report{Result: check.Result{Jobs: []check.Outcome{passed(check.StepWarning, about...), passed(check.StepPass), passed(check.StepSkipped)}}}
	text := Text(r)
	for _, want := range []string{"Passed 3 (2 with warnings or skipped steps)", "- ?: warning\n", "  A: DTS's log\n", "  B: about B\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in %s", want, text)
		}
	}
}

// A job that is fixed counts as that, also if its check has warnings.
func TestFixedWithWarnings(t *testing.T) {
	o := check.Outcome{JobID: "dts-a", Progress: check.Progress{Stage: check.StageJudged, Before: &check.Verdict{},
		Check: &check.State{Status: check.Finished, Passed: verdict(true), Steps: []check.Step{{ID: "A", Status: check.StepWarning}}}}}
	if text := Text(Report{Result: check.Result{Jobs: []check.Outcome{o}}}); !strings.Contains(text, "Passed 1 (1 fixed, 1 with warnings or skipped steps)") {
		t.Error(text)
	}
}

// Jobs are called sync jobs where there are others beside them.
func TestSyncJobsAreNamedAmongOthers(t *testing.T) {
	r := Report{Result: check.Result{Jobs: []check.Outcome{{JobID: "sync-a"}, {JobID: "sync-b"}}}}
	if text := Text(r); strings.Contains(text, wordsOf("en-US").sync) {
		t.Error(text)
	}
	r.Result.Jobs[1].JobID = "dts-b"
	if text := Text(r); !strings.Contains(text, "2 jobs (1 migration, 1 sync job)") || strings.Count(text, wordsOf("en-US").sync+"\n") != 1 {
		t.Error(text)
	}
}

// What is told to all jobs of a failed step is what mends the failure, and not what
// one of its warnings would have.
func TestSolutionsOfAFailedStep(t *testing.T) {
	step := check.Step{ID: "A", Status: check.StepFailed, Failed: []check.Item{
		{Name: "slow", Result: check.StepWarning, Solution: "tune it"}, {Name: "forbidden", Result: check.StepFailed, Solution: "grant it"}}}
	o := check.Outcome{JobID: "dts-a", Progress: check.Progress{Stage: check.StageJudged, Check: &check.State{Status: check.Finished, Passed: verdict(false), Steps: []check.Step{step}}}}
	d := describe(Report{Result: check.Result{Jobs: []check.Outcome{o, o}}})
	if s := d.Causes[0].Solutions; len(s) != 1 || s[0].Text != "grant it" {
		t.Errorf("%+v", s)
	}
}

func TestTimeIsGivenWithItsZone(t *testing.T) {
	if got := Text(Report{At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}); !strings.Contains(got, "2026-01-02 11:04 (UTC+8)") {
		t.Error(got)
	}
	if got := Text(Report{}); strings.Contains(got, "UTC") {
		t.Error(got)
	}
}

// What may have been carried out in spite of an error is the creation of the
// check or, once there is one, the start.
func TestWhatMayHaveHappened(t *testing.T) {
	for name, row := range map[string]struct {
		o    check.Outcome
		want string
	}{
		"nothing known":     {check.Outcome{}, wordsOf("en-US").mayRun},
		"created":           {check.Outcome{Progress: check.Progress{Stage: check.StageCreated}}, wordsOf("en-US").mayStart},
		"found running":     {check.Outcome{Progress: check.Progress{Stage: check.StageCreated, Found: true}}, wordsOf("en-US").mayStart},
		"the check is read": {check.Outcome{Progress: check.Progress{Stage: check.StageJudged, Check: &check.State{}}}, wordsOf("en-US").mayStart},
	} {
		created := row.o.Stage >= check.StageCreated
		row.o.Error = &check.Error{Code: check.CodeNoAnswer}
		if row.o.Stage = check.StageInQuestion; created {
			row.o.Stage = check.StageStarting
		}
		text := Text(Report{Result: check.Result{Jobs: []check.Outcome{row.o}}})
		if strings.Contains(text, wordsOf("en-US").mayRun) != (row.want == wordsOf("en-US").mayRun) || !strings.Contains(text, row.want) ||
			strings.Contains(text, wordsOf("en-US").created) != created || strings.Contains(text, wordsOf("en-US").wasRunning) != row.o.Found {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// With little room, steps and items are counted instead of told.
func TestLittleRoom(t *testing.T) {
	item := check.Item{Name: "Item", Description: "what", Result: check.StepFailed, Reason: strings.Repeat("x", 100), Log: []string{"log"}}
	skipped := check.Step{Name: "Skipped", Status: check.StepSkipped}
	ignored := check.Step{Name: "Ignored", Status: check.StepFailed, Skipped: true}
	passed := check.Step{Name: "Passed", Status: check.StepPass}
	failed := check.Step{Name: "Failed", Status: check.StepFailed, Failed: []check.Item{item, item, item}}
	state := &check.State{Status: check.Finished, Passed: verdict(false), Steps: []check.Step{skipped, ignored, passed, failed, failed}}
	r := Report{Result: check.Result{Jobs: []check.Outcome{{JobID: "dts-a", Progress: check.Progress{Stage: check.StageJudged, Check: state}}}}}
	text := Message(r, WeCom, 300)
	for _, want := range []string{"… and 2 more items", "… and 3 more steps", "**Failed**: failed", strings.Repeat("x", 59) + "…"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in %s", want, text)
		}
	}
	d := describe(r)
	for form, text := range map[string]string{"page": string(pageWithin(r, len(HTML(Report{}))+700)), "table": d.fit(300, d.table)} {
		if !strings.Contains(text, "… and 2 more items") || !strings.Contains(text, "… and 3 more steps") {
			t.Errorf("%s: %s", form, text)
		}
	}
	if text := Message(r, WeCom, 3000); strings.Contains(text, "more") || !strings.Contains(text, "**Skipped**: skipped") {
		t.Error(text)
	}
	r.Result.Jobs[0].JobName = strings.Repeat("n", 100)
	if text := Text(r); !strings.Contains(text, "  "+strings.Repeat("n", 39)+"…\n") {
		t.Error(text)
	}
}
