package forward

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
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
	host []string
	path string // prefix of the URL's path, which tells robots apart on loopback

	message func(report.Report) json.RawMessage

	// sign returns query and body of a request with a signature; nil for a robot
	// that knows none.
	sign func(query string, body []byte, secret string, at time.Time) (string, []byte)

	// busy are the codes of refusals that another attempt may mend.
	busy []int
}

// The most that each takes, in bytes: WeCom of the text, the others of all.
const (
	maxWeCom    = 4096
	maxFeishu   = 20 << 10
	maxDingTalk = 20000
)

var robots = []*robot{
	{
		host:    []string{"qyapi.weixin.qq.com"},
		path:    "/cgi-bin/webhook/send",
		message: wecomMessage,
		busy:    []int{-1, 45009, 45033}, // busy, too many calls, too many at once
	},
	{
		host:    []string{"open.feishu.cn", "open.larksuite.com"},
		path:    "/open-apis/bot/v2/hook/",
		message: feishuMessage,
		sign:    signFeishu,
		busy:    []int{11232}, // too many calls
	},
	{
		host:    []string{"oapi.dingtalk.com"},
		path:    "/robot/send",
		message: dingtalkMessage,
		sign:    signDingTalk,
		busy:    []int{-1, 130101, 410100}, // busy, too many calls
	},
}

// robotAt returns the robot of a webhook, or nil if it belongs to no robot known here.
func robotAt(webhook *url.URL) *robot {
	host := strings.ToLower(webhook.Hostname())
	local := config.Loopback(host)
	for _, r := range robots {
		if slices.Contains(r.host, host) || local && strings.HasPrefix(webhook.Path, r.path) {
			return r
		}
	}
	return nil
}

type markdown struct {
	Title   string `json:"title,omitempty"`
	Content string `json:"content,omitempty"`
	Text    string `json:"text,omitempty"`
}

type message struct {
	Type     string    `json:"msgtype"`
	Markdown *markdown `json:"markdown"`
}

func wecomMessage(r report.Report) json.RawMessage {
	return check.Marshal(message{"markdown", &markdown{Content: report.Markdown(r, maxWeCom)}})
}

func dingtalkMessage(r report.Report) json.RawMessage {
	title := report.Headline(r)
	return within(maxDingTalk, func(limit int) any {
		return message{"markdown", &markdown{Title: title, Text: report.Markdown(r, limit)}}
	})
}

func feishuMessage(r report.Report) json.RawMessage {
	type content struct {
		Text string `json:"text"`
	}
	return within(maxFeishu-feishuSignature, func(limit int) any {
		return struct {
			Type    string  `json:"msg_type"`
			Content content `json:"content"`
		}{"text", content{report.Plain(r, limit)}}
	})
}

// within returns a message whose JSON has at most limit bytes; message builds one
// from a text of at most that many bytes.
func within(limit int, message func(limit int) any) (out json.RawMessage) {
	for text := limit; text > 0; text -= len(out) - limit {
		if out = check.Marshal(message(text)); len(out) <= limit {
			break
		}
	}
	return out
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

// read reads a robot's answer, which comes with status 200 for refusals as
// well. It reports whether another attempt may help.
func (r *robot) read(body []byte) (failure error, again bool) {
	var answer struct {
		ErrCode *int   `json:"errcode"` // WeCom, DingTalk
		ErrMsg  string `json:"errmsg"`
		Code    *int   `json:"code"` // Feishu
		Msg     string `json:"msg"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return errors.New("the answer is not the robot's"), false
	}
	code, text := answer.ErrCode, answer.ErrMsg
	if code == nil {
		code, text = answer.Code, answer.Msg
	}
	switch {
	case code == nil:
		return errors.New("the answer is not the robot's"), false
	case *code != 0:
		return fmt.Errorf("refused with code %d: %s", *code, text), slices.Contains(r.busy, *code)
	}
	return nil, false
}
