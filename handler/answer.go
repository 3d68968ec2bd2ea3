package handler

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"migratecheck/internal/check"
)

// answer is the outcome of one job in the function's answer.
type answer struct {
	Error          *failure     `json:"Error,omitempty"`
	JobID          string       `json:"JobId,omitempty"`
	Record         *int         `json:"Record,omitempty"`
	RequestID      string       `json:"RequestId,omitempty"`
	AlreadyRunning bool         `json:"AlreadyRunning,omitempty"`
	MayBeRunning   bool         `json:"MayBeRunning,omitempty"`
	Created        bool         `json:"Created,omitempty"`
	Check          *check.State `json:"Check,omitempty"`
}

// failure is a code and its message.
type failure struct {
	Code    string `json:"Code"`
	Message string `json:"Message"`
}

// answers is the outcome of a batch.
type answers struct {
	Jobs   []answer `json:"Jobs"`
	Failed int      `json:"Failed"`
}

// integrationResponse is what API Gateway and Function URL make an HTTP
// response of.
type integrationResponse struct {
	IsBase64Encoded bool              `json:"isBase64Encoded"`
	StatusCode      int               `json:"statusCode"`
	Headers         map[string]string `json:"headers"`
	Body            string            `json:"body"`
}

// maxAnswer is the largest answer that the platform takes, in bytes.
const maxAnswer = 6 << 20

// answerFor writes the answer for a source, or the function error.
func answerFor(s source, batch bool, outcomes []outcome, steps bool) ([]byte, error) {
	if !s.http() {
		if err := functionError(s, outcomes); err != nil {
			return nil, err
		}
	}
	written := write(s, batch, outcomes, steps)
	if len(written) > maxAnswer {
		written = write(s, batch, outcomes, false)
	}
	return written, nil
}

func write(s source, batch bool, outcomes []outcome, steps bool) []byte {
	all := make([]answer, len(outcomes))
	for i, o := range outcomes {
		all[i] = answerOf(o, steps)
	}
	var body []byte
	if batch {
		body = marshal(answers{Jobs: all, Failed: failures(outcomes)})
	} else {
		body = marshal(all[0])
	}
	if !s.http() {
		return body
	}
	response := integrationResponse{
		StatusCode: 200,
		Headers:    map[string]string{"Content-Type": "application/json"},
		Body:       string(body),
	}
	switch err := outcomes[0].err; {
	case batch && failures(outcomes) > 0:
		response.StatusCode = 207
	case err != nil:
		response.StatusCode = err.HTTPStatus()
		if err.Throttled() {
			response.Headers["Retry-After"] = "1" // the quota is one of calls a second
		}
	}
	return marshal(response)
}

func answerOf(o outcome, steps bool) answer {
	a := answer{
		JobID:          o.task.job,
		RequestID:      o.requestID(),
		AlreadyRunning: o.receipt.AlreadyRunning,
		Check:          o.state,
	}
	if o.task.invalid != nil {
		a.Record = &o.task.record
	}
	if o.err != nil {
		a.Error = &failure{Code: o.err.Code, Message: o.err.Message}
		a.MayBeRunning = o.err.MayBeRunning
		a.Created = o.created()
	}
	if !steps && a.Check != nil {
		short := *a.Check
		short.Steps = nil
		a.Check = &short
	}
	return a
}

func failures(outcomes []outcome) int {
	n := 0
	for _, o := range outcomes {
		if o.err != nil {
			n++
		}
	}
	return n
}

// CheckFailed is the function error: not every job of the event was accepted.
// The platform shows its Go type's name as the error's type, and tries the
// event again as the source's rules have it.
type CheckFailed struct {
	message string
}

// Error names each failed job with its code, and nothing that could begin a
// line of its own in a log.
func (e *CheckFailed) Error() string { return e.message }

// functionError returns the *CheckFailed that the outcomes are for a source
// without HTTP, or nil. CKafka tries a failed event thousands of times and holds
// the partition meanwhile, so there only what trying again can mend is one, and
// not that a check which was created could not be read: trying again would
// create one check after the other.
func functionError(s source, outcomes []outcome) error {
	var failed []string
	mendable := false
	for _, o := range outcomes {
		if o.err == nil {
			continue
		}
		mendable = mendable || o.err.Retryable() && !o.created()
		text := o.err.Code
		if len(outcomes) == 1 || o.task.invalid != nil {
			text = o.err.Error() // that of a record names the record
		}
		if o.created() {
			text = "created (RequestId " + o.requestID() + "), but its state is not known: " + text
		}
		if o.task.job != "" {
			text = o.task.job + ": " + text
		}
		failed = append(failed, text)
	}
	if failed == nil || s == sourceCKafka && !mendable {
		return nil
	}
	message := strings.Join(failed, "; ")
	if len(outcomes) > 1 {
		message = strconv.Itoa(len(failed)) + " of " + strconv.Itoa(len(outcomes)) + " jobs failed: " + message
	}
	return &CheckFailed{message: strings.Map(printable, message)}
}

// printable replaces what could break a log line or hide in one.
func printable(r rune) rune {
	if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' || 0x80 <= r && r < 0xa0 {
		return ' '
	}
	return r
}

// marshal is json.Marshal without the escapes that are for HTML.
func marshal(v any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err) // strings, numbers and booleans only
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
