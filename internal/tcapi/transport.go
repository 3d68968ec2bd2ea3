package tcapi

import (
	"bytes"
	"context"
	"crypto/tls"
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

// Limits of the connections.
const (
	// maxAnswer bounds what is read of an answer: most are a few kilobytes, a
	// list of a hundred jobs may have some 400 KB.
	// An action may have a limit of its own.
	maxAnswer = 1 << 20

	// smallAnswer is how much of an answer is read beside all others. The rest of
	// a larger one waits for one of largeAtOnce places, so that many large answers
	// at once fit into the memory.
	smallAnswer = 64 << 10
	largeAtOnce = 2

	// hugeAtOnce is how many are read at once that have more than maxAnswer.
	hugeAtOnce = 1

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

	// maxInFlight bounds the connections of one instance.
	maxInFlight = 64
)

// transport is the one http.RoundTripper of an instance. It keeps connections
// over invocations and reads answers. The SDK gets nothing to read: it knows no
// bounds, follows redirects, which would take a signed request and its token
// elsewhere, and takes for a success what is none.
type transport struct {
	plain, secure atomic.Pointer[http.Transport] // for http, which is for loopback only, and https
	large, huge   chan struct{}                  // held while such an answer is read
}

// newTransport returns a transport. dial connects to endpoints, nil for the
// network.
func newTransport(dial func(ctx context.Context, network, address string) (net.Conn, error)) *transport {
	t := &transport{large: make(chan struct{}, largeAtOnce), huge: make(chan struct{}, hugeAtOnce)}
	var toServer net.Dialer
	names := resolver(toServer.DialContext)
	http1 := new(http.Protocols)
	http1.SetHTTP1(true) // build.sh leaves HTTP/2 out of the binary
	for _, to := range []*atomic.Pointer[http.Transport]{&t.plain, &t.secure} {
		dialer := &net.Dialer{Timeout: connectTimeout, KeepAlive: 15 * time.Second, Resolver: names}
		h := &http.Transport{
			DialContext:            dialer.DialContext,
			MaxIdleConnsPerHost:    maxInFlight,
			IdleConnTimeout:        idleTimeout,
			DisableCompression:     true,
			MaxResponseHeaderBytes: maxHeader,
			Protocols:              http1,
		}
		if to == &t.plain {
			dialer.Control = LoopbackOnly
		} else {
			h.Proxy = http.ProxyFromEnvironment
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

// renew makes the following requests go over fresh connections, unless that
// has happened since the failed exchange began: in a thawed instance one silent
// connection means that its idle neighbours are dead as well.
func (t *transport) renew(x *exchange) {
	if x.used != nil && x.current.CompareAndSwap(x.used, x.used.Clone()) {
		x.used.CloseIdleConnections()
	}
}

// exchange is one attempt's request and answer.
type exchange struct {
	// fresh asks for a connection of its own, as after one without an answer: others
	// that are kept may be as dead, without a sign of it yet.
	fresh bool

	// sent is set once a connection was there to write to: from then on the
	// request may have reached the service.
	sent atomic.Bool

	current *atomic.Pointer[http.Transport]
	used    *http.Transport

	status      int // 0 without an answer
	contentType string
	date        string
	body        []byte          // of an answer that is too large, its beginning
	limit       int             // of the body
	held        []chan struct{} // in which the answer has a place, if it is large
}

// release gives up the body.
func (x *exchange) release() {
	x.body = nil
	for _, places := range x.held {
		<-places
	}
	x.held = nil
}

type exchangeKey struct{}

func withExchange(ctx context.Context, x *exchange) context.Context {
	ctx = context.WithValue(ctx, exchangeKey{}, x)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { x.sent.Store(true) },
	})
}

var (
	errTooLarge = errors.New("the answer is too large")

	// What follows such an answer is read without regard to the request's deadline.
	errSwitched = errors.New("the endpoint speaks another protocol")
)

// RoundTrip sends a request, whose context has an exchange, and reads the
// answer into that.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	x := request.Context().Value(exchangeKey{}).(*exchange)
	x.current = &t.secure
	if request.URL.Scheme == "http" {
		x.current = &t.plain
	}
	x.used = x.current.Load()
	if x.fresh {
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
	if err != nil {
		return nil, err
	}
	x.status, x.contentType, x.date = response.StatusCode, response.Header.Get("Content-Type"), response.Header.Get("Date")
	return &http.Response{
		StatusCode: http.StatusOK,
		Header:     http.Header{"Content-Type": {"application/octet-stream"}}, // which spares the SDK a look for refusals
		Body:       http.NoBody,
		Request:    request,
	}, nil
}

// read reads the body of a response, a large one with a place of its own. With
// errTooLarge comes the beginning of the body.
func (t *transport) read(ctx context.Context, x *exchange, response *http.Response) ([]byte, error) {
	var body bytes.Buffer
	for _, part := range []struct {
		most   int // of the whole body
		places chan struct{}
	}{{smallAnswer, nil}, {maxAnswer, t.large}, {x.limit, t.huge}} {
		if body.Len() == x.limit {
			break
		}
		if part.places != nil {
			select {
			case part.places <- struct{}{}:
				x.held = append(x.held, part.places)
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			body.Grow(min(part.most, x.limit) - body.Len() + bytes.MinRead)
		}
		_, err := body.ReadFrom(io.LimitReader(response.Body, int64(min(part.most, x.limit)-body.Len())))
		if err != nil || body.Len() < part.most && body.Len() < x.limit {
			return body.Bytes(), err
		}
	}
	switch _, err := io.ReadFull(response.Body, make([]byte, 1)); err {
	case nil:
		return body.Bytes(), errTooLarge
	case io.EOF:
		return body.Bytes(), nil
	default:
		return nil, err
	}
}
