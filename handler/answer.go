package handler

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"migratecheck/handler/event"
	"migratecheck/internal/check"
	"migratecheck/internal/report"
)

// maxAnswer is the largest answer that the platform takes, in bytes, less what
// an integration response has around its body.
const maxAnswer = 6<<20 - 2<<10

// answer writes the result for the event's source, or returns the function error.
func (r *run) answer(e event.Event, result check.Result) ([]byte, error) {
	if !e.Source.HTTP() {
		if err := functionError(e.Source, result); err != nil {
			return nil, err
		}
		return result.Encode(maxAnswer, func(part []byte) int { return len(part) }), nil
	}
	w := response{status: 200, headers: map[string]string{"Content-Type": "application/json"}}
	switch {
	case !result.Batch && result.Jobs[0].Error != nil:
		w.status = result.Jobs[0].Error.HTTPStatus()
		if result.Jobs[0].Error.Throttled() {
			w.headers["Retry-After"] = "1" // the quota is one of calls a second
		}
	case check.Count(result.Jobs).Failed > 0:
		w.status = 207
	}
	switch format := e.HTTP.Prefers; format {
	case event.JSON:
		w.body = result.Encode(maxAnswer, quotedSize)
	default:
		w.body = r.page(e, result, format == event.HTML)
		w.headers["Content-Type"] = "text/plain; charset=utf-8"
		if format == event.HTML {
			w.headers["Content-Type"] = "text/html; charset=utf-8"
		}
		w.headers["Cache-Control"] = "no-store"
		w.headers["X-Content-Type-Options"] = "nosniff"
	}
	return w.encode(), nil
}

// page writes the result for people, shortened as need be.
func (r *run) page(e event.Event, result check.Result, html bool) []byte {
	p := report.Report{
		Result: result, Region: r.about.Region, Function: r.about.Function, Source: r.about.Source,
		At: time.Now(), Language: r.Language,
	}
	if e.HTTP.Page {
		for _, f := range e.HTTP.Fields {
			p.Form = append(p.Form, report.Field(f))
		}
	}
	for way := range check.Shortenings() {
		p.Result = result.Shorten(way)
		written := []byte(report.Text(p))
		if html {
			written = report.HTML(p)
		}
		if quotedSize(written) <= maxAnswer || way == check.Shortenings()-1 {
			return written
		}
	}
	return nil // there is a way
}

// quotedSize is how long a text is as a JSON string, without the quotes.
func quotedSize(text []byte) int {
	n := len(text)
	for _, c := range text {
		switch {
		case c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t':
			n++
		case c < ' ':
			n += len(`\u0000`) - 1
		}
	}
	return n
}

// response is what API Gateway and Function URL make an HTTP response of.
type response struct {
	status  int
	headers map[string]string
	body    []byte
}

func (w response) encode() []byte {
	var out bytes.Buffer
	out.Grow(len(w.body) + len(w.body)/4 + 200)
	out.WriteString(`{"isBase64Encoded":false,"statusCode":` + strconv.Itoa(w.status) + `,"headers":`)
	out.Write(check.Marshal(w.headers))
	out.WriteString(`,"body":`)
	out.Write(check.Marshal(string(w.body)))
	out.WriteByte('}')
	return out.Bytes()
}

// methods are the HTTP methods that are answered.
const methods = "GET, POST, PUT, OPTIONS"

// refuseMethod answers a request that asks for nothing, whatever it says: it
// never reaches DTS.
func refuseMethod(status int) []byte {
	w := response{status: status, headers: map[string]string{"Allow": methods}}
	refusal := ""
	switch status {
	case 204:
		return w.encode()
	case 405:
		refusal = "httpMethod: must be GET, POST or PUT"
	default:
		w.headers["Cache-Control"] = "no-store"
		refusal = "Sec-Purpose: a page that is fetched before anybody opens it asks for nothing"
	}
	w.headers["Content-Type"] = "application/json"
	w.body = check.Marshal(map[string]any{"Error": check.Error{Code: "InvalidParameter", Message: refusal}})
	return w.encode()
}

// CheckFailed is the function error: trying the event again can mend a failure,
// or no job of it was accepted. The platform shows its Go type's name as the
// error's type, and tries the event again as the source's rules have it.
type CheckFailed struct {
	message string
}

// Error names each failed job with its code, and nothing that could begin a
// line of its own in a log.
func (e *CheckFailed) Error() string { return e.message }

// functionError returns the *CheckFailed that a result is for a source without
// HTTP, or nil. A batch of which some jobs failed for good is not tried again:
// that would check the others a second time. CKafka tries a failed event
// thousands of times and holds the partition meanwhile, so there only what
// trying again can mend is one.
func functionError(s event.Source, result check.Result) error {
	var failed []string
	mendable := false
	for _, o := range result.Jobs {
		if o.Error == nil {
			continue
		}
		mendable = mendable || o.Error.Retryable()
		failed = append(failed, trouble(o, len(result.Jobs) == 1))
	}
	if failed == nil || !mendable && (s == event.CKafka || len(failed) < len(result.Jobs)) {
		return nil
	}
	message := strings.Join(failed, "; ")
	if len(result.Jobs) > 1 {
		message = strconv.Itoa(len(failed)) + " of " + strconv.Itoa(len(result.Jobs)) + " jobs failed: " + message
	}
	return &CheckFailed{message: strings.Map(printable, message)}
}

// trouble says what happened to a job that failed: with its code, and with the
// message if it is the only one or the message alone names it.
func trouble(o check.Outcome, alone bool) string {
	text := o.Error.Code
	if alone || o.Record != nil {
		text = o.Error.Error()
	}
	switch {
	case o.Error.Code == check.CodeNoVerdict:
		text = "created (RequestId " + o.RequestID + "), not started: " + text
	case o.Created && o.Check != nil && o.Check.Passed != nil:
		text = "passed (RequestId " + o.RequestID + "), but not started: " + text
	case o.Created:
		text = "created (RequestId " + o.RequestID + "), but its state is not known: " + text
	}
	if o.JobID != "" {
		text = o.JobID + ": " + text
	}
	return text
}

// printable replaces what could break a log line or hide in one.
func printable(r rune) rune {
	if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' || 0x80 <= r && r < 0xa0 {
		return ' '
	}
	return r
}
