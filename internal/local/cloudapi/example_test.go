package cloudapi

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"reflect"
	"testing"
	"time"
)

// examples are requests that Tencent Cloud's documentation of its signatures
// signs with a public example key, byte by byte.
var examples = map[string]struct {
	file string
	at   time.Time
	want *Request
}{
	"TC3-HMAC-SHA256": {
		file: "testdata/signature-v3.http",
		at:   time.Unix(1551113065, 0),
		want: &Request{
			SignedBy: "TC3-HMAC-SHA256",
			Parameters: map[string]any{
				"Limit":   json.Number("1"),
				"Filters": []any{map[string]any{"Name": "instance-name", "Values": []any{"未命名"}}},
			},
		},
	},
	"version 1": {
		file: "testdata/signature-v1.http",
		at:   time.Unix(1465185768, 0),
		want: &Request{
			SignedBy:   "HmacSHA1",
			Parameters: map[string]any{"InstanceIds.0": "ins-09dx96dg", "Limit": "20", "Offset": "0"},
			Form:       true,
		},
	},
}

func exampleGate(at time.Time) *Gate {
	return &Gate{
		Service: "cvm",
		Keys:    []Key{{SecretID: "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", SecretKey: "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"}},
		Now:     func() time.Time { return at },
	}
}

// received is a request as a server reads it from the bytes of a connection.
func received(t *testing.T, bytesOnTheWire []byte) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(bytesOnTheWire)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDocumentedSignaturesAreAuthentic(t *testing.T) {
	for name, example := range examples {
		t.Run(name, func(t *testing.T) {
			file, err := os.ReadFile(example.file)
			if err != nil {
				t.Fatal(err)
			}
			got, refusal := exampleGate(example.at).Read(received(t, file))
			if refusal != nil {
				t.Fatal(refusal)
			}
			want := *example.want
			want.Action, want.Version, want.Region = "DescribeInstances", "2017-03-12", "ap-guangzhou"
			want.SecretID = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"
			if !reflect.DeepEqual(*got, want) {
				t.Errorf("got  %+v\nwant %+v", *got, want)
			}
		})
	}
}

func TestAnyOtherBytesAreNot(t *testing.T) {
	for name, change := range map[string]struct{ example, from, to string }{
		"a space of the payload":        {"TC3-HMAC-SHA256", `{"Limit": 1, "`, `{"Limit":1,  "`},
		"the same letter, not escaped":  {"TC3-HMAC-SHA256", `\u540d"], "N`, `名"],    "N`},
		"a digit of the signature":      {"TC3-HMAC-SHA256", "72e494ea", "72e494eb"},
		"the signature in upper case":   {"TC3-HMAC-SHA256", "72e494ea", "72E494EA"},
		"the host":                      {"TC3-HMAC-SHA256", "Host: cvm", "Host: dts"},
		"the content type":              {"TC3-HMAC-SHA256", "charset=utf-8", "charset=utf-7"},
		"the timestamp":                 {"TC3-HMAC-SHA256", "1551113065", "1551113066"},
		"a parameter of the query":      {"version 1", "Limit=20", "Limit=21"},
		"the action":                    {"version 1", "DescribeInstances", "TerminateInstances"},
		"one more parameter":            {"version 1", "&Version", "&A=b&Version"},
		"the nonce":                     {"version 1", "Nonce=11886", "Nonce=11887"},
		"the version 1 signature":       {"version 1", "EliP9", "EliP8"},
		"the host of the query":         {"version 1", "Host: cvm", "Host: dts"},
		"another signature method":      {"version 1", "&Version", "&SignatureMethod=HmacSHA256&Version"},
		"the default method, unsigned":  {"version 1", "&Version", "&SignatureMethod=HmacSHA1&Version"},
		"a form that nobody signed":     {"version 1", "GET", "POST"},
		"a path that nobody signed":     {"version 1", "GET /?", "GET /v2?"},
		"the timestamp of the query":    {"version 1", "1465185768", "1465185769"},
		"the region, in another letter": {"version 1", "ap-guangzhou", "ap-guangzhoU"},
	} {
		t.Run(name, func(t *testing.T) {
			example := examples[change.example]
			file, err := os.ReadFile(example.file)
			if err != nil {
				t.Fatal(err)
			}
			altered := bytes.Replace(file, []byte(change.from), []byte(change.to), 1)
			if bytes.Equal(altered, file) {
				t.Fatalf("%q is not in the example", change.from)
			}
			want := "AuthFailure.SignatureFailure"
			if name == "a form that nobody signed" {
				want = "MissingParameter" // the parameters of a POST are in its body
			}
			if _, refusal := exampleGate(example.at).Read(received(t, altered)); refusal == nil || refusal.Code != want {
				t.Errorf("got %v, want %s", refusal, want)
			}
		})
	}
}
