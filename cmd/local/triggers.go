package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"migratecheck/internal/local/cloudapi"
	"migratecheck/internal/local/gateway"
	"migratecheck/internal/local/scf"
)

// triggers are the sources whose events wrap can make.
var triggers = []string{"direct", "apigw", "url", "timer", "ckafka", "cmq", "eventbridge"}

// wrap makes the event with which one of the triggers asks for something.
func wrap(trigger string, a ask) []byte {
	request := a.request()
	now := time.Now().UTC()
	body := encode(request)
	switch trigger {
	case "apigw", "url":
		return httpEvent(trigger, body)
	case "timer":
		return scf.Timer{Name: "local", Argument: string(body)}.Event(now)
	case "ckafka":
		return encode(map[string]any{"Records": []any{map[string]any{"Ckafka": map[string]any{
			"topic": "migrations", "partition": 0, "offset": 0, "msgKey": "None", "msgBody": string(body),
		}}}})
	case "cmq":
		return encode(map[string]any{"Records": []any{map[string]any{"CMQ": map[string]any{
			"type": "topic", "topicOwner": 1250000000, "topicName": "migrations", "subscriptionName": "check",
			"publishTime": now.Format("2006-01-02T15:04:05.000Z"), "msgId": "1", "requestId": "1", "msgBody": string(body), "msgTag": "",
		}}}})
	case "eventbridge":
		return encode(map[string]any{
			"specversion": "1.0", "id": cloudapi.NewRequestID(), "type": "migration:job:ready", "source": "local",
			"subject": "qcs::dts:ap-guangzhou:uid1250000000:" + strings.Join(a.jobs, ","), "time": fmt.Sprint(now.UnixMilli()),
			"region": "ap-guangzhou", "datacontenttype": "application/json;charset=utf-8", "data": request,
		})
	}
	return body
}

// httpEvent is the event of a POST of the body.
func httpEvent(trigger string, body []byte) []byte {
	r, err := http.NewRequest(http.MethodPost, "http://127.0.0.1/checks", bytes.NewReader(body))
	if err != nil {
		panic(err) // method and URL are constants
	}
	r.Header.Set("Content-Type", "application/json")
	r.RemoteAddr = "127.0.0.1:0"
	g := gateway.Gateway{APIGateway: trigger == "apigw"}
	event, _ := g.Event(r, body, cloudapi.NewRequestID()) // any path is the route's
	return event
}

func encode(v any) []byte {
	encoded, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts, numbers and booleans only
	}
	return encoded
}
