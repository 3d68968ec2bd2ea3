package forward

import (
	"context"
	"encoding/json"
	"fmt"

	"migratecheck/internal/check"
	"migratecheck/internal/tcapi"
)

// putEvents puts events on a bus. As with invoke, an event may come twice.
var putEvents = tcapi.Action{Service: "eb", Version: "2021-04-16", Name: "PutEvents", Changes: true}

// maxPut is the most that one call may carry, in bytes of its JSON.
const maxPut = 64 << 10

// source is the source of every CloudEvent, and what its type begins with.
const source = "migrate-check"

type putEventsRequest struct {
	EventBusId string
	EventList  json.RawMessage
}

// cloudEvent is an event for the bus; Data is JSON as text.
type cloudEvent struct {
	Source, Type, Subject, Data string
}

// eventBus is the destination of RESULT_EVENT_BUS.
func (f *Forwarder) eventBus(r check.Result) destination {
	frame := length(putEventsRequest{f.config.EventBus, json.RawMessage("[]")})
	return destination{
		name: EventBus, result: r,
		limit: maxPut,
		frame: func(check.Result) int { return frame },
		piece: func(o check.Outcome) piece {
			event := check.Marshal(eventOf(o, r.Via, maxPut-frame))
			return piece{event, escaped(event) + len(",")}
		},
		encode: func(_ check.Result, pieces []piece) json.RawMessage {
			payload := []byte{'['}
			for i, p := range pieces {
				if i > 0 {
					payload = append(payload, ',')
				}
				payload = append(payload, p.json...)
			}
			return append(payload, ']')
		},
		send: func(ctx context.Context, payload json.RawMessage) error {
			_, err := f.api.Do(ctx, putEvents, putEventsRequest{f.config.EventBus, payload}, nil)
			return err
		},
	}
}

// eventOf returns a job's event. Its data is the job's answer, as short as need be
// for the event's JSON to have at most limit bytes.
func eventOf(o check.Outcome, via []string, limit int) cloudEvent {
	e := cloudEvent{Source: source, Type: source + ":" + string(o.Kind()), Subject: o.JobID}
	switch { // the bus wants a subject
	case o.JobID != "":
	case o.Record != nil:
		e.Subject = fmt.Sprintf("record-%d", *o.Record)
	default:
		e.Subject = "event"
	}
	answer := check.Result{Jobs: []check.Outcome{o}, Via: via}
	e.Data = string(answer.Encode(limit-length(e), quoted))
	return e
}

// A request has JSON with the escapes for HTML. escaped returns how many bytes a
// text that is JSON has there, quoted how many it has as the content of a string.
func escaped(text []byte) int { return count(text, 0) }
func quoted(text []byte) int  { return count(text, 1) }

// count counts the bytes of a text, with so many more for what a string escapes.
func count(text []byte, quote int) int {
	n := len(text)
	for i, c := range text {
		switch {
		case c == '"' || c == '\\':
			n += quote
		case c == '<' || c == '>' || c == '&':
			n += len(`\u003c`) - 1
		case c == 0xe2 && i+2 < len(text) && text[i+1] == 0x80 && text[i+2]&^1 == 0xa8: // U+2028 and U+2029
			n += len(`\u2028`) - 3
		}
	}
	return n
}

// length returns how many bytes a value has in a request.
func length(v any) int {
	encoded, _ := json.Marshal(v) // texts only
	return len(encoded)
}
