package cloudapi

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The signature methods.
const (
	tc3        = "TC3-HMAC-SHA256"
	hmacSHA1   = "HmacSHA1"
	hmacSHA256 = "HmacSHA256"
)

// maxSkew is how far a request's timestamp may be off.
const maxSkew = 300 * time.Second

// The refusals of a request that is not authentic.
var (
	errAuthorization = Refuse("AuthFailure.InvalidAuthorization", "The Authorization header is not of the form that TC3-HMAC-SHA256 has.")
	errSignature     = Refuse("AuthFailure.SignatureFailure", "The signature does not belong to this request and key.")
	errExpired       = Refuse("AuthFailure.SignatureExpire", "The timestamp is more than 300 seconds off.")
	errSecretID      = Refuse("AuthFailure.SecretIdNotFound", "The SecretId is not known.")
	errToken         = Refuse("AuthFailure.TokenFailure", "The token is not that of the key.")
)

// key finds the key of a request.
func (g *Gate) key(secretID string) (Key, *Error) {
	for _, k := range g.Keys {
		if k.SecretID == secretID {
			return k, nil
		}
	}
	return Key{}, errSecretID
}

// timely compares a timestamp, in Unix seconds, with the clock.
func (g *Gate) timely(timestamp string) (time.Time, *Error) {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return time.Time{}, Refuse("InvalidParameter", "The Timestamp must be in Unix seconds.")
	}
	t := time.Unix(seconds, 0).UTC()
	if skew := g.Now().Sub(t); skew > maxSkew || skew < -maxSkew {
		return t, errExpired
	}
	return t, nil
}

// checkTC3 checks a TC3-HMAC-SHA256 signature and returns the SecretId.
//
// At an address of one's own, not all of Tencent's SDKs agree: the one for
// Node.js takes the service's name from the host's first label, and signs the
// host without its port. Both are as good as the service and the host.
func (g *Gate) checkTC3(r *http.Request, body []byte, token string) (string, *Error) {
	a, refusal := parseAuthorization(r.Header.Get("Authorization"))
	if refusal != nil {
		return "", refusal
	}
	timestamp := r.Header.Get("X-TC-Timestamp")
	at, refusal := g.timely(timestamp)
	if refusal != nil {
		return "", refusal
	}
	label, _, _ := strings.Cut(r.Host, ".")
	if a.date != at.Format(time.DateOnly) || a.service != g.Service && a.service != label {
		return "", errAuthorization
	}
	key, refusal := g.key(a.secretID)
	if refusal != nil {
		return "", refusal
	}
	if r.Header.Get("X-TC-Content-SHA256") == unsigned {
		body = []byte(unsigned)
	}
	signedWith := func(host string) bool {
		signature := signTC3(key.SecretKey, a.service, timestamp, at, canonical(r, host, a.signedHeaders, body))
		return hmac.Equal([]byte(signature), []byte(a.signature))
	}
	port := (&url.URL{Host: r.Host}).Port()
	if !signedWith(r.Host) && !signedWith(strings.TrimSuffix(r.Host, ":"+port)) {
		return "", errSignature
	}
	if token != key.Token {
		return "", errToken
	}
	return key.SecretID, nil
}

// unsigned is what stands for the payload of a request that does not sign it.
const unsigned = "UNSIGNED-PAYLOAD"

// authorization is a parsed Authorization header.
type authorization struct {
	secretID, date, service string
	signedHeaders           []string
	signature               string
}

func parseAuthorization(header string) (authorization, *Error) {
	var a authorization
	method, rest, _ := strings.Cut(header, " ")
	if method != tc3 {
		return a, errAuthorization
	}
	fields := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		fields[name] = value
	}
	scope := strings.Split(fields["Credential"], "/")
	if len(scope) != 4 || scope[3] != "tc3_request" {
		return a, errAuthorization
	}
	a.secretID, a.date, a.service = scope[0], scope[1], scope[2]
	a.signature = fields["Signature"]
	a.signedHeaders = strings.Split(strings.ToLower(fields["SignedHeaders"]), ";")
	if a.signature == "" || !slices.Contains(a.signedHeaders, "host") || !slices.Contains(a.signedHeaders, "content-type") {
		return a, errAuthorization
	}
	return a, nil
}

// canonical is the canonical form of a request to a host. Query and body are taken as
// the bytes that came; the query string of a POST is no part of it.
func canonical(r *http.Request, host string, signedHeaders []string, body []byte) string {
	names := slices.Clone(signedHeaders)
	slices.Sort(names)
	query := r.URL.RawQuery
	if r.Method == http.MethodPost {
		query = ""
	}
	var b strings.Builder
	b.WriteString(r.Method + "\n/\n" + query + "\n")
	for _, name := range names {
		value := r.Header.Get(name)
		if name == "host" {
			value = host
		}
		b.WriteString(name + ":" + strings.ToLower(strings.TrimSpace(value)) + "\n")
	}
	payload := sha256.Sum256(body)
	b.WriteString("\n" + strings.Join(names, ";") + "\n" + hex.EncodeToString(payload[:]))
	return b.String()
}

// signTC3 returns the TC3-HMAC-SHA256 signature, in hex, of a canonical request.
func signTC3(secretKey, service, timestamp string, at time.Time, canonical string) string {
	date := at.UTC().Format(time.DateOnly)
	hashed := sha256.Sum256([]byte(canonical))
	toSign := tc3 + "\n" + timestamp + "\n" + date + "/" + service + "/tc3_request\n" + hex.EncodeToString(hashed[:])
	key := []byte("TC3" + secretKey)
	for _, part := range []string{date, service, "tc3_request"} {
		key = mac(sha256.New, key, part)
	}
	return hex.EncodeToString(mac(sha256.New, key, toSign))
}

func mac(h func() hash.Hash, key []byte, text string) []byte {
	m := hmac.New(h, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// checkVersion1 checks a version 1 signature and returns its method.
func (g *Gate) checkVersion1(r *http.Request, form url.Values) (string, *Error) {
	if _, refusal := g.timely(form.Get("Timestamp")); refusal != nil {
		return "", refusal
	}
	if _, err := strconv.ParseUint(form.Get("Nonce"), 10, 64); err != nil {
		return "", Refuse("InvalidParameter", "The Nonce must be a positive whole number.")
	}
	key, refusal := g.key(form.Get("SecretId"))
	if refusal != nil {
		return "", refusal
	}
	method := form.Get("SignatureMethod")
	h := sha1.New
	switch method {
	case "", hmacSHA1:
		method = hmacSHA1
	case hmacSHA256:
		h = sha256.New
	default:
		return "", Refuse("InvalidParameter", "The SignatureMethod must be HmacSHA1 or HmacSHA256.")
	}
	if !hmac.Equal([]byte(signVersion1(h, key.SecretKey, r, form)), []byte(form.Get("Signature"))) {
		return "", errSignature
	}
	if form.Get("Token") != key.Token {
		return "", errToken
	}
	return method, nil
}

// signVersion1 returns the version 1 signature, in base64, of a request with
// the parameters in form.
func signVersion1(h func() hash.Hash, secretKey string, r *http.Request, form url.Values) string {
	parameters := make([]string, 0, len(form))
	for _, name := range slices.Sorted(maps.Keys(form)) {
		if name != "Signature" {
			parameters = append(parameters, name+"="+form.Get(name))
		}
	}
	path := r.URL.Path
	if path == "" {
		path = "/"
	}
	return base64.StdEncoding.EncodeToString(mac(h, []byte(secretKey), r.Method+r.Host+path+"?"+strings.Join(parameters, "&")))
}

// SignedURL returns the URL of a call by GET, signed with HmacSHA1, version 1's
// default. It is good for the 300 s that a timestamp may be off.
func SignedURL(endpoint string, k Key, action, version, region string, parameters url.Values, now time.Time) (string, error) {
	r, err := http.NewRequest(http.MethodGet, endpoint, nil)
	if err != nil {
		return "", err
	}
	form := url.Values{
		"Action": {action}, "Version": {version}, "Region": {region}, "SecretId": {k.SecretID},
		"Timestamp": {strconv.FormatInt(now.Unix(), 10)}, "Nonce": {strconv.Itoa(now.Nanosecond())},
	}
	if k.Token != "" {
		form.Set("Token", k.Token)
	}
	maps.Copy(form, parameters)
	form.Set("Signature", signVersion1(sha1.New, k.SecretKey, r, form))
	return endpoint + "/?" + form.Encode(), nil
}
