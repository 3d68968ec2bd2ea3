//go:build !race

// The time and the memory that the platform gives: the binary under test is without the
// race detector, which would only slow down what it is tested with.

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"migratecheck/internal/config"
	"migratecheck/internal/local/cloudapi"
	"migratecheck/internal/local/scf"
)

// scripted is an endpoint that lists so many jobs and says the same of each check.
func scripted(t *testing.T, jobs int, check string) string {
	t.Helper()
	name := strings.Repeat("a long name ", 20)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var page struct{ Limit, Offset int }
		json.NewDecoder(r.Body).Decode(&page)
		members := check
		if r.Header.Get("X-TC-Action") == "DescribeMigrationJobs" {
			var list []string
			for i := page.Offset; i < min(jobs, page.Offset+page.Limit); i++ {
				list = append(list, fmt.Sprintf(`{"JobId":"dts-%05d","JobName":"%s%d","Status":"created","Action":{"AllowedAction":["check"]}}`, i, name, i))
			}
			members = fmt.Sprintf(`"TotalCount":%d,"JobList":[%s]`, jobs, strings.Join(list, ","))
		}
		io.WriteString(w, `{"Response":{"RequestId":"46b45da1-b4a9-4b1e-a1c5-1c1b3a4d5e6f",`+members+`}}`)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// silent is the address of a server that takes requests and answers none.
func silent(t *testing.T) string { return answering(t, func(io.Writer, *http.Request) {}) }

// refused is an address that nobody listens at.
func refused(t *testing.T) string {
	address, release, err := cloudapi.Unheard()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return "http://" + address
}

// series returns the ids of so many jobs that no other series has.
func series(nth, jobs int) []string {
	ids := make([]string, jobs)
	for i := range ids {
		ids[i] = fmt.Sprintf("dts-%d-%05d", nth, i)
	}
	return ids
}

// named returns an event that names the jobs.
func named(ids []string, more string) string {
	return `{"JobIds":["` + strings.Join(ids, `","`) + `"]` + more + `}`
}

// longCheck is a check that did not pass, with that many kilobytes of texts.
func longCheck(kilobytes int) string {
	var steps []string
	for i := range 15 {
		text := strings.Repeat(`a \"reason\" `, kilobytes<<10/15/2/13)
		steps = append(steps, fmt.Sprintf(`{"StepId":"Step%dCheck","StepName":"Step","StepStatus":"failed","DetailCheckItems":[{"CheckItemName":"i","CheckResult":"failed","FailureReason":"%s","ErrorLog":["%s"]}]}`, i, text, text))
	}
	return `"Status":"failed","CheckFlag":"checkNotPass","BriefMsg":"no","StepInfo":[` + strings.Join(steps, ",") + `]`
}

// On a tenth of a processor, with destinations that are broken, the answer comes in
// time, and so does every outcome.
func TestOnAShareOfAProcessor(t *testing.T) {
	for name, row := range map[string]struct {
		timeout time.Duration
		event   string
		jobs    int
		check   string
		to      func(*testing.T) string
	}{
		"10,000 selected jobs":             {20 * time.Second, `{"httpMethod":"POST","path":"/","body":{"Select":{}}}`, 10000, `"x":1`, silent},
		"10,000 jobs, and nobody to tell":  {3 * time.Second, named(series(1, 10000), ""), 10000, `"x":1`, nil},
		"10,000 named jobs":                {5 * time.Second, named(series(1, 10000), ""), 10000, `"x":1`, silent},
		"long texts, refused destinations": {15 * time.Second, named(series(1, 100), `,"Action":"DescribeMigrateCheckJob"`), 100, longCheck(115), refused},
		"long texts, silent destinations":  {15 * time.Second, named(series(1, 100), `,"Action":"DescribeMigrateCheckJob"`), 100, longCheck(115), silent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := function(t, scripted(t, row.jobs, row.check), nil)
			f.Output, f.Timeout = io.Discard, row.timeout
			f.Variables[config.APIVersion] = config.Version2021
			if row.to != nil {
				maps.Copy(f.Variables, map[string]string{
					config.ResultWebhook: row.to(t), config.ResultWhen: config.Always,
					config.ResultFunction: "next", config.ResultSCFEndpoint: row.to(t),
					config.ResultEventBus: "eb-12345678", config.ResultEBEndpoint: row.to(t),
				})
			}
			answer, err := answerOnAShare(t, f, row.event)
			for range 4 { // of a machine that is busy the function may have got less than its share
				if err != nil {
					t.Log(err)
					answer, err = answerOnAShare(t, f, row.event)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			text := strings.ReplaceAll(string(answer), `\"`, `"`)
			jobs := len(jobIDs.FindAllString(text, -1))
			if strings.HasPrefix(text, "{") {
				if jobs != row.jobs || !strings.Contains(text, `"NotHandedOn":["`) {
					t.Errorf("%d jobs of %d, and %.200s", jobs, row.jobs, text[max(0, len(text)-200):])
				}
			} else if !strings.HasPrefix(text, fmt.Sprintf("%d of %d jobs failed: ", jobs, row.jobs)) {
				t.Errorf("%d jobs, and %.200s", jobs, text)
			}
		})
	}
}

// jobIDs finds the jobs in an answer, or in a function error, which names those that
// were not reached.
var jobIDs = regexp.MustCompile(`"JobId":"dts-|dts-1-\d+: `)

// answerOnAShare returns the answer, or the function error, of an instance that has a
// share of a processor.
func answerOnAShare(t *testing.T, f scf.Function, event string) ([]byte, error) {
	instance, err := scf.Start(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	defer instance.Close()
	defer throttle(t, instance.Pid(), 0.1)()
	answer, err := instance.Invoke(t.Context(), scf.Event{RequestID: "r", Payload: []byte(event)})
	if peak := instance.PeakMemory(); peak > 60<<20 {
		t.Errorf("%d MB", peak>>20)
	}
	var failed *scf.FunctionError
	if errors.As(err, &failed) {
		return []byte(failed.Message), nil
	}
	return answer, err
}

// However many large events come to one instance, it stays within its 64 MB.
func TestManyLargeEvents(t *testing.T) {
	t.Parallel()
	for name, event := range map[string]func(n int) string{
		"jobs that are named": func(n int) string { return named(series(n, 5000), "") },
		"a timer's": func(n int) string {
			return fmt.Sprintf(`{"Type":"Timer","TriggerName":"night %d","Time":"%s","Message":"%s"}`, n, time.Now().UTC().Format(time.RFC3339), strings.Join(series(n, 5000), ","))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := function(t, scripted(t, 0, `"x":1`), nil)
			f.Output, f.Timeout = io.Discard, time.Minute
			f.Variables[config.APIVersion], f.Variables[config.RateLimit] = config.Version2021, "10000"
			instance, err := scf.Start(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			defer instance.Close()
			for n := range 4 {
				answer, err := instance.Invoke(t.Context(), scf.Event{RequestID: fmt.Sprint(n), Payload: []byte(event(n))})
				if jobs := strings.Count(string(answer), `"JobId":"dts-`); err != nil || jobs != 5000 {
					t.Fatalf("%d jobs, %v", jobs, err)
				}
			}
			if peak := instance.PeakMemory(); peak > 56<<20 {
				t.Errorf("%d MB", peak>>20)
			}
		})
	}
}

// throttle gives a process a share of a processor in the way of the platform's
// scheduler: so much of each 100 ms, until the returned function is called.
func throttle(t *testing.T, pid int, share float64) (stop func()) {
	t.Helper()
	const period = 100 * time.Millisecond
	quota := time.Duration(share * float64(period))
	used := func() time.Duration {
		var now unix.Timespec
		if err := unix.ClockGettime(int32(^pid<<3|2), &now); err != nil { // the process's CPU clock
			return 0
		}
		return time.Duration(now.Nano())
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		defer syscall.Kill(pid, syscall.SIGCONT)
		allowed := used()
		for begin := time.Now(); ; begin = begin.Add(period) {
			allowed = max(allowed, used()-quota) + quota // what was taken too much is owed
			if allowed > used()+quota {
				allowed = used() + quota // what was not used is lost
			}
			for left := period; left > 0; left = time.Until(begin.Add(period)) {
				select {
				case <-done:
					return
				default:
				}
				if over := allowed - used(); over > 0 {
					time.Sleep(min(max(over/2, 300*time.Microsecond), left))
					continue
				}
				syscall.Kill(pid, syscall.SIGSTOP)
				time.Sleep(left)
			}
			syscall.Kill(pid, syscall.SIGCONT)
		}
	}()
	return func() { close(done); <-ended }
}

// manyMembers returns nearly a megabyte of members of an object.
func manyMembers() string {
	var out strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&out, `,"%x":1`, i)
	}
	return out.String()
}

// The largest event and the largest answer fit into a function of 64 MB.
func TestMemory(t *testing.T) {
	t.Parallel()
	records := make([]string, 10000)
	ids := make([]string, len(records))
	for i := range ids {
		ids[i] = fmt.Sprintf("dts-%05d", i)
		body, _ := json.Marshal(fmt.Sprintf(`{"JobId":%q,"Comment":%q}`, ids[i], strings.Repeat("x", 500)))
		records[i] = fmt.Sprintf(`{"Ckafka":{"topic":"t","msgBody":%s}}`, body)
	}
	describe, _ := json.Marshal(map[string]any{"JobIds": ids, "Action": "DescribeMigrateCheckJob"})
	// fakedts would take its time for twenty thousand calls.
	body := `{"Response":{"RequestId":"46b45da1-b4a9-4b1e-a1c5-1c1b3a4d5e6f","Status":"failed","CheckFlag":"checkNotPass","BriefMsg":"` + strings.Repeat("no privilege ", 20) + `"}}`
	f := function(t, answering(t, func(w io.Writer, _ *http.Request) {
		fmt.Fprintf(w, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}), newOutput())
	f.Variables[config.RateLimit], f.Variables[config.APIVersion] = "10000", config.Version2021
	f.Timeout = time.Minute
	instance, err := scf.Start(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	defer instance.Close()
	for _, event := range []string{`{"Records":[` + strings.Join(records, ",") + `]}`, string(describe)} {
		got, err := instance.Invoke(t.Context(), scf.Event{RequestID: "r", Payload: []byte(event)})
		if n := strings.Count(string(got), `"JobId"`); err != nil || n != len(ids) {
			t.Fatalf("%d jobs, %v", n, err)
		}
		if peak := instance.PeakMemory(); peak > 56<<20 {
			t.Errorf("%d MB after an event of %d bytes", peak>>20, len(event))
		}
	}
}

// Whatever an endpoint answers, 32 times at once, it fits into a function of 64 MB.
func TestHostileEndpointsFitIntoMemory(t *testing.T) {
	ids := make([]string, 40) // more than are in flight
	for i := range ids {
		ids[i] = fmt.Sprintf("dts-%05d", i)
	}
	create, _ := json.Marshal(map[string]any{"JobIds": ids})
	describe, _ := json.Marshal(map[string]any{"JobIds": ids, "Action": "DescribeMigrateCheckJob"})
	answer := func(members string) string { return `{"Response":{"RequestId":"r-1",` + members + `}}` }
	refusal := func(message string) string {
		return answer(`"Error":{"Code":"FailedOperation","Message":"` + message + `"}`)
	}
	whole := func(body string) func(io.Writer) {
		return func(w io.Writer) {
			fmt.Fprintf(w, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		}
	}
	forever := func(begin, line string) func(io.Writer) {
		return func(w io.Writer) {
			_, err := io.WriteString(w, begin)
			for err == nil {
				_, err = io.WriteString(w, line)
			}
		}
	}
	items := strings.Repeat("{},", 300000) + "{}"
	for name, test := range map[string]struct {
		event string
		write func(io.Writer)
	}{
		"headers without end":       {string(create), forever("HTTP/1.1 200 OK\r\n", "X-"+strings.Repeat("x", 900)+": x\r\n")},
		"a header without end":      {string(create), forever("HTTP/1.1 200 OK\r\nX-Long: ", strings.Repeat("x", 1000))},
		"interim answers":           {string(create), forever("", "HTTP/1.1 103 Early Hints\r\nX-Long: "+strings.Repeat("x", 30000)+"\r\n\r\n")},
		"a body without end":        {string(create), forever("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{", strings.Repeat(" ", 1000))},
		"messages of 900 KB":        {string(create), whole(refusal(strings.Repeat("x", 900<<10)))},
		"messages of escapes":       {string(create), whole(refusal(strings.Repeat(`%5c\\u0041&#x25;`, 900<<6)))},
		"messages with the token":   {string(create), whole(refusal(strings.Repeat("%41"+exampleRole.Token, 8000)))},
		"nested deeply":             {string(create), whole(answer(`"x":` + strings.Repeat("[", 500000) + strings.Repeat("]", 500000)))},
		"300,000 steps":             {string(describe), whole(answer(`"Status":"success","CheckFlag":"checkPass","StepInfo":[` + items + "]"))},
		"5,000 steps":               {string(describe), whole(answer(`"Status":"success","CheckFlag":"checkPass","StepInfo":[` + strings.Repeat(`{"StepName":"n","StepStatus":"failed","StepMessage":"`+strings.Repeat("x", 150)+`"},`, 4999) + "{}]"))},
		"100,000 members":           {string(describe), whole(answer(`"Status":"running"` + manyMembers()))},
		"190,000 null steps":        {string(describe), whole(answer(`"Status":"success","CheckFlag":"checkPass","StepInfo":[` + strings.Repeat("null,", 190000) + "null]"))},
		"190,000 null items":        {string(describe), whole(answer(`"Status":"running","StepInfo":[{"StepName":"n","DetailCheckItems":[` + strings.Repeat("null,", 190000) + "null]}]"))},
		"400,000 numbers":           {string(describe), whole(answer(`"Status":"running","StepInfo":[` + strings.Repeat("1,", 400000) + "1]"))},
		"300,000 items":             {string(describe), whole(answer(`"Status":"running","StepInfo":[{"StepName":"n","DetailCheckItems":[` + items + "]}]"))},
		"a megabyte of one text":    {string(describe), whole(answer(`"Status":"running","BriefMsg":"` + strings.Repeat(`\u0041`, 170000) + `"`))},
		"a list of 300,000 jobs":    {`{"Select":{}}`, whole(answer(`"TotalCount":300000,"JobList":[` + items + "]"))},
		"a name of 900 KB":          {`{"Select":{}}`, whole(answer(`"TotalCount":1,"JobList":[{"JobId":"dts-1","Status":"created","JobName":"` + strings.Repeat("x", 900<<10) + `"}]`))},
		"a list of other jobs ever": {`{"Select":{}}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var listed atomic.Int64
			f := function(t, answering(t, func(w io.Writer, _ *http.Request) {
				if test.write != nil {
					test.write(w)
					return
				}
				var page []string
				for range 100 {
					page = append(page, fmt.Sprintf(`{"JobId":"%064d","JobName":"%0512d","Status":"created","Tags":[{"TagKey":"%02000d"}],"Action":{"AllowedAction":["check"]}}`, listed.Add(1)-1, 0, 0))
					if len(page) == 100 {
						listed.Add(-1) // each page begins with the last of the one before
					}
				}
				whole(answer(`"TotalCount":1000000,"JobList":[` + strings.Join(page, ",") + "]"))(w)
			}), newOutput())
			f.Variables[config.APIVersion], f.Variables[config.RateLimit], f.Variables[config.MaxAttempts] = config.Version2021, "1000", "1"
			instance, err := scf.Start(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			defer instance.Close()
			payload, _ := json.Marshal(map[string]any{"httpMethod": "POST", "path": "/", "body": test.event})
			got, err := instance.Invoke(t.Context(), scf.Event{RequestID: "r", Payload: payload})
			if err != nil {
				t.Fatalf("%.200s %v", got, err)
			}
			confidential(t, &exampleRole, string(got))
			if peak := instance.PeakMemory(); peak > 60<<20 {
				t.Errorf("%d MB", peak>>20)
			}
		})
	}
}
