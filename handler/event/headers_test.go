package event

import (
	"net/url"
	"strings"
	"testing"
)

func TestPreferredFormat(t *testing.T) {
	for accept, want := range map[string]Format{
		`null`:                                JSON,
		`"*/*"`:                               JSON, // curl, axios beside others
		`"application/json"`:                  JSON,
		`"image/png"`:                         JSON,
		`"text/html"`:                         HTML,
		`"Text/HTML; Q=0.1"`:                  HTML,
		`"text/*"`:                            JSON, // names neither
		`"text/plain"`:                        Text,
		`"text/plain;q=0"`:                    JSON,
		`"text/html, */*"`:                    JSON, // as gladly
		`"text/plain, */*"`:                   JSON,
		`"text/html;q=0,*/*"`:                 JSON,
		`"text/html;q=2"`:                     JSON, // no weight
		`"text/html;q=NaN"`:                   JSON,
		`"text/html;q=x"`:                     JSON,
		`["*/*","text/html"]`:                 JSON,
		`["text/html",7,null]`:                HTML,
		`7`:                                   JSON,
		`"application/json, text/plain, */*"`: JSON, // axios
		`"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"`:           HTML, // Firefox
		`["text/html, application/xhtml+xml","application/xml;q=0.9","*/*;q=0.8"]`:    HTML,
		`"text/html, text/plain, text/sgml, text/css, */*;q=0.01"`:                    HTML, // Lynx
		`"text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"`:                      HTML, // Java
		`"text/plain, text/html;q=0.9, */*;q=0.1"`:                                    Text,
		`"text/html, application/*"`:                                                  JSON,
		`"text/html;q=0.5, application/json;q=0.6"`:                                   JSON,
		`"text/html;q=0.7, application/json;q=0.6, application/*, */*"`:               HTML, // the most specific counts
		`"text/html;q=0.7, application/*;q=0.6, */*"`:                                 HTML,
		`"text/html;level=1;q=0.4, text/html;q=0.7, application/json;charset=x;q=.5"`: HTML,
		`"text/html;q=0.7, text/html;level=1;q=0.4, application/json;q=0.5"`:          HTML,
		`"text/html, application/json;q=NaN"`:                                         HTML,
	} {
		t.Run(accept, func(t *testing.T) {
			e, err := Read([]byte(`{"httpMethod":"PUT","path":"/","body":"dts-1","headers":{"ACCEPT":` + accept + `}}`))
			if err != nil || e.HTTP.Prefers != want || e.HTTP.Page {
				t.Errorf("got %+v, %v; want %s", e.HTTP, err, want)
			}
		})
	}
}

// What the format is does not depend on whether the rest can be read.
func TestRefusedAsPreferred(t *testing.T) {
	e, err := Read([]byte(`{"httpMethod":"GET","path":"/","queryString":7,"headers":{"accept":"text/html"}}`))
	if err == nil || e.HTTP.Prefers != HTML || e.HTTP.Page {
		t.Errorf("got %+v, %v", e.HTTP, err)
	}
}

// The button of a page posts what its address asks for.
func TestPagePostsWhatItsAddressAsks(t *testing.T) {
	for _, query := range []string{
		`"JobId":"dts-1"`,
		`"JobId":"dts-1","Wait":true,"Strict":"1"`,
		`"JobIds":"dts-1"`,
		`"JobId":["dts-1","dts-2"],"Start":true`,
		`"Select":true`,
		`"Select":"{\"Tags\":{\"env\":\"prod\"}}","Wait":"true","Start":"false"`,
		`"Select":"{\"Status\":[4,\"created \"],\"JobName\":\"a&b=+%\",\"Tags\":{\"env\":[\"prod\",\" \"],\"k\":\"长\"},\"SrcDatabaseType\":\"mysql\",\"DstDatabaseType\":[\"a\",\"b\"]}","Wait":true`,
	} {
		t.Run(query, func(t *testing.T) {
			address := func(headers string) Event {
				e, err := Read([]byte(`{"httpMethod":"GET","path":"/","queryString":{` + query + `},"headers":{` + headers + `}}`))
				if err != nil {
					t.Fatal(err)
				}
				return e
			}
			page, asked := address(`"accept":"text/html"`), address("").Requests
			if ask := page.Requests[0].Ask; !page.HTTP.Page || !ask.Describe || ask.Wait || ask.Start || ask.Strict != asked[0].Ask.Strict {
				t.Errorf("the page asks for %+v", ask)
			}
			posted, err := Read(post(t, page.HTTP.Fields))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := marshal(t, posted.Requests), marshal(t, asked); got != want {
				t.Errorf("posted %s\nasked  %s", got, want)
			}
		})
	}
}

// post returns the event of a form that a browser posts.
func post(t testing.TB, fields []Field) []byte {
	t.Helper()
	var form []string
	for _, f := range fields {
		form = append(form, url.QueryEscape(f.Name)+"="+url.QueryEscape(f.Value))
	}
	return []byte(marshal(t, map[string]any{
		"httpMethod": "POST", "path": "/", "body": strings.Join(form, "&"),
		"headers": map[string]string{"content-type": "application/x-www-form-urlencoded"},
	}))
}
