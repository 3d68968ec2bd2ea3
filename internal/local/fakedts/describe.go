package fakedts

import (
	"strconv"
	"time"
)

// beijing is the time zone of the API's times.
var beijing = time.FixedZone("CST", 8*60*60)

// noTime is what the API shows where there is no time.
const noTime = "0000-00-00 00:00:00"

// timeText is a time as the API shows it.
func timeText(t time.Time) string {
	if t.IsZero() {
		return noTime
	}
	return t.In(beijing).Format(time.DateTime)
}

// check2018 is the answer of DescribeMigrateCheckJob.
func (v view) check2018() map[string]any {
	phase, percent := v.progress()
	answer := map[string]any{
		"Status":       [...]string{"unavailable", "starting", "running", "finished"}[phase],
		"Progress":     strconv.Itoa(percent),
		"CheckFlag":    3,
		"ErrorCode":    0,
		"ErrorMessage": "",
	}
	switch {
	case phase == none && v.Nulls:
		setNull(answer)
	case phase == finished && v.state.check.broken:
		answer["ErrorCode"] = -1
	case phase == finished:
		answer["CheckFlag"], answer["ErrorMessage"] = 1, v.inLanguage(v.state.check.message())
		if v.state.check.NotPassed {
			answer["CheckFlag"], answer["ErrorCode"] = 0, -1
		}
	}
	return answer
}

// setNull makes every member of an answer null.
func setNull(answer map[string]any) {
	for name := range answer {
		answer[name] = nil
	}
}

// check2021 is the answer of DescribeMigrationCheckJob.
func (v view) check2021() map[string]any {
	phase, _ := v.progress()
	answer := map[string]any{
		"Status":    [...]string{"notStarted", "notStarted", "running", "success"}[phase],
		"BriefMsg":  "",
		"CheckFlag": nil,
		"StepInfo":  v.steps(),
	}
	switch {
	case phase == none && v.Nulls:
		setNull(answer)
	case phase == finished && v.state.check.broken:
		answer["Status"] = "failed"
	case phase == finished:
		answer["BriefMsg"], answer["CheckFlag"] = v.inLanguage(v.state.check.message()), "checkPass"
		if v.state.check.NotPassed {
			answer["Status"], answer["CheckFlag"] = "failed", "checkNotPass"
		}
	}
	return answer
}

// message is what is said with the verdict.
func (v Verdict) message() string {
	if v.Message == "" {
		return "ok"
	}
	return v.Message
}

// verdict is that of the latest check, or of the next where there is none.
func (v view) verdict() Verdict {
	if v.state.check != nil {
		return v.state.check.Verdict
	}
	return Verdict{v.NotPassed, v.Message, v.Steps}
}

// stepsOver returns the steps of the check: those that are not over yet have no
// result.
func (v view) stepsOver() []Step {
	verdict := v.verdict()
	steps := verdict.Steps
	if steps == nil {
		steps = defaultSteps(verdict)
	}
	_, percent := v.progress()
	over := len(steps) * percent / 100
	if c := v.state.check; c != nil && c.broken {
		over = 0
	}
	out := make([]Step, len(steps))
	for i, step := range steps {
		if i >= over {
			step.StepStatus, step.StepMessage, step.HasSkipped, step.DetailCheckItems = "notStarted", "", false, nil
		}
		out[i] = v.translated(step)
	}
	return out
}

// steps is the StepInfo of DescribeMigrationCheckJob.
func (v view) steps() []map[string]any {
	var out []map[string]any
	for i, step := range v.stepsOver() {
		var items []map[string]any
		for _, item := range step.DetailCheckItems {
			items = append(items, map[string]any{
				"CheckItemName": item.CheckItemName, "Description": item.Description, "CheckResult": item.CheckResult,
				"FailureReason": item.FailureReason, "Solution": item.Solution,
				"ErrorLog": item.ErrorLog, "HelpDoc": item.HelpDoc, "SkipInfo": item.SkipInfo,
			})
		}
		out = append(out, map[string]any{
			"StepNo": i + 1, "StepId": step.StepID, "StepName": step.StepName,
			"StepStatus": step.StepStatus, "StepMessage": step.StepMessage,
			"DetailCheckItems": items, "HasSkipped": step.HasSkipped,
		})
	}
	return out
}

// checkStepInfo is the CheckStepInfo of DescribeMigrationDetail, nil without a
// check.
func (v view) checkStepInfo() map[string]any {
	phase, percent := v.progress()
	if phase == none {
		return nil
	}
	status, ended := "success", v.state.check.ends
	switch {
	case phase == starting:
		status, ended = "notStarted", time.Time{}
	case phase == underway:
		status, ended = "running", time.Time{}
	case v.state.check.broken, v.state.check.NotPassed:
		status = "failed"
	}
	var steps []map[string]any
	now := 0
	for i, step := range v.stepsOver() {
		detail := map[string]any{
			"StepNo": i + 1, "StepId": step.StepID, "StepName": step.StepName, "StepMessage": step.StepMessage,
			"Status": "success", "StartTime": timeText(v.state.check.began), "Percent": 100, "Errors": nil, "Warnings": nil,
		}
		switch step.StepStatus {
		case "notStarted":
			detail["Status"], detail["StartTime"], detail["Percent"] = "notStarted", "", 0
		case "failed", "blocked":
			detail["Status"], detail["Errors"] = "failed", tips(step)
		case "warning":
			detail["Warnings"] = tips(step)
		}
		if step.StepStatus != "notStarted" {
			now = i + 1
		}
		steps = append(steps, detail)
	}
	return map[string]any{
		"StartAt": timeText(v.state.check.began), "EndAt": timeText(ended),
		"Progress": map[string]any{
			"Status": status, "Percent": percent, "StepAll": len(steps), "StepNow": now,
			"Message": "", "Steps": steps,
		},
	}
}

// tips are the errors or the warnings of a step in the detail.
func tips(step Step) []map[string]any {
	var out []map[string]any
	for _, item := range step.DetailCheckItems {
		if item.CheckResult != "pass" {
			doc := ""
			if len(item.HelpDoc) > 0 {
				doc = item.HelpDoc[0]
			}
			out = append(out, map[string]any{"Message": item.FailureReason, "Solution": item.Solution, "HelpDoc": doc})
		}
	}
	return out
}

func defaultSteps(v Verdict) []Step {
	steps := []Step{
		{StepID: "ConnectDBCheck", StepName: "Connection check", StepStatus: "pass"},
		{StepID: "VersionCheck", StepName: "Version check", StepStatus: "pass"},
		{StepID: "SrcPrivilegeCheck", StepName: "Source instance permission check", StepStatus: "pass"},
	}
	if v.NotPassed {
		last := &steps[2]
		last.StepStatus, last.StepMessage = "failed", v.message()
		last.DetailCheckItems = []DetailItem{{
			CheckItemName: "Global privileges",
			CheckResult:   "failed",
			FailureReason: v.message(),
			Solution:      "Grant the missing privilege to the migration account and create the check again.",
			HelpDoc:       []string{"https://www.tencentcloud.com/document/product/571"},
		}}
	}
	return steps
}
