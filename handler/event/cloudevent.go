package event

import (
	"encoding/json"
	"regexp"

	"migratecheck/internal/check"
)

// specVersion is any version of CloudEvents with the attributes that are read.
var specVersion = regexp.MustCompile(`^"?[01](\.[0-9]+)*"?$`)

// readCloudEvent reads a CloudEvent, alone (place is "") or in a list, and returns
// its identity.
func readCloudEvent(place string, raw json.RawMessage) (draft, string, *check.Error) {
	o, _ := parseObject(raw)
	if version := o.get("specversion"); !specVersion.Match(version) {
		return draft{}, "", check.Invalid(join(place, "specversion"), `must be a version 0 or 1, such as "1.0"`)
	}
	name, read := "data", readData
	if o.get("data_base64") != nil {
		if o.get("data") != nil {
			return draft{}, "", check.Invalid(join(place, "data_base64"), "must not be given together with data")
		}
		name, read = "data_base64", readBase64Data
	}
	data := o.get(name)
	if data == nil {
		return draft{}, "", check.Invalid(join(place, name), "is required: it names the jobs")
	}
	d, err := read(join(place, name), data)
	return d, identity("CloudEvent with "+name, o.get("source"), o.get("id"), data), err
}

func readData(place string, raw json.RawMessage) (draft, *check.Error) {
	v, err := jsonValue(place, raw, 0)
	if err != nil {
		return draft{}, err
	}
	return readContent(place, v)
}

func readBase64Data(place string, raw json.RawMessage) (draft, *check.Error) {
	text, ok := parseText(raw)
	if ok {
		text, ok = decodeBase64(text)
	}
	if !ok {
		return draft{}, check.Invalid(place, "must be a string in base64")
	}
	v, err := textValue(place, text, 0)
	if err != nil {
		return draft{}, err
	}
	return readContent(place, v)
}

// readContent reads what a CloudEvent carries: the request itself, or the
// message or HTTP request that a connector of EventBridge makes an event of.
func readContent(place string, v value) (draft, *check.Error) {
	d, err := readValue(place, v)
	if o, ok := parseObject(v.json); ok && err == nil && d.empty() {
		var found draft
		switch {
		case o.get("msgBody") != nil:
			found, err = readMessage(join(place, "msgBody"), o.get("msgBody"))
		case o.get("httpMethod") != nil || o.get("body") != nil:
			found, err = readPlaces(place, o)
		}
		if err == nil {
			err = d.merge(place, found)
		}
	}
	return d, required(place, d, err)
}
