package cloudapi

import (
	"net/http"
	"net/url"
	"testing"
	"time"
)

func TestVersion1IsAuthentic(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		for name, test := range map[string]struct {
			edit     func(url.Values)
			key      Key
			signedBy string
			late     time.Duration
			want     map[string]any
		}{
			"default method": {key: permanent, signedBy: "HmacSHA1", want: oneJob},
			"HmacSHA1":       {key: permanent, signedBy: "HmacSHA1", edit: func(f url.Values) { f.Set("SignatureMethod", "HmacSHA1") }, want: oneJob},
			"HmacSHA256":     {key: permanent, signedBy: "HmacSHA256", edit: func(f url.Values) { f.Set("SignatureMethod", "HmacSHA256") }, want: oneJob},
			"temporary key":  {key: temporary, signedBy: "HmacSHA1", want: oneJob},
			"300 s late":     {key: permanent, signedBy: "HmacSHA1", late: 300 * time.Second, want: oneJob},
			"300 s early":    {key: permanent, signedBy: "HmacSHA1", late: -300 * time.Second, want: oneJob},
			"what an SDK adds": {
				key: permanent, signedBy: "HmacSHA1",
				edit: func(f url.Values) { f.Set("RequestClient", "SDK_GO_1.0"); f.Set("Language", "zh-CN") },
				want: oneJob,
			},
			"values that are escaped on the way": {
				key: permanent, signedBy: "HmacSHA1",
				edit: func(f url.Values) { f.Set("Name", "a+b c&d=e/未") },
				want: map[string]any{"JobId": "dts-1kl0iy0v", "Name": "a+b c&d=e/未"},
			},
		} {
			t.Run(method+"/"+name, func(t *testing.T) {
				form := newForm()
				form.Set("SecretId", test.key.SecretID)
				if test.key.Token != "" {
					form.Set("Token", test.key.Token)
				}
				if test.edit != nil {
					test.edit(form)
				}
				authentic(t, signForm(method, form, test.key.SecretKey), test.late, test.key, test.signedBy, test.want)
			})
		}
	}
}

func TestVersion1IsRefused(t *testing.T) {
	set := func(name, value string) func(url.Values) {
		return func(f url.Values) { f.Set(name, value) }
	}
	del := func(name string) func(url.Values) {
		return func(f url.Values) { f.Del(name) }
	}
	temporaryWith := func(token string) func(url.Values) {
		return func(f url.Values) {
			f.Set("SecretId", temporary.SecretID)
			if token != "" {
				f.Set("Token", token)
			}
		}
	}
	for name, test := range map[string]struct {
		edit, after func(url.Values)
		secretKey   string // the permanent key's, unless given
		late        time.Duration
		want        string
		mention     string
	}{
		"wrong key":            {secretKey: "x", want: "AuthFailure.SignatureFailure"},
		"job altered":          {after: set("JobId", "dts-dau5czmd"), want: "AuthFailure.SignatureFailure"},
		"parameter added":      {after: set("Force", "true"), want: "AuthFailure.SignatureFailure"},
		"parameter taken away": {after: del("Region"), want: "AuthFailure.SignatureFailure"},
		"signature altered":    {after: set("Signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="), want: "AuthFailure.SignatureFailure"},
		"token added":          {after: set("Token", "x"), want: "AuthFailure.SignatureFailure"},

		"unknown SecretId":           {edit: set("SecretId", "AKIDnobody"), want: "AuthFailure.SecretIdNotFound"},
		"wrong token":                {edit: temporaryWith("x"), secretKey: temporary.SecretKey, want: "AuthFailure.TokenFailure"},
		"no token":                   {edit: temporaryWith(""), secretKey: temporary.SecretKey, want: "AuthFailure.TokenFailure"},
		"a token with permanent key": {edit: set("Token", temporary.Token), want: "AuthFailure.TokenFailure"},

		"301 s late":             {late: 301 * time.Second, want: "AuthFailure.SignatureExpire"},
		"301 s early":            {late: -301 * time.Second, want: "AuthFailure.SignatureExpire"},
		"timestamp is no number": {edit: set("Timestamp", "soon"), want: "InvalidParameter", mention: "Timestamp"},
		"nonce is no number":     {edit: set("Nonce", "abc"), want: "InvalidParameter", mention: "Nonce"},
		"nonce is negative":      {edit: set("Nonce", "-1"), want: "InvalidParameter", mention: "Nonce"},
		"nonce is a fraction":    {edit: set("Nonce", "1.5"), want: "InvalidParameter", mention: "Nonce"},
		"another method":         {edit: set("SignatureMethod", "HmacMD5"), want: "InvalidParameter", mention: "SignatureMethod"},
		"TC3 in a form":          {edit: set("SignatureMethod", "TC3-HMAC-SHA256"), want: "InvalidParameter", mention: "SignatureMethod"},

		"no action":    {edit: del("Action"), want: "MissingParameter", mention: "`Action`"},
		"no version":   {edit: del("Version"), want: "MissingParameter", mention: "`Version`"},
		"no timestamp": {edit: del("Timestamp"), want: "MissingParameter", mention: "`Timestamp`"},
		"no nonce":     {edit: del("Nonce"), want: "MissingParameter", mention: "`Nonce`"},
		"no SecretId":  {edit: del("SecretId"), want: "MissingParameter", mention: "`SecretId`"},
		"no signature": {after: del("Signature"), want: "MissingParameter", mention: "`Signature`"},
		"empty action": {edit: set("Action", ""), want: "MissingParameter", mention: "`Action`"},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			t.Run(method+"/"+name, func(t *testing.T) {
				form := newForm()
				if test.edit != nil {
					test.edit(form)
				}
				secretKey := permanent.SecretKey
				if test.secretKey != "" {
					secretKey = test.secretKey
				}
				r := signForm(method, form, secretKey)
				if test.after != nil {
					test.after(form)
					r = sendForm(method, form)
				}
				refused(t, r, test.late, test.want, test.mention)
			})
		}
	}
}

func TestVersion1BadEncoding(t *testing.T) {
	r := sendForm(http.MethodGet, newForm())
	r.URL.RawQuery += "&Name=%zz"
	refused(t, r, 0, "InvalidParameter", "encoded")
}
