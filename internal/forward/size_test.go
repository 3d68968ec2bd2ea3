//go:build !race

// Sizes, and what they take of the heap: with the race detector these tests would take
// ten times as long, to watch one goroutine.

package forward

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"migratecheck/internal/check"
	"migratecheck/internal/report"
)

// A message has no byte more than the robot takes, whatever is in it and whoever
// is called, and does not leave much of the room unused.
func TestMessageSizes(t *testing.T) {
	contents := map[string]string{"texts": "\"权\\\n限", "quotes": `"`, "ASCII": "x", "Chinese": "权", "controls": "\x01\u2028", "markup": "<@*_`>", "none": ""}
	for name, row := range map[string]struct {
		webhook, secret string
		limit           int
		size            func(body string) int
	}{
		"wecom": {wecom, "", 4096, func(body string) int {
			var m message
			json.Unmarshal([]byte(body), &m)
			return len(m.Markdown.Content)
		}},
		"feishu":         {feishu, "", 20480, func(body string) int { return len(body) }},
		"feishu, signed": {feishu, "12345678", 20480, func(body string) int { return len(body) }},
		"dingtalk":       {dingtalk, "12345678", 20000, func(body string) int { return len(body) }},
		"slack": {slack, "", 16000, func(body string) int {
			var m slackMessage
			json.Unmarshal([]byte(body), &m)
			return len(m.Text)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			for content, text := range contents {
				for _, jobs := range []int{1, 300} {
					r := check.Result{Batch: true}
					for i := range jobs {
						r.Jobs = append(r.Jobs, check.Outcome{JobID: fmt.Sprintf("dts-%05d", i), JobName: strings.Repeat(text, 60), Progress: check.Progress{Error: &check.Error{Code: "FailedOperation" + text, Message: strings.Repeat(text, 400)}}})
					}
					c := to(row.webhook, row.secret)
					c.WebhookMention = slices.Repeat([]string{strings.Repeat("u", 64)}, 20)
					failures, got, _ := robotTest(t, c, report.Report{Result: r}, time.Minute, ok)
					if failures != nil || len(got) != 1 {
						t.Fatal(failures)
					}
					size := row.size(got[0].body)
					if size > row.limit || jobs == 300 && size < row.limit*3/4 || !utf8.ValidString(got[0].body) || !json.Valid([]byte(got[0].body)) || strings.Count(got[0].body, c.WebhookMention[0]) < 20 {
						t.Errorf("%s, %d jobs: %d bytes", content, jobs, size)
					}
				}
			}
		})
	}
}
