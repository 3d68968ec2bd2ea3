package cloudapi

import (
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

// authentic fails unless the request, late by so much, is read as the one that
// is wanted: a CreateMigrateCheckJob, apart from who signed it how.
func authentic(t *testing.T, r *http.Request, late time.Duration, key Key, signedBy string, parameters map[string]any) {
	t.Helper()
	language := r.Header.Get("X-TC-Language")
	if signedBy != tc3 {
		language = r.URL.Query().Get("Language")
		if r.Method == http.MethodPost {
			body, _ := r.GetBody()
			text, _ := io.ReadAll(body)
			form, _ := url.ParseQuery(string(text))
			language = form.Get("Language")
		}
	}
	got, refusal := gateAt(signedAt.Add(late)).Read(r)
	if refusal != nil {
		t.Fatal(refusal)
	}
	want := Request{
		Action: "CreateMigrateCheckJob", Version: "2018-03-30", Region: "ap-guangzhou",
		SecretID: key.SecretID, Token: key.Token, SignedBy: signedBy, Parameters: parameters,
		Language: language, Form: signedBy != tc3 || r.Method == http.MethodGet,
	}
	if !reflect.DeepEqual(*got, want) {
		t.Errorf("got  %+v\nwant %+v", *got, want)
	}
}

// refused fails unless the request, late by so much, is refused with the code
// and a message that mentions the text.
func refused(t *testing.T, r *http.Request, late time.Duration, code, mention string) {
	t.Helper()
	got, refusal := gateAt(signedAt.Add(late)).Read(r)
	if refusal == nil {
		t.Fatalf("accepted: %+v", got)
	}
	if refusal.Code != code || !strings.Contains(refusal.Message, mention) {
		t.Errorf("got %v, want %s that mentions %q", refusal, code, mention)
	}
}
