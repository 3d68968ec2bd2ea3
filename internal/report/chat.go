package report

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// Chat is a kind of chat robot, as far as its messages go.
type Chat string

// The chats.
const (
	WeCom    Chat = "wecom"
	Feishu   Chat = "feishu"
	DingTalk Chat = "dingtalk"
	Slack    Chat = "slack"
)

// dialect is how a chat, or whatever else shows a report, writes it, and what it
// takes for more than text.
type dialect struct {
	bold    string // a format
	link    string // a format, of label and address; empty if they stand as any fact
	newline string

	// What begins a job, and the lines of its facts, its steps and their facts: a
	// text from outside never begins a line, where it could make a heading or a list.
	job, fact, step, stepFact string

	// acts is what would do something: open a link, call somebody, begin markup.
	// Of each match the first character, wherever it stands, is replaced by
	// one that looks alike and means nothing.
	acts func() *regexp.Regexp // nil if nothing would

	// styled are the characters that would change how a text looks and would
	// themselves be lost from it: *.* becomes a slanted dot. Such a text is set
	// as code, which shows it, and lets it be copied, as it is.
	styled string

	// fence is what a code is put between that has such a fence in it; empty where
	// each further backtick makes a new fence.
	fence string

	// pairs is set if backticks make code, and nothing keeps them from it: then one
	// without another is replaced, which would make code of what follows.
	pairs bool

	// escape is the chat's own way to escape, where it has one.
	escape *strings.Replacer
}

// A tag or a mention in angle brackets, a character reference, a link with a
// label, and the scheme of an address, which a chat makes a link of by itself.
const common = `<[A-Za-z/!?@]|&#?[0-9A-Za-z]+;|\]\(|\]\[|://`

// lazily returns what compiles an expression when it is asked for first: most
// instances tell no chat, and a cold start is to be short.
func lazily(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

var dialects = map[Chat]*dialect{
	// WeCom has **, links, code, headings, quotes and <font>, and no escapes.
	WeCom: {
		bold: "**%s**", link: "[%s](%s)", newline: "\n", job: "> ", fact: "> · ", step: "> ", stepFact: "> · ",
		acts:  lazily(common + `|\*{2,}|\\+$`),
		pairs: true,
	},
	// DingTalk has most of Markdown: a line ends in two blanks, or is not broken.
	DingTalk: {
		bold: "**%s**", link: "[%s](%s)", newline: "  \n", job: "> ", fact: "> · ", step: "> ", stepFact: "> · ",
		acts:   lazily(common + `|(?i:@all)|@所有人|@\+?[0-9][0-9-]{5,}`),
		styled: "*_~`\\",
	},
	// Feishu's text has mentions, and in some clients the links of Markdown.
	Feishu: {
		bold: "%s", newline: "\n", job: "  ", fact: "  · ", step: "  ", stepFact: "  · ",
		acts: lazily(common + `|\*{2,}`),
	},
	// Slack escapes three characters. Others that take its messages know mentions
	// without brackets, too.
	Slack: {
		bold: "*%s*", link: "<%[2]s|%[1]s>", newline: "\n", job: "> ", fact: "> · ", step: "> ", stepFact: "> · ",
		acts:   lazily(`\]\(|\]\[|://|(?i:@(?:all|here|channel|everyone))`),
		styled: "*_~`", fence: "```",
		escape: strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;"),
	},
}

// github is the Markdown of the summary of a CI step.
var github = &dialect{
	bold: "**%s**", link: "[%s](%s)", newline: "\n", job: "- ", fact: "  - ", step: "  - ", stepFact: "    - ",
	acts:   lazily(common + `|@[0-9A-Za-z]`),
	styled: "*_~`\\$",
}

// plain returns a text from outside so that it is shown as it is and does nothing.
func (c *dialect) plain(s string) string {
	for c.acts != nil && c.acts().MatchString(s) { // again, as one may begin within another
		s = c.acts().ReplaceAllStringFunc(s, func(match string) string {
			return strings.ReplaceAll(match, match[:1], string(rune(match[0])+'！'-'!'))
		})
	}
	if i := strings.LastIndexByte(s, '`'); c.pairs && strings.Count(s, "`")%2 != 0 {
		s = s[:i] + "｀" + s[i+1:]
	}
	escaped := c.escaped(s)
	if !c.styles(s) {
		return escaped
	}
	fence := "`"
	for strings.Contains(escaped, fence) {
		if fence = fence + "`"; c.fence != "" {
			fence = c.fence
			escaped = strings.ReplaceAll(escaped, fence, "｀｀｀")
		}
	}
	if strings.HasPrefix(escaped, "`") || strings.HasSuffix(escaped, "`") {
		escaped = " " + escaped + " "
	}
	return fence + escaped + fence
}

// escaped returns a text in the chat's own escapes.
func (c *dialect) escaped(s string) string {
	if c.escape == nil {
		return s
	}
	return c.escape.Replace(s)
}

// styles reports whether the text has a character that would change its looks.
func (c *dialect) styles(s string) bool {
	for i := range len(s) {
		if strings.IndexByte(c.styled, s[i]) >= 0 && (s[i] != '_' || !within(s, i)) {
			return true
		}
	}
	return false
}

// strong returns the text in bold.
func (c *dialect) strong(s string) string {
	s = c.plain(s)
	if c == dialects[WeCom] {
		s = strings.ReplaceAll(s, "*", "＊") // it would join the stars around it
	}
	return fmt.Sprintf(c.bold, s)
}

// within reports whether the byte at i stands between letters or digits. An
// underscore there is no markup, and names keep theirs.
func within(s string, i int) bool {
	return i > 0 && i+1 < len(s) && alphanumeric(s[i-1]) && alphanumeric(s[i+1])
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}
