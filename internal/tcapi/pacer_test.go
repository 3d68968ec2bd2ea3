package tcapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"migratecheck/internal/local/fakedts"
	"migratecheck/internal/local/memnet"
)

// jobs returns n jobs whose checks take a minute.
func jobs(n int) []fakedts.Job {
	out := make([]fakedts.Job, n)
	for i := range out {
		out[i] = fakedts.Job{JobID: fmt.Sprintf("dts-%05d", i), CheckSeconds: 60}
	}
	return out
}

// createAll creates the checks of jobs with one client, as many at once as the
// handler does, and returns how many were accepted.
func createAll(ctx context.Context, client *Client, jobs []fakedts.Job) int {
	var group sync.WaitGroup
	var mu sync.Mutex
	accepted := 0
	next := make(chan string)
	for range 32 {
		group.Go(func() {
			for job := range next {
				if _, err := create(ctx, client, job); err == nil {
					mu.Lock()
					accepted++
					mu.Unlock()
				}
			}
		})
	}
	for _, j := range jobs {
		next <- j.JobID
	}
	close(next)
	group.Wait()
	return accepted
}

func countCode(calls []fakedts.Call, code string) int {
	n := 0
	for _, c := range calls {
		if c.Code == code {
			n++
		}
	}
	return n
}

// One instance keeps to the quota by itself: 200 jobs at 20 a second within
// 1.03 times 10 s and without one refusal, however long DTS takes to answer.
func TestOneInstanceKeepsToTheQuota(t *testing.T) {
	for name, latency := range map[string]time.Duration{"at once": 0, "after 20 ms": 20 * time.Millisecond, "after 600 ms": 600 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				all := jobs(200)
				options := fakedts.Options{Jobs: all}
				if latency > 0 {
					options.Faults = []fakedts.Fault{{Kind: fakedts.FaultDelay, Delay: latency}}
				}
				server := fakedts.New(options)
				client := connect(t, server, settings())
				began := time.Now()
				accepted := createAll(t.Context(), client, all)
				took := time.Since(began) - latency
				if accepted != 200 {
					t.Errorf("%d of 200 accepted", accepted)
				}
				if n := countCode(server.Calls(), "RequestLimitExceeded"); n > 0 {
					t.Errorf("%d refusals for rate", n)
				}
				if most := 10300 * time.Millisecond; took > most {
					t.Errorf("took %v, more than %v", took, most)
				}
				t.Logf("200 jobs in %v", took)
			})
		})
	}
}

// Several instances on one quota slow down together, lose nothing, and use
// what there is: four with 100 jobs each within 1.05 times 20 s.
func TestInstancesShareTheQuota(t *testing.T) {
	for _, test := range []struct {
		instances int
		most      time.Duration
	}{{2, 12 * time.Second}, {4, 21 * time.Second}, {8, 42 * time.Second}} {
		t.Run(fmt.Sprint(test.instances, " instances"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				all := jobs(100 * test.instances)
				server := fakedts.New(fakedts.Options{Jobs: all})
				began := time.Now()
				var group sync.WaitGroup
				accepted := make([]int, test.instances)
				for i := range accepted {
					client := connect(t, server, settings())
					group.Go(func() { accepted[i] = createAll(t.Context(), client, all[100*i:100*i+100]) })
				}
				group.Wait()
				took := time.Since(began)
				for i, n := range accepted {
					if n != 100 {
						t.Errorf("instance %d: %d of 100 accepted", i, n)
					}
				}
				if took > test.most {
					t.Errorf("took %v, more than %v", took, test.most)
				}
				t.Logf("%d jobs in %v with %d refusals", len(all), took, countCode(server.Calls(), "RequestLimitExceeded"))
			})
		})
	}
}

// Nothing is lost even if the quota counts the calls that it refuses as well.
func TestQuotaThatCountsRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var counted []time.Time
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			time.Sleep(100 * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			counted = slices.DeleteFunc(counted, func(at time.Time) bool { return time.Since(at) >= time.Second })
			counted = append(counted, time.Now())
			if len(counted) > 20 {
				io.WriteString(w, `{"Response":{"Error":{"Code":"RequestLimitExceeded"},"RequestId":"r"}}`)
				return
			}
			io.WriteString(w, `{"Response":{"RequestId":"r"}}`)
		})}
		network := memnet.New()
		go server.Serve(network)
		defer server.Close()
		process := role
		process.Dial = network.Dial
		var group sync.WaitGroup
		for range 4 {
			client := New(settings(), process)
			group.Go(func() {
				if n := createAll(t.Context(), client, jobs(100)); n != 100 {
					t.Errorf("%d of 100 accepted", n)
				}
			})
		}
		began := time.Now()
		group.Wait()
		if took := time.Since(began); took > 45*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// After a refusal a lone instance sends a fifth less, and regains the full rate
// within three and a half seconds. Refusals of calls that were under way
// together are one.
func TestRateRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(20)
		full := p.rate(time.Now())
		part := func(want float64) {
			t.Helper()
			if got := p.rate(time.Now()) / full; got < want-0.001 || got > want+0.001 {
				t.Errorf("%v of the full rate, want %v", got, want)
			}
		}
		for range 10 {
			p.refused()
			time.Sleep(20 * time.Millisecond)
		}
		time.Sleep(time.Second - 200*time.Millisecond)
		part(0.86)
		time.Sleep(2 * time.Second)
		part(0.98)
		time.Sleep(time.Second)
		part(1)
	})
}

// After a refusal nothing is sent until the oldest call that was taken in the
// last second is a second old, and a fifth of a second later for each further
// refusal in a row, but two seconds at most.
func TestRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(20)
		rest := func(want time.Duration) {
			t.Helper()
			began := time.Now()
			if !p.wait(t.Context(), true, 0) || time.Since(began) != want {
				t.Errorf("rested %v, want %v", time.Since(began), want)
			}
		}
		p.took()
		time.Sleep(400 * time.Millisecond)
		p.took()
		p.refused()
		rest(600 * time.Millisecond)
		time.Sleep(time.Second) // none was taken in it
		p.refused()
		rest(1200 * time.Millisecond)
		p.refused()
		rest(1400 * time.Millisecond)
		for range 50 {
			p.refused()
			time.Sleep(time.Second)
		}
		p.refused()
		rest(3 * time.Second)
		p.took()
		p.refused()
		rest(time.Second)
		// A call that is taken between two refusals that are one shortens no rest,
		time.Sleep(time.Second)
		p.took()
		time.Sleep(900 * time.Millisecond)
		p.took()
		p.refused()
		time.Sleep(150 * time.Millisecond)
		p.took()
		p.refused()
		rest(850 * time.Millisecond)
		// nor does a refusal of a call that left before another.
		time.Sleep(time.Second)
		p.refused()
		p.took()
		time.Sleep(500 * time.Millisecond)
		p.next = p.next.Add(time.Second) // as after many in a row
		p.refused()
		rest(1500 * time.Millisecond)
	})
}

// What cannot leave in time is not waited for.
func TestNoTimeToLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(20)
		p.refused() // nothing leaves for a second
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if p.wait(ctx, false, 0) || time.Since(began) > 0 {
			t.Errorf("waited %v", time.Since(began))
		}
		time.Sleep(time.Second)
		ctx, cancel = context.WithCancel(t.Context())
		cancel()
		if p.wait(ctx, false, 0) {
			t.Error("a call left after it was cancelled")
		}
	})
}

// No second sees more calls leave than the quota allows, even when calls are
// held up: a machine that was busy does not make up for it in a burst.
func TestNoSecondSeesMoreThanTheQuota(t *testing.T) {
	now := time.Unix(0, 0)
	p := newPacer(20)
	var left []time.Time
	for i := range 400 {
		for {
			delay := p.take(now)
			if delay <= 0 {
				break
			}
			now = now.Add(delay)
			if i%37 == 5 {
				now = now.Add(time.Duration(i) * time.Millisecond) // woken late
			}
		}
		left = append(left, now)
	}
	for i := 20; i < len(left); i++ {
		if span := left[i].Sub(left[i-20]); span < time.Second {
			t.Fatalf("calls %d to %d left within %v", i-20, i, span)
		}
	}
}

// Calls that are woken a little late, as timers are, make up for it.
func TestLateCallsMakeUp(t *testing.T) {
	began := time.Unix(0, 0)
	now := began
	p := newPacer(20)
	for range 200 {
		for delay := p.take(now); delay > 0; delay = p.take(now) {
			now = now.Add(delay + 5*time.Millisecond)
		}
	}
	if took := now.Sub(began); took > 10300*time.Millisecond {
		t.Errorf("200 calls took %v", took)
	}
}

// A call that is tried again goes before the new ones.
func TestCallsTriedAgainGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(20)
		p.wait(t.Context(), false, 0)
		order := make(chan string, 12)
		for range 10 {
			go func() {
				p.wait(t.Context(), false, 0)
				order <- "new"
			}()
		}
		synctest.Wait()
		go func() {
			p.wait(t.Context(), true, 0)
			order <- "again"
		}()
		var got []string
		for range 11 {
			got = append(got, <-order)
		}
		if got[0] != "again" && got[1] != "again" {
			t.Errorf("left in the order %v", got)
		}
	})
}
