// Package event reads what fires the function: bytes in, requests out. It tells the
// source of an event from the event's own shape, finds the check request in it, and
// says of what it cannot read which field is at fault.
package event

import (
	"fmt"
	"time"

	"migratecheck/internal/check"
	"migratecheck/internal/jsonscan"
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

	// Trigger is the name of the timer that fired, as the event has it.
	Trigger string

	// Via is that of the only request. It is set even if the event is refused.
	Via []string

	// Warnings say which keys look like slips and were ignored. They are safe to log,
	// and few.
	Warnings []string
}

// Request says which jobs, and what to do with each. A request without any, our own
// answer that leaves nothing to do, asks for nothing and succeeds.
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

	// Err is why the record cannot be read; then there is nothing to do for it.
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

// sources are told by the shape of an event, the first that matches; any other JSON
// is the request itself.
var sources = []struct {
	source Source
	match  func(event []byte) bool
	read   func(e *Event, event value) *check.Error
}{
	{APIGateway, fromGateway, readHTTP},
	{FunctionURL, fromURL, readHTTP},
	{Timer, fromTimer, readTimer},
	{EventBridge, isCloudEvent, readCloudEventAlone},
	{EventBridge, hasCloudEvents, readCloudEvents},
	{CKafka, fromQueue("Ckafka"), readRecords},
	{CMQ, fromQueue("CMQ"), readRecords},
	{Direct, func([]byte) bool { return true }, readDirect},
}

// Read reads an event. Source, HTTP and Via are set even if there is an error, which
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
	for _, s := range sources {
		if s.match(v.json) {
			e.Source = s.source
			return s.read(e, v)
		}
	}
	return nil
}

// readDirect reads an event that is the request.
func readDirect(e *Event, v value) *check.Error {
	d, err := readValue("", v)
	return e.readOne(d, d.required("JobId", "is required: the event names no job", err))
}

// fromTimer and readTimer are for the firing of a timer trigger.
func fromTimer(event []byte) bool { return object(event).text("Type") == "Timer" }

func readTimer(e *Event, v value) *check.Error {
	timer := object(v.json)
	message := timer.get("Message")
	e.Trigger = timer.text("TriggerName")
	d, err := readMessage("Message", message)
	d.identify("Timer", timer.get("TriggerName"), timer.get("Time"), message)
	d.date(timer.text("Time"))
	return e.readOne(d, err)
}

// readOne takes what an event without records asks for.
func (e *Event) readOne(d draft, err *check.Error) *check.Error {
	r := e.take(d, err)
	e.Requests, e.Batch, e.Via = []Request{r}, r.Batch, r.Via
	return r.Err
}

// readEach reads the records of a list one by one: one that is malformed is a failure
// of its own, and the others are still tried.
func (e *Event) readEach(place string, list []byte, read func(place string, record []byte) (draft, *check.Error)) *check.Error {
	e.Records = true
	jobs, names := map[string]bool{}, 0
	for i, record := range jsonscan.Elements(list) {
		if i == MaxJobs {
			return check.Invalid(orEvent(place), fmt.Sprintf("holds more than %d records", MaxJobs))
		}
		r := e.take(read(fmt.Sprintf("%s[%d]", place, i), record))
		for _, job := range r.Jobs {
			jobs[job] = true
		}
		switch names += len(r.Jobs); {
		case len(jobs) > MaxJobs || r.Err == ErrTooMany:
			return ErrTooMany
		case names > MaxNames:
			return ErrTooOften
		}
		r.Record = i
		e.Requests = append(e.Requests, r)
		e.Batch = e.Batch || r.Batch || i > 0
	}
	return nil
}

// take returns the request that was found, or why there is none.
func (e *Event) take(d draft, err *check.Error) Request {
	r, refusal := Request{}, err
	if err == nil {
		r, refusal = d.request()
	}
	if refusal != nil {
		r = Request{Err: refusal}
	}
	r.ID, r.At, r.Via = d.id, d.at, d.via
	for _, s := range d.slips {
		if r.Err == nil && !s.faint && len(e.Warnings) < maxWarnings {
			e.Warnings = append(e.Warnings, s.warning())
		}
	}
	return r
}
