package dts

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"strings"
	"time"

	tcerr "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"

	"migratecheck/internal/check"
)

// errorOf turns what the SDK says of a failed attempt into a check.Error. It
// is the only place that does.
func (s *session) errorOf(err error, limit time.Duration) *check.Error {
	x := s.exchange
	var sdk *tcerr.TencentCloudSDKError
	if errors.As(err, &sdk) && sdk.Code != "" && !strings.HasPrefix(sdk.Code, "ClientError.") {
		return &check.Error{
			Code:      sdk.Code,
			Message:   sdk.Message,
			RequestID: sdk.RequestId,
		}
	}
	out := &check.Error{Code: check.CodeNoAnswer, MayBeRunning: x.sent.Load()}
	switch {
	case x.status != 0:
		out.Code = check.CodeNotAPI
		if x.status != 200 {
			out.Code = check.CodeHTTPStatus
		}
		out.Message = fmt.Sprintf("the answer (HTTP status %d, %s) is not the API's JSON", x.status, mediaType(x.contentType))
	case errors.Is(err, context.DeadlineExceeded):
		out.Message = fmt.Sprintf("no answer within %v", limit.Round(time.Millisecond))
	default:
		out.Message = "no answer: " + s.credentials.redact(cause(err))
	}
	return out
}

// mediaType is a content type that is safe to show.
func mediaType(contentType string) string {
	t, _, err := mime.ParseMediaType(contentType)
	if err != nil || len(t) > 60 {
		return "no content type"
	}
	return t
}

// cause is the text of a network failure without the URL around it.
func cause(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return err.Error()
}

// notReached is the error of a call for which no time was left.
func notReached() *check.Error {
	return &check.Error{Code: check.CodeDeadline, Message: "not sent: the function's time was nearly up"}
}
