package handler

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"migratecheck/internal/check"
)

// source is what fired the function, told from the event's own shape.
type source string

const (
	sourceAPIGateway  source = "apigw"
	sourceFunctionURL source = "url"
	sourceTimer       source = "timer"
	sourceCKafka      source = "ckafka"
	sourceCMQ         source = "cmq"
	sourceEventBridge source = "eventbridge"
	sourceDirect      source = "direct"
)

// http tells that the source wants an integration response.
func (s source) http() bool { return s == sourceAPIGateway || s == sourceFunctionURL }

// atLeastOnce tells that the platform may deliver an event of the source a
// second time, so that a check found running is the one that was asked for.
func (s source) atLeastOnce() bool {
	return s == sourceTimer || s == sourceCKafka || s == sourceCMQ || s == sourceEventBridge
}

// event is what the function is asked to do.
type event struct {
	source source
	tasks  []task
	batch  bool // the answer is a batch's
}

// task is what is asked about one job.
type task struct {
	job      string
	describe bool
	wait     bool

	// invalid is set, and the rest is not, for a record that cannot be read;
	// record is its index.
	invalid *check.Error
	record  int
}

// maxJobs bounds the jobs of one event. At 20 calls a second it is more than
// half of what fits into the longest invocation, 900 s, and its answer fits
// into the 6 MB that the platform allows.
const maxJobs = 10000

var errTooMany = check.Invalid("event", fmt.Sprintf("names more than %d jobs", maxJobs))

// readEvent reads an event. The source is right in any case; the error says
// why nothing of the event can be done.
func readEvent(payload []byte) (event, *check.Error) {
	e := event{source: sourceDirect}
	if len(bytes.TrimSpace(payload)) == 0 {
		return e, check.Invalid("event", "is empty")
	}
	if err := json.Unmarshal(payload, &anything{}); err != nil {
		at := int64(len(payload))
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			at = syntax.Offset
		}
		return e, check.Invalid("event", fmt.Sprintf("is not valid JSON at byte %d", at))
	}
	err := e.read(bytes.TrimSpace(payload))
	if err == nil && len(e.tasks) == 0 {
		err = check.Invalid("JobId", "is required: the event names no job")
	}
	if err != nil {
		e.tasks, e.batch = nil, false
	}
	return e, err
}

// anything is any JSON value, of which nothing is kept.
type anything struct{}

func (*anything) UnmarshalJSON([]byte) error { return nil }

func (e *event) read(raw json.RawMessage) *check.Error {
	if list, ok := parseArray(raw); ok {
		for _, item := range list.elements() {
			if o, ok := parseObject(item); ok && o.get("specversion") != nil {
				e.source = sourceEventBridge
				return e.readEach(list, "", readCloudEvent)
			}
		}
	}
	if o, ok := parseObject(raw); ok {
		switch {
		case o.get("requestContext") != nil && o.get("httpMethod") != nil:
			e.source = sourceAPIGateway
			return e.one(readHTTP(o))
		case o.get("httpMethod") != nil && o.get("path") != nil:
			e.source = sourceFunctionURL
			return e.one(readHTTP(o))
		case o.string("Type") == "Timer":
			e.source = sourceTimer
			message, ok := parseString(o.get("Message"))
			if !ok {
				return check.Invalid("Message", "must be a string that names the jobs")
			}
			return e.one(readMessage("Message", message))
		case o.get("specversion") != nil:
			e.source = sourceEventBridge
			return e.one(readCloudEvent("", raw))
		}
		if records, ok := parseArray(o.get("Records")); ok {
			for _, record := range records.elements() {
				if r, ok := parseObject(record); ok && (r.get("Ckafka") != nil || r.get("CMQ") != nil) {
					e.source = sourceCMQ
					if r.get("Ckafka") != nil {
						e.source = sourceCKafka
					}
					return e.readEach(records, "Records", readRecord)
				}
			}
		}
		return e.one(readObject("", o, 0))
	}
	return e.one(readJSON("", raw, 0))
}

// one adds the tasks of a request that stands alone.
func (e *event) one(r request, err *check.Error) *check.Error {
	if err != nil {
		return err
	}
	e.tasks, e.batch = r.tasks(), r.batch
	return nil
}

// readEach reads records one by one: one that is malformed is a failure of its
// own, and the others are still tried.
//
// Of tasks, in several records, that ask the same of the same job one is made;
// if one of them wants to wait, it waits.
func (e *event) readEach(records array, place string, read func(string, json.RawMessage) (request, *check.Error)) *check.Error {
	first := map[task]int{}
	for i, record := range records.elements() {
		e.batch = e.batch || i > 0
		where := fmt.Sprintf("%s[%d]", place, i)
		r, err := read(where, record)
		if err == errTooMany {
			return err
		}
		if err != nil {
			r = request{}
			e.tasks = append(e.tasks, task{invalid: err, record: i})
		}
		e.batch = e.batch || r.batch
		for _, t := range r.tasks() {
			same := task{job: t.job, describe: t.describe}
			if at, ok := first[same]; ok {
				e.tasks[at].wait = e.tasks[at].wait || t.wait
				continue
			}
			first[same] = len(e.tasks)
			e.tasks = append(e.tasks, t)
		}
		if len(e.tasks) > maxJobs {
			return errTooMany
		}
	}
	return nil
}

// readRecord reads a CKafka or CMQ record.
func readRecord(place string, raw json.RawMessage) (request, *check.Error) {
	o, _ := parseObject(raw)
	for _, queue := range []string{"Ckafka", "CMQ"} {
		if o.get(queue) != nil {
			where := place + "." + queue + ".msgBody"
			body, ok := parseString(o.object(queue).get("msgBody"))
			if !ok {
				return request{}, check.Invalid(where, "must be a string that names the jobs")
			}
			return readMessage(where, body)
		}
	}
	return request{}, check.Invalid(place, "must be an object with Ckafka or CMQ")
}

// readCloudEvent reads a CloudEvent, alone (place is "") or in an array.
func readCloudEvent(place string, raw json.RawMessage) (request, *check.Error) {
	o, ok := parseObject(raw)
	if !ok || o.string("specversion") != "1.0" {
		return request{}, check.Invalid(join(place, "specversion"), `must be "1.0"`)
	}
	data, binary := o.get("data"), o.get("data_base64")
	if data != nil && binary != nil {
		return request{}, check.Invalid(join(place, "data_base64"), "stands beside data")
	}
	if binary != nil {
		where := join(place, "data_base64")
		text, ok := parseString(binary)
		if ok {
			text, ok = decodeBase64(text)
		}
		if !ok {
			return request{}, check.Invalid(where, "must be a string in base64")
		}
		return readMessage(where, text)
	}
	where := join(place, "data")
	if text, ok := parseString(data); ok {
		return readMessage(where, text)
	}
	if data == nil {
		return request{}, check.Invalid(where, "is required: it names the jobs")
	}
	r, err := readJSON(where, data, 0)
	return r, requireJob(where, r, err)
}

// readMessage reads a text that must name a job.
func readMessage(place, text string) (request, *check.Error) {
	r, err := readText(place, text, 0)
	return r, requireJob(place, r, err)
}

// requireJob returns err, or the error for a request that names no job.
func requireJob(place string, r request, err *check.Error) *check.Error {
	if err == nil && len(r.jobs) == 0 {
		err = check.Invalid(place, "names no job")
	}
	return err
}
