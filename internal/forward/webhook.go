package forward

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	smithytime "github.com/aws/smithy-go/time"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/report"
	"migratecheck/internal/tcapi"
)

// How a message is sent.
const (
	connectTimeout   = 3 * time.Second
	maxAttemptTime   = 5 * time.Second
	usualAttemptTime = time.Second
	minDelay         = 500 * time.Millisecond
	maxDelay         = 4 * time.Second

	// maxAnswer bounds what is read of an answer, which says little.
	maxAnswer = 64 << 10

	// maxJSON bounds the answer that goes to a webhook which is no robot's: most
	// servers take no more.
	maxJSON = 1 << 20
)

// webhook is the destination of RESULT_WEBHOOK.
func (f *Forwarder) webhook(r report.Report) destination {
	if f.robot == nil {
		return answers(Webhook, r.Result, maxJSON, check.Shortenings()-1, f.post)
	}
	return destination{
		name: Webhook, result: r.Result,
		encode: func(check.Result, []piece) json.RawMessage { return f.robot.message(r, f.config.WebhookMention) },
		send:   f.post,
	}
}

// refusal is why a message was not taken.
type refusal struct {
	error

	again bool          // another attempt may help
	busy  bool          // it was one call too many
	after time.Duration // before which the robot wants no other; 0 if it does not say
}

// post sends a message, in as many attempts as the configuration and the deadline
// of ctx allow. Those that were one call too many are not counted: they are waited
// out.
func (f *Forwarder) post(ctx context.Context, payload json.RawMessage) error {
	failure := errNoTime
	for attempts, counted := 1, 0; tcapi.TimeLeft(ctx) >= tcapi.LeastAttemptTime; attempts++ {
		r := f.attempt(ctx, payload)
		if r == nil {
			return nil
		}
		failure = r.error
		if !r.busy {
			counted++
		}
		if !r.again || counted >= f.config.MaxAttempts || !r.pause(ctx, attempts) {
			break
		}
	}
	return failure
}

// pause waits before another attempt. It reports false if there is no time for one.
func (r *refusal) pause(ctx context.Context, attempts int) bool {
	if r.after == 0 {
		return tcapi.Pause(ctx, attempts, minDelay, maxDelay)
	}
	return tcapi.TimeLeft(ctx) >= r.after+tcapi.LeastAttemptTime && smithytime.SleepWithContext(ctx, r.after) == nil
}

// attempt sends a message once. It returns nil if the message was taken.
func (f *Forwarder) attempt(ctx context.Context, payload []byte) *refusal {
	// Half of the time is kept for another attempt.
	limit := max(tcapi.TimeLeft(ctx)/2, usualAttemptTime)
	ctx, cancel := context.WithTimeout(ctx, min(limit, maxAttemptTime))
	defer cancel()
	to := f.to
	if f.robot != nil && f.config.WebhookSecret != "" && f.robot.sign != nil {
		to.RawQuery, payload = f.robot.sign(to.RawQuery, payload, f.config.WebhookSecret, time.Now())
	}
	request := (&http.Request{
		Method: http.MethodPost, URL: &to, Host: to.Host,
		Header:        http.Header{"Content-Type": {"application/json; charset=utf-8"}, "User-Agent": {source}},
		Body:          io.NopCloser(bytes.NewReader(payload)),
		ContentLength: int64(len(payload)),
	}).WithContext(ctx)
	if to.User != nil {
		password, _ := to.User.Password()
		request.SetBasicAuth(to.User.Username(), password)
	}
	// Without a client no redirect is followed: the message is for nobody else.
	response, err := f.transport.RoundTrip(request)
	if err != nil {
		return &refusal{error: fmt.Errorf("no answer: %w", err), again: true}
	}
	defer response.Body.Close()
	return f.read(response)
}

// read returns why a message was not taken, nil if it was. A robot is believed
// whatever the status, any other server only by its status.
func (f *Forwarder) read(response *http.Response) *refusal {
	status := response.StatusCode
	taken := status/100 == 2
	if taken && f.robot == nil {
		return nil
	}
	var body []byte
	if status != http.StatusSwitchingProtocols { // what follows that is no answer
		var err error
		if body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer)); err != nil && taken {
			return &refusal{error: fmt.Errorf("no answer: %w", err), again: true}
		}
	}
	r := &refusal{busy: status == http.StatusTooManyRequests, again: status == http.StatusTooManyRequests || status >= 500}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
		r.after = time.Duration(seconds) * time.Second
	}
	code, said, ok := 0, "", false
	if f.robot != nil {
		code, said, ok = f.robot.read(body)
	}
	reason, text := "", strings.Join(strings.Fields(string(body)), " ")
	switch {
	case code != 0:
		reason, text = fmt.Sprintf("refused with code %d", code), said
		if f.robot.tooMany(code, said) {
			r.busy, r.again = true, true
		}
	case !taken:
		reason = fmt.Sprintf("HTTP status %d", status)
	case !ok:
		reason = "the answer is not the robot's"
	default:
		return nil
	}
	if text != "" {
		reason += ": " + text
	}
	r.error = errors.New(reason)
	return r
}

// newTransport returns the transport for a webhook. It keeps no connections:
// there is one message an event, and an instance may be frozen between two.
func newTransport(c config.Config, to *url.URL) *http.Transport {
	dialer := &net.Dialer{Timeout: connectTimeout}
	if to.Scheme != "https" {
		dialer.Control = tcapi.LoopbackOnly
	}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		Proxy:                  c.Proxy,
		TLSHandshakeTimeout:    connectTimeout,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxAnswer,
	}
}
