package scf

import "errors"

// FunctionError is the error that a function returned for an event.
type FunctionError struct {
	// Type is the name of the error's Go type.
	Type, Message string

	// Panicked is set when the function panicked: the instance is of no more use.
	Panicked bool
}

func (e *FunctionError) Error() string { return e.Message }

// Failures of the platform's, not the function's.
var (
	// ErrTimeout: the function did not answer before its deadline.
	ErrTimeout = errors.New("the function did not answer in time")

	// ErrExited: the function's process ended in mid-event.
	ErrExited = errors.New("the function's process ended before it answered")

	// ErrStopped: the pool was closed before the function answered.
	ErrStopped = errors.New("the platform stopped before the function answered")

	// ErrEventTooLarge: the event is larger than MaxEvent.
	ErrEventTooLarge = errors.New("the event is larger than 6 MB")

	// ErrAnswerTooLarge: the answer is larger than the platform takes.
	ErrAnswerTooLarge = errors.New("the function's answer is larger than 6 MB")
)

// startError is the error of an instance that could not be started.
type startError struct{ error }

func (e startError) Unwrap() error { return e.error }

// spent reports whether an instance whose Invoke returned the error is of no
// more use.
func spent(err error) bool {
	var function *FunctionError
	if errors.As(err, &function) {
		return function.Panicked
	}
	return err != nil && !errors.Is(err, ErrAnswerTooLarge)
}

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
