package cloudapi

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// echo is an action that answers with its one parameter.
func echo(_ context.Context, r *Request) (any, *Error) {
	f := r.Fields()
	text := f.Required("Text")
	return map[string]any{"Text": text}, f.Done()
}

// newEcho is a service of two actions, in the past.
func newEcho(at time.Time) *Server {
	return New(Options{
		Service: "echo",
		Actions: []Action{
			{Version: "2020-01-01", Name: "Echo", Do: echo},
			{Version: "2020-01-01", Name: "EchoAnywhere", Global: true, Do: echo},
			{Version: "2021-01-01", Name: "Echo", Do: echo},
		},
		Regions: []string{"ap-guangzhou"},
		Now:     func() time.Time { return at },
	})
}

var then = time.Date(2021, 12, 6, 1, 2, 3, 400_000_000, time.UTC)

func TestTable(t *testing.T) {
	for name, test := range map[string]struct {
		version, action, region string
		want                    string
	}{
		"an action":                {"2020-01-01", "Echo", "ap-guangzhou", `"Text":"hello"`},
		"of another version":       {"2021-01-01", "Echo", "ap-guangzhou", `"Text":"hello"`},
		"no such version":          {"2022-01-01", "Echo", "ap-guangzhou", `"Code":"NoSuchVersion"`},
		"no such action":           {"2020-01-01", "Shout", "ap-guangzhou", `"Code":"InvalidAction"`},
		"no such action any more":  {"2021-01-01", "EchoAnywhere", "ap-guangzhou", `"Code":"InvalidAction"`},
		"no region":                {"2020-01-01", "Echo", "", `"Code":"MissingParameter"`},
		"another region":           {"2020-01-01", "Echo", "ap-beijing", `"Code":"UnsupportedRegion"`},
		"no region wanted":         {"2020-01-01", "EchoAnywhere", "", `"Text":"hello"`},
		"a region not wanted":      {"2020-01-01", "EchoAnywhere", "ap-guangzhou", `"Text":"hello"`},
		"another that is not used": {"2020-01-01", "EchoAnywhere", "ap-beijing", `"Code":"UnsupportedRegion"`},
	} {
		t.Run(name, func(t *testing.T) {
			signed, err := SignedURL("http://echo.example", ExampleKey, test.action, test.version, test.region, url.Values{"Text": {"hello"}}, then)
			if err != nil {
				t.Fatal(err)
			}
			w := httptest.NewRecorder()
			newEcho(then).ServeHTTP(w, httptest.NewRequest(http.MethodGet, signed, nil))
			if body := w.Body.String(); !strings.Contains(body, test.want) || !strings.Contains(body, `"RequestId":"`) {
				t.Errorf("answer %s, want %s", body, test.want)
			}
		})
	}
}

// TestDate: every answer is dated by the endpoint's clock, a refusal, and one that
// is none, too.
func TestDate(t *testing.T) {
	for name, fault := range map[string]Fault{
		"an answer":     {Action: "none"},
		"a late one":    {Kind: FaultDelay, Delay: time.Millisecond},
		"an empty one":  {Kind: FaultEmpty},
		"a page":        {Kind: FaultHTML},
		"a refusal":     {Kind: FaultCode, Code: "InternalError"},
		"not authentic": {Action: "none"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newEcho(then)
			s.Inject(fault)
			l, err := s.Listen("127.0.0.1:0", false)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			signed, err := SignedURL(l.URL, ExampleKey, "Echo", "2020-01-01", "ap-guangzhou", url.Values{"Text": {"hello"}}, then)
			if err != nil {
				t.Fatal(err)
			}
			if name == "not authentic" {
				signed = l.URL
			}
			answer, err := http.Get(signed)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if got := answer.Header["Date"]; len(got) != 1 || got[0] != "Mon, 06 Dec 2021 01:02:03 GMT" {
				t.Errorf("Date %q", got)
			}
		})
	}
}

// TestTruncated: an answer that is cut announces its full length.
func TestTruncated(t *testing.T) {
	s := newEcho(then)
	s.Inject(Fault{Kind: FaultTruncated})
	l, err := s.Listen("127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	signed, err := SignedURL(l.URL, ExampleKey, "Echo", "2020-01-01", "ap-guangzhou", url.Values{"Text": {"hello"}}, then)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Get(signed)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	whole := Answer(s.Calls()[0].RequestID, map[string]any{"Text": "hello"}, nil)
	if err != io.ErrUnexpectedEOF || answer.ContentLength != int64(len(whole)) || string(body) != string(whole[:len(whole)/2]) {
		t.Errorf("%d bytes announced, read %q, %v; want half of %s", answer.ContentLength, body, err, whole)
	}
}

// TestCallTells has what is recorded of a call.
func TestCallTells(t *testing.T) {
	s := newEcho(then)
	signed, err := SignedURL("http://echo.example", ExampleKey, "Echo", "2020-01-01", "ap-guangzhou",
		url.Values{"Text": {"hello"}, "Language": {"zh-CN"}}, then)
	if err != nil {
		t.Fatal(err)
	}
	s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, signed, nil))
	c := s.Calls()[0]
	if !c.At.Equal(then) || c.Language != "zh-CN" || len(c.Parameters) != 1 || c.Parameters["Text"] != "hello" || c.JobID != "" || !c.CarriedOut {
		t.Errorf("recorded: %+v", c)
	}
}
