package tcapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"migratecheck/internal/check"
	"migratecheck/internal/jsonscan"
)

const (
	// maxValues bounds the values of an answer that is decoded: one of a few bytes
	// becomes a structure of a hundred. An action with a MaxAnswer may have one in
	// bytesPerValue of that.
	maxValues     = 50000
	bytesPerValue = 10

	// maxDepth bounds how deep they are nested. The deepest answer, the tables of a
	// job in a list, has some 12 levels.
	maxDepth = 50

	// maxMembers bounds the members of one object; a job in a list has some 40.
	maxMembers = 200
)

var (
	errTooLarge = errors.New("the answer is too large")
	errNotAPI   = errors.New("not the API's JSON")
	errCutShort = errors.New("the answer is cut short")
)

// answer is an answer of the API: an acceptance, or with a code a refusal.
type answer struct {
	requestID     string // of a refusal it may be empty
	code, message string
	members       []byte // the value of Response, an object
}

// readAnswer reads the body of an answer: one JSON object with one member
// Response, an object. With an Error in or beside it, whatever that is, the answer
// is a refusal, whose code is check.CodeUnknown if it has not exactly one of valid
// form; otherwise it has one RequestId.
func readAnswer(body []byte) (answer, error) {
	if !json.Valid(body) {
		// A decoder tells a document that ends too early from one that is wrong.
		var document json.RawMessage
		err := json.NewDecoder(bytes.NewReader(body)).Decode(&document)
		if errors.Is(err, io.ErrUnexpectedEOF) && jsonscan.IsObject(bytes.TrimSpace(body)) {
			return answer{}, errCutShort
		}
		return answer{}, errNotAPI
	}
	var a answer
	responses := all(bytes.TrimSpace(body), "Response")
	if len(responses) != 1 || !responses[0].exact || !jsonscan.IsObject(responses[0].value) {
		return answer{}, errNotAPI
	}
	a.members = responses[0].value
	if ids := all(a.members, "RequestId"); len(ids) == 1 && ids[0].exact && validRequestID(ids[0].text()) {
		a.requestID = ids[0].text()
	}
	refusals := append(all(bytes.TrimSpace(body), "Error"), all(a.members, "Error")...)
	for _, refusal := range refusals {
		a.code = check.CodeUnknown
		if codes := all(refusal.value, "Code"); len(codes) == 1 && len(refusals) == 1 && validCode(codes[0].text()) {
			a.code = codes[0].text()
		}
		for _, message := range all(refusal.value, "Message") {
			a.message = message.text()
		}
	}
	if len(refusals) == 0 && a.requestID == "" {
		return answer{}, errNotAPI
	}
	return a, nil
}

// member is a member of an object.
type member struct {
	value []byte
	exact bool // whether its name is the one that was looked for, the case included
}

// text returns the text that the member is, "" if it is none.
func (m member) text() string {
	text, _ := jsonscan.Text(m.value)
	return string(text)
}

// all returns the members of valid JSON that have a name, whatever the case.
func all(object []byte, name string) []member {
	var out []member
	for key, value := range jsonscan.Members(object) {
		if text, _ := jsonscan.Text(key); bytes.EqualFold(text, []byte(name)) {
			out = append(out, member{value, string(text) == name})
		}
	}
	return out
}

// validRequestID reports whether s has the form of a RequestId.
func validRequestID(s string) bool {
	return 0 < len(s) && len(s) <= 64 && strings.Trim(s, letters+digits+"-_.") == ""
}

// validCode reports whether s has the form of a code.
func validCode(s string) bool {
	return 0 < len(s) && len(s) <= 100 && strings.Trim(s, letters+digits+".") == ""
}

const (
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	digits  = "0123456789"
)

// decodable returns errTooLarge for valid JSON that is nested too deep or has too
// many members in an object or values in all, and errNotAPI if an object in it has
// two members of the same name, whatever the case, which would be decoded as a
// mixture.
func decodable(value []byte, values int) error {
	return walk(value, &values, maxDepth)
}

func walk(value []byte, values *int, levels int) error {
	*values--
	if *values < 0 || levels == 0 {
		return errTooLarge
	}
	var names [][]byte
	for key, member := range jsonscan.Members(value) {
		name, _ := jsonscan.Text(key)
		if slices.ContainsFunc(names, func(other []byte) bool { return bytes.EqualFold(name, other) }) {
			return errNotAPI
		}
		if names = append(names, name); len(names) > maxMembers {
			return errTooLarge
		}
		if err := walk(member, values, levels-1); err != nil {
			return err
		}
	}
	for _, element := range jsonscan.Elements(value) {
		if err := walk(element, values, levels-1); err != nil {
			return err
		}
	}
	return nil
}
