package tcapi

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"migratecheck/internal/config"
)

// Calls go through the proxy that HTTPS_PROXY names, in a tunnel, unless NO_PROXY
// has the host; what the proxy refuses shows no password. The environment is read
// once in a process, so each row has one of its own.
func TestProxy(t *testing.T) {
	if os.Getenv("CALL_THROUGH_PROXY") != "" {
		callThroughProxy(t)
		return
	}
	const host = "dts.tencentcloudapi.com" // a name that is not loopback: those never go through a proxy
	certificate, file := selfSigned(t, host, "127.0.0.1")
	endpoint := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") != "" {
			t.Error("the endpoint was sent the proxy's password")
		}
		io.WriteString(w, `{"Response":{"RequestId":"r-1"}}`)
	}))
	endpoint.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	endpoint.StartTLS()
	defer endpoint.Close()

	var mu sync.Mutex
	var seen []string
	proxy := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, r.Method+" "+r.Host)
		mu.Unlock()
		user, password, _ := (&http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}).BasicAuth()
		c, _, _ := w.(http.Hijacker).Hijack()
		defer c.Close()
		if user != "tommy" || password != "p@ss%word" {
			fmt.Fprintf(c, "HTTP/1.1 407 not %s:%s, %s\r\n\r\n", user, password, r.Header.Get("Proxy-Authorization"))
			return
		}
		to, err := net.Dial("tcp", endpoint.Listener.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		defer to.Close()
		io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
		go io.Copy(to, c)
		io.Copy(c, to)
	})
	plain := httptest.NewServer(proxy)
	defer plain.Close()
	secure := httptest.NewUnstartedServer(proxy)
	secure.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	secure.StartTLS()
	defer secure.Close()

	with := func(url, user string) string { return strings.Replace(url, "://", "://"+user+"@", 1) }
	for name, row := range map[string]struct {
		environment []string
		through     bool
		want, never string
	}{
		"in plain text":       {[]string{"HTTPS_PROXY=" + with(plain.URL, "tommy:p%40ss%25word")}, true, "r-1", "ss%"},
		"in TLS":              {[]string{"HTTPS_PROXY=" + with(secure.URL, "tommy:p%40ss%25word")}, true, "r-1", "ss%"},
		"in small letters":    {[]string{"https_proxy=" + with(plain.URL, "tommy:p%40ss%25word")}, true, "r-1", "ss%"},
		"a refusal":           {[]string{"HTTPS_PROXY=" + with(secure.URL, "tommy:another-word")}, true, "not tommy:***, Basic ***", "another-word"},
		"not for the service": {[]string{"HTTPS_PROXY=" + with(plain.URL, "tommy:another-word"), "NO_PROXY=.tencentcloudapi.com"}, false, "straight to dts.tencentcloudapi.com:443", "another-word"},
		"for plain text only": {[]string{"HTTP_PROXY=" + with(plain.URL, "tommy:another-word")}, false, "straight to dts.tencentcloudapi.com:443", "another-word"},
	} {
		t.Run(name, func(t *testing.T) {
			seen = nil
			command := exec.Command(os.Args[0], "-test.run=^TestProxy$")
			command.Env = append(row.environment, "CALL_THROUGH_PROXY=1", "SSL_CERT_FILE="+file)
			output, err := command.CombinedOutput()
			if err != nil || !strings.Contains(string(output), row.want) || strings.Contains(string(output), row.never) {
				t.Errorf("%v: %s", err, output)
			}
			if want := "CONNECT " + host + ":443"; row.through != (len(seen) > 0) || row.through && seen[0] != want {
				t.Errorf("the proxy saw %q", seen)
			}
		})
	}
}

// callThroughProxy makes one call with the process's environment and prints what
// comes of it. Nothing leaves this machine.
func callThroughProxy(t *testing.T) {
	c := settings()
	c.DTS, c.MaxAttempts = config.Address{Scheme: "https"}, 1
	process := ProcessFrom(os.Getenv)
	process.Role = role.Role
	process.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if LoopbackOnly(network, address, nil) != nil {
			return nil, fmt.Errorf("straight to %s", address)
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	receipt, err := create(t.Context(), New(c, process), known)
	fmt.Println(receipt.RequestID, err)
}

// selfSigned returns a certificate for hosts, and the file that makes it trusted.
func selfSigned(t *testing.T, name, address string) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{name}, IPAddresses: []net.IP{net.ParseIP(address)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "certificate.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}
