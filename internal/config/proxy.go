package config

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

func proxy(value string) (*url.URL, error) {
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	if err != nil || !hostOnly(u, value) || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
		return nil, fmt.Errorf("must be a URL such as http://user:password@proxy.example:3128, in which a %% of the password is written %%25, and other special characters alike")
	}
	return u, nil
}

func noProxy(value string) ([]string, error) {
	entries := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	for i, entry := range entries {
		if _, err := netip.ParsePrefix(entry); err != nil && strings.Contains(entry, "/") {
			return nil, fmt.Errorf("must be hosts, domains, addresses or networks such as 10.0.0.0/8, with commas between them")
		}
		entries[i] = strings.ToLower(entry)
	}
	return entries, nil
}

// Proxy returns the proxy for a request, nil for none. It is a Proxy of
// http.Transport. http is for loopback, which no proxy leads to.
func (c Config) Proxy(r *http.Request) (*url.URL, error) {
	if c.HTTPSProxy == nil || r.URL.Scheme != "https" || Loopback(r.URL.Hostname()) ||
		slices.ContainsFunc(c.NoProxy, func(entry string) bool { return covers(entry, r.URL) }) {
		return nil, nil
	}
	return c.HTTPSProxy, nil
}

// covers reports whether an entry of NO_PROXY is for the host of a URL: it may be
// an address, a network, a domain with all that is in it or, with a dot or *. in
// front, without itself, each but a network with a port, or * for everything.
func covers(entry string, u *url.URL) bool {
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	address, _ := netip.ParseAddr(host)
	if network, err := netip.ParsePrefix(entry); err == nil {
		return network.Contains(address.Unmap())
	}
	name := entry
	if before, port, err := net.SplitHostPort(entry); err == nil {
		if port != cmp.Or(u.Port(), "443") {
			return false
		}
		name = before
	}
	if other, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return other.Unmap() == address.Unmap()
	}
	within := "." + strings.TrimPrefix(strings.TrimPrefix(name, "*"), ".")
	return name == "*" || name == host || strings.HasSuffix(host, within)
}
