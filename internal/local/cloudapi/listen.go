package cloudapi

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Listener serves a handler, such as a Server, at an address.
type Listener struct {
	// URL of the endpoint, with the port that was really bound.
	URL string

	// Certificate is the endpoint's own, in PEM, to be trusted by its clients;
	// nil over plain HTTP.
	Certificate []byte

	server *http.Server
	done   chan struct{}
}

// Listen serves s at address, as the function Listen does.
func (s *Server) Listen(address string, secure bool) (*Listener, error) {
	return Listen(s, address, secure)
}

// Serve serves s on a listener, as the function Serve does.
func (s *Server) Serve(listener net.Listener) *Listener { return Serve(s, listener) }

// Unheard returns an address of this machine at which nobody listens, nor will anybody
// before it is released: a connection begins there.
func Unheard() (address string, release func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		l.Close()
		return "", nil, err
	}
	return c.LocalAddr().String(), func() { c.Close(); l.Close() }, nil
}

// Listen serves a handler at an address, over TLS with a certificate made for it
// if secure is set, in HTTP/1.1 alone: one call at a time on a connection, so
// that a fault of the connection is no other call's.
func Listen(h http.Handler, address string, secure bool) (*Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	if !secure {
		l := Serve(h, listener)
		l.URL = "http://" + listener.Addr().String()
		return l, nil
	}
	certificate, file, err := certify(listener.Addr())
	if err != nil {
		listener.Close()
		return nil, err
	}
	l := Serve(h, tls.NewListener(listener, &tls.Config{
		Certificates: []tls.Certificate{certificate},
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"http/1.1"},
	}))
	l.URL, l.Certificate = "https://"+listener.Addr().String(), file
	return l, nil
}

// Serve serves a handler on a listener of the caller's, such as one in memory.
func Serve(h http.Handler, listener net.Listener) *Listener {
	l := &Listener{
		done: make(chan struct{}),
		server: &http.Server{
			Handler:           h,
			ConnContext:       connContext,
			ReadHeaderTimeout: 10 * time.Second,
			ErrorLog:          log.New(io.Discard, "", 0), // of handshakes that a client gave up
		},
	}
	go func() {
		defer close(l.done)
		l.server.Serve(listener) // always http.ErrServerClosed, after Close
	}()
	return l
}

// Close ends the listener and every connection.
func (l *Listener) Close() {
	l.server.Close()
	<-l.done
}

// certify makes a certificate for the address, valid for a day, and returns it
// in PEM as well.
func certify(address net.Addr) (tls.Certificate, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(now.UnixNano()),
		Subject:               pkix.Name{CommonName: "endpoint for local use"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
		DNSNames:              []string{"localhost"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if tcp, ok := address.(*net.TCPAddr); ok && !tcp.IP.IsUnspecified() {
		template.IPAddresses = append(template.IPAddresses, tcp.IP)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	file := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file, nil
}

type connKey struct{}

// connContext lets the faults tell a connection's first call from the others.
func connContext(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, new(atomic.Int64))
}

func reusedConnection(ctx context.Context) bool {
	calls, ok := ctx.Value(connKey{}).(*atomic.Int64)
	return ok && calls.Add(1) > 1
}
