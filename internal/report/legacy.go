package report

// Markdown and Plain are the messages for WeCom and Feishu.
func Markdown(r Report, limit int) string { return Message(r, WeCom, limit) }
func Plain(r Report, limit int) string    { return Message(r, Feishu, limit) }
