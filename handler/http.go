package handler

import (
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"migratecheck/internal/check"
)

// readHTTP reads an API Gateway or Function URL event.
func readHTTP(o object) (request, *check.Error) {
	var r request
	for _, place := range []string{"pathParameters", "queryString"} {
		parameters, err := parametersOf(place, o.get(place))
		if err != nil {
			return r, err
		}
		found, err := readParameters(place, parameters)
		if err != nil {
			return r, err
		}
		if err := r.merge(place, found); err != nil {
			return r, err
		}
	}
	body, contentType, err := bodyOf(o)
	if err != nil {
		return r, err
	}
	found, err := readBody(body, contentType)
	if err != nil {
		return r, err
	}
	if err := r.merge("body", found); err != nil {
		return r, err
	}
	if len(r.jobs) == 0 {
		return r, check.Invalid("JobId", "is required: neither path, query string nor body names a job")
	}
	return r, nil
}

// parametersOf reads path or query parameters. A value is a string, an array
// of strings where the parameter is repeated, or true where it has no value.
func parametersOf(place string, raw json.RawMessage) (url.Values, *check.Error) {
	if raw == nil {
		return nil, nil
	}
	o, ok := parseObject(raw)
	if !ok {
		return nil, check.Invalid(place, "must be an object")
	}
	parameters := url.Values{}
	for key, raw := range o.members() {
		values := []json.RawMessage{raw}
		if list, ok := parseArray(raw); ok {
			values = values[:0]
			for _, value := range list.elements() {
				values = append(values, value)
			}
		}
		for _, value := range values {
			if isNull(value) {
				continue
			}
			text, ok := parseString(value)
			if !ok && namesJobs(key) {
				return nil, check.Invalid(join(place, key), "must be a string")
			}
			if !ok {
				text = string(value) // true, for Wait
			}
			parameters[key] = append(parameters[key], text)
		}
	}
	return parameters, nil
}

// readParameters reads a check request from the parameters of a path, a query
// string or a form, which are texts. Several jobs come as JobIds, repeated,
// separated by commas, or numbered as in an API 3.0 query (JobIds.0, JobIds.1):
// all of these make one list.
func readParameters(place string, parameters url.Values) (request, *check.Error) {
	keys := make([]string, 0, len(parameters))
	for key := range parameters {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if n := number(a) - number(b); n != 0 {
			return n
		}
		return strings.Compare(a, b)
	})
	var r request
	list := jobs{place: join(place, "JobIds"), several: true}
	for _, key := range keys {
		where := join(place, key)
		for _, text := range parameters[key] {
			var err *check.Error
			switch {
			case strings.EqualFold(key, "JobId"):
				err = r.add(where, text)
			case namesJobs(key):
				for id := range strings.SplitSeq(text, ",") {
					if err = list.add(id); err != nil {
						break
					}
				}
			case strings.EqualFold(key, "Action"):
				err = r.setAction(where, text)
			case strings.EqualFold(key, "Wait"):
				wait, bad := strconv.ParseBool(text)
				if bad != nil {
					return r, check.Invalid(where, "must be true or false")
				}
				err = r.setWait(where, wait)
			}
			if err != nil {
				return r, err
			}
		}
	}
	if list.next == 0 {
		return r, nil
	}
	batch := request{batch: true}
	if err := batch.name(list); err != nil {
		return r, err
	}
	return r, r.merge(place, batch)
}

// namesJobs tells whether a parameter of that key names jobs.
func namesJobs(key string) bool {
	return strings.EqualFold(key, "JobId") || strings.EqualFold(key, "JobIds") || number(key) >= 0
}

// number returns N of a key JobIds.N, or -1.
func number(key string) int {
	const prefix = "JobIds."
	if len(key) <= len(prefix) || len(key) > len(prefix)+5 || !strings.EqualFold(key[:len(prefix)], prefix) {
		return -1
	}
	n, err := strconv.ParseUint(key[len(prefix):], 10, 16)
	if err != nil {
		return -1
	}
	return int(n)
}

// bodyOf returns an HTTP event's body, decoded, and its media type.
func bodyOf(o object) (body, contentType string, err *check.Error) {
	for header := range o.object("headers").named("Content-Type") {
		if values, ok := parseArray(header); ok {
			for _, header = range values.elements() {
				break
			}
		}
		text, _ := parseString(header)
		contentType, _, _ = mime.ParseMediaType(text)
	}
	raw := o.get("body")
	if raw == nil {
		return "", contentType, nil
	}
	body, ok := parseString(raw)
	if !ok {
		return "", "", check.Invalid("body", "must be a string")
	}
	if string(o.get("isBase64Encoded")) == "true" {
		if body, ok = decodeBase64(body); !ok {
			return "", "", check.Invalid("body", "is not valid base64, which isBase64Encoded says it is")
		}
	}
	return body, contentType, nil
}

// decodeBase64 decodes base64, whether it is padded or not.
func decodeBase64(text string) (string, bool) {
	decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	return string(decoded), err == nil
}

// readBody reads an HTTP body. Its own shape goes before its content type:
// curl sends whatever it is given as a form unless told otherwise. No form
// begins as JSON does, and no JobId has an equals sign in it.
func readBody(body, contentType string) (request, *check.Error) {
	text := strings.TrimSpace(body)
	switch {
	case isBlank(text) || isJSON(text):
	case contentType == "application/json":
		return request{}, check.Invalid("body", "is not a JSON object, array or string")
	case strings.Contains(text, "="):
		form, err := url.ParseQuery(text)
		if err != nil {
			return request{}, check.Invalid("body", "is not a valid form")
		}
		return readParameters("body", form)
	}
	return readText("body", text, 0)
}
