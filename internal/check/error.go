package check

import (
	"strings"
	"time"

	"github.com/aws/smithy-go"
)

// Error is why a call or a request failed. Code and message are DTS's, word for
// word, if DTS refused it. A malformed request has InvalidParameter or
// InvalidAction; other failures that DTS did not report begin with
// "ClientError.", as in Tencent's SDKs. It is a smithy.APIError.
//
// Its JSON form is the "Error" of an answer: code and message alone.
type Error struct {
	Code      string `json:"Code"`
	Message   string `json:"Message"`
	RequestID string `json:"-"`

	// MayBeRunning is set when the fate of an attempt is not known: it may have
	// been carried out in spite of the error.
	MayBeRunning bool `json:"-"`

	// Running is set if a creation was refused and the job was then seen checking: of
	// sync jobs no code says so.
	Running bool `json:"-"`

	// At is when the service refused the call, as Receipt.At is; zero if it was not
	// the service.
	At time.Time `json:"-"`

	// Attempts is how many requests were sent for the call; zero means that
	// DTS has not heard of it.
	Attempts int `json:"-"`

	// Body is the beginning of an answer with CodeTooLarge, as much as was read of
	// it, if the action has a MaxAnswer. It may be large: drop it where it is not needed.
	Body []byte `json:"-"`
}

var _ smithy.APIError = (*Error)(nil)

// Invalid is the error for a request that is refused before anything is sent.
// field says where the fault is, in the words of the event.
func Invalid(field, problem string) *Error {
	return &Error{Code: "InvalidParameter", Message: field + ": " + problem}
}

func (e *Error) Error() string {
	if e.RequestID == "" {
		return e.Code + ": " + e.Message
	}
	return e.Code + ": " + e.Message + " (RequestId " + e.RequestID + ")"
}

// ErrorCode returns the code, for smithy.APIError.
func (e *Error) ErrorCode() string { return e.Code }

// ErrorMessage returns the message, for smithy.APIError.
func (e *Error) ErrorMessage() string { return e.Message }

// ErrorFault returns whose fault it is, for smithy.APIError.
func (e *Error) ErrorFault() smithy.ErrorFault {
	if e.HTTPStatus() < 500 {
		return smithy.FaultClient
	}
	return smithy.FaultServer
}

// HTTPStatus returns the status that an HTTP caller gets for the error.
func (e *Error) HTTPStatus() int { return classify(e.Code).status }

// Retryable reports whether the same call may succeed when it is made again.
func (e *Error) Retryable() bool { return classify(e.Code).retry }

// Throttled reports whether DTS refused the call because too many were made.
func (e *Error) Throttled() bool { return strings.HasPrefix(e.Code, "RequestLimitExceeded") }

// Duplicate reports whether DTS refused to create a check because one is running.
func (e *Error) Duplicate() bool { return e.Running || e.Code == "InternalError.DuplicateJob" }

// CodeUnknown stands for a missing or malformed code of a refusal.
const CodeUnknown = "UnknownError"

// Codes that never come from DTS.
const (
	CodeNoAnswer      = "ClientError.NetworkError"
	CodeNotAPI        = "ClientError.ParseJsonError"
	CodeHTTPStatus    = "ClientError.HttpStatusCodeError"
	CodeTooLarge      = "ClientError.ResponseTooLarge" // or of too many values
	CodeJobTooLarge   = "ClientError.JobTooLarge"      // of a list, alone in its answer
	CodeDeadline      = "ClientError.DeadlineExceeded"
	CodeNoCredentials = "ClientError.CredentialError"
	CodeNoRegion      = "ClientError.RegionError"

	// CodeStartNotAllowed refuses a request to start where the deployment does
	// not allow it.
	CodeStartNotAllowed = "ClientError.StartNotAllowed"

	// CodePanic is for a job whose work ended in a panic.
	CodePanic = "ClientError.PanicError"

	// CodeNoVerdict is for a job that is to be started and whose check has no
	// verdict when time is up.
	CodeNoVerdict = "ClientError.NoVerdict"

	// CodeSelectionMoved is for a list of jobs that changed so much while it was
	// read that it was not read to its end.
	CodeSelectionMoved = "ClientError.SelectionMoved"
)

type class struct {
	status int
	retry  bool
}

// classes is the one table from a code's prefix to what it means; the longest
// prefix that fits decides.
var classes = map[string]class{
	"InvalidParameter": {400, false},
	"MissingParameter": {400, false},
	"UnknownParameter": {400, false},
	"InvalidAction":    {400, false},

	CodeStartNotAllowed: {403, false},

	"ResourceNotFound": {404, false},

	"FailedOperation":            {409, false},
	"OperationDenied":            {409, false},
	"ResourceInUse":              {409, false},
	"InternalError.DuplicateJob": {409, false},
	"UnsupportedOperation":       {409, false},

	"LimitExceeded":        {429, false},
	"RequestLimitExceeded": {429, true},

	"InternalError":        {502, true},
	"ResourceUnavailable":  {502, true},
	"ResourceInsufficient": {502, true},
	"ResourcesSoldOut":     {502, true},
	"ServiceUnavailable":   {502, true},
	CodeNotAPI:             {502, true},
	CodeHTTPStatus:         {502, true},
	CodeTooLarge:           {502, true},
	CodeJobTooLarge:        {502, false},
	CodeSelectionMoved:     {502, true},

	CodeNoAnswer:  {504, true},
	CodeDeadline:  {504, true},
	CodeNoVerdict: {504, true},

	"AuthFailure.SignatureExpire": {500, true}, // signed anew

	"AuthFailure":           {500, false},
	"UnauthorizedOperation": {500, false},
	"UnsupportedRegion":     {500, false},
	"NoSuchVersion":         {500, false},
	"ActionOffline":         {500, false},
	CodeNoCredentials:       {500, false},
	CodeNoRegion:            {500, false},
	CodePanic:               {502, false},
}

// unknown is the class of every code that is not in the table.
var unknown = class{502, false}

func classify(code string) class {
	for n := len(code); n > 0; n-- {
		if c, ok := classes[code[:n]]; ok {
			return c
		}
	}
	return unknown
}
