package dts

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
)

// canned answers every request with the same bytes.
type canned struct {
	status int
	body   []byte
}

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: c.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   io.NopCloser(bytes.NewReader(c.body)),
	}, nil
}

// Whatever DTS answers, there is an outcome, and a success always has the
// RequestId that the answer has.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		`{"Response":{"RequestId":"46b45da1-3e8e-4ef2-8de8-b1bffa027385"}}`,
		`{"Response":{"Error":{"Code":"ResourceNotFound.JobNotExist","Message":"no"},"RequestId":"r"}}`,
		`{"Response":{"Status":"finished","Progress":"100","CheckFlag":1,"ErrorCode":0,"ErrorMessage":"ok","RequestId":"r"}}`,
		`{"Response":{"Status":"success","BriefMsg":null,"CheckFlag":"checkPass","StepInfo":[{"StepNo":1,"StepName":null,"StepStatus":"failed","DetailCheckItems":[{"CheckItemName":"x","CheckResult":"failed","HelpDoc":[null]},null]},null],"RequestId":"r"}}`,
		`null`, ``, `{}`, `[]`, `{"Response":null}`, `{"Response":{"Error":null}}`, `{"code":1}`, `{"Response":{"Progress":"-7%"`,
		`{"Response":{"ReQuestId":"in any case, as encoding/json has it"}}`,
	} {
		f.Add(200, []byte(body))
		f.Add(502, []byte(body))
	}
	clients := map[string]*Client{}
	for _, version := range []string{config.Version2018, config.Version2021} {
		c := settings()
		c.APIVersion, c.MaxAttempts, c.RateLimit = version, 1, 1e9
		clients[version] = New(c, role)
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 599 {
			return
		}
		for version, client := range clients {
			transport := &http.Transport{}
			transport.RegisterProtocol("http", canned{status, body})
			client.transport.current.Store(transport)
			receipt, err := client.CreateCheck(t.Context(), known)
			holdOutcome(t, version, receipt, err, body)
			state, receipt, err := client.DescribeCheck(t.Context(), known)
			holdOutcome(t, version, receipt, err, body)
			if state.Progress < 0 || state.Progress > 100 || state.Passed != nil && !state.Ended() {
				t.Errorf("%s: %+v", version, state)
			}
		}
	})
}

func holdOutcome(t *testing.T, version string, receipt check.Receipt, err error, body []byte) {
	if err == nil {
		var answer struct {
			Response struct{ RequestId string }
		}
		if json.Unmarshal(body, &answer) != nil || answer.Response.RequestId == "" || receipt.RequestID == "" {
			t.Errorf("%s: %+v of %q", version, receipt, body)
		}
		return
	}
	var failure *check.Error
	if !errors.As(err, &failure) || failure.Code == "" {
		t.Errorf("%s: %v of %q", version, err, body)
	}
}
