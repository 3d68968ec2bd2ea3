package tcapi

import (
	"bytes"
	"context"
	"html"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"migratecheck/internal/check"
)

// Redact takes the secrets out of a text that came from outside: the credentials
// of the invocation in ctx and of those before, and what is secret of the webhook,
// plain or escaped as in JSON, URLs and HTML, in any mixture, four layers deep.
func (c *Client) Redact(ctx context.Context, text string) string {
	return c.secrets(c.credentials(ctx)).redact(text)
}

// secrets are the texts that must not be shown.
type secrets []string

// mostRecent is of how many different credentials an instance looks for secrets:
// a cache on the way may answer with what an earlier invocation sent.
const mostRecent = 4

// remember notes credentials that answers may hold from now on. The caller holds
// the lock.
func (c *Client) remember(credentials Credentials) {
	if !slices.Contains(c.recent, credentials) {
		c.recent = append(c.recent, credentials)
		c.recent = c.recent[max(0, len(c.recent)-mostRecent):]
	}
}

// secrets returns those that an answer may hold to an invocation with the given
// credentials.
func (c *Client) secrets(credentials Credentials) secrets {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remember(credentials)
	out := append(make(secrets, 0, len(c.webhook)+3*len(c.recent)), c.webhook...)
	for _, r := range c.recent {
		for _, s := range []string{r.Token, r.SecretKey, r.SecretID} {
			if s != "" && !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

// webhookSecrets returns what is secret of a webhook: its URL, what makes it one
// (a key in the query, a long name in the path or host), and the key that signs.
func webhookSecrets(webhook, key string) []string {
	var out []string
	add := func(least int, values ...string) {
		for _, v := range values {
			if len(v) >= least && !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
	}
	add(1, key, webhook)
	u, err := url.Parse(webhook)
	if err != nil {
		return out
	}
	for _, part := range strings.Split(u.RawQuery, "&") {
		_, value, _ := strings.Cut(part, "=")
		add(6, value)
	}
	for _, part := range append(strings.Split(u.EscapedPath(), "/"), strings.Split(u.Hostname(), ".")...) {
		add(12, part)
	}
	return out
}

const (
	// mask stands where a secret was.
	mask = "***"

	// layers is how often a text is unescaped in search of secrets.
	layers = 4

	// maxMapped is the longest text of which only the secrets are taken out; of a
	// longer one that holds a secret nothing is left. It bounds the memory that
	// hostile answers take.
	maxMapped = 32 << 10
)

// in reports whether a text without escapes holds a secret.
func (s secrets) in(text string) bool {
	return slices.ContainsFunc(s, func(secret string) bool { return strings.Contains(text, secret) })
}

// clean reports whether a text holds no secret, nothing escaped and nothing
// invisible.
func (s secrets) clean(text []byte) bool {
	if bytes.ContainsAny(text, escapeBytes) || bytes.ContainsFunc(text, invisible) {
		return false
	}
	return !slices.ContainsFunc(s, func(secret string) bool { return bytes.Contains(text, []byte(secret)) })
}

// escapeBytes are the bytes with which escapes begin.
const escapeBytes = `\%&`

// invisible reports whether a character shows nothing. Such characters may stand
// amid a secret, and reports leave them out.
func invisible(r rune) bool { return r >= utf8.RuneSelf && unicode.Is(unicode.Cf, r) }

// shortest returns the length of the shortest secret.
func (s secrets) shortest() int {
	n := len(s[0])
	for _, secret := range s {
		n = min(n, len(secret))
	}
	return n
}

// shown returns what may be shown of a text: its beginning, without secrets.
func (s secrets) shown(text string) string {
	// Looking for escapes in a long text takes its time.
	begin := check.Head(text, 4*check.MostText)
	out := s.redact(begin)
	if len(begin) < len(text) && len(out) <= check.MostText {
		return mask // it may end with a part of a secret
	}
	return check.Head(out, check.MostText)
}

// redact returns a text with a mask for each secret.
func (s secrets) redact(text string) string {
	if len(s) == 0 || s.clean([]byte(text)) || len(text) < s.shortest() { // unescaped, it is no longer
		return text
	}
	// Most texts hold none, for which it matters little where it would be.
	if s.locate(decoded{text: []byte(text), source: len(text)}) == nil {
		return text
	}
	found := s.locate(asItStands(text))
	slices.SortFunc(found, func(a, b span) int { return a.from - b.from })
	var out strings.Builder
	done := 0
	for _, f := range found {
		if f.from >= done {
			out.WriteString(text[done:f.from])
			out.WriteString(mask)
		}
		done = max(done, f.to)
	}
	out.WriteString(text[done:])
	return out.String()
}

// locate returns where in a text the secrets are, in any layer.
func (s secrets) locate(d decoded) []span {
	var found []span
	sought := slices.Clone(s)
	for range layers {
		found = d.find(found, sought)
		var changed bool
		if d, changed = d.unescape(); !changed {
			break
		}
		for _, secret := range sought { // a secret may hold what looks like an escape
			if !strings.ContainsAny(secret, escapeBytes) {
				continue
			}
			if other, changed := asItStands(secret).unescape(); changed && !slices.Contains(sought, string(other.text)) {
				sought = append(sought, string(other.text))
			}
		}
	}
	return d.find(found, sought)
}

// span is a part of a text.
type span struct{ from, to int }

// decoded is a text that was unescaped. Its byte i came from the source's bytes
// from at[i], up to the next greater value. A long text has no at.
type decoded struct {
	text   []byte
	source int // the source's length
	at     []int32
}

// asItStands returns a text that is its own source.
func asItStands(text string) decoded {
	d := decoded{text: []byte(text), source: len(text)}
	if len(text) > maxMapped {
		return d
	}
	d.at = make([]int32, len(text)+1)
	for i := range d.at {
		d.at[i] = int32(i)
	}
	return d
}

// find appends where in the source the sought texts are.
func (d decoded) find(found []span, sought []string) []span {
	for _, secret := range sought {
		for i := 0; ; i++ {
			n := bytes.Index(d.text[i:], []byte(secret))
			if n < 0 {
				break
			}
			if d.at == nil {
				return append(found, span{0, d.source})
			}
			i += n
			end := i + len(secret)
			for d.at[end] == d.at[end-1] { // amid what one escape stands for
				end++
			}
			found = append(found, span{int(d.at[i]), int(d.at[end])})
		}
	}
	return found
}

// unescape returns the text with one layer of escapes taken off, and whether
// there were any.
func (d decoded) unescape() (decoded, bool) {
	out := decoded{text: make([]byte, 0, len(d.text)), source: d.source}
	if d.at != nil {
		out.at = make([]int32, 0, len(d.at))
	}
	for i := 0; i < len(d.text); {
		was := len(out.text)
		var n int
		out.text, n = unescape(out.text, d.text[i:])
		if d.at != nil {
			for range len(out.text) - was {
				out.at = append(out.at, d.at[i])
			}
		}
		i += n
	}
	if d.at != nil {
		out.at = append(out.at, d.at[len(d.text)])
	}
	return out, len(out.text) != len(d.text)
}

// unescape appends what text begins with, a byte or an escape of JSON, URLs or
// HTML, to out, without what is invisible, and returns its length in text.
func unescape(out, text []byte) ([]byte, int) {
	switch {
	case text[0] == '%' && len(text) > 2:
		if b, err := strconv.ParseUint(string(text[1:3]), 16, 8); err == nil {
			return append(out, byte(b)), 3
		}
	case text[0] == '\\' && len(text) > 5 && text[1] == 'u':
		if r, err := strconv.ParseUint(string(text[2:6]), 16, 16); err == nil {
			return utf8.AppendRune(out, rune(r)), 6
		}
	case text[0] == '\\' && len(text) > 1:
		if i := strings.IndexByte(`"\/bfnrt`, text[1]); i >= 0 {
			return append(out, "\"\\/\b\f\n\r\t"[i]), 2
		}
	case text[0] == '&':
		// The longest name has 31 characters; a number may have any length.
		n := 1
		for n < len(text) && (n < 33 || text[1] == '#') && entityByte(text[n]) {
			n++
		}
		if n < len(text) && text[n] == ';' {
			n++
		}
		if n > 2 { // the shortest is &lt
			if s := html.UnescapeString(string(text[:n])); len(s) < n {
				return append(out, s...), n
			}
		}
	}
	if text[0] >= utf8.RuneSelf {
		if r, n := utf8.DecodeRune(text); invisible(r) {
			return out, n
		}
	}
	return append(out, text[0]), 1
}

// entityByte reports whether b may be part of an HTML entity.
func entityByte(b byte) bool {
	return b == '#' || '0' <= b && b <= '9' || 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z'
}

// redactAll takes the secrets out of every text in value, a pointer, that was
// decoded from source.
// It ends with ctx, and then some may be left in it.
func (s secrets) redactAll(ctx context.Context, value any, source []byte) error {
	if !s.clean(source) {
		s.redactIn(ctx, reflect.ValueOf(value))
	}
	return ctx.Err()
}

func (s secrets) redactIn(ctx context.Context, v reflect.Value) {
	if ctx.Err() != nil {
		return
	}
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			v.SetString(s.redact(v.String()))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			s.redactIn(ctx, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			s.redactIn(ctx, v.Field(i))
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			s.redactIn(ctx, v.Index(i))
		}
	}
}
