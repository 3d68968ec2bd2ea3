package scf

import (
	"errors"
	"time"
)

// Record is one line of the platform's log.
type Record struct {
	Time      time.Time
	Kind      Kind
	RequestID string

	// Text of a Line or a Note, the error of a Report. It may hold anything.
	Text string

	// Of a Report: the status (200, or Failure.StatusCode), what the event took,
	// the most memory that the instance has held, in bytes (0 where this is not
	// known), and the function's size in MB.
	Status   int
	Duration time.Duration
	Memory   int64
	Size     int
}

// Kind is what a record tells.
type Kind string

// The kinds of records.
const (
	Begin  Kind = "START"  // an event begins
	Line   Kind = "LINE"   // the function wrote a line
	End    Kind = "END"    // the event is over
	Report Kind = "REPORT" // what it took
	Note   Kind = "NOTE"   // the platform has something to say
)

// Failure is what the platform says of an invocation that failed: the Invoke
// API's RetMsg, and the body of the answer over HTTP.
type Failure struct {
	ErrorCode    int    `json:"errorCode"`
	ErrorMessage string `json:"errorMessage"`
	RequestID    string `json:"requestId"`
	StackTrace   string `json:"stackTrace,omitempty"`

	// StatusCode is one of the platform's: 430 for an error of the function's.
	StatusCode int `json:"statusCode"`
}

// FailureOf returns what is said of an error of Pool.Invoke. The codes are
// those of the page "Cloud Function Status Code" (product/583/35311).
func FailureOf(err error, requestID string) Failure {
	f := Failure{ErrorCode: -1, ErrorMessage: err.Error(), RequestID: requestID, StatusCode: 500}
	var function *FunctionError
	var start startError
	switch {
	case errors.As(err, &function):
		f.StatusCode, f.ErrorMessage = 430, "user code exception caught"
		f.StackTrace = function.Type + ": " + function.Message
	case errors.Is(err, ErrStopped):
		f.StatusCode = 503
	case errors.As(err, &start):
		f.StatusCode = 405
	case errors.Is(err, ErrEventTooLarge):
		f.StatusCode = 406
	case errors.Is(err, ErrAnswerTooLarge):
		f.StatusCode = 407
	case errors.Is(err, ErrTimeout):
		f.StatusCode = 433
	case errors.Is(err, ErrExited):
		f.StatusCode = 439
	}
	return f
}
