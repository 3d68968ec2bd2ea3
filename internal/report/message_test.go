package report

import (
	"strings"
	"testing"
)

// Each chat gets the markup that it shows, and the headline whatever the limit.
func TestMessageOfEachChat(t *testing.T) {
	for chat, begin := range map[Chat]string{WeCom: "**DTS", DingTalk: "**DTS", Feishu: "DTS", Slack: "*DTS"} {
		for _, limit := range []int{0, 4096} {
			if got := Message(reports["mixed"], chat, limit); !strings.HasPrefix(got, begin) {
				t.Errorf("%s, %d: %s", chat, limit, got)
			}
		}
	}
}
