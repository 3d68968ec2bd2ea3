//go:build !race

// Sizes, and what they take of the heap: with the race detector these tests would take
// ten times as long, to watch one goroutine.

package handler

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"migratecheck/internal/check"
)

// However many events there are, and whatever is said of their jobs, what an
// instance remembers of them stays small.
func TestMemoryIsBounded(t *testing.T) {
	long, some := strings.Repeat("x", 4000), strings.Repeat("x", 400)
	for name, row := range map[string]struct {
		dts    *brisk
		events int
		event  func(n int) string
		most   int // bytes
	}{
		"60 asynchronous events of 5,000 jobs": {&brisk{}, 60, func(n int) string { return namesOf(n, 5000) }, 6 << 20},
		"20,000 asynchronous events":           {&brisk{}, 20000, func(n int) string { return fmt.Sprintf(`{"JobId":"dts-%05d"}`, n) }, 256 << 10},
		"60 timers of 500 jobs": {&brisk{}, 60, func(n int) string {
			return string(check.Marshal(map[string]any{"Type": "Timer", "TriggerName": fmt.Sprint("t", n), "Time": time.Now(), "Message": strings.Trim(strings.ReplaceAll(namesOf(n, 300), `"`, ""), "[]")}))
		}, 6 << 20},
		"20,000 records": {&brisk{}, 20000, func(n int) string {
			return fmt.Sprintf(`{"Records":[{"Ckafka":{"topic":"t","partition":1,"offset":%d,"msgBody":"dts-%05d"}}]}`, n, n)
		}, 6 << 20},
		"refusals with long texts": {&brisk{err: &check.Error{Code: "FailedOperation.NotAllowOperation", Message: long, Attempts: 1}}, 300, func(n int) string { return namesOf(n%60, 20) }, 6 << 20},
		"verdicts with long texts": {&brisk{state: check.State{Status: check.Finished, Passed: new(bool), Message: long}}, 300, func(n int) string {
			return `{"JobIds":` + namesOf(n%60, 20) + `,"Wait":true}`
		}, 6500 << 10},
		"verdicts with texts everywhere": {&brisk{state: check.State{Status: check.Finished, Passed: new(bool), Message: some, Steps: []check.Step{{
			ID: some, Name: some, Status: some, Message: some,
			Failed: []check.Item{{Name: some, Description: some, Result: some, Reason: some, Solution: some, SkipRisk: some, Log: []string{some}, HelpDoc: []string{some}}},
		}}}}, 300, func(n int) string {
			return `{"JobIds":` + namesOf(n, 20) + `,"Wait":true}`
		}, 6500 << 10},
		"selections of 10,000 jobs with long names": {&brisk{list: selection(10000, 500)}, 3, func(int) string { return `{"Select":{}}` }, 5 << 20},
		"selections of 4,000 jobs with long names":  {&brisk{list: selection(4000, 500)}, 6, func(int) string { return `{"Select":{}}` }, 5 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			o := everything(row.dts)
			o.Log = io.Discard
			h := New(o)
			before := heap()
			for n := range row.events {
				fireQuietly(t, h, fmt.Sprint("request-", n), row.event(n), time.Minute)
			}
			if took := heap() - before; took > row.most {
				t.Errorf("%d bytes are kept", took)
			}
			runtime.KeepAlive(h)
		})
	}
}

// Whatever DTS says, the answer fits, and holds every outcome.
func TestAnswerFits(t *testing.T) {
	ids := make([]string, 10000)
	for i := range ids {
		ids[i] = fmt.Sprintf("dts-%060d", i)
	}
	for name, row := range map[string]struct {
		event map[string]any
		text  int
		http  bool
		jobs  int
	}{
		"verdicts":            {map[string]any{"JobIds": ids, "Action": "DescribeMigrateCheckJob"}, 500, false, 10000},
		"verdicts, over HTTP": {map[string]any{"httpMethod": "POST", "path": "/", "body": map[string]any{"JobIds": ids[:1500], "Action": "DescribeMigrateCheckJob"}}, 1000, true, 1500},
		"verdicts as a page":  {map[string]any{"httpMethod": "POST", "path": "/", "headers": map[string]any{"accept": "text/html"}, "body": map[string]any{"JobIds": ids[:1500], "Action": "DescribeMigrateCheckJob"}}, 500, true, 1500},
		"verdicts as a table": {map[string]any{"httpMethod": "POST", "path": "/", "headers": map[string]any{"accept": "text/plain"}, "body": map[string]any{"JobIds": ids[:1500], "Action": "DescribeMigrateCheckJob"}}, 500, true, 1500},
		"refusals, over HTTP": {map[string]any{"httpMethod": "POST", "path": "/", "body": map[string]any{"JobIds": ids}}, 500, true, 10000},
	} {
		t.Run(name, func(t *testing.T) {
			o := everything(verbose{text: row.text})
			o.Log = io.Discard
			var i invocation
			i.answer, i.err = New(o).Invoke(t.Context(), check.Marshal(row.event))
			if len(i.answer) > 6<<20 || len(i.answer) < 1<<20 {
				t.Errorf("%d bytes, %v", len(i.answer), i.err)
			}
			body := string(i.answer)
			if row.http {
				body = readResponse(t, i).Body
			}
			for _, id := range []string{ids[0], ids[1], ids[row.jobs/2], ids[row.jobs-1]} {
				if !strings.Contains(body, id) {
					t.Errorf("%s is not in the answer", id)
				}
			}
			if n := strings.Count(body, "dts-"); n < row.jobs {
				t.Errorf("%d jobs are in the answer", n)
			}
		})
	}
}

// A record that cannot be carried out is kept with a part of its message if there
// are many, and so is a job in a function error.
func TestMessagesOfManyFailures(t *testing.T) {
	long := &check.Error{Code: "FailedOperation", Message: strings.Repeat("\"", 4096), Attempts: 1}
	records := make([]any, 3000)
	for i := range records {
		records[i] = map[string]any{"CMQ": map[string]any{"topicName": "t", "msgId": fmt.Sprint(i), "msgBody": `{"Select":{}}`}}
	}
	i := newInstance(everything(&scripted{listErr: long}))
	got := i.fire(t, "request", string(check.Marshal(map[string]any{"Records": records})), time.Minute)
	if got.err == nil || len(check.Marshal(got.err.Error())) > 6<<20 || strings.Count(got.err.Error(), "FailedOperation") != len(records) {
		t.Errorf("a function error of %d bytes", len(fmt.Sprint(got.err)))
	}
}
