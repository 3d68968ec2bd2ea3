package report

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"migratecheck/internal/check"
)

var update = flag.Bool("update", false, "write the golden files")

func verdict(passed bool) *bool { return &passed }

var at = time.Date(2026, 11, 25, 2, 3, 4, 0, time.FixedZone("", 8*3600))

// reports are those of the golden files, in English; texts of DTS are as it
// gives them, the rest is hostile.
var reports = map[string]Report{
	"mixed":   {Result: check.Result{Jobs: mixed, Batch: true, Verdicts: true, GivenBack: true, NotHandedOn: []string{"eventBus", "webhook"}}, Region: "ap-guangzhou", Namespace: "team-db", Function: "migrate-check", Source: "timer", Trigger: "nightly-check", At: at},
	"hostile": {Result: check.Result{Jobs: hostile, Batch: true}, Region: "<b>ap</b>", Function: "a|b\x1b[31m", Source: "<@all>", Trigger: "**t** @all", Selected: []string{"JobName: <@all>", "https://evil.example"}, At: at},
	"empty":   {Result: check.Result{Jobs: []check.Outcome{}, Batch: true}, Region: "ap-guangzhou", Source: "url", At: at, Selected: []string{"JobName: orders", "Status: created"}},
	"one": {Result: check.Result{Jobs: []check.Outcome{{JobID: "dts-1kl0iy0v", Progress: check.Progress{Stage: check.StageCreated, RequestID: "46b45da1-0c4f-4b1f-8b6e-a1f0a3c5d7e9"}}}},
		Source: "apigw", At: at, Posted: true},
	"board": {Result: check.Result{Jobs: []check.Outcome{
		{JobID: "dts-1kl0iy0v", JobName: "orders", Progress: check.Progress{Check: &check.State{Status: check.Unavailable}}},
		{JobID: "dts-2ab3cd4e", Progress: check.Progress{Check: &check.State{Status: check.Unavailable}}},
		{JobID: "dts-3de4fg5h", JobName: "billing", Progress: check.Progress{Check: &check.State{Status: check.Finished, Passed: verdict(true)}}},
	}, Batch: true, Verdicts: true}, Region: "ap-guangzhou", Source: "url", At: at, Selected: []string{},
		Button: Button{Jobs: []string{"dts-1kl0iy0v", "dts-2ab3cd4e"}, Options: []Field{{"Wait", "true"}}}},
	"event": {Result: check.Result{Jobs: []check.Outcome{{Progress: check.Progress{Error: check.Invalid("Select.Status[0]", `unknown status "done"`)}}}}, Region: "ap-guangzhou", Source: "direct"},
	"rehearsal": {Result: check.Result{Jobs: []check.Outcome{
		{JobID: "dts-1kl0iy0v", JobName: "orders", Rehearsed: true, Would: []string{"check", "start"}},
		{JobID: "dts-2ab3cd4e", JobName: "billing", Rehearsed: true, Would: []string{"check"}, WhyNot: "it would wait to be started by a person"},
		{JobID: "sync-3de4fg5h", JobName: "catalog", Rehearsed: true, WhyNot: "no check can be created: the job is running"},
	}, Batch: true}, Region: "ap-guangzhou", Source: "direct", At: at},
	"mended": {Result: check.Result{Jobs: []check.Outcome{
		{JobID: "dts-1kl0iy0v", JobName: "orders", Repeated: true, Progress: check.Progress{Stage: check.StageJudged, Check: &check.State{Status: check.Finished, Passed: verdict(true)}}},
		{JobID: "dts-2ab3cd4e", JobName: "billing", Progress: check.Progress{Stage: check.StageJudged, Before: &check.Verdict{Failed: []string{"BinlogParamCheck"}}, Check: &check.State{Status: check.Finished, Passed: verdict(true)}}},
	}, Batch: true, Verdicts: true}, Region: "ap-guangzhou", Source: "timer", Trigger: "nightly-check", At: at, Mended: true},
	"night8": night(8, "en-US"),
}

var mixed = []check.Outcome{
	{JobID: "dts-created1", Progress: check.Progress{Stage: check.StageCreated, RequestID: "00000000-0000-0000-0000-000000000001", Found: true}},
	{JobID: "dts-passed01", JobName: "orders", Progress: check.Progress{Stage: check.StageJudged, RequestID: "00000000-0000-0000-0000-000000000002", Check: &check.State{Status: check.Finished, Passed: verdict(true), Progress: 100, Message: "ok",
		Steps: []check.Step{
			{ID: "ConnectDBCheck", Name: "Database connection", Status: check.StepPass},
			{ID: "OptimizeCheck", Name: "Optimization", Status: check.StepSkipped, Skipped: true, Failed: []check.Item{
				{Name: "Table without primary key", Result: check.StepWarning, Log: []string{"skipped"}, SkipRisk: "Rows may be written twice.", HelpDoc: []string{""}}}},
		}}}},
	{JobID: "dts-passed02", Progress: check.Progress{Stage: check.StageJudged, Check: &check.State{Status: check.Finished, Passed: verdict(true), Progress: 100}}},
	{JobID: "dts-started1", JobName: "用户库", Progress: check.Progress{Stage: check.StageStarted, RequestID: "00000000-0000-0000-0000-000000000003", StartRequestID: "00000000-0000-0000-0000-000000000004", Check: &check.State{Status: check.Finished, Passed: verdict(true), Progress: 100}}},
	{JobID: "dts-started2", Progress: check.Progress{Stage: check.StageFoundStarted, Check: &check.State{Status: check.Finished, Passed: verdict(true), Progress: 100}}},
	{JobID: "dts-refused1", Progress: check.Progress{RequestID: "00000000-0000-0000-0000-000000000005", Error: &check.Error{Code: "ResourceNotFound.JobNotExist", Message: "The job does not exist."}}},
	{JobID: "dts-unknown1", Progress: check.Progress{Stage: check.StageInQuestion, Error: &check.Error{Code: check.CodeNoAnswer, Message: "no answer within 5s"}}},
	{JobID: "dts-unknown2", Progress: check.Progress{Stage: check.StageStarting, RequestID: "00000000-0000-0000-0000-000000000006", Error: &check.Error{Code: check.CodeNoAnswer, Message: "no answer within 5s"}, Check: &check.State{Status: check.Finished, Passed: verdict(true), Progress: 100}}},
	{JobID: "dts-late0001", Progress: check.Progress{Stage: check.StageCreated, Error: &check.Error{Code: check.CodeNoVerdict, Message: "the check has no verdict yet"}, Check: &check.State{Status: check.Running, Progress: 80}}},
	{Record: new(int), Progress: check.Progress{Error: check.Invalid("Records[0].Ckafka.msgBody", "no job")}},
	{JobID: "dts-running1", JobName: "报表", Progress: check.Progress{Stage: check.StageJudged, Check: &check.State{Status: check.Running, Progress: 45, Steps: []check.Step{{Name: "Version", Status: check.StepNotStarted}}}}},
	{JobID: "dts-broken01", Progress: check.Progress{Stage: check.StageJudged, Check: &check.State{Status: check.Finished, Message: "inner error"}}},
	{JobID: "dts-nothing1", Progress: check.Progress{Check: &check.State{Status: check.Unavailable}}},
	{JobID: "dts-newword1", Progress: check.Progress{Stage: check.StageJudged, Check: &check.State{Status: "paused"}}},
	{JobID: "dts-notpass1", JobName: "支付 payments", Progress: check.Progress{Stage: check.StageJudged, RequestID: "00000000-0000-0000-0000-000000000007", Check: &check.State{Status: check.Finished, Passed: verdict(false), Progress: 100, Message: "The check did not pass.", Steps: []check.Step{
		{ID: "ConnectDBCheck", Name: "Database connection", Status: check.StepPass},
		{ID: "WarningParamCheck", Name: "Parameters", Status: check.StepWarning, Failed: []check.Item{
			{Name: "innodb_stats_on_metadata", Result: check.StepWarning, Reason: "The value is ON.", Solution: "Set it to OFF."}}},
		{ID: "SrcPrivilegeCheck", Name: "Source database privileges", Status: check.StepFailed, Failed: []check.Item{
			{Name: "Global privileges", Result: check.StepFailed, Log: []string{"RELOAD is missing.", "LOCK TABLES is missing."},
				Solution: "GRANT RELOAD, LOCK TABLES ON *.* TO 'dts'@'%';", HelpDoc: []string{"https://cloud.tencent.com/document/product/571/61639?a=(b)#c", "see the manual"}},
			{Result: check.StepFailed}}},
		{ID: "BinlogParamCheck", Status: check.StepFailed, Message: "binlog_format is STATEMENT."},
		{ID: "DstSpaceCheck", Name: "Disk space", Status: check.StepBlocked},
		{ID: "DstEmptyCheck", Name: "Empty target", Status: check.StepNotStarted},
	}}}},
	{JobID: "dts-strict01", Progress: check.Progress{Stage: check.StageJudged, Check: &check.State{Status: check.Finished, Passed: verdict(false), Progress: 100, Steps: []check.Step{
		{ID: "OptimizeCheck", Name: "Optimization", Status: check.StepSkipped, Skipped: true}}, Message: "ok", Strictly: []string{"OptimizeCheck"}}}},
	{JobID: "dts-accept01", JobName: "members", Progress: check.Progress{Stage: check.StageJudged, Check: &check.State{Status: check.Finished, Passed: verdict(true), Progress: 100, Accepted: []string{"SrcPrivilegeCheck"}, Steps: []check.Step{
		{ID: "SrcPrivilegeCheck", Name: "Source database privileges", Status: check.StepWarning, Failed: []check.Item{{Name: "Global privileges", Result: check.StepWarning, Reason: "The account may do more than needed."}}}}}}},
	{JobID: "dts-waiting1", JobName: "billing", Progress: check.Progress{Stage: check.StageWaiting, Check: &check.State{Status: check.Finished, Passed: verdict(true), Progress: 100}}},
	{JobID: "dts-untagged", Progress: check.Progress{Untagged: true, Stage: check.StageWaiting, Check: &check.State{Status: check.Finished, Passed: verdict(true), Progress: 100}}},
	{JobID: "sync-newfail", Repeated: true, Progress: check.Progress{Stage: check.StageJudged, Before: &check.Verdict{Passed: true}, Check: &check.State{Status: check.Finished, Passed: verdict(false), Progress: 100, Steps: []check.Step{
		{ID: "BinlogParamCheck", Name: "Binary log", Status: check.StepFailed, Failed: []check.Item{{Name: "binlog_format", Result: check.StepFailed, Reason: "binlog_format is STATEMENT.", Solution: "Set it to ROW."}}}}}}},
	{JobID: "dts-created2", Progress: check.Progress{Stage: check.StageCreated, Check: &check.State{Status: check.Unavailable}}},
}

// evil are texts that do harm where they are taken for more than text.
var evil = []string{
	"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "{{.}}", "</style><style>", "javascript:alert(1)", "&lt;b&gt; &#64;all",
	"| a | b |", "**x** __y__ _z_ ~~u~~ `code`", "[a](javascript:alert(1))", "![i](https://evil.example/i.png)", "# title", "- item", "1. item", "=====",
	"@all", "<@all>", `<at user_id="all">all</at>`, "<font color=\"warning\">x</font>",
	"two\nlines\r\nand\u2028three\u2029four\vfive\u0085six", "\x1b[31mred\x1b[0m \x07\x00\x9b31m", "user\u202egnp.exe \u2066x\u2069 \u200e\u061c", "\xff\xfe\xc3", "zero\u200bwidth\ufeff\U000e0041",
	"a\\*b\\", "<https://evil.example>", "!!",
}

var evilLinks = []string{"javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,<script>alert(1)</script>", "//evil.example/x", "https://user:pass@evil.example/",
	"https://evil.example/a)b](c)*d*<e>\"f\"'g'|h|`i`\\j@all", "http://еxample.com/", "https:evil", "https://", " https://fine.example/a b\nc", "ftp://evil.example/", "https://ex<script>ample/", "mailto:a@evil.example"}

var hostile = func() (outcomes []check.Outcome) {
	for i, s := range evil {
		help := []string{evilLinks[i%len(evilLinks)]}
		step := check.Step{ID: s, Name: s, Status: check.StepFailed, Message: s,
			Failed: []check.Item{{Name: s, Description: s, Result: s, Reason: s, Solution: s, SkipRisk: s, Log: []string{s}, HelpDoc: help}}}
		o := check.Outcome{JobID: s, JobName: s, Progress: check.Progress{Stage: check.StageCreated, RequestID: s}}
		switch i % 3 {
		case 0:
			o.Check = &check.State{Status: check.Finished, Passed: verdict(false), Message: s, Steps: []check.Step{step, {Name: s, Status: s, Skipped: true, Message: s}}}
		case 1:
			o.Check = &check.State{Status: s, Message: s, Steps: []check.Step{step}}
		case 2:
			o.Error = &check.Error{Code: s, Message: s}
			o.StartRequestID = s
		}
		outcomes = append(outcomes, o, check.Outcome{JobID: s, JobName: s, Progress: check.Progress{Stage: check.StageCreated, RequestID: s}})
	}
	return outcomes
}()

// forms are the files that each report is written to.
var forms = map[string]func(Report) string{
	"txt":        Text,
	"wecom":      func(r Report) string { return Message(r, WeCom, 4096) },
	"dingtalk":   func(r Report) string { return Message(r, DingTalk, 20000) },
	"feishu":     func(r Report) string { return Message(r, Feishu, 20<<10) },
	"slack":      func(r Report) string { return Message(r, Slack, 20000) },
	"summary.md": func(r Report) string { return Summary(r, 1<<20) },
	"html":       func(r Report) string { return string(HTML(r)) },
}

// each calls f with every report in every form and language.
func eachReport(t *testing.T, f func(t *testing.T, r Report, form, text string)) {
	for name, r := range reports {
		for _, r.Language = range []string{"en-US", "zh-CN"} {
			if name == "night8" {
				r = night(8, r.Language) // whose texts are DTS's, in its language
			}
			for form, write := range forms {
				t.Run(name+"."+r.Language+"."+form, func(t *testing.T) { f(t, r, form, write(r)) })
			}
		}
	}
}

func TestGolden(t *testing.T) {
	eachReport(t, func(t *testing.T, _ Report, _, got string) {
		file := filepath.Join("testdata", strings.TrimPrefix(t.Name(), "TestGolden/"))
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			lines, wanted := strings.Split(got, "\n"), strings.Split(string(want), "\n")
			for i, line := range lines {
				if i == len(wanted) || line != wanted[i] {
					t.Fatalf("%s, line %d: %s; run with -update and look at the difference", file, i+1, line)
				}
			}
			t.Errorf("%s ends early", file)
		}
	})
}

// A step that passed and has something to say all the same is shown: strictly,
// it keeps the check from passing.
func TestStepThatPassedWithAnItem(t *testing.T) {
	o := check.Outcome{JobID: "dts-1", Progress: check.Progress{Stage: check.StageJudged, Check: &check.State{Status: check.Finished, Passed: verdict(false), Steps: []check.Step{
		{Name: "Version", Status: check.StepPass},
		{Name: "Parameters", Status: check.StepPass, Failed: []check.Item{{Name: "binlog", Result: check.StepWarning, Reason: "It is short."}}},
	}}}}
	if text := Text(Report{Result: check.Result{Jobs: []check.Outcome{o}}}); !strings.Contains(text, "It is short.") || strings.Contains(text, "Version") {
		t.Errorf("got %s", text)
	}
}
