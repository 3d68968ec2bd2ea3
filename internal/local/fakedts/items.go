package fakedts

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Secrets are the connection data in what the endpoint says of a job: nothing of
// it may get any further.
var Secrets = []string{sourceHost, sourceUser, sourcePassword, accessKey, targetHost, targetUser, targetPassword,
	tmpSecretID, tmpSecretKey, tmpToken}

const (
	sourceHost     = "10.71.83.97"
	sourceUser     = "mover_of_source"
	sourcePassword = "Pw-of-source-7Xk2"
	accessKey      = "LTAIofAnotherCloud7Xk2"
	targetHost     = "10.71.83.98"
	targetUser     = "mover_of_target"
	targetPassword = "Pw-of-target-9Qm4"
	tmpSecretID    = "AKIDofAnotherAccount7Xk2"
	tmpSecretKey   = "tmpSecretKeyOfAnotherAccount7Xk2"
	tmpToken       = "tmpTokenOfAnotherAccount7Xk2"
)

// The databases of a job are named after it.
func (j *job) srcInstance() string { return "cdb-src" + j.suffix() }
func (j *job) dstInstance() string { return "cdb-dst" + j.suffix() }

// suffix is the id without the prefix that tells the kind.
func (j *job) suffix() string {
	return strings.TrimPrefix(strings.TrimPrefix(j.JobID, "dts-"), "sync-")
}

func (j *job) kind() string { return cmp.Or(j.Kind, migration) }

// accessType is how DTS comes to all databases.
const accessType = "cdb"

func (j *job) region() string  { return cmp.Or(j.Region, "ap-guangzhou") }
func (j *job) srcType() string { return cmp.Or(j.SrcDatabaseType, "mysql") }
func (j *job) dstType() string { return cmp.Or(j.DstDatabaseType, "mysql") }
func (j *job) runMode() string { return cmp.Or(j.RunMode, immediate) }

// expectRunTime is when a timed job is to run: a day after its creation.
func (j *job) expectRunTime() string {
	if j.RunMode != timed {
		return ""
	}
	return timeText(j.created.Add(24 * time.Hour))
}

// tags are null for a job without any.
func (j *job) tags() []map[string]any {
	var out []map[string]any
	for _, key := range slices.Sorted(maps.Keys(j.Tags)) {
		out = append(out, map[string]any{"TagKey": key, "TagValue": j.Tags[key]})
	}
	return out
}

// ended returns when the migration came to its end, zero before.
func (v view) ended() time.Time {
	if v.state.started.IsZero() || v.status() != success {
		return time.Time{}
	}
	phases := time.Duration(2)
	if v.RunMode == timed {
		phases = 3
	}
	return v.state.started.Add(phases * seconds(v.MigrateSeconds, time.Minute))
}

// item2018 is a MigrateJobInfo, an element of DescribeMigrateJobs.
func (v view) item2018() map[string]any {
	runMode := 1
	if v.RunMode == timed {
		runMode = 2
	}
	return map[string]any{
		"JobId": v.JobID, "JobName": v.JobName,
		"MigrateOption": map[string]any{
			"RunMode": runMode, "ExpectTime": v.expectRunTime(), "MigrateType": 3, "MigrateObject": 1,
			"ConsistencyType": 1, "IsOverrideRoot": 0, "ExternParams": "", "ConsistencyParams": nil,
		},
		"SrcDatabaseType": v.srcType(), "SrcAccessType": accessType,
		"SrcInfo": map[string]any{
			"AccessKey": accessKey, "Ip": sourceHost, "Port": 3306, "User": sourceUser, "Password": sourcePassword,
			"RdsInstanceId": "", "CvmInstanceId": "", "UniqDcgId": "", "VpcId": "", "SubnetId": "", "UniqVpnGwId": "",
			"InstanceId": v.srcInstance(), "Region": v.region(), "Supplier": "others", "CcnId": nil, "EngineVersion": "5.7",
		},
		"DstDatabaseType": v.dstType(), "DstAccessType": accessType,
		"DstInfo": map[string]any{
			"Region": v.region(), "InstanceId": v.dstInstance(), "Ip": targetHost, "Port": 3306, "ReadOnly": 0,
			"User": targetUser, "Password": targetPassword,
		},
		"DatabaseInfo": "[]",
		"CreateTime":   timeText(v.created), "StartTime": timeText(v.state.started), "EndTime": timeText(v.ended()),
		"Status": statuses[v.status()].number,
		"Detail": map[string]any{
			"StepAll": 0, "StepNow": 0, "Progress": "0", "CurrentStepProgress": "0",
			"MasterSlaveDistance": -1, "SecondsBehindMaster": -1, "StepInfo": nil,
		},
		"ErrorInfo": nil, "Tags": v.tags(), "SrcInfoMulti": nil,
	}
}

// item2021 is what a JobItem, an element of DescribeMigrationJobs, has in common
// with the answer of DescribeMigrationDetail.
func (v view) item2021() map[string]any {
	item := map[string]any{
		"JobId": v.JobID, "JobName": v.JobName, "Status": v.status(), "BriefMsg": "",
		"CreateTime": timeText(v.created), "UpdateTime": timeText(v.updated()),
		"StartTime": timeText(v.state.started), "EndTime": timeText(v.ended()),
		"RunMode": v.runMode(), "ExpectRunTime": v.expectRunTime(),
		"Action":   v.action(),
		"StepInfo": v.stepInfo(),
		"SrcInfo":  endpoint2021(v.region(), v.srcType(), v.srcInstance(), sourceHost, sourceUser, sourcePassword),
		"DstInfo":  endpoint2021(v.region(), v.dstType(), v.dstInstance(), targetHost, targetUser, targetPassword),
		"CompareTask": map[string]any{
			"CompareTaskId": "", "Status": "notexist",
		},
		"TradeInfo": map[string]any{
			"DealName": "", "LastDealName": "", "InstanceClass": "small", "TradeStatus": "normal", "ExpireTime": noTime,
			"OfflineTime": noTime, "IsolateTime": noTime, "OfflineReason": nil, "IsolateReason": nil,
			"PayType": "postpay", "BillingType": "billing",
		},
		"Tags": v.tags(),
	}
	if v.Nulls {
		item["BriefMsg"], item["StepInfo"] = nil, nil
		if v.JobName == "" {
			item["JobName"] = nil
		}
	}
	return item
}

// listed2021 is a JobItem.
func (v view) listed2021() map[string]any {
	item := v.item2021()
	item["AutoRetryTimeRangeMinutes"] = 0
	return item
}

// detail2021 is the answer of DescribeMigrationDetail.
func (v view) detail2021() map[string]any {
	item := v.item2021()
	item["MigrateOption"] = map[string]any{
		"DatabaseTable": map[string]any{"ObjectMode": "all", "Databases": nil, "AdvancedObjects": nil},
		"MigrateType":   "fullAndIncrement", "Consistency": map[string]any{"Mode": "notConfigured"},
		"IsMigrateAccount": false, "IsOverrideRoot": false, "IsDstReadOnly": false, "ExtraAttr": nil,
	}
	item["CheckStepInfo"] = v.checkStepInfo()
	item["ErrorInfo"] = nil
	return item
}

// action is null in a status of which the API says nothing.
func (v view) action() map[string]any {
	allowed := v.allowed()
	if allowed == nil || v.Nulls {
		return nil
	}
	return map[string]any{"AllAction": allActions, "AllowedAction": allowed}
}

// allowed are the operations that the job allows.
func (v view) allowed() []string {
	allowed := statuses[v.status()].allowed
	if v.Unconfigured && v.status() == created {
		allowed = slices.DeleteFunc(slices.Clone(allowed), func(a string) bool { return a == "check" })
	}
	return allowed
}

// stepInfo has the check's steps while one runs.
func (v view) stepInfo() map[string]any {
	info := map[string]any{"StepAll": 0, "StepNow": 0, "MasterSlaveDistance": -1, "SecondsBehindMaster": -1, "StepInfo": nil}
	if v.status() == checking {
		progress := v.checkStepInfo()["Progress"].(map[string]any)
		info["StepAll"], info["StepNow"], info["StepInfo"] = progress["StepAll"], progress["StepNow"], progress["Steps"]
	}
	return info
}

// endpoint2021 is a DBEndpointInfo.
func endpoint2021(region, databaseType, instance, host, user, password string) map[string]any {
	return map[string]any{
		"Region": region, "AccessType": accessType, "DatabaseType": databaseType, "NodeType": "simple",
		"Info": []map[string]any{{
			"Role": "", "DbKernel": "", "Host": host, "Port": 3306, "User": user, "Password": password,
			"CvmInstanceId": "", "UniqVpnGwId": "", "UniqDcgId": "", "InstanceId": instance, "CcnGwId": "",
			"VpcId": "", "SubnetId": "", "EngineVersion": "5.7", "Account": "", "AccountRole": "", "AccountMode": "self",
			"TmpSecretId": tmpSecretID, "TmpSecretKey": tmpSecretKey, "TmpToken": tmpToken,
		}},
		"Supplier": "others", "ExtraAttr": nil, "DatabaseNetEnv": nil,
	}
}
