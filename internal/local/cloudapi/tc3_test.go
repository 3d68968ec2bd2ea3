package cloudapi

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

var oneJob = map[string]any{"JobId": "dts-1kl0iy0v"}

// TestTC3IsAuthentic has every form that a well signed request may take.
func TestTC3IsAuthentic(t *testing.T) {
	for name, test := range map[string]struct {
		edit func(*message)
		late time.Duration // of the request, by the gate's clock
		want map[string]any
	}{
		"POST":               {want: oneJob},
		"temporary key":      {edit: func(m *message) { m.key = temporary }, want: oneJob},
		"300 s late":         {late: 300 * time.Second, want: oneJob},
		"300 s early":        {late: -300 * time.Second, want: oneJob},
		"spaces and newline": {edit: func(m *message) { m.body = " {\n\t\"JobId\" :  \"dts-1kl0iy0v\" }\r\n" }, want: oneJob},
		"no spaces":          {edit: func(m *message) { m.body = `{"JobId":"dts-1kl0iy0v"}` }, want: oneJob},
		"a language":         {edit: func(m *message) { m.header.Set("X-TC-Language", "zh-CN") }, want: oneJob},
		"no body":            {edit: func(m *message) { m.body = "" }},
		"empty object":       {edit: func(m *message) { m.body = "{}" }, want: map[string]any{}},
		"payload not signed": {
			edit: func(m *message) {
				m.payload = "UNSIGNED-PAYLOAD"
				m.header.Set("X-TC-Content-SHA256", "UNSIGNED-PAYLOAD")
			},
			want: oneJob,
		},
		"GET": {
			edit: func(m *message) {
				m.method, m.body, m.query = http.MethodGet, "", "JobId=dts-1kl0iy0v"
				m.header.Set("Content-Type", "application/x-www-form-urlencoded")
			},
			want: oneJob,
		},
		"GET, oddly encoded": {
			edit: func(m *message) { m.method, m.body, m.query = http.MethodGet, "", "JobId=%64ts-1kl0iy0%76&A=b+c" },
			want: map[string]any{"JobId": "dts-1kl0iy0v", "A": "b c"},
		},
		"POST with a query, which nobody reads": {edit: func(m *message) { m.query = "JobId=other" }, want: oneJob},

		"host with a port": {edit: func(m *message) { m.host, m.signedHost = "127.0.0.1:9001", "127.0.0.1:9001" }, want: oneJob},
		"as the SDK for Node.js signs, by address": {
			edit: func(m *message) { m.host, m.signedHost, m.service = "127.0.0.1:9001", "127.0.0.1", "127" },
			want: oneJob,
		},
		"as the SDK for Node.js signs, by name": {
			edit: func(m *message) { m.host, m.signedHost, m.service = "localhost:9001", "localhost", "localhost:9001" },
			want: oneJob,
		},
		"as the SDK for Node.js signs, by IPv6 address": {
			edit: func(m *message) { m.host, m.signedHost, m.service = "[::1]:9001", "[::1]", "[::1]:9001" },
			want: oneJob,
		},

		"content type with a charset":     {edit: func(m *message) { m.header.Set("Content-Type", "application/json; charset=UTF-8") }, want: oneJob},
		"signed headers, other order":     {edit: func(m *message) { m.signedHeaders = "host;content-type" }, want: oneJob},
		"signed headers, in capitals":     {edit: func(m *message) { m.signedHeaders = "Content-Type;Host" }, want: oneJob},
		"signed headers, also the action": {edit: func(m *message) { m.signedHeaders = "content-type;host;x-tc-action" }, want: oneJob},
		"signed headers, all": {
			edit: func(m *message) {
				m.key = temporary
				m.signedHeaders = "x-tc-version;content-type;x-tc-token;host;x-tc-action;x-tc-timestamp;x-tc-region"
			},
			want: oneJob,
		},
		"signed headers, one of their own with space around": {
			edit: func(m *message) {
				m.header.Set("X-Trace", "  Ab C ")
				m.signedHeaders = "content-type;host;x-trace"
			},
			want: oneJob,
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMessage()
			if test.edit != nil {
				test.edit(m)
			}
			authentic(t, m.sign(), test.late, m.key, "TC3-HMAC-SHA256", test.want)
		})
	}
}

// TestTC3IsRefused has every reason for which a request is refused: a change
// before it is signed, or one after.
func TestTC3IsRefused(t *testing.T) {
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	without := func(name string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Del(name) }
	}
	authorization := func(from, to string) func(*http.Request) {
		return func(r *http.Request) {
			before := r.Header.Get("Authorization")
			after := strings.Replace(before, from, to, 1)
			if after == before {
				panic(from + " is not in " + before)
			}
			r.Header.Set("Authorization", after)
		}
	}
	body := func(text string) func(*message) {
		return func(m *message) { m.body = text }
	}
	for name, test := range map[string]struct {
		edit    func(*message)
		after   func(*http.Request)
		late    time.Duration
		want    string
		mention string
	}{
		"wrong key":           {edit: func(m *message) { m.key.SecretKey += "x" }, want: "AuthFailure.SignatureFailure"},
		"signature altered":   {after: authorization("Signature=", "Signature=0"), want: "AuthFailure.SignatureFailure"},
		"body altered":        {after: func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(`{"JobId": "dts-dau5czmd"}`)) }, want: "AuthFailure.SignatureFailure"},
		"no body any more":    {after: func(r *http.Request) { r.Body = nil }, want: "AuthFailure.SignatureFailure"},
		"host altered":        {after: func(r *http.Request) { r.Host = "dts.example.com" }, want: "AuthFailure.SignatureFailure"},
		"port altered":        {edit: func(m *message) { m.host, m.signedHost = "127.0.0.1:9001", "127.0.0.1:9002" }, want: "AuthFailure.SignatureFailure"},
		"type altered":        {after: header("Content-Type", "text/plain"), want: "AuthFailure.SignatureFailure"},
		"timestamp altered":   {after: header("X-TC-Timestamp", "1709251081"), want: "AuthFailure.SignatureFailure"},
		"payload disowned":    {after: header("X-TC-Content-SHA256", "UNSIGNED-PAYLOAD"), want: "AuthFailure.SignatureFailure"},
		"signed header added": {after: authorization(";host", ";host;x-tc-action"), want: "AuthFailure.SignatureFailure"},
		"signed action altered": {
			edit:  func(m *message) { m.signedHeaders += ";x-tc-action" },
			after: header("X-TC-Action", "DescribeMigrateCheckJob"),
			want:  "AuthFailure.SignatureFailure",
		},
		"query altered": {
			edit:  func(m *message) { m.method, m.body, m.query = http.MethodGet, "", "JobId=dts-1kl0iy0v" },
			after: func(r *http.Request) { r.URL.RawQuery = "JobId=dts-1kl0iy0w" },
			want:  "AuthFailure.SignatureFailure",
		},
		"method altered": {edit: body(""), after: func(r *http.Request) { r.Method = http.MethodGet }, want: "AuthFailure.SignatureFailure"},

		"unknown SecretId": {edit: func(m *message) { m.key.SecretID = "AKIDnobody" }, want: "AuthFailure.SecretIdNotFound"},
		"another's key":    {after: authorization(permanent.SecretID, temporary.SecretID), want: "AuthFailure.SignatureFailure"},

		"wrong token":                {edit: func(m *message) { m.key = temporary; m.key.Token += "x" }, want: "AuthFailure.TokenFailure"},
		"no token":                   {edit: func(m *message) { m.key = temporary; m.key.Token = "" }, want: "AuthFailure.TokenFailure"},
		"a token with permanent key": {edit: func(m *message) { m.key.Token = temporary.Token }, want: "AuthFailure.TokenFailure"},

		"301 s late":                   {late: 301 * time.Second, want: "AuthFailure.SignatureExpire"},
		"301 s early":                  {late: -301 * time.Second, want: "AuthFailure.SignatureExpire"},
		"a trifle more than 300 s":     {late: 300*time.Second + 1, want: "AuthFailure.SignatureExpire"},
		"timestamp in milliseconds":    {edit: func(m *message) { m.timestamp += "000" }, want: "AuthFailure.SignatureExpire"},
		"timestamp at the end of time": {edit: func(m *message) { m.timestamp = "9223372036854775807" }, want: "AuthFailure.SignatureExpire"},
		"timestamp is no number":       {edit: func(m *message) { m.timestamp = "now" }, want: "InvalidParameter", mention: "Timestamp"},

		"no Authorization":               {after: without("Authorization"), want: "AuthFailure.InvalidAuthorization"},
		"another algorithm":              {after: authorization("TC3-HMAC-SHA256", "TC3-HMAC-SHA1"), want: "AuthFailure.InvalidAuthorization"},
		"algorithm alone":                {after: header("Authorization", "TC3-HMAC-SHA256"), want: "AuthFailure.InvalidAuthorization"},
		"no Credential":                  {after: authorization("Credential=", "Credentials="), want: "AuthFailure.InvalidAuthorization"},
		"Credential of three parts":      {after: authorization("/dts/", "/"), want: "AuthFailure.InvalidAuthorization"},
		"Credential of five parts":       {after: authorization("/dts/", "/dts/dts/"), want: "AuthFailure.InvalidAuthorization"},
		"Credential of another request":  {after: authorization("tc3_request", "tc4_request"), want: "AuthFailure.InvalidAuthorization"},
		"Credential of another service":  {edit: func(m *message) { m.service = "cvm" }, want: "AuthFailure.InvalidAuthorization"},
		"Credential of another day":      {after: authorization("2024-02-29", "2024-03-01"), want: "AuthFailure.InvalidAuthorization"},
		"no SignedHeaders":               {after: authorization("SignedHeaders=content-type;host, ", ""), want: "AuthFailure.InvalidAuthorization"},
		"SignedHeaders without the host": {edit: func(m *message) { m.signedHeaders = "content-type;x-tc-action" }, want: "AuthFailure.InvalidAuthorization"},
		"SignedHeaders without the type": {edit: func(m *message) { m.signedHeaders = "host" }, want: "AuthFailure.InvalidAuthorization"},
		"no Signature":                   {after: authorization(", Signature=", ", Sign="), want: "AuthFailure.InvalidAuthorization"},
		"empty Signature":                {after: authorization(", Signature=", ", Signature=,x="), want: "AuthFailure.InvalidAuthorization"},

		"no action":    {after: without("X-TC-Action"), want: "MissingParameter", mention: "`Action`"},
		"no version":   {after: without("X-TC-Version"), want: "MissingParameter", mention: "`Version`"},
		"no timestamp": {after: without("X-TC-Timestamp"), want: "MissingParameter", mention: "`Timestamp`"},

		"body is no JSON":             {edit: body("JobId=dts-1kl0iy0v"), want: "InvalidParameter", mention: "JSON object"},
		"body is half an object":      {edit: body(`{"JobId": "dts-1`), want: "InvalidParameter", mention: "JSON object"},
		"body is an array":            {edit: body(`["dts-1kl0iy0v"]`), want: "InvalidParameter", mention: "JSON object"},
		"body is a string":            {edit: body(`"dts-1kl0iy0v"`), want: "InvalidParameter", mention: "JSON object"},
		"body is null":                {edit: body("null"), want: "InvalidParameter", mention: "JSON object"},
		"body is two objects":         {edit: body("{} {}"), want: "InvalidParameter", mention: "JSON object"},
		"body has a bracket too many": {edit: body("{}]"), want: "InvalidParameter", mention: "JSON object"},
		"query is not valid": {
			edit: func(m *message) { m.method, m.body, m.query = http.MethodGet, "", "JobId=%zz" },
			want: "InvalidParameter", mention: "query",
		},

		"body too large": {edit: body("{}" + strings.Repeat(" ", maxBody-1)), want: "RequestSizeLimitExceeded"},
		"body breaks off": {
			after: func(r *http.Request) { r.Body = io.NopCloser(iotest.ErrReader(errors.New("connection reset"))) },
			want:  "InvalidRequest",
		},
		"PUT": {edit: func(m *message) { m.method = http.MethodPut }, want: "UnsupportedProtocol"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMessage()
			if test.edit != nil {
				test.edit(m)
			}
			r := m.sign()
			if test.after != nil {
				test.after(r)
			}
			refused(t, r, test.late, test.want, test.mention)
		})
	}
}

func TestLargestBodyIsRead(t *testing.T) {
	m := newMessage()
	m.body += strings.Repeat(" ", maxBody-len(m.body))
	if _, refusal := gateAt(signedAt).Read(m.sign()); refusal != nil {
		t.Error(refusal)
	}
}
