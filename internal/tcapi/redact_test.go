package tcapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
)

const (
	secretID  = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"
	secretKey = "Gu5t9xGARNpq86cd98joQYCN3+/EXAMPLE=="
	token     = "tOkEn/+&%41=\\u0041<\"x'y>" // looks like everything there is to unescape
	wecom     = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa&timestamp=1"
)

func secretive() *Client {
	c := settings()
	c.Webhook, c.WebhookSecret = wecom, "SECsigned/key"
	return New(c, Process{Role: Credentials{secretID, secretKey, token}})
}

// escapes are the ways in which a byte may be written.
var escapes = map[string]func(b byte) string{
	"plain":         func(b byte) string { return string(b) },
	"JSON":          func(b byte) string { return fmt.Sprintf(`\u%04x`, b) },
	"JSON, capital": func(b byte) string { return fmt.Sprintf(`\u%04X`, b) },
	"JSON, short": func(b byte) string {
		if strings.IndexByte(`"\/`, b) >= 0 {
			return `\` + string(b)
		}
		return string(b)
	},
	"URL":          func(b byte) string { return fmt.Sprintf("%%%02x", b) },
	"URL, capital": func(b byte) string { return fmt.Sprintf("%%%02X", b) },
	"HTML":         func(b byte) string { return fmt.Sprintf("&#%d;", b) },
	"HTML, padded": func(b byte) string { return fmt.Sprintf("&#%010d;", b) },
	"HTML, hex":    func(b byte) string { return fmt.Sprintf("&#x%x;", b) },
	"HTML, HEX":    func(b byte) string { return fmt.Sprintf("&#X%X;", b) },
	"HTML, names": func(b byte) string {
		if s := html.EscapeString(string(b)); s != string(b) {
			return s
		}
		switch b {
		case '/':
			return "&sol;"
		case '=':
			return "&equals;"
		}
		return string(b)
	},
}

func escape(text string, with func(byte) string) string {
	var out strings.Builder
	for _, b := range []byte(text) {
		out.WriteString(with(b))
	}
	return out.String()
}

// A secret that stands as it is is masked. Of a text that holds one in another
// spelling, or in a spelling of that, nothing is left.
func TestRedact(t *testing.T) {
	client := secretive()
	for _, secret := range []string{secretID, secretKey, token, "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa", "SECsigned/key"} {
		spellings := map[string]string{
			"as it is":          secret,
			"as in a JSON text": strings.Trim(string(must(json.Marshal(secret))), `"`),
			"as in a query":     strings.ReplaceAll(url.QueryEscape(secret), "+", "%20"),
			"as in a page":      html.EscapeString(secret),
		}
		for a, first := range escapes {
			spellings[a] = escape(secret, first)
			for b, second := range escapes {
				spellings[a+", "+b] = escape(escape(secret, first), second)
			}
		}
		for name, hidden := range map[string]string{
			"zero width": "\u200b", "soft hyphens": "\u00ad", "joiners": "\u2060", "marks of order": "\ufeff",
			"zero width, JSON": `\u200b`, "zero width, URL": "%E2%80%8B", "zero width, HTML": "&#8203;", "zero width, HTML name": "&ZeroWidthSpace;", "soft hyphens, HTML": "&shy;",
		} {
			if strings.Contains(name, ",") && secret == token {
				continue // of what looks like an escape itself some are not undone alone
			}
			spellings["with "+name] = secret[:3] + hidden + secret[3:5] + hidden + hidden + secret[5:]
		}
		for name, spelling := range spellings {
			for _, around := range [][2]string{{"", ""}, {"key ", " is wrong"}, {"100% of <a&b> \\ ", "\n%"}} {
				want := mask
				if strings.Contains(spelling, secret) {
					want = around[0] + mask + around[1]
				}
				if got := client.Redact(t.Context(), around[0]+spelling+around[1]); got != want {
					t.Errorf("%s of %.10s…: got %q, want %q", name, secret, got, want)
				}
			}
		}
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// What holds no secret stays as it is.
func TestRedactLeavesTheRest(t *testing.T) {
	client := secretive()
	for _, text := range []string{
		"", "ok", "100% & more", `a \ b \u00zz %zz &#; &nothing; &`, "校验任务 %E4%B8%AD &amp; \\u4e2d", "https://cloud.tencent.com/document/product/571?a=1&b=2",
		"AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPL", "send", "key=", "qyapi.weixin.qq.com", strings.Repeat("x", 100<<10),
	} {
		if got := client.Redact(t.Context(), text); got != text {
			t.Errorf("%.60q became %.60q", text, got)
		}
	}
}

// Of several secrets each is masked, and the longest where one is part of another.
func TestRedactSeveral(t *testing.T) {
	c := settings()
	c.WebhookSecret = secretID + "-signed"
	client := New(c, Process{Role: Credentials{secretID, secretKey, token}})
	for text, want := range map[string]string{
		secretID + secretID:                     mask + mask,
		secretID + " and " + secretKey + "&lt;": mask + " and " + mask + "&lt;",
		secretID + "-signed.":                   mask + ".",
		secretID[:20] + secretID:                secretID[:20] + mask,
		secretID + " and %41" + secretID[1:]:    mask,
	} {
		if got := client.Redact(t.Context(), text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// Of a long text the beginning is shown, and no part of a secret at its cut.
func TestShown(t *testing.T) {
	client := secretive()
	s := client.secrets(client.credentials(t.Context()))
	many := strings.Repeat(secretID, 1+4*(4<<10)/len(secretID))
	for name, row := range map[string]struct{ text, want string }{
		"short":                  {"for " + secretID, "for " + mask},
		"long":                   {strings.Repeat("x", 60<<10), strings.Repeat("x", 4<<10)},
		"long, of escapes":       {strings.Repeat("&", 60<<10), strings.Repeat("&", 4<<10)},
		"long, a secret early":   {secretID + strings.Repeat("x", 60<<10), mask + strings.Repeat("x", 4<<10-len(mask))},
		"a secret where it ends": {many, mask},
	} {
		if got := s.shown(row.text); got != row.want {
			t.Errorf("%s: %d bytes, %.100s", name, len(got), got)
		}
	}
}

// What is secret of the configuration is, and what is not stays, above all the host
// of a webhook, which may hold a region.
func TestSecretsOfTheConfiguration(t *testing.T) {
	for name, row := range map[string]struct {
		variable, value, text, want string
	}{
		"a key in the query": {config.ResultWebhook, "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=***"},
		"a key in the path":  {config.ResultWebhook, "https://open.feishu.cn/open-apis/bot/v2/hook/1b2c3d4e-aaaa-bbbb", "/open-apis/bot/v2/hook/1b2c3d4e-aaaa-bbbb", "/open-apis/bot/v2/hook/***"},
		"a function's URL":   {config.ResultWebhook, "https://1253970226-abcdefgh12.ap-guangzhou.tencentscf.com/", "1253970226-abcdefgh12.ap-guangzhou.tencentscf.com", "1253970226-abcdefgh12.ap-guangzhou.tencentscf.com"},
		"a proxy":            {config.HTTPSProxy, "http://tommy:correct-horse@proxy.example:3128", "tommy at proxy.example:3128 with correct-horse", "tommy at proxy.example:3128 with ***"},
		"a proxy's header":   {config.HTTPSProxy, "http://tommy:correct-horse@proxy.example:3128", "Basic dG9tbXk6Y29ycmVjdC1ob3JzZQ==", "Basic ***"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := config.Load(func(name string) string { return map[string]string{row.variable: row.value}[name] })
			if err != nil {
				t.Fatal(err)
			}
			if got := New(c, Process{}).Redact(t.Context(), row.text); got != row.want {
				t.Errorf("%q became %q, want %q", row.text, got, row.want)
			}
		})
	}
}

// Nothing of an answer shows a secret: not the code, the message, the RequestId
// nor the content type, and no more do failures of the network.
func TestAnswersShowNoSecrets(t *testing.T) {
	for _, secret := range []string{secretID, "Gu5t9xGARNpq86cd98joQYCN3"} {
		for name, row := range map[string]struct{ body, code, message, requestID string }{
			"code":                {`{"Error":{"Code":"X` + secret + `","Message":"m"},"RequestId":"r"}`, check.CodeUnknown, "m", "r"},
			"message":             {`{"Error":{"Code":"X","Message":"for ` + secret + `."},"RequestId":"r"}`, "X", "for " + mask + ".", "r"},
			"escaped message":     {`{"Error":{"Code":"X","Message":"for ` + escape(escape(secret, escapes["URL"]), escapes["JSON"]) + `."},"RequestId":"r"}`, "X", mask, "r"},
			"RequestId":           {`{"RequestId":"x` + secret + `"}`, check.CodeNotAPI, "the answer (HTTP status 200, application/json) is not the API's JSON", ""},
			"escaped RequestId":   {`{"RequestId":"` + escape(secret, escapes["JSON"]) + `"}`, check.CodeNotAPI, "the answer (HTTP status 200, application/json) is not the API's JSON", ""},
			"refusal's RequestId": {`{"Error":{"Code":"X","Message":"m"},"RequestId":"x` + secret + `"}`, "X", "m", ""},
		} {
			t.Run(name, func(t *testing.T) {
				c := settings()
				c.MaxAttempts = 1
				client := New(c, Process{Role: Credentials{secretID, "Gu5t9xGARNpq86cd98joQYCN3", ""}})
				canned{200, []byte(`{"Response":` + row.body + `}`)}.answers(client)
				receipt, err := create(t.Context(), client, known)
				var failure *check.Error
				if !errors.As(err, &failure) || failure.Code != row.code || failure.Message != row.message || failure.RequestID != row.requestID {
					t.Errorf("%+v, %+v", receipt, failure)
				}
			})
		}
	}
}

// However the bytes of a secret are written, each in one of the ways and all of it
// once more, nothing of the text is left.
func FuzzRedact(f *testing.F) {
	f.Add(uint64(1), "before ", " after", 0)
	f.Add(uint64(2), "100%", "&amp", 1)
	f.Add(uint64(3), `\`, `\`, 2)
	client := secretive()
	names := []string{"JSON", "URL", "HTML", "HTML, padded", "HTML, hex"}
	f.Fuzz(func(t *testing.T, seed uint64, before, after string, which int) {
		random := rand.New(rand.NewPCG(seed, 0))
		secret := []string{secretID, "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa", "SECsigned/key"}[uint(which)%3]
		spelt := secret
		for range 1 + random.IntN(2) {
			spelt = escape(spelt, escapes[names[random.IntN(len(names))]])
		}
		// Put between two spaces it is no part of an escape around it.
		if got := client.Redact(t.Context(), before+" "+spelt+" "+after); got != mask {
			t.Errorf("%q became %q", before+" "+spelt+" "+after, got)
		}
	})
}

// What earlier invocations sent is secret as well, and an instance looks for no
// more than a few.
func TestRedactOfEarlierInvocations(t *testing.T) {
	client := New(settings(), Process{})
	environment := func(i int) map[string]string {
		return map[string]string{envSecretID: fmt.Sprint("AKIDnumber", i), envSecretKey: fmt.Sprint("keyNumber", i), envToken: fmt.Sprint("tokenNumber", i)}
	}
	for i := range 10 {
		ctx := invocation(t.Context(), environment(i))
		client.Redact(ctx, "")
		for back := range min(4, i+1) {
			for _, secret := range environment(i - back) {
				if got := client.Redact(ctx, "for "+secret+"."); got != "for "+mask+"." {
					t.Errorf("%d back: %s", back, got)
				}
			}
		}
	}
	// The first ones are too long ago.
	if got := client.Redact(t.Context(), "tokenNumber0"); got != "tokenNumber0" {
		t.Errorf("%s", got)
	}
}

// Nor is what an invocation sends that begins while another's answer is awaited.
func TestRedactOfInvocationsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, false)
		defer e.close()
		other := invocation(t.Context(), map[string]string{envSecretID: "AKIDofAnother", envSecretKey: "keyOfAnother", envToken: "tokenOfAnother"})
		sent, done := make(chan bool), make(chan bool)
		e.answer = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get("X-TC-Token") == "tokenOfAnother" {
				close(sent)
				<-done
				return false
			}
			go create(other, e.client, known)
			<-sent
			io.WriteString(w, `{"Response":{"Error":{"Code":"FailedOperation","Message":"for tokenOfAnother."},"RequestId":"r"}}`)
			return true
		}
		if _, err := create(t.Context(), e.client, known); err == nil || !strings.Contains(err.Error(), "for "+mask+".") {
			t.Errorf("error %v", err)
		}
		close(done)
		synctest.Wait()
	})
}

// Redacting an answer ends with the time that there is, and the answer counts for
// none then.
func TestRedactingEndsInTime(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	text := "%41"
	if err := secretive().secrets(Credentials{}).redactIn(ctx, &text, []byte(text)); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

// Fields that are compared, not shown, are decoded as they came.
func TestComparedFields(t *testing.T) {
	client := New(settings(), role)
	id := role.Role.SecretID
	canned{200, fmt.Appendf(nil, `{"Response":{"Jobs":[{"Name":"%s","Brief":"%s","Tags":[{"Key":"%s"}]}],"RequestId":"r-1"}}`, id, id, id)}.answers(client)
	var response struct {
		Jobs []struct {
			Name  string `redact:"-"`
			Brief string
			Tags  []struct{ Key string } `redact:"-"`
		}
	}
	if _, err := client.Do(t.Context(), createCheck, struct{}{}, &response); err != nil {
		t.Fatal(err)
	}
	if job := response.Jobs[0]; job.Name != id || job.Brief != mask || job.Tags[0].Key != id {
		t.Errorf("%+v", job)
	}
}

// BenchmarkRedact: what it costs to look for secrets.
func BenchmarkRedact(b *testing.B) {
	client := secretive()
	for i := range 3 {
		client.secrets(Credentials{fmt.Sprint(secretID, i), fmt.Sprint(secretKey, i), strings.Repeat(token, 20) + fmt.Sprint(i)})
	}
	for name, text := range map[string]string{
		"short": "dts-1kl0iy0v orders", "short with an escape": "100% of orders", "1 MB": strings.Repeat("orders of 2026 ", 70000),
		"1 MB of Chinese": strings.Repeat("校验任务", 90000), "1 MB of escapes": strings.Repeat(`%41\u0041&amp;`, 70000),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				client.Redact(b.Context(), text)
			}
		})
	}
}
