package event

import (
	"encoding/json"

	"migratecheck/internal/check"
)

// readRecord reads a CKafka or CMQ record and returns its identity.
func readRecord(place string, raw json.RawMessage) (draft, string, *check.Error) {
	record, _ := parseObject(raw)
	var queue string
	var names []string // tell one message from another
	switch {
	case record.get("Ckafka") != nil:
		queue, names = "Ckafka", []string{"topic", "partition", "offset", "msgBody"}
	case record.get("CMQ") != nil:
		queue, names = "CMQ", []string{"topicName", "msgId", "msgBody"}
	default:
		return draft{}, "", check.Invalid(place, "must be an object with Ckafka or CMQ")
	}
	message := record.object(queue)
	var parts []json.RawMessage
	for _, name := range names {
		parts = append(parts, message.get(name))
	}
	d, err := readMessage(join(place, queue+".msgBody"), message.get("msgBody"))
	return d, identity(queue, parts...), err
}
