package scf

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// tries is how often the platform tries an asynchronous event.
const tries = 3

// Async has events handled as the platform does for sources that do not wait:
// an event that fails is tried again twice and then is a dead letter. An event
// that was accepted is handled or becomes a dead letter, whatever happens.
type Async struct {
	// Invoke handles an event, as Pool.Invoke does.
	Invoke func(context.Context, Event) (Result, error)

	// RetryAfter is the time between two tries: a minute on the platform.
	RetryAfter time.Duration

	// DeadLetters takes each dead letter as a line of JSON.
	DeadLetters io.Writer

	// Log takes notes of tries that failed.
	Log func(Record)

	mu     sync.Mutex
	closed chan struct{} // made with the first event
	ended  bool
	torn   bool // a dead letter was written in part
	open   sync.WaitGroup
}

// DeadLetter is an event that was given up.
type DeadLetter struct {
	RequestID string          `json:"requestId"`
	Event     json.RawMessage `json:"event"`
	Accepted  time.Time       `json:"accepted"`
	Tries     []Try           `json:"tries"`
	GivenUp   time.Time       `json:"givenUp"`

	// Reason is why there was no further try.
	Reason string `json:"reason"`
}

// Try is one try that failed.
type Try struct {
	Began time.Time `json:"began"`

	// Status is the platform's, as in Failure.
	Status int    `json:"status"`
	Error  string `json:"error"`
}

// Send accepts an event, whose payload must be JSON. The error is ErrStopped
// after Close.
func (a *Async) Send(e Event) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ended {
		return ErrStopped
	}
	if a.closed == nil {
		a.closed = make(chan struct{})
	}
	a.open.Add(1)
	go a.deliver(e, time.Now())
	return nil
}

// Close lets events that are being handled come to their end, and makes dead
// letters of those that would be tried again. Close the pool before to end the
// former, too.
func (a *Async) Close() {
	a.mu.Lock()
	if !a.ended && a.closed != nil {
		close(a.closed)
	}
	a.ended = true
	a.mu.Unlock()
	a.open.Wait()
}

// stopped is the Reason of a dead letter that the platform's end made.
const stopped = "the platform stopped"

// deliver sees to one event until the function has handled it or it is a dead
// letter.
func (a *Async) deliver(e Event, accepted time.Time) {
	defer a.open.Done()
	letter := DeadLetter{RequestID: e.RequestID, Event: e.Payload, Accepted: accepted.UTC()}
	for {
		began := time.Now()
		_, err := a.Invoke(context.Background(), e)
		if err == nil {
			return
		}
		letter.Tries = append(letter.Tries, Try{began.UTC(), FailureOf(err, e.RequestID).StatusCode, err.Error()})
		if errors.Is(err, ErrStopped) {
			letter.Reason = stopped
			break
		}
		if len(letter.Tries) == tries {
			letter.Reason = fmt.Sprintf("failed %d times", tries)
			break
		}
		if !a.pause(e, len(letter.Tries)) {
			letter.Reason = stopped
			break
		}
	}
	letter.GivenUp = time.Now().UTC()
	if err := a.write(letter); err != nil {
		a.note(e, fmt.Sprintf("the dead letter cannot be written: %v. The event was: %s", err, e.Payload))
		return
	}
	a.note(e, "dead letter: "+letter.Reason)
}

// pause waits for the next try and reports whether there is to be one.
func (a *Async) pause(e Event, tried int) bool {
	select {
	case <-a.closed:
		return false
	default:
	}
	a.note(e, fmt.Sprintf("try %d of %d failed, the next is in %v", tried, tries, a.RetryAfter))
	timer := time.NewTimer(a.RetryAfter)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-a.closed:
		return false
	}
}

// write writes a dead letter, in one piece. After one that did not get there in
// full, as on a disk that is full, the next begins on a line of its own.
func (a *Async) write(letter DeadLetter) error {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(letter); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	text := line.Bytes()
	if a.torn {
		text = append([]byte("\n"), text...)
	}
	n, err := a.DeadLetters.Write(text)
	if n > 0 {
		a.torn = err != nil
	}
	return err
}

func (a *Async) note(e Event, text string) {
	a.Log(Record{Time: time.Now(), Kind: Note, RequestID: e.RequestID, Text: text})
}
