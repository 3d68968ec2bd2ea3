//go:build !race

// Sizes, and what they take of the heap: with the race detector these tests would take
// ten times as long, to watch one goroutine.

package event

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// What is exactly as much as is taken is read, and one more is refused.
func TestHowMuchIsTaken(t *testing.T) {
	tooMany := "event: names more than 10000 jobs"
	repeat := func(before, part, after string) func(int) string {
		return func(n int) string {
			return before + strings.TrimSuffix(strings.Repeat(part, n), ",") + after
		}
	}
	for name, test := range map[string]struct {
		most  int
		event func(n int) string
		error string
	}{
		"jobs of a batch": {10000, func(n int) string { return marshal(t, jobNames(n)) }, tooMany},
		"jobs of a text":  {10000, func(n int) string { return marshal(t, strings.Join(jobNames(n), " ")) }, tooMany},
		"jobs of records": {10000, func(n int) string {
			return fmt.Sprintf(`{"Records":[{"CMQ":{"msgBody":"a"}},{"CMQ":{"msgBody":%q}}]}`, strings.Join(jobNames(n-1), ","))
		}, tooMany},
		"jobs of one record": {10000, func(n int) string {
			return fmt.Sprintf(`{"Records":[{"CMQ":{"msgBody":%q}}]}`, strings.Join(jobNames(n), ","))
		}, tooMany},
		"jobs of records, most of them twice": {10000, func(n int) string {
			return fmt.Sprintf(`{"Records":[{"CMQ":{"msgBody":%q}},{"CMQ":{"msgBody":%q}}]}`, strings.Join(jobNames(9000), ","), strings.Join(jobNames(n), ","))
		}, tooMany},
		"the same jobs in every record": {50000, func(n int) string {
			records := strings.Repeat(fmt.Sprintf(`{"CMQ":{"msgBody":%q}},`, strings.Join(jobNames(1000), ",")), 49)
			return fmt.Sprintf(`{"Records":[%s{"CMQ":{"msgBody":%q}}]}`, records, strings.Join(jobNames(n-49000), ","))
		}, "event: names jobs more than 50000 times"},
		"records":     {10000, repeat(`{"Records":[`, `{"CMQ":{"msgBody":"a"}},`, `]}`), "Records: holds more than 10000 records"},
		"CloudEvents": {10000, repeat(`[`, `{"specversion":"1"},`, `]`), "event: holds more than 10000 records"},
		"fields":      {11000, repeat(`{"httpMethod":"PUT","path":"/","body":"JobId=a`, `&jobid=a`, `"}`), "body: has more than 11000 fields, which is not taken"},
		"a parameter": {11000, repeat(`{"httpMethod":"PUT","path":"/","queryString":{"JobId":[`, `"a",`, `]}}`), "queryString: has more than 11000 fields, which is not taken"},
		"accepted steps": {100, func(n int) string {
			return marshal(t, map[string]any{"JobId": "a", "Strict": true, "Accept": jobNames(n)})
		}, "Accept: names more than 100 steps"},
		"a tag's values": {100, repeat(`{"Select":{"Tags":{"env":[`, `"prod",`, `]}}}`), `Select.Tags["env"]: has more than 100 values`},
		"a filter":       {100, repeat(`{"Select":{"JobName":[`, `"a",`, `]}}`), "Select.JobName: has more than 100 values"},
		"a name":         {255, repeat(`{"Select":{"JobName":"`, `长`, `"}}`), `Select.JobName: must be 1 to 255 characters, not "` + strings.Repeat("长", 80) + `…"`},
		"a tag's key":    {255, repeat(`{"Select":{"Tags":{"`, `k`, `":"v"}}}`), ""},
		"an id":          {64, repeat(`{"JobId":"`, `a`, `"}`), `JobId: must be 1 to 64 characters of A-Z a-z 0-9 _ -, not "` + strings.Repeat("a", 65) + `"`},
		"tags": {100, func(n int) string {
			tags := map[string]string{}
			for _, key := range jobNames(n) {
				tags[key] = "v"
			}
			return marshal(t, map[string]any{"Select": map[string]any{"Tags": tags}})
		}, "Select.Tags: has more than 100 keys"},
	} {
		t.Run(name, func(t *testing.T) {
			most := test.most
			if name == "fields" {
				most-- // the first is JobId
			}
			if _, err := Read([]byte(test.event(most))); err != nil {
				t.Errorf("%d: %v", most, err)
			}
			e, err := Read([]byte(test.event(most + 1)))
			if err == nil || e.Batch || test.error != "" && err.Message != test.error {
				t.Errorf("%d: got %v, want %s", most+1, err, test.error)
			}
		})
	}
}

// The largest events that the platform sends, whatever they are made of, are
// read in a function of 64 MB, and in little time.
func TestLargestEventsFitIntoMemory(t *testing.T) {
	const size = 1_500_000 // a quarter, which proves as much
	fill := func(before, part, after string) string {
		return before + strings.Repeat(part, (size-len(before)-len(after))/len(part)) + after
	}
	quoted := func(text string) string { return marshal(t, text) }
	for name, test := range map[string]struct {
		event string
		jobs  int
		error string
	}{
		"one job, and much else":    {fill(`{"x":"`, "x", `","JobId":"dts-1"}`), 1, ""},
		"one job in many members":   {fill(`{`, `"":1,`, `"JobId":"dts-1"}`), 1, ""},
		"one job given many times":  {fill(`{`, `"jobId":"dts-1",`, `"JobId":"dts-1"}`), 1, ""},
		"one job many times":        {fill(`[`, `"dts-1",`, `"dts-1"]`), 1, ""},
		"many numbers":              {fill(`[`, `1,`, `1]`), 0, "[0]: must be a string, not 1"},
		"many lists":                {fill(`{"JobIds":[`, `[],`, `[]]}`), 0, "JobIds[0]: must be a string, not []"},
		"a text of one job":         {fill(`{"Type":"Timer","Message":"`, "a,", `a"}`), 1, ""},
		"a text of escapes":         {fill(`{"Type":"Timer","Message":"`, `\u000a`, `a"}`), 1, ""},
		"a text of separators":      {fill(`{"JobId":"`, `，`, `a"}`), 1, ""},
		"a long id":                 {fill(`{"JobId":"`, `é`, `"}`), 0, "JobId: must be 1 to 64 characters of A-Z a-z 0-9 _ -, not \"" + strings.Repeat("é", 80) + "…\""},
		"a body":                    {`{"httpMethod":"POST","path":"/","body":` + quoted(fill(`{"x":"`, "x", `","JobId":"dts-1"}`)) + `}`, 1, ""},
		"a query":                   {fill(`{"httpMethod":"GET","path":"/","queryString":{"JobIds":"`, `a,`, `a"}}`), 1, ""},
		"a job in many slips":       {fill(`{`, `"jobIt":1,`, `"JobId":"dts-1"}`), 1, ""},
		"a job in short members":    {fill(`{`, `"abcd":1,`, `"JobId":"dts-1"}`), 1, ""},
		"a form of slips":           {fill(`{"httpMethod":"POST","path":"/","body":"`, `wiat=&`, `JobId=a"}`), 1, ""},
		"accepted steps":            {fill(`{"JobId":"a","Strict":true,"Accept":[`, `"A",`, `"A"]}`), 1, ""},
		"a long way":                {fill(`{"JobId":"a","Via":[`, `"a/b/c",`, `"A"]}`), 1, ""},
		"many query parameters":     {fill(`{"httpMethod":"GET","path":"/","queryString":{`, `"b":"1",`, `"JobId":"a"}}`), 1, ""},
		"many header values":        {fill(`{"httpMethod":"GET","path":"/","queryString":{"JobId":"a"},"headers":{"accept":"`, `a/b;q=1,`, `"}}`), 1, ""},
		"a form":                    {fill(`{"httpMethod":"POST","path":"/","body":"`, `JobIds=a&`, `"}`), 0, "body: has more than 11000 fields, which is not taken"},
		"many records":              {fill(`{"Records":[{"CMQ":{}},`, `1,`, `1]}`), 0, "Records: holds more than 10000 records"},
		"many CloudEvents":          {fill(`[`, `{"specversion":"1.0"},`, `1]`), 0, "event: holds more than 10000 records"},
		"many answers":              {fill(`{"Jobs":[`, `{"JobId":"a"},`, `{"JobId":"a"}]}`), 1, ""},
		"many tags":                 {fill(`{"Select":{"Tags":{`, `"a":"b",`, `"a":"b"}}}`), 0, ""},
		"a connector's large event": {fill(`{"specversion":"1","data":{"x":[`, `{},`, `{}],"msgBody":"a"}}`), 1, ""},
		"encoded twice":             {quoted(fill(`{"x":"`, "x", `","JobId":"dts-1"}`)), 1, ""},
		"encoded three times":       {quoted(quoted(fill(`{"x":"`, "x", `","JobId":"dts-1"}`))), 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			payload := []byte(test.event)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			e, err := Read(payload)
			runtime.ReadMemStats(&after)
			problem := ""
			if err != nil {
				problem = err.Message
			}
			jobs := 0
			for _, r := range e.Requests {
				jobs += len(r.Jobs)
			}
			if jobs != test.jobs || problem != test.error {
				t.Errorf("%d jobs, %q; want %d, %q", jobs, problem, test.jobs, test.error)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 9*size {
				t.Errorf("took %d kB of %d", took>>10, len(payload)>>10)
			}
		})
	}
}
