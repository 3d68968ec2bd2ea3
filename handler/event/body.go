package event

import (
	"bytes"
	"encoding/base64"
	"strings"

	"migratecheck/internal/check"
	"migratecheck/internal/jsonscan"
)

// readBody reads the body of an HTTP event. Its shape outranks its content type:
// curl labels any body as a form unless told otherwise. No form begins as JSON
// does, and no JobId has an equals sign in it.
func readBody(place string, o object) (draft, *check.Error) {
	raw := o.get("body")
	if raw == nil {
		return draft{}, nil
	}
	text, ok := jsonscan.Text(raw)
	if !ok {
		return readValue(place, value{json: raw})
	}
	if bytes.EqualFold(bytes.Trim(o.get("isBase64Encoded"), `" `), []byte("true")) {
		if text, ok = decodeBase64(text); !ok {
			return draft{}, check.Invalid(place, "is not valid base64, which isBase64Encoded says it is: "+showJSON(raw))
		}
	}
	text = trim(text)
	if (value{text: text}).isBlank() {
		return draft{}, nil
	}
	headers := o.object("headers")
	if problem := notTaken(headers, text); problem != "" {
		return draft{}, check.Invalid(place, problem)
	}
	if !looksLikeJSON(text) {
		if contentType(headers) == "application/json" {
			return draft{}, check.Invalid(place, "is not a JSON object, array or string: "+show(text))
		}
		if isForm(text) {
			return readForm(place, text)
		}
	}
	v, err := textValue(place, text, 0)
	if err != nil {
		return draft{}, err
	}
	return readValue(place, v)
}

// notTaken returns why a body is not accepted, or "" if it is.
func notTaken(headers object, text []byte) string {
	const instead = ", which is not taken: send JSON, a form (application/x-www-form-urlencoded) or JobIds, as they are"
	if encoding := contentEncoding(headers); encoding != "" {
		return "has Content-Encoding " + show([]byte(encoding)) + instead
	}
	// The first byte of gzip's mark begins no text; the second one is not valid
	// UTF-8, and may have been replaced on its way.
	if text[0] == 0x1f {
		return "is compressed (gzip)" + instead
	}
	if isMultipart(text) || strings.HasPrefix(contentType(headers), "multipart/") && !looksLikeJSON(text) {
		return "is a form of several parts (multipart/form-data)" + instead
	}
	return ""
}

// isMultipart reports whether a text is a form of several parts.
func isMultipart(text []byte) bool {
	head := bytes.ToLower(text[:min(len(text), 1000)])
	return bytes.HasPrefix(head, []byte("--")) && bytes.Contains(head, []byte("content-disposition:"))
}

// isForm reports whether a text is a form. Select is a field that may stand
// alone, without a value.
func isForm(text []byte) bool {
	return bytes.ContainsAny(text, "=&") || bytes.EqualFold(text, []byte("Select"))
}

// decodeBase64 decodes base64, whether it is padded or not.
func decodeBase64(text []byte) ([]byte, bool) {
	text = bytes.TrimRight(trim(text), "=")
	decoded, err := base64.RawStdEncoding.AppendDecode(nil, text)
	return decoded, err == nil
}
