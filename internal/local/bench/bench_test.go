// Package bench compares the function with the smallest ones possible. Its
// benchmarks run binaries against one endpoint on loopback: the function, as
// build.sh builds it, the smallest one that signs by hand (./baseline) and the smallest
// on Tencent's SDK (./onsdk), each on one thread. What counts is the ratio of their
// medians, "×baseline" and "×sdk", because machines differ and are noisy. So do
// processes, and what each finds in the caches that the one before it left: warm
// events go to new instances again and again, in a random order.
package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"migratecheck/internal/local/fakedts"
	"migratecheck/internal/local/scf"
)

// root is the module's.
const root = "../../.."

// rivals are the function, the baseline and the smallest one on the SDK, with one
// endpoint.
type rivals [3]scf.Function

// built are the rivals' binaries, which are built once.
var built = sync.OnceValues(func() (paths [3]string, err error) {
	paths[0], err = filepath.Abs(root + "/build/function/main")
	commands := [][]string{{root + "/build.sh"}}
	for i, name := range []string{"baseline", "onsdk"} {
		paths[i+1] = filepath.Join(directory, name)
		commands = append(commands, []string{"go", "build", "-trimpath", "-ldflags=-s -w", "-o", paths[i+1], "./" + name})
	}
	for _, c := range commands {
		command := exec.Command(c[0], c[1:]...)
		command.Env = append(os.Environ(), "CGO_ENABLED=0")
		if output, failed := command.CombinedOutput(); failed != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w\n%s", c[0], failed, output))
		}
	}
	return paths, err
})

// directory is removed when the benchmarks end.
var directory string

func TestMain(m *testing.M) {
	var err error
	if directory, err = os.MkdirTemp("", "bench"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(directory)
	os.Exit(code)
}

func newRivals(b *testing.B, jobs []fakedts.Job, secure bool) (r rivals) {
	b.Helper()
	paths, err := built()
	if err != nil {
		b.Fatal(err)
	}
	endpoint, err := fakedts.New(fakedts.Options{
		Jobs:   jobs,
		Quota:  -1,
		Forget: true,
	}).Listen("127.0.0.1:0", secure)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(endpoint.Close)
	if secure {
		file := filepath.Join(b.TempDir(), "certificate.pem")
		if err := os.WriteFile(file, endpoint.Certificate, 0o600); err != nil {
			b.Fatal(err)
		}
		b.Setenv("SSL_CERT_FILE", file)
	}
	key := fakedts.ExampleKey
	for i, path := range paths {
		r[i] = scf.Function{
			Path:      path,
			Variables: map[string]string{"DTS_ENDPOINT": endpoint.URL, "DTS_RATE_LIMIT": "10000"},
			Role:      &scf.Credentials{SecretID: key.SecretID, SecretKey: key.SecretKey, Token: key.Token},
			Timeout:   time.Minute,
			Output:    io.Discard,
		}
	}
	return r
}

// oneJob is the job of directEvent.
var oneJob = []fakedts.Job{{JobID: "dts-1kl0iy0v", CheckSeconds: fakedts.Instant}}

// overBoth runs a benchmark over HTTP and over TLS, with an endpoint that has those
// jobs.
func overBoth(b *testing.B, jobs []fakedts.Job, run func(*testing.B, rivals)) {
	for _, secure := range []bool{false, true} {
		b.Run(map[bool]string{false: "http", true: "tls"}[secure], func(b *testing.B) { run(b, newRivals(b, jobs, secure)) })
	}
}

func start(b *testing.B, f scf.Function) *scf.Instance {
	b.Helper()
	instance, err := scf.Start(context.Background(), f)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(instance.Close)
	return instance
}

// start starts an instance of each.
func (r rivals) start(b *testing.B) (instances [3]*scf.Instance) {
	for i, f := range r {
		instances[i] = start(b, f)
	}
	return instances
}

const directEvent = `{"JobId":"dts-1kl0iy0v"}`

// fired counts events.
var fired atomic.Int64

// another returns an event that differs from those before it by what its source
// tells them apart: one that came before would be remembered, and cost nothing.
func another(event []byte, n int64) []byte {
	return []byte(strings.NewReplacer(
		"2019-02-21T11:49:00Z", time.Unix(n, 0).UTC().Format(time.RFC3339),
		`"offset":36`, fmt.Sprintf(`"offset":%d`, n),
		"123345346", fmt.Sprint(n),
		"13a3f42d-7258-4ada-da6d-023a333b4662", fmt.Sprint(n),
	).Replace(string(event)))
}

// fire invokes an instance once and returns how long it took.
func fire(b *testing.B, i *scf.Instance, event []byte) time.Duration {
	n := fired.Add(1)
	event = another(event, n)
	began := time.Now()
	answer, err := i.Invoke(context.Background(), scf.Event{RequestID: fmt.Sprint("event-", n), Payload: event})
	took := time.Since(began)
	if err != nil || !strings.Contains(string(answer), "RequestId") {
		b.Fatalf("%s: %v", answer, err)
	}
	return took
}

// race fires each rival's instance once, in a random order, and returns how long each
// took. Only the function reads events of every source.
func race(b *testing.B, instances [3]*scf.Instance, event []byte) (took [3]time.Duration) {
	events := [3][]byte{event, []byte(directEvent), []byte(directEvent)}
	for _, i := range rand.Perm(len(instances)) {
		took[i] = fire(b, instances[i], events[i])
	}
	return took
}

func median(durations []time.Duration) time.Duration {
	slices.Sort(durations)
	return durations[len(durations)/2]
}

// report reports the function's median and its ratio to those of the smallest ones.
func report(b *testing.B, took [3][]time.Duration) {
	f := median(took[0])
	b.ReportMetric(float64(f.Microseconds()), "µs/event")
	b.ReportMetric(float64(f)/float64(median(took[1])), "×baseline")
	b.ReportMetric(float64(f)/float64(median(took[2])), "×sdk")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkWarm: an event of each source in a warm instance.
func BenchmarkWarm(b *testing.B) {
	rounds, first, last := 6, 150, 500
	if testing.Short() {
		rounds, first, last = 1, 10, 50
	}
	overBoth(b, oneJob, func(b *testing.B, r rivals) {
		for _, source := range []string{"direct", "apigw-body", "function-url-one", "timer", "ckafka-one", "cmq", "eventbridge"} {
			event := sampleEvent(b, source)
			b.Run(source, func(b *testing.B) {
				var took [3][]time.Duration
				for b.Loop() {
					for range rounds {
						instances := r.start(b)
						for n := range last {
							for i, t := range race(b, instances, event) {
								if n >= first {
									took[i] = append(took[i], t)
								}
							}
						}
						for _, instance := range instances {
							instance.Close()
						}
					}
				}
				report(b, took)
			})
		}
	})
}

// sampleEvent is an event of a source that names one job.
func sampleEvent(b *testing.B, source string) []byte {
	switch source {
	case "direct":
		return []byte(directEvent)
	case "function-url-one":
		return []byte(`{"body":"{\"JobId\":\"dts-1kl0iy0v\"}","headers":{"content-type":"application/json"},"httpMethod":"POST","path":"/","queryString":{}}`)
	case "ckafka-one":
		return []byte(`{"Records":[{"Ckafka":{"topic":"migrations","partition":1,"offset":36,"msgKey":"None","msgBody":"dts-1kl0iy0v"}}]}`)
	}
	event, err := os.ReadFile(filepath.Join(root, "testdata", "events", source+".json"))
	if err != nil {
		b.Fatal(err)
	}
	return event
}

// BenchmarkCold: from exec to the first answer.
func BenchmarkCold(b *testing.B) {
	overBoth(b, oneJob, func(b *testing.B, r rivals) {
		var took, cpu [3][]time.Duration
		for b.Loop() {
			for _, i := range rand.Perm(len(r)) {
				began := time.Now()
				instance, err := scf.Start(context.Background(), r[i])
				if err != nil {
					b.Fatal(err)
				}
				fire(b, instance, []byte(directEvent))
				took[i] = append(took[i], time.Since(began))
				cpu[i] = append(cpu[i], cpuTime(b, instance.Pid()))
				instance.Close()
			}
		}
		report(b, took)
		b.ReportMetric(float64(median(cpu[0]).Microseconds()), "cpu-µs/event")
		b.ReportMetric(float64(median(cpu[0]))/float64(median(cpu[1])), "cpu×baseline")
		b.ReportMetric(float64(median(cpu[0]))/float64(median(cpu[2])), "cpu×sdk")
	})
}

// cpuTime is the processor time that a process has used, all its threads
// together, read from the system where it tells (Linux).
func cpuTime(b *testing.B, pid int) time.Duration {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if len(threads) == 0 {
		b.Skip("this system does not tell processor times")
	}
	var sum time.Duration
	for _, thread := range threads {
		var t time.Duration
		stat, err := os.ReadFile(thread)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := fmt.Sscan(string(stat), &t); err != nil {
			b.Fatalf("%s: %v", thread, err)
		}
		sum += t
	}
	return sum
}

// BenchmarkLong: what 10,000 warm events cost in processor time and memory.
func BenchmarkLong(b *testing.B) {
	events, early := 10000, 1000
	if testing.Short() {
		events, early = 500, 200
	}
	overBoth(b, oneJob, func(b *testing.B, r rivals) {
		for b.Loop() {
			var cpu [3]time.Duration
			var peak, peakEarly [3]int64
			instances := r.start(b)
			for n := range events {
				race(b, instances, []byte(directEvent))
				for i, instance := range instances {
					switch n {
					case 100:
						cpu[i] = cpuTime(b, instance.Pid())
					case early:
						peakEarly[i] = instance.PeakMemory()
					}
				}
			}
			for i, instance := range instances {
				cpu[i] = cpuTime(b, instance.Pid()) - cpu[i]
				peak[i] = instance.PeakMemory()
				instance.Close()
			}
			b.ReportMetric(float64(cpu[0].Microseconds())/float64(events-101), "cpu-µs/event")
			b.ReportMetric(float64(cpu[0])/float64(cpu[1]), "cpu×baseline")
			b.ReportMetric(float64(cpu[0])/float64(cpu[2]), "cpu×sdk")
			b.ReportMetric(float64(peak[0])/1e6, "peak-MB")
			b.ReportMetric(float64(peak[0])/float64(peak[1]), "peak×baseline")
			b.ReportMetric(float64(peak[0])/float64(peak[2]), "peak×sdk")
			b.ReportMetric(float64(peak[0])/float64(peakEarly[0]), "peak×first-thousand")
			b.ReportMetric(0, "ns/op")
		}
	})
}

// BenchmarkBatch: what a job costs in events of 100, 1,000 and 10,000 jobs, and
// their peak memory.
func BenchmarkBatch(b *testing.B) {
	known := make([]fakedts.Job, 10000)
	ids := make([]string, len(known))
	for i := range known {
		ids[i] = fmt.Sprintf("dts-%08d", i)
		known[i] = fakedts.Job{JobID: ids[i], CheckSeconds: fakedts.Instant}
	}
	overBoth(b, known, func(b *testing.B, r rivals) {
		hundred := 0.0 // µs a job in events of a hundred
		for _, jobs := range []int{100, 1000, 10000} {
			event, _ := json.Marshal(map[string]any{"JobIds": ids[:jobs]})
			b.Run(fmt.Sprint(jobs), func(b *testing.B) {
				instance := start(b, r[0])
				fire(b, instance, event)
				var took []time.Duration
				for b.Loop() {
					took = append(took, fire(b, instance, event))
				}
				each := float64(median(took).Microseconds()) / float64(jobs)
				if jobs == 100 {
					hundred = each
				}
				b.ReportMetric(each, "µs/job")
				b.ReportMetric(each/hundred, "×hundred")
				b.ReportMetric(float64(instance.PeakMemory())/1e6, "peak-MB")
				b.ReportMetric(0, "ns/op")
			})
		}
	})
}
