package event

import (
	"net/http"
	"strings"

	"migratecheck/internal/check"
)

// HTTP is what an HTTP event says beside its request.
type HTTP struct {
	// Status, if not 0, is the whole answer, and nothing is to be done: 204 for
	// OPTIONS, 405 for a method that is not allowed, 503 for a browser's prefetch;
	// all with Allow.
	Status int

	// Allow is the value of the Allow header, Refusal what is said of the request, of
	// a Status that has them.
	Allow   string
	Refusal *check.Error

	// Home is set for a browser at the bare address: it gets a page with a field for a
	// JobId. Posted is set for a browser that posts, Get for a GET.
	Home, Posted, Get bool

	// Prefers is what the caller would rather read, by its Accept header.
	Prefers Format

	// Page is set for a GET that prefers HTML and names no action: what a browser
	// opens. Its request only reads checks, whatever else it asks for.
	Page bool

	// Fields are the fields of the form on the page, whose button posts what the
	// page's address asks for; nil if that would be refused.
	Fields []Field
}

// Field is a field of a form.
type Field struct{ Name, Value string }

// Allow is the value of the Allow header: the methods that are answered.
const Allow = "GET, POST, PUT, OPTIONS"

// readHTTP reads an API Gateway or Function URL event.
func (e *Event) readHTTP(o object) *check.Error {
	method := strings.ToUpper(o.string("httpMethod"))
	headers := o.object("headers")
	e.HTTP = &HTTP{Prefers: preferred(headers)}
	switch {
	case method == http.MethodOptions:
		e.HTTP.Status = http.StatusNoContent
	case method != http.MethodGet && method != http.MethodPost && method != http.MethodPut:
		e.HTTP.Status = http.StatusMethodNotAllowed
	case isPrefetch(headers):
		e.HTTP.Status = http.StatusServiceUnavailable
	}
	if e.HTTP.Status != 0 {
		return nil
	}
	d, err := readPlaces("", o)
	if err == nil && d.empty() {
		err = check.Invalid("JobId", "is required: neither path, query string nor body names a job")
	}
	if err == nil && method == http.MethodGet && e.HTTP.Prefers == HTML && d.action == "" {
		e.HTTP.Page = true
		e.HTTP.Fields = d.fields()
		d = d.reading()
	}
	return e.readOne(d, "", err)
}

// readPlaces reads the places of an HTTP event in which a request may sit.
func readPlaces(place string, o object) (draft, *check.Error) {
	query := "queryString" // everything that was sent; some gateways have only the other
	if isEmpty(o.get(query)) {
		query = "queryStringParameters"
	}
	var d draft
	for _, key := range []string{"pathParameters", query} {
		where := join(place, key)
		found, err := readParameterObject(where, o.get(key))
		if err != nil {
			return d, err
		}
		if err := d.merge(where, found); err != nil {
			return d, err
		}
	}
	where := join(place, "body")
	found, err := readBody(where, o)
	if err != nil {
		return d, err
	}
	return d, d.merge(where, found)
}
