package event

import (
	"iter"
	"strconv"
	"strings"

	"migratecheck/internal/jsonscan"
)

// Format is a form of an answer.
type Format string

// The formats of an answer to HTTP.
const (
	JSON Format = "json"
	HTML Format = "html"
	Text Format = "text"
)

// header yields the values of the named headers. Names match in any case, values
// may be strings or arrays, and lists are split at commas.
func header(headers object, names ...string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for key, raw := range headers.members() {
			if match(key, names) == "" {
				continue
			}
			for value := range oneOrMore(raw) {
				text, _ := jsonscan.Text(value)
				for value := range strings.SplitSeq(string(text), ",") {
					if !yield(strings.TrimSpace(value)) {
						return
					}
				}
			}
		}
	}
}

// isPrefetch reports whether a browser fetches a page that nobody has opened yet.
func isPrefetch(headers object) bool {
	for purpose := range header(headers, "Sec-Purpose", "Purpose", "X-Purpose", "X-Moz") {
		purpose = strings.ToLower(purpose)
		if strings.Contains(purpose, "prefetch") || strings.Contains(purpose, "prerender") || strings.Contains(purpose, "preview") {
			return true
		}
	}
	return false
}

// contentType returns the media type of the body, without parameters.
func contentType(headers object) string {
	for value := range header(headers, "Content-Type") {
		mediaType, _, _ := strings.Cut(value, ";")
		return strings.ToLower(strings.TrimSpace(mediaType))
	}
	return ""
}

// contentEncoding returns how the body is encoded, or "" if it is not.
func contentEncoding(headers object) string {
	for value := range header(headers, "Content-Encoding") {
		if value != "" && !strings.EqualFold(value, "identity") {
			return value
		}
	}
	return ""
}

// isCrossSite reports whether a browser sends the request for a page of another site.
func isCrossSite(headers object) bool {
	for site := range header(headers, "Sec-Fetch-Site") {
		if strings.EqualFold(site, "cross-site") {
			return true
		}
	}
	return false
}

// preferred returns the format that the Accept header asks for. HTML is for browsers,
// which name XHTML or rank HTML above all else. What takes anything, as curl does, gets
// JSON, and so does what takes JSON as gladly as something else.
func preferred(headers object) Format {
	ranges := map[string]float64{}
	other := 0.0 // the most that anything but HTML weighs
	for value := range header(headers, "Accept") {
		mediaType, parameters, _ := strings.Cut(value, ";")
		mediaType = strings.ToLower(strings.TrimSpace(mediaType))
		q := quality(parameters)
		switch mediaType {
		case "application/json", "application/*", "*/*", "text/html", "text/plain", "application/xhtml+xml":
			ranges[mediaType] = max(ranges[mediaType], q)
		}
		if mediaType != "text/html" && mediaType != "" {
			other = max(other, q)
		}
	}
	json := ranges["*/*"]
	for _, specific := range []string{"application/*", "application/json"} {
		if q, ok := ranges[specific]; ok {
			json = q
		}
	}
	html, xhtml := ranges["text/html"], ranges["application/xhtml+xml"]
	switch {
	case html > other, xhtml > 0 && max(html, xhtml) > ranges["application/json"]:
		return HTML
	case ranges["text/plain"] > json:
		return Text
	}
	return JSON
}

// quality returns the weight that the parameters of a media range give it; one
// that is malformed counts for nothing.
func quality(parameters string) float64 {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(0 <= q && q <= 1) {
			return 0
		}
		return q
	}
	return 1
}
