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

// Each secret is taken out in every spelling, and in spellings of spellings, and
// nothing else is.
func TestRedact(t *testing.T) {
	client := secretive()
	for _, secret := range []string{secretID, secretKey, token, wecom, "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa", "SECsigned/key"} {
		spellings := map[string]string{
			"as in a JSON text": strings.Trim(string(must(json.Marshal(secret))), `"`),
			"as in a query":     strings.ReplaceAll(url.QueryEscape(secret), "+", "%20"),
			"as in a page":      html.EscapeString(secret),
		}
		for a, first := range escapes {
			spellings[a] = escape(secret, first)
			for b, second := range escapes {
				twice := escape(escape(secret, first), second)
				if spellings[a+", "+b] = twice; len(twice) > 5000 {
					continue
				}
				spellings[a+", "+b+", JSON"] = strings.Trim(string(must(json.Marshal(twice))), `"`)
			}
		}
		for name, hidden := range map[string]string{
			"zero width": "\u200b", "soft hyphens": "\u00ad", "joiners": "\u2060", "marks of order": "\ufeff",
			"zero width, JSON": `\u200b`, "zero width, URL": "%E2%80%8B", "zero width, HTML": "&#8203;", "zero width, HTML name": "&ZeroWidthSpace;", "soft hyphens, HTML": "&shy;",
		} {
			spellings["with "+name] = secret[:3] + hidden + secret[3:5] + hidden + hidden + secret[5:]
		}
		for name, spelling := range spellings {
			for _, around := range [][2]string{{"", ""}, {"key ", " is wrong"}, {"100% of <a&b> \\ ", "\n%"}} {
				want := around[0] + mask + around[1]
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

func TestRedactSeveral(t *testing.T) {
	client := secretive()
	for text, want := range map[string]string{
		secretID + secretID:                           mask + mask,
		secretID + " and %41" + secretID[1:] + "&lt;": mask + " and " + mask + "&lt;",
		wecom + "x":                                         mask + "x",
		secretID[:20] + secretID:                            secretID[:20] + mask,
		token[:len(token)-1] + "&gtrest 1":                  mask + " 1",
		fmt.Sprintf("&#%040d;", secretID[0]) + secretID[1:]: mask,
		"a&ampersand" + secretID:                            "a" + mask, // one escape, as HTML reads it
	} {
		if got := client.Redact(t.Context(), text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// Of a long text that holds a secret nothing is left.
func TestRedactLongTexts(t *testing.T) {
	client := secretive()
	spelt := escape(escape(wecom, escapes["HTML, padded"]), escapes["HTML, padded"])
	long := strings.Repeat("100% ", 180<<10)
	for text, want := range map[string]string{
		long:                      long,
		long + spelt + long:       mask,
		long + secretID:           mask,
		spelt + spelt:             mask,
		"for " + spelt + " 100%":  "for " + mask + " 100%",
		secretID + "%" + long[1:]: mask,
		secretID + long[:30<<10]:  mask + long[:30<<10],
	} {
		if got := client.Redact(t.Context(), text); got != want {
			t.Errorf("%d bytes became %d", len(text), len(got))
		}
	}
}

// Of a long text the beginning is shown, and no part of a secret at its cut.
func TestShown(t *testing.T) {
	client := secretive()
	s := client.secrets(client.credentials(t.Context()))
	many := strings.Repeat(secretID, 1+4*check.MostText/len(secretID))
	for name, row := range map[string]struct{ text, want string }{
		"short":                  {"for " + secretID, "for " + mask},
		"long":                   {strings.Repeat("x", 60<<10), strings.Repeat("x", check.MostText)},
		"long, of escapes":       {strings.Repeat("&", 60<<10), strings.Repeat("&", check.MostText)},
		"long, a secret early":   {secretID + strings.Repeat("x", 60<<10), mask + strings.Repeat("x", check.MostText-len(mask))},
		"a secret where it ends": {many, mask},
	} {
		if got := s.shown(row.text); got != row.want {
			t.Errorf("%s: %d bytes, %.100s", name, len(got), got)
		}
	}
}

// What is secret of a webhook is told by its URL.
func TestWebhookSecrets(t *testing.T) {
	for webhook, want := range map[string][]string{
		"": nil,
		"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6":         {"693a91f6"},
		"https://oapi.dingtalk.com/robot/send?access_token=d%2Fe12345":          {"d%2Fe12345"},
		"https://open.feishu.cn/open-apis/bot/v2/hook/1b2c3d4e-aaaa-bbbb":       {"1b2c3d4e-aaaa-bbbb"},
		"https://hooks.example/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXX": {"XXXXXXXXXXXXXXXXXX"},
		"https://eo3k9x2mq7v1secret.hooks.example/":                             {"eo3k9x2mq7v1secret"},
		"https://hooks.example/?a=1&b":                                          {},
	} {
		got := webhookSecrets(webhook, "")
		if webhook != "" {
			want = append([]string{webhook}, want...)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %q, want %q", webhook, got, want)
		}
	}
}

// Nothing of an answer shows a secret: not the code, the message, the RequestId
// nor the content type, and no more do failures of the network.
func TestAnswersShowNoSecrets(t *testing.T) {
	for _, secret := range []string{secretID, "Gu5t9xGARNpq86cd98joQYCN3"} {
		for name, body := range map[string]string{
			"code":                `{"Response":{"Error":{"Code":"X` + secret + `","Message":"m"},"RequestId":"r"}}`,
			"message":             `{"Response":{"Error":{"Code":"X","Message":"for ` + secret + `."},"RequestId":"r"}}`,
			"escaped message":     `{"Response":{"Error":{"Code":"X","Message":"for ` + escape(escape(secret, escapes["URL"]), escapes["JSON"]) + `."},"RequestId":"r"}}`,
			"RequestId":           `{"Response":{"RequestId":"x` + secret + `"}}`,
			"escaped RequestId":   `{"Response":{"RequestId":"` + escape(secret, escapes["JSON"]) + `"}}`,
			"refusal's RequestId": `{"Response":{"Error":{"Code":"X"},"RequestId":"x` + secret + `"}}`,
		} {
			t.Run(name, func(t *testing.T) {
				c := settings()
				c.MaxAttempts = 1
				client := New(c, Process{Role: Credentials{secretID, "Gu5t9xGARNpq86cd98joQYCN3", ""}})
				canned{200, []byte(body)}.answers(client)
				receipt, err := create(t.Context(), client, known)
				var failure *check.Error
				if !errors.As(err, &failure) {
					t.Fatalf("%+v, %v", receipt, err)
				}
				if strings.Contains(failure.Error(), secret) || strings.HasSuffix(name, "message") && failure.Message != "for "+mask+"." {
					t.Errorf("error %v", failure)
				}
			})
		}
	}
}

// However the bytes of a secret are written, in several layers, it is found.
func FuzzRedact(f *testing.F) {
	f.Add(uint64(1), "before ", " after", 0)
	f.Add(uint64(2), "100%", "&amp", 1)
	f.Add(uint64(3), `\`, `\`, 2)
	client := secretive()
	names := []string{"plain", "JSON", "JSON, short", "URL", "HTML", "HTML, padded", "HTML, hex", "HTML, names"}
	f.Fuzz(func(t *testing.T, seed uint64, before, after string, which int) {
		random := rand.New(rand.NewPCG(seed, 0))
		secret := []string{secretID, "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa", "SECsigned/key"}[uint(which)%3]
		spelt := secret
		for range random.IntN(4) {
			spelt = escape(spelt, func(b byte) string {
				out := escapes[names[random.IntN(len(names))]](b)
				if out == string(b) && strings.IndexByte(`\%&`, b) >= 0 {
					return escapes["JSON"](b) // left alone it would stand for an escape
				}
				return out
			})
		}
		// Put between two spaces it is no part of an escape around it.
		if got := client.Redact(t.Context(), before+" "+spelt+" "+after); len(before+spelt+after) < maxMapped && !strings.Contains(got, " "+mask+" ") {
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
	if n := len(client.secrets(Credentials{})); n > 12 {
		t.Errorf("%d secrets are looked for", n)
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
	client := secretive()
	c := call{client: client, secrets: client.secrets(Credentials{}), response: &struct{ A []string }{}}
	if err := c.decode(ctx, &exchange{}, answer{members: []byte(`{"A":["%41"]}`)}); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}
