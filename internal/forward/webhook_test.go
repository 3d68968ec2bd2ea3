package forward

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/report"
	"migratecheck/internal/tcapi"
)

// posted is a request that a robot got.
type posted struct {
	method, path, contentType string
	authorization             string
	query                     url.Values
	body                      string
	length                    int64 // as the header has it
	closes                    bool  // the connection is for this request only
	at                        time.Time
}

// robotServer answers each request as told, the last answer again and again.
type robotServer struct {
	answers []http.HandlerFunc

	mu  sync.Mutex
	got []posted
}

func (s *robotServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.got = append(s.got, posted{r.Method, r.URL.Path, r.Header.Get("Content-Type"), r.Header.Get("Authorization"), r.URL.Query(), string(body), r.ContentLength, r.Close, time.Now()})
	answer := s.answers[min(len(s.got), len(s.answers))-1]
	s.mu.Unlock()
	answer(w, r)
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// pipes is a listener within a synctest bubble, whose time passes by itself.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, ok := <-p; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// to is the configuration of a webhook.
func to(webhook, secret string) config.Config {
	return config.Config{Webhook: webhook, WebhookSecret: secret, MaxAttempts: 4, When: config.Always}
}

// robotTest sends a report to a robot in a bubble with the given time.
func robotTest(t *testing.T, c config.Config, r report.Report, limit time.Duration, answers ...http.HandlerFunc) (failures []check.Forwarded, got []posted, took time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		s := &robotServer{answers: answers}
		listener := make(pipes)
		server := &http.Server{Handler: s}
		go server.Serve(listener)
		defer server.Close()
		f := New(c, &fakeAPI{})
		f.transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			listener <- server
			return client, nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		begun := time.Now()
		failures = lost(f, ctx, r)
		took = time.Since(begun)
		s.mu.Lock()
		defer s.mu.Unlock()
		got = s.got
	})
	return failures, got, took
}

const (
	wecom    = "http://127.0.0.1:9003/cgi-bin/webhook/send?key=693a91f6-SECRET"
	feishu   = "http://127.0.0.1:9003/open-apis/bot/v2/hook/SECRET"
	dingtalk = "http://127.0.0.1:9003/robot/send?access_token=SECRET"
	slack    = "http://127.0.0.1:9003/services/T0/B0/SECRET"
	other    = "http://127.0.0.1:9003/hook/SECRET?x=y"
)

var ok = says(200, `{"errcode":0,"errmsg":"ok","code":0,"msg":"success"}`)

func TestRobotByHost(t *testing.T) {
	for webhook, want := range map[string]string{
		"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a":   "wecom",
		"https://QYAPI.weixin.qq.com:443/x":                        "wecom",
		"https://open.feishu.cn/open-apis/bot/v2/hook/a":           "feishu",
		"https://open.larksuite.com/open-apis/bot/v2/hook/a":       "feishu",
		"https://oapi.dingtalk.com/robot/send?access_token=a":      "dingtalk",
		"https://qyapi.weixin.qq.com.example/cgi-bin/webhook/send": "",
		"https://hooks.example/robot/send":                         "",
		"https://192.0.2.1/robot/send":                             "",
		"https://hooks.slack.com/services/T0/B0/X":                 "slack",
		"https://hooks.example/services/T0/B0/X":                   "",
		wecom:                                                      "wecom", feishu: "feishu", dingtalk: "dingtalk", slack: "slack", other: "",
		"http://localhost:1/robot/send":       "dingtalk",
		"http://[::1]:1/cgi-bin/webhook/send": "wecom",
		"http://127.0.0.1/open-apis/bot":      "",
		"http://127.0.0.1":                    "",
	} {
		u, err := url.Parse(webhook)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if r := robotOf("", u); r != nil {
			got = r.form
		}
		if got != want {
			t.Errorf("%s: %q", webhook, got)
		}
	}
}

// Each robot gets the message as it takes it, one for an event, wherever it is;
// and whoever is to be called is called in its own way, about problems only.
func TestMessages(t *testing.T) {
	broken, fine := problem, fine
	broken.Language, fine.Language = config.Chinese, config.Chinese
	title := `"title":"` + report.Headline(broken) + `",`
	for name, row := range map[string]struct {
		webhook, form, mention string
		chat                   report.Chat // none: the answer
		r                      report.Report
		want                   string // with the text
	}{
		"wecom":                      {wecom, "", "", report.WeCom, broken, `{"msgtype":"markdown","markdown":{"content":"%s"}}`},
		"feishu":                     {feishu, "", "", report.Feishu, broken, `{"msg_type":"text","content":{"text":"%s"}}`},
		"dingtalk":                   {dingtalk, "", "", report.DingTalk, broken, `{"msgtype":"markdown","markdown":{` + title + `"text":"%s"}}`},
		"slack":                      {slack, "", "", report.Slack, broken, `{"text":"%s"}`},
		"other":                      {other, "", "all", "", broken, `%s`},
		"wecom elsewhere":            {other, config.WeCom, "", report.WeCom, broken, `{"msgtype":"markdown","markdown":{"content":"%s"}}`},
		"feishu elsewhere":           {other, config.Feishu, "", report.Feishu, broken, `{"msg_type":"text","content":{"text":"%s"}}`},
		"dingtalk elsewhere":         {other, config.DingTalk, "", report.DingTalk, broken, `{"msgtype":"markdown","markdown":{` + title + `"text":"%s"}}`},
		"slack elsewhere":            {other, config.Slack, "", report.Slack, broken, `{"text":"%s"}`},
		"a robot's host, as JSON":    {wecom, config.JSON, "", "", broken, `%s`},
		"a robot's host, by another": {wecom, config.Slack, "", report.Slack, broken, `{"text":"%s"}`},
		"wecom calls":                {wecom, "", "li.si,wang", report.WeCom, broken, `{"msgtype":"markdown","markdown":{"content":"%s\n\n<@li.si> <@wang>"}}`},
		"wecom calls all":            {wecom, "", "all", report.WeCom, broken, `{"msgtype":"markdown","markdown":{"content":"%s"}}`},
		"feishu calls":               {feishu, "", "ou_1 ou_2", report.Feishu, broken, `{"msg_type":"text","content":{"text":"%s\n\n<at user_id=\"ou_1\">ou_1</at> <at user_id=\"ou_2\">ou_2</at>"}}`},
		"feishu calls all":           {feishu, "", "all", report.Feishu, broken, `{"msg_type":"text","content":{"text":"%s\n\n<at user_id=\"all\">all</at>"}}`},
		"dingtalk calls":             {dingtalk, "", "u1,u2", report.DingTalk, broken, `{"msgtype":"markdown","markdown":{` + title + `"text":"%s\n\n@u1 @u2"},"at":{"atUserIds":["u1","u2"]}}`},
		"dingtalk calls all":         {dingtalk, "", "all", report.DingTalk, broken, `{"msgtype":"markdown","markdown":{` + title + `"text":"%s\n\n@all"},"at":{"isAtAll":true}}`},
		"slack calls":                {slack, "", "U1", report.Slack, broken, `{"text":"%s\n\n<@U1>"}`},
		"slack calls all":            {slack, "", "all", report.Slack, broken, `{"text":"%s\n\n<!channel>"}`},
		"nobody is called for news":  {wecom, "", "li.si", report.WeCom, fine, `{"msgtype":"markdown","markdown":{"content":"%s"}}`},
		"nobody, by DingTalk":        {dingtalk, "", "all", report.DingTalk, fine, `{"msgtype":"markdown","markdown":{"title":"` + report.Headline(fine) + `","text":"%s"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			c := to(row.webhook, "")
			c.WebhookForm, c.WebhookMention = row.form, strings.FieldsFunc(row.mention, func(r rune) bool { return r == ',' || r == ' ' })
			failures, got, _ := robotTest(t, c, row.r, time.Minute, ok)
			if failures != nil || len(got) != 1 {
				t.Fatalf("%v, %d messages", failures, len(got))
			}
			text := string(encode(row.r.Result))
			if row.chat != "" {
				text = strings.Trim(string(check.Marshal(report.Message(row.r, row.chat, 4000))), `"`)
			}
			want, _ := url.Parse(row.webhook)
			if got := got[0]; got.body != fmt.Sprintf(row.want, text) || got.method != "POST" || got.path != want.Path || got.query.Encode() != want.Query().Encode() || got.authorization != "" ||
				got.contentType != "application/json; charset=utf-8" || got.length != int64(len(got.body)) || !got.closes {
				t.Errorf("got  %+v\nwant %s", got, fmt.Sprintf(row.want, text))
			}
		})
	}
}

// What was a problem, and is none any more, is told in its own words.
func TestMended(t *testing.T) {
	for name, row := range map[string]struct {
		trouble bool
		r       report.Report
		mended  bool
	}{
		"news":        {false, fine, false},
		"mended":      {true, fine, true},
		"not yet":     {true, problem, false},
		"new trouble": {false, problem, false},
	} {
		r := row.r
		s := &robotServer{answers: []http.HandlerFunc{ok}}
		server := httptest.NewServer(s)
		c := to(server.URL, "")
		c.WebhookForm = config.Slack
		if f := New(c, &fakeAPI{}).Forward(t.Context(), r, map[string]check.Told{Webhook: {Problem: row.trouble}}); len(f) != 1 || f[0].Reason != "" {
			t.Fatalf("%s: got %+v", name, f)
		}
		server.Close()
		plain := report.Message(r, report.Slack, 4000)
		if r.Mended = row.mended; r.Mended && report.Message(r, report.Slack, 4000) == plain {
			t.Error("what is mended is told like any other news")
		}
		if want := string(check.Marshal(slackMessage{report.Message(r, report.Slack, 4000)})); len(s.got) != 1 || s.got[0].body != want {
			t.Errorf("%s: got %v, want %s", name, s.got, want)
		}
	}
}

// A URL's user info goes where user info goes.
func TestUserInfo(t *testing.T) {
	_, got, _ := robotTest(t, to("HTTP://bot:p%25ss@127.0.0.1:9003/hook", ""), problem, time.Minute, ok)
	if len(got) != 1 || got[0].authorization != "Basic "+base64.StdEncoding.EncodeToString([]byte("bot:p%ss")) {
		t.Errorf("got %+v", got)
	}
}

// The language is the configuration's where the report names none.
func TestLanguage(t *testing.T) {
	server := httptest.NewServer(ok)
	defer server.Close()
	s := &robotServer{answers: []http.HandlerFunc{ok}}
	server.Config.Handler = s
	lost(New(config.Config{Webhook: server.URL + "/robot/send", MaxAttempts: 1, Language: config.Chinese}, &fakeAPI{}), t.Context(), problem)
	if len(s.got) != 1 || !strings.Contains(s.got[0].body, "需要处理") {
		t.Errorf("got %+v", s.got)
	}
}

// Every robot gets the ids of 200 jobs that need a person, together with those who
// are called.
func TestAllIDsOfANight(t *testing.T) {
	r := check.Result{Batch: true, Verdicts: true}
	for i := range 300 {
		o := judged(fmt.Sprintf("dts-%08x", 0xa0000000+i), i >= 200, nil)
		for j := range o.Check.Steps {
			o.Check.Steps[j].Failed = []check.Item{{Reason: strings.Repeat("权限不足 ", 30), Solution: "GRANT SELECT ON *.* TO `dts`@`%`"}}
		}
		r.Jobs = append(r.Jobs, o)
	}
	for _, webhook := range []string{wecom, feishu, dingtalk, slack} {
		c := to(webhook, "12345678")
		c.WebhookMention = []string{"zhang.san", "li.si", "all"}
		_, got, _ := robotTest(t, c, report.Report{Result: r}, time.Minute, ok)
		for _, o := range r.Jobs[:200] {
			if len(got) != 1 || !strings.Contains(got[0].body, o.JobID) {
				t.Errorf("%s: %s is missing in %d messages", webhook, o.JobID, len(got))
				break
			}
		}
	}
}

// A server that is no robot's gets every outcome, in no more than most take.
func TestAnswerForAnyServer(t *testing.T) {
	failures, got, _ := robotTest(t, to(other, ""), report.Report{Result: large(200, 20_000)}, time.Minute, ok)
	if failures != nil || len(got) != 1 {
		t.Fatal(failures)
	}
	var answer struct{ Jobs []check.Outcome }
	if err := json.Unmarshal([]byte(got[0].body), &answer); err != nil || len(answer.Jobs) != 200 || len(got[0].body) > 1<<20 || len(got[0].body) < 1<<18 {
		t.Errorf("%d jobs in %d bytes, %v", len(answer.Jobs), len(got[0].body), err)
	}
}

// It takes them in several batches where even the shortest do not fit: no outcome
// is left out.
func TestAnswersForAnyServer(t *testing.T) {
	r := check.Result{Batch: true, Verdicts: true, Via: []string{"ap-guangzhou/default/migrate-check"}}
	for i := range 10_000 {
		o := check.Outcome{JobID: fmt.Sprintf("dts-%05d", i), JobName: strings.Repeat("权", 100), Progress: check.Progress{Stage: check.StageJudged, RequestID: strings.Repeat("r", 64), Check: verdict(i%2 == 0)}}
		o.Check.Message = strings.Repeat("限", 100)
		r.Jobs = append(r.Jobs, o)
	}
	failures, got, _ := robotTest(t, to(other, ""), report.Report{Result: r}, time.Minute, ok)
	if failures != nil || len(got) != 2 {
		t.Fatalf("%v, %d messages", failures, len(got))
	}
	next := 0
	for _, m := range got {
		var answer struct {
			Jobs              []check.Outcome
			Passed, NotPassed int
			Via               []string
		}
		if err := json.Unmarshal([]byte(m.body), &answer); err != nil || len(m.body) > 1<<20 || answer.Passed+answer.NotPassed != len(answer.Jobs) || !slices.Equal(answer.Via, r.Via) {
			t.Errorf("%d bytes, %d jobs, %v", len(m.body), len(answer.Jobs), err)
		}
		for _, o := range answer.Jobs {
			if o.JobID != r.Jobs[next].JobID || o.Kind() != r.Jobs[next].Kind() {
				t.Fatalf("%s in place of %s", o.JobID, r.Jobs[next].JobID)
			}
			next++
		}
	}
	if next != len(r.Jobs) {
		t.Errorf("%d jobs arrived", next)
	}
}

// Known answers, computed by openssl.
func TestSignatures(t *testing.T) {
	at := time.UnixMilli(1795600000123)
	query, body := signFeishu("a=b", []byte(`{"msg_type":"text"}`), "feishu-secret", at)
	if query != "a=b" || string(body) != `{"timestamp":"1795600000","sign":"dcENIZUukzFRid0MdLnqozYwShNGS55lN4i+pgvrCXc=","msg_type":"text"}` {
		t.Errorf("got %s, %s", query, body)
	}
	if got := len(body) - len(`{"msg_type":"text"}`); got != 79 {
		t.Errorf("a signature takes %d bytes", got)
	}
	query, body = signDingTalk("access_token=a", []byte(`{}`), "SECdingtalk", at)
	if query != "access_token=a&timestamp=1795600000123&sign=Trj8yCT42MDuqsRKP%2FfobXon%2FQcgK7yKUR3bRijRiyI%3D" || string(body) != `{}` {
		t.Errorf("got %s, %s", query, body)
	}
}

// Who signs, and that each attempt has a signature of its own time.
func TestSigned(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for name, row := range map[string]struct {
		webhook, secret string
		signs           bool
	}{
		"feishu": {feishu, "k", true}, "dingtalk": {dingtalk, "k", true}, "feishu without secret": {feishu, "", false}, "dingtalk without secret": {dingtalk, "", false},
		"wecom": {wecom, "k", false}, "other": {other, "k", false},
	} {
		t.Run(name, func(t *testing.T) {
			_, got, _ := robotTest(t, to(row.webhook, row.secret), problem, time.Minute, hang, ok)
			var stamps []string
			for _, p := range got {
				var body struct{ Timestamp, Sign string }
				if err := json.Unmarshal([]byte(p.body), &body); err != nil {
					t.Fatal(err)
				}
				stamp, sign := body.Timestamp, body.Sign
				if name == "dingtalk" {
					stamp, sign = p.query.Get("timestamp"), p.query.Get("sign")
				}
				if (stamp != "") != row.signs || (sign != "") != row.signs {
					t.Errorf("signed: %+v", p)
				}
				if row.signs {
					mac, err := base64.StdEncoding.DecodeString(sign)
					if err != nil || len(mac) != 32 || slices.Contains(stamps, sign) {
						t.Errorf("signature %q, %v", sign, err)
					}
					want := fmt.Sprint(p.at.Unix())
					if name == "dingtalk" {
						want = fmt.Sprint(p.at.UnixMilli())
					}
					if stamp != want {
						t.Errorf("timestamp %s, not %s", stamp, want)
					}
				}
				stamps = append(stamps, sign)
			}
			if len(got) != 2 {
				t.Errorf("%d attempts", len(got))
			}
		})
	}
}

// Every way in which a message may come to nothing, how often it is tried, and
// what is said of it.
func TestRefusals(t *testing.T) {
	switches := func(w http.ResponseWriter, _ *http.Request) {
		c, buffered, _ := w.(http.Hijacker).Hijack()
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		io.Copy(io.Discard, buffered) // silent until the other end is closed
		c.Close()
	}
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	trickle := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			io.WriteString(w, " ")
			w.(http.Flusher).Flush()
			select {
			case <-time.After(time.Second):
			case <-r.Context().Done():
			}
		}
	}
	cutShort := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, `{"errcode":0`)
	}
	moved := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://127.0.0.1:9003/elsewhere", http.StatusTemporaryRedirect)
	}
	huge := func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"errcode":0,"errmsg":"`+strings.Repeat("x", 64<<10)+`"}`)
	}
	longHeader := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X", strings.Repeat("x", 128<<10))
		ok(w, r)
	}
	for name, row := range map[string]struct {
		webhook  string
		answers  []http.HandlerFunc
		attempts int
		reason   string // empty: it arrives
	}{
		"wecom refuses":                 {wecom, []http.HandlerFunc{says(200, `{"errcode":93000,"errmsg":"invalid webhook url, SECRET"}`)}, 1, "refused with code 93000: invalid webhook url, ***"},
		"feishu refuses":                {feishu, []http.HandlerFunc{says(200, `{"code":19021,"msg":"sign match fail"}`)}, 1, "refused with code 19021: sign match fail"},
		"feishu refuses, with 400":      {feishu, []http.HandlerFunc{says(400, `{"code":19021,"msg":"sign match fail or timestamp is not within one hour from current time"}`)}, 1, "refused with code 19021: sign match fail or timestamp is not within one hour from current time"},
		"feishu cannot read it":         {feishu, []http.HandlerFunc{says(400, `{"code":9499,"msg":"Bad Request","data":{}}`)}, 1, "refused with code 9499: Bad Request"},
		"dingtalk refuses":              {dingtalk, []http.HandlerFunc{says(200, `{"errcode":310000,"errmsg":"sign not match"}`)}, 1, "refused with code 310000: sign not match"},
		"dingtalk refuses, with 500":    {dingtalk, []http.HandlerFunc{says(500, `{"errcode":310000,"errmsg":"sign not match"}`), ok}, 2, ""},
		"wecom too often, then ok":      {wecom, []http.HandlerFunc{says(200, `{"errcode":45009}`), ok}, 2, ""},
		"wecom busy, then ok":           {wecom, []http.HandlerFunc{says(200, `{"errcode":-1}`), ok}, 2, ""},
		"wecom at once, then ok":        {wecom, []http.HandlerFunc{says(200, `{"errcode":45033}`), ok}, 2, ""},
		"feishu too often, then ok":     {feishu, []http.HandlerFunc{says(200, `{"code":11232}`), ok}, 2, ""},
		"feishu, twice with 400":        {feishu, []http.HandlerFunc{says(400, `{"code":9499,"msg":"too many request","data":{}}`), says(400, `{"code":9499,"msg":"too many request","data":{}}`), says(200, `{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}`)}, 3, ""},
		"dingtalk flow, then ok":        {dingtalk, []http.HandlerFunc{says(200, `{"errcode":410100}`), says(200, `{"errcode":-1}`), ok}, 3, ""},
		"more often than attempts":      {dingtalk, append(slices.Repeat([]http.HandlerFunc{says(200, `{"errcode":130101,"errmsg":"send too fast"}`)}, 6), ok), 7, ""},
		"429, then ok":                  {feishu, []http.HandlerFunc{says(429, ""), ok}, 2, ""},
		"429 of any":                    {other, append(slices.Repeat([]http.HandlerFunc{says(429, "slow down")}, 5), ok), 6, ""},
		"503, then ok":                  {other, []http.HandlerFunc{says(503, ""), ok}, 2, ""},
		"500":                           {other, []http.HandlerFunc{says(500, "")}, 4, "HTTP status 500"},
		"404":                           {other, []http.HandlerFunc{says(404, "")}, 1, "HTTP status 404"},
		"a reason in plain text":        {other, []http.HandlerFunc{says(403, "not  from\nhere, SECRET")}, 1, "HTTP status 403: not from here, ***"},
		"a reason as JSON":              {other, []http.HandlerFunc{says(400, `{"error":"no such field"}`)}, 1, `HTTP status 400: {"error":"no such field"}`},
		"a long reason":                 {other, []http.HandlerFunc{says(400, strings.Repeat("x", 128<<10))}, 1, "HTTP status 400: " + strings.Repeat("x", 1004) + "…"},
		"a robot's plain text":          {wecom, []http.HandlerFunc{says(403, "forbidden by proxy")}, 1, "HTTP status 403: forbidden by proxy"},
		"slack says ok":                 {slack, []http.HandlerFunc{says(200, "ok")}, 1, ""},
		"slack says nothing":            {slack, []http.HandlerFunc{says(204, "")}, 1, ""},
		"slack refuses":                 {slack, []http.HandlerFunc{says(404, "no_service")}, 1, "HTTP status 404: no_service"},
		"slack refuses the form":        {slack, []http.HandlerFunc{says(400, "invalid_payload")}, 1, "HTTP status 400: invalid_payload"},
		"slack too often, then ok":      {slack, []http.HandlerFunc{says(429, "rate_limited"), says(200, "ok")}, 2, ""},
		"slack is a page":               {slack, []http.HandlerFunc{says(200, " <html>log in</html>")}, 1, "the answer is not the robot's: <html>log in</html>"},
		"moved":                         {wecom, []http.HandlerFunc{moved}, 1, "HTTP status 307"},
		"moved, other":                  {other, []http.HandlerFunc{moved}, 1, "HTTP status 307"},
		"other says anything":           {other, []http.HandlerFunc{says(204, "")}, 1, ""},
		"other, cut short":              {other, []http.HandlerFunc{cutShort}, 1, ""},
		"other says nonsense":           {other, []http.HandlerFunc{says(202, "<html>")}, 1, ""},
		"other has a robot's code":      {other, []http.HandlerFunc{says(200, `{"code":1}`)}, 1, ""},
		"no JSON":                       {wecom, []http.HandlerFunc{says(200, "<html>ok</html>")}, 1, "the answer is not the robot's: <html>ok</html>"},
		"nothing":                       {dingtalk, []http.HandlerFunc{says(200, "")}, 1, "the answer is not the robot's"},
		"no code":                       {feishu, []http.HandlerFunc{says(200, `{"ok":true}`)}, 1, `the answer is not the robot's: {"ok":true}`},
		"a list":                        {feishu, []http.HandlerFunc{says(200, `[0]`)}, 1, "the answer is not the robot's: [0]"},
		"a code as text":                {feishu, []http.HandlerFunc{says(200, `{"code":"0"}`)}, 1, `the answer is not the robot's: {"code":"0"}`},
		"taken, at a status of refusal": {wecom, []http.HandlerFunc{says(400, `{"errcode":0,"errmsg":"ok"}`)}, 1, `HTTP status 400: {"errcode":0,"errmsg":"ok"}`},
		"huge":                          {wecom, []http.HandlerFunc{huge}, 1, "the answer is not the robot's: " + `{"errcode":0,"errmsg":"` + strings.Repeat("x", 1024-31-23-3) + "…"},
		"hangs, then ok":                {wecom, []http.HandlerFunc{hang, ok}, 2, ""},
		"trickles, then ok":             {wecom, []http.HandlerFunc{trickle, ok}, 2, ""},
		"cut short, then ok":            {wecom, []http.HandlerFunc{cutShort, ok}, 2, ""},
		"a long header, then ok":        {wecom, []http.HandlerFunc{longHeader, ok}, 2, ""},
		"another protocol":              {wecom, []http.HandlerFunc{switches}, 1, "HTTP status 101"},
		"always hangs":                  {other, []http.HandlerFunc{hang}, 4, "no answer: context deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			failures, got, took := robotTest(t, to(row.webhook, ""), problem, 30*time.Second, row.answers...)
			if len(got) != row.attempts || took > 30*time.Second {
				t.Errorf("%d attempts in %v", len(got), took)
			}
			if row.reason == "" {
				if failures != nil {
					t.Errorf("failed: %v", failures)
				}
				return
			}
			if len(failures) != 1 || failures[0].Destination != Webhook || failures[0].Reason != row.reason {
				t.Fatalf("got %+v", failures)
			}
			if payloads := slices.Collect(failures[0].Payloads); len(payloads) != 1 || string(payloads[0]) != got[0].body {
				t.Errorf("payloads %s", payloads)
			}
		})
	}
}

// A robot that says when to come again is left alone until then, if there is time.
func TestRetryAfter(t *testing.T) {
	later := func(seconds string, status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", seconds)
			w.WriteHeader(status)
		}
	}
	for name, row := range map[string]struct {
		seconds   string
		status    int
		pause     time.Duration // before the second attempt; 0 for none
		tolerance time.Duration
	}{
		"as it says":     {"7", 429, 7 * time.Second, 0},
		"unavailable":    {"7", 503, 7 * time.Second, 0},
		"too late":       {"15", 429, 0, 0},
		"not in seconds": {"Sat, 01 Jan 2000 00:00:07 GMT", 429, 500 * time.Millisecond, 4 * time.Second},
		"a refusal":      {"1", 404, 0, 0},
		"negative":       {"-1", 429, 500 * time.Millisecond, 4 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			failures, got, took := robotTest(t, to(slack, ""), problem, 15*time.Second, later(row.seconds, row.status), ok)
			if row.pause == 0 {
				if len(got) != 1 || len(failures) != 1 || failures[0].Reason != fmt.Sprintf("HTTP status %d", row.status) || took > time.Second {
					t.Errorf("%d attempts in %v, %v", len(got), took, failures)
				}
				return
			}
			if len(got) != 2 || failures != nil || took < row.pause || took > row.pause+row.tolerance {
				t.Errorf("%d attempts in %v, %v", len(got), took, failures)
			}
		})
	}
}

// Being called too often is waited out as long as there is time, not as often as
// other failures, and then the robot's own words are the reason.
func TestBusyToTheEnd(t *testing.T) {
	c := to(feishu, "")
	c.MaxAttempts = 1
	failures, got, took := robotTest(t, c, problem, 15*time.Second, says(400, `{"code":9499,"msg":"too many request","data":{}}`))
	if len(failures) != 1 || failures[0].Reason != "refused with code 9499: too many request" || len(got) < 5 || took > 15*time.Second || took < 10*time.Second {
		t.Errorf("%d attempts in %v, %v", len(got), took, failures)
	}
}

// A message goes through the proxy, which learns where to and who asks, and
// nothing else.
func TestProxy(t *testing.T) {
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = append(asked, fmt.Sprint(r.Method, " ", r.Host, " ", r.Header.Get("Proxy-Authorization"), string(body)))
		http.Error(w, "not today", http.StatusBadGateway)
	}))
	defer proxy.Close()
	for name, row := range map[string]struct{ no, want string }{
		"through it":  {"", "CONNECT hooks.example:443 Basic " + base64.StdEncoding.EncodeToString([]byte("bot:p%ss"))},
		"around it":   {"hooks.example", ""},
		"to loopback": {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			asked = nil
			c := to("https://hooks.example/own/SECRET", "")
			if name == "to loopback" {
				c.Webhook = "https://127.0.0.1:1/own"
			}
			c.HTTPSProxy, _ = url.Parse(strings.Replace(proxy.URL, "//", "//bot:p%25ss@", 1))
			c.NoProxy, c.MaxAttempts = strings.Fields(row.no), 1
			f := New(c, &fakeAPI{})
			dial := f.transport.DialContext
			f.transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
				if !strings.HasPrefix(address, "127.0.0.1:") {
					return nil, errors.New("out of reach")
				}
				return dial(ctx, network, address)
			}
			failures := lost(f, t.Context(), problem)
			if len(failures) != 1 || strings.Contains(failures[0].Reason, "p%") || strings.Join(asked, "") != row.want {
				t.Errorf("asked %q; %v", asked, failures)
			}
		})
	}
}

// A robot behind a proxy of one's own answers as robots do: refusals at HTTP status
// 200 are noticed.
func TestRobotElsewhere(t *testing.T) {
	strict := func(w http.ResponseWriter, r *http.Request) {
		var m struct{ Msgtype string }
		body, _ := io.ReadAll(r.Body)
		if json.Unmarshal(body, &m); m.Msgtype != "text" && m.Msgtype != "markdown" {
			io.WriteString(w, `{"errcode":40008,"errmsg":"invalid message type, hint: [1700000000000], from ip: 203.0.113.1, more info at https://open.work.weixin.qq.com/devtool/query?e=40008"}`)
			return
		}
		ok(w, r)
	}
	refuses := says(200, `{"errcode":93000,"errmsg":"invalid webhook url"}`)
	for name, row := range map[string]struct {
		form   string
		answer http.HandlerFunc
		reason string
	}{
		"taken":   {config.WeCom, strict, ""},
		"refused": {config.WeCom, refuses, "refused with code 93000: invalid webhook url"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(row.answer)
			defer server.Close()
			c := to(server.URL+"/bot/ops", "")
			c.WebhookForm = row.form
			f := New(c, &fakeAPI{}).Forward(t.Context(), problem, nil)
			if len(f) != 1 || f[0].Reason != row.reason {
				t.Errorf("got %+v", f)
			}
		})
	}
}

// What is left in the log of a signed message is not signed.
func TestPayloadIsNotSigned(t *testing.T) {
	failures, got, _ := robotTest(t, to(feishu, "k"), problem, time.Minute, says(200, `{"code":19021}`))
	payloads := slices.Collect(failures[0].Payloads)
	if !strings.Contains(got[0].body, `"sign":`) || strings.Contains(string(payloads[0]), `"sign":`) || !json.Valid(payloads[0]) {
		t.Errorf("sent %s, kept %s", got[0].body, payloads)
	}
}

// Whatever the robot does, the time that is given is kept.
func TestWebhookKeepsTheTime(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for limit, row := range map[time.Duration]struct {
		least, most int           // attempts
		second      time.Duration // when the second begins, give or take the pause
	}{
		100 * time.Millisecond: {0, 0, 0},
		300 * time.Millisecond: {1, 1, 0},
		4 * time.Second:        {2, 3, 2 * time.Second},
		7 * time.Second:        {2, 4, 3500 * time.Millisecond},
		time.Minute:            {4, 4, 5 * time.Second},
	} {
		failures, got, took := robotTest(t, to(wecom, ""), problem, limit, hang)
		if len(failures) != 1 || took > limit {
			t.Errorf("%v: %v after %v", limit, failures, took)
		}
		if len(got) < row.least || len(got) > row.most {
			t.Errorf("%v: %d attempts", limit, len(got))
		}
		if row.least > 1 && len(got) > 1 {
			if second := got[1].at.Sub(got[0].at); second < row.second || second > row.second+time.Second {
				t.Errorf("%v: the second attempt is made after %v", limit, second)
			}
		}
	}
	// A robot that is not the fastest is waited for.
	slow := func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(900 * time.Millisecond)
		ok(w, r)
	}
	if failures, got, _ := robotTest(t, to(wecom, ""), problem, 1200*time.Millisecond, slow); failures != nil || len(got) != 1 {
		t.Errorf("%v, %d attempts", failures, len(got))
	}
	failures, _, _ := robotTest(t, to(wecom, ""), problem, 100*time.Millisecond, hang)
	if failures[0].Reason != "not sent: the function's time was nearly up" {
		t.Errorf("got %v", failures)
	}
}

// A message is for nobody but the one to whom it is addressed.
func TestTransport(t *testing.T) {
	server := httptest.NewUnstartedServer(ok)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	closed := httptest.NewServer(ok)
	closed.Close()
	for name, row := range map[string]struct{ webhook, reason string }{
		"a certificate that nobody vouches for": {server.URL + "/robot/send?access_token=SECRET", "certificate"},
		"the same in capitals":                  {strings.ToUpper(server.URL) + "/robot/send?access_token=SECRET", "certificate"},
		"plain text to elsewhere":               {"http://192.0.2.1:80/SECRET", "plain text is for loopback only"},
		"nobody there":                          {closed.URL + "/SECRET", "refused"},
		"no URL":                                {"://", "no answer"},
	} {
		t.Run(name, func(t *testing.T) {
			s := New(config.Config{Webhook: row.webhook, MaxAttempts: 1}, &fakeAPI{})
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			f := lost(s, ctx, problem)
			if len(f) != 1 || !strings.Contains(f[0].Reason, row.reason) || strings.Contains(f[0].Reason, "***") || strings.Contains(f[0].Reason, "SECRET") {
				t.Errorf("got %+v", f)
			}
		})
	}
	if tcapi.LoopbackOnly("tcp4", "127.0.0.1:80", nil) != nil || tcapi.LoopbackOnly("tcp6", "[::1]:80", nil) != nil || tcapi.LoopbackOnly("tcp4", "10.0.0.1:80", nil) == nil || tcapi.LoopbackOnly("tcp", "x", nil) == nil {
		t.Error("loopback")
	}
}
