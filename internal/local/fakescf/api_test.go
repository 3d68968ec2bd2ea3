package fakescf

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"migratecheck/internal/local/cloudapi"
	"migratecheck/internal/local/scf"
)

// api is an API whose function returns its event, or err.
func api(err error) (*API, *[]scf.Event) {
	var sent []scf.Event
	return &API{
		Gate:     cloudapi.Gate{Service: "scf", Now: time.Now},
		Function: "migrate-check",
		Region:   "ap-guangzhou",
		Invoke: func(_ context.Context, e scf.Event) (scf.Result, error) {
			r := scf.Result{Answer: e.Payload, Duration: 1500 * time.Microsecond, Memory: 3207168, Tail: []byte("log\n")}
			if err != nil {
				r.Answer = nil
			}
			return r, err
		},
		Send: func(e scf.Event) error { sent = append(sent, e); return err },
	}, &sent
}

func call(action, region string, parameters map[string]any) *cloudapi.Request {
	return &cloudapi.Request{Action: action, Version: version, Region: region, Parameters: parameters}
}

// parameters are FunctionName and those given, a name and a value each.
func parameters(more ...any) map[string]any {
	out := map[string]any{"FunctionName": "migrate-check"}
	for i := 0; i < len(more); i += 2 {
		out[more[i].(string)] = more[i+1]
	}
	return out
}

const region = "ap-guangzhou"

func TestSynchronous(t *testing.T) {
	for name, c := range map[string]struct {
		request      *cloudapi.Request
		err          error
		want, retMsg string
	}{
		"Invoke": {call("Invoke", region, parameters("ClientContext", `{"JobId":"dts-1"}`)), nil,
			`{"RetMsg":"{\"JobId\":\"dts-1\"}","ErrMsg":"","Log":"","InvokeResult":0,"MemUsage":3207168,"Duration":1.5,"BillDuration":2}`, ""},
		"Invoke, all parameters": {call("Invoke", region, parameters("ClientContext", `"x"`, "InvocationType", "RequestResponse", "LogType", "Tail", "Namespace", "default", "Qualifier", "$LATEST", "RoutingKey", "{}")), nil,
			`{"RetMsg":"\"x\"","ErrMsg":"","Log":"log\n","InvokeResult":0,"MemUsage":3207168,"Duration":1.5,"BillDuration":2}`, ""},
		"InvokeFunction": {call("InvokeFunction", "", parameters("Event", `["dts-1"]`, "LogType", "None", "Qualifier", "$DEFAULT")), nil,
			`{"RetMsg":"[\"dts-1\"]","ErrMsg":"","Log":"","InvokeResult":0,"MemUsage":3207168,"Duration":1.5,"BillDuration":2}`, ""},
		"no event": {call("Invoke", region, parameters()), nil,
			`{"RetMsg":"{}","ErrMsg":"","Log":"","InvokeResult":0,"MemUsage":3207168,"Duration":1.5,"BillDuration":2}`, ""},
		"function error": {call("Invoke", region, parameters("ClientContext", `{}`)), &scf.FunctionError{Type: "CheckFailed", Message: "no luck"},
			`{"ErrMsg":"no luck","Log":"","InvokeResult":1,"MemUsage":3207168,"Duration":1.5,"BillDuration":2}`,
			`{"errorCode":-1,"errorMessage":"user code exception caught","stackTrace":"CheckFailed: no luck","statusCode":430}`},
		"time-out": {call("InvokeFunction", region, parameters()), scf.ErrTimeout,
			`{"ErrMsg":"the function did not answer in time","Log":"","InvokeResult":1,"MemUsage":3207168,"Duration":1.5,"BillDuration":2}`,
			`{"errorCode":-1,"errorMessage":"the function did not answer in time","statusCode":433}`},
	} {
		t.Run(name, func(t *testing.T) {
			a, sent := api(c.err)
			answer, refusal := a.answer(t.Context(), c.request)
			if refusal != nil || len(*sent) > 0 {
				t.Fatalf("refusal %v, sent %v", refusal, *sent)
			}
			got := object(t, encode(t, answer))["Result"].(map[string]any)
			id, _ := got["FunctionRequestId"].(string)
			if id == "" {
				t.Error("there is no FunctionRequestId")
			}
			delete(got, "FunctionRequestId")
			if c.err != nil { // what the platform says of a failure stands in RetMsg
				said := object(t, got["RetMsg"].(string))
				if said["requestId"] != id {
					t.Errorf("RetMsg has requestId %v, not %s", said["requestId"], id)
				}
				delete(said, "requestId")
				if encode(t, said) != encode(t, object(t, c.retMsg)) {
					t.Errorf("RetMsg %v, want %s", said, c.retMsg)
				}
				delete(got, "RetMsg")
			}
			if encode(t, got) != encode(t, object(t, c.want)) {
				t.Errorf("Result\n%s, want\n%s", encode(t, got), c.want)
			}
		})
	}
}

func encode(t *testing.T, v any) string {
	t.Helper()
	encoded, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestAsynchronous(t *testing.T) {
	a, sent := api(nil)
	answer, refusal := a.answer(t.Context(), call("Invoke", region, parameters("InvocationType", "Event", "ClientContext", `{"JobId":"dts-1"}`, "LogType", "Tail")))
	if refusal != nil {
		t.Fatal(refusal)
	}
	if len(*sent) != 1 || string((*sent)[0].Payload) != `{"JobId":"dts-1"}` {
		t.Fatalf("sent %v", *sent)
	}
	want := `{"Result":{"FunctionRequestId":"` + (*sent)[0].RequestID + `","RetMsg":"","ErrMsg":"","Log":"","InvokeResult":0,"MemUsage":0,"Duration":0,"BillDuration":0}}`
	if got := encode(t, answer); got != want {
		t.Errorf("answer\n%s, want\n%s", got, want)
	}

	a, _ = api(errors.New("no more"))
	if _, refusal := a.answer(t.Context(), call("Invoke", region, parameters("InvocationType", "Event"))); refusal == nil || refusal.Code != "InternalError.System" {
		t.Errorf("an event that is not accepted: %v", refusal)
	}
}

func TestRefusals(t *testing.T) {
	long := `"` + strings.Repeat("x", scf.MaxAsyncEvent) + `"`
	for name, c := range map[string]struct {
		request *cloudapi.Request
		code    string
	}{
		"another version":     {&cloudapi.Request{Action: "Invoke", Version: "2018-03-30", Region: region}, "NoSuchVersion"},
		"another action":      {call("ListFunctions", region, nil), "InvalidAction"},
		"no region":           {call("Invoke", "", parameters()), "MissingParameter"},
		"another region":      {call("Invoke", "ap-shanghai", parameters()), "ResourceNotFound.FunctionName"},
		"no function":         {call("Invoke", region, nil), "MissingParameter"},
		"another function":    {call("InvokeFunction", region, map[string]any{"FunctionName": "other"}), "ResourceNotFound.FunctionName"},
		"function no text":    {call("Invoke", region, map[string]any{"FunctionName": 1}), "InvalidParameter"},
		"unknown parameter":   {call("Invoke", region, parameters("Event", "{}")), "UnknownParameter"},
		"type of the other":   {call("InvokeFunction", region, parameters("InvocationType", "Event")), "UnknownParameter"},
		"another type":        {call("Invoke", region, parameters("InvocationType", "event")), "InvalidParameterValue.Param"},
		"another log type":    {call("Invoke", region, parameters("LogType", "tail")), "InvalidParameterValue.Param"},
		"another namespace":   {call("Invoke", region, parameters("Namespace", "prod")), "ResourceNotFound.Namespace"},
		"another qualifier":   {call("Invoke", region, parameters("Qualifier", "7")), "ResourceNotFound.Qualifier"},
		"event no JSON":       {call("Invoke", region, parameters("ClientContext", "dts-1")), "InvalidParameterValue.ClientContext"},
		"event an object":     {call("Invoke", region, parameters("ClientContext", map[string]any{})), "InvalidParameter"},
		"async event too big": {call("Invoke", region, parameters("InvocationType", "Event", "ClientContext", long)), "InvalidParameter.RequestTooLarge"},
		"event too big":       {call("InvokeFunction", region, parameters("Event", strings.Repeat(" ", scf.MaxEvent)+"1")), "InvalidParameter.RequestTooLarge"},
	} {
		t.Run(name, func(t *testing.T) {
			a, sent := api(nil)
			a.Invoke = func(context.Context, scf.Event) (scf.Result, error) {
				t.Error("the function was invoked")
				return scf.Result{}, nil
			}
			if _, refusal := a.answer(t.Context(), c.request); refusal == nil || refusal.Code != c.code || len(*sent) > 0 {
				t.Errorf("refusal %v, sent %v, want %s", refusal, *sent, c.code)
			}
		})
	}
}

func TestUnsigned(t *testing.T) {
	a, _ := api(nil)
	w := httptest.NewRecorder()
	a.ServeHTTP(w, httptest.NewRequest("POST", "http://scf.example/", strings.NewReader("{}")))
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"Code":"MissingParameter"`) || !strings.Contains(w.Body.String(), `"RequestId"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
