package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"migratecheck/internal/local/scf"
)

// send sends a request through a gateway whose function returns returned, or
// fails with err, and returns the answer and the function's event.
func send(t *testing.T, g *Gateway, r *http.Request, returned string, err error) (*httptest.ResponseRecorder, map[string]any) {
	t.Helper()
	var event map[string]any
	g.Invoke = func(_ context.Context, e scf.Event) (scf.Result, error) {
		if err := json.Unmarshal(e.Payload, &event); err != nil {
			t.Error(err)
		}
		if e.RequestID == "" {
			t.Error("the event has no request id")
		}
		return scf.Result{Answer: []byte(returned)}, err
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	return w, event
}

func request(method, target, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	r.RemoteAddr = "10.0.2.14:50000"
	return r
}

const ok = `{"isBase64Encoded":false,"statusCode":200,"headers":{},"body":"{}"}`

func TestEvents(t *testing.T) {
	api := &Gateway{APIGateway: true, Route: "/jobs/{JobId}/checks"}
	for name, c := range map[string]struct {
		gateway *Gateway
		request *http.Request
		want    string
	}{
		"URL": {&Gateway{},
			request("POST", "http://f.example/a%20b?x=1", `{"JobId":"dts-1"}`, "Content-Type", "application/json", "Accept", "a/b", "Accept", "c/d", "X-Scf-Remote-Addr", "1.1.1.1"),
			`{"httpMethod":"POST","path":"/a b","body":"{\"JobId\":\"dts-1\"}","queryString":{"x":"1"},
			  "headers":{"accept":"a/b, c/d","content-type":"application/json","content-length":"17","host":"f.example","x-scf-remote-addr":"10.0.2.14"}}`},
		"API Gateway": {api,
			request("POST", "http://g.example/jobs/dts%2D1/checks?Wait", ""),
			`{"requestContext":{"serviceId":"service-local","path":"/jobs/{JobId}/checks","httpMethod":"POST","identity":{},"sourceIp":"10.0.2.14","stage":"release"},
			  "httpMethod":"POST","path":"/jobs/dts-1/checks","body":"","isBase64Encoded":false,"queryString":{"Wait":true},
			  "pathParameters":{"JobId":"dts-1"},"queryStringParameters":{},"headerParameters":{},"stageVariables":{"stage":"release"},
			  "headers":{"host":"g.example"}}`},
		"API Gateway, any path": {&Gateway{APIGateway: true},
			request("GET", "http://g.example/x/y", ""),
			`{"requestContext":{"serviceId":"service-local","path":"/x/y","httpMethod":"GET","identity":{},"sourceIp":"10.0.2.14","stage":"release"},
			  "httpMethod":"GET","path":"/x/y","body":"","isBase64Encoded":false,"queryString":{},
			  "pathParameters":{},"queryStringParameters":{},"headerParameters":{},"stageVariables":{"stage":"release"},
			  "headers":{"host":"g.example"}}`},
		"API Gateway, binary": {&Gateway{APIGateway: true},
			request("PUT", "http://g.example/", "\xff\xfe"),
			`{"requestContext":{"serviceId":"service-local","path":"/","httpMethod":"PUT","identity":{},"sourceIp":"10.0.2.14","stage":"release"},
			  "httpMethod":"PUT","path":"/","body":"//4=","isBase64Encoded":true,"queryString":{},
			  "pathParameters":{},"queryStringParameters":{},"headerParameters":{},"stageVariables":{"stage":"release"},
			  "headers":{"host":"g.example","content-length":"2"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			w, event := send(t, c.gateway, c.request, ok, nil)
			if w.Code != 200 {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
			if context, ok := event["requestContext"].(map[string]any); ok {
				if context["requestId"] != w.Header().Get("X-Api-RequestId") || context["requestId"] == "" {
					t.Errorf("the event's requestId is %v, the answer's %q", context["requestId"], w.Header().Get("X-Api-RequestId"))
				}
				delete(context, "requestId")
			}
			var want map[string]any
			if err := json.Unmarshal([]byte(c.want), &want); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(event, want) {
				t.Errorf("event\n%v, want\n%v", event, want)
			}
		})
	}
}

func TestQueryString(t *testing.T) {
	for query, want := range map[string]string{
		"":                    `{}`,
		"a=1&b=2":             `{"a":"1","b":"2"}`,
		"a":                   `{"a":true}`,
		"a=":                  `{"a":""}`,
		"a=1&a=2&a":           `{"a":["1","2",true]}`,
		"a+b=c%20d%25":        `{"a b":"c d%"}`,
		"a=%zz&&b=x=y;z":      `{"a":"%zz","b":"x=y;z"}`,
		"JobIds.0=1&JobIds.1": `{"JobIds.0":"1","JobIds.1":true}`,
	} {
		t.Run(query, func(t *testing.T) {
			if got := string(encode(queryString(query))); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}

func TestRoutes(t *testing.T) {
	g := &Gateway{APIGateway: true, Route: "/jobs/{JobId}/checks"}
	for path, status := range map[string]int{
		"/jobs/dts-1/checks":   200,
		"/jobs/a%2Fb/checks":   200,
		"/jobs//checks":        404,
		"/jobs/dts-1/checks/":  404,
		"/jobs/dts-1":          404,
		"/jobs/dts-1/x/checks": 404,
		"/":                    404,
	} {
		t.Run(path, func(t *testing.T) {
			w, event := send(t, g, request("GET", "http://g.example"+path, ""), ok, nil)
			if w.Code != status || event != nil != (status == 200) {
				t.Errorf("status %d, event %v, want status %d", w.Code, event, status)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	const malformed = `{"errno":403,"error":"Invalid scf response format. please check your scf response format."}`
	for name, c := range map[string]struct {
		returned  string
		api, url  int
		body      string // of the URL's answer, and of both if they agree
		header    string
		wantValue []string
	}{
		"status and body":   {`{"statusCode":409,"body":"x"}`, 409, 409, "x", "Content-Type", []string{"application/json"}},
		"a header":          {`{"statusCode":200,"headers":{"content-type":"text/plain"},"body":"x"}`, 200, 200, "x", "Content-Type", []string{"text/plain"}},
		"several values":    {`{"statusCode":200,"headers":{"Set-Cookie":["a=1","b=2"]}}`, 200, 200, "", "Set-Cookie", []string{"a=1", "b=2"}},
		"base64":            {`{"statusCode":200,"isBase64Encoded":true,"body":"//4="}`, 200, 200, "\xff\xfe", "", nil},
		"a false length":    {`{"statusCode":200,"headers":{"Content-Length":"7"},"body":"x"}`, 200, 200, "x", "Content-Length", nil},
		"JSON, no status":   {`{"JobId":"dts-1"}`, 403, 200, `{"JobId":"dts-1"}`, "Content-Type", []string{"application/json"}},
		"JSON, a string":    {`"dts-1"`, 403, 200, `"dts-1"`, "", nil},
		"not base64":        {`{"statusCode":200,"isBase64Encoded":true,"body":"?"}`, 403, 403, malformed, "", nil},
		"status no number":  {`{"statusCode":"200","body":"x"}`, 403, 403, malformed, "", nil},
		"status too low":    {`{"statusCode":100,"body":"x"}`, 403, 403, malformed, "", nil},
		"status too high":   {`{"statusCode":1000,"body":"x"}`, 403, 403, malformed, "", nil},
		"body no text":      {`{"statusCode":200,"body":{}}`, 403, 403, malformed, "", nil},
		"header no text":    {`{"statusCode":200,"headers":{"A":1}}`, 403, 403, malformed, "", nil},
		"headers no object": {`{"statusCode":200,"headers":["A"]}`, 403, 403, malformed, "", nil},
		"not JSON":          {`dts-1`, 403, 403, malformed, "", nil},
		"nothing":           {``, 403, 403, malformed, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			for form, status := range map[bool]int{true: c.api, false: c.url} {
				w, _ := send(t, &Gateway{APIGateway: form}, request("GET", "http://f.example/", ""), c.returned, nil)
				want := c.body
				if status == 403 {
					want = malformed
				}
				if w.Code != status || w.Body.String() != want {
					t.Errorf("API Gateway %v: %d %s, want %d %s", form, w.Code, w.Body, status, want)
				}
				if values := w.Result().Header[c.header]; status != 403 && c.header != "" && !reflect.DeepEqual(values, c.wantValue) {
					t.Errorf("API Gateway %v: %s is %q, want %q", form, c.header, values, c.wantValue)
				}
			}
		})
	}
}

func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		status int
		text   string
	}{
		"function error": {&scf.FunctionError{Type: "CheckFailed", Message: "no luck"}, 430, `"stackTrace":"CheckFailed: no luck","statusCode":430`},
		"time-out":       {scf.ErrTimeout, 433, `"errorMessage":"the function did not answer in time"`},
		"crash":          {scf.ErrExited, 439, `"statusCode":439`},
		"stopped":        {scf.ErrStopped, 503, `"statusCode":503`},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := send(t, &Gateway{}, request("GET", "http://f.example/", ""), "", c.err)
			id := w.Header().Get("X-Scf-Request-Id")
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.text) || id == "" || !strings.Contains(w.Body.String(), `"requestId":"`+id+`"`) {
				t.Errorf("%d %s, want %d with %s", w.Code, w.Body, c.status, c.text)
			}
		})
	}
}

func TestBodyBreaksOff(t *testing.T) {
	body := iotest.ErrReader(io.ErrUnexpectedEOF)
	w, event := send(t, &Gateway{}, httptest.NewRequest("POST", "http://f.example/", body), ok, nil)
	if w.Code != 400 || event != nil {
		t.Errorf("status %d, event %v; want status 400 and no event", w.Code, event)
	}
}

func TestBodyTooLarge(t *testing.T) {
	body := bytes.Repeat([]byte("x"), maxBody+1)
	for name, c := range map[string]struct {
		body   io.Reader
		status int
	}{
		"told by its length": {bytes.NewReader(body), 406},
		"not told":           {io.MultiReader(bytes.NewReader(body)), 406},
		"just not":           {bytes.NewReader(body[1:]), 200},
	} {
		t.Run(name, func(t *testing.T) {
			w, event := send(t, &Gateway{}, httptest.NewRequest("POST", "http://f.example/", c.body), ok, nil)
			if w.Code != c.status || event != nil != (c.status == 200) {
				t.Errorf("status %d, want %d", w.Code, c.status)
			}
		})
	}
}

// The gateway's events have the members that the samples of the documentation
// have.
func TestSamples(t *testing.T) {
	for name, gateway := range map[string]*Gateway{"function-url": {}, "apigw": {APIGateway: true}} {
		t.Run(name, func(t *testing.T) {
			file, err := os.ReadFile(filepath.Join("testdata", name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			var sample map[string]any
			if err := json.Unmarshal(file, &sample); err != nil {
				t.Fatal(err)
			}
			_, event := send(t, gateway, request("POST", "http://f.example/checks", "{}"), ok, nil)
			same(t, "", sample, event)
		})
	}
}

// same compares the members of two objects, and the kinds of their values.
func same(t *testing.T, place string, want, got map[string]any) {
	t.Helper()
	for _, pair := range []struct {
		has, lacks map[string]any
		text       string
	}{{want, got, "is missing"}, {got, want, "is not in the sample"}} {
		for name := range pair.has {
			if _, ok := pair.lacks[name]; !ok && place != ".headers" && place != ".requestContext.identity" {
				t.Errorf("%s.%s %s", place, name, pair.text)
			}
		}
	}
	for name, value := range want {
		if reflect.TypeOf(value) != reflect.TypeOf(got[name]) && got[name] != nil {
			t.Errorf("%s.%s is %T, want %T", place, name, got[name], value)
		}
		if inner, ok := value.(map[string]any); ok {
			other, _ := got[name].(map[string]any)
			same(t, place+"."+name, inner, other)
		}
	}
}
