// Package memnet is a network in memory, so that a client and a server can run
// on testing/synctest's clock.
package memnet

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
)

// Network is a net.Listener for the server, and has Dial for the client.
type Network struct {
	connections chan net.Conn
	closed      chan struct{}
	closing     sync.Once

	mu     sync.Mutex
	dialed []*connection
}

// New returns a network without connections.
func New() *Network {
	return &Network{connections: make(chan net.Conn), closed: make(chan struct{})}
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

// Dial connects to the server, whatever the address.
func (n *Network) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case n.connections <- theirs:
		c := &connection{Conn: ours}
		n.mu.Lock()
		n.dialed = append(n.dialed, c)
		n.mu.Unlock()
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Thaw does what a frozen instance wakes up to: every connection has died
// without a sign. It returns how many there were.
func (n *Network) Thaw() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.dialed {
		c.dead.Store(true)
	}
	return len(n.dialed)
}

// Count returns how many connections there were, and how many of them the
// client has not closed.
func (n *Network) Count() (dialed, open int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.dialed {
		if !c.closed.Load() {
			open++
		}
	}
	return len(n.dialed), open
}

// Accept waits for a connection.
func (n *Network) Accept() (net.Conn, error) {
	select {
	case c := <-n.connections:
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and Dial. Connections stay open.
func (n *Network) Close() error {
	n.closing.Do(func() { close(n.closed) })
	return nil
}

// Addr returns an address of no meaning.
func (n *Network) Addr() net.Addr { return &net.IPAddr{} }
