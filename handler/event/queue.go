package event

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"migratecheck/internal/check"
	"migratecheck/internal/jsonscan"
)

// fromQueue tells events whose first record of a queue is of this one.
func fromQueue(queue string) func([]byte) bool {
	return func(event []byte) bool {
		for _, record := range jsonscan.Elements(object(event).get("Records")) {
			r := object(record)
			if r.get("Ckafka") != nil || r.get("CMQ") != nil {
				return r.get(queue) != nil
			}
		}
		return false
	}
}

func readRecords(e *Event, v value) *check.Error {
	return e.readEach("Records", object(v.json).get("Records"), readRecord)
}

// readRecord reads a record of CKafka or a message of a CMQ topic.
func readRecord(place string, record []byte) (draft, *check.Error) {
	if o := object(record).object("Ckafka"); o != nil {
		body := o.get("msgBody")
		d, err := readMessage(join(place, "Ckafka.msgBody"), body)
		d.identify("Ckafka", o.get("topic"), o.get("partition"), o.get("offset"), body)
		return d, err
	}
	if o := object(record).object("CMQ"); o != nil {
		d, err := readMessage(join(place, "CMQ.msgBody"), o.get("msgBody"))
		d.identify("CMQ", o.get("topicName"), o.get("msgId"))
		d.date(o.text("publishTime"))
		return d, err
	}
	return draft{}, check.Invalid(place, "must be an object with Ckafka or CMQ, not "+showJSON(record))
}

// identify gives the draft an id by the parts that tell an event, record or message
// from all others of the kind; without one of them it has none.
func (d *draft) identify(kind string, parts ...[]byte) {
	hash := sha256.New()
	hash.Write([]byte(kind))
	for _, part := range parts {
		if len(part) == 0 || string(part) == `""` {
			return
		}
		hash.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		hash.Write(part)
	}
	d.id = base64.RawStdEncoding.EncodeToString(hash.Sum(nil))
}

// date notes the event's own time. Without one that can be read there is no id.
func (d *draft) date(text string) {
	var err error
	if d.at, err = time.Parse(time.RFC3339, text); err != nil {
		d.id = ""
	}
}
