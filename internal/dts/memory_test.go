package dts

import (
	"context"
	"net"
	"testing"

	"migratecheck/internal/config"
	"migratecheck/internal/fakedts"
)

// memory is a network in memory, so that tests can run on synctest's clock.
type memory struct {
	connections chan net.Conn
	closed      chan struct{}
}

func newMemory() *memory {
	return &memory{connections: make(chan net.Conn), closed: make(chan struct{})}
}

func (m *memory) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case m.connections <- theirs:
		return ours, nil
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
		Region: "ap-guangzhou", Scheme: "http", Host: "localhost", APIVersion: config.Version2018,
		RateLimit: 20, MaxAttempts: 4,
	}
}

// connect returns a client of a server in memory; in a synctest bubble both
// live on its clock.
func connect(t *testing.T, server *fakedts.Server, c config.Config) *Client {
	t.Helper()
	network := newMemory()
	listener := server.Serve(network)
	client := New(c, role)
	client.transport.current.Load().DialContext = network.dial
	t.Cleanup(func() {
		client.transport.current.Load().CloseIdleConnections()
		listener.Close()
	})
	return client
}
