package handler

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tencentyun/scf-go-lib/functioncontext"

	"migratecheck/internal/check"
	"migratecheck/internal/report"
)

// After every event the result goes on, once, and what could not be forwarded
// is in the answer and in the log; it makes no job fail.
func TestForward(t *testing.T) {
	lost := []check.Forwarded{{Destination: "webhook", Reason: "errcode 93000", Payloads: slices.Values([]json.RawMessage{[]byte(`{"msgtype":"markdown"}`), []byte(`{"msgtype":"text"}`)})}}
	for name, row := range map[string]struct {
		event  string
		lost   []check.Forwarded
		answer string
		times  int
	}{
		"forwarded":                              {`{"JobId":"dts-1"}`, nil, `{"JobId":"dts-1","RequestId":"create-dts-1"}`, 1},
		"lost":                                   {`{"JobId":"dts-1"}`, lost, `{"JobId":"dts-1","RequestId":"create-dts-1","NotHandedOn":["webhook"]}`, 1},
		"lost, of a batch":                       {`["dts-1","dts-2"]`, lost, strings.Replace(bothCreated, `"Failed":0`, `"Failed":0,"NotHandedOn":["webhook"]`, 1), 1},
		"no job is selected":                     {`{"Select":{}}`, nil, `{"Jobs":[],"Failed":0}`, 1},
		"an event that is refused":               {`{"Type":"Timer","TriggerName":"night","Time":"2026-11-01T18:00:00Z","Message":"?"}`, nil, ``, 1},
		"a request that is its caller's to mend": {`{"httpMethod":"POST","path":"/","body":"{}"}`, nil, `{"isBase64Encoded":false,"statusCode":400`, 0},
		"a method that asks for nothing":         {`{"httpMethod":"OPTIONS","path":"/"}`, nil, `{"isBase64Encoded":false,"statusCode":204`, 0},
		"a GET that reads":                       {`{"httpMethod":"GET","path":"/","queryString":{"JobId":"dts-1","Action":"DescribeMigrateCheckJob"}}`, nil, `{"isBase64Encoded":false,"statusCode":200`, 0},
		"a POST that reads":                      {`{"httpMethod":"POST","path":"/","body":"{\"JobId\":\"dts-1\",\"Action\":\"DescribeMigrateCheckJob\"}"}`, nil, `{"isBase64Encoded":false,"statusCode":200`, 1},
		"a page that is opened":                  {`{"httpMethod":"GET","path":"/","headers":{"accept":` + browser + `},"queryString":{"JobId":"dts-1"}}`, nil, `{"isBase64Encoded":false,"statusCode":200`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			times := 0
			o := everything(&scripted{})
			o.Forward = forwarder(func(ctx context.Context, r report.Report, _ map[string]check.Told) []check.Forwarded {
				times++
				// An event with a function error is given back, and no other.
				if r.Result.GivenBack != (row.answer == "") {
					t.Errorf("given back: %v", r.Result.GivenBack)
				}
				if (r.Source == "url") != strings.Contains(row.event, "httpMethod") || r.Region != "ap-guangzhou" || len(r.Result.NotHandedOn) > 0 {
					t.Errorf("about %+v", r)
				}
				return row.lost
			})
			i := newInstance(o).fire(t, "request", row.event, time.Minute)
			if (i.err == nil) != (row.answer != "") || !strings.HasPrefix(string(i.answer), row.answer) || times != row.times {
				t.Errorf("forwarded %d times; got %s, %v\nwant %s", times, i.answer, i.err, row.answer)
			}
			lines := i.log.lines("not handed on")
			if len(lines) != 2*len(row.lost) {
				t.Fatalf("lines %v", lines)
			}
			for n, line := range lines {
				holds(t, line, map[string]any{
					"level": "ERROR", "destination": "webhook", "error": "errcode 93000", "requestId": "request",
					"payload": map[string]any{"msgtype": []string{"markdown", "text"}[n]},
				})
			}
		})
	}
}

// There is more to be sent again than can be written in time: the answer goes first,
// and what is left out is said.
func TestTimeToWriteWhatWasLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := everything(&scripted{})
		o.Forward = forwarder(func(ctx context.Context, r report.Report, _ map[string]check.Told) []check.Forwarded {
			return []check.Forwarded{{Destination: "eventBus", Reason: "no answer", Payloads: func(yield func(json.RawMessage) bool) {
				for yield(json.RawMessage(`[]`)) {
					time.Sleep(time.Second)
				}
			}}}
		})
		began := time.Now()
		i := newInstance(o).fire(t, "request", `{"JobId":"dts-1"}`, 10*time.Second)
		lines := i.log.lines("not handed on")
		if took := time.Since(began); took > 10*time.Second || len(lines) != 11 || lines[0]["payload"] == nil || lines[10]["payload"] != nil || lines[10]["payloadCut"] == nil {
			t.Errorf("after %v: %v", took, lines)
		}
		if want := `"NotHandedOn":["eventBus"]`; !strings.Contains(string(i.answer), want) {
			t.Errorf("got %s, %v", i.answer, i.err)
		}
	})
}

// DTS is silent to the end, and there is time left to forward that.
func TestTimeToForward(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := everything(&scripted{silent: map[string]bool{"dts-1": true}})
		var left time.Duration
		o.Forward = forwarder(func(ctx context.Context, r report.Report, _ map[string]check.Told) []check.Forwarded {
			deadline, _ := ctx.Deadline()
			left = time.Until(deadline)
			<-ctx.Done() // the destination is silent, too
			return nil
		})
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		ctx = functioncontext.NewContext(ctx, &functioncontext.FunctionContext{})
		newInstance(o).Invoke(ctx, []byte(`{"JobId":"dts-1"}`))
		if took := time.Since(began); left < 1500*time.Millisecond || took > 9600*time.Millisecond || took < 9*time.Second {
			t.Errorf("%v were left, and it took %v", left, took)
		}
	})
}

// What DTS refuses is not its caller's to mend, whatever the code: it is forwarded.
func TestForwardOfWhatDTSRefuses(t *testing.T) {
	times := 0
	o := everything(&scripted{create: map[string]error{"dts-1": refusal("InvalidParameter.BizInvalidParameterError")}})
	o.Forward = forwarder(func(context.Context, report.Report, map[string]check.Told) []check.Forwarded {
		times++
		return nil
	})
	i := newInstance(o).fire(t, "request", `{"httpMethod":"POST","path":"/","body":"dts-1"}`, time.Minute)
	if line := i.log.lines("job")[0]; times != 1 || line["level"] != "ERROR" || readResponse(t, i).StatusCode != 400 {
		t.Errorf("forwarded %d times, %s, %v", times, i.answer, line)
	}
}

// Whatever is lost, there is time to write the answer and to encode it once more.
func TestTimeForTheAnswer(t *testing.T) {
	b := budget{answerBy: time.Now().Add(time.Minute), forwards: true}
	for _, b.jobs = range []int{1, 10000} {
		for _, written := range []time.Duration{time.Millisecond, time.Second, 5 * time.Second} {
			if left := b.answerBy.Sub(b.loggedBy(written)); left < 2*written {
				t.Errorf("%d jobs: %v for an answer that took %v", b.jobs, left, written)
			}
		}
	}
}
