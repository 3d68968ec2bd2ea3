package check

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
)

// Every code that the DTS documentation lists, and those of our own, by what
// they mean to a caller.
func TestCodes(t *testing.T) {
	type meaning struct {
		status int
		retry  bool
	}
	for want, codes := range map[meaning]string{
		{400, false}: `InvalidParameter InvalidParameter.InstanceNotFound InvalidParameter.InvalidIpAddress InvalidParameterValue
			MissingParameter UnknownParameter InvalidAction`,
		{404, false}: `ResourceNotFound ResourceNotFound.JobNotExist`,
		{409, false}: `FailedOperation FailedOperation.NotAllowOperation FailedOperation.ProxyError
			OperationDenied OperationDenied.JobOperationDeniedError OperationDenied.OperationDeniedError
			ResourceInUse InternalError.DuplicateJob UnsupportedOperation UnsupportedOperation.IntraNetUserNotTaggedError`,
		{429, false}: `LimitExceeded LimitExceeded.MaxUnusedJobs`,
		{429, true}:  `RequestLimitExceeded RequestLimitExceeded.UinLimitExceeded RequestLimitExceeded.GlobalRegionUinLimitExceeded`,
		{502, true}: `InternalError InternalError.AddTaskError InternalError.CeleryError InternalError.CgwSystemError
			InternalError.DatabaseError InternalError.LockError InternalError.ProtocolError InternalError.UndefinedError
			InternalError.UnknownError ResourceUnavailable ServiceUnavailable
			ResourceInsufficient ResourceInsufficient.ResourceInsufficientError ResourcesSoldOut.ResourcesSoldOutError
			ClientError.ParseJsonError ClientError.HttpStatusCodeError ClientError.SelectionMoved`,
		{504, true}: `ClientError.NetworkError ClientError.DeadlineExceeded ClientError.NoVerdict`,
		{500, false}: `AuthFailure.InvalidAuthorization AuthFailure.InvalidSecretId AuthFailure.MFAFailure AuthFailure.SecretIdNotFound
			AuthFailure.SignatureFailure AuthFailure.TokenFailure AuthFailure.UnauthorizedOperation
			UnauthorizedOperation UnauthorizedOperation.NotEnoughPrivileges UnsupportedRegion NoSuchVersion ActionOffline
			ClientError.CredentialError ClientError.RegionError`,
		{500, true}:  `AuthFailure.SignatureExpire`,
		{403, false}: `ClientError.StartNotAllowed`,
		{502, false}: `DryRunOperation InvalidRequest NoSuchProduct RequestSizeLimitExceeded
			ResponseSizeLimitExceeded UnsupportedProtocol ClientError ClientError.IOError ClientError.PanicError UnknownError Internal internalerror
			NobodyKnows .InternalError`,
	} {
		for _, code := range strings.Fields(codes) {
			t.Run(code, func(t *testing.T) {
				e := &Error{Code: code}
				if e.HTTPStatus() != want.status || e.Retryable() != want.retry {
					t.Errorf("got %d, try again %v; want %d, %v", e.HTTPStatus(), e.Retryable(), want.status, want.retry)
				}
				if e.Throttled() != strings.HasPrefix(code, "RequestLimitExceeded") {
					t.Errorf("throttled %v", e.Throttled())
				}
				if e.Duplicate() != (code == "InternalError.DuplicateJob") {
					t.Errorf("duplicate %v", e.Duplicate())
				}
			})
		}
	}
	if e := (&Error{}); e.HTTPStatus() != 502 || e.Retryable() {
		t.Errorf("no code: %d, try again %v", e.HTTPStatus(), e.Retryable())
	}
}

func TestErrorIsAnAPIError(t *testing.T) {
	for name, row := range map[string]struct {
		err   *Error
		text  string
		fault smithy.ErrorFault
	}{
		"with a RequestId":         {&Error{Code: "ResourceNotFound.JobNotExist", Message: "No such task.", RequestID: "46b45da1"}, "ResourceNotFound.JobNotExist: No such task. (RequestId 46b45da1)", smithy.FaultClient},
		"without":                  {&Error{Code: CodeNoAnswer, Message: "no answer"}, "ClientError.NetworkError: no answer", smithy.FaultServer},
		"invalid":                  {Invalid("JobId", "must be a string"), "InvalidParameter: JobId: must be a string", smithy.FaultClient},
		"the function's own fault": {&Error{Code: CodeNoCredentials, Message: "no role"}, "ClientError.CredentialError: no role", smithy.FaultServer},
	} {
		t.Run(name, func(t *testing.T) {
			var api smithy.APIError
			if !errors.As(error(row.err), &api) {
				t.Fatal("not a smithy.APIError")
			}
			if api.Error() != row.text || api.ErrorFault() != row.fault {
				t.Errorf("got %q, %v; want %q, %v", api, api.ErrorFault(), row.text, row.fault)
			}
			if api.ErrorCode() != row.err.Code || api.ErrorMessage() != row.err.Message {
				t.Errorf("got code %q, message %q", api.ErrorCode(), api.ErrorMessage())
			}
		})
	}
}

func TestEnded(t *testing.T) {
	for status, want := range map[string]bool{Unavailable: false, Starting: false, Running: false, Finished: true, "": false} {
		if got := (State{Status: status}).Ended(); got != want {
			t.Errorf("%q: %v", status, got)
		}
	}
}
