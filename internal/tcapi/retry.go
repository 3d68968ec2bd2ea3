package tcapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	smithytime "github.com/aws/smithy-go/time"
	"github.com/aws/smithy-go/waiter"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	tcerrors "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"

	"migratecheck/internal/check"
)

// How a call is tried.
const (
	// maxAttemptTime is the most that one attempt may take.
	maxAttemptTime = 10 * time.Second

	// usualAttemptTime is what an attempt may take even if that leaves less than
	// half of the time for another.
	usualAttemptTime = time.Second

	// LeastAttemptTime is what must be left for an attempt to be started.
	LeastAttemptTime = 200 * time.Millisecond

	// minDelay and maxDelay bound the pause before another attempt.
	minDelay = 100 * time.Millisecond
	maxDelay = 2 * time.Second
)

// call is one call of an action, in all its attempts.
type call struct {
	client *Client
	action Action
	quota  *pacer
	sdk    common.Client

	credentials Credentials

	body     []byte
	response any
	receipt  check.Receipt
}

// run makes as many attempts as the configuration and the deadline of ctx
// allow. The error that decides is the last attempt's.
//
// An attempt that was refused for rate does not count towards the limit if the
// service took another call of this instance meanwhile: with the quota shared
// rather than closed, waiting gets the call through.
func (c *call) run(ctx context.Context) *check.Error {
	failure := &check.Error{Code: check.CodeDeadline, Message: "not sent: the function's time was nearly up"}
	unknown := false // whether there is an attempt whose fate is not known
	lost := false    // whether the last attempt got no answer
	attempts, counted := 0, 0
	for counted < c.client.config.MaxAttempts {
		if attempts > 0 && !Pause(ctx, attempts, minDelay, maxDelay) {
			break
		}
		before := c.quota.progress()
		if !c.quota.wait(ctx, attempts > 0, LeastAttemptTime) {
			break
		}
		attempts++
		counted++
		failure = c.attempt(ctx, counted == c.client.config.MaxAttempts, lost)
		c.receipt.Attempts = attempts
		switch {
		case failure == nil:
			c.quota.took()
			return nil
		case failure.Throttled():
			c.quota.refused()
			if c.quota.progress() > before {
				counted--
			}
		case failure.RequestID != "":
			c.quota.took()
		}
		if unknown && failure.Code == c.action.Done {
			c.receipt.AlreadyRunning = true
			return nil
		}
		unknown = unknown || c.mayBeDone(failure)
		lost = failure.Code == check.CodeNoAnswer
		if !failure.Retryable() || failure.Code == check.CodeTooLarge || unknown && c.action.Once {
			break
		}
	}
	failure.Attempts = attempts
	failure.MayBeRunning = unknown
	return failure
}

// mayBeDone reports whether an attempt that failed may have been carried out.
func (c *call) mayBeDone(failure *check.Error) bool {
	if !c.action.Changes || failure.Code == c.action.Done {
		return false
	}
	return failure.MayBeRunning || strings.HasPrefix(failure.Code, "InternalError")
}

// request is an attempt's request, for the SDK.
type request struct {
	*tchttp.BaseRequest
	body []byte
}

// MarshalJSON returns the request's parameters.
func (r request) MarshalJSON() ([]byte, error) { return r.body, nil }

// attempt sends the request once and reads the answer, within a time limit, over
// a connection that was kept or one of its own.
func (c *call) attempt(ctx context.Context, last, alone bool) *check.Error {
	limit := attemptLimit(TimeLeft(ctx), last)
	x := &exchange{alone: alone, limit: cmp.Or(c.action.MaxAnswer, maxAnswer)}
	ctx, cancel := context.WithTimeout(withExchange(ctx, x), limit)
	defer cancel()
	defer x.release()
	r := request{new(tchttp.BaseRequest).Init().WithApiInfo(c.action.Service, c.action.Version, c.action.Name), c.body}
	r.SetHttpMethod(tchttp.POST)
	r.SetContext(ctx)
	err := c.sdk.Send(r, x)
	secrets := c.client.secrets(c.credentials)
	if err == nil && secrets.in(x.answer.requestID) {
		err = x.notAPI()
	}
	if err == nil {
		err = c.decode(ctx, x, secrets)
	}
	if err == nil {
		c.receipt.RequestID, c.receipt.At = x.answer.requestID, x.at
		return nil
	}
	return c.failed(x, err, secrets, limit)
}

// failed returns the error of an attempt that failed with err.
func (c *call) failed(x *exchange, err error, secrets secrets, limit time.Duration) *check.Error {
	var ours *check.Error
	var network *url.Error
	var refusal *tcerrors.TencentCloudSDKError
	switch {
	case errors.As(err, &ours):
		if c.action.MaxAnswer == 0 {
			ours.Body = nil
		}
		return ours
	case errors.As(err, &network):
		err = network.Err // without the URL around it
	case errors.As(err, &refusal):
		failure := &check.Error{Code: refusal.Code, Message: secrets.shown(refusal.Message), RequestID: refusal.RequestId, At: x.at}
		if secrets.in(failure.Code) {
			failure.Code = check.CodeUnknown
		}
		if secrets.in(failure.RequestID) {
			failure.RequestID = ""
		}
		c.receipt.RequestID, c.receipt.At = failure.RequestID, failure.At
		return failure
	}
	c.client.transport.renew(x)
	failure := &check.Error{Code: check.CodeNoAnswer, Message: "no answer: " + secrets.shown(err.Error()), MayBeRunning: x.sent.Load()}
	if errors.Is(err, context.DeadlineExceeded) {
		failure.Message = fmt.Sprintf("no answer within %v", limit.Round(time.Millisecond))
	}
	return failure
}

// decode decodes what an answer has beside the receipt into the call's response,
// without its secrets. It returns the error of ctx if that ends before.
func (c *call) decode(ctx context.Context, x *exchange, secrets secrets) error {
	if c.response == nil {
		return nil
	}
	c.client.decoding.Lock()
	defer c.client.decoding.Unlock()
	if err := ctx.Err(); err != nil { // others came first
		return err
	}
	most := maxValues
	if c.action.MaxAnswer > 0 {
		most = c.action.MaxAnswer / bytesPerValue
	}
	err := decodable(x.answer.members, most)
	if err == errTooLarge {
		return x.tooLarge()
	}
	if err != nil || json.Unmarshal(x.answer.members, c.response) != nil {
		return x.notAPI()
	}
	return secrets.redactIn(ctx, c.response, x.answer.members)
}

// attemptLimit returns how long an attempt may take, given the time left in all.
func attemptLimit(left time.Duration, last bool) time.Duration {
	limit := left
	if !last {
		limit = max(left/2, usualAttemptTime)
	}
	return min(limit, left, maxAttemptTime)
}

// Pause waits, between the least and the most that it may take, before the
// attempt that follows the given number of attempts. It reports false if no
// attempt could end in time after it.
func Pause(ctx context.Context, attempts int, least, most time.Duration) bool {
	left := TimeLeft(ctx) - LeastAttemptTime
	if left <= 0 {
		return false
	}
	delay, err := waiter.ComputeDelay(int64(attempts), least, most, left+least)
	if err != nil {
		delay = most // the jitter's random source failed
	}
	return smithytime.SleepWithContext(ctx, min(delay, left)) == nil
}

// TimeLeft returns the time until ctx ends; without a deadline, more than enough.
func TimeLeft(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return time.Hour
	}
	return time.Until(deadline)
}
