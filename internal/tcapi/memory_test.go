//go:build !race

// Sizes, and what they take of the heap: with the race detector these tests would take
// ten times as long, to watch one goroutine.

package tcapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
)

// However large the answers are that come at once, the memory stays within what the
// smallest function has: this is the share of the heap that is in use while an
// endpoint gives as many as there are connections, each as large as is read.
func TestMemoryOfAnswersAtOnce(t *testing.T) {
	filled := func(size int, element string) string {
		const head, tail = `{"Response":{"Steps":[`, `{}],"RequestId":"r-1"}}`
		return head + strings.Repeat(element, (size-len(head)-len(tail))/len(element)) + tail
	}
	describe := Action{Service: "dts", Version: config.Version2021, Name: "DescribeMigrationCheckJob"}
	list := Action{Service: "dts", Version: config.Version2021, Name: "DescribeMigrationJobs", MaxAnswer: 4 << 20}
	for name, row := range map[string]struct {
		action Action
		body   string
		calls  int
		most   uint64 // MB
	}{
		"of 1 MB":                    {describe, filled(1<<20, `{"Message":"`+strings.Repeat("x", 1000)+`"},`), 24, 20},
		"of 1 MB, of escapes":        {describe, filled(1<<20, `{"Message":"`+strings.Repeat(`\u0041%41`, 100)+`"},`), 24, 20},
		"of 1 MB, of as many values": {describe, filled(1<<20, `{"x":"`+strings.Repeat("x", 50)+`"},`), 32, 32},
		"of 64 KB, of small values":  {describe, filled(64<<10-1, "{},"), 32, 32},
		"lists of 4 MB":              {list, filled(4<<20, `{"Message":"`+strings.Repeat("x", 1000)+`"},`), 6, 28},
		"more than 4 MB":             {list, filled(5<<20, `{"Message":"`+strings.Repeat("x", 1000)+`"},`), 6, 28},
	} {
		t.Run(name, func(t *testing.T) {
			var arrived sync.WaitGroup
			arrived.Add(row.calls)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				io.WriteString(w, row.body[:min(len(row.body)-1, 64<<10+1)])
				w.(http.Flusher).Flush()
				arrived.Done()
				arrived.Wait()
				io.WriteString(w, row.body[min(len(row.body)-1, 64<<10+1):])
			}))
			defer server.Close()
			c := settings()
			c.DTS.Host, c.RateLimit, c.MaxAttempts = server.Listener.Addr().String(), 10000, 1
			client := New(c, role)
			defer client.transport.plain.Load().CloseIdleConnections()
			peak := peakOfHeap(t, func() {
				var group sync.WaitGroup
				for range row.calls {
					group.Go(func() {
						ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
						defer cancel()
						var response struct {
							Steps []struct{ Id, Name, Status, Message, Reason, Solution, Log, Link string }
						}
						_, err := client.Do(ctx, row.action, struct{}{}, &response)
						var failure *check.Error
						if errors.As(err, &failure) && failure.Code != check.CodeTooLarge && failure.Code != check.CodeNoAnswer {
							t.Error(err) // on a slow machine time may be up
						}
					})
				}
				group.Wait()
			})
			if peak>>20 > row.most {
				t.Errorf("%d MB of the heap were in use, want %d MB at most", peak>>20, row.most)
			}
		})
	}
}

// peakOfHeap returns how much more of the heap was in use at most while work ran,
// with the settings of the function's main.
func peakOfHeap(t *testing.T, work func()) uint64 {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer debug.SetGCPercent(debug.SetGCPercent(30)) // what counts is what is in use, not what is garbage
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}}
	inUse := func() uint64 {
		metrics.Read(samples)
		return samples[0].Value.Uint64() + samples[1].Value.Uint64()
	}
	runtime.GC()
	before, peak := inUse(), uint64(0)
	done := make(chan bool)
	go func() {
		defer close(done)
		work()
	}()
	for {
		select {
		case <-done:
			return max(peak, before) - before
		case <-time.After(time.Millisecond):
			peak = max(peak, inUse())
		}
	}
}
