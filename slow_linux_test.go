package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"migratecheck/internal/config"
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
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.Copy(io.Discard, c)
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

// refused is an address that nobody listens at.
func refused(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return "http://" + listener.Addr().String()
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

// On a share of a processor, with destinations that are broken, the answer comes in
// time, and so does every outcome.
func TestOnAShareOfAProcessor(t *testing.T) {
	for name, row := range map[string]struct {
		share   float64
		timeout time.Duration
		event   string
		jobs    int
		check   string
		to      func(*testing.T) string
	}{
		"10,000 selected jobs":             {0.25, 8 * time.Second, `{"httpMethod":"POST","path":"/","body":{"Select":{}}}`, 10000, `"x":1`, silent},
		"long texts, refused destinations": {0.25, 8 * time.Second, named(series(1, 100), `,"Action":"DescribeMigrateCheckJob"`), 100, longCheck(115), refused},
		"long texts, silent destinations":  {0.1, 12 * time.Second, named(series(1, 60), `,"Action":"DescribeMigrateCheckJob"`), 60, longCheck(115), silent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := function(t, scripted(t, row.jobs, row.check), nil)
			f.Output, f.Timeout = io.Discard, row.timeout
			for variable, value := range map[string]string{
				config.APIVersion:    config.Version2021,
				config.ResultWebhook: row.to(t), config.ResultWhen: config.Always,
				config.ResultFunction: "next", config.ResultSCFEndpoint: row.to(t),
				config.ResultEventBus: "eb-12345678", config.ResultEBEndpoint: row.to(t),
			} {
				f.Variables[variable] = value
			}
			instance, err := scf.Start(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			defer instance.Close()
			defer throttle(t, instance.Pid(), row.share)()
			answer, err := instance.Invoke(t.Context(), scf.Event{RequestID: "r", Payload: []byte(row.event)})
			if err != nil {
				t.Fatal(err)
			}
			text := strings.ReplaceAll(string(answer), `\"`, `"`)
			if jobs := strings.Count(text, `"JobId":"dts-`); jobs != row.jobs || !strings.Contains(text, `"NotHandedOn":["`) {
				t.Errorf("%d jobs of %d, and %.200s", jobs, row.jobs, text[max(0, len(text)-200):])
			}
			if peak := instance.PeakMemory(); peak > 60<<20 {
				t.Errorf("%d MB", peak>>20)
			}
		})
	}
}

// However many large events come to one instance, it stays within its 64 MB.
func TestManyLargeEvents(t *testing.T) {
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
			for n := range 6 {
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
