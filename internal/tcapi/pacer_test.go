package tcapi

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"migratecheck/internal/local/fakedts"
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
// 1.05 times 10 s and without one refusal, however long DTS takes to answer.
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
				if most := 10500 * time.Millisecond; took > most {
					t.Errorf("took %v, more than %v", took, most)
				}
				t.Logf("200 jobs in %v", took)
			})
		})
	}
}

// Several instances on one quota slow down together, lose nothing, and use
// what there is: four with 100 jobs each within 1.15 times 20 s.
func TestInstancesShareTheQuota(t *testing.T) {
	for _, test := range []struct {
		instances int
		most      time.Duration
	}{{2, 12 * time.Second}, {4, 23 * time.Second}, {8, 46 * time.Second}} {
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

// A lone instance regains the full rate after a refusal.
func TestRateRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(20)
		p.refused()
		if rate := p.rate(time.Now()); rate >= p.full {
			t.Errorf("the rate is %v after a refusal", rate)
		}
		time.Sleep(5 * time.Second)
		if rate := p.rate(time.Now()); rate != p.full {
			t.Errorf("the rate is %v of %v after five seconds", rate, p.full)
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

// However long the quota was closed to an instance, it is not long asleep once
// it is open again.
func TestRestAfterManyRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(20)
		for range 100 {
			p.refused()
			time.Sleep(time.Second)
		}
		p.refused()
		began := time.Now()
		if !p.wait(t.Context(), false, 0) || time.Since(began) > second+longest+jitter {
			t.Errorf("rested %v", time.Since(began))
		}
	})
}
