package report

import (
	"fmt"

	"migratecheck/internal/check"
)

// A step that keeps jobs from passing or warns, in the words of DTS in one language.
type trouble struct {
	id, name, item, reason, solution, help string
}

const help = "https://cloud.tencent.com/document/product/571/"

var troubles = map[string]map[string]trouble{
	"en-US": {
		"binlog":    {"BinlogParamCheck", "Binary log check", "binlog_format", "binlog_format is STATEMENT, but must be ROW", "Set binlog_format to ROW, restart the threads of the source instance and create the check again.", help + "61643"},
		"privilege": {"SrcPrivilegeCheck", "Source permission check", "Global privileges", "the account lacks REPLICATION CLIENT and REPLICATION SLAVE", "GRANT REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO 'dts'@'%';", help + "61639"},
		"space":     {"DstSpaceCheck", "Target space check", "Disk space", "source 151 GB, target 100 GB", "Extend the disk of the target instance.", ""},
		"params":    {"WarningParamCheck", "Parameter check", "max_allowed_packet", "max_allowed_packet is 64 MB on the source and 16 MB on the target", "Set max_allowed_packet of the target to 64 MB or more.", help + "61650"},
	},
	"zh-CN": {
		"binlog":    {"BinlogParamCheck", "Binlog 参数检查", "binlog_format", "源库 binlog_format 为 STATEMENT，需要为 ROW", "请将源库 binlog_format 设置为 ROW，并重启源实例上的连接后重新校验。", help + "61643"},
		"privilege": {"SrcPrivilegeCheck", "源库权限检查", "全局权限", "迁移账号缺少 REPLICATION CLIENT、REPLICATION SLAVE 权限", "GRANT REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO 'dts'@'%';", help + "61639"},
		"space":     {"DstSpaceCheck", "目标库空间检查", "磁盘空间", "源库 151 GB，目标库 100 GB", "请扩容目标实例的磁盘。", ""},
		"params":    {"WarningParamCheck", "参数告警检查", "max_allowed_packet", "源库 max_allowed_packet 为 64 MB，目标库为 16 MB", "请将目标库 max_allowed_packet 调整为 64 MB 或更大。", help + "61650"},
	},
}

// others are steps that every check of the samples passes.
var others = []check.Step{{ID: "ConnectDBCheck", Name: "Database connection", Status: check.StepPass}, {ID: "VersionCheck", Name: "Version", Status: check.StepPass}}

func (t trouble) step(status string) check.Step {
	item := check.Item{Name: t.item, Result: status, Reason: t.reason, Solution: t.solution}
	if t.help != "" {
		item.HelpDoc = []string{t.help}
	}
	return check.Step{ID: t.id, Name: t.name, Status: status, Failed: []check.Item{item}}
}

var names = []string{"orders", "billing", "payments", "customers", "订单库迁移（华南）", "catalog", "inventory", "warehouse", "sessions", "users-eu", "reporting", "会员库", "archive-2024", "invoices", "shipping"}

// night is the morning's result of so many jobs: of 300, about 40 need a person.
func night(n int, language string) Report {
	t := troubles[language]
	jobs := make([]check.Outcome, n)
	for i := range jobs {
		id := fmt.Sprintf("dts-%08s", fmt.Sprintf("%x", uint32(i+7)*2654435761))[:12]
		name := names[i%len(names)]
		if i >= len(names) {
			name += fmt.Sprintf("-%d", i/len(names)+1)
		}
		o := check.Outcome{JobID: id, JobName: name}
		o.Stage, o.RequestID = check.StageJudged, fmt.Sprintf("%08x-f610-4256-996a-%012x", uint32(i+3)*2246822519, i*7919)
		passed := verdict(true)
		o.Check = &check.State{Status: check.Finished, Passed: passed, Progress: 100, Message: "ok", Steps: append([]check.Step{}, others...)}
		o.Before = &check.Verdict{Passed: true}
		fail := func(what ...string) {
			*passed = false
			for _, w := range what {
				o.Check.Steps = append(o.Check.Steps, t[w].step(check.StepFailed))
			}
			o.Check.Message = fmt.Sprintf("%d of %d steps failed", len(what), len(o.Check.Steps))
			if language == "zh-CN" {
				o.Check.Message = fmt.Sprintf("%d 个步骤中有 %d 个未通过", len(o.Check.Steps), len(what))
			}
			if i%3 > 0 {
				o.Before = &check.Verdict{Failed: o.Check.Verdict().Failed}
			}
		}
		switch i % 50 {
		case 1, 31, 43:
			fail("binlog")
		case 2, 17:
			fail("privilege")
		case 3:
			fail("binlog", "space")
		case 4:
			if i%100 == 4 {
				o.Check, o.Before = &check.State{Status: check.Running, Progress: 45}, nil
				o.Stage = check.StageCreated
			}
		case 5:
			if i%150 == 55 {
				o.Check, o.Before, o.Stage = nil, nil, check.StageUnseen
				o.Error = &check.Error{Code: "FailedOperation.NotAllowOperation", Message: "The job is in a state in which this is not allowed."}
			}
		case 6:
			o.Check.Steps = append(o.Check.Steps, t["params"].step(check.StepWarning))
		case 7:
			o.Before = &check.Verdict{Failed: []string{"BinlogParamCheck"}}
		}
		jobs[i] = o
	}
	return Report{
		Result: check.Result{Jobs: jobs, Batch: true, Verdicts: true}, Region: "ap-guangzhou", Namespace: "default", Function: "migrate-check",
		Source: "timer", Trigger: "nightly-check", At: at, Selected: []string{}, Language: language,
	}
}
