package cloudapi

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	sdk "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
)

var (
	permanent = Key{SecretID: "AKIDpermanent", SecretKey: "permanentSecretKey"}
	temporary = Key{SecretID: "AKIDtemporary", SecretKey: "temporarySecretKey", Token: "token of the temporary key"}

	// signedAt is the time of every request, in the last minutes of a day in UTC
	// so that a clock 300 seconds on shows another date.
	signedAt = time.Date(2024, 2, 29, 23, 58, 0, 0, time.UTC)
)

func gateAt(now time.Time) *Gate {
	return &Gate{Service: "dts", Keys: []Key{permanent, temporary}, Now: func() time.Time { return now }}
}

// message is a request before it is signed. Its signers are written from the
// documentation, apart from the code that they test.
type message struct {
	method, query, body string
	header              http.Header
	key                 Key
	service             string
	timestamp           string

	// host is where the request goes, signedHost the one that is signed.
	host, signedHost string

	// signedHeaders as they are sent; payload is what is hashed, if not the body.
	signedHeaders, payload string
}

func newMessage() *message {
	return &message{
		method: http.MethodPost,
		body:   `{"JobId": "dts-1kl0iy0v"}`,
		header: http.Header{
			"Content-Type": {"application/json"},
			"X-Tc-Action":  {"CreateMigrateCheckJob"},
			"X-Tc-Version": {"2018-03-30"},
			"X-Tc-Region":  {"ap-guangzhou"},
		},
		key:           permanent,
		service:       "dts",
		timestamp:     fmt.Sprint(signedAt.Unix()),
		host:          testHost,
		signedHost:    testHost,
		signedHeaders: "content-type;host",
	}
}

const testHost = "dts.tencentcloudapi.com"

// sign returns the request, signed by TC3-HMAC-SHA256.
func (m *message) sign() *http.Request {
	r, err := http.NewRequest(m.method, "https://"+m.host+"/", strings.NewReader(m.body))
	if err != nil {
		panic(err)
	}
	r.URL.RawQuery = m.query
	r.Header = m.header.Clone()
	r.Header.Set("X-TC-Timestamp", m.timestamp)
	if m.key.Token != "" {
		r.Header.Set("X-TC-Token", m.key.Token)
	}

	names := strings.Split(strings.ToLower(m.signedHeaders), ";")
	slices.Sort(names)
	var headers string
	for _, name := range names {
		value := strings.ToLower(strings.TrimSpace(r.Header.Get(name)))
		if name == "host" {
			value = m.signedHost
		}
		headers += name + ":" + value + "\n"
	}
	query := m.query
	if m.method == http.MethodPost {
		query = ""
	}
	canonical := strings.Join([]string{m.method, "/", query, headers, strings.Join(names, ";"), sum(cmp.Or(m.payload, m.body))}, "\n")

	date := signedAt.Format("2006-01-02")
	scope := date + "/" + m.service + "/tc3_request"
	key := []byte("TC3" + m.key.SecretKey)
	for _, text := range []string{date, m.service, "tc3_request", "TC3-HMAC-SHA256\n" + m.timestamp + "\n" + scope + "\n" + sum(canonical)} {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(text))
		key = h.Sum(nil)
	}
	r.Header.Set("Authorization", fmt.Sprintf("TC3-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%x", m.key.SecretID, scope, m.signedHeaders, key))
	return r
}

func sum(text string) string {
	digest := sha256.Sum256([]byte(text))
	return hex.EncodeToString(digest[:])
}

// newForm is a version 1 request's parameters before they are signed.
func newForm() url.Values {
	return url.Values{
		"Action": {"CreateMigrateCheckJob"}, "Version": {"2018-03-30"}, "Region": {"ap-guangzhou"},
		"Timestamp": {fmt.Sprint(signedAt.Unix())}, "Nonce": {"11886"}, "SecretId": {permanent.SecretID},
		"JobId": {"dts-1kl0iy0v"},
	}
}

// signForm returns a version 1 request, signed with Tencent's own code.
func signForm(method string, form url.Values, secretKey string) *http.Request {
	text := method + testHost + "/?" + textOf(form)
	form.Set("Signature", sdk.Sign(text, secretKey, form.Get("SignatureMethod")))
	return sendForm(method, form)
}

// textOf is what version 1 signs of a form.
func textOf(form url.Values) string {
	var pairs []string
	for name := range form {
		if name != "Signature" {
			pairs = append(pairs, name+"="+form.Get(name))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

// sendForm returns a version 1 request as it is.
func sendForm(method string, form url.Values) *http.Request {
	var body, query string
	if method == http.MethodPost {
		body = form.Encode()
	} else {
		query = "?" + form.Encode()
	}
	r, err := http.NewRequest(method, "https://"+testHost+"/"+query, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}
