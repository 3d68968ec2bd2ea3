package report

import (
	"fmt"

	"migratecheck/internal/check"
)

// words are the words of a report in one language.
type words struct {
	Lang string

	Colon, Comma string
	brackets     string // a format that puts brackets around a text

	// kind heads a section and labels a count; one is the headline where there
	// is only one job.
	kind, one map[check.Kind]string

	headline     string // a format for what stands before every headline
	nothing      string // no job at all
	event        string // in place of a job: the failure is the event's own
	eventFailed  string
	record       string // a format, for a record that could not be read
	attention    func(problems, jobs int) string
	allPassed    func(jobs int) string
	allCreated   func(jobs int) string
	noProblem    func(jobs int) string
	total        func(jobs int) string
	warned       func(jobs int) string
	moreJobs     func(n int) string
	moreSteps    func(n int) string
	moreItems    func(n int) string
	notCarried   func(steps int) string
	notHandedOn  string
	destination  map[string]string
	region       string
	function     string
	source       string
	at           string
	sources      map[string]string
	progress     func(state string, percent int) string
	state        map[string]string
	status       map[string]string // of a step
	message      string
	reason       string
	solution     string
	risk         string
	Help         string
	job          string
	name         string
	result       string
	created      string
	mayRun       string
	mayStart     string
	wasRunning   string
	wasStarted   string
	startRequest string

	Create, CreateAndStart, NothingCreated string
}

// languages are the words by the language that Report.Language names.
var languages = map[string]*words{"en-US": &english, "zh-CN": &chinese}

func plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return fmt.Sprintf(more, n)
}

var english = words{
	Lang:  "en-US",
	Colon: ": ", Comma: ", ", brackets: " (%s)",
	kind: map[check.Kind]string{
		check.KindNotPassed: "Not passed",
		check.KindNoVerdict: "No verdict",
		check.KindFailed:    "Failed",
		check.KindStarted:   "Started",
		check.KindPassed:    "Passed",
		check.KindCreated:   "Check created",
	},
	one: map[check.Kind]string{
		check.KindNotPassed: "the check did not pass",
		check.KindNoVerdict: "the check has no verdict",
		check.KindFailed:    "the request for the job failed",
		check.KindStarted:   "the migration is started",
		check.KindPassed:    "the check passed",
		check.KindCreated:   "the check is created",
	},
	headline:    "DTS check: %s",
	nothing:     "no job was found",
	event:       "The whole request",
	eventFailed: "the request failed",
	record:      "Record %d",
	attention: func(problems, jobs int) string {
		if problems == 1 {
			return fmt.Sprintf("1 of %d jobs needs attention", jobs)
		}
		return fmt.Sprintf("%d of %d jobs need attention", problems, jobs)
	},
	allPassed:  func(jobs int) string { return fmt.Sprintf("all %d jobs passed", jobs) },
	allCreated: func(jobs int) string { return fmt.Sprintf("%d checks are created", jobs) },
	noProblem:  func(jobs int) string { return fmt.Sprintf("%d jobs, none needs attention", jobs) },
	total:      func(jobs int) string { return plural(jobs, "1 job", "%d jobs") },
	warned:     func(jobs int) string { return fmt.Sprintf("%d with warnings or skipped steps", jobs) },
	moreJobs:   func(n int) string { return plural(n, "… and 1 more job", "… and %d more jobs") },
	moreSteps:  func(n int) string { return plural(n, "… and 1 more step", "… and %d more steps") },
	moreItems:  func(n int) string { return plural(n, "… and 1 more item", "… and %d more items") },
	notCarried: func(steps int) string {
		return plural(steps, "1 step was not carried out.", "%d steps were not carried out.")
	},
	notHandedOn: "Could not be handed on to",
	destination: map[string]string{"function": "the function", "eventBus": "the event bus", "webhook": "the chat"},
	region:      "Region",
	function:    "Function",
	source:      "Source",
	at:          "Time",
	sources: map[string]string{"timer": "timer", "apigw": "API Gateway", "url": "function URL", "ckafka": "CKafka", "cmq": "CMQ",
		"eventbridge": "EventBridge", "direct": "direct call"},
	progress: func(state string, percent int) string { return fmt.Sprintf("%s, %d%%", state, percent) },
	state: map[string]string{
		check.Unavailable: "There is no check yet",
		check.Starting:    "The check is about to start",
		check.Running:     "The check is running",
		check.Finished:    "The check ended without a verdict",
	},
	status: map[string]string{
		check.StepPass: "passed", check.StepFailed: "failed", check.StepWarning: "warning", check.StepSkipped: "skipped",
	},
	message:      "Message",
	reason:       "Reason",
	solution:     "Solution",
	risk:         "Risk of skipping",
	Help:         "Help",
	job:          "Job",
	name:         "Name",
	result:       "Result",
	created:      "The check itself was created; what failed came later.",
	mayRun:       "The check may have been created all the same: look at the job before you create it again.",
	mayStart:     "The migration may have been started all the same: look at the job before you start it again.",
	wasRunning:   "The check was running already.",
	wasStarted:   "The migration was started already.",
	startRequest: "RequestId of the start",

	Create:         "Create these checks",
	CreateAndStart: "Create these checks and start what passes",
	NothingCreated: "Opening this page has created nothing.",
}

var chinese = words{
	Lang:  "zh-CN",
	Colon: "：", Comma: "，", brackets: "（%s）",
	kind: map[check.Kind]string{
		check.KindNotPassed: "校验未通过",
		check.KindNoVerdict: "暂无校验结果",
		check.KindFailed:    "请求失败",
		check.KindStarted:   "迁移已启动",
		check.KindPassed:    "校验通过",
		check.KindCreated:   "已发起校验",
	},
	one: map[check.Kind]string{
		check.KindNotPassed: "校验未通过",
		check.KindNoVerdict: "暂无校验结果",
		check.KindFailed:    "该任务的请求失败",
		check.KindStarted:   "迁移已启动",
		check.KindPassed:    "校验通过",
		check.KindCreated:   "已发起校验",
	},
	headline:    "DTS 迁移校验：%s",
	nothing:     "没有符合条件的任务",
	event:       "整个请求",
	eventFailed: "请求失败",
	record:      "第 %d 条记录（从 0 开始）",
	attention: func(problems, jobs int) string {
		return fmt.Sprintf("%d 个任务中有 %d 个需要处理", jobs, problems)
	},
	allPassed:   func(jobs int) string { return fmt.Sprintf("%d 个任务全部通过", jobs) },
	allCreated:  func(jobs int) string { return fmt.Sprintf("已对 %d 个任务发起校验", jobs) },
	noProblem:   func(jobs int) string { return fmt.Sprintf("%d 个任务均无异常", jobs) },
	total:       func(jobs int) string { return fmt.Sprintf("共 %d 个任务", jobs) },
	warned:      func(jobs int) string { return fmt.Sprintf("其中 %d 个有告警或已跳过的步骤", jobs) },
	moreJobs:    func(n int) string { return fmt.Sprintf("……另有 %d 个任务未列出", n) },
	moreSteps:   func(n int) string { return fmt.Sprintf("……另有 %d 个步骤未列出", n) },
	moreItems:   func(n int) string { return fmt.Sprintf("……另有 %d 项未列出", n) },
	notCarried:  func(steps int) string { return fmt.Sprintf("有 %d 个步骤未执行。", steps) },
	notHandedOn: "结果未能送达",
	destination: map[string]string{"function": "下游函数", "eventBus": "事件总线", "webhook": "群机器人"},
	region:      "地域",
	function:    "函数",
	source:      "触发方式",
	at:          "时间",
	sources: map[string]string{"timer": "定时触发", "apigw": "API 网关", "url": "函数 URL", "ckafka": "CKafka", "cmq": "CMQ",
		"eventbridge": "事件总线 EventBridge", "direct": "直接调用"},
	progress: func(state string, percent int) string { return fmt.Sprintf("%s，进度 %d%%", state, percent) },
	state: map[string]string{
		check.Unavailable: "尚未发起校验",
		check.Starting:    "校验正在启动",
		check.Running:     "校验进行中",
		check.Finished:    "校验已结束，但没有给出结果",
	},
	status: map[string]string{
		check.StepPass: "通过", check.StepFailed: "未通过", check.StepWarning: "告警", check.StepSkipped: "已跳过",
	},
	message:      "说明",
	reason:       "原因",
	solution:     "解决方法",
	risk:         "跳过的风险",
	Help:         "帮助文档",
	job:          "任务",
	name:         "名称",
	result:       "结果",
	created:      "校验已成功发起，失败发生在后续步骤。",
	mayRun:       "校验可能已经发起，重试前请先确认任务状态。",
	mayStart:     "迁移可能已经启动，再次启动前请先确认任务状态。",
	wasRunning:   "此前已有校验在运行。",
	wasStarted:   "此前迁移已经启动。",
	startRequest: "启动请求的 RequestId",

	Create:         "发起校验",
	CreateAndStart: "发起校验，并启动通过校验的任务",
	NothingCreated: "仅打开本页面不会发起校验。",
}
