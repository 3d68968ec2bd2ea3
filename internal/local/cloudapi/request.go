// Package cloudapi is the server side of Tencent Cloud API 3.0, for the local
// stand-ins of its services: it checks signatures as the real one does, reads the
// common parameters, finds the action in the service's table, keeps to the quota,
// meets faults on demand and writes answers.
package cloudapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Key is a key pair that may call the service. With a Token it is a temporary
// one, and every request has to bring the token.
type Key struct {
	SecretID, SecretKey, Token string
}

// Gate lets authentic requests to a service in.
type Gate struct {
	// Service is the service's short name, as in its host name.
	Service string

	// Keys that are known.
	Keys []Key

	// Now tells the time that a request's timestamp is compared with.
	Now func() time.Time
}

// Request is an authentic request.
type Request struct {
	Action, Version, Region string

	// Language of the texts in the answer, as zh-CN, if the caller asks for one.
	Language string

	// SecretID is the account's, as far as the stand-ins know accounts.
	SecretID string

	// Token is the temporary credentials' token, if any.
	Token string

	// SignedBy is TC3-HMAC-SHA256, HmacSHA1 or HmacSHA256.
	SignedBy string

	// Parameters of the action: JSON values, or strings if they came in a query
	// string or a form. There what is nested has names such as Filters.0.Name.
	Parameters map[string]any
	Form       bool

	// Fault is for an action to set: the kind of a fault of its own that the call
	// has met.
	Fault Kind
}

// maxBody is the largest request that is read, in bytes: the platform's own
// limit for an invocation and some room.
const maxBody = 10 << 20

// common are the parameters of version 1 requests that are no action's own.
var common = []string{"Action", "Version", "Region", "Timestamp", "Nonce", "SecretId",
	"SignatureMethod", "Signature", "Token", "RequestClient", "Language"}

// Read reads a request and checks its signature.
func (g *Gate) Read(r *http.Request) (*Request, *Error) {
	var body []byte
	var err error
	if r.Body != nil { // nil in a request that came through no listener
		body, err = io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	}
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, Refuse("RequestSizeLimitExceeded", "The request is larger than 10 MB.")
		}
		return nil, Refuse("InvalidRequest", "The body of the request cannot be read.")
	}
	switch r.Method {
	case http.MethodGet, http.MethodPost:
	default:
		return nil, Refuse("UnsupportedProtocol", "The HTTP method must be GET or POST.")
	}
	if r.Header.Get("Authorization") != "" || r.Header.Get("X-TC-Action") != "" {
		return g.readTC3(r, body)
	}
	return g.readVersion1(r, body)
}

// readTC3 reads a request whose common parameters are in headers.
func (g *Gate) readTC3(r *http.Request, body []byte) (*Request, *Error) {
	out := &Request{
		Action:   r.Header.Get("X-TC-Action"),
		Version:  r.Header.Get("X-TC-Version"),
		Region:   r.Header.Get("X-TC-Region"),
		Language: r.Header.Get("X-TC-Language"),
		Token:    r.Header.Get("X-TC-Token"),
		SignedBy: tc3,
	}
	for _, header := range []string{"X-TC-Action", "X-TC-Version", "X-TC-Timestamp"} {
		if r.Header.Get(header) == "" {
			return nil, Missing(header[len("X-TC-"):])
		}
	}
	secretID, refusal := g.checkTC3(r, body, out.Token)
	if refusal != nil {
		return nil, refusal
	}
	out.SecretID = secretID
	if r.Method == http.MethodGet {
		query, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			return nil, Refuse("InvalidParameter", "The query string is not valid.")
		}
		out.Parameters, out.Form = flat(query), true
		return out, nil
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return out, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	err := decoder.Decode(&out.Parameters)
	if _, trailing := decoder.Token(); err != nil || trailing != io.EOF || out.Parameters == nil {
		return nil, Refuse("InvalidParameter", "The body of the request is not a JSON object.")
	}
	return out, nil
}

// readVersion1 reads a request whose parameters are all in the query string or
// in a form.
func (g *Gate) readVersion1(r *http.Request, body []byte) (*Request, *Error) {
	encoded := r.URL.RawQuery
	if r.Method == http.MethodPost {
		encoded = string(body)
	}
	form, err := url.ParseQuery(encoded)
	if err != nil {
		return nil, Refuse("InvalidParameter", "The parameters are not validly encoded.")
	}
	for _, name := range []string{"Action", "Version", "Timestamp", "Nonce", "SecretId", "Signature"} {
		if form.Get(name) == "" {
			return nil, Missing(name)
		}
	}
	signedBy, refusal := g.checkVersion1(r, form)
	if refusal != nil {
		return nil, refusal
	}
	return &Request{
		Action:     form.Get("Action"),
		Version:    form.Get("Version"),
		Region:     form.Get("Region"),
		Language:   form.Get("Language"),
		Token:      form.Get("Token"),
		SecretID:   form.Get("SecretId"),
		SignedBy:   signedBy,
		Parameters: flat(form),
		Form:       true,
	}, nil
}

// flat returns an action's own parameters of a query string or form.
func flat(form url.Values) map[string]any {
	out := make(map[string]any, len(form))
	for name := range form {
		if !slices.Contains(common, name) {
			out[name] = form.Get(name)
		}
	}
	return out
}
