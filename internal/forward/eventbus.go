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
func (s *Sender) eventBus() destination {
	empty := length(putEventsRequest{s.config.EventBus, json.RawMessage("[]")})
	return destination{
		name: EventBus,
		split: func(r check.Result) (parts []check.Result) {
			from, size := 0, empty
			for i, o := range r.Jobs {
				n := length(eventOf(o, maxPut-empty)) + len(",")
				if i > from && size+n-len(",") > maxPut {
					parts = append(parts, piece(r, from, i))
					from, size = i, empty
				}
				size += n
			}
			if from < len(r.Jobs) {
				parts = append(parts, piece(r, from, len(r.Jobs)))
			}
			return parts
		},
		encode: func(part check.Result) json.RawMessage {
			events := make([]cloudEvent, len(part.Jobs))
			for i, o := range part.Jobs {
				events[i] = eventOf(o, maxPut-empty)
			}
			return check.Marshal(events)
		},
		send: func(ctx context.Context, payload json.RawMessage) error {
			_, err := s.api.Do(ctx, putEvents, putEventsRequest{s.config.EventBus, payload}, nil)
			return err
		},
	}
}

// eventOf returns a job's event, whose data is made as short as need be for the
// event's JSON to have at most limit bytes.
func eventOf(o check.Outcome, limit int) cloudEvent {
	e := cloudEvent{Source: source, Type: source + ":" + string(o.Kind()), Subject: o.JobID}
	switch { // the bus wants a subject
	case o.JobID != "":
	case o.Record != nil:
		e.Subject = fmt.Sprintf("record-%d", *o.Record)
	default:
		e.Subject = "event"
	}
	for way := range check.Shortenings() {
		if e.Data = string(check.Marshal(o.Shorten(way))); length(e) <= limit {
			break
		}
	}
	return e
}

// length returns how many bytes a value has in a request.
func length(v any) int {
	encoded, _ := json.Marshal(v) // texts only
	return len(encoded)
}
