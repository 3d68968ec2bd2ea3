package cloudapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// FuzzAuthorization: whatever the header says, it is read without a panic, and
// the request is authentic only with the signature that it was signed with.
func FuzzAuthorization(f *testing.F) {
	r := newMessage().sign()
	genuine := r.Header.Get("Authorization")
	want, refusal := parseAuthorization(genuine)
	if refusal != nil {
		f.Fatal(refusal)
	}
	f.Add(genuine)
	f.Add(strings.ReplaceAll(genuine, ", ", ","))
	f.Add(strings.Replace(genuine, "content-type;host", "host;content-type", 1))
	f.Add(genuine + ", Signature=00")
	f.Add("Bearer x")
	f.Add("TC3-HMAC-SHA256 Credential=///tc3_request, SignedHeaders=content-type;host, Signature==")
	f.Add("TC3-HMAC-SHA256 ,,,=;=,/")
	f.Fuzz(func(t *testing.T, header string) {
		a, refusal := parseAuthorization(header)
		if refusal == nil && (a.signature == "" || !slices.Contains(a.signedHeaders, "host") || !slices.Contains(a.signedHeaders, "content-type")) {
			t.Fatalf("%q passes as %+v", header, a)
		}
		r := newMessage().sign()
		r.Header.Set("Authorization", header)
		_, refused := gateAt(signedAt).Read(r)
		if refused == nil && (a.signature != want.signature || a.secretID != want.secretID || a.date != want.date || a.service != want.service) {
			t.Fatalf("%q is authentic, as %q is", header, genuine)
		}
	})
}

// FuzzAlteredTC3: no byte of a signature or of a signed payload can differ.
func FuzzAlteredTC3(f *testing.F) {
	f.Add(false, uint16(0), byte(1))
	f.Add(false, uint16(63), byte(0x20)) // a hex digit in the other case
	f.Add(true, uint16(11), byte(0x80))
	f.Fuzz(func(t *testing.T, inBody bool, position uint16, mask byte) {
		if mask == 0 {
			return
		}
		alter := func(text string) string {
			b := []byte(text)
			b[int(position)%len(b)] ^= mask
			return string(b)
		}
		m := newMessage()
		r := m.sign()
		if inBody {
			m.payload, m.body = m.body, alter(m.body)
			r = m.sign()
		} else {
			head, signature, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
			r.Header.Set("Authorization", head+"Signature="+alter(signature))
		}
		if got, refusal := gateAt(signedAt).Read(r); refusal == nil {
			t.Fatalf("accepted: %+v", got)
		}
	})
}

// FuzzVersion1: whatever the query or form says, it is read without a panic,
// and it is authentic only if it says what was signed.
func FuzzVersion1(f *testing.F) {
	genuine := signForm(http.MethodGet, newForm(), permanent.SecretKey).URL.RawQuery
	f.Add(genuine)
	f.Add(genuine + "&JobId=dts-dau5czmd")
	f.Add("JobId=dts-dau5czmd&" + genuine)
	f.Add(strings.Replace(genuine, "Nonce=11886", "Nonce=+11886", 1))
	f.Add(strings.Replace(genuine, "&JobId=dts-1kl0iy0v", "", 1))
	f.Add("%zz;&=&Action")
	signed, err := url.ParseQuery(genuine)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, query string) {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			r := sendForm(http.MethodGet, nil)
			r.URL.RawQuery = query
			if method == http.MethodPost {
				r, _ = http.NewRequest(method, "https://"+testHost+"/", strings.NewReader(query))
			}
			got, refusal := gateAt(signedAt).Read(r)
			if refusal != nil {
				continue
			}
			if method != http.MethodGet {
				t.Fatalf("a POST of %q is authentic", query)
			}
			// Names and values are signed unescaped, so that two forms may share a text.
			form, _ := url.ParseQuery(query)
			if form.Get("Signature") != signed.Get("Signature") || textOf(form) != textOf(signed) {
				t.Fatalf("%q is authentic: %+v", query, got)
			}
		}
	})
}
