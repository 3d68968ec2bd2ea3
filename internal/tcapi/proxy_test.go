package tcapi

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"migratecheck/internal/config"
)

// Calls go through the proxy that HTTPS_PROXY names, in a tunnel, unless NO_PROXY
// has the host. What the proxy says shows no password.
func TestProxy(t *testing.T) {
	endpoint := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") != "" {
			t.Error("the endpoint was sent the proxy's password")
		}
		io.WriteString(w, `{"Response":{"RequestId":"r-1"}}`)
	}))
	defer endpoint.Close()
	var mu sync.Mutex
	var seen []string
	proxy := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, r.Method+" "+r.Host)
		mu.Unlock()
		sent := r.Header.Get("Proxy-Authorization")
		user, password, _ := (&http.Request{Header: http.Header{"Authorization": {sent}}}).BasicAuth()
		c, _, _ := w.(http.Hijacker).Hijack()
		defer c.Close()
		if user != "tommy" || password != "p@ss%word" {
			fmt.Fprintf(c, "HTTP/1.1 407 not %s:%s, %s\r\n\r\n", user, password, sent)
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
	plain, secure := httptest.NewServer(proxy), httptest.NewTLSServer(proxy)
	defer plain.Close()
	defer secure.Close()

	// The endpoint's certificate is for this name. No name server knows it here.
	const host = "example.com"
	through := []string{"CONNECT example.com:443"}
	with := func(url, user string) string { return strings.Replace(url, "://", "://"+user+"@", 1) }
	for name, row := range map[string]struct {
		proxy, none string
		seen        []string
		want        string
	}{
		"in plain text":         {with(plain.URL, "tommy:p%40ss%25word"), "", through, "r-1"},
		"in TLS":                {with(secure.URL, "tommy:p%40ss%25word"), "", through, "r-1"},
		"refused":               {with(secure.URL, "tommy:another-word"), "", through, "Basic ***"},
		"not for other domains": {with(plain.URL, "tommy:p%40ss%25word"), ".tencentcloudapi.com", through, "r-1"},
		"not for this one":      {with(plain.URL, "tommy:p%40ss%25word"), "10.0.0.0/8, example.com", nil, "straight to example.com:443"},
		"none":                  {"", "", nil, "straight to example.com:443"},
	} {
		t.Run(name, func(t *testing.T) {
			seen = nil
			c, err := config.Load(func(name string) string {
				return map[string]string{
					config.Region: "ap-guangzhou", config.Endpoint: host, config.MaxAttempts: "1",
					config.HTTPSProxy: row.proxy, config.NoProxy: row.none,
				}[name]
			})
			if err != nil {
				t.Fatal(err)
			}
			process := role
			process.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				if LoopbackOnly(network, address, nil) != nil {
					return nil, fmt.Errorf("straight to %s", address)
				}
				return new(net.Dialer).DialContext(ctx, network, address)
			}
			client := New(c, process)
			https := client.transport.secure.Load()
			https.TLSClientConfig.RootCAs = endpoint.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
			defer https.CloseIdleConnections()
			receipt, err := create(t.Context(), client, known)
			if told := fmt.Sprint(receipt.RequestID, err); !strings.Contains(told, row.want) || strings.Contains(told, "another-word") {
				t.Error(told)
			}
			if !slices.Equal(seen, row.seen) {
				t.Errorf("the proxy saw %q", seen)
			}
		})
	}
}
