package gateway

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/textproto"
	"slices"
)

// answer is an HTTP answer.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// connectionHeaders are those that are the server's to set.
var connectionHeaders = []string{"Connection", "Content-Length", "Keep-Alive", "Transfer-Encoding"}

// readAnswer reads what a function returned as an integration response. For a
// Function URL (strict is not set), JSON without statusCode is the body of an
// answer with status 200.
func readAnswer(returned []byte, strict bool) (answer, bool) {
	var r struct {
		StatusCode      *int                       `json:"statusCode"`
		Headers         map[string]json.RawMessage `json:"headers"`
		Body            string                     `json:"body"`
		IsBase64Encoded bool                       `json:"isBase64Encoded"`
	}
	a := answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json"}}}
	if !json.Valid(returned) {
		return a, false
	}
	if !strict && !hasStatus(returned) {
		a.body = returned
		return a, true
	}
	if json.Unmarshal(returned, &r) != nil || r.StatusCode == nil || *r.StatusCode < 200 || *r.StatusCode > 599 {
		return a, false
	}
	a.status, a.body = *r.StatusCode, []byte(r.Body)
	for name, raw := range r.Headers {
		values, ok := headerValues(raw)
		if !ok {
			return a, false
		}
		if name = textproto.CanonicalMIMEHeaderKey(name); !slices.Contains(connectionHeaders, name) {
			a.header[name] = values
		}
	}
	if r.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(r.Body)
		if err != nil {
			return a, false
		}
		a.body = decoded
	}
	return a, true
}

// hasStatus reports whether valid JSON is an object with statusCode.
func hasStatus(returned []byte) bool {
	var o map[string]json.RawMessage
	return json.Unmarshal(returned, &o) == nil && o["statusCode"] != nil
}

// headerValues reads a header's value: a string, or several in an array.
func headerValues(raw json.RawMessage) ([]string, bool) {
	values := make([]string, 1)
	if bytes.HasPrefix(raw, []byte("[")) {
		err := json.Unmarshal(raw, &values)
		return values, err == nil
	}
	if !bytes.HasPrefix(raw, []byte(`"`)) {
		return nil, false
	}
	err := json.Unmarshal(raw, &values[0])
	return values, err == nil
}

func (a answer) write(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	w.Write(a.body)
}
