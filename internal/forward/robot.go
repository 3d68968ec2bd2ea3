package forward

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/report"
)

// robot is the robot of a chat: what it takes and how it answers.
type robot struct {
	form  string // of RESULT_WEBHOOK_FORM
	chat  report.Chat
	hosts []string
	path  string // prefix of the URL's path, which tells robots apart on loopback

	// limit is the most that it takes, in bytes: of the body, or of the text alone.
	limit  int
	ofText bool

	body func(title, text string, mention []string) any

	// call returns what in a text calls a user, or config.MentionAll.
	call func(id string) string

	// sign returns query and body of a request with a signature; nil for a robot
	// that knows none.
	sign func(query string, body []byte, secret string, at time.Time) (string, []byte)

	// read reads an answer, whatever its HTTP status: refusals come with 200, too. It
	// reports whether the answer is such a robot's.
	read func(body []byte) (code int, text string, ok bool)

	// busy are the codes of refusals for the number of calls, or for the moment.
	busy []int
}

var robots = []*robot{
	{
		form: config.WeCom, chat: report.WeCom,
		hosts: []string{"qyapi.weixin.qq.com"},
		path:  "/cgi-bin/webhook/send",
		limit: 4096, ofText: true,
		body: func(_, text string, _ []string) any {
			return message{Type: "markdown", Markdown: &markdown{Content: text}}
		},
		call: func(id string) string {
			if id == config.MentionAll {
				return "" // its Markdown cannot
			}
			return "<@" + id + ">"
		},
		read: readCode,
		busy: []int{-1, 45009, 45033}, // busy, too many calls, too many at once
	},
	{
		form: config.Feishu, chat: report.Feishu,
		hosts: []string{"open.feishu.cn", "open.larksuite.com"},
		path:  "/open-apis/bot/v2/hook/",
		limit: 20<<10 - feishuSignature,
		body: func(_, text string, _ []string) any {
			return feishuMessage{"text", slackMessage{text}}
		},
		call: func(id string) string { return fmt.Sprintf(`<at user_id="%s">%[1]s</at>`, id) },
		sign: signFeishu,
		read: readCode,
		busy: []int{feishuBad, 11232}, // too many calls
	},
	{
		form: config.DingTalk, chat: report.DingTalk,
		hosts: []string{"oapi.dingtalk.com"},
		path:  "/robot/send",
		limit: 20000,
		body: func(title, text string, mention []string) any {
			m := message{Type: "markdown", Markdown: &markdown{Title: title, Text: text}}
			if len(mention) > 0 {
				all := func(id string) bool { return id == config.MentionAll }
				m.At = &at{slices.DeleteFunc(slices.Clone(mention), all), slices.ContainsFunc(mention, all)}
			}
			return m
		},
		call: func(id string) string { return "@" + id },
		sign: signDingTalk,
		read: readCode,
		busy: []int{-1, 130101, 410100}, // busy, too many calls
	},
	{
		form: config.Slack, chat: report.Slack,
		hosts: []string{"hooks.slack.com"},
		path:  "/services/",
		limit: 16000, ofText: true, // Slack takes more, Mattermost 16,383 characters
		body: func(_, text string, _ []string) any { return slackMessage{text} },
		call: func(id string) string {
			if id == config.MentionAll {
				return "<!channel>"
			}
			return "<@" + id + ">"
		},
		read: readSlack,
	},
}

// robotOf returns the robot of a webhook, told by the host unless its form is
// given, or nil if there is none.
func robotOf(form string, webhook *url.URL) *robot {
	host := strings.ToLower(webhook.Hostname())
	local := config.Loopback(host)
	for _, r := range robots {
		if form == r.form || form == "" && (slices.Contains(r.hosts, host) || local && strings.HasPrefix(webhook.Path, r.path)) {
			return r
		}
	}
	return nil
}

type message struct {
	Type     string    `json:"msgtype"`
	Markdown *markdown `json:"markdown"`
	At       *at       `json:"at,omitempty"`
}

type markdown struct {
	Title   string `json:"title,omitempty"`
	Content string `json:"content,omitempty"`
	Text    string `json:"text,omitempty"`
}

// at is whom a message to DingTalk calls.
type at struct {
	UserIDs []string `json:"atUserIds,omitempty"`
	All     bool     `json:"isAtAll,omitempty"`
}

type feishuMessage struct {
	Type    string       `json:"msg_type"`
	Content slackMessage `json:"content"`
}

type slackMessage struct {
	Text string `json:"text"`
}

// message returns a report as the robot takes it. In one about problems, those
// are called whom mention names.
func (b *robot) message(r report.Report, mention []string) json.RawMessage {
	calls := ""
	if !slices.ContainsFunc(r.Result.Jobs, check.Outcome.Problem) {
		mention = nil
	}
	for _, id := range mention {
		calls += " " + b.call(id)
	}
	if calls = strings.TrimSpace(calls); calls != "" {
		calls = "\n\n" + calls
	}
	title := report.Headline(r)
	for room := b.limit - len(calls); ; {
		text := report.Message(r, b.chat, room) + calls
		body := check.Marshal(b.body(title, text, mention))
		size := len(body)
		if b.ofText {
			size = len(text)
		}
		if size <= b.limit || room <= 0 {
			return body
		}
		room = min(room*b.limit/size, room-1)
	}
}

// feishuSignature is how much longer a signature makes a body.
const feishuSignature = len(`"timestamp":"1700000000","sign":"",`) + 44

// signFeishu signs as Feishu has it: an empty text, with time and secret as the
// key. The signature goes into the body.
func signFeishu(query string, body []byte, secret string, at time.Time) (string, []byte) {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	head := fmt.Sprintf(`{"timestamp":"%s","sign":"%s",`, timestamp, signature(timestamp+"\n"+secret, ""))
	return query, append([]byte(head), body[1:]...)
}

// signDingTalk signs as DingTalk has it: time and secret, with the secret as
// the key. The signature goes into the query.
func signDingTalk(query string, body []byte, secret string, at time.Time) (string, []byte) {
	timestamp := strconv.FormatInt(at.UnixMilli(), 10)
	return query + "&timestamp=" + timestamp + "&sign=" + url.QueryEscape(signature(secret, timestamp+"\n"+secret)), body
}

func signature(key, text string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// feishuBad is Feishu's code for too many calls, and for a message that it cannot
// read: its text says which.
const feishuBad = 9499

// tooMany reports whether a refusal is for the number of calls, or for the moment.
func (b *robot) tooMany(code int, text string) bool {
	return slices.Contains(b.busy, code) && !(code == feishuBad && strings.EqualFold(text, "Bad Request"))
}

// readCode reads an answer of WeCom, DingTalk or Feishu: its code, 0 if the message
// was taken, and its text.
func readCode(body []byte) (code int, text string, ok bool) {
	var answer struct {
		ErrCode *int   `json:"errcode"` // WeCom, DingTalk
		ErrMsg  string `json:"errmsg"`
		Code    *int   `json:"code"` // Feishu
		Msg     string `json:"msg"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return 0, "", false
	}
	switch {
	case answer.ErrCode != nil:
		return *answer.ErrCode, answer.ErrMsg, true
	case answer.Code != nil:
		return *answer.Code, answer.Msg, true
	}
	return 0, "", false
}

// readSlack reads an answer of what takes Slack's form: a word, or JSON of its own,
// but no page.
func readSlack(body []byte) (code int, text string, ok bool) {
	return 0, "", !bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))
}
