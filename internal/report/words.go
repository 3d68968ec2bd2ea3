package report

import (
	"fmt"

	"migratecheck/internal/check"
)

// words are the words of a report in one language.
type words struct {
	Lang string

	Colon, comma, semicolon string
	brackets                string // a format that puts brackets around a text
	zone                    string

	// kind heads a section and labels a count; one is the headline where there
	// is only one job.
	kind, one map[check.Kind]string

	headline                                   string // what stands before every headline
	nothing, noneSelected                      string // no job at all
	event                                      string // in place of a job: the failure is the event's own
	eventFailed                                string
	record                                     string // a format, for a record that could not be read
	attention                                  func(problems, jobs int) string
	allPassed, allCreated, noProblem           func(jobs int) string
	rehearsal                                  func(jobs, checks, starts int) string
	mended                                     string // before a headline
	total                                      func(jobs int) string
	mixed                                      func(migrations, syncs int) string
	change                                     map[check.Change]string
	remark                                     map[remark]func(jobs int) string
	running, strictly                          func(jobs int) string
	moreJobs, moreSteps, moreItems, moreCauses func(n int) string
	moreHere                                   func(n int) string // of a section's jobs, folded
	above                                      func(n int) string // of a cause's jobs, named under another
	others                                     func(n int) string // of the jobs that passed

	GivenBack, notForwarded string
	destination             map[string]string
	repeated                func(jobs int) string
	fromMemory, sync        string // marks of a job
	selected, noFilter      string
	sources                 map[string]string

	causes                    string // the heading
	state                     map[string]string
	notBegun                  string // of a check that was just created
	progress                  func(state string, percent int) string
	notCarried                func(steps int) string
	failedBefore              string
	onlyStrictly              string
	accepted, acceptedStep    string
	status                    map[string]string // of a step
	waits, noTag              string
	whyNot                    string
	would                     map[string]string // of a rehearsal; of an empty text if nothing
	message, reason, solution string
	risk, Help                string
	created, mayRun, mayStart string
	wasRunning, wasStarted    string
	startRequest              string

	job, name, result string // of the table

	createOne                   string // a format, of the job's id
	createMany                  func(jobs int) string
	Which, NothingCreated       string
	AllJobs, TheseJobs          string
	CountsLabel                 string
	HomeTitle, HomeText, HomeGo string
	JobID                       string
}

// languages are the words by the language that Report.Language names.
var languages = map[string]*words{"en-US": &english, "zh-CN": &chinese}

func plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return fmt.Sprintf(more, n)
}

// number returns a function that puts a number into a format.
func number(format string) func(int) string {
	return func(n int) string { return fmt.Sprintf(format, n) }
}

// counted returns a function that puts a number into one format, or 1 into another.
func counted(one, more string) func(int) string {
	return func(n int) string { return plural(n, one, more) }
}

var english = words{
	Lang:  "en-US",
	Colon: ": ", comma: ", ", semicolon: "; ", brackets: " (%s)", zone: " (UTC+8)",
	kind: map[check.Kind]string{
		check.KindNotPassed: "Not passed",
		check.KindNoVerdict: "No verdict",
		check.KindFailed:    "Failed",
		check.KindWaiting:   "Waits to be started",
		check.KindStarted:   "Started",
		check.KindPassed:    "Passed",
		check.KindCreated:   "Check created",
		check.KindRehearsed: "Rehearsed",
		untagged:            "Passed, without the tag for a start",
	},
	one: map[check.Kind]string{
		check.KindNotPassed: "the check did not pass",
		check.KindNoVerdict: "the check has no verdict",
		check.KindFailed:    "the request for the job failed",
		check.KindWaiting:   "the check passed, the migration waits to be started",
		check.KindStarted:   "the migration is started",
		check.KindPassed:    "the check passed",
		check.KindCreated:   "the check is created",
		check.KindRehearsed: "a rehearsal, nothing was done",
		untagged:            "the check passed, the job does not bear the tag for a start",
	},
	headline:     "DTS check: ",
	nothing:      "no job was found",
	noneSelected: "no job fits the selection",
	event:        "The whole request",
	eventFailed:  "the request failed",
	record:       "Record %d",
	attention: func(problems, jobs int) string {
		if problems == 1 {
			return fmt.Sprintf("1 of %d jobs needs you", jobs)
		}
		return fmt.Sprintf("%d of %d jobs need you", problems, jobs)
	},
	allPassed:  number("all %d jobs passed"),
	allCreated: number("%d checks are created"),
	noProblem:  number("%d jobs, none needs you"),
	rehearsal: func(jobs, checks, starts int) string {
		return fmt.Sprintf("a rehearsal of %d jobs, %d would be checked, %d started", jobs, checks, starts)
	},
	mended: "mended, ",
	total:  counted("1 job", "%d jobs"),
	mixed: func(migrations, syncs int) string {
		return plural(migrations, "1 migration", "%d migrations") + ", " + plural(syncs, "1 sync job", "%d sync jobs")
	},
	change: map[check.Change]string{check.ChangeNew: "new", check.ChangeStill: "still", check.ChangeFixed: "fixed"},
	remark: map[remark]func(int) string{
		remarkNew: number("%d new"), remarkStill: number("%d still"), remarkFixed: number("%d fixed"),
		remarkWarned: number("%d with warnings or skipped steps"), remarkAccepted: number("%d with accepted warnings"),
	},
	running:    counted("1 check still runs", "%d checks still run"),
	strictly:   number("%d only strictly"),
	moreJobs:   counted("… and 1 more job", "… and %d more jobs"),
	moreSteps:  counted("… and 1 more step", "… and %d more steps"),
	moreItems:  counted("… and 1 more item", "… and %d more items"),
	moreCauses: counted("… and 1 more cause", "… and %d more causes"),
	moreHere:   number("%d more"),
	above:      number("%d named above"),
	others:     number("%d others"),

	GivenBack:    "The event is given back, to be tried again.",
	notForwarded: "Could not be forwarded to",
	destination:  map[string]string{"function": "the function", "eventBus": "the event bus", "webhook": "the chat"},
	repeated:     counted("1 job as an earlier delivery left it", "%d jobs as an earlier delivery left them"),
	fromMemory:   "from an earlier delivery",
	sync:         "sync job",
	selected:     "Selected by",
	noFilter:     "no filter",
	sources: map[string]string{"timer": "timer", "apigw": "API Gateway", "url": "function URL", "ckafka": "CKafka", "cmq": "CMQ",
		"eventbridge": "EventBridge", "direct": "direct call"},

	causes: "What keeps them",
	state: map[string]string{
		check.Unavailable: "There is no check yet",
		check.Starting:    "The check is about to start",
		check.Running:     "The check is running",
		check.Finished:    "The check ended without a verdict",
	},
	notBegun: "The check is created, DTS has not begun it yet",
	progress: func(state string, percent int) string { return fmt.Sprintf("%s, %d%%", state, percent) },
	notCarried: func(steps int) string {
		return plural(steps, "1 step was not carried out", "%d steps were not carried out")
	},
	failedBefore: "Failed before",
	onlyStrictly: "Passed for DTS, not strictly, because of",
	accepted:     "Accepted",
	acceptedStep: "accepted",
	status: map[string]string{
		check.StepPass: "passed", check.StepFailed: "failed", check.StepWarning: "warning", check.StepSkipped: "skipped",
		check.StepBlocked: "blocked", check.StepNotStarted: "not carried out",
	},
	waits:        "Passed, waits to be started",
	noTag:        "Passed, does not bear the tag for a start",
	whyNot:       "Why not",
	would:        map[string]string{"": "Nothing would be done", "check": "Would create the check", "start": "Would start the migration"},
	message:      "Message",
	reason:       "Reason",
	solution:     "Solution",
	risk:         "Risk of skipping",
	Help:         "Help",
	created:      "The check itself was created; what failed came later.",
	mayRun:       "The check may have been created all the same: look at the job before you create it again.",
	mayStart:     "The migration may have been started all the same: look at the job before you start it again.",
	wasRunning:   "The check was running already.",
	wasStarted:   "The migration was started already.",
	startRequest: "RequestId of the start",

	job:    "Job",
	name:   "Name",
	result: "Result",

	createOne:      "Create the check of %s",
	createMany:     number("Create the checks of the %d jobs that await one"),
	Which:          "Which jobs",
	NothingCreated: "Nothing is created before you press it.",
	AllJobs:        "All jobs",
	TheseJobs:      "State of these jobs",
	CountsLabel:    "Counts",
	HomeTitle:      "DTS checks",
	HomeText:       "See where every job stands, or read the check of one.",
	HomeGo:         "Show",
	JobID:          "JobId",
}

var chinese = words{
	Lang:  "zh-CN",
	Colon: "：", comma: "，", semicolon: "；", brackets: "（%s）", zone: "（UTC+8）",
	kind: map[check.Kind]string{
		check.KindNotPassed: "未通过",
		check.KindNoVerdict: "暂无结果",
		check.KindFailed:    "请求失败",
		check.KindWaiting:   "待启动",
		check.KindStarted:   "已启动",
		check.KindPassed:    "已通过",
		check.KindCreated:   "已发起校验",
		check.KindRehearsed: "预演",
		untagged:            "已通过（无启动标签）",
	},
	one: map[check.Kind]string{
		check.KindNotPassed: "未通过",
		check.KindNoVerdict: "暂无结果",
		check.KindFailed:    "任务请求失败",
		check.KindWaiting:   "已通过，任务待启动",
		check.KindStarted:   "迁移任务已启动",
		check.KindPassed:    "已通过",
		check.KindCreated:   "已发起校验",
		check.KindRehearsed: "预演，未执行任何操作",
		untagged:            "已通过，任务没有启动标签",
	},
	headline:     "DTS 校验：",
	nothing:      "没有找到任务",
	noneSelected: "没有符合筛选条件的任务",
	event:        "整个请求",
	eventFailed:  "请求失败",
	record:       "第 %d 条记录（从 0 开始）",
	attention: func(problems, jobs int) string {
		return fmt.Sprintf("%d 个任务中有 %d 个需要处理", jobs, problems)
	},
	allPassed:  number("%d 个任务全部通过"),
	allCreated: number("已对 %d 个任务发起校验"),
	noProblem:  number("%d 个任务均无需处理"),
	rehearsal: func(jobs, checks, starts int) string {
		return fmt.Sprintf("预演 %d 个任务，将校验 %d 个，启动 %d 个", jobs, checks, starts)
	},
	mended: "已恢复，",
	total:  number("%d 个任务"),
	mixed: func(migrations, syncs int) string {
		return fmt.Sprintf("%d 个迁移任务，%d 个同步任务", migrations, syncs)
	},
	change: map[check.Change]string{check.ChangeNew: "新增", check.ChangeStill: "仍未通过", check.ChangeFixed: "已修复"},
	remark: map[remark]func(int) string{
		remarkNew: number("新增 %d 个"), remarkStill: number("%d 个仍未通过"), remarkFixed: number("%d 个已修复"),
		remarkWarned: number("%d 个有告警或跳过的步骤"), remarkAccepted: number("%d 个告警已接受"),
	},
	running:    number("%d 个校验仍在进行"),
	strictly:   number("%d 个仅因严格模式"),
	moreJobs:   number("……另有 %d 个任务未列出"),
	moreSteps:  number("……另有 %d 个步骤未列出"),
	moreItems:  number("……另有 %d 项未列出"),
	moreCauses: number("……另有 %d 个原因未列出"),
	moreHere:   number("其余 %d 个"),
	above:      number("其中 %d 个已列在上面"),
	others:     number("其他 %d 个"),

	GivenBack:    "本次事件已退回平台，稍后将重试。",
	notForwarded: "结果未能送达",
	destination:  map[string]string{"function": "下游函数", "eventBus": "事件总线", "webhook": "群机器人"},
	repeated:     number("%d 个任务沿用上一次投递的结果"),
	fromMemory:   "沿用上一次投递的结果",
	sync:         "同步任务",
	selected:     "筛选条件",
	noFilter:     "无",
	sources: map[string]string{"timer": "定时触发", "apigw": "API 网关", "url": "函数 URL", "ckafka": "CKafka", "cmq": "CMQ",
		"eventbridge": "事件总线 EventBridge", "direct": "直接调用"},

	causes: "问题原因",
	state: map[string]string{
		check.Unavailable: "尚未发起校验",
		check.Starting:    "校验即将开始",
		check.Running:     "校验进行中",
		check.Finished:    "校验已结束，但没有给出结果",
	},
	notBegun:     "校验已发起，DTS 尚未开始执行",
	progress:     func(state string, percent int) string { return fmt.Sprintf("%s，进度 %d%%", state, percent) },
	notCarried:   number("有 %d 个步骤未执行"),
	failedBefore: "上次未通过的步骤",
	onlyStrictly: "DTS 判定通过，但严格模式下未通过，涉及步骤",
	accepted:     "已接受的告警",
	acceptedStep: "已接受",
	status: map[string]string{
		check.StepPass: "通过", check.StepFailed: "未通过", check.StepWarning: "告警", check.StepSkipped: "已跳过",
		check.StepBlocked: "被阻塞", check.StepNotStarted: "未执行",
	},
	waits:        "校验已通过，等待启动",
	noTag:        "校验已通过，但任务没有启动标签",
	whyNot:       "未执行的原因",
	would:        map[string]string{"": "不会执行任何操作", "check": "将发起校验", "start": "将启动迁移"},
	message:      "说明",
	reason:       "原因",
	solution:     "解决方法",
	risk:         "跳过的风险",
	Help:         "帮助文档",
	created:      "校验已成功发起，失败发生在后续步骤。",
	mayRun:       "校验可能已经发起，重试前请先确认任务状态。",
	mayStart:     "迁移可能已经启动，再次启动前请先确认任务状态。",
	wasRunning:   "此前已有校验在运行。",
	wasStarted:   "此前迁移已经启动。",
	startRequest: "启动请求的 RequestId",

	job:    "任务",
	name:   "名称",
	result: "结果",

	createOne:      "对 %s 发起校验",
	createMany:     number("对 %d 个待校验任务发起校验"),
	Which:          "查看任务列表",
	NothingCreated: "点击按钮前不会发起任何校验。",
	AllJobs:        "全部任务",
	TheseJobs:      "查看这些任务的状态",
	CountsLabel:    "统计",
	HomeTitle:      "DTS 校验",
	HomeText:       "查看全部任务的状态，或查询单个任务的校验结果。",
	HomeGo:         "查询",
	JobID:          "任务 ID（JobId）",
}
