package tcapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	tcerrors "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"

	"migratecheck/internal/check"
)

// Limits of the connections.
const (
	// maxAnswer bounds what is read of an answer of an action that has no limit of
	// its own. Most are a few kilobytes, a check with all its steps may have 115 KB.
	maxAnswer = 1 << 20

	// smallAnswer is how much of an answer is read beside all others. Larger ones
	// are read and decoded one after the other: many at once would not fit into
	// the memory.
	smallAnswer = 64 << 10

	// maxHeader bounds the header of an answer.
	maxHeader = 64 << 10

	// connectTimeout bounds the name lookup and the connecting, and again the
	// TLS handshake, so that one lost packet leaves time for another attempt.
	connectTimeout = 3 * time.Second

	// lookupTimeout bounds one query for a name. Then the next server is asked, or
	// the same again: a datagram that is lost would otherwise hold up every job of
	// a batch for the resolver's own 5 s, which is more than many an invocation has.
	lookupTimeout = time.Second

	// idleTimeout is how long an unused connection is trusted. The transport
	// compares wall clock times, so a connection that sat through a freeze of
	// the instance is dropped when it is asked for, before it is written to.
	idleTimeout = 30 * time.Second

	// maxIdle bounds the connections that are kept for the next calls.
	maxIdle = 64
)

// transport is the one http.RoundTripper of an instance, under the SDK. It keeps
// connections over invocations, and is as strict as the SDK is not: it bounds
// answers, follows no redirect, which would take a signed request and its token
// elsewhere, and takes nothing for an answer but the API's.
type transport struct {
	plain, secure atomic.Pointer[http.Transport] // for http, which is for loopback only, and https
	large         chan struct{}                  // held while a large answer is read and decoded
}

// newTransport returns a transport that reaches endpoints through the proxies that
// proxy names. dial connects to both, nil for the network.
func newTransport(
	proxy func(*http.Request) (*url.URL, error),
	dial func(ctx context.Context, network, address string) (net.Conn, error),
) *transport {
	t := &transport{large: make(chan struct{}, 1)}
	var toServer net.Dialer
	names := resolver(toServer.DialContext)
	http1 := new(http.Protocols)
	http1.SetHTTP1(true) // build.sh leaves HTTP/2 out of the binary
	for _, to := range []*atomic.Pointer[http.Transport]{&t.plain, &t.secure} {
		dialer := &net.Dialer{Timeout: connectTimeout, KeepAlive: 15 * time.Second, Resolver: names}
		h := &http.Transport{
			DialContext:            dialer.DialContext,
			MaxIdleConnsPerHost:    maxIdle,
			IdleConnTimeout:        idleTimeout,
			DisableCompression:     true,
			MaxResponseHeaderBytes: maxHeader,
			Protocols:              http1,
		}
		if to == &t.plain {
			dialer.Control = LoopbackOnly
		} else {
			h.Proxy = proxy
			h.TLSHandshakeTimeout = connectTimeout
			h.TLSClientConfig = &tls.Config{
				MinVersion:         tls.VersionTLS12,
				ClientSessionCache: tls.NewLRUClientSessionCache(8),
			}
		}
		if dial != nil {
			h.DialContext = dial
		}
		to.Store(h)
	}
	return t
}

// resolver returns Go's resolver with lookupTimeout for each query. dial
// connects to a name server.
func resolver(dial func(ctx context.Context, network, address string) (net.Conn, error)) *net.Resolver {
	return &net.Resolver{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if udp, ok := c.(*net.UDPConn); ok {
			return query{udp}, nil
		}
		return c, err
	}}
}

// query is a connection for one query.
type query struct{ *net.UDPConn }

func (q query) SetDeadline(t time.Time) error {
	if soon := time.Now().Add(lookupTimeout); t.After(soon) {
		t = soon
	}
	return q.UDPConn.SetDeadline(t)
}

// LoopbackOnly, as the Control of a dialer, refuses to connect in plain text to
// another machine, whatever the name in the configuration resolves to.
func LoopbackOnly(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !to.Addr().IsLoopback() {
		return errors.New("plain text is for loopback only")
	}
	return nil
}

// renew makes the following requests go over new connections, unless that
// has happened since the failed exchange began: in a thawed instance one silent
// connection means that its idle neighbours are dead as well.
func (t *transport) renew(x *exchange) {
	if x.used != nil && x.current.CompareAndSwap(x.used, x.used.Clone()) {
		x.used.CloseIdleConnections()
	}
}

// exchange is one attempt's request and answer.
type exchange struct {
	// alone asks for a connection of its own, as after one without an answer: others
	// that are kept may be as dead, without a sign of it yet.
	alone bool

	// limit bounds the answer, in bytes.
	limit int

	// sent is set once a connection was there to write to: from then on the
	// request may have reached the service.
	sent atomic.Bool

	current *atomic.Pointer[http.Transport]
	used    *http.Transport

	status      int // 0 without an answer
	contentType string
	at          time.Time // when the answer was given
	body        []byte    // of an answer that is too large, its beginning
	answer      answer
	large       chan struct{} // the transport's, while it is held
}

// release gives up what is held of the answer.
func (x *exchange) release() {
	x.body, x.answer = nil, answer{}
	if x.large != nil {
		<-x.large
	}
}

// ParseErrorFromHTTPResponse returns the SDK's error for a refusal. It makes the
// exchange what the SDK parses answers into.
func (x *exchange) ParseErrorFromHTTPResponse([]byte) error {
	if a := x.answer; a.code != "" {
		return tcerrors.NewTencentCloudSDKError(a.code, a.message, a.requestID)
	}
	return nil
}

type exchangeKey struct{}

func withExchange(ctx context.Context, x *exchange) context.Context {
	ctx = context.WithValue(ctx, exchangeKey{}, x)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { x.sent.Store(true) },
	})
}

// What follows such an answer is read without regard to the request's deadline.
var errSwitched = errors.New("the endpoint speaks another protocol")

// RoundTrip sends a request, whose context has an exchange, and reads the answer
// into that, where the SDK finds it. To parse the answer once more would cost the SDK
// a twentieth of an event; of a list of 400 KB, which it scans ten times and copies
// twice, 12 ms. The error for an answer that is not the API's is a *check.Error.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	x := request.Context().Value(exchangeKey{}).(*exchange)
	x.current = &t.secure
	if request.URL.Scheme == "http" {
		x.current = &t.plain
	}
	x.used = x.current.Load()
	if x.alone {
		x.used = x.used.Clone()
		x.used.DisableKeepAlives = true
	}
	response, err := x.used.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusSwitchingProtocols {
		return nil, errSwitched
	}
	x.body, err = t.read(request.Context(), x, response)
	if err != nil && err != errTooLarge {
		return nil, err
	}
	x.status, x.contentType, x.at = response.StatusCode, response.Header.Get("Content-Type"), dated(response)
	if err == errTooLarge {
		return nil, x.tooLarge()
	}
	x.answer, err = readAnswer(x.body)
	ok := x.status == http.StatusOK
	switch {
	case err == errCutShort && ok:
		return nil, err
	case err != nil, !ok && (x.answer.code == "" || x.answer.code == check.CodeUnknown):
		return nil, x.notAPI()
	}
	return &http.Response{
		StatusCode: http.StatusOK,
		Header:     http.Header{"Content-Type": {"application/octet-stream"}}, // the SDK would parse JSON twice more
		Body:       io.NopCloser(strings.NewReader("{}")),
		Request:    request,
	}, nil
}

// tooLarge returns the error of an attempt whose answer has too many bytes or
// values.
func (x *exchange) tooLarge() *check.Error {
	message := fmt.Sprintf("the answer has more than %d KB, or too many values", x.limit>>10)
	return &check.Error{Code: check.CodeTooLarge, Message: message, MayBeRunning: true, Body: x.body}
}

// notAPI returns the error of an attempt whose answer is not the API's JSON.
func (x *exchange) notAPI() *check.Error {
	failure := &check.Error{Code: check.CodeNotAPI, MayBeRunning: true}
	if x.status != http.StatusOK {
		failure.Code = check.CodeHTTPStatus
	}
	failure.Message = fmt.Sprintf("the answer (HTTP status %d, %s) is not the API's JSON", x.status, mediaType(x.contentType))
	return failure
}

// mediaType returns a content type that is safe to show, as the usual ones are.
func mediaType(contentType string) string {
	t, _, _ := mime.ParseMediaType(contentType)
	switch t {
	case "application/json", "application/octet-stream", "application/xml", "text/event-stream", "text/html", "text/plain", "text/xml":
		return t
	case "":
		return "no content type"
	}
	return "an unusual content type"
}

// maxSkew is how far the service's clock may be from ours: it accepts no signature
// that is older.
const maxSkew = 5 * time.Minute

// dated returns when an answer was given, by the service's clock. A date that
// cannot be right, such as one kept by a proxy, is ignored.
func dated(response *http.Response) time.Time {
	if t, err := http.ParseTime(response.Header.Get("Date")); err == nil && time.Since(t).Abs() <= maxSkew {
		return t
	}
	return time.Now()
}

// read reads the body of a response. With errTooLarge comes its beginning.
func (t *transport) read(ctx context.Context, x *exchange, response *http.Response) ([]byte, error) {
	var body bytes.Buffer
	_, err := body.ReadFrom(io.LimitReader(response.Body, int64(min(smallAnswer, x.limit))))
	if err == nil && body.Len() == smallAnswer {
		select {
		case t.large <- struct{}{}:
			x.large = t.large
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		size := int64(x.limit)
		if response.ContentLength > 0 {
			size = min(size, response.ContentLength)
		}
		body.Grow(int(size) - body.Len() + bytes.MinRead) // at once: growing step by step takes three times as much
		_, err = body.ReadFrom(io.LimitReader(response.Body, int64(x.limit-smallAnswer)))
	}
	if err == nil && body.Len() == x.limit {
		if n, _ := response.Body.Read(make([]byte, 1)); n > 0 {
			err = errTooLarge
		}
	}
	return body.Bytes(), err
}
