package fakedts

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"migratecheck/internal/local/cloudapi"
)

// syncStatus returns the status of a sync job.
func (v view) syncStatus() string {
	if v.Unconfigured && v.status() == created {
		return unInitialized
	}
	return statuses[v.status()].sync
}

// checkSync is the answer of DescribeCheckSyncJobResult.
func (v view) checkSync() map[string]any {
	phase, percent := v.progress()
	answer := map[string]any{
		"Status":   [...]string{"notStarted", "notStarted", "running", "success"}[phase],
		"Progress": percent,
	}
	if phase == finished && (v.state.check.broken || v.state.check.NotPassed) {
		answer["Status"] = "failed"
	}
	var steps []map[string]any
	now := 0
	for i, step := range v.stepsOver() {
		over := stepsOfSync[step.StepStatus]
		if step.HasSkipped {
			over = "skipped"
		}
		percent := 100
		if over == "notStarted" {
			percent = -1
		} else {
			now = i + 1
		}
		steps = append(steps, map[string]any{
			"StepNo": i + 1, "StepName": step.StepName, "StepId": step.StepID, "Status": over, "StartTime": "",
			"Errors": syncTips(step, "failed"), "Warnings": syncTips(step, "warning"), "Progress": percent,
		})
	}
	answer["StepCount"], answer["StepCur"], answer["StepInfos"] = len(steps), now, steps
	if phase == none && v.Nulls {
		setNull(answer)
	}
	return answer
}

// stepsOfSync are the words for a step of a sync job, by those of a migration's.
var stepsOfSync = map[string]string{
	"pass": "finished", "warning": "finished", "failed": "failed", "blocked": "notStarted", "notStarted": "notStarted",
}

// syncTips are the errors of a step, or its warnings; null without any.
func syncTips(step Step, result string) []map[string]any {
	var out []map[string]any
	tip := func(message, solution, doc, risk string) {
		code := map[string]string{"failed": "Error: ", "warning": "Warning: "}[result] + step.StepID
		out = append(out, map[string]any{"Code": code, "Message": message, "Solution": solution, "HelpDoc": doc, "SkipInfo": risk})
	}
	for _, item := range step.DetailCheckItems {
		if item.CheckResult == result {
			message := cmp.Or(item.FailureReason, strings.Join(item.ErrorLog, "\n"))
			tip(message, item.Solution, append(slices.Clone(item.HelpDoc), "")[0], item.SkipInfo)
		}
	}
	if len(step.DetailCheckItems) == 0 && step.StepStatus == result && !step.HasSkipped {
		tip(step.StepMessage, "", "", "")
	}
	return out
}

// listSync is DescribeSyncJobs.
func (s *Server) listSync(_ context.Context, r *cloudapi.Request) (any, *cloudapi.Error) {
	f := r.Fields()
	var q query
	q.common(f)
	ids := f.Strings("JobIds")
	q.only(ids != nil, func(v view) bool { return slices.Contains(ids, v.JobID) })
	for _, filter := range []struct {
		name string
		fits func(v view, value string) bool
	}{
		{"RunMode", func(v view, value string) bool { return syncRunModes[v.runMode()] == value }},
		{"JobType", func(v view, value string) bool { return v.srcType()+"2"+v.dstType() == value }},
		{"PayMode", func(_ view, value string) bool { return value == payMode }},
		{"SrcInfoPattern", func(v view, value string) bool { return v.srcInstance() == value || sourceHost == value }},
		{"DstInfoPattern", func(v view, value string) bool { return v.dstInstance() == value || targetHost == value }},
	} {
		value := f.String(filter.name)
		q.only(value != "", func(v view) bool { return filter.fits(v, value) })
	}
	words := f.Strings("Status")
	q.only(words != nil, func(v view) bool { return slices.Contains(words, v.syncStatus()) })
	for _, word := range words {
		if !knownSync(word) {
			f.Refuse(wrongValue("Status", "has no value %q.", word))
		}
	}
	if order := f.String("Order"); order != "" && order != "CreateTime" {
		f.Refuse(wrongValue("Order", "must be CreateTime."))
	}
	q.descending = descending(f, "ASC", "DESC")
	if refusal := f.Done(); refusal != nil {
		return nil, refusal
	}
	return s.list(r, syncJob, q, view.itemSync)
}

// knownSync reports whether DescribeSyncJobs can filter by a status.
func knownSync(word string) bool {
	if word == unInitialized || word == "Released" || word == "Resetting" {
		return true
	}
	for _, s := range statuses {
		if s.sync != "" && s.sync == word {
			return true
		}
	}
	return false
}

// syncRunModes are the words of sync jobs for run modes.
var syncRunModes = map[string]string{immediate: "Immediate", timed: "Timed"}

// payMode is how all sync jobs are paid.
const payMode = "PostPay"

// itemSync is a SyncJobInfo, an element of DescribeSyncJobs.
func (v view) itemSync() map[string]any {
	detail := map[string]any{
		"StepAll": 0, "StepNow": 0, "Progress": 0, "CurrentStepProgress": 0, "MasterSlaveDistance": -1, "SecondsBehindMaster": -1,
		"Message": "", "StepInfos": nil, "CauseOfCompareDisable": "",
	}
	if v.status() == checking {
		running := v.checkSync()
		detail["StepAll"], detail["StepNow"], detail["Progress"], detail["StepInfos"] =
			running["StepCount"], running["StepCur"], running["Progress"], running["StepInfos"]
	}
	var actions []string
	for _, a := range v.allowed() {
		if slices.Contains(allSyncActions, a) {
			actions = append(actions, a)
		}
	}
	item := map[string]any{
		"JobId": v.JobID, "JobName": v.JobName, "PayMode": payMode, "RunMode": syncRunModes[v.runMode()], "ExpectRunTime": v.expectRunTime(),
		"AllActions": allSyncActions, "Actions": actions, "Options": nil, "Objects": nil, "Specification": "small", "ExpireTime": noTime,
		"SrcRegion": v.region(), "SrcDatabaseType": v.srcType(), "SrcAccessType": accessType,
		"SrcInfo":   syncEndpoint(v.region(), v.srcInstance(), sourceHost, sourceUser, sourcePassword),
		"DstRegion": v.region(), "DstDatabaseType": v.dstType(), "DstAccessType": accessType,
		"DstInfo":    syncEndpoint(v.region(), v.dstInstance(), targetHost, targetUser, targetPassword),
		"CreateTime": timeText(v.created), "StartTime": timeText(v.state.started), "EndTime": timeText(v.ended()),
		"Status": v.syncStatus(), "Tags": v.tags(), "Detail": detail, "TradeStatus": "Normal", "InstanceClass": "small",
		"AutoRenew": 0, "OfflineTime": noTime, "AutoRetryTimeRangeMinutes": 0,
	}
	if v.Nulls {
		item["Actions"], item["Detail"] = nil, nil
		if v.JobName == "" {
			item["JobName"] = nil
		}
	}
	return item
}

// syncEndpoint is an Endpoint.
func syncEndpoint(region, instance, host, user, password string) map[string]any {
	return map[string]any{
		"Region": region, "Role": "", "DbKernel": "", "InstanceId": instance, "Ip": host, "Port": 3306, "User": user, "Password": password,
		"DbName": "", "VpcId": "", "SubnetId": "", "CvmInstanceId": "", "UniqDcgId": "", "UniqVpnGwId": "", "CcnId": "", "Supplier": "others",
		"EngineVersion": "5.7", "Account": "", "AccountMode": "self", "AccountRole": "", "RoleExternalId": "",
		"TmpSecretId": tmpSecretID, "TmpSecretKey": tmpSecretKey, "TmpToken": tmpToken, "EncryptConn": "", "DatabaseNetEnv": "",
	}
}
