package event

import (
	"fmt"
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
		`"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"`:                            HTML, // Firefox
		`["text/html, application/xhtml+xml","application/xml;q=0.9","*/*;q=0.8"]`:                     HTML,
		`"text/html, text/plain, text/sgml, text/css, */*;q=0.01"`:                                     Text, // Lynx
		`"text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"`:                                       JSON, // Java
		`"text/plain, text/html;q=0.9, */*;q=0.1"`:                                                     Text,
		`"text/html, application/*"`:                                                                   JSON,
		`"text/html;q=0.5, application/json;q=0.6"`:                                                    JSON,
		`"text/html;q=0.7, application/json;q=0.6, application/*, */*"`:                                JSON, // not above all
		`"text/html;q=0.7, application/*;q=0.6, */*;q=0.1"`:                                            HTML,
		`"text/html;level=1;q=0.4, text/html;q=0.7, application/json;charset=x;q=.5"`:                  HTML,
		`"text/html, application/json;q=NaN"`:                                                          HTML,
		`"text/html, */*;q=0.8"`:                                                                       HTML,
		`"application/xhtml+xml"`:                                                                      HTML,
		`"application/xml,application/xhtml+xml,text/html;q=0.9,text/plain;q=0.8,image/png,*/*;q=0.5"`: HTML, // old Safari
		`"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"`: HTML, // Chrome
		`"image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"`:                                                             JSON, // Chrome, for an icon
		`"text/html, application/xhtml+xml, image/jxr, */*"`:                                                                             HTML, // Edge before Chromium
		`"application/xhtml+xml;q=0, text/html, */*"`:                                                                                    JSON,
		`"application/json, application/xhtml+xml, text/html"`:                                                                           JSON,
		`"application/json;q=0.9, application/xhtml+xml, text/html"`:                                                                     HTML,
		`"text/*, */*;q=0.5"`:          JSON,
		`"text/html, text/*"`:          JSON,
		`"text/x-go, text/html;q=0.9"`: JSON,
		`"text/plain, text/*;q=0.5"`:   Text,
		`""`:                           JSON,
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

// The button of a page posts the options that its address has, but never Start.
func TestPageOptions(t *testing.T) {
	for query, want := range map[string]string{
		`"JobId":"dts-1"`:                                        "",
		`"JobId":"dts-1","Wait":true,"Strict":"1"`:               "[{Wait true} {Strict true}]",
		`"JobId":["dts-1","dts-2"],"Start":true`:                 "[{Wait true}]",
		`"JobId":"dts-1","Wait":"false","Strict":"false"`:        "",
		`"JobId":"dts-1","Accept":"A, B-1","Strict":true`:        "[{Strict true} {Accept A,B-1}]",
		`"Select":true,"Start":"true","DryRun":true,"Stict":"1"`: "[{Wait true}]",
	} {
		t.Run(query, func(t *testing.T) {
			e, err := Read([]byte(`{"httpMethod":"GET","path":"/","queryString":{` + query + `},"headers":{"accept":"text/html"}}`))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if e.HTTP.Options != nil {
				got = fmt.Sprint(e.HTTP.Options)
			}
			a := e.Requests[0].Ask
			if got != want || !e.HTTP.Page || e.HTTP.Status != 0 || !a.Describe || a.Wait || a.Start || a.DryRun {
				t.Errorf("posts %s, want %s; asks for %+v, %+v", got, want, a, e.HTTP)
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
