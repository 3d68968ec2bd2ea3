// Package event reads what fires the function: bytes in, a request out. It
// tells the source of an event from the event's own shape, finds the check
// request in it, and says of what it cannot read which field is at fault.
package event

import (
	"encoding/json"
	"fmt"
	"time"

	"migratecheck/internal/check"
)

// Event is what the function is asked to do.
type Event struct {
	Source Source

	// Requests holds one request, or one for each record or CloudEvent, in order.
	Requests []Request

	// Records is set when the requests are records or CloudEvents of a list, each
	// with an index.
	Records bool

	// Batch is set when the answer is a batch's: there are several records, or a
	// request has a form that can name several jobs.
	Batch bool

	// HTTP is nil for the sources that are not HTTP.
	HTTP *HTTP
}

// Request says which jobs, and what to do with each.
type Request struct {
	// Jobs holds each JobId once, in the order given.
	Jobs []string

	// Select says which jobs, instead of Jobs; it is nil if jobs are named.
	Select *check.Filter

	Ask   Ask
	Batch bool

	// ID is the same for every delivery of one firing, record, message or
	// CloudEvent, and differs from that of any other. It is empty where the event
	// carries nothing that tells it from others, as over HTTP. If At is not zero, it
	// is the event's own time, and ID holds only for an hour after it: a person may
	// fire a test event of a time long past again.
	ID string
	At time.Time

	// Via names the functions of this kind that the request came through, as
	// region/namespace/name.
	Via []string

	// Record is the index of the record or CloudEvent.
	Record int

	// Err is why the record cannot be read; then only Record and ID are set.
	Err *check.Error
}

// Ask is what to do with each job.
type Ask struct {
	// Describe: read the check instead of creating one.
	Describe bool

	// Wait for the verdict; Start the migration of what passed, which implies
	// Wait; Strict: a warning or a skipped step counts as not passed.
	Wait, Start, Strict bool

	// Accept holds the ids of steps whose warnings and skips Strict lets pass.
	Accept []string

	// DryRun: read everything, create and start nothing.
	DryRun bool
}

// MaxJobs bounds the jobs of one event. At 20 calls a second it is more than
// half of what fits into the longest invocation, 900 s, and its answer fits
// into the 6 MB that the platform allows.
const MaxJobs = 10000

// MaxNames bounds how often the records of an event name or select jobs, the same
// or others.
const MaxNames = 5 * MaxJobs

// The errors for events beyond these bounds.
var (
	ErrTooMany  = check.Invalid("event", fmt.Sprintf("names more than %d jobs", MaxJobs))
	ErrTooOften = check.Invalid("event", fmt.Sprintf("names jobs more than %d times", MaxNames))
)

// Read reads an event. Source and HTTP are set even if there is an error, which
// says why nothing of the event can be done.
func Read(payload []byte) (Event, *check.Error) {
	e := Event{Source: Direct}
	err := e.read(trim(payload))
	if err != nil {
		e.Requests, e.Records, e.Batch = nil, false, false
	}
	return e, err
}

func (e *Event) read(payload []byte) *check.Error {
	if len(payload) == 0 {
		return check.Invalid("event", "is empty")
	}
	if err := validate("event", payload); err != nil {
		return err
	}
	v, err := jsonValue("event", payload, 0)
	if err != nil {
		return err
	}
	if o, ok := parseObject(v.json); ok {
		switch e.Source = sourceOf(o); e.Source {
		case APIGateway, FunctionURL:
			return e.readHTTP(o)
		case Timer:
			return e.readTimer(o)
		case CKafka, CMQ:
			records, _ := parseArray(o.get("Records"))
			return e.readEach("Records", records, readRecord)
		case EventBridge:
			if o.get("specversion") != nil {
				return e.readOne(readCloudEvent("", json.RawMessage(o)))
			}
			list, _ := parseArray(o.get("EventList"))
			return e.readEach("EventList", list, readCloudEvent)
		}
	}
	if list, ok := cloudEvents(v.json); ok {
		e.Source = EventBridge
		return e.readEach("", list, readCloudEvent)
	}
	d, err := readValue("", v)
	if err == nil && d.empty() {
		err = check.Invalid("JobId", "is required: the event names no job")
	}
	return e.readOne(d, "", err)
}

// readTimer reads the firing of a timer trigger.
func (e *Event) readTimer(o object) *check.Error {
	d, err := readMessage("Message", o.get("Message"))
	return e.readOne(d, identity("Timer", o.get("TriggerName"), o.get("Time"), o.get("Message")), err)
}

// readOne takes what an event without records asks for.
func (e *Event) readOne(d draft, id string, err *check.Error) *check.Error {
	if err != nil {
		return err
	}
	r, err := d.request()
	r.ID = id
	e.Requests, e.Batch = []Request{r}, r.Batch
	return err
}

// readEach reads records one by one: one that is malformed is a failure of its
// own, and the others are still tried.
func (e *Event) readEach(place string, records array, read func(string, json.RawMessage) (draft, string, *check.Error)) *check.Error {
	e.Records = true
	jobs, names := map[string]bool{}, 0
	for i, record := range records.elements() {
		if i == MaxJobs {
			return check.Invalid(orEvent(place), fmt.Sprintf("holds more than %d records", MaxJobs))
		}
		d, id, err := read(fmt.Sprintf("%s[%d]", place, i), record)
		var r Request
		if err == nil {
			r, err = d.request()
		}
		for _, job := range r.Jobs {
			jobs[job] = true
		}
		switch names += len(r.Jobs); {
		case len(jobs) > MaxJobs || err == ErrTooMany:
			return ErrTooMany
		case names > MaxNames:
			return ErrTooOften
		}
		r.ID, r.Record, r.Err = id, i, err
		e.Requests = append(e.Requests, r)
		e.Batch = e.Batch || r.Batch || i > 0
	}
	return nil
}
