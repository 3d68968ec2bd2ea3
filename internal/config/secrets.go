package config

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// What is too short to be a secret, in characters: taken for one, it would be
// found in words that are none.
const (
	leastPassword = 4
	leastValue    = 6
	leastSegment  = 16
)

// Secrets returns the texts of the configuration that must not be shown: of the
// webhook its user info, the values of its query, its signing secret and what of
// its path looks like a key; and the proxy's password. No host is among them, and
// nothing shorter than what a secret has.
func (c Config) Secrets() []string {
	var out []string
	add := func(least int, values ...string) {
		for _, v := range values {
			if len(v) >= least && !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
	}
	add(leastSecret, c.WebhookSecret)
	if c.HTTPSProxy != nil {
		add(leastPassword, passwords(c.HTTPSProxy.User)...)
	}
	u, err := url.Parse(c.Webhook)
	if err != nil || c.Webhook == "" {
		return out // Load lets no URL pass that cannot be read
	}
	add(leastPassword, passwords(u.User)...)
	for _, pair := range strings.Split(u.RawQuery, "&") {
		_, value, _ := strings.Cut(pair, "=")
		add(leastValue, value)
		if plain, err := url.QueryUnescape(value); err == nil {
			add(leastValue, plain)
		}
	}
	for _, path := range []string{u.Path, u.EscapedPath()} {
		for _, segment := range strings.Split(path, "/") {
			if isKey(segment) {
				add(leastSegment, segment)
			}
		}
	}
	return out
}

// isKey reports whether a word looks like a key and not like a name.
func isKey(word string) bool {
	return len(word) >= leastSegment && strings.ContainsAny(word, "0123456789")
}

// passwords returns what is secret of the user info of a URL, as it is, as it is
// written in the URL and as it is sent. Beside a password the user's name is a
// secret only if it looks like a key.
func passwords(user *url.Userinfo) []string {
	if user == nil {
		return nil
	}
	name := user.Username()
	password, ok := user.Password()
	out := []string{password, user.String(), base64.StdEncoding.EncodeToString([]byte(name + ":" + password))}
	if _, escaped, found := strings.Cut(user.String(), ":"); found {
		out = append(out, escaped)
	}
	if !ok || password == "" || isKey(name) {
		out = append(out, name)
	}
	return out
}
