package cloudapi

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestString(t *testing.T) {
	for name, test := range map[string]struct {
		value any
		want  string
		ok    bool
		code  string
	}{
		"string":       {value: "dts-1kl0iy0v", want: "dts-1kl0iy0v", ok: true},
		"empty string": {value: "", ok: true},
		"null":         {value: nil},
		"number":       {value: json.Number("1"), code: "InvalidParameter"},
		"array":        {value: []any{"dts-1kl0iy0v"}, code: "InvalidParameter"},
		"truth":        {value: true, code: "InvalidParameter"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &Request{Parameters: map[string]any{"JobId": test.value}}
			got, ok, refusal := r.String("JobId")
			if got != test.want || ok != test.ok {
				t.Errorf("got %q, %v; want %q, %v", got, ok, test.want, test.ok)
			}
			if test.code == "" && refusal != nil || test.code != "" && (refusal == nil || refusal.Code != test.code || !strings.Contains(refusal.Message, "JobId")) {
				t.Errorf("got %v, want code %q", refusal, test.code)
			}
		})
	}
	if _, ok, refusal := new(Request).String("JobId"); ok || refusal != nil {
		t.Errorf("absent: got %v, %v", ok, refusal)
	}
}

func TestOnly(t *testing.T) {
	r := &Request{Parameters: map[string]any{"JobId": "dts-1kl0iy0v", "Froce": true}}
	if refusal := r.Only("JobId", "Froce"); refusal != nil {
		t.Error(refusal)
	}
	if refusal := r.Only("JobId", "Force"); refusal == nil || refusal.Code != "UnknownParameter" || !strings.Contains(refusal.Message, `"Froce"`) {
		t.Errorf("got %v, want UnknownParameter that names the parameter", refusal)
	}
}
