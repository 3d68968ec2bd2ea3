package event

import (
	"encoding/json"

	"migratecheck/internal/check"
)

// readRecord reads a CKafka or CMQ record, and what tells it from others.
func readRecord(place string, raw json.RawMessage) (draft, string, *check.Error) {
	record, _ := parseObject(raw)
	for _, queue := range []struct {
		source Source
		key    string
		names  []string // tell one message from another
	}{
		{CKafka, "Ckafka", []string{"topic", "partition", "offset", "msgBody"}},
		{CMQ, "CMQ", []string{"topicName", "msgId", "msgBody"}},
	} {
		if record.get(queue.key) == nil {
			continue
		}
		message := record.object(queue.key)
		var parts []json.RawMessage
		for _, name := range queue.names {
			parts = append(parts, message.get(name))
		}
		d, err := readCarried(join(place, queue.key+".msgBody"), message.get("msgBody"))
		return d, identity(queue.source, parts...), err
	}
	return draft{}, "", check.Invalid(place, "must be an object with Ckafka or CMQ")
}
