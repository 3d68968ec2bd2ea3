package handler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"migratecheck/handler/event"
	"migratecheck/internal/check"
	"migratecheck/internal/report"
)

// The same request for one job and for two, from each source.
var (
	one = map[event.Source]string{
		event.APIGateway:  `{"requestContext":{"stage":"release"},"httpMethod":"POST","path":"/","body":"{\"JobId\":\"dts-1\"}"}`,
		event.FunctionURL: `{"httpMethod":"POST","path":"/","body":"{\"JobId\":\"dts-1\"}"}`,
		event.Timer:       `{"Type":"Timer","Message":"dts-1"}`,
		event.CKafka:      `{"Records":[{"Ckafka":{"msgBody":"dts-1"}}]}`,
		event.CMQ:         `{"Records":[{"CMQ":{"msgBody":"dts-1"}}]}`,
		event.EventBridge: `{"specversion":"1.0","data":{"JobId":"dts-1"}}`,
		event.Direct:      `{"JobId":"dts-1"}`,
	}
	two = map[event.Source]string{
		event.APIGateway:  `{"requestContext":{"stage":"release"},"httpMethod":"GET","path":"/","queryString":{"JobIds":"dts-1,dts-2"}}`,
		event.FunctionURL: `{"httpMethod":"GET","path":"/","queryString":{"JobIds":"dts-1,dts-2"}}`,
		event.Timer:       `{"Type":"Timer","Message":"dts-1 dts-2"}`,
		event.CKafka:      `{"Records":[{"Ckafka":{"msgBody":"dts-1"}},{"Ckafka":{"msgBody":"dts-2"}}]}`,
		event.CMQ:         `{"Records":[{"CMQ":{"msgBody":"dts-1"}},{"CMQ":{"msgBody":"dts-2"}}]}`,
		event.EventBridge: `[{"specversion":"1.0","data":"dts-1"},{"specversion":"1.0","data":"dts-2"}]`,
		event.Direct:      `{"JobIds":["dts-1","dts-2"]}`,
	}
)

// integrationResponse is what API Gateway and Function URL make an HTTP
// response of.
type integrationResponse struct {
	IsBase64Encoded bool              `json:"isBase64Encoded"`
	StatusCode      int               `json:"statusCode"`
	Headers         map[string]string `json:"headers"`
	Body            string            `json:"body"`
}

// readResponse reads an integration response.
func readResponse(t *testing.T, i invocation) integrationResponse {
	t.Helper()
	if i.err != nil {
		t.Fatalf("function error to an HTTP event: %v", i.err)
	}
	var r integrationResponse
	if err := json.Unmarshal(i.answer, &r); err != nil {
		t.Fatalf("answer %s: %v", i.answer, err)
	}
	return r
}

// Every row of the contract's table of codes: what an HTTP caller gets, and
// what CKafka, which tells apart what trying again can mend.
func TestCodes(t *testing.T) {
	for _, row := range []struct {
		code       string
		status     int
		retryAfter string
		mendable   bool
	}{
		{"InvalidParameter", 400, "", false},
		{"InvalidParameterValue.BadJob", 400, "", false},
		{"MissingParameter", 400, "", false},
		{"UnknownParameter", 400, "", false},
		{"InvalidAction", 400, "", false},
		{"ResourceNotFound.JobNotExist", 404, "", false},
		{"FailedOperation.NotAllowOperation", 409, "", false},
		{"OperationDenied", 409, "", false},
		{"ResourceInUse", 409, "", false},
		{"UnsupportedOperation", 409, "", false},
		{"LimitExceeded.MaxUnusedJobs", 429, "", false},
		{"RequestLimitExceeded", 429, "1", true},
		{"RequestLimitExceeded.UinLimitExceeded", 429, "1", true},
		{"InternalError.AddTaskError", 502, "", true},
		{"ResourceUnavailable", 502, "", true},
		{"ServiceUnavailable", 502, "", true},
		{check.CodeNotAPI, 502, "", true},
		{check.CodeHTTPStatus, 502, "", true},
		{check.CodeNoAnswer, 504, "", true},
		{check.CodeDeadline, 504, "", true},
		{"ResourceInsufficient.ResourceInsufficientError", 502, "", true},
		{"AuthFailure.SignatureExpire", 500, "", true},
		{"AuthFailure.TokenFailure", 500, "", false},
		{"UnauthorizedOperation", 500, "", false},
		{"UnsupportedRegion", 500, "", false},
		{"NoSuchVersion", 500, "", false},
		{"ActionOffline", 500, "", false},
		{check.CodeNoCredentials, 500, "", false},
		{"NobodyKnows", 502, "", false},
	} {
		t.Run(row.code, func(t *testing.T) {
			dts := &scripted{create: map[string]error{"dts-1": refusal(row.code)}}
			entry := fmt.Sprintf(`{"Error":{"Code":%q,"Message":"said by DTS"},"JobId":"dts-1","RequestId":"refused"}`, row.code)
			want := integrationResponse{
				StatusCode: row.status,
				Headers:    map[string]string{"Cache-Control": "no-store", "Content-Type": "application/json", "X-Content-Type-Options": "nosniff"},
				Body:       entry,
			}
			if row.retryAfter != "" {
				want.Headers["Retry-After"] = row.retryAfter
			}
			for _, s := range []event.Source{event.APIGateway, event.FunctionURL} {
				if got := readResponse(t, invoke(t, dts, one[s])); !reflect.DeepEqual(got, want) {
					t.Errorf("%s: got %+v\nwant %+v", s, got, want)
				}
			}
			kafka := invoke(t, dts, one[event.CKafka])
			if row.mendable != (kafka.err != nil) {
				t.Errorf("ckafka: got function error %v, mendable %v", kafka.err, row.mendable)
			}
			if kafka.err == nil && string(kafka.answer) != entry {
				t.Errorf("ckafka: got answer %s, want %s", kafka.answer, entry)
			}
			if line := kafka.log.lines("job")[0]; line["level"] != "ERROR" || line["code"] != row.code {
				t.Errorf("ckafka: job line %v", line)
			}
			for _, s := range []event.Source{event.Timer, event.CMQ, event.EventBridge, event.Direct} {
				i := invoke(t, dts, one[s])
				if want := "dts-1: " + row.code + ": said by DTS (RequestId refused)"; i.err == nil || i.err.Error() != want || i.answer != nil {
					t.Errorf("%s: got answer %s, error %v; want error %s", s, i.answer, i.err, want)
				}
			}
		})
	}
}

// A job of two fails: every source hears of both.
func TestBatchInWhichOneFails(t *testing.T) {
	dts := &scripted{create: map[string]error{"dts-2": refusal("ResourceNotFound.JobNotExist")}}
	const body = `{"Jobs":[{"JobId":"dts-1","RequestId":"create-dts-1"},` +
		`{"Error":{"Code":"ResourceNotFound.JobNotExist","Message":"said by DTS"},"JobId":"dts-2","RequestId":"refused"}],"Failed":1}`
	for s, payload := range two {
		t.Run(string(s), func(t *testing.T) {
			i := invoke(t, dts, payload)
			switch {
			case s.HTTP():
				got := readResponse(t, i)
				if got.StatusCode != http.StatusMultiStatus || got.Body != body {
					t.Errorf("got %d %s, want 207 %s", got.StatusCode, got.Body, body)
				}
			case i.err != nil || string(i.answer) != body:
				t.Errorf("got %s, %v", i.answer, i.err)
			}
		})
	}
}

// One failure that can be mended gives the event back to CKafka, and the
// function error names all that failed.
func TestCKafkaGetsBackWhatCanBeMended(t *testing.T) {
	i := invoke(t, &scripted{create: map[string]error{
		"dts-1": refusal("ResourceNotFound.JobNotExist"),
		"dts-2": refusal("InternalError.LockError"),
	}}, two[event.CKafka])
	want := "2 of 2 jobs failed: dts-1: ResourceNotFound.JobNotExist; dts-2: InternalError.LockError"
	if i.err == nil || i.err.Error() != want {
		t.Errorf("got %s, %v; want %s", i.answer, i.err, want)
	}
}

// Reading goes on with the next delivery, which creates nothing twice.
func TestCKafkaGetsBackWhatCouldNotBeRead(t *testing.T) {
	dts := &scripted{describe: map[string][]reading{"dts-1": {{err: refusal("InternalError.DatabaseError")}}}}
	synctest.Test(t, func(t *testing.T) {
		i := invoke(t, dts, `{"Records":[{"Ckafka":{"msgBody":"{\"JobId\":\"dts-1\",\"Wait\":true}"}}]}`)
		want := "dts-1: created (RequestId create-dts-1), but its state is not known: InternalError.DatabaseError: said by DTS (RequestId refused)"
		if i.err == nil || i.err.Error() != want {
			t.Errorf("got %s, %v; want %s", i.answer, i.err, want)
		}
		if line := i.log.lines("job")[0]; line["level"] != "ERROR" || line["outcome"] != "created, state not known" {
			t.Errorf("job line %v", line)
		}
	})
}

// A check that is found running is the one asked for where the event may have
// come before, and a conflict where a caller asked for it.
func TestDuplicateJob(t *testing.T) {
	dts := &scripted{create: map[string]error{"dts-1": refusal("InternalError.DuplicateJob")}}
	for s, payload := range one {
		t.Run(string(s), func(t *testing.T) {
			i := invoke(t, dts, payload)
			outcome := "refused"
			switch s {
			case event.APIGateway, event.FunctionURL:
				if got := readResponse(t, i); got.StatusCode != http.StatusConflict {
					t.Errorf("got %d %s", got.StatusCode, got.Body)
				}
			case event.Direct:
				if i.err == nil || !strings.Contains(i.err.Error(), "InternalError.DuplicateJob") {
					t.Errorf("got %s, %v", i.answer, i.err)
				}
			default:
				outcome = "already running"
				if want := `{"JobId":"dts-1","RequestId":"refused","AlreadyRunning":true}`; i.err != nil || string(i.answer) != want {
					t.Errorf("got %s, %v; want %s", i.answer, i.err, want)
				}
			}
			if line := i.log.lines("job")[0]; line["outcome"] != outcome {
				t.Errorf("job line %v", line)
			}
		})
	}
}

func TestJobsThatTheClientFoundRunning(t *testing.T) {
	i := invoke(t, found{}, one[event.Direct])
	if want := `{"JobId":"dts-1","RequestId":"found","AlreadyRunning":true}`; i.err != nil || string(i.answer) != want {
		t.Errorf("got %s, %v; want %s", i.answer, i.err, want)
	}
}

// found is a DTS whose client met a check that an unanswered attempt of its
// own had created.
type found struct{ DTS }

func (found) CreateCheck(context.Context, string) (check.Receipt, error) {
	return check.Receipt{RequestID: "found", AlreadyRunning: true, Attempts: 2}, nil
}

func TestFateThatIsNotKnown(t *testing.T) {
	unknown := &check.Error{Code: check.CodeNoAnswer, Message: "no answer within 1s", MayBeRunning: true, Attempts: 4}
	i := invoke(t, &scripted{create: map[string]error{"dts-1": unknown}}, one[event.FunctionURL])
	want := `{"Error":{"Code":"ClientError.NetworkError","Message":"no answer within 1s"},"JobId":"dts-1","MayBeRunning":true}`
	if got := readResponse(t, i); got.StatusCode != http.StatusGatewayTimeout || got.Body != want {
		t.Errorf("got %d %s\nwant 504 %s", got.StatusCode, got.Body, want)
	}
	if line := i.log.lines("job")[0]; line["outcome"] != "not known" || line["mayBeRunning"] != true || line["attempts"] != 4.0 {
		t.Errorf("job line %v", line)
	}
}

// The interface promises errors of one type. Another is told of, not lost.
func TestErrorOfAnotherType(t *testing.T) {
	i := invoke(t, &scripted{create: map[string]error{"dts-1": errors.New("out of the blue")}}, one[event.FunctionURL])
	want := `{"Error":{"Code":"ClientError","Message":"out of the blue"},"JobId":"dts-1"}`
	if got := readResponse(t, i); got.StatusCode != http.StatusBadGateway || got.Body != want {
		t.Errorf("got %d %s\nwant 502 %s", got.StatusCode, got.Body, want)
	}
}

// The platform shows the name of the error's Go type, on which alarms are set.
func TestFunctionErrorOnTheWire(t *testing.T) {
	nasty := &check.Error{Code: "InternalError.LockError", Message: "a\nb\r\x1b[31m\u2028c\u0085d\x00é", RequestID: "refused"}
	err := invoke(t, &scripted{create: map[string]error{"dts-1": nasty}}, one[event.Direct]).err
	if name := reflect.TypeOf(err).Elem().Name(); name != "CheckFailed" {
		t.Errorf("type %s", name)
	}
	if want := "dts-1: InternalError.LockError: a b  [31m c d é (RequestId refused)"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	if strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("control characters in %q", err)
	}
}

// What an integration response takes is known before it is written, to the byte.
func TestQuotedSize(t *testing.T) {
	for _, text := range []string{"", "权限\u2028", "\"\\\n\r\t", "\x00\x01\x1f\x7f", "<a href='x'>&\b\f"} {
		body := check.Marshal(text)
		if got, want := quotedSize(body), len(check.Marshal(string(body)))-len(`""`); got != want {
			t.Errorf("%q: %d bytes, want %d", text, got, want)
		}
	}
}

func TestBatchKeepsTheOrderGiven(t *testing.T) {
	ids := make([]string, 96)
	dts := &scripted{create: map[string]error{}}
	for i := range ids {
		ids[i] = fmt.Sprintf("dts-%d", (i*37)%len(ids))
		if i%5 == 0 {
			dts.create[ids[i]] = refusal("InternalError.LockError")
		}
	}
	i := invoke(t, dts, string(check.Marshal(map[string]any{
		"httpMethod": "POST", "path": "/", "body": string(check.Marshal(ids)),
	})))
	var got struct {
		Jobs   []check.Outcome
		Failed int
	}
	if err := json.Unmarshal([]byte(readResponse(t, i).Body), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Jobs) != len(ids) || got.Failed != len(dts.create) {
		t.Fatalf("got %d jobs, %d failed; want %d, %d", len(got.Jobs), got.Failed, len(ids), len(dts.create))
	}
	for i, a := range got.Jobs {
		if a.JobID != ids[i] || (a.Error != nil) != (dts.create[ids[i]] != nil) {
			t.Errorf("[%d]: got %+v, want %s", i, a, ids[i])
		}
	}
}

// verbose is a DTS with much to say of every job: each text has so many bytes.
type verbose struct {
	DTS
	text int
}

func (v verbose) DescribeCheck(context.Context, string) (check.State, check.Receipt, error) {
	text := strings.Repeat("\"長\"", v.text/5)
	no := false
	return check.State{Status: check.Finished, Passed: &no, Progress: 100, Message: text, Steps: []check.Step{
		{ID: "ConnectDBCheck", Name: "Connection", Status: check.StepFailed, Failed: []check.Item{{Name: "Item", Result: "failed", Reason: text, Solution: text, Log: []string{text}}}},
	}}, check.Receipt{RequestID: "described", Attempts: 1}, nil
}

func (v verbose) CreateCheck(context.Context, string) (check.Receipt, error) {
	return check.Receipt{}, &check.Error{Code: "FailedOperation", Message: strings.Repeat("\"長\"", v.text/5), Attempts: 1}
}

// Texts that no answer could hold are not kept until it is written: neither those
// of checks that have ended, nor of checks that are read again, nor of readings that
// failed.
func TestTextsOfThousandsAreNotKept(t *testing.T) {
	const jobs = 2000
	ended, _, _ := verbose{text: 4000}.DescribeCheck(t.Context(), "")
	running := ended
	running.Status, running.Passed = check.Running, nil
	for name, row := range map[string]struct {
		read  reading
		asked string
	}{
		"read":     {reading{state: ended}, `"Action":"DescribeMigrateCheckJob"`},
		"running":  {reading{state: running}, `"Wait":true`},
		"to start": {reading{state: running}, `"Start":true`},
		"not read": {reading{err: &check.Error{Code: "InternalError", Message: strings.Repeat("x", 4096)}}, `"Wait":true`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ids := make([]string, jobs)
				for i := range ids {
					ids[i] = fmt.Sprintf("dts-%d", i)
				}
				heap := func() int {
					var s runtime.MemStats
					runtime.GC()
					runtime.ReadMemStats(&s)
					return int(s.HeapAlloc)
				}
				before, kept := heap(), 0
				o := everything(wordy{reading: row.read})
				o.Log = io.Discard
				o.Forward = forwarder(func(context.Context, report.Report, map[string]check.Told) []check.Forwarded {
					kept = heap() - before
					return nil
				})
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				New(o).Invoke(ctx, fmt.Appendf(nil, `{"JobIds":[%q],%s}`, strings.Join(ids, `","`), row.asked))
				if kept > 24<<20 {
					t.Errorf("%d bytes are kept", kept)
				}
			})
		})
	}
}

// wordy is a DTS that always reads the same, in texts of each answer's own.
type wordy struct {
	DTS
	reading
}

func (wordy) CreateCheck(context.Context, string) (check.Receipt, error) {
	return check.Receipt{RequestID: "r", Attempts: 1, At: time.Now()}, nil
}
func (w wordy) DescribeCheck(context.Context, string) (check.State, check.Receipt, error) {
	if w.err != nil {
		e := *asError(w.err)
		e.Message = strings.Clone(e.Message)
		return check.State{}, check.Receipt{}, &e
	}
	s := w.state
	s.Steps = slices.Clone(s.Steps)
	for i := range s.Steps {
		s.Steps[i].Failed = slices.Clone(s.Steps[i].Failed)
		for j := range s.Steps[i].Failed {
			item := &s.Steps[i].Failed[j]
			item.Reason, item.Solution = strings.Clone(item.Reason), strings.Clone(item.Solution)
		}
	}
	return s, check.Receipt{Attempts: 1, At: time.Now()}, nil
}
func (wordy) DescribeJob(context.Context, string) (check.Job, check.Receipt, error) {
	return check.Job{Status: check.JobChecking}, check.Receipt{At: time.Now()}, nil
}
