package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"migratecheck/internal/local/fakescf"
	"migratecheck/internal/local/scf"
)

// However an answer comes, it ends a pipeline with the same status, and what is
// no answer, or lacks something, never with 0.
func TestReadAnswer(t *testing.T) {
	const (
		created   = `{"JobId":"dts-1","RequestId":"r"}`
		passed    = `{"JobId":"dts-1","RequestId":"r","Check":{"Status":"finished","Passed":true,"Progress":100}}`
		notPassed = `{"JobId":"dts-1","RequestId":"r","Check":{"Status":"finished","Passed":false,"Progress":100}}`
		noVerdict = `{"JobId":"dts-1","RequestId":"r","Check":{"Status":"running","Progress":50}}`
		refused   = `{"Error":{"Code":"ResourceNotFound.JobNotExist","Message":"m"},"JobId":"dts-1","RequestId":"r"}`
		waiting   = `{"JobId":"dts-1","Waiting":true}`
		started   = `{"JobId":"dts-1","RequestId":"r","Check":{"Status":"finished","Passed":true,"Progress":100},"Started":true,"StartRequestId":"s"}`
		rehearsed = `{"JobId":"dts-1","Would":["check","start"]}`
	)
	invoked := func(answer string) string {
		return string(encode(map[string]any{"Result": fakescf.Result{FunctionRequestID: "f", RetMsg: answer}, "RequestId": "q"}))
	}
	failure, _ := json.Marshal(scf.FailureOf(&scf.FunctionError{Type: "CheckFailed", Message: "dts-1: A.B: c"}, "f"))
	failed := string(encode(map[string]any{"Result": fakescf.Result{RetMsg: string(failure), ErrMsg: "dts-1: A.B: c", InvokeResult: 1}}))
	event := func(data string) string {
		return `{"specversion":"1.0","id":"1","source":"migrate-check","data":` + data + `}`
	}
	batch := func(jobs ...string) string { return `{"Jobs":[` + strings.Join(jobs, ",") + `],"Failed":0}` }
	http := func(status, body string) string {
		return `{"statusCode":` + status + `,"headers":{},"body":` + string(encode(body)) + `}`
	}
	for name, c := range map[string]struct {
		text   string
		flags  verdictFlags
		status int
	}{
		"created":                 {created, verdictFlags{}, 0},
		"created, no verdict":     {created, verdictFlags{needVerdict: true}, 4},
		"passed":                  {passed, verdictFlags{needVerdict: true}, 0},
		"not passed":              {notPassed, verdictFlags{}, 3},
		"not passed, no matter":   {notPassed, verdictFlags{failOn: "failed"}, 0},
		"no verdict":              {noVerdict, verdictFlags{}, 4},
		"no verdict, no matter":   {noVerdict, verdictFlags{failOn: "failed"}, 0},
		"waiting":                 {waiting, verdictFlags{}, 4},
		"started":                 {started, verdictFlags{}, 0},
		"a rehearsal":             {rehearsed, verdictFlags{}, 0},
		"refused":                 {refused, verdictFlags{failOn: "failed"}, 1},
		"a failure alone":         {`{"Error":{"Code":"CheckFailed","Message":"m"}}`, verdictFlags{}, 1},
		"a batch that passed":     {batch(passed, started), verdictFlags{}, 0},
		"the first of all":        {batch(noVerdict, notPassed, refused), verdictFlags{}, 1},
		"the first of two":        {batch(noVerdict, passed, notPassed), verdictFlags{}, 3},
		"nothing":                 {batch(), verdictFlags{}, 0},
		"nothing, a failure":      {batch(), verdictFlags{failEmpty: true}, 5},
		"something":               {batch(passed), verdictFlags{failEmpty: true}, 0},
		"by tccli":                {invoked(passed), verdictFlags{}, 0},
		"by tccli, not passed":    {invoked(notPassed), verdictFlags{}, 3},
		"by the API":              {`{"Response":` + invoked(noVerdict) + `}`, verdictFlags{}, 4},
		"RetMsg in quotes":        {string(encode(passed)), verdictFlags{}, 0},
		"a Result alone":          {`{"RetMsg":` + string(encode(notPassed)) + `,"InvokeResult":0}`, verdictFlags{}, 3},
		"an HTTP body by tccli":   {invoked(http("207", batch(passed, refused))), verdictFlags{}, 1},
		"asynchronous":            {invoked(""), verdictFlags{}, 1},
		"a function error":        {failed, verdictFlags{}, 1},
		"words of the platform":   {string(failure), verdictFlags{}, 1},
		"a time-out":              {`{"Result":{"RetMsg":"{\"errorCode\":-1,\"errorMessage\":\"timed out\",\"statusCode\":433}","InvokeResult":-1,"ErrMsg":""}}`, verdictFlags{}, 1},
		"an error without words":  {`{"Result":{"RetMsg":"{\"JobId\":\"dts-1\",\"RequestId\":\"r\"}","InvokeResult":1,"ErrMsg":"boom"}}`, verdictFlags{}, 1},
		"a refusal of the API":    {`{"Response":{"Error":{"Code":"ResourceNotFound.FunctionName","Message":"m"},"RequestId":"r"}}`, verdictFlags{}, 1},
		"over HTTP":               {http("200", passed), verdictFlags{}, 0},
		"over HTTP, refused":      {http("404", refused), verdictFlags{}, 1},
		"over HTTP, encoded":      {`{"statusCode":200,"isBase64Encoded":true,"body":"` + base64.StdEncoding.EncodeToString([]byte(notPassed)) + `"}`, verdictFlags{}, 3},
		"over HTTP, a page":       {http("200", "<html>"), verdictFlags{}, 1},
		"forwarded":               {event(notPassed), verdictFlags{}, 3},
		"forwarded together":      {`[` + event(passed) + `,` + event(noVerdict) + `]`, verdictFlags{}, 4},
		"forwarded in a list":     {`{"EventList":[` + event(passed) + `]}`, verdictFlags{}, 0},
		"forwarded to a function": {`{"Jobs":[` + passed + `],"Failed":0,"Via":["ap-guangzhou/default/migrate-check"]}`, verdictFlags{}, 0},
		"from Windows":            {"\ufeff" + passed + "\r\n", verdictFlags{}, 0},
		"a request":               {`{"JobId":"dts-1"}`, verdictFlags{}, 1},
		"a batch of requests":     {batch(`{"JobId":"dts-1"}`, passed), verdictFlags{}, 1},
		"a job without a name":    {batch(`{"RequestId":"r"}`), verdictFlags{}, 1},
		"an empty job":            {batch(`{}`), verdictFlags{}, 1},
		"an empty object":         {`{}`, verdictFlags{}, 1},
		"no jobs":                 {`{"Jobs":null}`, verdictFlags{}, 1},
		"no list of jobs":         {`{"Jobs":{}}`, verdictFlags{}, 1},
		"an empty list":           {`[]`, verdictFlags{}, 1},
		"null":                    {`null`, verdictFlags{}, 1},
		"nothing at all":          {"\n", verdictFlags{}, 1},
		"tccli's own error":       {"[TencentCloudSDKException] code:AuthFailure message:no", verdictFlags{}, 1},
		"half an answer":          {passed[:40], verdictFlags{}, 1},
		"two answers":             {passed + passed, verdictFlags{}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			if c.flags.failOn == "" {
				c.flags.failOn = "verdict"
			}
			_, r, err := readAnswer([]byte(c.text))
			status := c.flags.of(r)
			if err != nil {
				status = 1
				if !errors.Is(err, errNoAnswer) || len(err.Error()) > 2*maxError {
					t.Errorf("error %v", err)
				}
			}
			if status != c.status {
				t.Errorf("status %d of %+v, error %v, want %d", status, r, err, c.status)
			}
		})
	}
	_, r, err := readAnswer([]byte(failed))
	if e := r.Jobs[0].Error; err != nil || e.Code != "CheckFailed" || e.Message != "dts-1: A.B: c" {
		t.Errorf("the function error is %+v, %v", e, err)
	}
}
