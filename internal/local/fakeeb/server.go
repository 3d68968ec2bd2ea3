// Package fakeeb is an EventBridge endpoint for tests and for local use: PutEvents
// of version 2021-04-16. It takes events within the service's limits and shows
// them. A Server is an http.Handler, usable without a listener.
package fakeeb

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"sync"
	"time"

	"migratecheck/internal/local/cloudapi"
)

// Bus is the event bus that exists unless others are given.
const Bus = "eb-local001"

// MaxCall is the size of the largest call, in bytes of its parameters as JSON. The
// service documents 64 KB for "the event"; this is the narrowest reading.
const MaxCall = 64 << 10

// Options say what the endpoint is like.
type Options struct {
	// Buses that exist; Bus if nil.
	Buses []string

	// OnReceive, if given, is called with each event, perhaps with several at once.
	OnReceive func(Received)

	// As in cloudapi.Options, and faults that are met from the start. With Forget,
	// Received returns nothing either.
	Keys   []cloudapi.Key
	Quota  int
	Faults []cloudapi.Fault
	Now    func() time.Time
	Forget bool
}

// Received is an event that was put on a bus.
type Received struct {
	At          time.Time
	Bus, Region string
	Event       Event

	// Call is the number of the call, from 1, that brought the event.
	Call int
}

// Event is an event as PutEvents takes it.
type Event struct {
	Source, Type, Subject string

	// Data is JSON.
	Data json.RawMessage

	// Time in milliseconds, 0 if not given.
	Time uint64

	// What else may be given.
	ID, Region, Status string
}

// Server is an EventBridge endpoint. It is safe for concurrent use.
type Server struct {
	*cloudapi.Server
	options Options

	mu       sync.Mutex
	received []Received
	calls    int
}

// New returns an endpoint.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Buses == nil {
		o.Buses = []string{Bus}
	}
	s := &Server{options: o}
	s.Server = cloudapi.New(cloudapi.Options{
		Service: "eb",
		Actions: []cloudapi.Action{
			{Version: "2021-04-16", Name: "PutEvents", Quota: 1000, Do: s.put},
		},
		Keys: o.Keys, Quota: o.Quota, Now: o.Now, Forget: o.Forget,
	})
	s.Inject(o.Faults...)
	return s
}

// Received returns the events that were put so far.
func (s *Server) Received() []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.received)
}

// busID is the form of an event bus's id.
var busID = regexp.MustCompile(`^eb-[a-z0-9]+$`)

// put is PutEvents: all of a call's events or none.
func (s *Server) put(_ context.Context, r *cloudapi.Request) (any, *cloudapi.Error) {
	f := r.Fields()
	bus := f.Required("EventBusId")
	if bus != "" && !busID.MatchString(bus) {
		f.Refuse(cloudapi.Refuse("InvalidParameterValue.EventBusId", "The EventBusId %q is not of the form eb-xxxxxxxx.", bus))
	}
	var events []Event
	for _, e := range f.Objects("EventList") {
		events = append(events, read(e))
	}
	if len(events) == 0 {
		f.Refuse(cloudapi.Missing("EventList"))
	}
	if size := sizeOf(r.Parameters); size > MaxCall {
		f.Refuse(invalid("The events come to %d bytes, more than %d.", size, MaxCall))
	}
	if refusal := f.Done(); refusal != nil {
		return nil, refusal
	}
	if !slices.Contains(s.options.Buses, bus) {
		return nil, cloudapi.Refuse("ResourceNotFound.EventBus", "There is no event bus %q.", bus)
	}
	s.receive(bus, r.Region, events)
	return nil, nil
}

// sizeOf is the size of parameters as JSON without escapes that need not be.
func sizeOf(parameters map[string]any) int {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(parameters); err != nil {
		panic(err) // it was JSON or a form before
	}
	return b.Len() - len("\n")
}

// read reads an event.
func read(f *cloudapi.Fields) Event {
	e := Event{
		Source: f.Required("Source"), Type: f.Required("Type"), Subject: f.Required("Subject"),
		Data: json.RawMessage(f.Required("Data")),
		Time: f.Uint("Time", 0), ID: f.String("Id"), Region: f.String("Region"), Status: f.String("Status"),
	}
	for _, tag := range f.Objects("TagList") {
		tag.Required("Key")
		tag.Required("Value")
	}
	for _, required := range []string{e.Source, e.Type, e.Subject} {
		if required == "" {
			f.Refuse(invalid("The Source, Type and Subject of an event must not be empty."))
		}
	}
	if !json.Valid(e.Data) {
		f.Refuse(invalid("The Data of an event is not JSON."))
	}
	return e
}

func invalid(format string, values ...any) *cloudapi.Error {
	return cloudapi.Refuse("InvalidParameterValue.InvalidEvent", format, values...)
}

func (s *Server) receive(bus, region string, events []Event) {
	var received []Received
	s.mu.Lock()
	s.calls++
	for _, e := range events {
		received = append(received, Received{At: s.options.Now(), Bus: bus, Region: region, Event: e, Call: s.calls})
	}
	if !s.options.Forget {
		s.received = append(s.received, received...)
	}
	s.mu.Unlock()
	if s.options.OnReceive != nil {
		for _, r := range received {
			s.options.OnReceive(r)
		}
	}
}
