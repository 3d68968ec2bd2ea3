package fakeeb_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	sdkerrors "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
	sdkhttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"

	"migratecheck/internal/local/cloudapi"
	"migratecheck/internal/local/fakeeb"
)

// noListener hands a request to its handler.
type noListener struct{ http.Handler }

func (h noListener) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), nil
}

// put calls PutEvents with Tencent's SDK and returns the error's code, empty for
// a success.
func put(t *testing.T, s *fakeeb.Server, key cloudapi.Key, parameters map[string]any) string {
	t.Helper()
	request := sdkhttp.NewCommonRequest("eb", "2021-04-16", "PutEvents")
	if err := request.SetActionParameters(parameters); err != nil {
		t.Fatal(err)
	}
	client := common.NewCommonClient(common.NewTokenCredential(key.SecretID, key.SecretKey, key.Token), "ap-guangzhou", profile.NewClientProfile())
	response := sdkhttp.NewCommonResponse()
	err := client.WithHttpTransport(noListener{s}).Send(request, response)
	var e *sdkerrors.TencentCloudSDKError
	switch {
	case errors.As(err, &e):
		return e.Code
	case err != nil:
		t.Fatal(err)
	}
	var answer struct{ Response map[string]any }
	if err := json.Unmarshal(response.GetBody(), &answer); err != nil || len(answer.Response) != 1 || answer.Response["RequestId"] == "" {
		t.Errorf("answer %s, want a RequestId and nothing else", response.GetBody())
	}
	return ""
}

type object = map[string]any

// event is an event with the members changed.
func event(changes object) object {
	e := object{"Source": "migrate-check", "Type": "migrate-check:passed", "Subject": "dts-1kl0iy0v", "Data": `{"JobId": "dts-1kl0iy0v"}`}
	for name, value := range changes {
		e[name] = value
		if value == nil {
			delete(e, name)
		}
	}
	return e
}

func TestPutEvents(t *testing.T) {
	at := time.Now()
	var called []fakeeb.Received
	o := fakeeb.Options{Now: func() time.Time { return at }, OnReceive: func(r fakeeb.Received) { called = append(called, r) }}
	s := fakeeb.New(o)
	if code := put(t, s, cloudapi.ExampleKey, object{"EventBusId": fakeeb.Bus, "EventList": []object{
		event(nil),
		event(object{"Data": `[]`, "Time": 1795441545533, "Id": "1", "Region": "ap-shanghai", "Status": "1", "TagList": []object{{"Key": "a", "Value": "b"}}}),
	}}); code != "" {
		t.Fatal(code)
	}
	if code := put(t, s, cloudapi.ExampleKey, object{"EventBusId": fakeeb.Bus, "EventList": []object{event(object{"Subject": "dts-2"})}}); code != "" {
		t.Fatal(code)
	}
	of := func(call int, e fakeeb.Event) fakeeb.Received {
		return fakeeb.Received{At: at, Bus: fakeeb.Bus, Region: "ap-guangzhou", Call: call, Event: e}
	}
	want := []fakeeb.Received{
		of(1, fakeeb.Event{Source: "migrate-check", Type: "migrate-check:passed", Subject: "dts-1kl0iy0v", Data: json.RawMessage(`{"JobId": "dts-1kl0iy0v"}`)}),
		of(1, fakeeb.Event{Source: "migrate-check", Type: "migrate-check:passed", Subject: "dts-1kl0iy0v", Data: json.RawMessage(`[]`), Time: 1795441545533, ID: "1", Region: "ap-shanghai", Status: "1"}),
		of(2, fakeeb.Event{Source: "migrate-check", Type: "migrate-check:passed", Subject: "dts-2", Data: json.RawMessage(`{"JobId": "dts-1kl0iy0v"}`)}),
	}
	for name, got := range map[string][]fakeeb.Received{"received": s.Received(), "called with": called} {
		if text(t, got) != text(t, want) {
			t.Errorf("%s\n%s, want\n%s", name, text(t, got), text(t, want))
		}
	}
	o.Forget = true
	s = fakeeb.New(o)
	put(t, s, cloudapi.ExampleKey, object{"EventBusId": fakeeb.Bus, "EventList": []object{event(nil)}})
	if len(s.Received()) != 0 || len(called) != 4 {
		t.Errorf("received %v, called %d times", s.Received(), len(called))
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// ofSize returns a call of so many bytes.
func ofSize(t *testing.T, size int) object {
	call := object{"EventBusId": fakeeb.Bus, "EventList": []object{event(object{"Source": "<&>"}), event(object{"Data": "null"})}}
	without := len(text(t, call))
	call["EventList"].([]object)[1]["Data"] = strings.Repeat(" ", size-without) + "null"
	if got := len(text(t, call)); got != size {
		t.Fatalf("%d bytes, not %d", got, size)
	}
	return call
}

func TestRefusals(t *testing.T) {
	with := func(changes object) object {
		return object{"EventBusId": fakeeb.Bus, "EventList": []object{event(nil), event(changes)}}
	}
	const invalid = "InvalidParameterValue.InvalidEvent"
	for name, test := range map[string]struct {
		parameters object
		want       string
	}{
		"none":              {with(nil), ""},
		"no bus":            {object{"EventList": []object{event(nil)}}, "MissingParameter"},
		"empty bus":         {object{"EventBusId": "", "EventList": []object{event(nil)}}, "ResourceNotFound.EventBus"},
		"no such bus":       {object{"EventBusId": "eb-other001", "EventList": []object{event(nil)}}, "ResourceNotFound.EventBus"},
		"no bus's form":     {object{"EventBusId": "default", "EventList": []object{event(nil)}}, "InvalidParameterValue.EventBusId"},
		"no list":           {object{"EventBusId": fakeeb.Bus}, "MissingParameter"},
		"empty list":        {object{"EventBusId": fakeeb.Bus, "EventList": []object{}}, "MissingParameter"},
		"one event":         {object{"EventBusId": fakeeb.Bus, "EventList": event(nil)}, "InvalidParameter"},
		"no source":         {with(object{"Source": nil}), "MissingParameter"},
		"no type":           {with(object{"Type": nil}), "MissingParameter"},
		"no subject":        {with(object{"Subject": nil}), "MissingParameter"},
		"no data":           {with(object{"Data": nil}), "MissingParameter"},
		"empty source":      {with(object{"Source": ""}), invalid},
		"empty type":        {with(object{"Type": ""}), invalid},
		"empty subject":     {with(object{"Subject": ""}), invalid},
		"empty data":        {with(object{"Data": ""}), invalid},
		"data no JSON":      {with(object{"Data": "dts-1"}), invalid},
		"data an object":    {with(object{"Data": object{"JobId": "dts-1"}}), "InvalidParameter"},
		"time a text":       {with(object{"Time": "2026-11-25"}), "InvalidParameter"},
		"tag without value": {with(object{"TagList": []object{{"Key": "a"}}}), "MissingParameter"},
		"tag without key":   {with(object{"TagList": []object{{"Value": "a"}}}), "MissingParameter"},
		"unknown member":    {with(object{"SpecVersion": "1.0"}), "UnknownParameter"},
		"unknown parameter": {object{"EventBusId": fakeeb.Bus, "EventList": []object{event(nil)}, "Force": true}, "UnknownParameter"},
		"the largest":       {ofSize(t, fakeeb.MaxCall), ""},
		"too large":         {ofSize(t, fakeeb.MaxCall+1), invalid},
	} {
		t.Run(name, func(t *testing.T) {
			s := fakeeb.New(fakeeb.Options{})
			if got := put(t, s, cloudapi.ExampleKey, test.parameters); got != test.want {
				t.Errorf("code %q, want %q", got, test.want)
			}
			if n := len(s.Received()); (n > 0) != (test.want == "") {
				t.Errorf("%d events were received: it is all of a call or none", n)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	one := object{"EventBusId": "eb-own", "EventList": []object{event(nil)}}
	wrong := cloudapi.ExampleKey
	wrong.SecretKey = "x"
	s := fakeeb.New(fakeeb.Options{Buses: []string{"eb-own"}})
	if code := put(t, s, wrong, one); code != "AuthFailure.SignatureFailure" {
		t.Errorf("a wrong key: code %q", code)
	}
	if code := put(t, s, cloudapi.ExampleKey, one); code != "" {
		t.Errorf("a bus of its own: code %q", code)
	}
	own := cloudapi.Key{SecretID: "own", SecretKey: "own"}
	at := time.Now()
	s = fakeeb.New(fakeeb.Options{Buses: []string{"eb-own"}, Keys: []cloudapi.Key{own}, Quota: 1, Now: func() time.Time { return at }})
	for i, want := range []string{"", "RequestLimitExceeded"} {
		if code := put(t, s, own, one); code != want {
			t.Errorf("call %d of its own key: code %q, want %q", i+1, code, want)
		}
	}
	s = fakeeb.New(fakeeb.Options{Buses: []string{"eb-own"}, Faults: []cloudapi.Fault{
		{Kind: cloudapi.FaultCode, Code: "LimitExceeded.ResourceLimit", Times: 1}, {Kind: cloudapi.FaultCodeCarried, Code: "InternalError.System", Times: 1}}})
	for i, want := range []string{"LimitExceeded.ResourceLimit", "InternalError.System", ""} {
		if code := put(t, s, cloudapi.ExampleKey, one); code != want {
			t.Errorf("call %d: code %q, want %q", i+1, code, want)
		}
	}
	if n := len(s.Received()); n != 2 {
		t.Errorf("%d events were received, want 2", n)
	}
}

// TestQuota: 1,000 calls a second.
func TestQuota(t *testing.T) {
	at := time.Now()
	s := fakeeb.New(fakeeb.Options{Now: func() time.Time { return at }})
	for i := range 1001 {
		want := ""
		if i == 1000 {
			want = "RequestLimitExceeded"
		}
		if code := put(t, s, cloudapi.ExampleKey, object{"EventBusId": fakeeb.Bus, "EventList": []object{event(nil)}}); code != want {
			t.Fatalf("call %d: code %q, want %q", i+1, code, want)
		}
	}
}
