package tcapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"

	"migratecheck/internal/check"
)

// canned answers every request with the same bytes.
type canned struct {
	status int
	body   []byte
}

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: c.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r, ContentLength: int64(len(c.body)),
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   io.NopCloser(bytes.NewReader(c.body)),
	}, nil
}

// answers makes a client get the same answer to every request.
func (c canned) answers(client *Client) {
	h := &http.Transport{}
	h.RegisterProtocol("http", c)
	client.transport.plain.Store(h)
}

// Whatever an endpoint answers, there is an outcome, and a success always has
// the RequestId that the answer has.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		`{"Response":{"RequestId":"46b45da1-3e8e-4ef2-8de8-b1bffa027385"}}`,
		`{"Response":{"Error":{"Code":"ResourceNotFound.JobNotExist","Message":"no"},"RequestId":"r"}}`,
		`{"Response":{"Error":{}}}`, `{"Response":{"error":null,"RequestId":"r"}}`,
		`{"\u0052esponse":{"RequestId":"r"}}`, `{"Response":{"RequestId":"r"},"\u0052esponse":{"RequestId":"s"}}`,
		`{"Response":{"RequestId":"r"}} {}`, `{"Response":{"RequestId":"r"`, `{"Response":{"RequestId":"r","requestid":"s"}}`,
		`{"a":[{"b":"\\\""}], "Response" : { "x":1e5 ,"RequestId":"r", "y":[[],{}] } }`,
		`null`, ``, `{}`, `[]`, `{"Response":null}`, `{"code":1}`, `{"Response":{"Progress":"-7%"`,
	} {
		f.Add(200, []byte(body))
		f.Add(502, []byte(body))
	}
	c := settings()
	c.MaxAttempts, c.RateLimit = 1, 1e9
	client := New(c, role)
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 599 {
			return
		}
		canned{status, body}.answers(client)
		var response struct{ Status string }
		receipt, err := client.Do(t.Context(), createCheck, map[string]string{"JobId": known}, &response)
		if err != nil {
			var failure *check.Error
			if !errors.As(err, &failure) || failure.Code == "" {
				t.Errorf("%v of %q", err, body)
			}
			return
		}
		var answer struct {
			Response struct {
				RequestId string
				Error     json.RawMessage
			}
		}
		if status != 200 || json.Unmarshal(body, &answer) != nil || answer.Response.RequestId != receipt.RequestID ||
			answer.Response.Error != nil || !validRequestID(receipt.RequestID) {
			t.Errorf("%+v of %d %q", receipt, status, body)
		}
	})
}
