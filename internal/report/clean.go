package report

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	eastasian "golang.org/x/text/width"
)

// clean returns a text from outside as one line that shows what it is, with at
// most n characters, the last of them an ellipsis if something is missing. Line
// breaks and other white space become one space, control characters and broken
// UTF-8 become U+FFFD, and invisible characters, among them those that turn the
// direction of writing, are left out.
func clean(s string, n int) string {
	// Of a text that is far too long, white space and all, the end is not looked at.
	most := min(len(s), 16*n+64)
	for most < len(s) && !utf8.RuneStart(s[most]) {
		most--
	}
	missing := most < len(s)
	s = s[:most]
	var b strings.Builder
	b.Grow(min(len(s), 3*n+3))
	last, space := 0, false // where the last character begins
	for _, r := range s {
		switch {
		case '!' <= r && r <= '~' || '一' <= r && r <= '鿿': // most are
		case unicode.IsSpace(r):
			space = b.Len() > 0
			continue
		case unicode.Is(unicode.Cf, r):
			continue
		case unicode.IsControl(r):
			r = utf8.RuneError
		}
		if space {
			if n--; n >= 0 {
				last = b.Len()
				b.WriteByte(' ')
			}
			space = false
		}
		if n--; n < 0 {
			return strings.TrimRight(b.String()[:last], " ") + "…"
		}
		last = b.Len()
		b.WriteRune(r)
	}
	if missing {
		return b.String()[:last] + "…"
	}
	return b.String()
}

// maxLink is how long a link may be, in bytes.
const maxLink = 1000

// link returns the address in a form that is safe between the parentheses of a
// Markdown link and in an attribute, and reports whether it may be a link at
// all: http or https, to a host that looks like what it is.
func link(s string) (string, bool) {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Hostname() == "" ||
		strings.ContainsFunc(u.Host, func(r rune) bool {
			return r >= utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(".-:[]", r)
		}) {
		return "", false
	}
	var b strings.Builder
	host := len(u.Scheme) + len("://") + len(u.Host)
	for i, c := range []byte(u.String()) {
		if i >= host && (c <= ' ' || c >= 0x7f || strings.IndexByte("\"'()*<>@[\\]^`{|}~", c) >= 0) {
			const hex = "0123456789ABCDEF"
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String(), b.Len() <= maxLink
}

// width returns how many columns a terminal gives to the text.
func width(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me):
		case wide(r):
			n += 2
		default:
			n++
		}
	}
	return n
}

// wide reports whether the character takes two columns, as those of East Asian writing
// and pictures do.
func wide(r rune) bool {
	kind := eastasian.LookupRune(r).Kind()
	return kind == eastasian.EastAsianWide || kind == eastasian.EastAsianFullwidth
}
