package event

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func idOf(t *testing.T, payload string) string {
	t.Helper()
	e, err := Read([]byte(payload))
	if err != nil {
		t.Fatalf("%s: %v", payload, err)
	}
	return e.Requests[0].ID
}

// No two of these are deliveries of the same thing.
func TestIDsDiffer(t *testing.T) {
	seen := map[string]string{}
	for _, payload := range []string{
		`{"Type":"Timer","TriggerName":"night","Time":"2026-11-25T02:00:00Z","Message":"dts-1"}`,
		`{"Type":"Timer","TriggerName":"night","Time":"2026-11-25T03:00:00Z","Message":"dts-1"}`,
		`{"Type":"Timer","TriggerName":"day","Time":"2026-11-25T02:00:00Z","Message":"dts-1"}`,
		`{"Type":"Timer","TriggerName":"night","Time":"2026-11-25T02:00:00Z","Message":"dts-2"}`,
		`{"Records":[{"Ckafka":{"topic":"jobs","partition":1,"offset":11,"msgBody":"dts-1"}}]}`,
		`{"Records":[{"Ckafka":{"topic":"jobs","partition":11,"offset":1,"msgBody":"dts-1"}}]}`,
		`{"Records":[{"Ckafka":{"topic":"jobs","partition":1,"offset":1,"msgBody":"dts-1"}}]}`,
		`{"Records":[{"Ckafka":{"topic":"other","partition":1,"offset":11,"msgBody":"dts-1"}}]}`,
		`{"Records":[{"Ckafka":{"topic":"jobs","partition":1,"offset":11,"msgBody":"dts-2"}}]}`,
		`{"Records":[{"CMQ":{"topicName":"jobs","msgId":"1","publishTime":"2026-11-25T02:00:00Z","msgBody":"dts-1"}}]}`,
		`{"Records":[{"CMQ":{"topicName":"jobs","msgId":"2","publishTime":"2026-11-25T02:00:00Z","msgBody":"dts-1"}}]}`,
		`{"Records":[{"CMQ":{"topicName":"other","msgId":"1","publishTime":"2026-11-25T02:00:00Z","msgBody":"dts-1"}}]}`,
		`{"specversion":"1.0","source":"jobs","id":"1","data":"dts-1"}`,
		`{"specversion":"1.0","source":"jobs","id":"2","data":"dts-1"}`,
		`{"specversion":"1.0","source":"other","id":"1","data":"dts-1"}`,
		// The parts of one, put together, are those of another.
		`{"specversion":"1.0","source":"ab","id":"c","data":"dts-1"}`,
		`{"specversion":"1.0","source":"a","id":"bc","data":"dts-1"}`,
		`{"specversion":"1.0","source":"a\"\"b","id":"c","data":"dts-1"}`,
		`{"specversion":"1.0","source":"a","id":"b\"\"c","data":"dts-1"}`,
	} {
		id := idOf(t, payload)
		if id == "" || seen[id] != "" {
			t.Errorf("%s has the id %q of %q", payload, id, seen[id])
		}
		seen[id] = payload
	}
}

// A delivery differs from another of the same thing in what the platform adds.
func TestIDsOfDeliveriesAgree(t *testing.T) {
	for name, payloads := range map[string][2]string{
		"CKafka, in another batch": {
			`{"Records":[{"Ckafka":{"topic":"jobs","partition":1,"offset":11,"msgKey":"","msgBody":"dts-1"}}]}`,
			`{"Records":[{"Ckafka":{"msgBody":"dts-1","msgKey":"None","offset":11,"partition":1,"topic":"jobs"}},{"Ckafka":{"topic":"jobs","partition":1,"offset":12,"msgBody":"dts-1"}}]}`,
		},
		"CMQ, with another body": {
			`{"Records":[{"CMQ":{"topicName":"jobs","msgId":"1","publishTime":"2026-11-25T02:00:00Z","requestId":"1","msgBody":"dts-1"}}]}`,
			`{"Records":[{"CMQ":{"topicName":"jobs","msgId":"1","publishTime":"2026-11-25T02:00:00Z","requestId":"2","msgBody":"dts-2"}}]}`,
		},
		"CloudEvent, in a list": {
			`{"specversion":"1.0","source":"jobs","id":"1","time":"1","data":"dts-1"}`,
			`{"EventList":[{"specversion":"1.0","source":"jobs","id":"1","time":"2","data":"dts-1"}]}`,
		},
		"CloudEvent, with other data": {
			`{"specversion":"1.0","source":"jobs","id":"1","data":"dts-1"}`,
			`{"specversion":"1.0","source":"jobs","id":"1","data_base64":"ZHRzLTEx"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if a, b := idOf(t, payloads[0]), idOf(t, payloads[1]); a != b || a == "" {
				t.Errorf("got %q and %q", a, b)
			}
		})
	}
}

// An event that does not say which one it is, is not taken for another.
func TestNoIDs(t *testing.T) {
	for _, payload := range []string{
		`{"JobId":"dts-1"}`,
		`{"httpMethod":"POST","path":"/","body":"dts-1"}`,
		`{"Type":"Timer","Time":"2026-11-25T02:00:00Z","Message":"dts-1"}`,
		`{"Type":"Timer","TriggerName":"night","Message":"dts-1"}`,
		`{"Type":"Timer","TriggerName":"night","Time":"","Message":"dts-1"}`,
		`{"Type":"Timer","TriggerName":"night","Time":"tonight","Message":"dts-1"}`,
		`{"Type":"Timer","TriggerName":"night","Time":1764036000,"Message":"dts-1"}`,
		`{"Records":[{"CMQ":{"topicName":"jobs","msgId":"1","publishTime":"1","msgBody":"dts-1"}}]}`,
		`{"Records":[{"CMQ":{"topicName":"jobs","msgId":"1","msgBody":"dts-1"}}]}`,
		`{"Records":[{"Ckafka":{"partition":1,"offset":11,"msgBody":"dts-1"}}]}`,
		`{"Records":[{"Ckafka":{"topic":"jobs","offset":11,"msgBody":"dts-1"}}]}`,
		`{"Records":[{"Ckafka":{"topic":"jobs","partition":1,"offset":null,"msgBody":"dts-1"}}]}`,
		`{"Records":[{"CMQ":{"topicName":"jobs","publishTime":"2026-11-25T02:00:00Z","msgBody":"dts-1"}}]}`,
		`{"Records":[{"CMQ":{"msgId":"1","publishTime":"2026-11-25T02:00:00Z","msgBody":"dts-1"}}]}`,
		`{"specversion":"1.0","id":"1","data":"dts-1"}`,
		`{"specversion":"1.0","source":"jobs","id":"","data":"dts-1"}`,
	} {
		if id := idOf(t, payload); id != "" {
			t.Errorf("%s has the id %q", payload, id)
		}
	}
}

// Of timers and CMQ the event's own time is known, and of nothing else.
func TestTimes(t *testing.T) {
	for payload, want := range map[string]string{
		`{"Type":"Timer","TriggerName":"night","Time":"2026-11-25T02:00:00Z","Message":"dts-1"}`:                                     "2026-11-25T02:00:00Z",
		`{"Type":"Timer","TriggerName":"night","Time":"2026-11-25T02:00:00Z","Message":"a b@d"}`:                                     "",
		`{"Type":"Timer","TriggerName":"night","Time":"2026-11-25","Message":"dts-1"}`:                                               "",
		`{"Records":[{"CMQ":{"topicName":"jobs","msgId":"1","publishTime":"2026-11-25T10:00:00.250+08:00","msgBody":"dts-1"}}]}`:     "2026-11-25T02:00:00.25Z",
		`{"Records":[{"CMQ":{"topicName":"jobs","msgId":"1","publishTime":"2026-11-25T10:00:00Z","msgBody":"b@d"}}]}`:                "2026-11-25T10:00:00Z",
		`{"Records":[{"Ckafka":{"topic":"jobs","partition":1,"offset":11,"publishTime":"2026-11-25T10:00:00Z","msgBody":"dts-1"}}]}`: "",
		`{"specversion":"1.0","source":"jobs","id":"1","time":"2026-11-25T10:00:00Z","data":"dts-1"}`:                                "",
		`{"JobId":"dts-1","Time":"2026-11-25T10:00:00Z"}`:                                                                            "",
	} {
		e, _ := Read([]byte(payload))
		got := ""
		if len(e.Requests) > 0 && !e.Requests[0].At.IsZero() {
			got = e.Requests[0].At.UTC().Format(time.RFC3339Nano)
		}
		if got != want {
			t.Errorf("%s is of %q, want %q", payload, got, want)
		}
	}
}

// A record that cannot be read keeps its id, and the others theirs.
func TestIDsOfMalformedRecords(t *testing.T) {
	e, err := Read([]byte(`{"Records":[
		{"Ckafka":{"topic":"jobs","partition":1,"offset":11,"msgBody":"a/b"}},
		{"Ckafka":{"topic":"jobs","partition":1,"offset":12,"msgBody":"a/b"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	a, b := e.Requests[0], e.Requests[1]
	if a.Err == nil || b.Err == nil || a.ID == "" || b.ID == "" || a.ID == b.ID {
		t.Errorf("got %+v and %+v", a, b)
	}
	if b.Record != 1 || !strings.HasPrefix(b.Err.Message, "Records[1].Ckafka.msgBody: ") {
		t.Errorf("record %d: %v", b.Record, b.Err)
	}
}

// Whoever an event came through is known whatever becomes of it.
func TestVia(t *testing.T) {
	var long []string
	for i := range 60 {
		long = append(long, fmt.Sprintf("ap-guangzhou/default/f%d", i))
	}
	for name, test := range map[string]struct{ payload, want string }{
		"request":              {`{"JobId":"dts-1","Via":["a/b/c","d/e/f"]}`, "a/b/c d/e/f"},
		"own failure":          {`{"Error":{"Code":"InvalidParameter","Message":"no"},"Via":["a/b/c"]}`, "a/b/c"},
		"own batch of nobody":  {`{"Jobs":[{"Record":0}],"Failed":1,"via":["a/b/c"]}`, "a/b/c"},
		"refused option":       {`{"JobId":"dts-1","Wait":7,"Via":["a/b/c"]}`, "a/b/c"},
		"refused slip":         {`{"JobId":"dts-1","Start":true,"Wiat":true,"Via":["a/b/c"]}`, "a/b/c"},
		"answer within":        {`{"Response":{"JobId":"dts-1","Via":["a/b/c"]}}`, "a/b/c"},
		"message":              {`{"Type":"Timer","Message":"{\"JobId\":\"dts-1\",\"Via\":[\"a/b/c\"]}"}`, "a/b/c"},
		"no list":              {`{"JobId":"dts-1","Via":"a/b/c"}`, ""},
		"no names":             {marshal(t, map[string]any{"JobId": "dts-1", "Via": []any{"", 7, nil, "a b", "a\u2028", "a/" + strings.Repeat("b", 199), "a/" + strings.Repeat("b", 198)}}), "a/" + strings.Repeat("b", 198)},
		"more than are needed": {marshal(t, map[string]any{"JobId": "dts-1", "Via": long}), strings.Join(long[10:], " ")},
		"none":                 {`{"JobId":"dts-1"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := Read([]byte(test.payload))
			if got := strings.Join(e.Via, " "); got != test.want {
				t.Errorf("got %q, want %q (%v)", got, test.want, err)
			}
			if err == nil && !slices.Equal(e.Requests[0].Via, e.Via) {
				t.Errorf("the request is %+v", e.Requests[0])
			}
		})
	}
}
