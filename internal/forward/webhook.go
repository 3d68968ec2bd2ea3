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
	"strings"
	"time"

	"migratecheck/internal/check"
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
func (s *Sender) webhook(r report.Report) destination {
	to, err := url.Parse(s.config.Webhook)
	if err != nil {
		to = new(url.URL) // to nowhere; the configuration lets none pass
	}
	robot := robotAt(to)
	return destination{
		name:  Webhook,
		split: func(r check.Result) []check.Result { return []check.Result{r} },
		encode: func(whole check.Result) json.RawMessage {
			if robot == nil {
				return whole.Encode(maxJSON, nil)
			}
			r.Result = whole
			return robot.message(r)
		},
		send: func(ctx context.Context, payload json.RawMessage) error {
			return s.post(ctx, *to, robot, payload)
		},
	}
}

// post sends a message, in as many attempts as the configuration and the
// deadline of ctx allow.
func (s *Sender) post(ctx context.Context, to url.URL, robot *robot, payload []byte) error {
	failure := errors.New("not sent: the function's time was nearly up")
	for attempt := 1; attempt <= s.config.MaxAttempts; attempt++ {
		if attempt > 1 && !tcapi.Pause(ctx, attempt-1, minDelay, maxDelay) || tcapi.TimeLeft(ctx) < tcapi.LeastAttemptTime {
			break
		}
		var again bool
		if failure, again = s.attempt(ctx, to, robot, payload); !again {
			break
		}
	}
	return failure
}

// attempt sends a message once. It reports whether another attempt may help.
func (s *Sender) attempt(ctx context.Context, to url.URL, robot *robot, payload []byte) (failure error, again bool) {
	// Half of the time is kept for another attempt.
	limit := max(tcapi.TimeLeft(ctx)/2, usualAttemptTime)
	ctx, cancel := context.WithTimeout(ctx, min(limit, maxAttemptTime))
	defer cancel()
	if robot != nil && s.config.WebhookSecret != "" && robot.sign != nil {
		to.RawQuery, payload = robot.sign(to.RawQuery, payload, s.config.WebhookSecret, time.Now())
	}
	request := (&http.Request{
		Method: http.MethodPost, URL: &to, Host: to.Host,
		Header:        http.Header{"Content-Type": {"application/json; charset=utf-8"}, "User-Agent": {source}},
		Body:          io.NopCloser(bytes.NewReader(payload)),
		ContentLength: int64(len(payload)),
	}).WithContext(ctx)
	// Without a client no redirect is followed: the message is for nobody else.
	response, err := s.transport.RoundTrip(request)
	if err != nil {
		return fmt.Errorf("no answer: %w", err), true
	}
	defer response.Body.Close()
	if status := response.StatusCode; status < 200 || status > 299 {
		return fmt.Errorf("HTTP status %d", status), status == http.StatusTooManyRequests || status >= 500
	}
	if robot == nil { // whatever else it says
		return nil, false
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("no answer: %w", err), true
	}
	return robot.read(body)
}

// newTransport returns the transport for a webhook. It keeps no connections:
// there is one message an event, and an instance may be frozen between two.
func newTransport(webhook string) *http.Transport {
	dialer := &net.Dialer{Timeout: connectTimeout}
	t := &http.Transport{
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    connectTimeout,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxAnswer,
	}
	if strings.HasPrefix(webhook, "https:") {
		t.Proxy = http.ProxyFromEnvironment
	} else {
		dialer.Control = tcapi.LoopbackOnly
	}
	return t
}
