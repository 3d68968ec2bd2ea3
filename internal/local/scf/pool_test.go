package scf

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func newPool(t *testing.T, o PoolOptions, f Function) (*Pool, *collected) {
	t.Helper()
	log := &collected{}
	o.Log = log.log
	p := NewPool(f, o)
	t.Cleanup(p.Close)
	return p, log
}

// pid has the pool handle an event and returns the instance's process.
func pid(t *testing.T, p *Pool, e Event) int {
	t.Helper()
	result, err := p.Invoke(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(string(result.Answer))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// state is a process's, as the system has it: T when it is stopped.
func state(t *testing.T, pid int) string {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return rest[:1]
}

func TestPoolReusesAndFreezes(t *testing.T) {
	for name, freeze := range map[string]bool{"frozen": true, "not frozen": false} {
		t.Run(name, func(t *testing.T) {
			p, _ := newPool(t, PoolOptions{Instances: 2, Freeze: freeze}, helperProcess(t))
			first := pid(t, p, event("", "", 0))
			if runtime.GOOS == "linux" {
				// A process stops when it is next scheduled, not before kill returns.
				stopped := false
				for end := time.Now().Add(time.Second); !stopped && time.Now().Before(end); time.Sleep(time.Millisecond) {
					stopped = state(t, first) == "T"
					if !freeze {
						break
					}
				}
				if stopped != freeze {
					t.Errorf("between events the process is in state %s", state(t, first))
				}
			}
			if second := pid(t, p, event("", "", 0)); second != first {
				t.Errorf("the second event had process %d, the first %d", second, first)
			}
		})
	}
}

func TestPoolReplaces(t *testing.T) {
	for name, c := range map[string]struct {
		event   Event
		is      error
		status  int
		replace bool
	}{
		"after a function error": {event("error", "no luck", 0), nil, 430, false},
		"after a panic":          {event("panic", "no luck", 0), nil, 430, true},
		"after a crash":          {event("exit", "", 0), ErrExited, 439, true},
		"after a time-out":       {event("sleep", "", 60000), ErrTimeout, 433, true},
		"after a large answer":   {event("large", "", maxAnswer), ErrAnswerTooLarge, 407, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := helperProcess(t)
			if name == "after a time-out" {
				f.Timeout = time.Second
			}
			p, log := newPool(t, PoolOptions{Instances: 1, Freeze: true}, f)
			first := pid(t, p, event("", "", 0))
			_, err := p.Invoke(t.Context(), c.event)
			if err == nil || c.is != nil && !errors.Is(err, c.is) {
				t.Fatalf("error %v, want %v", err, c.is)
			}
			if got := FailureOf(err, "x").StatusCode; got != c.status {
				t.Errorf("status %d, want %d", got, c.status)
			}
			if want := "REPORT " + err.Error() + "\n"; !strings.HasSuffix(log.of(c.event.RequestID), want) {
				t.Errorf("log:\n%s\nwant %q at its end", log.of(c.event.RequestID), want)
			}
			if second := pid(t, p, event("", "", 0)); second != first != c.replace {
				t.Errorf("process %d, then %d", first, second)
			}
			if c.replace {
				gone(t, first)
			}
		})
	}
}

func TestPoolReplacesWhatDiedIdle(t *testing.T) {
	p, _ := newPool(t, PoolOptions{Instances: 1, Freeze: true}, helperProcess(t))
	first := pid(t, p, event("", "", 0))
	process, err := os.FindProcess(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.idle[0].ended
	if second := pid(t, p, event("", "", 0)); second == first {
		t.Error("the dead instance was used")
	}
}

func TestPoolConcurrent(t *testing.T) {
	p, log := newPool(t, PoolOptions{Instances: 3, Freeze: true}, helperProcess(t))
	var group sync.WaitGroup
	var mu sync.Mutex
	pids := map[int]int{}
	for i := range 30 {
		group.Go(func() {
			e := event("sleep", "", 10)
			e.RequestID = fmt.Sprint("r", i)
			result, err := p.Invoke(context.Background(), e)
			if err != nil {
				t.Error(err)
			}
			n, _ := strconv.Atoi(string(result.Answer))
			mu.Lock()
			defer mu.Unlock()
			pids[n]++
		})
	}
	group.Wait()
	if len(pids) != 3 {
		t.Errorf("30 events had %d instances, want 3: %v", len(pids), pids)
	}
	for i := range 30 {
		if got := log.of(fmt.Sprint("r", i)); got != "START \nEND \nREPORT \n" {
			t.Errorf("log of event %d:\n%s", i, got)
		}
	}
	p.Close()
	for n := range pids {
		gone(t, n)
	}
}

func TestPoolLog(t *testing.T) {
	p, log := newPool(t, PoolOptions{Instances: 1, Freeze: true}, helperProcess(t))
	for _, id := range []string{"one", "two"} {
		e := event("print", id, 1000)
		e.RequestID = id
		result, err := p.Invoke(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(log.of(id)), "\n")
		if len(lines) != 1004 || lines[0] != "START " && lines[0] != "START" || lines[1] != "LINE "+id+" 0" ||
			lines[1001] != "LINE no newline" || lines[1002] != "END " || lines[1003] != "REPORT" {
			t.Errorf("%d lines, from %q to %q", len(lines), lines[:2], lines[len(lines)-3:])
		}
		if len(result.Tail) != maxTail || !strings.HasSuffix(string(result.Tail), id+" 999\nno newline\n") {
			t.Errorf("tail of %d bytes: …%q", len(result.Tail), result.Tail[max(0, len(result.Tail)-30):])
		}
		if runtime.GOOS == "linux" && result.Memory == 0 {
			t.Error("the peak memory is not known")
		}
	}
}

func TestPoolStartFails(t *testing.T) {
	f := helperProcess(t)
	f.Variables[helper] = "refuse"
	p, log := newPool(t, PoolOptions{Instances: 1}, f)
	for range 2 { // the failure of one event takes no place from the next
		_, err := p.Invoke(t.Context(), event("", "", 0))
		if err == nil || FailureOf(err, "x").StatusCode != 405 {
			t.Fatalf("error %v, want status 405", err)
		}
	}
	if !strings.Contains(log.of(""), "LINE helper: the variable X is wrong") {
		t.Errorf("the log does not have what the function said:\n%s", log.of(""))
	}
}

func TestPoolEventTooLarge(t *testing.T) {
	p, _ := newPool(t, PoolOptions{Instances: 1}, helperProcess(t))
	_, err := p.Invoke(t.Context(), event("", strings.Repeat("x", MaxEvent), 0))
	if !errors.Is(err, ErrEventTooLarge) || FailureOf(err, "x").StatusCode != 406 {
		t.Errorf("error %v", err)
	}
}

func TestPoolClose(t *testing.T) {
	p, log := newPool(t, PoolOptions{Instances: 1, Freeze: true}, helperProcess(t))
	process := pid(t, p, event("", "", 0))
	var group sync.WaitGroup
	for _, id := range []string{"one", "two"} { // one is handled, the other waits
		group.Go(func() {
			_, err := p.Invoke(context.Background(), Event{RequestID: id, Payload: event("sleep", "", 60000).Payload})
			if !errors.Is(err, ErrStopped) {
				t.Errorf("error %v, want %v", err, ErrStopped)
			}
		})
	}
	for log.of("one")+log.of("two") == "" {
		runtime.Gosched()
	}
	began := time.Now()
	p.Close()
	group.Wait()
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %v", took)
	}
	gone(t, process)
	if _, err := p.Invoke(t.Context(), event("", "", 0)); !errors.Is(err, ErrStopped) {
		t.Errorf("after Close: error %v, want %v", err, ErrStopped)
	}
}

// Instances that take turns: each event meets the one that has waited longest, and
// a new one as long as there may be more, also after one has ended.
func TestPoolInTurn(t *testing.T) {
	p, log := newPool(t, PoolOptions{Instances: 2, InTurn: true}, helperProcess(t))
	first, second := pid(t, p, event("", "", 0)), pid(t, p, event("", "", 0))
	third, fourth := pid(t, p, event("", "", 0)), pid(t, p, event("", "", 0))
	if first == second || third != first || fourth != second {
		t.Errorf("events met %d, %d, %d and %d", first, second, third, fourth)
	}
	process, err := os.FindProcess(first)
	if err == nil {
		err = process.Kill()
	}
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(5 * time.Second); p.idle[0].running(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the instance does not end")
		}
	}
	next, last := pid(t, p, event("", "", 0)), pid(t, p, event("", "", 0))
	if next == first || next == second || last != second {
		t.Errorf("after the end of %d, events met %d and %d, not a new one and %d", first, next, last, second)
	}
	var numbers []int
	for _, r := range log.all() {
		if r.Kind == Report {
			numbers = append(numbers, r.Instance)
		}
	}
	if want := []int{1, 2, 1, 2, 3, 2}; !slices.Equal(numbers, want) {
		t.Errorf("reports of instances %v, want %v", numbers, want)
	}
}
