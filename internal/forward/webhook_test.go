package forward

import (
	"context"
	"encoding/base64"
	"encoding/json"
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
	"unicode/utf8"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/report"
	"migratecheck/internal/tcapi"
)

// posted is a request that a robot got.
type posted struct {
	method, path, contentType string
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
	s.got = append(s.got, posted{r.Method, r.URL.Path, r.Header.Get("Content-Type"), r.URL.Query(), string(body), r.ContentLength, r.Close, time.Now()})
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

// robotTest sends a report to a robot in a bubble with the given time.
func robotTest(t *testing.T, webhook, secret string, r report.Report, limit time.Duration, answers ...http.HandlerFunc) (failures []Failure, got []posted, took time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		s := &robotServer{answers: answers}
		listener := make(pipes)
		server := &http.Server{Handler: s}
		go server.Serve(listener)
		defer server.Close()
		sender := New(config.Config{Webhook: webhook, WebhookSecret: secret, MaxAttempts: 4, When: config.Always}, &fakeAPI{})
		sender.transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			listener <- server
			return client, nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		begun := time.Now()
		failures = sender.Send(ctx, config.Function{}, r)
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
	other    = "http://127.0.0.1:9003/hook/SECRET?x=y"
)

var ok = says(200, `{"errcode":0,"errmsg":"ok","code":0,"msg":"success"}`)

func TestRobotByHost(t *testing.T) {
	names := map[*robot]string{robots[0]: "wecom", robots[1]: "feishu", robots[2]: "dingtalk", nil: ""}
	for webhook, want := range map[string]string{
		"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a":   "wecom",
		"https://QYAPI.weixin.qq.com:443/x":                        "wecom",
		"https://open.feishu.cn/open-apis/bot/v2/hook/a":           "feishu",
		"https://open.larksuite.com/open-apis/bot/v2/hook/a":       "feishu",
		"https://oapi.dingtalk.com/robot/send?access_token=a":      "dingtalk",
		"https://qyapi.weixin.qq.com.example/cgi-bin/webhook/send": "",
		"https://hooks.example/robot/send":                         "",
		"https://192.0.2.1/robot/send":                             "",
		wecom:                                                      "wecom", feishu: "feishu", dingtalk: "dingtalk", other: "",
		"http://localhost:1/robot/send":       "dingtalk",
		"http://[::1]:1/cgi-bin/webhook/send": "wecom",
		"http://127.0.0.1/open-apis/bot":      "",
		"http://127.0.0.1":                    "",
	} {
		u, err := url.Parse(webhook)
		if err != nil {
			t.Fatal(err)
		}
		if got := names[robotAt(u)]; got != want {
			t.Errorf("%s: %q", webhook, got)
		}
	}
}

// Each robot gets the message as it takes it, one for an event.
func TestMessages(t *testing.T) {
	chinese := problem
	chinese.Language = "zh-CN"
	for name, row := range map[string]struct{ webhook, want string }{
		"wecom":    {wecom, `{"msgtype":"markdown","markdown":{"content":"%s"}}`},
		"feishu":   {feishu, `{"msg_type":"text","content":{"text":"%s"}}`},
		"dingtalk": {dingtalk, `{"msgtype":"markdown","markdown":{"title":"DTS 迁移校验：2 个任务中有 1 个需要处理","text":"%s"}}`},
		"other":    {other, `%s`},
	} {
		t.Run(name, func(t *testing.T) {
			failures, got, _ := robotTest(t, row.webhook, "", chinese, time.Minute, ok)
			if failures != nil || len(got) != 1 {
				t.Fatalf("%v, %d messages", failures, len(got))
			}
			text := report.Markdown(chinese, 4096)
			switch name {
			case "feishu":
				text = report.Plain(chinese, 4096)
			case "other":
				text = string(encode(chinese.Result))
			}
			if name != "other" {
				text = strings.Trim(string(check.Marshal(text)), `"`)
			}
			want, _ := url.Parse(row.webhook)
			if got := got[0]; got.body != fmt.Sprintf(row.want, text) || got.method != "POST" || got.path != want.Path || got.query.Encode() != want.Query().Encode() || got.contentType != "application/json; charset=utf-8" || got.length != int64(len(got.body)) || !got.closes {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// The language is the configuration's where the report names none.
func TestLanguage(t *testing.T) {
	server := httptest.NewServer(ok)
	defer server.Close()
	s := &robotServer{answers: []http.HandlerFunc{ok}}
	server.Config.Handler = s
	New(config.Config{Webhook: server.URL + "/robot/send", MaxAttempts: 1, Language: config.Chinese}, &fakeAPI{}).Send(t.Context(), config.Function{}, problem)
	if len(s.got) != 1 || !strings.Contains(s.got[0].body, "需要处理") {
		t.Errorf("got %+v", s.got)
	}
}

// A message has all that the robot has room for, and no byte more.
func TestMessageSizes(t *testing.T) {
	r := check.Result{Batch: true}
	for i := range 400 {
		message := strings.Repeat("\"权\\\n", 10+i%7)
		r.Jobs = append(r.Jobs, check.Outcome{JobID: fmt.Sprintf("dts-%05d", i), Progress: check.Progress{Error: &check.Error{Code: "FailedOperation", Message: message}}})
	}
	for name, row := range map[string]struct {
		webhook, secret string
		limit           int
	}{
		"wecom": {wecom, "", 4096}, "feishu": {feishu, "", 20480}, "feishu, signed": {feishu, "k", 20480}, "dingtalk": {dingtalk, "k", 20000}, "other": {other, "", 1 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			for jobs := range 400 {
				if jobs%57 > 0 && jobs < 399 {
					continue
				}
				r := r
				r.Jobs = r.Jobs[:jobs+1]
				failures, got, _ := robotTest(t, row.webhook, row.secret, report.Report{Result: r}, time.Minute, ok)
				if failures != nil || len(got) != 1 {
					t.Fatal(failures)
				}
				size := len(got[0].body)
				if name == "wecom" {
					var m message
					if err := json.Unmarshal([]byte(got[0].body), &m); err != nil {
						t.Fatal(err)
					}
					size = len(m.Markdown.Content)
				}
				if size > row.limit || jobs == 399 && name != "other" && size < row.limit-400 || !utf8.ValidString(got[0].body) || !json.Valid([]byte(got[0].body)) {
					t.Errorf("%d jobs: %d bytes", jobs+1, size)
				}
			}
		})
	}
}

// Texts that just fit are sent whole: the largest message of all has exactly
// the size that the robot takes, signature included.
func TestMessageSizesToTheByte(t *testing.T) {
	for name, row := range map[string]struct {
		robot *robot
		limit int
	}{"wecom": {robots[0], 4096}, "feishu": {robots[1], 20480}, "dingtalk": {robots[2], 20000}} {
		t.Run(name, func(t *testing.T) {
			size := func(extra int) int {
				r := report.Report{}
				jobs := row.limit/4000 + 1
				for range jobs {
					message := strings.Repeat("x", row.limit/jobs-150)
					r.Result.Jobs = append(r.Result.Jobs, check.Outcome{JobID: "dts-a", Progress: check.Progress{Error: &check.Error{Code: "X", Message: message}}})
				}
				r.Result.Jobs[0].Error.Message += strings.Repeat("y", extra)
				body := []byte(row.robot.message(r))
				if name == "wecom" {
					var m message
					if err := json.Unmarshal(body, &m); err != nil {
						t.Fatal(err)
					}
					return len(m.Markdown.Content)
				}
				_, body = row.robot.sign("", body, "k", time.Now())
				return len(body)
			}
			fits := row.limit - size(0)
			largest := 0
			for extra := fits - 3; extra <= fits+100; extra++ {
				n := size(extra)
				if n > row.limit {
					t.Fatalf("%d bytes", n)
				}
				largest = max(largest, n)
			}
			if largest != row.limit {
				t.Errorf("the largest has %d bytes", largest)
			}
		})
	}
}

// A server that is no robot's gets every outcome, in no more than most take.
func TestAnswerForAnyServer(t *testing.T) {
	failures, got, _ := robotTest(t, other, "", report.Report{Result: large(200, 20_000)}, time.Minute, ok)
	if failures != nil || len(got) != 1 {
		t.Fatal(failures)
	}
	var answer struct{ Jobs []check.Outcome }
	if err := json.Unmarshal([]byte(got[0].body), &answer); err != nil || len(answer.Jobs) != 200 || len(got[0].body) > 1<<20 || len(got[0].body) < 1<<18 {
		t.Errorf("%d jobs in %d bytes, %v", len(answer.Jobs), len(got[0].body), err)
	}
}

// within gives a message all of its room: a body of exactly the limit stays
// whole, with one byte more it is cut.
func TestWithinToTheByte(t *testing.T) {
	text := strings.Repeat("权\"", 100) // 400 bytes, 500 in JSON
	body := func(limit int) any { return []string{check.Cut(text, limit)} }
	whole := len(`[""]`) + 500
	for limit, cut := range map[int]bool{whole: false, whole + 1: false, whole - 1: true, 100: true} {
		if got := within(limit, body); len(got) > limit || strings.Contains(string(got), "…") != cut || len(got) < limit-8 {
			t.Errorf("%d: %d bytes", limit, len(got))
		}
	}
	// A text that gets no shorter is not tried for ever.
	if got := within(10, func(int) any { return strings.Repeat("x", 50) }); len(got) != 52 {
		t.Errorf("%d bytes", len(got))
	}
}

// Known answers, computed by openssl.
func TestSignatures(t *testing.T) {
	at := time.UnixMilli(1795600000123)
	query, body := signFeishu("a=b", []byte(`{"msg_type":"text"}`), "feishu-secret", at)
	if query != "a=b" || string(body) != `{"timestamp":"1795600000","sign":"dcENIZUukzFRid0MdLnqozYwShNGS55lN4i+pgvrCXc=","msg_type":"text"}` {
		t.Errorf("got %s, %s", query, body)
	}
	if got := len(body) - len(`{"msg_type":"text"}`); got != feishuSignature {
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
			_, got, _ := robotTest(t, row.webhook, row.secret, problem, time.Minute, hang, ok)
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
		io.WriteString(w, `{"errcode":0,"errmsg":"`+strings.Repeat("x", maxAnswer)+`"}`)
	}
	longHeader := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X", strings.Repeat("x", 2*maxAnswer))
		ok(w, r)
	}
	for name, row := range map[string]struct {
		webhook  string
		answers  []http.HandlerFunc
		attempts int
		reason   string // empty: it arrives
	}{
		"wecom refuses":             {wecom, []http.HandlerFunc{says(200, `{"errcode":93000,"errmsg":"invalid webhook url, SECRET"}`)}, 1, "refused with code 93000: invalid webhook url, ***"},
		"feishu refuses":            {feishu, []http.HandlerFunc{says(200, `{"code":19021,"msg":"sign match fail"}`)}, 1, "refused with code 19021: sign match fail"},
		"dingtalk refuses":          {dingtalk, []http.HandlerFunc{says(200, `{"errcode":310000,"errmsg":"sign not match"}`)}, 1, "refused with code 310000: sign not match"},
		"wecom too often, then ok":  {wecom, []http.HandlerFunc{says(200, `{"errcode":45009}`), ok}, 2, ""},
		"wecom busy, then ok":       {wecom, []http.HandlerFunc{says(200, `{"errcode":-1}`), ok}, 2, ""},
		"wecom at once, then ok":    {wecom, []http.HandlerFunc{says(200, `{"errcode":45033}`), ok}, 2, ""},
		"feishu too often, then ok": {feishu, []http.HandlerFunc{says(200, `{"code":11232}`), ok}, 2, ""},
		"dingtalk too often":        {dingtalk, []http.HandlerFunc{says(200, `{"errcode":130101,"errmsg":"send too fast"}`)}, 4, "refused with code 130101: send too fast"},
		"dingtalk flow, then ok":    {dingtalk, []http.HandlerFunc{says(200, `{"errcode":410100}`), says(200, `{"errcode":-1}`), ok}, 3, ""},
		"429, then ok":              {feishu, []http.HandlerFunc{says(429, ""), ok}, 2, ""},
		"503, then ok":              {other, []http.HandlerFunc{says(503, ""), ok}, 2, ""},
		"500":                       {other, []http.HandlerFunc{says(500, "")}, 4, "HTTP status 500"},
		"404":                       {other, []http.HandlerFunc{says(404, "")}, 1, "HTTP status 404"},
		"moved":                     {wecom, []http.HandlerFunc{moved}, 1, "HTTP status 307"},
		"moved, other":              {other, []http.HandlerFunc{moved}, 1, "HTTP status 307"},
		"other says anything":       {other, []http.HandlerFunc{says(204, "")}, 1, ""},
		"other, cut short":          {other, []http.HandlerFunc{cutShort}, 1, ""},
		"other says nonsense":       {other, []http.HandlerFunc{says(202, "<html>")}, 1, ""},
		"no JSON":                   {wecom, []http.HandlerFunc{says(200, "<html>ok</html>")}, 1, "the answer is not the robot's"},
		"nothing":                   {dingtalk, []http.HandlerFunc{says(200, "")}, 1, "the answer is not the robot's"},
		"no code":                   {feishu, []http.HandlerFunc{says(200, `{"ok":true}`)}, 1, "the answer is not the robot's"},
		"a list":                    {feishu, []http.HandlerFunc{says(200, `[0]`)}, 1, "the answer is not the robot's"},
		"a code as text":            {feishu, []http.HandlerFunc{says(200, `{"code":"0"}`)}, 1, "the answer is not the robot's"},
		"huge":                      {wecom, []http.HandlerFunc{huge}, 1, "the answer is not the robot's"},
		"hangs, then ok":            {wecom, []http.HandlerFunc{hang, ok}, 2, ""},
		"trickles, then ok":         {wecom, []http.HandlerFunc{trickle, ok}, 2, ""},
		"cut short, then ok":        {wecom, []http.HandlerFunc{cutShort, ok}, 2, ""},
		"a long header, then ok":    {wecom, []http.HandlerFunc{longHeader, ok}, 2, ""},
		"another protocol":          {wecom, []http.HandlerFunc{switches}, 1, "HTTP status 101"},
		"always hangs":              {other, []http.HandlerFunc{hang}, 4, "no answer: context deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			failures, got, took := robotTest(t, row.webhook, "", problem, 30*time.Second, row.answers...)
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

// What is left in the log of a signed message is not signed.
func TestPayloadIsNotSigned(t *testing.T) {
	failures, got, _ := robotTest(t, feishu, "k", problem, time.Minute, says(200, `{"code":19021}`))
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
		failures, got, took := robotTest(t, wecom, "", problem, limit, hang)
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
	if failures, got, _ := robotTest(t, wecom, "", problem, 1200*time.Millisecond, slow); failures != nil || len(got) != 1 {
		t.Errorf("%v, %d attempts", failures, len(got))
	}
	failures, _, _ := robotTest(t, wecom, "", problem, 100*time.Millisecond, hang)
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
		"plain text to elsewhere":               {"http://192.0.2.1:80/SECRET", "plain text is for loopback only"},
		"nobody there":                          {closed.URL + "/SECRET", "refused"},
		"no URL":                                {"://", "no answer"},
	} {
		t.Run(name, func(t *testing.T) {
			s := New(config.Config{Webhook: row.webhook, MaxAttempts: 1}, &fakeAPI{})
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			f := s.Send(ctx, config.Function{}, problem)
			if len(f) != 1 || !strings.Contains(f[0].Reason, row.reason) || strings.Contains(f[0].Reason, "***") || strings.Contains(f[0].Reason, "SECRET") {
				t.Errorf("got %+v", f)
			}
		})
	}
	if tcapi.LoopbackOnly("tcp4", "127.0.0.1:80", nil) != nil || tcapi.LoopbackOnly("tcp6", "[::1]:80", nil) != nil || tcapi.LoopbackOnly("tcp4", "10.0.0.1:80", nil) == nil || tcapi.LoopbackOnly("tcp", "x", nil) == nil {
		t.Error("loopback")
	}
}
