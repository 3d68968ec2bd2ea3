package dts

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"
)

// Limits of the connections to DTS.
const (
	// maxAnswer bounds what is read of an answer: DTS's own are a few kilobytes,
	// and with many calls under way all of it has to fit into the memory.
	maxAnswer = 1 << 20

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

	// maxInFlight bounds the connections of one instance.
	maxInFlight = 64
)

// transport is the one http.RoundTripper of an instance. It keeps connections
// over invocations, follows no redirect (a signed request with its token goes
// where it was meant to go, or nowhere) and notes what became of a request.
type transport struct {
	current atomic.Pointer[http.Transport]
}

func newTransport(plain bool) *transport {
	var toServer net.Dialer
	dialer := &net.Dialer{Timeout: connectTimeout, KeepAlive: 15 * time.Second, Resolver: resolver(toServer.DialContext)}
	t := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		ForceAttemptHTTP2:   true,
		TLSHandshakeTimeout: connectTimeout,
		TLSClientConfig: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			ClientSessionCache: tls.NewLRUClientSessionCache(8),
		},
		MaxIdleConnsPerHost: maxInFlight,
		IdleConnTimeout:     idleTimeout,
		DisableCompression:  true,
	}
	if plain {
		t.Proxy = nil
		dialer.Control = loopbackOnly
	}
	out := &transport{}
	out.current.Store(t)
	return out
}

// resolver returns Go's resolver, hurried. dial connects to a name server.
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

// loopbackOnly refuses to connect in plain text to another machine, whatever
// the name in the configuration resolves to.
func loopbackOnly(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !to.Addr().IsLoopback() {
		return errors.New("plain text is for loopback only")
	}
	return nil
}

// renew makes the following requests go over fresh connections, unless that
// has happened since the failed one began: in a thawed instance one silent
// connection means that its idle neighbours are dead as well.
func (t *transport) renew(used *http.Transport) {
	if used != nil && t.current.CompareAndSwap(used, used.Clone()) {
		used.CloseIdleConnections()
	}
}

// exchange is what is known of one attempt besides its answer.
type exchange struct {
	// sent is set once a connection was there to write to: from then on the
	// request may have reached DTS.
	sent atomic.Bool

	used        *http.Transport
	status      int
	contentType string
	complete    bool // the answer was read to its end

	credentials Credentials // which the answer may say back
}

type exchangeKey struct{}

func withExchange(ctx context.Context, x *exchange) context.Context {
	ctx = context.WithValue(ctx, exchangeKey{}, x)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { x.sent.Store(true) },
	})
}

func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	current := t.current.Load()
	x, _ := request.Context().Value(exchangeKey{}).(*exchange)
	if x == nil {
		x = &exchange{}
	}
	x.used = current
	response, err := current.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	x.status, x.contentType = response.StatusCode, response.Header.Get("Content-Type")
	body, err := io.ReadAll(http.MaxBytesReader(nil, response.Body, maxAnswer))
	response.Body.Close()
	if err != nil {
		return nil, err
	}
	x.complete = true
	body = []byte(x.credentials.redact(string(plain(body))))
	if 300 <= response.StatusCode && response.StatusCode < 400 {
		return nil, errors.New("redirect refused")
	}
	// The SDK reads some content types as streams, gives up on encodings that it
	// does not know without closing the body, and panics at null. Every answer
	// here is a JSON object or wrong. A good one passes as an octet stream, which
	// spares the SDK's look ahead for the retries of its own: they are not used.
	if !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")) {
		body = nil
	}
	response.Header.Set("Content-Type", "application/octet-stream")
	if response.StatusCode != http.StatusOK {
		response.Header.Set("Content-Type", "application/json")
	}
	response.Header.Del("Content-Encoding")
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// plain returns JSON with its strings as they are read, so that what is looked
// for in the text is found however the other side escaped it.
func plain(body []byte) []byte {
	if !bytes.ContainsRune(body, '\\') {
		return body
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil || decoder.More() {
		return body // not JSON: it is not shown to anybody
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(value) != nil {
		return body
	}
	return out.Bytes()
}
