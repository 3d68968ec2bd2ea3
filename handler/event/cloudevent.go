package event

import (
	"regexp"
	"sync"

	"migratecheck/internal/check"
	"migratecheck/internal/jsonscan"
)

// specVersion is any version of CloudEvents with the attributes that are read.
var specVersion = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^"?[01](\.[0-9]+)*"?$`) })

func isCloudEvent(event []byte) bool { return object(event).get("specversion") != nil }

func readCloudEventAlone(e *Event, v value) *check.Error {
	return e.readOne(readCloudEvent("", v.json))
}

// hasCloudEvents tells events that are a list of CloudEvents, or have one.
func hasCloudEvents(event []byte) bool {
	_, list := cloudEvents(event)
	for _, item := range jsonscan.Elements(list) {
		if isCloudEvent(item) {
			return true
		}
	}
	return false
}

func readCloudEvents(e *Event, v value) *check.Error {
	place, list := cloudEvents(v.json)
	return e.readEach(place, list, readCloudEvent)
}

// cloudEvents returns where CloudEvents would be listed, and the list.
func cloudEvents(event []byte) (place string, list []byte) {
	if jsonscan.IsArray(event) {
		return "", event
	}
	return "EventList", object(event).get("EventList")
}

// readCloudEvent reads a CloudEvent, alone (place is "") or in a list.
func readCloudEvent(place string, raw []byte) (d draft, err *check.Error) {
	o := object(raw)
	defer func() { d.identify("CloudEvent", o.get("source"), o.get("id")) }()
	if version := o.get("specversion"); !specVersion().Match(version) {
		return d, check.Invalid(join(place, "specversion"), `must be a version 0 or 1, such as "1.0", not `+showJSON(version))
	}
	data, encoded := o.get("data"), o.get("data_base64")
	var v value
	switch {
	case data == nil && encoded == nil:
		return d, check.Invalid(join(place, "data"), "is required: it names the jobs")
	case data == nil:
		place = join(place, "data_base64")
		text, ok := jsonscan.Text(encoded)
		if ok {
			text, ok = decodeBase64(text)
		}
		if !ok {
			return d, check.Invalid(place, "must be a string in base64, not "+showJSON(encoded))
		}
		v, err = textValue(place, text, 0)
	case encoded != nil:
		return d, check.Invalid(join(place, "data_base64"), "must not be given together with data")
	default:
		place = join(place, "data")
		v, err = jsonValue(place, data, 0)
	}
	if err != nil {
		return d, err
	}
	return readData(place, v)
}

// readData reads what a CloudEvent carries: the request itself, or the
// message or HTTP request that a connector of EventBridge makes an event of.
func readData(place string, v value) (draft, *check.Error) {
	d, err := readValue(place, v)
	if o := object(v.json); err == nil && d.empty() {
		var found draft
		switch {
		case o.get("msgBody") != nil:
			found, err = readMessage(join(place, "msgBody"), o.get("msgBody"))
		case o.get("httpMethod") != nil || o.get("body") != nil:
			found, err = readPlaces(place, o)
		}
		if err == nil {
			err = d.merge(found)
		}
	}
	return d, d.required(place, "names no job", err)
}
