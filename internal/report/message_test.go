package report

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"migratecheck/internal/check"
)

var moreJobs = regexp.MustCompile(`(?:and|另有) (\d+) (?:more jobs?|个任务未列出)`)

// stepIDs are those of the checks that DTS documents.
var stepIDs = strings.Fields("ConnectDBCheck OptimizeCheck VersionCheck SrcPrivilegeCheck SimpleParamCheck DstPrivilegeCheck DstEmptyCheck " +
	"DstSpaceCheck BinlogParamCheck ConstraintCheck ConstraintRefCheck ViewCheck WarningParamCheck AdvancedStoreObjectCheck")

// troubled returns so many jobs that did not pass because of that many steps, and
// others that passed; half of the troubled are new.
func troubled(n, steps int, language string) Report {
	t := troubles[language]["privilege"]
	r := Report{Language: language, Region: "ap-guangzhou", Function: "migrate-check", Source: "timer", Trigger: "nightly-check", At: at,
		Result: check.Result{Batch: true, Verdicts: true}}
	for i := range n + 100 {
		o := check.Outcome{JobID: fmt.Sprintf("dts-%08x", i), JobName: fmt.Sprintf("orders-%d", i)}
		o.Stage, o.Check, o.Before = check.StageJudged, &check.State{Status: check.Finished, Passed: verdict(i >= n)}, &check.Verdict{Passed: i%2 == 0}
		if i < n {
			t.id, t.name = stepIDs[i%steps], stepIDs[i%steps]+" of the source and the target instance"
			o.Check.Steps = []check.Step{t.step(check.StepFailed)}
		}
		r.Result.Jobs = append(r.Result.Jobs, o)
	}
	return r
}

// First what is most important: how many, which, what to do, what of each, and last
// how many passed.
func TestOrderOfMessage(t *testing.T) {
	text := Message(night(300, "en-US"), WeCom, 1<<20)
	last := -1
	for _, part := range []string{
		"**DTS check: 41 of 300 jobs need you (12 new)**\n",
		"300 jobs: Not passed 36 (12 new, 24 still), No verdict 3 (3 checks still run), Failed 2, Passed 259 (6 fixed, 6 with warnings or skipped steps)\n",
		"ap-guangzhou, migrate-check, timer nightly-check, 2026-11-25 02:03 (UTC+8)\n",
		"**Binary log check (BinlogParamCheck)**: 24 jobs (8 new): new dts-", "; still dts-",
		"**Source permission check (SrcPrivilegeCheck)**: 12 jobs (4 new): new dts-",
		"**Target space check (DstSpaceCheck)**: 6 jobs (2 new), 6 named above\n",
		"**No verdict**: 3 jobs: dts-",
		"**FailedOperation.NotAllowOperation**: 2 jobs: dts-",
		"> **Binary log check (BinlogParamCheck)**\n> · Solution: Set binlog_format",
		"> · Solution: GRANT REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO 'dts'@'%';\n",
		"> **dts-", " customers new\n", "> **Binary log check (BinlogParamCheck)**: failed\n> · binlog_format: binlog_format is STATEMENT",
		"\n\nPassed 259 (6 fixed, 6 with warnings or skipped steps)",
	} {
		i := strings.Index(text[last+1:], part)
		if i < 0 {
			t.Fatalf("no %q behind the part before in\n%s", part, text)
		}
		last += i + 1
	}
	for _, solution := range []string{"Set binlog_format", "GRANT"} {
		if n := strings.Count(text, solution); n != 1 {
			t.Errorf("%s is told %d times", solution, n)
		}
	}
}

// Texts are cut before details of jobs are left out, and what is to be done is never
// cut for these.
func TestMessageCutsTexts(t *testing.T) {
	r := Report{Result: check.Result{Batch: true}}
	for i := range 2 {
		r.Result.Jobs = append(r.Result.Jobs, check.Outcome{JobID: fmt.Sprintf("dts-%08d", i), Progress: check.Progress{Error: &check.Error{Code: "FailedOperation", Message: strings.Repeat("错", 2000)}}})
	}
	whole := Message(r, WeCom, 1<<20)
	if less := Message(r, WeCom, len(whole)-1); strings.Count(whole, "错") != 4000 || strings.Count(less, "错…") != 2 || strings.Count(less, "错") != 1998 {
		t.Errorf("%d of %d bytes: %s", len(less), len(whole), less)
	}
	small := Message(r, WeCom, 600)
	if both := Message(r, WeCom, len(small)); both != small || strings.Count(small, "错") != 2*59 {
		t.Errorf("got %q", small)
	}
	if one := Message(r, WeCom, len(small)-1); strings.Count(one, "错") != 59 || !strings.Contains(one, "dts-00000001") {
		t.Errorf("got %q", one)
	}
	grant := "GRANT REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO 'dts'@'%';"
	if text := Message(troubled(150, 3, "en-US"), WeCom, 4096); strings.Count(text, grant) != 3 || len(text) > 4096 || len(text) < 3900 {
		t.Errorf("%d bytes: %s", len(text), text)
	}
}

// A message says what became of the event as a whole, and that trouble is over.
func TestNewsOfTheEvent(t *testing.T) {
	r := night(8, "en-US")
	r.Result.GivenBack = true
	fine := reports["mended"]
	for name, row := range map[string]struct {
		r        Report
		has, not string
	}{
		"given back":     {r, "to be tried again", ""},
		"not given back": {night(8, "en-US"), "", "tried again"},
		"mended":         {fine, "DTS check: mended, all 2 jobs passed", ""},
		"fine":           {Report{Result: fine.Result}, "DTS check: all 2 jobs passed", "mended"},
		"still trouble":  {Report{Result: r.Result, Mended: true}, "DTS check: 4 of 8 jobs need you", "mended"},
		"one in trouble": {Report{Result: check.Result{Jobs: r.Result.Jobs[1:2]}, Mended: true}, "the check did not pass", "mended"},
		"repeated":       {fine, "1 job as an earlier delivery left it", ""},
		"both kinds":     {reports["mixed"], "21 jobs (20 migrations, 1 sync job)", ""},
		"one kind":       {night(8, "en-US"), "8 jobs: ", "migration"},
	} {
		for chat := range chats {
			if text := Message(row.r, chat, 4096); !strings.Contains(text, row.has) || row.not != "" && strings.Contains(text, row.not) {
				t.Errorf("%s: %s", name, text)
			}
		}
	}
}

// Causes are told once each, with as many jobs as they have, whatever the form.
func TestCauses(t *testing.T) {
	r := night(300, "en-US")
	want, fresh := map[string]int{}, map[string]int{}
	for _, o := range r.Result.Jobs {
		if o.Check == nil {
			continue
		}
		for _, s := range o.Check.Steps {
			if s.Status == check.StepFailed {
				want[s.ID]++
				if o.Before.Passed {
					fresh[s.ID]++
				}
			}
		}
	}
	if len(want) != 3 {
		t.Fatalf("the night has %v", want)
	}
	byNumber := slices.SortedFunc(maps.Keys(want), func(a, b string) int { return cmp.Compare(want[b], want[a]) })
	for form, text := range map[string]string{"txt": Text(r), "summary": Summary(r, 1<<20), "wecom": Message(r, WeCom, 4096), "feishu": Message(r, Feishu, 20<<10)} {
		last := 0
		for _, id := range byNumber {
			i := strings.Index(text, fmt.Sprintf("(%s)", id))
			if i < last || !strings.Contains(text[i:i+60], fmt.Sprintf(": %d jobs (%d new)", want[id], fresh[id])) {
				t.Errorf("%s, %s: %s", form, id, text[max(i, 0):max(i, 0)+60])
			}
			last = i
		}
	}
	page := string(HTML(r))
	for _, id := range byNumber {
		if !regexp.MustCompile(fmt.Sprintf(`<b class="many">%d jobs</b>\s*<div><b>[^<]+</b> <span class="soft">%s</span> <span class="badge new">%d new</span>`, want[id], id, fresh[id])).MatchString(page) {
			t.Errorf("page: %s", id)
		}
	}
}

// A cause has the solutions that most of its jobs are told; what only one of them is
// told stands with that.
func TestSolutionsOfACause(t *testing.T) {
	told := func(solutions ...string) Report {
		var r Report
		for i, solution := range solutions {
			failed := false
			r.Result.Jobs = append(r.Result.Jobs, check.Outcome{JobID: fmt.Sprint("dts-", i), Progress: check.Progress{Stage: check.StageJudged, Check: &check.State{
				Status: check.Finished, Passed: &failed, Steps: []check.Step{{ID: "A", Status: check.StepFailed, Failed: []check.Item{{Solution: solution}}}},
			}}})
		}
		return r
	}
	for name, row := range map[string]struct {
		told []string
		want []string
	}{
		"one for all":             {[]string{"x", "x", "x"}, []string{"x"}},
		"one that one is told":    {[]string{"x", "x", "y"}, []string{"x"}},
		"each another":            {[]string{"x", "y", "z"}, []string{"x"}},
		"two for two":             {[]string{"y", "y", "x", "x"}, []string{"x", "y"}},
		"of which one has more":   {[]string{"x", "x", "y", "y", "y"}, []string{"y", "x"}},
		"some are told nothing":   {[]string{"", "x", "", ""}, []string{"x"}},
		"more than there is room": {[]string{"w", "w", "x", "x", "y", "y", "z", "z"}, []string{"w", "x", "y"}},
	} {
		r := told(row.told...)
		causes := describe(r).Causes
		var got []string
		for _, s := range causes[0].Solutions {
			got = append(got, s.Text)
		}
		if len(causes) != 1 || !slices.Equal(got, row.want) {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

// However many steps there are, what is kept of causes is bounded.
func TestCausesAreBounded(t *testing.T) {
	r := Report{}
	for i := range 300 {
		state := &check.State{Status: check.Finished, Passed: verdict(false)}
		for s := range 20 {
			state.Steps = append(state.Steps, check.Step{ID: fmt.Sprintf("Step%d", 20*i+s), Status: check.StepFailed})
		}
		r.Result.Jobs = append(r.Result.Jobs, check.Outcome{JobID: fmt.Sprintf("dts-%08x", i), Progress: check.Progress{Stage: check.StageJudged, Check: state}})
	}
	if d := describe(r); len(d.Causes) > 1100 {
		t.Errorf("%d causes", len(d.Causes))
	}
	if text := Message(r, WeCom, 4096); len(ids.FindAllString(text, -1)) == 0 || len(text) > 4096 {
		t.Error(text)
	}
}

// A job that was kept only strictly counts under the steps that kept it, and its
// message, which DTS gave for a pass, is not in the way.
func TestStrictly(t *testing.T) {
	kept := func(id string, strictly ...string) check.Outcome {
		return check.Outcome{JobID: id, Progress: check.Progress{Stage: check.StageJudged, Check: &check.State{Status: check.Finished, Passed: verdict(false), Message: "ok", Strictly: strictly,
			Steps: []check.Step{{ID: "WarningParamCheck", Name: "Parameters", Status: check.StepWarning}, {ID: "DstSpaceCheck", Name: "Space", Status: check.StepNotStarted}}}}}
	}
	r := Report{Result: check.Result{Jobs: []check.Outcome{kept("dts-00000001", "WarningParamCheck"), kept("dts-00000002", "DstSpaceCheck", "WarningParamCheck")}}}
	for form, write := range forms {
		text := write(r)
		if strings.Contains(text, "ok") || !strings.Contains(text, "2 only strictly") || !strings.Contains(text, "1 only strictly") || !strings.Contains(text, "WarningParamCheck") ||
			!strings.Contains(text, "not carried out") || !strings.Contains(text, "not strictly, because of") {
			t.Errorf("%s: %s", form, text)
		}
	}
}

// A job that waits without the tag is counted and calls nobody.
func TestUntagged(t *testing.T) {
	waits := check.Outcome{JobID: "dts-00000001", Progress: check.Progress{Stage: check.StageWaiting, Check: &check.State{Status: check.Finished, Passed: verdict(true)}}}
	bare := waits
	bare.JobID, bare.Untagged = "dts-00000002", true
	for _, row := range []struct {
		jobs []check.Outcome
		want string
	}{
		{[]check.Outcome{waits, bare}, "1 of 2 jobs needs you"}, {[]check.Outcome{bare, bare}, "2 jobs, none needs you"}, {[]check.Outcome{waits, waits}, "2 of 2 jobs need you"},
	} {
		text := Message(Report{Result: check.Result{Jobs: row.jobs}}, WeCom, 4096)
		if !strings.Contains(text, row.want) || strings.Contains(text, bare.JobID) {
			t.Error(text)
		}
	}
}
