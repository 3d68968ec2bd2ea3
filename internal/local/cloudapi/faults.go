package cloudapi

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Kind is the kind of a fault.
type Kind string

// The kinds of faults. Unless it says otherwise, a call that meets one is not
// carried out.
const (
	// FaultCode answers with the fault's code and message.
	FaultCode Kind = "code"

	// FaultDelay answers as ever, after the fault's delay.
	FaultDelay Kind = "delay"

	// FaultDrop closes the connection without an answer.
	FaultDrop Kind = "drop"

	// FaultSilence never answers.
	FaultSilence Kind = "silence"

	// FaultDead never answers on a connection that has been used before, and
	// answers as ever on a fresh one: what a thawed instance meets.
	FaultDead Kind = "dead"

	// FaultHTML answers with HTTP status 502 and a page.
	FaultHTML Kind = "html"

	// FaultCodeCarried carries the call out and answers with the fault's code and
	// message all the same.
	FaultCodeCarried Kind = "code-carried"

	// FaultTruncated carries the call out, announces an answer of its full length,
	// and closes the connection after half of it.
	FaultTruncated Kind = "truncated"

	// FaultSilentHalfway carries the call out, and after half of the answer sends
	// nothing more.
	FaultSilentHalfway Kind = "silent-halfway"

	// FaultEmpty carries the call out and answers with an empty body.
	FaultEmpty Kind = "empty"

	// FaultLost carries the call out and closes the connection.
	FaultLost Kind = "lost"

	// FaultLostSilence carries the call out and never answers.
	FaultLostSilence Kind = "lost-silence"
)

// Kinds are all kinds of faults.
var Kinds = []Kind{FaultCode, FaultDelay, FaultDrop, FaultSilence, FaultDead, FaultHTML, FaultCodeCarried,
	FaultTruncated, FaultSilentHalfway, FaultEmpty, FaultLost, FaultLostSilence}

// Fault is a fault that calls meet.
type Fault struct {
	Kind Kind

	// Job and Action restrict the fault to calls for a job (with its JobId as a
	// parameter, or in JobIds) or of an action.
	Job, Action string

	// Skip is how many calls pass before the fault is met, Times how many then
	// meet it: 0 means all.
	Skip, Times int

	// Code and Message are those of FaultCode and FaultCodeCarried.
	Code, Message string

	// Limit is for faults that a service has of its own.
	Limit int

	// Delay is how long every answer that meets the fault is held back.
	Delay time.Duration

	met int
}

// Faults are the faults of an endpoint. The zero value has none.
type Faults struct {
	mu     sync.Mutex
	faults []*Fault
}

// Inject adds faults. A call meets the first that applies to it.
func (f *Faults) Inject(faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range faults {
		f.faults = append(f.faults, &fault)
	}
}

// Meet returns the fault that a call, with its request, meets, or one of no kind.
func (f *Faults) Meet(c Call, r *http.Request) Fault {
	reused := reusedConnection(r.Context())
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range f.faults {
		if fault.Job != "" && fault.Job != c.JobID && !slices.Contains(c.JobIDs, fault.Job) || fault.Action != "" && fault.Action != c.Action || fault.Kind == FaultDead && !reused {
			continue
		}
		fault.met++
		if fault.met > fault.Skip && (fault.Times == 0 || fault.met <= fault.Skip+fault.Times) {
			return *fault
		}
	}
	return Fault{}
}

// Prevents reports whether a call that meets the fault is not carried out.
func (f Fault) Prevents() bool {
	return slices.Contains([]Kind{FaultCode, FaultDrop, FaultSilence, FaultDead, FaultHTML}, f.Kind)
}

// Send sends the answer, as the fault leaves it. Where that closes the
// connection, it panics with http.ErrAbortHandler.
func (f Fault) Send(w http.ResponseWriter, r *http.Request, answer []byte) {
	if f.Delay > 0 {
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
		}
	}
	switch f.Kind {
	case FaultDrop, FaultLost:
		panic(http.ErrAbortHandler)
	case FaultSilence, FaultDead, FaultLostSilence:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case FaultHTML:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		fmt.Fprint(w, "<html><body><h1>502 Bad Gateway</h1></body></html>")
	case FaultTruncated:
		sendHalf(w, answer)
		panic(http.ErrAbortHandler)
	case FaultSilentHalfway:
		sendHalf(w, answer)
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case FaultEmpty:
		Write(w, nil)
	default:
		Write(w, answer)
	}
}

// sendHalf sends the header of an answer and half of its body.
func sendHalf(w http.ResponseWriter, answer []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	Write(w, answer[:len(answer)/2])
	http.NewResponseController(w).Flush() // an error means that the client has gone
}

// ParseFault reads a fault of one of the kinds from text, for a flag: its kind,
// then name=value pairs, separated by commas: "silence,job=dts-1kl0iy0v,times=1", "delay,delay=2s",
// "code,code=InternalError.LockError,skip=3".
func ParseFault(text string, kinds []Kind) (Fault, error) {
	parts := strings.Split(text, ",")
	f := Fault{Kind: Kind(parts[0])}
	if !slices.Contains(kinds, f.Kind) {
		return f, fmt.Errorf("fault %q: the kind must be one of %v", text, kinds)
	}
	for _, part := range parts[1:] {
		name, value, _ := strings.Cut(part, "=")
		var err error
		if value == "" {
			err = fmt.Errorf("wants a value")
		}
		switch name {
		case "job":
			f.Job = value
		case "action":
			f.Action = value
		case "code":
			f.Code = value
		case "message":
			f.Message = value
		case "delay":
			f.Delay, err = time.ParseDuration(value)
		case "skip":
			f.Skip, err = strconv.Atoi(value)
		case "times":
			f.Times, err = strconv.Atoi(value)
		case "limit":
			f.Limit, err = strconv.Atoi(value)
		default:
			err = fmt.Errorf("not one of job, action, code, message, delay, skip, times, limit")
		}
		if err == nil && (f.Skip < 0 || f.Times < 0 || f.Delay < 0 || f.Limit < 0) {
			err = fmt.Errorf("must not be negative")
		}
		if err != nil {
			return f, fmt.Errorf("fault %q: %q: %w", text, name, err)
		}
	}
	if (f.Kind == FaultCode || f.Kind == FaultCodeCarried) && f.Code == "" {
		return f, fmt.Errorf("fault %q: code=… is missing", text)
	}
	if f.Kind == FaultDelay && f.Delay == 0 {
		return f, fmt.Errorf("fault %q: delay=… is missing", text)
	}
	return f, nil
}
