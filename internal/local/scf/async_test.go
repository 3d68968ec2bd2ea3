package scf

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// asyncTest is an Async whose function fails so many times.
type asyncTest struct {
	*Async
	letters bytes.Buffer
	log     collected
	tried   []time.Time
	events  []Event // as they were delivered
}

func newAsync(failures int) *asyncTest {
	a := &asyncTest{}
	a.Async = &Async{
		Invoke: func(_ context.Context, e Event) (Result, error) {
			a.tried, a.events = append(a.tried, time.Now()), append(a.events, e)
			time.Sleep(time.Second) // what the function takes
			if len(a.tried) <= failures {
				return Result{}, &FunctionError{Type: "CheckFailed", Message: "no luck"}
			}
			return Result{}, nil
		},
		RetryAfter:  time.Minute,
		DeadLetters: &a.letters,
		Log:         a.log.log,
	}
	return a
}

// letter reads the dead letters, of which there may be one.
func (a *asyncTest) letter(t *testing.T) *DeadLetter {
	t.Helper()
	if a.letters.Len() == 0 {
		return nil
	}
	if strings.Count(a.letters.String(), "\n") != 1 {
		t.Fatalf("not one line: %s", a.letters.String())
	}
	var letter DeadLetter
	if err := json.Unmarshal(a.letters.Bytes(), &letter); err != nil {
		t.Fatal(err)
	}
	return &letter
}

func TestAsyncTries(t *testing.T) {
	for name, c := range map[string]struct {
		failures, tries int
		dead            bool
	}{
		"handled at once":      {0, 1, false},
		"handled on the third": {2, 3, false},
		"given up":             {3, 3, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAsync(c.failures)
				accepted := time.Now()
				if err := a.Send(Event{RequestID: "r1", Payload: []byte(`{"JobId":"<dts-1>"}`)}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Hour)
				synctest.Wait()
				if len(a.tried) != c.tries {
					t.Fatalf("tried %d times, want %d", len(a.tried), c.tries)
				}
				for i, at := range a.tried {
					if want := accepted.Add(time.Duration(i) * (time.Minute + time.Second)); !at.Equal(want) {
						t.Errorf("try %d at %v, want %v", i+1, at, want)
					}
					if e := a.events[i]; e.RequestID != "r1" || string(e.Payload) != `{"JobId":"<dts-1>"}` {
						t.Errorf("try %d is of %s, %s: it must be the same event", i+1, e.RequestID, e.Payload)
					}
				}
				letter := a.letter(t)
				if letter != nil != c.dead {
					t.Fatalf("dead letter %v, want one: %v", letter, c.dead)
				}
				if letter == nil {
					return
				}
				if string(letter.Event) != `{"JobId":"<dts-1>"}` || letter.RequestID != "r1" || letter.Reason != "failed 3 times" {
					t.Errorf("dead letter %s", a.letters.String())
				}
				if !letter.Accepted.Equal(accepted) || !letter.GivenUp.Equal(a.tried[2].Add(time.Second)) || len(letter.Tries) != 3 {
					t.Errorf("dead letter %s", a.letters.String())
				}
				if try := letter.Tries[1]; try.Status != 430 || try.Error != "no luck" || !try.Began.Equal(a.tried[1]) {
					t.Errorf("second try %+v", try)
				}
			})
		})
	}
}

func TestAsyncClose(t *testing.T) {
	for name, c := range map[string]struct {
		failures int
		after    time.Duration // between Send and Close
		tries    int
		dead     bool
	}{
		"while it is handled":     {0, 500 * time.Millisecond, 1, false},
		"while it fails":          {1, 500 * time.Millisecond, 1, true},
		"before it is tried anew": {3, 30 * time.Second, 1, true},
		"while it is tried anew":  {3, 61*time.Second + 500*time.Millisecond, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAsync(c.failures)
				if err := a.Send(Event{RequestID: "r1", Payload: []byte(`{}`)}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(c.after)
				began := time.Now()
				a.Close()
				if took := time.Since(began); took > time.Second {
					t.Errorf("it took %v", took)
				}
				letter := a.letter(t)
				if len(a.tried) != c.tries || letter != nil != c.dead {
					t.Fatalf("tried %d times, dead letter %v", len(a.tried), letter)
				}
				if c.dead && (letter.Reason != "the platform stopped" || len(letter.Tries) != c.tries) {
					t.Errorf("dead letter %s", a.letters.String())
				}
				if err := a.Send(Event{}); !errors.Is(err, ErrStopped) {
					t.Errorf("after Close: error %v", err)
				}
			})
		})
	}
}

func TestAsyncPoolStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAsync(0)
		a.Invoke = func(context.Context, Event) (Result, error) { return Result{}, ErrStopped }
		if err := a.Send(Event{RequestID: "r1", Payload: []byte(`{}`)}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if letter := a.letter(t); letter == nil || letter.Reason != stopped || len(letter.Tries) != 1 {
			t.Errorf("dead letter %+v, want one at once", letter)
		}
	})
}

// full is a disk that takes nothing.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestAsyncLetterCannotBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAsync(3)
		a.DeadLetters = full{}
		if err := a.Send(Event{RequestID: "r1", Payload: []byte(`{"JobId":"dts-1"}`)}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := a.log.of("r1"); !strings.Contains(got, `no space left. The event was: {"JobId":"dts-1"}`) {
			t.Errorf("the log does not keep the event:\n%s", got)
		}
	})
}

// nearlyFull is a disk with room for a few bytes, until somebody makes more.
type nearlyFull struct {
	bytes.Buffer
	room int
}

func (d *nearlyFull) Write(p []byte) (int, error) {
	if len(p) > d.room {
		n, _ := d.Buffer.Write(p[:d.room])
		d.room = 0
		return n, errors.New("no space left")
	}
	return d.Buffer.Write(p)
}

func TestAsyncLetterAfterATornOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, disk := newAsync(9), &nearlyFull{room: 7}
		a.DeadLetters = disk
		for _, id := range []string{"torn", "not written", "whole"} {
			if id == "whole" {
				disk.room = 1 << 20
			}
			if err := a.Send(Event{RequestID: id, Payload: []byte(`{}`)}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
			synctest.Wait()
		}
		lines := strings.Split(disk.String(), "\n")
		var letter DeadLetter
		if len(lines) != 3 || lines[2] != "" || json.Unmarshal([]byte(lines[1]), &letter) != nil || letter.RequestID != "whole" {
			t.Errorf("the file has\n%s", disk)
		}
	})
}
