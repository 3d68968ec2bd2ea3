package handler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"unicode"

	"migratecheck/internal/check"
)

// The same request for one job and for two, from each source.
var (
	one = map[source]string{
		sourceAPIGateway:  `{"requestContext":{},"httpMethod":"POST","path":"/","body":"{\"JobId\":\"dts-1\"}"}`,
		sourceFunctionURL: `{"httpMethod":"POST","path":"/","body":"{\"JobId\":\"dts-1\"}"}`,
		sourceTimer:       `{"Type":"Timer","Message":"dts-1"}`,
		sourceCKafka:      `{"Records":[{"Ckafka":{"msgBody":"dts-1"}}]}`,
		sourceCMQ:         `{"Records":[{"CMQ":{"msgBody":"dts-1"}}]}`,
		sourceEventBridge: `{"specversion":"1.0","data":{"JobId":"dts-1"}}`,
		sourceDirect:      `{"JobId":"dts-1"}`,
	}
	two = map[source]string{
		sourceAPIGateway:  `{"requestContext":{},"httpMethod":"GET","path":"/","queryString":{"JobIds":"dts-1,dts-2"}}`,
		sourceFunctionURL: `{"httpMethod":"GET","path":"/","queryString":{"JobIds":"dts-1,dts-2"}}`,
		sourceTimer:       `{"Type":"Timer","Message":"dts-1 dts-2"}`,
		sourceCKafka:      `{"Records":[{"Ckafka":{"msgBody":"dts-1"}},{"Ckafka":{"msgBody":"dts-2"}}]}`,
		sourceCMQ:         `{"Records":[{"CMQ":{"msgBody":"dts-1"}},{"CMQ":{"msgBody":"dts-2"}}]}`,
		sourceEventBridge: `[{"specversion":"1.0","data":"dts-1"},{"specversion":"1.0","data":"dts-2"}]`,
		sourceDirect:      `{"JobIds":["dts-1","dts-2"]}`,
	}
)

// response reads an integration response.
func response(t *testing.T, i invocation) integrationResponse {
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
				Headers:    map[string]string{"Content-Type": "application/json"},
				Body:       entry,
			}
			if row.retryAfter != "" {
				want.Headers["Retry-After"] = row.retryAfter
			}
			for _, s := range []source{sourceAPIGateway, sourceFunctionURL} {
				if got := response(t, invoke(t, dts, one[s])); !reflect.DeepEqual(got, want) {
					t.Errorf("%s: got %+v\nwant %+v", s, got, want)
				}
			}
			kafka := invoke(t, dts, one[sourceCKafka])
			if row.mendable != (kafka.err != nil) {
				t.Errorf("ckafka: got function error %v, mendable %v", kafka.err, row.mendable)
			}
			if kafka.err == nil && string(kafka.answer) != entry {
				t.Errorf("ckafka: got answer %s, want %s", kafka.answer, entry)
			}
			if line := kafka.log.lines("job")[0]; line["level"] != "ERROR" || line["code"] != row.code {
				t.Errorf("ckafka: job line %v", line)
			}
			for _, s := range []source{sourceTimer, sourceCMQ, sourceEventBridge, sourceDirect} {
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
	for s, event := range two {
		t.Run(string(s), func(t *testing.T) {
			i := invoke(t, dts, event)
			switch {
			case s.http():
				got := response(t, i)
				if got.StatusCode != http.StatusMultiStatus || got.Body != body {
					t.Errorf("got %d %s, want 207 %s", got.StatusCode, got.Body, body)
				}
			case s == sourceCKafka:
				if i.err != nil || string(i.answer) != body {
					t.Errorf("got %s, %v", i.answer, i.err)
				}
			default:
				if want := "1 of 2 jobs failed: dts-2: ResourceNotFound.JobNotExist"; i.err == nil || i.err.Error() != want {
					t.Errorf("got %v, want %s", i.err, want)
				}
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
	}}, two[sourceCKafka])
	want := "2 of 2 jobs failed: dts-1: ResourceNotFound.JobNotExist; dts-2: InternalError.LockError"
	if i.err == nil || i.err.Error() != want {
		t.Errorf("got %s, %v; want %s", i.answer, i.err, want)
	}
}

// A check that was created and could not be read is not given back to CKafka:
// each delivery would create another one as soon as the last has ended.
func TestCKafkaKeepsWhatWasCreated(t *testing.T) {
	dts := &scripted{describe: map[string][]reading{"dts-1": {{err: refusal("InternalError.DatabaseError")}}}}
	synctest.Test(t, func(t *testing.T) {
		i := invoke(t, dts, `{"Records":[{"Ckafka":{"msgBody":"{\"JobId\":\"dts-1\",\"Wait\":true}"}}]}`)
		want := `{"Error":{"Code":"InternalError.DatabaseError","Message":"said by DTS"},"JobId":"dts-1","RequestId":"create-dts-1","Created":true}`
		if i.err != nil || string(i.answer) != want {
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
	for s, event := range one {
		t.Run(string(s), func(t *testing.T) {
			i := invoke(t, dts, event)
			outcome := "refused"
			switch s {
			case sourceAPIGateway, sourceFunctionURL:
				if got := response(t, i); got.StatusCode != http.StatusConflict {
					t.Errorf("got %d %s", got.StatusCode, got.Body)
				}
			case sourceDirect:
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
	i := invoke(t, found{}, one[sourceDirect])
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
	i := invoke(t, &scripted{create: map[string]error{"dts-1": unknown}}, one[sourceFunctionURL])
	want := `{"Error":{"Code":"ClientError.NetworkError","Message":"no answer within 1s"},"JobId":"dts-1","MayBeRunning":true}`
	if got := response(t, i); got.StatusCode != http.StatusGatewayTimeout || got.Body != want {
		t.Errorf("got %d %s\nwant 504 %s", got.StatusCode, got.Body, want)
	}
	if line := i.log.lines("job")[0]; line["outcome"] != "not known" || line["mayBeRunning"] != true || line["attempts"] != 4.0 {
		t.Errorf("job line %v", line)
	}
}

// The interface promises errors of one type. Another is told of, not lost.
func TestErrorOfAnotherType(t *testing.T) {
	i := invoke(t, &scripted{create: map[string]error{"dts-1": errors.New("out of the blue")}}, one[sourceFunctionURL])
	want := `{"Error":{"Code":"ClientError","Message":"out of the blue"},"JobId":"dts-1"}`
	if got := response(t, i); got.StatusCode != http.StatusBadGateway || got.Body != want {
		t.Errorf("got %d %s\nwant 502 %s", got.StatusCode, got.Body, want)
	}
}

// The platform shows the name of the error's Go type, on which alarms are set.
func TestFunctionErrorOnTheWire(t *testing.T) {
	nasty := &check.Error{Code: "InternalError.LockError", Message: "a\nb\r\x1b[31m\u2028c\u0085d\x00é", RequestID: "refused"}
	err := invoke(t, &scripted{create: map[string]error{"dts-1": nasty}}, one[sourceDirect]).err
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

func TestBatchKeepsTheOrderGiven(t *testing.T) {
	ids := make([]string, 3*inFlight)
	dts := &scripted{create: map[string]error{}}
	for i := range ids {
		ids[i] = fmt.Sprintf("dts-%d", (i*37)%len(ids))
		if i%5 == 0 {
			dts.create[ids[i]] = refusal("InternalError.LockError")
		}
	}
	i := invoke(t, dts, string(marshal(map[string]any{
		"httpMethod": "POST", "path": "/", "body": string(marshal(ids)),
	})))
	var got answers
	if err := json.Unmarshal([]byte(response(t, i).Body), &got); err != nil {
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

// An answer that the platform would refuse for its size goes without steps.
func TestAnswerThatWouldBeTooLarge(t *testing.T) {
	r := verdict(true, "ok")
	r.state.Steps = []check.Step{{Name: "Connection check", Status: "failed", Message: strings.Repeat("long ", 1<<19)}}
	dts := &scripted{describe: map[string][]reading{"dts-1": {r}, "dts-2": {r}, "dts-3": {r}}}
	describe := func(ids string) string {
		i := invoke(t, dts, `{"JobIds":[`+ids+`],"Action":"DescribeMigrateCheckJob"}`)
		if i.err != nil {
			t.Fatal(i.err)
		}
		return string(i.answer)
	}
	if got := describe(`"dts-1","dts-2"`); strings.Count(got, `"Steps"`) != 2 {
		t.Errorf("5 MB: the steps are gone")
	}
	const entry = `{"JobId":"dts-%d","RequestId":"describe-dts-%[1]d","Check":{"Status":"finished","Passed":true,"Progress":100,"Message":"ok"}}`
	want := `{"Jobs":[` + fmt.Sprintf(entry, 1) + "," + fmt.Sprintf(entry, 2) + "," + fmt.Sprintf(entry, 3) + `],"Failed":0}`
	if got := describe(`"dts-1","dts-2","dts-3"`); got != want {
		t.Errorf("7.5 MB: got %d bytes, %.300s", len(got), got)
	}
}

// Steps that no answer could hold are not kept until it is written.
func TestStepsOfThousandsAreNotKept(t *testing.T) {
	r := verdict(true, "ok")
	r.state.Steps = []check.Step{{Name: "Connection check", Failed: []check.Item{{Reason: strings.Repeat("long ", 1<<15)}}}}
	const jobs = 1000
	work := run{dts: steady(r), log: slog.New(slog.DiscardHandler), output: &output{to: io.Discard}}
	for i := range jobs {
		work.event.tasks = append(work.event.tasks, task{job: fmt.Sprintf("dts-%d", i), describe: true})
	}
	kept := 0
	outcomes := work.all(t.Context())
	for _, o := range outcomes {
		kept += stepsSize(o.state.Steps)
	}
	if kept == 0 || kept > maxAnswer {
		t.Errorf("%d bytes of steps are kept", kept)
	}
	if written, err := answerFor(sourceDirect, true, outcomes, !work.tooManySteps.Load()); err != nil || strings.Contains(string(written), "Steps") {
		t.Errorf("some have steps: %.300s, %v", written, err)
	}
}

// steady is a DTS that always says the same.
type steady reading

func (s steady) CreateCheck(context.Context, string) (check.Receipt, error) {
	return check.Receipt{}, s.err
}

func (s steady) DescribeCheck(context.Context, string) (check.State, check.Receipt, error) {
	return s.state, check.Receipt{RequestID: "described", Attempts: 1}, s.err
}
