package tcapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
)

// What an answer with status 200 stands for: a RequestId, or the code, message
// and RequestId of a refusal, or a code of ours.
func TestAnswers(t *testing.T) {
	long := strings.Repeat("长", 2000)
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for name, test := range map[string]struct {
		body      string
		requestID string
		code      string
		message   string
	}{
		"accepted":                    {`{"Response":{"RequestId":"46b45da1-3e8e-4ef2-8de8-b1bffa027385"}}`, "46b45da1-3e8e-4ef2-8de8-b1bffa027385", "", ""},
		"with white space":            {" {\r\n\t\"Response\" : { \"RequestId\" : \"r-1\" } , \"x\" : [ 1 , { } ] }\n", "r-1", "", ""},
		"with other members":          {`{"a":"\\\"}","Response":{"b":{"RequestId":"no","Error":{}},"RequestId":"r-1","c":[{"Error":1}]},"d":{"Error":{}}}`, "r-1", "", ""},
		"an Error beside":             {`{"Response":{"RequestId":"r-1"},"Error":{"Code":"FailedOperation","Message":"m"}}`, "r-1", "FailedOperation", "m"},
		"an Error beside and in":      {`{"Error":{"Code":"A"},"Response":{"RequestId":"r-1","Error":{"Code":"B","Message":"m"}}}`, "r-1", check.CodeUnknown, "m"},
		"escaped names":               {`{"\u0052espons\u0065":{"Request\u0049d":"r\u002d1"}}`, "r-1", "", ""},
		"a RequestId of 64":           {`{"Response":{"RequestId":"` + strings.Repeat("x", 64) + `"}}`, strings.Repeat("x", 64), "", ""},
		"as deep as a job in a list":  {`{"Response":{"x":` + nested(20) + `,"RequestId":"r-1"}}`, "r-1", "", ""},
		"deeper than what is decoded": {`{"Response":{"x":` + nested(9000) + `,"RequestId":"r-1"}}`, "", check.CodeTooLarge, ""},
		"refused":                     {`{"Response":{"Error":{"Code":"ResourceNotFound.JobNotExist","Message":"No such \"task\"."},"RequestId":"r-1"}}`, "r-1", "ResourceNotFound.JobNotExist", `No such "task".`},
		"a refusal's names, folded":   {`{"Response":{"error":{"code":"InvalidAction","MESSAGE":"m"},"RequestId":"r-1"}}`, "r-1", "InvalidAction", "m"},
		"refused by {}":               {`{"Response":{"Error":{},"RequestId":"r-1"}}`, "r-1", check.CodeUnknown, ""},
		"refused by null":             {`{"Response":{"Error":null,"RequestId":"r-1"}}`, "r-1", check.CodeUnknown, ""},
		"refused by a text":           {`{"Response":{"Error":"","RequestId":"r-1"}}`, "r-1", check.CodeUnknown, ""},
		"refused by a list":           {`{"Response":{"Error":[],"RequestId":"r-1"}}`, "r-1", check.CodeUnknown, ""},
		"refused by false":            {`{"Response":{"RequestId":"r-1","Err\u006fr":false}}`, "r-1", check.CodeUnknown, ""},
		"no code":                     {`{"Response":{"Error":{"Message":"m"},"RequestId":"r-1"}}`, "r-1", check.CodeUnknown, "m"},
		"an empty code":               {`{"Response":{"Error":{"Code":"","Message":"m"},"RequestId":"r-1"}}`, "r-1", check.CodeUnknown, "m"},
		"a code of another type":      {`{"Response":{"Error":{"Code":7,"Message":["m"]},"RequestId":"r-1"}}`, "r-1", check.CodeUnknown, ""},
		"an ill-formed code":          {`{"Response":{"Error":{"Code":"Internal Error\n","Message":"m"},"RequestId":"r-1"}}`, "r-1", check.CodeUnknown, "m"},
		"a code of 100":               {`{"Response":{"Error":{"Code":"` + strings.Repeat("x", 100) + `"}}}`, "", strings.Repeat("x", 100), ""},
		"a code of 101":               {`{"Response":{"Error":{"Code":"` + strings.Repeat("x", 101) + `"}}}`, "", check.CodeUnknown, ""},
		"two codes":                   {`{"Response":{"Error":{"Code":"InternalError.DuplicateJob","code":"InvalidAction"}}}`, "", check.CodeUnknown, ""},
		"two errors":                  {`{"Response":{"Error":{"Code":"InternalError.DuplicateJob"},"Error":{"Code":"InvalidAction"}}}`, "", check.CodeUnknown, ""},
		"an ill-formed id, refused":   {`{"Response":{"Error":{"Code":"InvalidAction"},"RequestId":"<r>"}}`, "", "InvalidAction", ""},
		"two ids, refused":            {`{"Response":{"Error":{"Code":"InvalidAction"},"RequestId":"r","RequestId":"s"}}`, "", "InvalidAction", ""},
		"a long message":              {`{"Response":{"Error":{"Code":"InvalidAction","Message":"x` + long + `"},"RequestId":"r-1"}}`, "r-1", "InvalidAction", "x" + long[:4095]},
		"a message of 4,097 bytes":    {`{"Response":{"Error":{"Code":"InvalidAction","Message":"` + strings.Repeat("x", 4097) + `"},"RequestId":"r-1"}}`, "r-1", "InvalidAction", strings.Repeat("x", 4096)},

		"nothing":                     {"", "", check.CodeNotAPI, ""},
		"white space":                 {" \n", "", check.CodeNotAPI, ""},
		"null":                        {"null", "", check.CodeNotAPI, ""},
		"an array":                    {`[{"Response":{"RequestId":"r-1"}}]`, "", check.CodeNotAPI, ""},
		"an empty object":             {"{}", "", check.CodeNotAPI, ""},
		"a null Response":             {`{"Response":null}`, "", check.CodeNotAPI, ""},
		"a Response in a text":        {`{"Response":"{\"RequestId\":\"r-1\"}"}`, "", check.CodeNotAPI, ""},
		"another name":                {`{"response":{"RequestId":"r-1"}}`, "", check.CodeNotAPI, ""},
		"no RequestId":                {`{"Response":{}}`, "", check.CodeNotAPI, ""},
		"an empty RequestId":          {`{"Response":{"RequestId":""}}`, "", check.CodeNotAPI, ""},
		"a blank RequestId":           {`{"Response":{"RequestId":"   "}}`, "", check.CodeNotAPI, ""},
		"a RequestId of another type": {`{"Response":{"RequestId":7}}`, "", check.CodeNotAPI, ""},
		"a RequestId of 65":           {`{"Response":{"RequestId":"` + strings.Repeat("x", 65) + `"}}`, "", check.CodeNotAPI, ""},
		"a RequestId with a line":     {`{"Response":{"RequestId":"r-1\n"}}`, "", check.CodeNotAPI, ""},
		"a RequestId of letters":      {`{"Response":{"RequestId":"ｒ１"}}`, "", check.CodeNotAPI, ""},
		"two RequestIds":              {`{"Response":{"RequestId":"r-1","RequestId":"r-1"}}`, "", check.CodeNotAPI, ""},
		"two, one of them folded":     {`{"Response":{"requestid":"r-1","RequestId":"r-1"}}`, "", check.CodeNotAPI, ""},
		"two, one of them escaped":    {`{"Response":{"\u0052equestId":"r-1","RequestId":"r-1"}}`, "", check.CodeNotAPI, ""},
		"two Responses":               {`{"Response":{"RequestId":"r-1"},"Response":{"RequestId":"r-1"}}`, "", check.CodeNotAPI, ""},
		"two, one folded":             {`{"Response":{"RequestId":"r-1"},"re\u017fpon\u017fe":0}`, "", check.CodeNotAPI, ""},
		"two, one escaped":            {`{"Response":{"RequestId":"r-1"},"\u0052esponse":{"Error":{}}}`, "", check.CodeNotAPI, ""},
		"two documents":               {`{"Response":{"RequestId":"r-1"}}{"Response":{"RequestId":"r-1"}}`, "", check.CodeNotAPI, ""},
		"two lines":                   {"{\"Response\":{\"RequestId\":\"r-1\"}}\n{}", "", check.CodeNotAPI, ""},
		"junk behind it":              {`{"Response":{"RequestId":"r-1"}}]`, "", check.CodeNotAPI, ""},
		"junk before it":              {"\ufeff" + `{"Response":{"RequestId":"r-1"}}`, "", check.CodeNotAPI, ""},
		"an array that ends early":    {`[{"Response"`, "", check.CodeNotAPI, ""},
		"wrong and cut short":         {`{"Response"]`, "", check.CodeNotAPI, ""},
		"bytes":                       {"\x1f\x8b\x00", "", check.CodeNotAPI, ""},
		"a page":                      {"<html>", "", check.CodeNotAPI, ""},
		"the old form of an error":    {`{"code":4000,"codeDesc":"InvalidParameter","message":"x"}`, "", check.CodeNotAPI, ""},
		"nested without end":          {`{"Response":{"RequestId":"r-1","x":` + strings.Repeat("[", 500000) + strings.Repeat("]", 500000) + "}}", "", check.CodeNotAPI, ""},
		"a state of another type":     {`{"Response":{"RequestId":"r-1","Status":7}}`, "", check.CodeNotAPI, ""},
		"more values than there are":  {`{"Response":{"RequestId":"r-1","x":[` + strings.Repeat("null,", 50000) + `null]}}`, "", check.CodeTooLarge, ""},
		"more than can be read":       {`{"Response":{"RequestId":"r-1","x":"` + strings.Repeat("x", 1<<20) + `"}}`, "", check.CodeTooLarge, ""},
		"cut short":                   {`{"Response":{"RequestId":"r-1"}`, "", check.CodeNoAnswer, ""},
		"cut short in a text":         {`{"Response":{"RequestId":"r-`, "", check.CodeNoAnswer, ""},
		"cut short in a character":    {"{\"Response\":{\"x\":\"\xe9", "", check.CodeNoAnswer, ""},
		"cut short in a refusal":      {`{"Response":{"Error":{"Code":"InvalidAction"`, "", check.CodeNoAnswer, ""},
		"all but cut short":           {"\n{", "", check.CodeNoAnswer, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := settings()
			c.MaxAttempts = 1
			client := New(c, role)
			canned{200, []byte(test.body)}.answers(client)
			var response struct{ Status string }
			receipt, err := client.Do(t.Context(), createCheck, map[string]string{"JobId": known}, &response)
			if test.code == "" {
				if err != nil || receipt.RequestID != test.requestID {
					t.Errorf("%+v, %v", receipt, err)
				}
				return
			}
			var failure *check.Error
			if !errors.As(err, &failure) || failure.Code != test.code || failure.RequestID != test.requestID {
				t.Fatalf("error %v, want %s with RequestId %q", err, test.code, test.requestID)
			}
			switch ours := strings.HasPrefix(test.code, "ClientError."); {
			case !ours && failure.Message != test.message:
				t.Errorf("message %q, want %q", failure.Message, test.message)
			case !utf8.ValidString(failure.Message):
				t.Errorf("message %q", failure.Message)
			case test.code == check.CodeNotAPI && !failure.MayBeRunning:
				t.Error("the call may have been carried out")
			}
		})
	}
}

// Answers with another status are a gateway's, unless they are a refusal with a
// code. A redirect is not followed: the signed request and its token go nowhere
// else.
func TestOtherStatuses(t *testing.T) {
	elsewhere := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer other.Close()
	refusal := `{"Response":{"Error":{"Code":"FailedOperation","Message":"x"},"RequestId":"r-1"}}`
	for name, test := range map[string]struct {
		status  int
		kind    string
		body    string
		code    string
		message string
	}{
		"a page":                 {502, "text/html; charset=utf-8", "<html>", check.CodeHTTPStatus, "the answer (HTTP status 502, text/html) is not the API's JSON"},
		"an acceptance":          {500, "application/json", `{"Response":{"RequestId":"r-1"}}`, check.CodeHTTPStatus, "the answer (HTTP status 500, application/json) is not the API's JSON"},
		"created":                {201, "application/json", `{"Response":{"RequestId":"r-1"}}`, check.CodeHTTPStatus, "the answer (HTTP status 201, application/json) is not the API's JSON"},
		"cut short":              {504, "", `{"Response"`, check.CodeHTTPStatus, "the answer (HTTP status 504, no content type) is not the API's JSON"},
		"an unusual type":        {503, "text/" + strings.ToLower(role.Role.SecretID), "", check.CodeHTTPStatus, "the answer (HTTP status 503, an unusual content type) is not the API's JSON"},
		"a refusal":              {400, "application/json", refusal, "FailedOperation", "x"},
		"a refusal with no code": {400, "application/json", `{"Response":{"Error":{}}}`, check.CodeHTTPStatus, "the answer (HTTP status 400, application/json) is not the API's JSON"},
		"moved":                  {301, "text/html", "", check.CodeHTTPStatus, ""},
		"found":                  {302, "text/html", "", check.CodeHTTPStatus, ""},
		"see other":              {303, "text/html", "", check.CodeHTTPStatus, ""},
		"temporarily":            {307, "text/html", "", check.CodeHTTPStatus, ""},
		"permanently":            {308, "text/html", "", check.CodeHTTPStatus, ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Content-Type"] = []string{test.kind}
				w.Header().Set("Location", other.URL)
				w.WriteHeader(test.status)
				w.Write([]byte(test.body))
			}))
			defer server.Close()
			c := settings()
			c.DTS.Host, c.MaxAttempts = server.Listener.Addr().String(), 1
			_, err := create(t.Context(), New(c, role), known)
			var failure *check.Error
			if !errors.As(err, &failure) || failure.Code != test.code || test.message != "" && failure.Message != test.message {
				t.Fatalf("error %v, want %s: %s", err, test.code, test.message)
			}
			if failure.MayBeRunning != (failure.Code == check.CodeHTTPStatus) {
				t.Errorf("may be running: %v", failure.MayBeRunning)
			}
		})
	}
	if elsewhere > 0 {
		t.Errorf("%d requests went elsewhere", elsewhere)
	}
}

// A body that does not come to its end is no answer, and the next attempt goes
// over a fresh connection.
func TestBodiesCutShort(t *testing.T) {
	whole := `{"Response":{"RequestId":"r-1"}}`
	for name, answer := range map[string]func(w http.ResponseWriter, r *http.Request){
		"less than was announced": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(len(whole)+1))
			w.Write([]byte(whole))
		},
		"a chunk is missing": func(w http.ResponseWriter, _ *http.Request) {
			w.Write([]byte(whole))
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
		"silent halfway": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(len(whole)))
			w.Write([]byte(whole[:20]))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
		"silent in a large one": func(w http.ResponseWriter, r *http.Request) {
			w.Write([]byte(`{"x":"` + strings.Repeat("x", 200<<10)))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
		"another protocol": func(w http.ResponseWriter, _ *http.Request) {
			c, buffered, _ := w.(http.Hijacker).Hijack()
			io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
			io.Copy(io.Discard, buffered) // silent until the other end is closed
			c.Close()
		},
		"half of the JSON": func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(whole[:20])) },
	} {
		for protocol, p := range protocols {
			t.Run(name+" "+protocol, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					e := newEndpoint(t, p.secure)
					defer e.close()
					e.answer = func(w http.ResponseWriter, r *http.Request) bool { answer(w, r); return true }
					e.client.config.MaxAttempts = 1
					_, err := create(t.Context(), e.client, known)
					var failure *check.Error
					if !errors.As(err, &failure) || failure.Code != check.CodeNoAnswer || failure.HTTPStatus() != 504 || !failure.MayBeRunning {
						t.Errorf("error %+v", err)
					}
					e.answer = nil
					e.create(t)
					if dialed, _ := e.network.Count(); dialed != 2 {
						t.Errorf("%d connections, want 2", dialed)
					}
				})
			})
		}
	}
}

// What is decoded has each member once, whatever the case: of two the last would
// be taken, or a mixture of both.
func TestMembersGivenTwice(t *testing.T) {
	for members, want := range map[string]bool{
		`"Status":"a","Steps":[{"Message":"Status","x":{}},{"Message":"b","X":[{"Message":1}]}]`: true,
		`"Status":"a","Status":"b"`:      false,
		`"Status":"a","status":"b"`:      false,
		`"Status":"a","\u0053tatus":"b"`: false,
		`"Status":"a","ſtatus":"b"`:      false,
		`"Steps":[{"Message":"a"},{"Message":"b" ,"x":[1,"y",{}], "message" : "c"}]`: false,
		`"x":{"y":[[{"z":1,"Z":2}]]}`: false,
	} {
		c := settings()
		c.MaxAttempts = 1
		client := New(c, role)
		canned{200, []byte(`{"Response":{"RequestId":"r-1",` + members + `}}`)}.answers(client)
		var response struct {
			Status string
			Steps  []struct{ Message string }
		}
		_, err := client.Do(t.Context(), Action{Service: "dts", Version: "2018-03-30", Name: "DescribeMigrateCheckJob"}, nil, &response)
		if failure, ok := err.(*check.Error); (err == nil) != want || !want && (!ok || failure.Code != check.CodeNotAPI) {
			t.Errorf("%s: %v", members, err)
		}
	}
}

// An answer that is too large is asked for once. Its beginning is given to an action
// that has a limit of its own, which its answers may reach.
func TestTooLarge(t *testing.T) {
	list := Action{Service: "dts", Version: config.Version2018, Name: "DescribeMigrateJobs", MaxAnswer: 4 << 20}
	small := list
	small.MaxAnswer = 1000
	answer := func(size int) string {
		const head, tail = `{"Response":{"JobList":[{"JobId":"dts-1kl0iy0v","x":"`, `"}],"RequestId":"r-1"}}`
		return head + strings.Repeat("x", size-len(head)-len(tail)) + tail
	}
	values := func(n int) string {
		return `{"Response":{"JobList":[` + strings.Repeat("0,", n-1) + `0],"RequestId":"r-1"}}`
	}
	object := func(members int) string {
		var out strings.Builder
		for i := range members {
			fmt.Fprintf(&out, `"x%d":0,`, i)
		}
		return `{"Response":{"JobList":{` + out.String() + `"x":"` + strings.Repeat("x", 5000) + `"},"RequestId":"r-1"}}`
	}
	for name, row := range map[string]struct {
		action Action
		body   string
		code   string
		begins int // bytes that are given of it
	}{
		"a list that is as large as it may be":   {list, answer(4 << 20), "", 0},
		"a list that is larger":                  {list, answer(4<<20 + 1), check.CodeTooLarge, 4 << 20},
		"an object of many members":              {createCheck, object(100), "", 0},
		"an object of too many members":          {createCheck, object(300), check.CodeTooLarge, 0},
		"a list of many values":                  {list, values(300000), "", 0},
		"a list of too many values":              {list, values(500000), check.CodeTooLarge, len(values(500000))},
		"a small one that is as large":           {small, answer(1000), "", 0},
		"a small one that is larger":             {small, answer(1001), check.CodeTooLarge, 1000},
		"another action's":                       {createCheck, answer(1 << 20), "", 0},
		"another action's that is larger":        {createCheck, answer(1<<20 + 1), check.CodeTooLarge, 0},
		"another action's, of too many values":   {createCheck, values(60000), check.CodeTooLarge, 0},
		"another action's, at the edge of large": {createCheck, answer(64 << 10), "", 0},
	} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " ", chunked), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					e := newEndpoint(t, false)
					defer e.close()
					e.answer = func(w http.ResponseWriter, _ *http.Request) bool {
						if !chunked {
							w.Header().Set("Content-Length", strconv.Itoa(len(row.body)))
						}
						io.WriteString(w, row.body)
						return true
					}
					var response struct{ JobList json.RawMessage }
					receipt, err := e.client.Do(t.Context(), row.action, struct{}{}, &response)
					if row.code == "" {
						if err != nil || receipt.RequestID != "r-1" || !strings.Contains(row.body, string(response.JobList)) || len(response.JobList) < len(row.body)/2 {
							t.Errorf("%+v, %v, %d bytes", receipt, err, len(response.JobList))
						}
						return
					}
					var failure *check.Error
					if !errors.As(err, &failure) || failure.Code != row.code || string(failure.Body) != row.body[:row.begins] {
						t.Errorf("%v", err)
					}
					if n := e.requests.Load(); n != 1 || failure.MayBeRunning != row.action.Changes {
						t.Errorf("asked %d times, may be running: %v", n, failure.MayBeRunning)
					}
				})
			})
		}
	}
}

// What is no HTTP is not shown as it came: it may be what was sent.
func TestNoHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, false)
		defer e.close()
		e.client.config.MaxAttempts = 1
		e.answer = func(w http.ResponseWriter, r *http.Request) bool {
			c, _, _ := w.(http.Hijacker).Hijack()
			io.WriteString(c, "HTTP/1.1 "+r.Header.Get("X-TC-Token")+"\r\n\r\n")
			c.Close()
			return true
		}
		_, err := create(t.Context(), e.client, known)
		if err == nil || !strings.Contains(err.Error(), mask) {
			t.Errorf("error %v", err)
		}
	})
}

// Plain text goes to this machine alone, whatever the endpoint is.
func TestPlainTextStaysHere(t *testing.T) {
	c := settings()
	c.MaxAttempts, c.DTS.Host = 1, "192.0.2.1:80"
	_, err := create(t.Context(), New(c, role), known)
	if err == nil || !strings.Contains(err.Error(), "plain text is for loopback only") {
		t.Errorf("error %v", err)
	}
}

// A receipt is dated by the service's clock where its answer has a date that
// can be: one too early would let an older check's verdict pass for this one's.
func TestReceiptIsDated(t *testing.T) {
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // synctest's
	for name, test := range map[string]struct {
		date string
		want time.Time
	}{
		"ahead":      {"Sat, 01 Jan 2000 00:05:00 GMT", now.Add(5 * time.Minute)},
		"behind":     {"Fri, 31 Dec 1999 23:55:00 GMT", now.Add(-5 * time.Minute)},
		"too late":   {"Sat, 01 Jan 2000 00:05:01 GMT", now},
		"too early":  {"Fri, 31 Dec 1999 23:54:59 GMT", now},
		"no date":    {"", now},
		"not a date": {"yesterday", now},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEndpoint(t, false)
				defer e.close()
				e.answer = func(w http.ResponseWriter, _ *http.Request) bool {
					w.Header()["Date"] = []string{test.date}
					return false
				}
				receipt, err := create(t.Context(), e.client, known)
				if err != nil || !receipt.At.Equal(test.want) {
					t.Errorf("at %v, want %v: %v", receipt.At, test.want, err)
				}
				refusing := newEndpoint(t, false)
				defer refusing.close()
				refusing.answer = func(w http.ResponseWriter, _ *http.Request) bool {
					w.Header()["Date"] = []string{test.date}
					io.WriteString(w, `{"Response":{"Error":{"Code":"InternalError.DuplicateJob"},"RequestId":"r"}}`)
					return true
				}
				_, err = create(t.Context(), refusing.client, known)
				var refused *check.Error
				if !errors.As(err, &refused) || !refused.At.Equal(test.want) {
					t.Errorf("a refusal: %+v, want at %v", refused, test.want)
				}
			})
		})
	}
}

// What is decoded is what the answer has, without its secrets.
func TestResponse(t *testing.T) {
	client := New(settings(), role)
	canned{200, fmt.Appendf(nil, `{"Response":{"Status":"running","Steps":[{"Message":"for %s"},{"Message":"100%%"}],"N":7,"RequestId":"r-1"}}`, role.Role.SecretID)}.answers(client)
	var response struct {
		Status string
		Steps  []struct{ Message string }
		N      int
	}
	if _, err := client.Do(t.Context(), createCheck, struct{}{}, &response); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(response); got != "{running [{for ***} {100%}] 7}" {
		t.Errorf("decoded %s", got)
	}
}
