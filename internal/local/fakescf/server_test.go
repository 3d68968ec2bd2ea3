package fakescf_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	sdkerrors "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
	sdkhttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"

	"migratecheck/internal/local/cloudapi"
	"migratecheck/internal/local/fakescf"
	"migratecheck/internal/local/scf"
)

// options are an endpoint's whose function returns its event, or err.
func options(err error) (fakescf.Options, *[]scf.Event) {
	var sent []scf.Event
	return fakescf.Options{
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

// call is a call of an action.
type call struct {
	action, region string
	parameters     map[string]any
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

// noListener hands a request to its handler.
type noListener struct{ http.Handler }

func (h noListener) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), nil
}

// send makes a call with Tencent's SDK and returns the Result, as JSON, or the
// error's code.
func (c call) send(t *testing.T, s *fakescf.Server) (result, code string) {
	t.Helper()
	return c.sendAs(t, s, "2018-04-16", cloudapi.ExampleKey)
}

func (c call) sendAs(t *testing.T, s *fakescf.Server, version string, key cloudapi.Key) (result, code string) {
	t.Helper()
	request := sdkhttp.NewCommonRequest("scf", version, c.action)
	if err := request.SetActionParameters(c.parameters); err != nil {
		t.Fatal(err)
	}
	response := sdkhttp.NewCommonResponse()
	client := common.NewCommonClient(common.NewTokenCredential(key.SecretID, key.SecretKey, key.Token), c.region, profile.NewClientProfile())
	err := client.WithHttpTransport(noListener{s}).Send(request, response)
	var e *sdkerrors.TencentCloudSDKError
	if errors.As(err, &e) {
		return "", e.Code
	} else if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Response struct{ Result json.RawMessage }
	}
	if err := json.Unmarshal(response.GetBody(), &answer); err != nil {
		t.Fatal(err)
	}
	return string(answer.Response.Result), ""
}

func TestSynchronous(t *testing.T) {
	for name, c := range map[string]struct {
		call         call
		err          error
		want, retMsg string
	}{
		"Invoke": {call{"Invoke", region, parameters("ClientContext", `{"JobId":"dts-1"}`)}, nil,
			`{"RetMsg":"{\"JobId\":\"dts-1\"}","ErrMsg":"","Log":"","InvokeResult":0,"MemUsage":3207168,"Duration":1.5,"BillDuration":2}`, ""},
		"Invoke, all parameters": {call{"Invoke", region, parameters("ClientContext", `"x"`, "InvocationType", "RequestResponse", "LogType", "Tail", "Namespace", "default", "Qualifier", "$LATEST", "RoutingKey", "{}")}, nil,
			`{"RetMsg":"\"x\"","ErrMsg":"","Log":"log\n","InvokeResult":0,"MemUsage":3207168,"Duration":1.5,"BillDuration":2}`, ""},
		"InvokeFunction": {call{"InvokeFunction", "", parameters("Event", `["dts-1"]`, "LogType", "None", "Qualifier", "$DEFAULT")}, nil,
			`{"RetMsg":"[\"dts-1\"]","ErrMsg":"","Log":"","InvokeResult":0,"MemUsage":3207168,"Duration":1.5,"BillDuration":2}`, ""},
		"no event": {call{"Invoke", region, parameters()}, nil,
			`{"RetMsg":"{}","ErrMsg":"","Log":"","InvokeResult":0,"MemUsage":3207168,"Duration":1.5,"BillDuration":2}`, ""},
		"function error": {call{"Invoke", region, parameters("ClientContext", `{}`)}, &scf.FunctionError{Type: "CheckFailed", Message: "no luck"},
			`{"ErrMsg":"no luck","Log":"","InvokeResult":1,"MemUsage":3207168,"Duration":1.5,"BillDuration":2}`,
			`{"errorCode":-1,"errorMessage":"user code exception caught","stackTrace":"CheckFailed: no luck","statusCode":430}`},
		"time-out": {call{"InvokeFunction", region, parameters()}, scf.ErrTimeout,
			`{"ErrMsg":"the function did not answer in time","Log":"","InvokeResult":1,"MemUsage":3207168,"Duration":1.5,"BillDuration":2}`,
			`{"errorCode":-1,"errorMessage":"the function did not answer in time","statusCode":433}`},
	} {
		t.Run(name, func(t *testing.T) {
			o, sent := options(c.err)
			s := fakescf.New(o)
			result, code := c.call.send(t, s)
			if code != "" || len(*sent) > 0 || len(s.Received()) > 0 {
				t.Fatalf("code %q, sent %v, received %v", code, *sent, s.Received())
			}
			got := object(t, result)
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

// accepted is the Result of an asynchronous invocation.
func accepted(id string) string {
	return `{"BillDuration":0,"Duration":0,"ErrMsg":"","FunctionRequestId":"` + id + `","InvokeResult":0,"Log":"","MemUsage":0,"RetMsg":""}`
}

func TestAsynchronous(t *testing.T) {
	o, sent := options(nil)
	asynchronous := call{"Invoke", region, parameters("InvocationType", "Event", "ClientContext", `{"JobId":"dts-1"}`, "LogType", "Tail")}
	result, code := asynchronous.send(t, fakescf.New(o))
	if code != "" {
		t.Fatal(code)
	}
	if len(*sent) != 1 || string((*sent)[0].Payload) != `{"JobId":"dts-1"}` {
		t.Fatalf("sent %v", *sent)
	}
	if want := accepted((*sent)[0].RequestID); encode(t, object(t, result)) != want {
		t.Errorf("answer\n%s, want\n%s", result, want)
	}

	o, _ = options(errors.New("no more"))
	if _, code := (call{"Invoke", region, parameters("InvocationType", "Event")}).send(t, fakescf.New(o)); code != "InternalError.System" {
		t.Errorf("an event that is not accepted: code %q", code)
	}
}

// event returns the parameters of an asynchronous invocation of a function.
func event(function string, more ...any) map[string]any {
	return parameters(append([]any{"FunctionName", function, "InvocationType", "Event", "ClientContext", `{"Failed": 0}`}, more...)...)
}

// TestOtherFunctions: whatever is sent to another function is taken and shown.
func TestOtherFunctions(t *testing.T) {
	largest := `"` + strings.Repeat("x", scf.MaxAsyncEvent-2) + `"`
	for name, c := range map[string]struct {
		region     string
		parameters map[string]any
		want       fakescf.Received
	}{
		"another name":      {region, event("report"), fakescf.Received{Region: region, Function: "report", Event: []byte(`{"Failed": 0}`)}},
		"with all":          {region, event("report", "Namespace", "prod", "Qualifier", "7", "RoutingKey", "{}"), fakescf.Received{Region: region, Namespace: "prod", Function: "report", Qualifier: "7", Event: []byte(`{"Failed": 0}`)}},
		"another namespace": {region, event("migrate-check", "Namespace", "prod"), fakescf.Received{Region: region, Namespace: "prod", Function: "migrate-check", Event: []byte(`{"Failed": 0}`)}},
		"another region":    {"ap-shanghai", event("migrate-check"), fakescf.Received{Region: "ap-shanghai", Function: "migrate-check", Event: []byte(`{"Failed": 0}`)}},
		"the largest":       {region, event("report", "ClientContext", largest), fakescf.Received{Region: region, Function: "report", Event: []byte(largest)}},
		"no event":          {region, event("report", "ClientContext", ""), fakescf.Received{Region: region, Function: "report", Event: []byte(`{}`)}},
	} {
		t.Run(name, func(t *testing.T) {
			at := time.Now()
			o, sent := options(nil)
			o.Now = func() time.Time { return at }
			var called []fakescf.Received
			o.OnReceive = func(e fakescf.Received) { called = append(called, e) }
			s := fakescf.New(o)
			result, code := call{"Invoke", c.region, c.parameters}.send(t, s)
			received := s.Received()
			if code != "" || len(received) != 1 || len(called) != 1 || len(*sent) > 0 {
				t.Fatalf("code %q, received %v, called with %v, sent %v", code, received, called, *sent)
			}
			c.want.At, c.want.FunctionRequestID = at, received[0].FunctionRequestID
			if encode(t, received[0]) != encode(t, c.want) || encode(t, called[0]) != encode(t, c.want) {
				t.Errorf("received %.300s, called with %.300s, want %.300s", encode(t, received[0]), encode(t, called[0]), encode(t, c.want))
			}
			if want := accepted(received[0].FunctionRequestID); encode(t, object(t, result)) != want || len(received[0].FunctionRequestID) != 36 {
				t.Errorf("answer\n%s, want\n%s", result, want)
			}
			o.Forget = true
			s = fakescf.New(o)
			if (call{"Invoke", c.region, c.parameters}).send(t, s); len(s.Received()) != 0 || len(called) != 2 {
				t.Errorf("received %v, called %d times", s.Received(), len(called))
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	long := `"` + strings.Repeat("x", scf.MaxAsyncEvent) + `"`
	for name, c := range map[string]struct {
		call call
		code string
	}{
		"another action":        {call{"ListFunctions", region, map[string]any{}}, "InvalidAction"},
		"no region":             {call{"Invoke", "", parameters()}, "MissingParameter"},
		"another region":        {call{"Invoke", "ap-shanghai", parameters()}, "ResourceNotFound.FunctionName"},
		"no function":           {call{"Invoke", region, map[string]any{}}, "MissingParameter"},
		"another function":      {call{"InvokeFunction", region, map[string]any{"FunctionName": "other"}}, "ResourceNotFound.FunctionName"},
		"another, sync":         {call{"Invoke", region, event("other", "InvocationType", "RequestResponse")}, "ResourceNotFound.FunctionName"},
		"another, no type":      {call{"Invoke", region, map[string]any{"FunctionName": "other"}}, "ResourceNotFound.FunctionName"},
		"another, no JSON":      {call{"Invoke", region, event("other", "ClientContext", "dts-1")}, "InvalidParameterValue.ClientContext"},
		"another, too big":      {call{"Invoke", region, event("other", "ClientContext", long)}, "InvalidParameter.RequestTooLarge"},
		"function no text":      {call{"Invoke", region, parameters("FunctionName", 1)}, "InvalidParameter"},
		"unknown parameter":     {call{"Invoke", region, parameters("Event", "{}")}, "UnknownParameter"},
		"type of the other":     {call{"InvokeFunction", region, parameters("InvocationType", "Event")}, "UnknownParameter"},
		"another type":          {call{"Invoke", region, parameters("InvocationType", "event")}, "InvalidParameterValue.Param"},
		"another log type":      {call{"Invoke", region, parameters("LogType", "tail")}, "InvalidParameterValue.Param"},
		"another namespace":     {call{"Invoke", region, parameters("Namespace", "prod")}, "ResourceNotFound.Namespace"},
		"another qualifier":     {call{"Invoke", region, parameters("Qualifier", "7")}, "ResourceNotFound.Qualifier"},
		"qualifier, async":      {call{"Invoke", region, event("migrate-check", "Qualifier", "7")}, "ResourceNotFound.Qualifier"},
		"event no JSON":         {call{"Invoke", region, parameters("ClientContext", "dts-1")}, "InvalidParameterValue.ClientContext"},
		"event an object":       {call{"Invoke", region, parameters("ClientContext", map[string]any{})}, "InvalidParameter"},
		"async event too big":   {call{"Invoke", region, parameters("InvocationType", "Event", "ClientContext", long)}, "InvalidParameter.RequestTooLarge"},
		"event too big":         {call{"InvokeFunction", region, parameters("Event", strings.Repeat(" ", scf.MaxEvent)+"1")}, "InvalidParameter.RequestTooLarge"},
		"event too big, Invoke": {call{"Invoke", region, parameters("ClientContext", strings.Repeat(" ", scf.MaxEvent)+"1")}, "InvalidParameter.RequestTooLarge"},
	} {
		t.Run(name, func(t *testing.T) {
			o, sent := options(nil)
			o.Invoke = func(context.Context, scf.Event) (scf.Result, error) {
				t.Error("the function was invoked")
				return scf.Result{}, nil
			}
			s := fakescf.New(o)
			if _, code := c.call.send(t, s); code != c.code || len(*sent) > 0 || len(s.Received()) > 0 {
				t.Errorf("code %q, sent %v, received %v, want %s", code, *sent, s.Received(), c.code)
			}
		})
	}
}

func TestFrontDoor(t *testing.T) {
	o, _ := options(nil)
	invoke := call{"Invoke", region, parameters()}
	if _, code := invoke.sendAs(t, fakescf.New(o), "2018-03-30", cloudapi.ExampleKey); code != "NoSuchVersion" {
		t.Errorf("another version: code %q", code)
	}
	wrong := cloudapi.ExampleKey
	wrong.SecretKey = "x"
	if _, code := invoke.sendAs(t, fakescf.New(o), "2018-04-16", wrong); code != "AuthFailure.SignatureFailure" {
		t.Errorf("a wrong key: code %q", code)
	}
	o.Keys = []cloudapi.Key{{SecretID: "other", SecretKey: "other"}}
	if _, code := invoke.sendAs(t, fakescf.New(o), "2018-04-16", o.Keys[0]); code != "" {
		t.Errorf("a key of its own: code %q", code)
	}
}

// TestQuota: 100 calls a second of Invoke, 10,000 of InvokeFunction.
func TestQuota(t *testing.T) {
	at := time.Now()
	for action, want := range map[string]int{"Invoke": 100, "InvokeFunction": 150} {
		o, _ := options(nil)
		o.Now = func() time.Time { return at }
		s := fakescf.New(o)
		in := 0
		for range 150 {
			if _, code := (call{action, region, parameters()}).send(t, s); code == "" {
				in++
			} else if code != "RequestLimitExceeded" {
				t.Fatal(code)
			}
		}
		if in != want {
			t.Errorf("%s: %d of 150 calls were let in, want %d", action, in, want)
		}
	}
}

// TestClientGone: an event that has begun goes on without its client.
func TestClientGone(t *testing.T) {
	o, _ := options(nil)
	ctx, cancel := context.WithCancel(t.Context())
	ran := false
	o.Invoke = func(ctx context.Context, _ scf.Event) (scf.Result, error) {
		cancel()
		ran = ctx.Err() == nil
		return scf.Result{}, nil
	}
	signed, err := cloudapi.SignedURL("http://scf.example", cloudapi.ExampleKey, "Invoke", "2018-04-16", region, url.Values{"FunctionName": {"migrate-check"}}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	fakescf.New(o).ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, signed, nil))
	if !ran {
		t.Error("the event ended with its client")
	}
}

// TestFaults: an invocation that is carried out may have its answer lost.
func TestFaults(t *testing.T) {
	o, _ := options(nil)
	o.Faults = []cloudapi.Fault{{Kind: cloudapi.FaultCode, Code: "ResourceUnavailable.InsufficientBalance", Times: 1},
		{Kind: cloudapi.FaultCodeCarried, Code: "InternalError.System", Times: 1}}
	s := fakescf.New(o)
	var got []string
	for range 3 {
		_, code := call{"Invoke", region, event("report")}.send(t, s)
		got = append(got, code)
	}
	if !slices.Equal(got, []string{"ResourceUnavailable.InsufficientBalance", "InternalError.System", ""}) || len(s.Received()) != 2 {
		t.Errorf("codes %q, received %d", got, len(s.Received()))
	}
}
