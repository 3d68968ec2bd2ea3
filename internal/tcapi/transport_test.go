package tcapi

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"migratecheck/internal/local/memnet"
)

// protocols is what an endpoint may offer.
var protocols = map[string]struct{ secure bool }{
	"plain text": {false},
	"TLS":        {true},
}

// endpoint is an HTTP server in memory that accepts every call, and its client.
type endpoint struct {
	client  *Client
	current *atomic.Pointer[http.Transport] // that it uses
	network *memnet.Network
	server  *httptest.Server

	// answer, if set, is tried before a call is accepted; it reports whether it
	// has answered.
	answer func(http.ResponseWriter, *http.Request) bool

	requests, http2, full, resumed atomic.Int32 // the last two count handshakes
}

func newEndpoint(t *testing.T, secure bool) *endpoint {
	t.Helper()
	e := &endpoint{network: memnet.New()}
	var seen sync.Map
	e.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.requests.Add(1)
		if r.ProtoMajor == 2 {
			e.http2.Add(1)
		}
		if _, again := seen.LoadOrStore(r.Context().Value(connectionKey{}), true); !again && r.TLS != nil {
			if r.TLS.DidResume {
				e.resumed.Add(1)
			} else {
				e.full.Add(1)
			}
		}
		io.Copy(io.Discard, r.Body)
		if e.answer == nil || !e.answer(w, r) {
			io.WriteString(w, `{"Response":{"RequestId":"46b45da1"}}`)
		}
	}))
	e.server.Config.ConnContext = identify
	e.server.Listener.Close()
	e.server.Listener = e.network
	e.server.EnableHTTP2 = true // which is not asked for
	c := settings()
	c.DTS.Host, c.RateLimit = "127.0.0.1", 10000
	if secure {
		e.server.StartTLS()
		c.DTS.Scheme = "https"
	} else {
		e.server.Start()
	}
	process := role
	process.Dial = e.network.Dial
	e.client = New(c, process)
	e.current = &e.client.transport.plain
	if secure {
		e.current = &e.client.transport.secure
		e.current.Load().TLSClientConfig.RootCAs = e.server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	}
	return e
}

// connectionKey is where a request's context has its connection.
type connectionKey struct{}

func identify(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, c)
}

func (e *endpoint) closeIdle() { e.current.Load().CloseIdleConnections() }

func (e *endpoint) close() {
	e.closeIdle()
	e.server.Close()
}

// create makes one call, with a minute's time, and returns its attempts.
func (e *endpoint) create(t *testing.T) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	receipt, err := create(ctx, e.client, known)
	if err != nil {
		t.Fatal(err)
	}
	return receipt.Attempts
}

// One connection serves an instance from one invocation to the next, in
// HTTP/1.1 although the endpoint offers more.
func TestConnectionsAreKept(t *testing.T) {
	for name, protocol := range protocols {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEndpoint(t, protocol.secure)
				defer e.close()
				for range 100 {
					e.create(t)
					time.Sleep(29 * time.Second)
				}
				if dialed, _ := e.network.Count(); dialed != 1 {
					t.Errorf("100 calls took %d connections", dialed)
				}
				if n := e.http2.Load(); n > 0 {
					t.Errorf("%d of 100 calls in HTTP/2", n)
				}
			})
		})
	}
}

// The connections of one batch serve the next.
func TestConnectionsOfABatchAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, false)
		defer e.close()
		e.answer = func(http.ResponseWriter, *http.Request) bool { time.Sleep(time.Second); return false }
		for range 3 {
			var group sync.WaitGroup
			for range 64 {
				group.Go(func() { e.create(t) })
			}
			group.Wait()
		}
		if dialed, open := e.network.Count(); dialed != 64 || open != 64 {
			t.Errorf("%d connections, %d of them open, want 64", dialed, open)
		}
	})
}

// An endpoint that is silent when TLS begins has been sent nothing, and costs
// less than an attempt may take.
func TestSilentHandshakeIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, true)
		defer e.close()
		silent := true
		e.current.Load().DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			if !silent {
				return e.network.Dial(ctx, network, address)
			}
			silent = false
			near, far := net.Pipe()
			go io.Copy(io.Discard, far)
			return near, nil
		}
		began := time.Now()
		receipt, err := e.client.Do(t.Context(), Action{Service: "dts", Name: "StartMigrateJob", Changes: true, Once: true}, struct{}{}, nil)
		if took := time.Since(began); err != nil || receipt.Attempts != 2 || took > 5*time.Second {
			t.Errorf("%d attempts in %v, %v", receipt.Attempts, took, err)
		}
	})
}

// A connection that was idle for too long is not written to, also when no
// timer could close it because the instance was frozen; the next one resumes
// its TLS session. So does the one after a renewal.
func TestSessionsAreResumed(t *testing.T) {
	for name, protocol := range protocols {
		if !protocol.secure {
			continue
		}
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEndpoint(t, protocol.secure)
				defer e.close()
				e.create(t)
				e.closeIdle()
				e.create(t)
				time.Sleep(31 * time.Second)
				e.create(t)
				e.client.transport.renew(&exchange{current: e.current, used: e.current.Load()})
				e.create(t)
				if dialed, _ := e.network.Count(); dialed != 4 || e.full.Load() != 1 || e.resumed.Load() != 3 {
					t.Errorf("%d connections, %d full and %d resumed handshakes; want 4, 1 and 3", dialed, e.full.Load(), e.resumed.Load())
				}
			})
		})
	}
}

// A connection that has gone silent costs one attempt, whatever is spoken over
// it and whether the silence comes before an answer or amid it.
func TestSilentConnectionIsGivenUp(t *testing.T) {
	for name, protocol := range protocols {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEndpoint(t, protocol.secure)
				defer e.close()
				e.create(t)
				e.network.Thaw()
				if n := e.create(t); n != 2 {
					t.Errorf("dead: %d attempts, want 2", n)
				}
				if n := e.create(t); n != 1 {
					t.Errorf("after it: %d attempts, want 1", n)
				}
				var silent atomic.Bool
				e.answer = func(w http.ResponseWriter, r *http.Request) bool {
					if silent.Swap(true) {
						return false
					}
					w.WriteHeader(http.StatusOK)
					w.(http.Flusher).Flush()
					e.network.Thaw()
					<-r.Context().Done()
					return true
				}
				if n := e.create(t); n != 2 {
					t.Errorf("silent amid the answer: %d attempts, want 2", n)
				}
				// The second attempts had connections of their own.
				if dialed, _ := e.network.Count(); dialed != 4 {
					t.Errorf("%d connections, want 4", dialed)
				}
			})
		})
	}
}

// Renewed connections are closed at once: what was idle beside a silent one is
// dead as well, and would be held open for ever.
func TestRenewedConnectionsAreClosed(t *testing.T) {
	for name, protocol := range protocols {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEndpoint(t, protocol.secure)
				defer e.close()
				e.answer = func(http.ResponseWriter, *http.Request) bool { time.Sleep(time.Second); return false }
				var group sync.WaitGroup
				for range 5 {
					group.Go(func() { e.create(t) })
				}
				group.Wait()
				e.network.Thaw()
				if n := e.create(t); n != 2 {
					t.Errorf("%d attempts, want 2", n)
				}
				time.Sleep(6 * time.Second) // TLS waits for 5 s at most to say that it closes
				if _, open := e.network.Count(); open != 0 {
					t.Errorf("%d connections are open", open)
				}
			})
		})
	}
}

// An attempt after one without an answer is made over a connection that nobody
// else has used or will use, whatever others have done to the kept ones.
func TestAttemptAfterNoAnswer(t *testing.T) {
	for answer, want := range map[string]bool{"lost": true, "InternalError": false} {
		t.Run(answer, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEndpoint(t, false)
				defer e.close()
				e.create(t)
				script(e, []string{answer, answer, "ok"})
				answerIt := e.answer
				var alone []bool
				e.answer = func(w http.ResponseWriter, r *http.Request) bool {
					alone = append(alone, r.Close)
					return answerIt(w, r)
				}
				e.create(t)
				e.create(t)
				if !slices.Equal(alone, []bool{false, want, want, false}) {
					t.Errorf("connections of their own: %v", alone)
				}
			})
		})
	}
}

// After calls that were answered, given up while they were sent or waited for,
// and cancelled, nothing is left once the idle connections are closed: no
// connection, and no goroutine, for which synctest would fail the test.
func TestNothingIsLeftBehind(t *testing.T) {
	for name, protocol := range protocols {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEndpoint(t, protocol.secure)
				var calm atomic.Bool
				e.answer = func(_ http.ResponseWriter, r *http.Request) bool {
					switch n := e.requests.Load() % 4; {
					case calm.Load():
						return false
					case n == 0:
						panic(http.ErrAbortHandler)
					case n == 1:
						<-r.Context().Done()
						return true
					}
					return false
				}
				var group sync.WaitGroup
				for i := range 64 {
					group.Go(func() {
						ctx, cancel := context.WithTimeout(t.Context(), time.Duration(100+50*i)*time.Millisecond)
						defer cancel()
						if i%3 == 0 {
							time.AfterFunc(time.Duration(i)*time.Millisecond, cancel)
						}
						create(ctx, e.client, known)
					})
				}
				group.Wait()
				e.network.Thaw()
				calm.Store(true)
				e.create(t)
				e.closeIdle()
				time.Sleep(time.Minute) // streams given up on a dead connection end with its idle time
				synctest.Wait()
				if dialed, open := e.network.Count(); open > 0 {
					t.Errorf("%d of %d connections are open", open, dialed)
				}
				e.server.Close()
			})
		})
	}
}

// A query for a name that gets lost is made again before an attempt is over.
func TestLostLookupIsMadeAgain(t *testing.T) {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		seen := map[byte]bool{}
		for {
			message := make([]byte, 1500)
			n, from, err := server.ReadFrom(message)
			if err != nil {
				return
			}
			end := bytes.IndexByte(message[12:n], 0) + 12 + 5 // of the question: a name, a type, a class
			kind := message[end-3]
			if !seen[kind] {
				seen[kind] = true // the first of each kind is lost
				continue
			}
			answer := append(message[:2:2], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0)
			answer = append(answer, message[12:end]...)
			if kind == 1 { // an address of IPv4, which the question's name has
				answer[7] = 1
				answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1)
			}
			server.WriteTo(answer, from)
		}
	}()
	r := resolver(func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, server.LocalAddr().String())
	})
	r.PreferGo = true
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if addresses, err := r.LookupHost(ctx, "dts.tencentcloudapi.com."); err != nil || len(addresses) != 1 || addresses[0] != "127.0.0.1" {
		t.Errorf("%v, %v", addresses, err)
	}
}
