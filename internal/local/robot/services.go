package robot

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// refusal is why a message was not taken.
type refusal struct {
	code    int
	message string
}

func refuse(code int, format string, values ...any) *refusal {
	return &refusal{code, fmt.Sprintf(format, values...)}
}

// rate is how many messages a robot takes within a span.
type rate struct {
	messages int
	span     time.Duration
}

// service is what a service wants of a message, and how it answers.
type service struct {
	// answer is the body of an answer, of a success if there is no refusal. It is JSON
	// unless text is set.
	answer func(*refusal) []byte
	text   bool

	// status is the HTTP status of a refusal with that code; nil where all are 200.
	status func(code int) int

	// read reads the message's body.
	read func(*Message) *refusal

	// signed reports whether a message is signed with the secret, now; nil where
	// messages are not signed.
	signed func(secret string, m *Message, r *http.Request) bool

	rates  []rate
	blocks time.Duration // for which a robot that was too fast takes nothing

	// maxBody is the size of the largest body, in bytes; 0 for none.
	maxBody int

	noRobot, noPost, noJSON, tooLarge, tooFast, wrongSignature *refusal
}

// statusOf returns the HTTP status of an answer.
func (s service) statusOf(r *refusal) int {
	if r == nil || s.status == nil {
		return http.StatusOK
	}
	return s.status(r.code)
}

func (s service) contentType() string {
	if s.text {
		return "text/plain; charset=utf-8"
	}
	return "application/json"
}

// services are what the services want. What they refuse is in their own words as
// far as these are public.
var services = map[Chat]service{
	WeCom: {
		answer:   errcode,
		read:     readWeCom,
		rates:    []rate{{20, time.Minute}},
		noRobot:  refuse(93000, "invalid webhook url"),
		noPost:   refuse(43002, "require POST method"),
		noJSON:   refuse(40008, "invalid message type"),
		tooLarge: refuse(40058, "invalid Request Parameter"),
		tooFast:  refuse(45009, "api freq out of limit"),
	},
	Feishu: {
		answer:         code,
		read:           readFeishu,
		status:         feishuStatus,
		signed:         signedFeishu,
		rates:          []rate{{5, time.Second}, {100, time.Minute}},
		maxBody:        20 << 10,
		noRobot:        refuse(19001, "param invalid: incoming webhook access token invalid"),
		noPost:         refuse(9499, "Bad Request"),
		noJSON:         refuse(9499, "Bad Request"),
		tooLarge:       refuse(9499, "Bad Request: the body is larger than 20 KB"),
		tooFast:        refuse(11232, "create message service trigger rate limit"),
		wrongSignature: refuse(19021, "sign match fail or timestamp is not within one hour from current time"),
	},
	DingTalk: {
		answer:         errcode,
		read:           readDingTalk,
		signed:         signedDingTalk,
		rates:          []rate{{20, time.Minute}},
		blocks:         10 * time.Minute,
		maxBody:        20000,
		noRobot:        refuse(300005, "token is not exist"),
		noPost:         refuse(43002, "require POST method"),
		noJSON:         refuse(43004, "require content-type: application/json"),
		tooLarge:       refuse(460101, "message too long, exceed 20000 bytes"),
		tooFast:        refuse(130101, "send too fast, exceed 20 times per minute"),
		wrongSignature: refuse(310000, "sign not match"),
	},
	Slack: {
		answer:   word,
		text:     true,
		status:   slackStatus,
		read:     readSlack,
		rates:    []rate{{1, time.Second}},
		noRobot:  refuse(404, "no_service"),
		noPost:   refuse(400, "invalid_payload"),
		noJSON:   refuse(400, "invalid_payload"),
		tooLarge: refuse(400, "invalid_payload"),
		tooFast:  refuse(429, "rate_limited"),
	},
	Other: {
		answer:   otherAnswer,
		text:     true,
		status:   func(int) int { return http.StatusBadRequest },
		read:     readOther,
		noPost:   refuse(0, "POST only"),
		noJSON:   refuse(0, "application/json only"),
		tooLarge: refuse(0, "too large"),
	},
}

// errcode is an answer of WeCom's and DingTalk's form.
func errcode(r *refusal) []byte {
	if r == nil {
		r = refuse(0, "ok")
	}
	return encode(map[string]any{"errcode": r.code, "errmsg": r.message})
}

// code is an answer of Feishu's form.
func code(r *refusal) []byte {
	if r == nil {
		return encode(map[string]any{"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": map[string]any{}, "msg": "success"})
	}
	return encode(map[string]any{"code": r.code, "data": map[string]any{}, "msg": r.message})
}

// feishuStatus: some of Feishu's refusals come with 400.
func feishuStatus(code int) int {
	if code == 9499 || code == 19021 {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// slackStatus: Slack has no other codes.
func slackStatus(code int) int {
	if code < 400 || code > 599 {
		return http.StatusBadRequest
	}
	return code
}

// word is an answer of Slack's form.
func word(r *refusal) []byte {
	if r == nil {
		return []byte("ok")
	}
	return []byte(r.message)
}

func otherAnswer(r *refusal) []byte {
	if r == nil {
		return []byte("{}")
	}
	return []byte(r.message)
}

func encode(v any) []byte {
	encoded, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts and numbers only
	}
	return encoded
}

// decode reads a body that is one JSON document in UTF-8.
func decode(body []byte, into any) bool {
	return utf8.Valid(body) && json.Unmarshal(body, into) == nil
}

func readWeCom(m *Message) *refusal {
	var body struct {
		Msgtype string
		Text    struct {
			Content             string
			MentionedList       []string `json:"mentioned_list"`
			MentionedMobileList []string `json:"mentioned_mobile_list"`
		}
		Markdown   struct{ Content string }
		MarkdownV2 struct{ Content string } `json:"markdown_v2"`
	}
	if !decode(m.Body, &body) {
		return refuse(40008, "invalid message type")
	}
	m.Type = body.Msgtype
	limit := 4096
	switch body.Msgtype {
	case "text":
		m.Text, limit = body.Text.Content, 2048
		m.Mentions = slices.Concat(body.Text.MentionedList, body.Text.MentionedMobileList)
	case "markdown":
		m.Text = body.Markdown.Content
	case "markdown_v2":
		m.Text = body.MarkdownV2.Content
	default:
		return refuse(40008, "invalid message type")
	}
	if body.Msgtype == "markdown" {
		m.Mentions = called(wecomCalls, m.Text)
	}
	switch {
	case m.Text == "":
		return refuse(44004, "content is empty")
	case len(m.Text) > limit:
		return refuse(40058, "%s.content exceed max length %d. invalid Request Parameter", m.Type, limit)
	}
	return nil
}

func readFeishu(m *Message) *refusal {
	var body struct {
		MsgType string `json:"msg_type"`
		Content struct {
			Text string
			Post map[string]json.RawMessage
		}
		Card json.RawMessage
	}
	bad := refuse(9499, "Bad Request")
	if !decode(m.Body, &body) {
		return bad
	}
	m.Type = body.MsgType
	switch body.MsgType {
	case "text":
		m.Text = body.Content.Text
		m.Mentions = called(feishuCalls, m.Text)
	case "post":
		var lines []string
		for _, language := range []string{"zh_cn", "en_us"} {
			lines = append(lines, texts(body.Content.Post[language])...)
		}
		m.Text = strings.Join(lines, "\n")
	case "interactive":
		m.Text = strings.Join(texts(body.Card), "\n")
	default:
		return bad
	}
	if m.Text == "" {
		return bad
	}
	return nil
}

// texts returns the titles and texts in a post or card, in their order.
func texts(document json.RawMessage) []string {
	var out []string
	decoder := json.NewDecoder(bytes.NewReader(document))
	var walk func(key string)
	walk = func(key string) {
		token, err := decoder.Token()
		if err != nil {
			return // there is no document
		}
		switch token := token.(type) {
		case json.Delim:
			for decoder.More() {
				member := ""
				if token == '{' {
					name, _ := decoder.Token()
					member, _ = name.(string)
				}
				walk(member)
			}
			decoder.Token() // the end
		case string:
			if key == "title" || key == "text" || key == "content" {
				out = append(out, token)
			}
		}
	}
	walk("")
	return out
}

func readDingTalk(m *Message) *refusal {
	var body struct {
		Msgtype  string
		Text     struct{ Content string }
		Markdown struct{ Title, Text string }
		At       struct {
			AtMobiles, AtUserIds []string
			IsAtAll              bool
		}
	}
	if !decode(m.Body, &body) {
		return refuse(40035, "invalid parameter: the body is not JSON")
	}
	m.Type = body.Msgtype
	m.Mentions = slices.Concat(body.At.AtMobiles, body.At.AtUserIds)
	if body.At.IsAtAll {
		m.Mentions = append(m.Mentions, "all")
	}
	title := "-" // a text has none
	switch body.Msgtype {
	case "text":
		m.Text = body.Text.Content
	case "markdown":
		title, m.Text = body.Markdown.Title, body.Markdown.Text
	default:
		return refuse(400105, "unsupported msgtype")
	}
	if title == "" || m.Text == "" {
		return refuse(40035, "invalid parameter: title or text is missing")
	}
	return nil
}

func readSlack(m *Message) *refusal {
	var body struct{ Text string }
	if !decode(m.Body, &body) {
		return refuse(400, "invalid_payload")
	}
	if m.Text = body.Text; m.Text == "" {
		return refuse(400, "no_text")
	}
	m.Mentions = called(slackCalls, m.Text)
	return nil
}

// What calls somebody in a text, with the id.
var (
	wecomCalls  = regexp.MustCompile(`<@([^<>\s]+)>`)
	feishuCalls = regexp.MustCompile(`<at user_id="([^"]+)">`)
	slackCalls  = regexp.MustCompile(`<(?:@|!)([A-Za-z0-9_.-]+)(?:\|[^>]*)?>`)
)

// called returns whom a text calls.
func called(calls *regexp.Regexp, text string) (ids []string) {
	for _, m := range calls.FindAllStringSubmatch(text, -1) {
		ids = append(ids, m[1])
	}
	return ids
}

func readOther(m *Message) *refusal {
	var document any
	if !decode(m.Body, &document) {
		return refuse(0, "not JSON")
	}
	m.Text = string(m.Body)
	return nil
}

// signedFeishu: the body has the time in seconds, and the signature of nothing
// with the key of time and secret.
func signedFeishu(secret string, m *Message, _ *http.Request) bool {
	var body struct {
		Timestamp json.RawMessage // a text, or a number
		Sign      string
	}
	if !decode(m.Body, &body) {
		return false
	}
	timestamp := strings.Trim(string(body.Timestamp), `"`)
	return timely(timestamp, time.Second, m.At) && matches(body.Sign, timestamp+"\n"+secret, "")
}

// signedDingTalk: the query string has the time in milliseconds, and the
// signature of time and secret with the key of the secret.
func signedDingTalk(secret string, m *Message, r *http.Request) bool {
	timestamp := r.URL.Query().Get("timestamp")
	return timely(timestamp, time.Millisecond, m.At) && matches(r.URL.Query().Get("sign"), secret, timestamp+"\n"+secret)
}

// timely reports whether a timestamp in some unit is no more than an hour off.
func timely(timestamp string, unit time.Duration, now time.Time) bool {
	n, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return false
	}
	at := time.UnixMilli(n)
	if unit == time.Second {
		at = time.Unix(n, 0)
	}
	return now.Sub(at).Abs() <= time.Hour
}

// matches reports whether a signature is the base64 of a text's HMAC-SHA256.
func matches(sign, key, text string) bool {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return sign == base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
