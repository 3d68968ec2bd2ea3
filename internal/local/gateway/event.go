package gateway

import (
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Event returns the event that a request with the body becomes, and whether
// its path is the route's.
func (g *Gateway) Event(r *http.Request, body []byte, requestID string) ([]byte, bool) {
	if !g.APIGateway {
		return urlEvent(r, body), true
	}
	parameters, ok := match(g.Route, r.URL.EscapedPath())
	if !ok {
		return nil, false
	}
	return apiEvent(r, body, requestID, g.Route, parameters), true
}

// urlEvent is the event that a Function URL makes of a request. It has no room
// for a body that is no text.
func urlEvent(r *http.Request, body []byte) []byte {
	headers := headersOf(r, body)
	headers["x-scf-remote-addr"] = address(r)
	return encode(map[string]any{
		"headers":     headers,
		"body":        string(body),
		"httpMethod":  r.Method,
		"path":        r.URL.Path,
		"queryString": queryString(r.URL.RawQuery),
	})
}

// apiEvent is the event that API Gateway makes of a request for a route.
func apiEvent(r *http.Request, body []byte, id, route string, parameters map[string]string) []byte {
	if route == "" {
		route = r.URL.Path
	}
	text, binary := string(body), !utf8.Valid(body)
	if binary {
		text = base64.StdEncoding.EncodeToString(body)
	}
	return encode(map[string]any{
		"requestContext": map[string]any{
			"serviceId": "service-local", "path": route, "httpMethod": r.Method, "requestId": id,
			"identity": map[string]any{}, "sourceIp": address(r), "stage": "release",
		},
		"headers":               headersOf(r, body),
		"body":                  text,
		"isBase64Encoded":       binary,
		"pathParameters":        parameters,
		"queryStringParameters": map[string]any{},
		"headerParameters":      map[string]any{},
		"stageVariables":        map[string]any{"stage": "release"},
		"path":                  r.URL.Path,
		"queryString":           queryString(r.URL.RawQuery),
		"httpMethod":            r.Method,
	})
}

// match returns the path parameters of a path that belongs to the route.
func match(route, path string) (map[string]string, bool) {
	parameters := map[string]string{}
	if route == "" {
		return parameters, true
	}
	want, got := strings.Split(route, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	for i, segment := range want {
		value := unescape(got[i])
		if name, ok := strings.CutPrefix(segment, "{"); ok && strings.HasSuffix(name, "}") && value != "" {
			parameters[strings.TrimSuffix(name, "}")] = value
		} else if segment != value {
			return nil, false
		}
	}
	return parameters, true
}

func encode(event map[string]any) []byte {
	encoded, err := json.Marshal(event)
	if err != nil {
		panic(err) // texts and booleans only
	}
	return encoded
}

// headersOf are the headers of a request, with their names in lower case.
func headersOf(r *http.Request, body []byte) map[string]string {
	headers := make(map[string]string, len(r.Header)+3)
	for name, values := range r.Header {
		headers[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	headers["host"] = r.Host
	if len(body) > 0 {
		headers["content-length"] = strconv.Itoa(len(body))
	}
	return headers
}

// address is the client's, without its port.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// queryString is a query string as an event has it: a parameter without a value
// is true, a repeated one an array.
func queryString(query string) map[string]any {
	out := map[string]any{}
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		name, text, valued := strings.Cut(part, "=")
		name = unescapeQuery(name)
		var value any = unescapeQuery(text)
		if !valued {
			value = true
		}
		switch before := out[name].(type) {
		case nil:
			out[name] = value
		case []any:
			out[name] = append(before, value)
		default:
			out[name] = []any{before, value}
		}
	}
	return out
}

// unescape decodes a segment of a path; what is not validly encoded stays as it
// is. unescapeQuery does the same for a part of a query string.
func unescape(text string) string {
	if decoded, err := url.PathUnescape(text); err == nil {
		return decoded
	}
	return text
}

func unescapeQuery(text string) string {
	if decoded, err := url.QueryUnescape(text); err == nil {
		return decoded
	}
	return text
}
