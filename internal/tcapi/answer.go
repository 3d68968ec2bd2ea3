package tcapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"migratecheck/internal/check"
)

const (
	// maxValues bounds the values of an answer that is decoded: one of a few bytes
	// becomes a structure of a hundred. A list of a hundred jobs has some 15,000.
	maxValues = 50000

	// An action with a MaxAnswer may have one in so many bytes of that.
	bytesPerValue = 10

	// readAtOnce bounds the answers that are read at once, which takes no time,
	// but memory.
	readAtOnce = 4
)

// read reads what an attempt brought about into the call's receipt and
// response. sent is the SDK's error, nil if an answer came. When the time of ctx
// is up nothing is read any more.
func (c *call) read(ctx context.Context, x *exchange, sent error, limit time.Duration) *check.Error {
	c.secrets = c.client.secrets(c.credentials)
	select {
	case c.client.reading <- struct{}{}:
		defer func() { <-c.client.reading }()
	case <-ctx.Done():
	}
	if sent == nil && ctx.Err() != nil {
		sent = ctx.Err()
	}
	if sent != nil && !errors.Is(sent, errTooLarge) {
		return c.noAnswer(x, sent, limit)
	}
	if sent != nil {
		return c.tooLarge(x)
	}
	a, err := readAnswer(x.body)
	switch {
	case err == nil && a.refused && (x.status == http.StatusOK || a.code != ""):
		return c.refusal(x, a)
	case x.status == http.StatusOK && errors.Is(err, errCutShort):
		return c.noAnswer(x, err, limit)
	case err != nil || x.status != http.StatusOK || c.secrets.in(a.requestID):
		return notAPI(x)
	}
	switch err := c.decode(ctx, x, a); {
	case err == errTooLarge:
		return c.tooLarge(x)
	case err != nil && err == ctx.Err():
		return c.noAnswer(x, err, limit)
	case err != nil:
		return notAPI(x)
	}
	c.receipt.RequestID, c.receipt.At = a.requestID, x.at()
	return nil
}

// tooLarge returns the error of an attempt whose answer has too many bytes or values.
func (c *call) tooLarge(x *exchange) *check.Error {
	failure := &check.Error{Code: check.CodeTooLarge, MayBeRunning: true}
	failure.Message = fmt.Sprintf("the answer is too large: it has more than %d KB, or too many values", x.limit>>10)
	if c.action.MaxAnswer > 0 {
		failure.Body = x.body
	}
	return failure
}

// notAPI returns the error of an attempt whose answer is not the API's JSON.
func notAPI(x *exchange) *check.Error {
	failure := &check.Error{Code: check.CodeNotAPI, MayBeRunning: true}
	if x.status != http.StatusOK {
		failure.Code = check.CodeHTTPStatus
	}
	failure.Message = fmt.Sprintf("the answer (HTTP status %d, %s) is not the API's JSON", x.status, mediaType(x.contentType))
	return failure
}

// noAnswer returns the error of an attempt without an answer.
func (c *call) noAnswer(x *exchange, err error, limit time.Duration) *check.Error {
	failure := &check.Error{Code: check.CodeNoAnswer, MayBeRunning: x.sent.Load()}
	if errors.Is(err, context.DeadlineExceeded) {
		failure.Message = fmt.Sprintf("no answer within %v", limit.Round(time.Millisecond))
		return failure
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // without the URL around it
	}
	failure.Message = "no answer: " + c.secrets.shown(err.Error())
	return failure
}

// refusal returns the error of an attempt that was refused.
func (c *call) refusal(x *exchange, a answer) *check.Error {
	failure := &check.Error{Code: a.code, Message: c.secrets.shown(a.message), RequestID: a.requestID}
	if a.code == "" || c.secrets.in(a.code) {
		failure.Code = check.CodeUnknown
	}
	if c.secrets.in(a.requestID) {
		failure.RequestID = ""
	}
	failure.At = x.at()
	c.receipt.RequestID, c.receipt.At = failure.RequestID, failure.At
	return failure
}

// decode decodes the members of an answer into the call's response, unless the
// time of ctx is up before that is done.
func (c *call) decode(ctx context.Context, x *exchange, a answer) error {
	if c.response == nil {
		return nil
	}
	most := maxValues
	if c.action.MaxAnswer > 0 {
		most = c.action.MaxAnswer / bytesPerValue
	}
	if err := decodable(a.members, most); err != nil {
		return err
	}
	if err := json.Unmarshal(a.members, c.response); err != nil {
		return err
	}
	return c.secrets.redactAll(ctx, c.response, a.members)
}

// maxSkew is how far the service's clock may be from ours: it accepts no signature
// that is older.
const maxSkew = 5 * time.Minute

// at returns when the answer was given, by the service's clock. A date that cannot
// be right, such as one kept by a proxy, is ignored.
func (x *exchange) at() time.Time {
	if t, err := http.ParseTime(x.date); err == nil && time.Since(t).Abs() <= maxSkew {
		return t
	}
	return time.Now()
}

// mediaType returns a content type that is safe to show, as the usual ones are.
func mediaType(contentType string) string {
	t, _, _ := mime.ParseMediaType(contentType)
	switch t {
	case "application/json", "application/octet-stream", "application/xml", "text/event-stream", "text/html", "text/plain", "text/xml":
		return t
	case "":
		return "no content type"
	}
	return "an unusual content type"
}

// answer is an answer of the API.
type answer struct {
	requestID string
	members   []byte // the value of Response, an object

	refused       bool
	code, message string // the code is empty where there is none of valid form
}

var (
	errNotAPI   = errors.New("not the API's JSON")
	errCutShort = errors.New("the answer is cut short")
)

// readAnswer reads the body of an answer: one JSON object with one member
// Response, an object. With an Error in or beside it, whatever that is, the answer
// is a refusal; otherwise it has one RequestId.
func readAnswer(body []byte) (answer, error) {
	if !json.Valid(body) {
		// A decoder tells a document that ends too early from one that is wrong.
		var document json.RawMessage
		err := json.NewDecoder(bytes.NewReader(body)).Decode(&document)
		if errors.Is(err, io.ErrUnexpectedEOF) && bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")) {
			return answer{}, errCutShort
		}
		return answer{}, errNotAPI
	}
	var a answer
	ids, refusals := 0, 0
	for name, value := range members(body) {
		switch {
		case strings.EqualFold(name, "Error"):
			refusals++
			a.code, a.message = readRefusal(value)
		case strings.EqualFold(name, "Response"):
			if a.members != nil || name != "Response" || value[0] != '{' {
				return answer{}, errNotAPI
			}
			a.members = value
		}
	}
	if a.members == nil {
		return answer{}, errNotAPI
	}
	for name, value := range members(a.members) {
		switch {
		case strings.EqualFold(name, "Error"):
			refusals++
			a.code, a.message = readRefusal(value)
		case strings.EqualFold(name, "RequestId"):
			ids++
			if name == "RequestId" {
				a.requestID = unquote(value)
			}
		}
	}
	a.refused = refusals > 0
	if refusals > 1 {
		a.code = ""
	}
	if ids != 1 || !validRequestID(a.requestID) {
		a.requestID = ""
	}
	if !a.refused && a.requestID == "" {
		return answer{}, errNotAPI
	}
	return a, nil
}

// readRefusal reads the value of an Error. The code is empty unless there is
// exactly one of valid form.
func readRefusal(value []byte) (code, message string) {
	codes := 0
	for name, value := range members(value) {
		switch {
		case strings.EqualFold(name, "Code"):
			codes++
			code = unquote(value)
		case strings.EqualFold(name, "Message"):
			message = unquote(value)
		}
	}
	if codes != 1 || !validCode(code) {
		code = ""
	}
	return code, message
}

// validRequestID reports whether s has the form of a RequestId.
func validRequestID(s string) bool {
	return 0 < len(s) && len(s) <= 64 && strings.Trim(s, letters+digits+"-_.") == ""
}

// validCode reports whether s has the form of a code.
func validCode(s string) bool {
	return 0 < len(s) && len(s) <= 100 && strings.Trim(s, letters+digits+".") == ""
}

const (
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	digits  = "0123456789"
)

// members returns the members of a JSON object in their order: the name, and
// the value as it stands. It returns none for another value. value must be
// valid JSON.
func members(value []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		i := space(value, 0)
		if value[i] != '{' {
			return
		}
		for i = space(value, i+1); value[i] != '}'; {
			end := valueEnd(value, i)
			name := value[i:end]
			i = space(value, space(value, end)+1) // after the colon
			end = valueEnd(value, i)
			if !yield(unquote(name), value[i:end]) {
				return
			}
			if i = space(value, end); value[i] == ',' {
				i = space(value, i+1)
			}
		}
	}
}

// decodable returns errTooLarge for valid JSON with more than so many values, and
// errNotAPI for one in which an object has two members of the same name, whatever
// the case, which would be decoded as a mixture.
func decodable(value []byte, most int) error {
	var open []map[string]bool // the names in each object around; nil for an array
	values := 1
	for i := 0; i < len(value) && values <= most; i++ {
		switch value[i] {
		case ',':
			values++
		case '{':
			values++
			open = append(open, map[string]bool{})
		case '[':
			values++
			open = append(open, nil)
		case '}', ']':
			open = open[:len(open)-1]
		case '"':
			end := valueEnd(value, i)
			if colon := space(value, end); colon < len(value) && value[colon] == ':' {
				name := strings.ToLower(strings.ToUpper(unquote(value[i:end])))
				names := open[len(open)-1]
				if names[name] {
					return errNotAPI
				}
				names[name] = true
			}
			i = end - 1
		}
	}
	if values > most {
		return errTooLarge
	}
	return nil
}

// space returns the index of the first byte from i on that is no white space.
func space(value []byte, i int) int {
	for i < len(value) && (value[i] == ' ' || value[i] == '\t' || value[i] == '\r' || value[i] == '\n') {
		i++
	}
	return i
}

// valueEnd returns the index after the value that begins at i.
func valueEnd(value []byte, i int) int {
	depth := 0
	for {
		switch value[i] {
		case '"':
			for i++; value[i] != '"'; i++ {
				if value[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		default:
			if depth == 0 { // a number or a word
				for i < len(value) && !strings.ContainsRune(" \t\r\n,]}", rune(value[i])) {
					i++
				}
				return i
			}
		}
		i++
		if depth == 0 {
			return i
		}
	}
}

// unquote returns a JSON string, or "" for another value.
func unquote(value []byte) string {
	if value[0] != '"' {
		return ""
	}
	if bytes.IndexByte(value, '\\') < 0 && utf8.Valid(value) {
		return string(value[1 : len(value)-1])
	}
	var s string
	json.Unmarshal(value, &s) // it is valid
	return s
}
