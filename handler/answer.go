package handler

import (
	"bytes"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"migratecheck/handler/event"
	"migratecheck/internal/check"
	"migratecheck/internal/report"
)

// maxAnswer is the largest body, in bytes, that fits into the platform's 6 MB
// with the integration response around it.
const maxAnswer = 6<<20 - 2<<10

// answer writes the result for the event's source, or returns the function error.
func (r *run) answer(result check.Result) (response, error) {
	if !r.event.Source.HTTP() {
		if err := functionError(r.event.Source, result); err != nil {
			return response{}, err
		}
		return response{body: result.Encode(maxAnswer, nil)}, nil
	}
	w := newResponse(200)
	switch {
	case !result.Batch && result.Jobs[0].Error != nil:
		w.status = result.Jobs[0].Error.HTTPStatus()
		if result.Jobs[0].Error.Throttled() {
			w.headers["Retry-After"] = "1" // the quota is one of calls a second
		}
	case check.Count(result.Jobs).Failed > 0:
		w.status = 207
	}
	switch {
	case r.forPeople():
		r.tell(&w, result)
	default:
		w.body = result.Encode(maxAnswer, quotedSize)
	}
	return w, nil
}

// amend adds to an answer what could not be forwarded.
func (r *run) amend(w *response, result check.Result) {
	switch {
	case w.body == nil: // it is a function error
	case r.forPeople():
		r.tell(w, result)
	default:
		w.body = check.Amend(w.body, result.NotHandedOn)
	}
}

// forPeople reports whether the answer is a page or a table.
func (r *run) forPeople() bool { return r.event.HTTP != nil && r.event.HTTP.Prefers != event.JSON }

// tell writes the page or the table.
func (r *run) tell(w *response, result check.Result) {
	if r.event.HTTP.Prefers == event.HTML {
		w.html(report.HTML(r.report(result)))
		return
	}
	w.body, w.headers["Content-Type"] = []byte(report.Text(r.report(result))), "text/plain; charset=utf-8"
}

// quotedSize returns the length of a JSON text within a JSON string, without the quotes.
func quotedSize(text []byte) int {
	return len(text) + bytes.Count(text, []byte{'"'}) + bytes.Count(text, []byte{'\\'})
}

// response is an answer: the bare body, or an integration response, from which API
// Gateway or a Function URL makes an HTTP response.
type response struct {
	status  int
	headers map[string]string
	body    []byte
}

// newResponse returns a response that is nobody's to keep, and is what it says.
func newResponse(status int) response {
	return response{status: status, headers: map[string]string{
		"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
	}}
}

func (w *response) html(page []byte) {
	w.body, w.headers["Content-Type"] = page, "text/html; charset=utf-8"
}

func (w response) encode() []byte {
	if w.headers == nil {
		return w.body
	}
	var out bytes.Buffer
	out.Grow(len(w.body) + len(w.body)/4 + 200)
	out.WriteString(`{"isBase64Encoded":false,"statusCode":` + strconv.Itoa(w.status) + `,"headers":`)
	out.Write(check.Marshal(w.headers))
	out.WriteString(`,"body":`)
	out.Write(check.Marshal(string(w.body)))
	out.WriteByte('}')
	return out.Bytes()
}

// answerWithoutJobs answers an HTTP event that asks for nothing, or for nothing that
// may be done: DTS is not called.
func (r *run) answerWithoutJobs() []byte {
	http := r.event.HTTP
	w := newResponse(http.Status)
	level, word := slog.LevelInfo, "nothing asked"
	switch {
	case http.Home:
		w.status = 200
		w.html(report.Home(r.Language))
	case http.Refusal != nil:
		w.body = check.Marshal(map[string]any{"Error": http.Refusal})
		if http.Status == 403 || http.Status == 405 {
			level, word = slog.LevelWarn, "refused"
		}
	default:
		delete(w.headers, "Content-Type")
	}
	if http.Allow != "" {
		w.headers["Allow"] = http.Allow
	}
	attributes := []slog.Attr{slog.Int("jobs", 0), slog.Int("failed", 0)}
	if http.Refusal != nil {
		attributes = append(attributes, slog.String("error", http.Refusal.Message))
	}
	r.log.write(level, "event", append(attributes,
		slog.Int64("durationMs", time.Since(r.time.began).Milliseconds()), slog.String("outcome", word))...)
	r.output.flush()
	return w.encode()
}

// CheckFailed is the function error. It is returned if trying the event again can
// mend a failure, or if no job was accepted. The platform reports the name of the
// Go type, and tries the event again by the rules of its source.
type CheckFailed struct {
	message string
}

// Error names each failed job and its code. It contains no line breaks or control
// characters.
func (e *CheckFailed) Error() string { return e.message }

// functionError returns the *CheckFailed for a result, or nil if there is none.
// It is for sources other than HTTP. A batch of which some jobs failed for good
// is not tried again: that would check the others a second time. CKafka tries a
// failed event thousands of times and holds the partition meanwhile; so for
// CKafka only failures that trying again can mend are function errors.
func functionError(s event.Source, result check.Result) error {
	var failed []string
	mendable := false
	for _, o := range result.Jobs {
		if o.Error == nil {
			continue
		}
		mendable = mendable || o.Error.Retryable()
		failed = append(failed, failureText(o, len(result.Jobs) == 1))
	}
	if failed == nil || !mendable && (s == event.CKafka || len(failed) < len(result.Jobs)) {
		return nil
	}
	for i := range failed {
		failed[i] = check.Cut(failed[i], maxAnswer/2/len(failed)) // quoted, it takes more
	}
	message := strings.Join(failed, "; ")
	if len(result.Jobs) > 1 {
		message = strconv.Itoa(len(failed)) + " of " + strconv.Itoa(len(result.Jobs)) + " jobs failed: " + message
	}
	return &CheckFailed{message: strings.Map(printable, message)}
}

// failureText describes a failed job by its code. It adds the message if the job is
// the only one, or a record that has no JobId.
func failureText(o check.Outcome, alone bool) string {
	text := o.Error.Code
	if alone || o.Record != nil {
		text = o.Error.Error()
	}
	switch {
	case o.Error.Code == check.CodeNoVerdict:
		text = "created (RequestId " + o.RequestID + "), not started: " + text
	case o.CreatedAnyway() && o.HasVerdict() && o.MayBeRunning():
		text = "passed (RequestId " + o.RequestID + "), and whether it was started is not known: " + text
	case o.CreatedAnyway() && o.HasVerdict():
		text = "passed (RequestId " + o.RequestID + "), but not started: " + text
	case o.CreatedAnyway():
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
