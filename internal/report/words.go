package report

import (
	"cmp"
	"fmt"
	"sync"

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
var languages = sync.OnceValue(func() map[string]*words {
	return map[string]*words{"en-US": wordsIn("en-US"), "zh-CN": wordsIn("zh-CN")}
})

// wordsOf returns the words of a language, and English for one that it does not know.
func wordsOf(language string) *words {
	return cmp.Or(languages()[language], languages()["en-US"])
}

func plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// wordsIn returns the words of a language, English or Chinese.
func wordsIn(language string) *words {
	either := func(en, zh string) string {
		if language == "zh-CN" {
			return zh
		}
		return en
	}
	// number puts a number into a format, count into one of its own for 1.
	count := func(one, more, zh string) func(int) string {
		return func(n int) string { return fmt.Sprintf(either(plural(n, one, more), zh), n) }
	}
	number := func(en, zh string) func(int) string { return count(en, en, zh) }
	return &words{
		Lang:  language,
		Colon: either(": ", "："), comma: either(", ", "，"), semicolon: either("; ", "；"), brackets: either(" (%s)", "（%s）"), zone: either(" (UTC+8)", "（UTC+8）"),

		kind: map[check.Kind]string{
			check.KindNotPassed: either("Not passed", "未通过"),
			check.KindNoVerdict: either("No verdict", "暂无结果"),
			check.KindFailed:    either("Failed", "请求失败"),
			check.KindWaiting:   either("Waits to be started", "待启动"),
			check.KindStarted:   either("Started", "已启动"),
			check.KindPassed:    either("Passed", "已通过"),
			check.KindCreated:   either("Check created", "已发起校验"),
			check.KindRehearsed: either("Rehearsed", "预演"),
			untagged:            either("Passed, without the tag for a start", "已通过（无启动标签）"),
		},
		one: map[check.Kind]string{
			check.KindNotPassed: either("the check did not pass", "未通过"),
			check.KindNoVerdict: either("the check has no verdict", "暂无结果"),
			check.KindFailed:    either("the request for the job failed", "任务请求失败"),
			check.KindWaiting:   either("the check passed, the migration waits to be started", "已通过，任务待启动"),
			check.KindStarted:   either("the migration is started", "迁移任务已启动"),
			check.KindPassed:    either("the check passed", "已通过"),
			check.KindCreated:   either("the check is created", "已发起校验"),
			check.KindRehearsed: either("a rehearsal, nothing was done", "预演，未执行任何操作"),
			untagged:            either("the check passed, the job does not bear the tag for a start", "已通过，任务没有启动标签"),
		},

		headline:     either("DTS check: ", "DTS 校验："),
		nothing:      either("no job was found", "没有找到任务"),
		noneSelected: either("no job fits the selection", "没有符合筛选条件的任务"),
		event:        either("The whole request", "整个请求"),
		eventFailed:  either("the request failed", "请求失败"),
		record:       either("Record %d", "第 %d 条记录（从 0 开始）"),
		attention: func(problems, jobs int) string {
			return fmt.Sprintf(either(plural(problems, "%d of %d jobs needs you", "%d of %d jobs need you"), "%[2]d 个任务中有 %[1]d 个需要处理"), problems, jobs)
		},
		allPassed:  number("all %d jobs passed", "%d 个任务全部通过"),
		allCreated: number("%d checks are created", "已对 %d 个任务发起校验"),
		noProblem:  number("%d jobs, none needs you", "%d 个任务均无需处理"),
		rehearsal: func(jobs, checks, starts int) string {
			return fmt.Sprintf(either("a rehearsal of %d jobs, %d would be checked, %d started", "预演 %d 个任务，将校验 %d 个，启动 %d 个"), jobs, checks, starts)
		},
		mended: either("mended, ", "已恢复，"),
		total:  count("%d job", "%d jobs", "%d 个任务"),
		mixed: func(migrations, syncs int) string {
			return count("%d migration", "%d migrations", "%d 个迁移任务")(migrations) + either(", ", "，") + count("%d sync job", "%d sync jobs", "%d 个同步任务")(syncs)
		},
		change: map[check.Change]string{
			check.ChangeNew:   either("new", "新增"),
			check.ChangeStill: either("still", "仍未通过"),
			check.ChangeFixed: either("fixed", "已修复"),
		},
		remark: map[remark]func(int) string{
			remarkNew:      number("%d new", "新增 %d 个"),
			remarkStill:    number("%d still", "%d 个仍未通过"),
			remarkFixed:    number("%d fixed", "%d 个已修复"),
			remarkWarned:   number("%d with warnings or skipped steps", "%d 个有告警或跳过的步骤"),
			remarkAccepted: number("%d with accepted warnings", "%d 个告警已接受"),
		},
		running:    count("%d check still runs", "%d checks still run", "%d 个校验仍在进行"),
		strictly:   number("%d only strictly", "%d 个仅因严格模式"),
		moreJobs:   count("… and %d more job", "… and %d more jobs", "……另有 %d 个任务未列出"),
		moreSteps:  count("… and %d more step", "… and %d more steps", "……另有 %d 个步骤未列出"),
		moreItems:  count("… and %d more item", "… and %d more items", "……另有 %d 项未列出"),
		moreCauses: count("… and %d more cause", "… and %d more causes", "……另有 %d 个原因未列出"),
		moreHere:   number("%d more", "其余 %d 个"),
		above:      number("%d named above", "其中 %d 个已列在上面"),
		others:     number("%d others", "其他 %d 个"),

		GivenBack:    either("The event is given back, to be tried again.", "本次事件已退回平台，稍后将重试。"),
		notForwarded: either("Could not be forwarded to", "结果未能送达"),
		destination: map[string]string{
			"function": either("the function", "下游函数"),
			"eventBus": either("the event bus", "事件总线"),
			"webhook":  either("the chat", "群机器人"),
		},
		repeated:   count("%d job as an earlier delivery left it", "%d jobs as an earlier delivery left them", "%d 个任务沿用上一次投递的结果"),
		fromMemory: either("from an earlier delivery", "沿用上一次投递的结果"),
		sync:       either("sync job", "同步任务"),
		selected:   either("Selected by", "筛选条件"),
		noFilter:   either("no filter", "无"),
		sources: map[string]string{
			"timer":       either("timer", "定时触发"),
			"apigw":       either("API Gateway", "API 网关"),
			"url":         either("function URL", "函数 URL"),
			"ckafka":      "CKafka",
			"cmq":         "CMQ",
			"eventbridge": either("EventBridge", "事件总线 EventBridge"),
			"direct":      either("direct call", "直接调用"),
		},

		causes: either("What keeps them", "问题原因"),
		state: map[string]string{
			check.Unavailable: either("There is no check yet", "尚未发起校验"),
			check.Starting:    either("The check is about to start", "校验即将开始"),
			check.Running:     either("The check is running", "校验进行中"),
			check.Finished:    either("The check ended without a verdict", "校验已结束，但没有给出结果"),
		},
		notBegun: either("The check is created, DTS has not begun it yet", "校验已发起，DTS 尚未开始执行"),
		progress: func(state string, percent int) string {
			return state + fmt.Sprintf(either(", %d%%", "，进度 %d%%"), percent)
		},
		notCarried:   count("%d step was not carried out", "%d steps were not carried out", "有 %d 个步骤未执行"),
		failedBefore: either("Failed before", "上次未通过的步骤"),
		onlyStrictly: either("Passed for DTS, not strictly, because of", "DTS 判定通过，但严格模式下未通过，涉及步骤"),
		accepted:     either("Accepted", "已接受的告警"),
		acceptedStep: either("accepted", "已接受"),
		status: map[string]string{
			check.StepPass:       either("passed", "通过"),
			check.StepFailed:     either("failed", "未通过"),
			check.StepWarning:    either("warning", "告警"),
			check.StepSkipped:    either("skipped", "已跳过"),
			check.StepBlocked:    either("blocked", "被阻塞"),
			check.StepNotStarted: either("not carried out", "未执行"),
		},
		waits:  either("Passed, waits to be started", "校验已通过，等待启动"),
		noTag:  either("Passed, does not bear the tag for a start", "校验已通过，但任务没有启动标签"),
		whyNot: either("Why not", "未执行的原因"),
		would: map[string]string{
			"":      either("Nothing would be done", "不会执行任何操作"),
			"check": either("Would create the check", "将发起校验"),
			"start": either("Would start the migration", "将启动迁移"),
		},
		message:      either("Message", "说明"),
		reason:       either("Reason", "原因"),
		solution:     either("Solution", "解决方法"),
		risk:         either("Risk of skipping", "跳过的风险"),
		Help:         either("Help", "帮助文档"),
		created:      either("The check itself was created; what failed came later.", "校验已成功发起，失败发生在后续步骤。"),
		mayRun:       either("The check may have been created all the same: look at the job before you create it again.", "校验可能已经发起，重试前请先确认任务状态。"),
		mayStart:     either("The migration may have been started all the same: look at the job before you start it again.", "迁移可能已经启动，再次启动前请先确认任务状态。"),
		wasRunning:   either("The check was running already.", "此前已有校验在运行。"),
		wasStarted:   either("The migration was started already.", "此前迁移已经启动。"),
		startRequest: either("RequestId of the start", "启动请求的 RequestId"),

		job:    either("Job", "任务"),
		name:   either("Name", "名称"),
		result: either("Result", "结果"),

		createOne:      either("Create the check of %s", "对 %s 发起校验"),
		createMany:     number("Create the checks of the %d jobs that await one", "对 %d 个待校验任务发起校验"),
		Which:          either("Which jobs", "查看任务列表"),
		NothingCreated: either("Nothing is created before you press it.", "点击按钮前不会发起任何校验。"),
		AllJobs:        either("All jobs", "全部任务"),
		TheseJobs:      either("State of these jobs", "查看这些任务的状态"),
		CountsLabel:    either("Counts", "统计"),
		HomeTitle:      either("DTS checks", "DTS 校验"),
		HomeText:       either("See where every job stands, or read the check of one.", "查看全部任务的状态，或查询单个任务的校验结果。"),
		HomeGo:         either("Show", "查询"),
		JobID:          either("JobId", "任务 ID（JobId）"),
	}
}
