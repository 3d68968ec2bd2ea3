package gateway

import (
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// Guard lets in only requests that were meant for this listener: whose Host is
// its own, and which no page of another origin sent. A page in the user's
// browser can send requests to any address, also under a name of its own that
// resolves to it, and the function may have keys that are worth having.
type Guard struct {
	Handler http.Handler

	// Address is the listener's.
	Address net.Addr
}

// ServeHTTP answers 403 before the request is anything else.
func (g *Guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if reason := g.refuses(r); reason != "" {
		writeJSON(w, http.StatusForbidden, map[string]string{"message": reason})
		return
	}
	g.Handler.ServeHTTP(w, r)
}

// refuses returns why a request is refused, or nothing.
func (g *Guard) refuses(r *http.Request) string {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !own(r.Host, g.Address, local) {
		return "The Host is not this listener's: use its address, or localhost."
	}
	for _, origin := range r.Header.Values("Origin") {
		if !strings.EqualFold(origin, "http://"+r.Host) {
			return "A page of another origin may not send requests here."
		}
	}
	for _, site := range r.Header.Values("Sec-Fetch-Site") {
		if site != "same-origin" && site != "none" {
			return "A page of another site may not send requests here."
		}
	}
	return ""
}

// own reports whether a Host is one of the listener's: with its port, a
// loopback name or address, the listener's address, the one that the request
// came to, or, beyond loopback, this machine's name.
func own(host string, listener, local net.Addr) bool {
	address := parse(listener)
	name, port, err := net.SplitHostPort(host)
	if err != nil { // no port
		name, port = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"), "80"
	}
	if port != strconv.Itoa(int(address.Port())) {
		return false
	}
	if ip, err := netip.ParseAddr(name); err == nil {
		return ip.IsLoopback() || !ip.IsUnspecified() && (ip == address.Addr() || ip == parse(local).Addr())
	}
	machine, err := os.Hostname()
	return strings.EqualFold(name, "localhost") ||
		err == nil && !address.Addr().IsLoopback() && strings.EqualFold(name, machine)
}

func parse(a net.Addr) netip.AddrPort {
	if a == nil {
		return netip.AddrPort{}
	}
	parsed, _ := netip.ParseAddrPort(a.String()) // the zero value is nobody's address
	return parsed
}
