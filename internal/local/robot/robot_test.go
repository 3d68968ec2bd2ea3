package robot_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"migratecheck/internal/local/cloudapi"
	"migratecheck/internal/local/robot"
)

const (
	wecom    = "/cgi-bin/webhook/send?key=k"
	feishu   = "/open-apis/bot/v2/hook/h"
	dingtalk = "/robot/send?access_token=t"
	slack    = "/services/T0/B0/x"
)

// ok are the answers to a message that was taken.
var ok = map[string]string{
	wecom:    `{"errcode":0,"errmsg":"ok"}`,
	feishu:   `{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}`,
	dingtalk: `{"errcode":0,"errmsg":"ok"}`,
	slack:    `ok`,
}

// post sends a body without a listener and returns the answer's status and body.
func post(s *robot.Server, path, body string) (int, string) {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	return send(s, r)
}

func send(s *robot.Server, r *http.Request) (int, string) {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// quoted is a JSON text of so many bytes in UTF-8.
func quoted(bytes int) string { return `"` + strings.Repeat("x", bytes) + `"` }

// padded is a body with white space, of so many bytes.
func padded(body string, bytes int) string { return strings.Repeat(" ", bytes-len(body)) + body }

func TestMessages(t *testing.T) {
	const chinese = "订单" // 6 bytes
	for name, test := range map[string]struct {
		path, body string
		want       string // the answer's part, empty for a success
		message    string
	}{
		"wecom markdown":           {wecom, `{"msgtype":"markdown","markdown":{"content":"**3** not passed"}}`, "", "wecom k markdown **3** not passed []"},
		"wecom markdown_v2":        {wecom, `{"msgtype":"markdown_v2","markdown_v2":{"content":"| a |"}}`, "", "wecom k markdown_v2 | a | []"},
		"wecom text":               {wecom, `{"msgtype":"text","text":{"content":"hello","mentioned_list":["@all"],"mentioned_mobile_list":["138"]}}`, "", "wecom k text hello [@all 138]"},
		"wecom largest text":       {wecom, `{"msgtype":"text","text":{"content":` + quoted(2048) + `}}`, "", "wecom k text " + strings.Repeat("x", 2048) + " []"},
		"wecom larger text":        {wecom, `{"msgtype":"text","text":{"content":` + quoted(2049) + `}}`, `{"errcode":40058,"errmsg":"text.content exceed max length 2048`, ""},
		"wecom largest markdown":   {wecom, `{"msgtype":"markdown","markdown":{"content":` + quoted(4096) + `}}`, "", "wecom k markdown " + strings.Repeat("x", 4096) + " []"},
		"wecom larger markdown":    {wecom, `{"msgtype":"markdown","markdown":{"content":` + quoted(4097) + `}}`, `{"errcode":40058,"errmsg":"markdown.content exceed max length 4096`, ""},
		"wecom bytes, not runes":   {wecom, `{"msgtype":"text","text":{"content":"` + strings.Repeat(chinese, 342) + `"}}`, `"errcode":40058`, ""},
		"wecom empty":              {wecom, `{"msgtype":"text","text":{"content":""}}`, `"errcode":44004`, ""},
		"wecom other content":      {wecom, `{"msgtype":"markdown","text":{"content":"hello"}}`, `"errcode":44004`, ""},
		"wecom other type":         {wecom, `{"msgtype":"file","file":{"media_id":"1"}}`, `"errcode":40008`, ""},
		"wecom no type":            {wecom, `{"text":{"content":"hello"}}`, `"errcode":40008`, ""},
		"wecom Feishu's type":      {wecom, `{"msg_type":"text","content":{"text":"hello"}}`, `"errcode":40008`, ""},
		"wecom no JSON":            {wecom, `hello`, `"errcode":40008`, ""},
		"wecom no UTF-8":           {wecom, "{\"msgtype\":\"text\",\"text\":{\"content\":\"\xff\"}}", `"errcode":40008`, ""},
		"wecom no key":             {"/cgi-bin/webhook/send", `{"msgtype":"text","text":{"content":"hello"}}`, `"errcode":93000`, ""},
		"wecom far too large":      {wecom, padded(`{"msgtype":"text","text":{"content":"hello"}}`, 11<<20), `"errcode":40058`, ""},
		"feishu text":              {feishu, `{"msg_type":"text","content":{"text":"hello"}}`, "", "feishu h text hello []"},
		"feishu post":              {feishu, `{"msg_type":"post","content":{"post":{"zh_cn":{"title":"检查","content":[[{"tag":"text","text":"3 "},{"tag":"a","text":"link","href":"https://e.example"}],[{"tag":"text","text":"end"}]]}}}}`, "", "feishu h post 检查\n3 \nlink\nend []"},
		"feishu post in English":   {feishu, `{"msg_type":"post","content":{"post":{"en_us":{"title":"Checks","content":[[{"tag":"text","text":"3"}]]}}}}`, "", "feishu h post Checks\n3 []"},
		"feishu card":              {feishu, `{"msg_type":"interactive","card":{"header":{"title":{"tag":"plain_text","content":"Checks"}},"elements":[{"tag":"markdown","content":"**3**"},{"tag":"div","text":{"tag":"lark_md","content":"more"}}]}}`, "", "feishu h interactive Checks\n**3**\nmore []"},
		"feishu largest":           {feishu, padded(`{"msg_type":"text","content":{"text":"hello"}}`, 20*1024), "", "feishu h text hello []"},
		"feishu larger":            {feishu, padded(`{"msg_type":"text","content":{"text":"hello"}}`, 20*1024+1), `{"code":9499,"data":{},"msg":"Bad Request: the body is larger`, ""},
		"feishu empty text":        {feishu, `{"msg_type":"text","content":{"text":""}}`, `"code":9499`, ""},
		"feishu empty post":        {feishu, `{"msg_type":"post","content":{"post":{}}}`, `"code":9499`, ""},
		"feishu no card":           {feishu, `{"msg_type":"interactive"}`, `"code":9499`, ""},
		"feishu other type":        {feishu, `{"msg_type":"image","content":{"image_key":"k"}}`, `"code":9499`, ""},
		"feishu WeCom's type":      {feishu, `{"msgtype":"text","text":{"content":"hello"}}`, `"code":9499`, ""},
		"feishu no JSON":           {feishu, `hello`, `"code":9499`, ""},
		"feishu no hook":           {"/open-apis/bot/v2/hook/", `{"msg_type":"text","content":{"text":"hello"}}`, `"code":19001`, ""},
		"dingtalk markdown":        {dingtalk, `{"msgtype":"markdown","markdown":{"title":"Checks","text":"**3**"}}`, "", "dingtalk t markdown **3** []"},
		"dingtalk text":            {dingtalk, `{"msgtype":"text","text":{"content":"hello"},"at":{"atMobiles":["138"],"atUserIds":["u"],"isAtAll":true}}`, "", "dingtalk t text hello [138 u all]"},
		"dingtalk no title":        {dingtalk, `{"msgtype":"markdown","markdown":{"text":"**3**"}}`, `"errcode":40035`, ""},
		"dingtalk no text":         {dingtalk, `{"msgtype":"markdown","markdown":{"title":"Checks"}}`, `"errcode":40035`, ""},
		"dingtalk empty text":      {dingtalk, `{"msgtype":"text","text":{"content":""}}`, `"errcode":40035`, ""},
		"dingtalk WeCom's form":    {dingtalk, `{"msgtype":"markdown","markdown":{"content":"**3**"}}`, `"errcode":40035`, ""},
		"dingtalk other type":      {dingtalk, `{"msgtype":"link","link":{"title":"x","text":"y"}}`, `"errcode":400105`, ""},
		"dingtalk no JSON":         {dingtalk, `hello`, `"errcode":40035`, ""},
		"dingtalk no token":        {"/robot/send", `{"msgtype":"text","text":{"content":"hello"}}`, `"errcode":300005`, ""},
		"dingtalk largest":         {dingtalk, padded(`{"msgtype":"text","text":{"content":"hello"}}`, 20000), "", "dingtalk t text hello []"},
		"dingtalk larger":          {dingtalk, padded(`{"msgtype":"text","text":{"content":"hello"}}`, 20001), `"errcode":460101`, ""},
		"wecom calls":              {wecom, `{"msgtype":"markdown","markdown":{"content":"hello\n<@li.si> <@wang>"}}`, "", "wecom k markdown hello\n<@li.si> <@wang> [li.si wang]"},
		"feishu calls":             {feishu, `{"msg_type":"text","content":{"text":"<at user_id=\"ou_1\">x</at><at user_id=\"all\"></at>"}}`, "", `feishu h text <at user_id="ou_1">x</at><at user_id="all"></at> [ou_1 all]`},
		"slack":                    {slack, `{"text":"hello"}`, "", "slack T0/B0/x  hello []"},
		"slack calls":              {slack, `{"text":"hello <@U1> <!channel>"}`, "", "slack T0/B0/x  hello <@U1> <!channel> [U1 channel]"},
		"slack no text":            {slack, `{"msgtype":"text"}`, "no_text", ""},
		"slack no JSON":            {slack, `hello`, "invalid_payload", ""},
		"slack no hook":            {"/services/", `{"text":"hello"}`, "no_service", ""},
		"a signature not wanted":   {feishu, `{"timestamp":"1","sign":"x","msg_type":"text","content":{"text":"hello"}}`, "", "feishu h text hello []"},
		"wecom with a path behind": {"/cgi-bin/webhook/send/x", `[1]`, "{}", "other /cgi-bin/webhook/send/x  [1] []"},
	} {
		t.Run(name, func(t *testing.T) {
			at := time.Now()
			var called []robot.Message
			s := robot.New(robot.Options{Now: func() time.Time { return at }, OnMessage: func(m robot.Message) { called = append(called, m) }})
			status, answer := post(s, test.path, test.body)
			want := test.want
			if want == "" {
				want = ok[test.path]
			}
			wantStatus := statusOf(answer)
			if status != wantStatus || !strings.Contains(answer, want) {
				t.Errorf("answered %d %s, want %d %s", status, answer, wantStatus, want)
			}
			messages := s.Messages()
			if len(messages) != len(called) || len(messages) > 1 || (len(messages) == 1) != (test.message != "") {
				t.Fatalf("%d messages, called with %d", len(messages), len(called))
			}
			if len(messages) == 0 {
				return
			}
			m := messages[0]
			if got := fmt.Sprintf("%s %s %s %s %v", m.Chat, m.Robot, m.Type, m.Text, m.Mentions); got != test.message || !m.At.Equal(at) || string(m.Body) != test.body {
				t.Errorf("taken: %q at %v, %d bytes; want %q", got, m.At, len(m.Body), test.message)
			}
			if called[0].Text != m.Text {
				t.Errorf("called with %+v", called[0])
			}
		})
	}
}

// statusOf returns the HTTP status that belongs to an answer, as the services' pages
// and users have it.
func statusOf(answer string) int {
	for text, status := range map[string]int{`"code":9499`: 400, `"code":19021`: 400, "no_text": 400, "invalid_payload": 400, "no_service": 404, "rate_limited": 429} {
		if strings.Contains(answer, text) {
			return status
		}
	}
	return 200
}

// TestRequests has requests that carry no message.
func TestRequests(t *testing.T) {
	hello := map[string]string{
		wecom: `{"msgtype":"text","text":{"content":"hello"}}`, feishu: `{"msg_type":"text","content":{"text":"hello"}}`,
		dingtalk: `{"msgtype":"text","text":{"content":"hello"}}`, slack: `{"text":"hello"}`, "/own": `{}`,
	}
	for name, test := range map[string]struct {
		method, path, contentType string
		status                    int
		want                      string
	}{
		"wecom GET":              {"GET", wecom, "application/json", 200, `"errcode":43002`},
		"wecom no type":          {"POST", wecom, "", 200, `"errcode":40008`},
		"slack GET":              {"GET", slack, "application/json", 400, `invalid_payload`},
		"feishu PUT":             {"PUT", feishu, "application/json", 400, `"code":9499`},
		"feishu form":            {"POST", feishu, "application/x-www-form-urlencoded", 400, `"code":9499`},
		"dingtalk GET":           {"GET", dingtalk, "application/json", 200, `"errcode":43002`},
		"dingtalk text/plain":    {"POST", dingtalk, "text/plain", 200, `"errcode":43004`},
		"a webhook's GET":        {"GET", "/own", "application/json", 400, `POST only`},
		"a webhook's text/plain": {"POST", "/own", "text/plain", 400, `application/json only`},
	} {
		t.Run(name, func(t *testing.T) {
			s := robot.New(robot.Options{})
			r := httptest.NewRequest(test.method, test.path, strings.NewReader(hello[test.path]))
			r.Header.Set("Content-Type", test.contentType)
			if status, answer := send(s, r); status != test.status || !strings.Contains(answer, test.want) || len(s.Messages()) != 0 {
				t.Errorf("answered %d %s, %d messages; want %d %s", status, answer, len(s.Messages()), test.status, test.want)
			}
		})
	}
	if status, answer := send(robot.New(robot.Options{}), &http.Request{Method: "GET", URL: &url.URL{Path: "/own"}}); status != 400 {
		t.Errorf("without a body: %d %s", status, answer)
	}
}

// TestAnyOtherPath takes JSON, whatever it is.
func TestAnyOtherPath(t *testing.T) {
	s := robot.New(robot.Options{Secret: "secret"})
	for body, want := range map[string]int{`{"Jobs":[],"Failed":0}`: 200, `[]`: 200, ``: 400, `hello`: 400, `{}{}`: 400, "\"\xff\"": 400} {
		if status, answer := post(s, "/own/hook?token=1", body); status != want || want == 200 && answer != "{}" {
			t.Errorf("%q: answered %d %s, want %d", body, status, answer, want)
		}
	}
	if status, _ := post(s, "/own/hook", padded("{}", 10<<20+1)); status != 400 {
		t.Errorf("far too large: %d", status)
	}
	for range 1000 {
		post(s, "/own/hook", "{}") // as often as one likes
	}
	if n := len(s.Messages()); n != 1002 {
		t.Errorf("%d messages, want 1002", n)
	}
	if m := s.Messages()[1001]; m.Chat != robot.Other || m.Robot != "/own/hook" || m.Text != "{}" || m.Type != "" {
		t.Errorf("taken: %+v", m)
	}
}

// sign is the base64 of an HMAC-SHA256.
func sign(key, text string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// TestSignatures are held against the secret and the clock where there is a
// secret.
func TestSignatures(t *testing.T) {
	now := time.Now()
	seconds, millis := func(d time.Duration) string { return strconv.FormatInt(now.Add(d).Unix(), 10) }, func(d time.Duration) string { return strconv.FormatInt(now.Add(d).UnixMilli(), 10) }
	ofFeishu := func(timestamp, sign string) (string, string) {
		return feishu, fmt.Sprintf(`{"timestamp":%s,"sign":%q,"msg_type":"text","content":{"text":"hello"}}`, timestamp, sign)
	}
	ofDingTalk := func(timestamp, sign string) (string, string) {
		return dingtalk + "&timestamp=" + timestamp + "&sign=" + url.QueryEscape(sign), `{"msgtype":"text","text":{"content":"hello"}}`
	}
	for name, test := range map[string]struct {
		of              func(timestamp, sign string) (string, string)
		timestamp, sign string
		taken           bool
	}{
		"feishu":                   {ofFeishu, `"` + seconds(0) + `"`, sign(seconds(0)+"\nsecret", ""), true},
		"feishu, a number":         {ofFeishu, seconds(0), sign(seconds(0)+"\nsecret", ""), true},
		"feishu, 59 minutes old":   {ofFeishu, seconds(-59 * time.Minute), sign(seconds(-59*time.Minute)+"\nsecret", ""), true},
		"feishu, 61 minutes old":   {ofFeishu, seconds(-61 * time.Minute), sign(seconds(-61*time.Minute)+"\nsecret", ""), false},
		"feishu, 61 minutes early": {ofFeishu, seconds(61 * time.Minute), sign(seconds(61*time.Minute)+"\nsecret", ""), false},
		"feishu, milliseconds":     {ofFeishu, millis(0), sign(millis(0)+"\nsecret", ""), false},
		"feishu, another secret":   {ofFeishu, seconds(0), sign(seconds(0)+"\nother", ""), false},
		"feishu, another time":     {ofFeishu, seconds(0), sign(seconds(time.Second)+"\nsecret", ""), false},
		"feishu, DingTalk's":       {ofFeishu, seconds(0), sign("secret", seconds(0)+"\nsecret"), false},
		"feishu, none":             {func(string, string) (string, string) { return feishu, `{"msg_type":"text","content":{"text":"hello"}}` }, "", "", false},
		"feishu, no JSON":          {func(string, string) (string, string) { return feishu, `hello` }, "", "", false},
		"dingtalk":                 {ofDingTalk, millis(0), sign("secret", millis(0)+"\nsecret"), true},
		"dingtalk, 59 minutes old": {ofDingTalk, millis(-59 * time.Minute), sign("secret", millis(-59*time.Minute)+"\nsecret"), true},
		"dingtalk, 61 minutes old": {ofDingTalk, millis(-61 * time.Minute), sign("secret", millis(-61*time.Minute)+"\nsecret"), false},
		"dingtalk, seconds":        {ofDingTalk, seconds(0), sign("secret", seconds(0)+"\nsecret"), false},
		"dingtalk, another secret": {ofDingTalk, millis(0), sign("other", millis(0)+"\nsecret"), false},
		"dingtalk, Feishu's":       {ofDingTalk, millis(0), sign(millis(0)+"\nsecret", ""), false},
		"dingtalk, none": {func(string, string) (string, string) {
			return dingtalk, `{"msgtype":"text","text":{"content":"hello"}}`
		}, "", "", false},
		"wecom has none": {func(string, string) (string, string) { return wecom, `{"msgtype":"text","text":{"content":"hello"}}` }, "", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := robot.New(robot.Options{Secret: "secret", Now: func() time.Time { return now }})
			path, body := test.of(test.timestamp, test.sign)
			status, answer := post(s, path, body)
			if status != statusOf(answer) || len(s.Messages()) == 1 != test.taken {
				t.Errorf("answered %d %s", status, answer)
			}
			if !test.taken && !strings.Contains(answer, `"code":19021`) && !strings.Contains(answer, `"errcode":310000`) {
				t.Errorf("answered %s", answer)
			}
		})
	}
}

// TestRates sends as fast as one can, and waits.
func TestRates(t *testing.T) {
	bodies := map[string]string{
		wecom: `{"msgtype":"text","text":{"content":"hello"}}`, feishu: `{"msg_type":"text","content":{"text":"hello"}}`,
		dingtalk: `{"msgtype":"text","text":{"content":"hello"}}`, slack: `{"text":"hello"}`,
	}
	type step struct {
		after        time.Duration
		sent, wanted int
	}
	for path, test := range map[string]struct {
		refusal string
		steps   []step
	}{
		wecom: {`"errcode":45009`, []step{{0, 15, 15}, {30 * time.Second, 10, 5}, {30*time.Second - 1, 1, 0}, {1, 20, 15}, {30 * time.Second, 6, 5}}},
		feishu: {`"code":11232`, slices.Concat([]step{{0, 7, 5}, {time.Second - 1, 1, 0}, {1, 6, 5}},
			slices.Repeat([]step{{time.Second, 5, 5}}, 18), // 100 in 20 seconds
			[]step{{time.Second, 5, 0}, {40*time.Second - 1, 1, 0}, {1, 6, 5}})},
		slack:    {"rate_limited", []step{{0, 2, 1}, {time.Second - 1, 1, 0}, {1, 2, 1}}},
		dingtalk: {`"errcode":130101`, []step{{0, 20, 20}, {time.Minute, 20, 20}, {0, 1, 0}, {9 * time.Minute, 1, 0}, {time.Minute - 1, 1, 0}, {1, 21, 20}}},
	} {
		t.Run(path, func(t *testing.T) {
			now := time.Now()
			s := robot.New(robot.Options{Now: func() time.Time { return now }})
			for i, step := range test.steps {
				now = now.Add(step.after)
				before := len(s.Messages())
				for n := range step.sent {
					_, answer := post(s, path, bodies[path])
					if n >= step.wanted && !strings.Contains(answer, test.refusal) {
						t.Errorf("step %d, message %d: answered %s", i, n+1, answer)
					}
				}
				if got := len(s.Messages()) - before; got != step.wanted {
					t.Errorf("step %d: %d of %d messages were taken, want %d", i, got, step.sent, step.wanted)
				}
			}
			if _, answer := post(s, strings.Replace(path, path[len(path)-1:], "other", 1), bodies[path]); strings.Contains(answer, test.refusal) {
				t.Errorf("another robot: %s", answer)
			}
		})
	}
}

// TestRatesOfRobots: each robot has a rate of its own, also where another service's
// has the same name.
func TestRatesOfRobots(t *testing.T) {
	s := robot.New(robot.Options{})
	for range 20 {
		for _, path := range []string{"/cgi-bin/webhook/send?key=a", "/cgi-bin/webhook/send?key=b", "/robot/send?access_token=a"} {
			if _, answer := post(s, path, `{"msgtype":"text","text":{"content":"hello"}}`); answer != ok[wecom] {
				t.Fatalf("%s: answered %s", path, answer)
			}
		}
	}
}

// TestFaults has what a caller sees of each fault, over a connection, and whether
// the message was taken.
func TestFaults(t *testing.T) {
	for name, test := range map[string]struct {
		fault  cloudapi.Fault
		path   string
		status int // 0 for no answer
		want   string
		taken  bool
	}{
		"slow":             {cloudapi.Fault{Kind: cloudapi.FaultDelay, Delay: 50 * time.Millisecond}, wecom, 200, ok[wecom], true},
		"down":             {cloudapi.Fault{Kind: cloudapi.FaultDrop}, wecom, 0, "", false},
		"refusing":         {cloudapi.Fault{Kind: cloudapi.FaultCode, Code: "93000", Message: "invalid webhook url"}, wecom, 200, `{"errcode":93000,"errmsg":"invalid webhook url"}`, false},
		"Feishu refusing":  {cloudapi.Fault{Kind: cloudapi.FaultCode, Code: "19007", Message: "Bot Not Enabled"}, feishu, 200, `{"code":19007,"data":{},"msg":"Bot Not Enabled"}`, false},
		"Feishu too fast":  {cloudapi.Fault{Kind: cloudapi.FaultCode, Code: "9499", Message: "too many request"}, feishu, 400, `{"code":9499,"data":{},"msg":"too many request"}`, false},
		"Slack gone":       {cloudapi.Fault{Kind: cloudapi.FaultCode, Code: "410", Message: "channel_is_archived"}, slack, 410, "channel_is_archived", false},
		"Slack by errcode": {cloudapi.Fault{Kind: cloudapi.FaultCode, Code: "45009", Message: "invalid_payload"}, slack, 400, "invalid_payload", false},
		"a webhook's":      {cloudapi.Fault{Kind: cloudapi.FaultCode, Code: "1", Message: "not today"}, "/own", 400, "not today", false},
		"refused, taken":   {cloudapi.Fault{Kind: cloudapi.FaultCodeCarried, Code: "-1", Message: "system busy"}, dingtalk, 200, `{"errcode":-1,"errmsg":"system busy"}`, true},
		"nonsense":         {cloudapi.Fault{Kind: robot.FaultNonsense}, wecom, 200, "<html>", true},
		"HTTP 500":         {cloudapi.Fault{Kind: robot.FaultHTTP500}, wecom, 500, "Internal Server Error", false},
		"HTTP 502":         {cloudapi.Fault{Kind: cloudapi.FaultHTML}, wecom, 502, "Bad Gateway", false},
		"lost":             {cloudapi.Fault{Kind: cloudapi.FaultLost}, wecom, 0, "", true},
		"truncated":        {cloudapi.Fault{Kind: cloudapi.FaultTruncated}, wecom, 0, "", true},
		"of another chat":  {cloudapi.Fault{Kind: cloudapi.FaultDrop, Action: "feishu"}, wecom, 200, ok[wecom], true},
		"of this chat":     {cloudapi.Fault{Kind: cloudapi.FaultDrop, Action: "wecom"}, wecom, 0, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := robot.New(robot.Options{Faults: []cloudapi.Fault{test.fault}})
			l, err := s.Listen("127.0.0.1:0", false)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			body := `{"msgtype":"text","text":{"content":"hello"},"msg_type":"text","content":{"text":"hello"}}`
			status, answer := 0, ""
			if response, err := http.Post(l.URL+test.path, "application/json", strings.NewReader(body)); err == nil {
				text, err := io.ReadAll(response.Body)
				response.Body.Close()
				if err == nil {
					status, answer = response.StatusCode, string(text)
				}
			}
			if status != test.status || !strings.Contains(answer, test.want) {
				t.Errorf("answered %d %s, want %d %s", status, answer, test.status, test.want)
			}
			if got := len(s.Messages()) == 1; got != test.taken {
				t.Errorf("taken: %v", got)
			}
		})
	}
}

func TestForget(t *testing.T) {
	called := 0
	s := robot.New(robot.Options{Forget: true, OnMessage: func(robot.Message) { called++ }})
	if post(s, "/own", "{}"); len(s.Messages()) != 0 || called != 1 {
		t.Errorf("%d messages, called %d times", len(s.Messages()), called)
	}
}

// TestConcurrentUse: of messages that come at once, as many as the rate are taken.
func TestConcurrentUse(t *testing.T) {
	s := robot.New(robot.Options{})
	var users sync.WaitGroup
	for range 8 {
		users.Go(func() {
			for range 10 {
				post(s, wecom, `{"msgtype":"text","text":{"content":"hello"}}`)
				s.Messages()
				s.Inject(cloudapi.Fault{Kind: cloudapi.FaultDrop, Action: "feishu"})
			}
		})
	}
	users.Wait()
	if n := len(s.Messages()); n != 20 {
		t.Errorf("%d messages were taken, want 20", n)
	}
}
