package dts

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"migratecheck/internal/config"
	"migratecheck/internal/local/fakedts"
)

// memory is a network in memory, so that tests can run on synctest's clock.
type memory struct {
	connections chan net.Conn
	closed      chan struct{}

	mu     sync.Mutex
	dialed []*connection
}

// connection is a client's end; once dead, it swallows what is written to it.
type connection struct {
	net.Conn
	dead, closed atomic.Bool
}

func (c *connection) Close() error {
	c.closed.Store(true)
	return c.Conn.Close()
}

func (c *connection) Write(p []byte) (int, error) {
	if c.dead.Load() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

// thaw is what a frozen instance wakes up to: every connection has died
// without a sign. It returns how many there were.
func (m *memory) thaw() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.dialed {
		c.dead.Store(true)
	}
	return len(m.dialed)
}

// count returns how many connections there were, and how many of them the
// client has not closed.
func (m *memory) count() (dialed, open int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.dialed {
		if !c.closed.Load() {
			open++
		}
	}
	return len(m.dialed), open
}

func newMemory() *memory {
	return &memory{connections: make(chan net.Conn), closed: make(chan struct{})}
}

func (m *memory) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case m.connections <- theirs:
		c := &connection{Conn: ours}
		m.mu.Lock()
		m.dialed = append(m.dialed, c)
		m.mu.Unlock()
		return c, nil
	case <-m.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.connections:
		return c, nil
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error {
	select {
	case <-m.closed:
	default:
		close(m.closed)
	}
	return nil
}

func (m *memory) Addr() net.Addr { return &net.IPAddr{} }

// role is the key pair that the endpoint knows.
var role = Process{Role: Credentials{fakedts.ExampleKey.SecretID, fakedts.ExampleKey.SecretKey, fakedts.ExampleKey.Token}}

// settings is the default configuration, for an endpoint in memory.
func settings() config.Config {
	return config.Config{
		Region: "ap-guangzhou", DTS: config.Address{Scheme: "http", Host: "localhost"}, APIVersion: config.Version2018,
		RateLimit: 20, MaxAttempts: 4,
	}
}

// connect returns a client of a server in memory; in a synctest bubble both
// live on its clock.
func connect(t *testing.T, server *fakedts.Server, c config.Config) *Client {
	t.Helper()
	return connectOver(t, newMemory(), server, c)
}

func connectOver(t *testing.T, network *memory, server *fakedts.Server, c config.Config) *Client {
	t.Helper()
	listener := server.Serve(network)
	client := New(c, role)
	client.transport.current.Load().DialContext = network.dial
	t.Cleanup(func() {
		client.transport.current.Load().CloseIdleConnections()
		listener.Close()
	})
	return client
}
