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
	event := func(o check.Outcome) cloudEvent { return eventOf(o, r.Via, maxPut-frame) }
	return destination{
		name: EventBus, result: r,
		limit: maxPut,
		frame: func(check.Result) int { return frame },
		size:  func(o check.Outcome) int { return length(event(o)) + len(",") },
		encode: func(part check.Result) json.RawMessage {
			events := make([]cloudEvent, len(part.Jobs))
			for i, o := range part.Jobs {
				events[i] = event(o)
			}
			return check.Marshal(events)
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
	e.Data = string(answer.Encode(limit-length(e), func(part []byte) int { return length(string(part)) - len(`""`) }))
	return e
}

// length returns how many bytes a value has in a request.
func length(v any) int {
	encoded, _ := json.Marshal(v) // texts only
	return len(encoded)
}
