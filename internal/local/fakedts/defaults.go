package fakedts

// DefaultJobs returns the jobs of an endpoint that is told of none. They show
// every case; those that wait for a check have it within seconds.
func DefaultJobs() []Job {
	const help = "https://www.tencentcloud.com/document/product/571/42551"
	connected := Step{StepID: "ConnectDBCheck", StepName: "Connection check", StepStatus: "pass"}
	return []Job{
		{JobID: "dts-1kl0iy0v", JobName: "orders", CheckSeconds: 3,
			Tags: map[string]string{"env": "prod", "team": "shop"}},
		{JobID: "dts-dau5czmd", JobName: "customers", CheckSeconds: 3,
			Tags:            map[string]string{"env": "prod", "team": "crm"},
			SrcDatabaseType: "postgresql", DstDatabaseType: "postgresql"},
		{JobID: "dts-notpass1", JobName: "billing", CheckSeconds: 3, Status: checkNotPass, NotPassed: true,
			Tags:    map[string]string{"env": "prod", "team": "finance"},
			Message: "Source instance permission check failed: the account lacks REPLICATION CLIENT"},
		{JobID: "dts-slowchk1", JobName: "warehouse", CheckSeconds: 120, Status: checkPass,
			Tags: map[string]string{"env": "prod", "team": "bi"}},
		{JobID: "dts-migrate1", JobName: "sessions", InMigration: true,
			Tags:            map[string]string{"env": "prod", "team": "web"},
			SrcDatabaseType: "redis", DstDatabaseType: "redis"},
		{JobID: "dts-warning1", JobName: "catalog", CheckSeconds: 2,
			Tags: map[string]string{"env": "test", "team": "shop"},
			Steps: []Step{connected, {
				StepID: "WarningParamCheck", StepName: "Parameter warning check", StepStatus: "warning",
				StepMessage: "max_allowed_packet differs",
				DetailCheckItems: []DetailItem{{
					CheckItemName: "max_allowed_packet", Description: "Both instances should accept packets of the same size",
					CheckResult: "warning", FailureReason: "max_allowed_packet is 64 MB on the source and 16 MB on the target",
					Solution: "Raise max_allowed_packet of the target instance to 64 MB.",
					HelpDoc:  []string{help},
				}},
			}}},
		{JobID: "dts-skipped1", JobName: "archive", CheckSeconds: 2,
			Tags: map[string]string{"env": "test", "team": "bi"},
			Steps: []Step{connected, {
				StepID: "OptimizeCheck", StepName: "Optimization check", StepStatus: "failed", HasSkipped: true,
				DetailCheckItems: []DetailItem{{
					CheckItemName: "Primary keys", Description: "Every table should have a primary key",
					CheckResult: "warning", ErrorLog: []string{"skipped"}, HelpDoc: []string{""},
					SkipInfo: "Rows of tables without a primary key may be there twice after the migration.",
				}},
			}}},
		{JobID: "dts-several1", JobName: "payments", CheckSeconds: 4, NotPassed: true,
			Tags:    map[string]string{"env": "test", "team": "finance"},
			Message: "2 of 4 steps failed",
			Steps: []Step{connected, {
				StepID: "BinlogParamCheck", StepName: "Binary log check", StepStatus: "failed",
				StepMessage: "binlog_format and binlog_row_image are not as they must be",
				DetailCheckItems: []DetailItem{
					{CheckItemName: "binlog_format", CheckResult: "failed",
						FailureReason: "binlog_format is STATEMENT, but must be ROW",
						Solution:      "Set binlog_format to ROW, restart the threads of the source instance and create the check again.",
						ErrorLog:      []string{"SHOW VARIABLES LIKE 'binlog_format': STATEMENT"}, HelpDoc: []string{help}},
					{CheckItemName: "binlog_row_image", CheckResult: "failed",
						FailureReason: "binlog_row_image is MINIMAL, but must be FULL",
						Solution:      "Set binlog_row_image to FULL.", HelpDoc: []string{help}},
					{CheckItemName: "log_bin", CheckResult: "pass", HelpDoc: []string{""}},
				},
			}, {
				StepID: "DstSpaceCheck", StepName: "Target space check", StepStatus: "failed",
				DetailCheckItems: []DetailItem{{
					CheckItemName: "Disk space", CheckResult: "failed", Solution: "Extend the disk of the target instance to 200 GB.",
					ErrorLog: []string{"source 151 GB", "target 100 GB"}, HelpDoc: []string{""},
				}},
			}, {
				StepID: "ConstraintCheck", StepName: "Foreign key check", StepStatus: "blocked",
			}}},
		{JobID: "dts-passed01", JobName: "inventory", CheckSeconds: 2, Status: checkPass,
			Tags: map[string]string{"env": "test", "team": "shop"}},
		{JobID: "dts-success1", JobName: "newsletter", Status: success,
			Tags: map[string]string{"env": "prod", "team": "web"}},
		{JobID: "dts-timed001", JobName: "reports", CheckSeconds: 2, RunMode: timed, Status: checkPass,
			Tags: map[string]string{"env": "prod", "team": "bi"}},
		{JobID: "dts-chinese1", JobName: "订单库迁移（华南）", CheckSeconds: 1, Status: checkNotPass,
			Tags: map[string]string{"env": "prod", "team": "订单"}},
		{JobID: "sync-werwfs23", JobName: "orders to Shanghai", Kind: syncJob, CheckSeconds: 3,
			Tags: map[string]string{"env": "prod", "team": "shop"}},
		{JobID: "sync-notpass1", JobName: "billing to the warehouse", Kind: syncJob, CheckSeconds: 3, Status: checkNotPass, NotPassed: true,
			Tags: map[string]string{"env": "prod", "team": "finance"},
			Steps: []Step{connected, {
				StepID: "BinlogParamCheck", StepName: "Binary log check", StepStatus: "failed",
				DetailCheckItems: []DetailItem{{
					CheckItemName: "binlog_format", CheckResult: "failed",
					FailureReason: "binlog_format is STATEMENT, but must be ROW",
					Solution:      "Set binlog_format to ROW, restart the threads of the source instance and create the check again.",
					HelpDoc:       []string{help},
				}},
			}}},
		{JobID: "sync-warning1", JobName: "catalog for search", Kind: syncJob, CheckSeconds: 2,
			Tags: map[string]string{"env": "test", "team": "shop"},
			Steps: []Step{connected, {
				StepID: "SrcPrivilegeCheck", StepName: "Source instance permission check", StepStatus: "warning",
				DetailCheckItems: []DetailItem{{
					CheckItemName: "Global privileges", CheckResult: "warning",
					FailureReason: "The account may do more than the synchronization needs.",
					Solution:      "Use an account that has only the privileges that are listed there.",
					HelpDoc:       []string{help},
				}},
			}}},
		{JobID: "sync-running1", JobName: "sessions to Shanghai", Kind: syncJob, Status: running,
			Tags: map[string]string{"env": "prod", "team": "web"}},
		{JobID: "sync-newborn1", Kind: syncJob, Unconfigured: true, Nulls: true},
	}
}
