//go:build unix

package tcapi

import (
	"crypto/tls"
	"crypto/x509"
	"syscall"
	"testing"
	"time"

	"migratecheck/internal/local/fakedts"
)

// BenchmarkReconnect: what a call costs whose connection was closed while the
// instance was idle, with the TLS session resumed and without. The endpoint
// runs in the same process, so that the processor time is both ends'.
func BenchmarkReconnect(b *testing.B) {
	listener, err := fakedts.New(fakedts.Options{Jobs: []fakedts.Job{{JobID: known, CheckSeconds: fakedts.Instant}}, Quota: -1, Forget: true}).Listen("127.0.0.1:0", true)
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(listener.Certificate)
	c := settings()
	c.DTS.Scheme, c.DTS.Host, c.RateLimit = "https", listener.URL[len("https://"):], 10000
	cost := func(sessions tls.ClientSessionCache) func() time.Duration {
		client := New(c, role)
		transport := client.transport.secure.Load()
		transport.TLSClientConfig.RootCAs = roots
		transport.TLSClientConfig.ClientSessionCache = sessions
		return func() time.Duration {
			before := processorTime()
			if _, err := create(b.Context(), client, known); err != nil {
				b.Fatal(err)
			}
			transport.CloseIdleConnections()
			return processorTime() - before
		}
	}
	full, resumed := cost(nil), cost(tls.NewLRUClientSessionCache(8))
	resumed() // gets the session
	var withFull, withResumed time.Duration
	for b.Loop() {
		withFull += full()
		withResumed += resumed()
	}
	b.ReportMetric(float64(withResumed.Microseconds())/float64(b.N), "cpu-µs/resumed")
	b.ReportMetric(float64(withResumed)/float64(withFull), "×full-handshake")
	b.ReportMetric(0, "ns/op")
}

// processorTime is the user's and system's time of this process.
func processorTime() time.Duration {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
