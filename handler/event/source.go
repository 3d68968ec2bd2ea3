package event

import "encoding/json"

// Source is what fired the function.
type Source string

// The sources, in the words of the log.
const (
	APIGateway  Source = "apigw"
	FunctionURL Source = "url"
	Timer       Source = "timer"
	CKafka      Source = "ckafka"
	CMQ         Source = "cmq"
	EventBridge Source = "eventbridge"
	Direct      Source = "direct" // another function, the Invoke API, a console test
)

// HTTP reports whether the source wants an integration response.
func (s Source) HTTP() bool { return s == APIGateway || s == FunctionURL }

// AtLeastOnce reports whether the platform may deliver an event of the source
// a second time.
func (s Source) AtLeastOnce() bool {
	return s == Timer || s == CKafka || s == CMQ || s == EventBridge
}

// sourceOf tells the source from the shape of an event that is an object.
func sourceOf(o object) Source {
	switch {
	case o.get("httpMethod") != nil && fromGateway(o.object("requestContext")):
		return APIGateway
	case o.get("httpMethod") != nil && o.get("path") != nil:
		return FunctionURL
	case o.string("Type") == "Timer":
		return Timer
	case o.get("specversion") != nil:
		return EventBridge
	}
	if _, ok := cloudEvents(o.get("EventList")); ok {
		return EventBridge
	}
	records, _ := parseArray(o.get("Records"))
	for _, record := range records.elements() {
		switch r, _ := parseObject(record); {
		case r.get("Ckafka") != nil:
			return CKafka
		case r.get("CMQ") != nil:
			return CMQ
		}
	}
	return Direct
}

// fromGateway reports whether a requestContext is an API Gateway's: that of a
// Function URL is smaller.
func fromGateway(context object) bool {
	return context.string("serviceId") != "" || context.string("stage") != ""
}

// cloudEvents returns raw as an array and reports whether it contains a CloudEvent.
func cloudEvents(raw json.RawMessage) (array, bool) {
	list, _ := parseArray(raw)
	for _, item := range list.elements() {
		if o, _ := parseObject(item); o.get("specversion") != nil {
			return list, true
		}
	}
	return nil, false
}
