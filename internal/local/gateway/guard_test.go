package gateway

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"testing"
)

func TestGuard(t *testing.T) {
	machine, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	const loopback, everywhere = "127.0.0.1:9000", "0.0.0.0:9000"
	for name, c := range map[string]struct {
		listener, local, host string
		headers               []string
		status                int
	}{
		"its address":                {loopback, loopback, "127.0.0.1:9000", nil, 200},
		"localhost":                  {loopback, loopback, "LocalHost:9000", nil, 200},
		"another of loopback":        {loopback, loopback, "127.8.9.1:9000", nil, 200},
		"loopback of IPv6":           {"[::1]:9000", "[::1]:9000", "[::1]:9000", nil, 200},
		"port 80, which goes unsaid": {"127.0.0.1:80", "127.0.0.1:80", "localhost", nil, 200},
		"IPv6, port 80":              {"[::1]:80", "[::1]:80", "[::1]", nil, 200},
		"its own page":               {loopback, loopback, "localhost:9000", []string{"Origin", "http://localhost:9000", "Sec-Fetch-Site", "same-origin"}, 200},
		"typed in the address bar":   {loopback, loopback, "localhost:9000", []string{"Sec-Fetch-Site", "none"}, 200},

		"a name that resolves here":   {loopback, loopback, "evil.example:9000", nil, 403},
		"a name that looks like it":   {loopback, loopback, "localhost.evil.example:9000", nil, 403},
		"another address":             {loopback, loopback, "10.1.2.3:9000", nil, 403},
		"the unspecified address":     {everywhere, loopback, "0.0.0.0:9000", nil, 403},
		"another port":                {loopback, loopback, "127.0.0.1:9001", nil, 403},
		"no port":                     {loopback, loopback, "127.0.0.1", nil, 403},
		"no host":                     {loopback, loopback, "", nil, 403},
		"this machine, on loopback":   {loopback, loopback, machine + ":9000", nil, 403},
		"another origin":              {loopback, loopback, "127.0.0.1:9000", []string{"Origin", "https://evil.example"}, 403},
		"the origin null":             {loopback, loopback, "127.0.0.1:9000", []string{"Origin", "null"}, 403},
		"an empty origin":             {loopback, loopback, "127.0.0.1:9000", []string{"Origin", ""}, 403},
		"another port's origin":       {loopback, loopback, "127.0.0.1:9000", []string{"Origin", "http://127.0.0.1:3000"}, 403},
		"two origins":                 {loopback, loopback, "127.0.0.1:9000", []string{"Origin", "http://127.0.0.1:9000", "Origin", "http://evil.example"}, 403},
		"another site":                {loopback, loopback, "127.0.0.1:9000", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		"another port of the site":    {loopback, loopback, "127.0.0.1:9000", []string{"Sec-Fetch-Site", "same-site"}, 403},
		"a rebound name's own origin": {loopback, loopback, "evil.example:9000", []string{"Origin", "http://evil.example:9000", "Sec-Fetch-Site", "same-origin"}, 403},

		"the address it came to":      {everywhere, "10.0.0.5:9000", "10.0.0.5:9000", nil, 200},
		"one of another machine":      {everywhere, "10.0.0.5:9000", "10.0.0.6:9000", nil, 403},
		"the one it listens on":       {"10.0.0.5:9000", "10.0.0.5:9000", "10.0.0.5:9000", nil, 200},
		"this machine":                {everywhere, "10.0.0.5:9000", machine + ":9000", nil, 200},
		"another name, beyond it all": {everywhere, "10.0.0.5:9000", "evil.example:9000", nil, 403},
	} {
		t.Run(name, func(t *testing.T) {
			events := 0
			g := &Guard{
				Address: net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.listener)),
				Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { events++ }),
			}
			local := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.local))
			r := request("GET", "/", "", c.headers...)
			r = r.WithContext(context.WithValue(t.Context(), http.LocalAddrContextKey, local))
			r.Host = c.host
			w := httptest.NewRecorder()
			g.ServeHTTP(w, r)
			if w.Code != c.status || (events == 1) != (c.status == 200) {
				t.Errorf("status %d, %d events, want %d: %s", w.Code, events, c.status, w.Body)
			}
		})
	}
}
