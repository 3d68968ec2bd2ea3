package event

import (
	"net/http"
	"strings"

	"migratecheck/internal/check"
	"migratecheck/internal/jsonscan"
)

// HTTP is what an HTTP event says beside its request.
type HTTP struct {
	// Status, if not 0, is the whole answer, and nothing is to be done: 204 for
	// OPTIONS, 405 for a method that is not allowed, or not for this request, 403 for
	// a POST that a browser sends from another site, 503 for its prefetch.
	Status int

	// Allow is the value of the Allow header of such an answer, Refusal what is said of
	// the request; nil for 204.
	Allow   string
	Refusal *check.Error

	// Get is set for a GET, Posted for a browser that posts. Home is set for a browser
	// at the bare address: there is no request, and it gets a page with a field for a
	// JobId.
	Home, Posted, Get bool

	// Prefers is what the caller would rather read, by its Accept header.
	Prefers Format

	// Page is set for a GET that prefers HTML and names no action: what a browser
	// opens. Its request only reads checks, whatever else it asks for.
	Page bool

	// Options are the options, as Wait or Strict, that the button on the page posts
	// beside the JobIds. There is never Start among them.
	Options []Field
}

// Field is a field of a form.
type Field struct{ Name, Value string }

// Allow is the value of the Allow header: the methods that are answered.
const Allow = "GET, POST, PUT, OPTIONS"

func (h *HTTP) refuse(status int, field, problem string) {
	h.Status, h.Refusal = status, check.Invalid(field, problem)
}

// fromGateway and fromURL tell HTTP events. The requestContext of a Function URL, if
// there is one, is smaller than an API Gateway's.
func fromGateway(event []byte) bool {
	context := object(event).object("requestContext")
	return object(event).get("httpMethod") != nil && (context.text("serviceId") != "" || context.text("stage") != "")
}

func fromURL(event []byte) bool {
	return object(event).get("httpMethod") != nil && object(event).get("path") != nil
}

// readHTTP reads an API Gateway or Function URL event.
func readHTTP(e *Event, v value) *check.Error {
	o := object(v.json)
	method := strings.ToUpper(o.text("httpMethod"))
	headers := o.object("headers")
	h := &HTTP{Prefers: preferred(headers), Get: method == http.MethodGet}
	e.HTTP = h
	browser := h.Prefers == HTML
	h.Posted = browser && method == http.MethodPost
	switch {
	case method == http.MethodOptions:
		h.Status = http.StatusNoContent
	case !h.Get && method != http.MethodPost && method != http.MethodPut:
		h.refuse(http.StatusMethodNotAllowed, "httpMethod", "must be GET, POST or PUT, not "+showJSON(o.get("httpMethod")))
	case isPrefetch(headers):
		h.refuse(http.StatusServiceUnavailable, "Sec-Purpose", "a page that is fetched before anybody opens it asks for nothing")
	case !h.Get && isCrossSite(headers):
		h.refuse(http.StatusForbidden, "Sec-Fetch-Site", "a page of another site must not send this request")
	}
	if h.Status != 0 {
		if h.Status != http.StatusForbidden {
			h.Allow = Allow
		}
		return nil
	}
	if h.Home = browser && h.Get && isBare(o); h.Home {
		return nil
	}
	d, err := readPlaces("", o)
	err = d.required("JobId", "is required: neither path, query string nor body names a job", err)
	if _, named := d.options["Action"]; err == nil && h.Get && browser && !named {
		h.Page = true
		d.options, h.Options = d.options.reading()
	}
	if err := e.readOne(d, err); err != nil {
		return err
	}
	// Links are followed by bots, previews and reloads.
	if r := e.Requests[0]; h.Get && !r.Ask.Describe && !r.Ask.DryRun && (r.Select != nil || r.Ask.Start) {
		problem := "must be POST or PUT to create the checks of a selection, not GET; with Action=" + actionDescribe + " a GET reads them"
		if r.Ask.Start {
			problem = "must be POST or PUT to start migrations, not GET"
		}
		h.Allow = "POST, PUT"
		h.refuse(http.StatusMethodNotAllowed, "httpMethod", problem)
		e.Requests, e.Batch = nil, false
	}
	return nil
}

// isBare reports whether the address is the function's own, with nothing after it: the
// root, or the path that the gateway's API has.
func isBare(o object) bool {
	path := strings.Trim(o.text("path"), "/")
	own := strings.Trim(o.object("requestContext").text("path"), "/")
	body, isText := jsonscan.Text(o.get("body"))
	return (path == "" || path == own) &&
		isEmpty(o.get("pathParameters")) && isEmpty(o.get("queryString")) && isEmpty(o.get("queryStringParameters")) &&
		(o.get("body") == nil || isText && len(trim(body)) == 0)
}

// readPlaces reads the places of an HTTP event in which a request may sit.
func readPlaces(place string, o object) (draft, *check.Error) {
	query := "queryString" // everything that was sent; some gateways have only the other
	if isEmpty(o.get(query)) {
		query = "queryStringParameters"
	}
	var d draft
	for _, key := range []string{"pathParameters", query, "body"} {
		read := readParameters
		if key == "body" {
			read = func(place string, _ []byte) (draft, *check.Error) { return readBody(place, o) }
		}
		found, err := read(join(place, key), o.get(key))
		if err == nil {
			err = d.merge(found)
		}
		if err != nil {
			return d, err
		}
	}
	if d.filter != nil && d.misplaced != nil {
		return d, d.misplaced
	}
	return d, nil
}

// reading returns the options as a page takes them, which only reads, and those that
// its button posts.
func (o options) reading() (options, []Field) {
	var posts []Field
	if o.is("Wait") || o.is("Start") {
		posts = append(posts, Field{"Wait", "true"})
	}
	reads := options{"Action": {value: actionDescribe}}
	for _, name := range []string{"Strict", "Accept"} { // how a check is judged
		if given, ok := o[name]; ok && given.value != "false" {
			reads[name] = given
			posts = append(posts, Field{name, given.value})
		}
	}
	return reads, posts
}
