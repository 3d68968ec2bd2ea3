package report

import (
	"regexp"
	"strings"
	"testing"

	"migratecheck/internal/check"
)

var ids = regexp.MustCompile(`dts-[0-9a-f]{8}`)

// chats are the chats and how much their robots take.
var chats = map[Chat]int{WeCom: 4096, Feishu: 20 << 10, DingTalk: 20000, Slack: 40000}

// told returns two jobs of which DTS and whoever named them say such a text.
func told(text string) Report {
	state := &check.State{Status: check.Finished, Passed: verdict(false), Message: text, Steps: []check.Step{
		{ID: "SrcPrivilegeCheck", Name: text, Status: check.StepFailed, Failed: []check.Item{{Name: text, Result: text, Reason: text, Solution: text}}}, {Name: text, Status: text, Skipped: true}}}
	judged := check.Progress{Stage: check.StageJudged, Check: state}
	failed := check.Progress{Error: &check.Error{Code: text, Message: text}}
	return Report{Function: text, Trigger: text, Region: text, Result: check.Result{Batch: true, Jobs: []check.Outcome{
		{JobID: "dts-00000001", JobName: text, Progress: judged}, {JobID: "dts-00000002", JobName: text, Progress: judged},
		{JobID: text, JobName: text, Progress: failed}, {JobID: "dts-00000003", JobName: text, WhyNot: text, Progress: check.Progress{Check: &check.State{Status: text, Message: text}}}}}}
}

// What people copy is there to the byte, in each chat.
func TestWhatIsCopied(t *testing.T) {
	for _, text := range []string{
		"GRANT REPLICATION SLAVE ON *.* TO 'dts'@'%';",
		"GRANT SELECT ON `mysql`.* TO 'dts'@'10.0.%';",
		"GRANT ALL ON `shop\\_db`.`order_items` TO 'dts'@'%';",
		"SET GLOBAL max_allowed_packet = 64 * 1024 * 1024;",
		"SELECT a <> b, a < b AND c > d | e FROM t WHERE x = '~' -- #1",
	} {
		for chat, limit := range chats {
			want := text
			if chat == Slack {
				want = strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(want)
			}
			if got := Message(told(text), chat, limit); !strings.Contains(got, want) {
				t.Errorf("%s: no %s in\n%s", chat, want, got)
			}
		}
		if got := Summary(told(text), 1<<20); !strings.Contains(got, text) {
			t.Errorf("summary: no %s in\n%s", text, got)
		}
	}
}

// What markup would take from a text is set as code, in a fence that holds it.
func TestCode(t *testing.T) {
	for name, row := range map[string]struct {
		chat       Chat
		text, want string
	}{
		"no markup":                    {DingTalk, "orders_db_1", "orders_db_1"},
		"underscores at the edge":      {DingTalk, "_a_", "`_a_`"},
		"stars":                        {DingTalk, "ON *.* TO", "`ON *.* TO`"},
		"backticks":                    {DingTalk, "ON `a`.* TO", "``ON `a`.* TO``"},
		"backticks at the edge":        {DingTalk, "`a`", "`` `a` ``"},
		"two kinds of fences":          {DingTalk, "`a` ``b", "``` `a` ``b ```"},
		"backslash":                    {DingTalk, `shop\_db`, "`shop\\_db`"},
		"Slack, stars":                 {Slack, "ON *.* TO", "`ON *.* TO`"},
		"Slack, backticks":             {Slack, "ON `a`.* TO", "```ON `a`.* TO```"},
		"Slack, the longest fence":     {Slack, "```*", "```｀｀｀*```"},
		"Slack, escapes within code":   {Slack, "a*b&<c>", "`a*b&amp;&lt;c&gt;`"},
		"WeCom, one star":              {WeCom, "ON *.* TO", "ON *.* TO"},
		"WeCom, bold":                  {WeCom, "**a***", "＊＊a＊＊＊"},
		"WeCom, a pair of backticks":   {WeCom, "`a`", "`a`"},
		"WeCom, a backtick of its own": {WeCom, "`a` `b", "`a` ｀b"},
		"WeCom, before our own bold":   {WeCom, `a\`, "a＼"},
		"Feishu, all of it":            {Feishu, "_a_ *b* `c", "_a_ *b* `c"},
	} {
		if got := dialects[row.chat].plain(row.text); got != row.want {
			t.Errorf("%s: got %s, want %s", name, got, row.want)
		}
	}
}

// harms is what would act in each chat, beside what the message itself has: its
// links, with a label of ours, and bold.
var harms = map[Chat]struct{ own, acts *regexp.Regexp }{
	WeCom: {regexp.MustCompile(`\[(?:Help|帮助文档)\]\(https?://[^()\s]+\)|(?m)^(?:> )?\*\*[^*\n]+\*\*`),
		regexp.MustCompile(`<[@A-Za-z/!]|\]\(|://|\*\*|&#?\w+;|(?m)^(?:> )?(?:#|[-+*] |\d+[.)] |=+$)`)},
	DingTalk: {regexp.MustCompile("\\[(?:Help|帮助文档)\\]\\(https?://[^()\\s]+\\)|(?m)^(?:> )?\\*\\*(?:`+[^\\n]+`+|[^*\\n]+)\\*\\*"),
		regexp.MustCompile(`<[@A-Za-z/!]|\]\(|://|[*~\\]|&#?\w+;|(?i:@all)|@所有人|@\d{11}|(?m)^(?:> )?(?:#|[-+*] |\d+[.)] |=+$)`)},
	Feishu: {regexp.MustCompile(`(?:Help: |帮助文档：)https?://\S+`), regexp.MustCompile(`<[@A-Za-z/!]|\]\(|://`)},
	Slack: {regexp.MustCompile(`<https?://[^|<>\s]+\|(?:Help|帮助文档)>|&(?:amp|lt|gt);`),
		regexp.MustCompile(`[<&]|\]\(|://|@(?:all|here|channel|everyone)`)},
}

// code is what a chat shows as code: nothing acts in it but a mention.
var code = regexp.MustCompile("```[^\n]*?```|``[^\n]*?``|`[^`\n]*`")

// Nothing from outside opens a link, calls anybody or is markup.
func TestNothingActs(t *testing.T) {
	texts := append([]string{"<!channel>", "<!here|x>", "<@U012AB3CD>", "@here @channel @everyone", "@13800138000", "@+86-13800138000", "@所有人", "<https://evil.example|bank>", "http://evil.example",
		"HTTPS://evil.example/?q=1", "[x][1]", "&#60;@all&#62;", "`", "``", "*", "**", "\\", "` **a** `", "*`<@all>`*", "<at id=all></at>", "<AT user_id=\"all\">", "<br/>"}, evil...)
	reports := map[string]Report{"hostile": reports["hostile"]}
	for _, text := range texts {
		reports[text] = told(text)
	}
	for name, r := range reports {
		for _, r.Language = range []string{"en-US", "zh-CN"} {
			for chat := range chats {
				for _, limit := range []int{1 << 20, 4096, 700} {
					rest := harms[chat].own.ReplaceAllString(Message(r, chat, limit), "")
					for _, mention := range regexp.MustCompile(`<[@!A-Za-z]|(?i:@all)|@\d{11}`).FindAllString(rest, -1) {
						if chat == DingTalk || chat != WeCom && mention[0] == '<' {
							t.Errorf("%s, %s: %s in\n%s", name, chat, mention, rest)
						}
					}
					if chat == DingTalk {
						rest = code.ReplaceAllString(rest, "")
					}
					if s := harms[chat].acts.FindString(rest); s != "" {
						t.Fatalf("%s, %s: %q in\n%s", name, chat, s, rest)
					}
				}
			}
		}
	}
}

// A status of a step acts no more than any other text.
func TestStatusActsNot(t *testing.T) {
	r := told(`<at user_id="all">all</at>`)
	for _, language := range []string{"en-US", "zh-CN"} {
		r.Language = language
		if got := Message(r, Feishu, 20<<10); strings.Contains(got, "<at") || strings.Count(got, "＜at") < 10 {
			t.Error(got)
		}
	}
}
