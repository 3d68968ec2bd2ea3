package report

// Chat is a kind of chat robot, as far as its messages go.
type Chat string

// The chats.
const (
	WeCom    Chat = "wecom"
	Feishu   Chat = "feishu"
	DingTalk Chat = "dingtalk"
	Slack    Chat = "slack"
)

// Message returns the report as a message of at most limit bytes for a robot of
// the chat. Its first lines, the headline and the counts, are there whatever the
// limit.
func Message(r Report, chat Chat, limit int) string {
	if chat == WeCom || chat == DingTalk {
		return Markdown(r, limit)
	}
	return Plain(r, limit)
}
