package cloudapi

import (
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

// A signed URL is let in, with a token and without, until its time is over.
func TestSignedURL(t *testing.T) {
	made := time.Unix(1795441545, 533691391)
	for name, key := range map[string]Key{
		"a temporary key": {SecretID: "id", SecretKey: "key", Token: "token+/="},
		"a permanent key": {SecretID: "id", SecretKey: "key"},
	} {
		t.Run(name, func(t *testing.T) {
			signed, err := SignedURL("http://127.0.0.1:9001", key, "CreateMigrateCheckJob", "2018-03-30", "ap-guangzhou",
				url.Values{"JobId": {"dts-1kl0iy0v"}}, made)
			if err != nil {
				t.Fatal(err)
			}
			for later, code := range map[time.Duration]string{0: "", 299 * time.Second: "", 301 * time.Second: "AuthFailure.SignatureExpire"} {
				gate := Gate{Service: "dts", Keys: []Key{key}, Now: func() time.Time { return made.Add(later) }}
				got, refusal := gate.Read(httptest.NewRequest("GET", signed, nil))
				switch {
				case code == "" && (refusal != nil || got.Action != "CreateMigrateCheckJob" || got.Parameters["JobId"] != "dts-1kl0iy0v"):
					t.Errorf("after %v: %+v, %v", later, got, refusal)
				case code != "" && (refusal == nil || refusal.Code != code):
					t.Errorf("after %v: %v, want %s", later, refusal, code)
				}
			}
		})
	}
}
