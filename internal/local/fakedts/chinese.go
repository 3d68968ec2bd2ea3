package fakedts

import "slices"

// inLanguage returns a text of the endpoint's own in the language that was asked for. What
// a jobs file says is said as it is.
func (v view) inLanguage(text string) string {
	if c, ok := chinese[text]; ok && v.language == "zh-CN" {
		return c
	}
	return text
}

// translated returns a step in the language that was asked for. Logs are in English
// always.
func (v view) translated(step Step) Step {
	step.StepName, step.StepMessage = v.inLanguage(step.StepName), v.inLanguage(step.StepMessage)
	step.DetailCheckItems = slices.Clone(step.DetailCheckItems)
	for i := range step.DetailCheckItems {
		item := &step.DetailCheckItems[i]
		for _, text := range []*string{&item.CheckItemName, &item.Description, &item.FailureReason, &item.Solution, &item.SkipInfo} {
			*text = v.inLanguage(*text)
		}
	}
	return step
}

// chinese are the texts of the default jobs and steps.
var chinese = map[string]string{
	"Connection check":                 "连接检查",
	"Version check":                    "版本检查",
	"Source instance permission check": "源实例权限检查",
	"Target instance permission check": "目标实例权限检查",
	"Parameter warning check":          "警告项参数检查",
	"Optimization check":               "优化检查",
	"Binary log check":                 "binlog 参数检查",
	"Target space check":               "目标实例空间检查",
	"Foreign key check":                "外键依赖检查",

	"Global privileges": "全局权限",
	"Grant the missing privilege to the migration account and create the check again.": "为迁移账号授予缺少的权限，然后重新校验。",
	"the last check did not pass": "上一次校验未通过",
	"Source instance permission check failed: the account lacks REPLICATION CLIENT": "源实例权限检查未通过：账号缺少 REPLICATION CLIENT 权限",

	"max_allowed_packet differs":                                        "max_allowed_packet 不一致",
	"Both instances should accept packets of the same size":             "两端实例的最大数据包应当一致",
	"max_allowed_packet is 64 MB on the source and 16 MB on the target": "max_allowed_packet 在源实例为 64 MB，在目标实例为 16 MB",
	"Raise max_allowed_packet of the target instance to 64 MB.":         "将目标实例的 max_allowed_packet 调大到 64 MB。",
	"Primary keys":                          "主键",
	"Every table should have a primary key": "每张表都应当有主键",
	"Rows of tables without a primary key may be there twice after the migration.": "没有主键的表，迁移后可能出现重复行。",

	"2 of 4 steps failed": "4 个检查项中有 2 个未通过",
	"binlog_format and binlog_row_image are not as they must be":                                       "binlog_format 与 binlog_row_image 不符合要求",
	"binlog_format is STATEMENT, but must be ROW":                                                      "binlog_format 为 STATEMENT，应为 ROW",
	"Set binlog_format to ROW, restart the threads of the source instance and create the check again.": "将 binlog_format 设为 ROW，重启源实例的线程后重新校验。",
	"binlog_row_image is MINIMAL, but must be FULL":                                                    "binlog_row_image 为 MINIMAL，应为 FULL",
	"Set binlog_row_image to FULL.":                                                                    "将 binlog_row_image 设为 FULL。",
	"Disk space":                                                                                       "磁盘空间",
	"Extend the disk of the target instance to 200 GB.":                                                "将目标实例的磁盘扩容到 200 GB。",
	"The account may do more than the synchronization needs.":                                          "账号的权限超出同步所需。",
	"Use an account that has only the privileges that are listed there.":                               "请使用仅具备文档所列权限的账号。",
}
