package tcapi

import (
	"bytes"
	"cmp"
	"context"
	"html"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"migratecheck/internal/check"
)

// mask stands where a secret was.
const mask = "***"

// Redact returns a text that came from outside without secrets: the credentials of
// the invocation in ctx and of those before, and what the configuration has. Where
// one stands as it is, it is masked; of a text that holds one escaped as in JSON,
// URLs or HTML, or in two of these, nothing but the mask is left.
func (c *Client) Redact(ctx context.Context, text string) string {
	return c.secrets(c.credentials(ctx)).redact(text)
}

// mostRecent is of how many different credentials an instance looks for secrets:
// a cache on the way may answer with what an earlier invocation sent.
const mostRecent = 4

// secrets are the texts that must not be shown, the longest first.
type secrets []string

// secrets returns those that an answer may hold to an invocation with the given
// credentials.
func (c *Client) secrets(credentials Credentials) secrets {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remember(credentials)
	return c.secret
}

// remember notes credentials that answers may hold from now on. The caller holds
// the lock.
func (c *Client) remember(credentials Credentials) {
	if slices.Contains(c.recent, credentials) {
		return
	}
	c.recent = append(c.recent, credentials)
	c.recent = c.recent[max(0, len(c.recent)-mostRecent):]
	out := slices.Clone(c.configured)
	for _, r := range c.recent {
		out = append(out, r.Token, r.SecretKey, r.SecretID)
	}
	c.secret = newSecrets(out)
}

// newSecrets returns the secrets that are not empty, each once.
func newSecrets(texts []string) secrets {
	out := slices.DeleteFunc(texts, func(s string) bool { return s == "" })
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	return slices.Compact(out)
}

// in reports whether a text has a secret as it is.
func (s secrets) in(text string) bool {
	return slices.ContainsFunc(s, func(secret string) bool { return strings.Contains(text, secret) })
}

// redact returns a text without secrets.
func (s secrets) redact(text string) string {
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, mask)
	}
	if hides([]byte(text)) && s.hidden(text, 2) {
		return mask
	}
	return text
}

// hidden reports whether a text has a secret that is escaped so many times at most,
// or has invisible characters within it.
func (s secrets) hidden(text string, times int) bool {
	for _, unescape := range []func(string) string{unescapeJSON, unescapeURL, html.UnescapeString} {
		plain := visible(unescape(text))
		if plain != text && (s.in(plain) || times > 1 && s.hidden(plain, times-1)) {
			return true
		}
	}
	return false
}

// hides reports whether a text may have a secret that is not seen in it.
func hides(text []byte) bool {
	return bytes.ContainsAny(text, `\%&`) || bytes.ContainsFunc(text, invisible)
}

// invisible reports whether a character shows nothing. Such characters may stand
// within a secret, and reports leave them out.
func invisible(r rune) bool { return r >= utf8.RuneSelf && unicode.Is(unicode.Cf, r) }

// visible returns a text without characters that show nothing.
func visible(text string) string {
	if !strings.ContainsFunc(text, invisible) {
		return text // without looking at each character again
	}
	return strings.Map(func(r rune) rune {
		if invisible(r) {
			return -1
		}
		return r
	}, text)
}

// unescapeJSON undoes the escapes of JSON strings, wherever in a text they are.
func unescapeJSON(text string) string {
	return unescape(text, '\\', func(escape string) (string, string) {
		if r, _, rest, err := strconv.UnquoteChar(escape, 0); err == nil {
			return string(r), rest
		}
		return "", escape[1:] // \" and \/ stand for what follows
	})
}

// unescapeURL undoes the escapes of URLs, wherever in a text they are.
func unescapeURL(text string) string {
	return unescape(text, '%', func(escape string) (string, string) {
		if len(escape) > 2 {
			if b, err := strconv.ParseUint(escape[1:3], 16, 8); err == nil {
				return string([]byte{byte(b)}), escape[3:]
			}
		}
		return escape[:1], escape[1:]
	})
}

// unescape returns a text with what read makes of each escape. It returns that,
// and what follows the escape.
func unescape(text string, begins byte, read func(string) (string, string)) string {
	var out strings.Builder
	for i := strings.IndexByte(text, begins); i >= 0; i = strings.IndexByte(text, begins) {
		out.WriteString(text[:i])
		var plain string
		plain, text = read(text[i:])
		out.WriteString(plain)
	}
	if out.Len() == 0 {
		return text
	}
	out.WriteString(text)
	return out.String()
}

// redactIn leaves of every text of a value, a pointer, what may be shown, but for
// fields with the tag redact:"-". The value was decoded from source; if that cannot
// hold a secret, all is left. It ends with ctx, whose error it returns.
func (s secrets) redactIn(ctx context.Context, value any, source []byte) error {
	if hides(source) || slices.ContainsFunc(s, func(secret string) bool { return bytes.Contains(source, []byte(secret)) }) {
		s.redactValue(ctx, reflect.ValueOf(value))
	}
	return ctx.Err()
}

func (s secrets) redactValue(ctx context.Context, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() && ctx.Err() == nil {
			v.SetString(s.shown(v.String()))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			s.redactValue(ctx, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("redact") != "-" {
				s.redactValue(ctx, v.Field(i))
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			s.redactValue(ctx, v.Index(i))
		}
	}
}

// shown returns what may be shown of a text: its beginning, without secrets.
func (s secrets) shown(text string) string {
	begin := check.Head(text, 4*check.MostText) // looking for escapes takes its time
	out := s.redact(begin)
	if len(begin) < len(text) && len(out) <= check.MostText {
		return mask // it may end with a part of a secret
	}
	return check.Head(out, check.MostText)
}
