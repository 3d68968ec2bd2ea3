package handler

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tencentyun/scf-go-lib/functioncontext"

	"migratecheck/internal/check"
)

// After every event the result goes on, once, and what could not be handed on
// is in the answer and in the log; it makes no job fail.
func TestHandOn(t *testing.T) {
	lost := []Undelivered{{Destination: "webhook", Reason: "errcode 93000", Payloads: slices.Values([]json.RawMessage{[]byte(`{"msgtype":"markdown"}`), []byte(`{"msgtype":"text"}`)})}}
	for name, row := range map[string]struct {
		event  string
		lost   []Undelivered
		answer string
		times  int
	}{
		"handed on":          {`{"JobId":"dts-1"}`, nil, `{"JobId":"dts-1","RequestId":"create-dts-1"}`, 1},
		"lost":               {`{"JobId":"dts-1"}`, lost, `{"JobId":"dts-1","RequestId":"create-dts-1","NotHandedOn":["webhook"]}`, 1},
		"lost, of a batch":   {`["dts-1","dts-2"]`, lost, strings.Replace(bothCreated, `"Failed":0`, `"Failed":0,"NotHandedOn":["webhook"]`, 1), 1},
		"no job is selected": {`{"Select":{}}`, nil, `{"Jobs":[],"Failed":0}`, 1},
		"an event that is refused": {`{"httpMethod":"POST","path":"/","body":"{}"}`, nil,
			`{"isBase64Encoded":false,"statusCode":400,"headers":{"Content-Type":"application/json"},"body":"{\"Error\":{\"Code\":\"InvalidParameter\",`, 1},
		"a method that asks for nothing": {`{"httpMethod":"OPTIONS","path":"/"}`, nil, `{"isBase64Encoded":false,"statusCode":204`, 0},
		"a page that is opened":          {`{"httpMethod":"GET","path":"/","headers":{"accept":` + browser + `},"queryString":{"JobId":"dts-1"}}`, nil, `{"isBase64Encoded":false,"statusCode":200`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			times := 0
			o := everything(&scripted{})
			o.HandOn = func(ctx context.Context, r check.Result, about About) []Undelivered {
				times++
				if (about.Source == "url") != strings.Contains(row.event, "httpMethod") || about.Region != "ap-guangzhou" || len(r.NotHandedOn) > 0 {
					t.Errorf("about %+v, %+v", about, r)
				}
				return row.lost
			}
			i := newInstance(o).fire(t, "request", row.event, time.Minute)
			if i.err != nil || !strings.HasPrefix(string(i.answer), row.answer) || times != row.times {
				t.Errorf("handed on %d times; got %s, %v\nwant %s", times, i.answer, i.err, row.answer)
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

// DTS is silent to the end, and there is time left to hand that on.
func TestTimeToHandOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := everything(&scripted{silent: map[string]bool{"dts-1": true}})
		var left time.Duration
		o.HandOn = func(ctx context.Context, r check.Result, _ About) []Undelivered {
			deadline, _ := ctx.Deadline()
			left = time.Until(deadline)
			<-ctx.Done() // the destination is silent, too
			return nil
		}
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

// Handing on ends early enough to log what of thousands of jobs it could not
// deliver, and to answer.
func TestEndOfHandingOn(t *testing.T) {
	for jobs, want := range map[int]time.Duration{1: 2850*time.Millisecond - 100*time.Microsecond, 1000: 2750 * time.Millisecond, 10000: 2137500 * time.Microsecond} {
		synctest.Test(t, func(t *testing.T) {
			ids := make([]string, jobs)
			for i := range ids {
				ids[i] = fmt.Sprint("dts-", i)
			}
			began := time.Now()
			o := everything(&scripted{})
			o.HandOn = func(ctx context.Context, _ check.Result, _ About) []Undelivered {
				if deadline, _ := ctx.Deadline(); deadline.Sub(began) != want {
					t.Errorf("%d jobs: until %v, want %v", jobs, deadline.Sub(began), want)
				}
				return nil
			}
			newInstance(o).fire(t, "request", string(check.Marshal(ids)), 3*time.Second)
		})
	}
}

// An event that was delivered before, and brings nothing new, hands nothing on.
func TestHandingOnOfDeliveries(t *testing.T) {
	running, passed, not := state(check.Running, 1), verdict(true, "ok"), verdict(false, "no privilege")
	for name, row := range map[string]struct {
		asked string
		dts   *scripted
		want  []int
	}{
		"one is created later":   {"", &scripted{creates: map[string][]error{"dts-2": {refusal("InternalError.LockError"), nil}}}, []int{1, 2, 2}},
		"verdicts that stay":     {`,"Wait":true`, &scripted{describe: map[string][]reading{"dts-1": {running, not}, "dts-2": {running, passed}}}, []int{1, 1}},
		"a verdict that changes": {`,"Wait":true`, &scripted{describe: map[string][]reading{"dts-1": {running, passed, running, not}}}, []int{1, 2, 2}},
		"started":                {`,"Start":true`, &scripted{}, []int{1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				times := 0
				o := everything(row.dts)
				o.HandOn = func(context.Context, check.Result, About) []Undelivered { times++; return nil }
				i := newInstance(o)
				for delivery, want := range row.want {
					i.fire(t, "request", deliveries["timer"](row.asked), time.Minute)
					if times != want {
						t.Errorf("delivery %d: handed on %d times, want %d", delivery+1, times, want)
					}
				}
			})
		})
	}
}
