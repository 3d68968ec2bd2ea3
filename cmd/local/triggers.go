package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"migratecheck/internal/cloudapi"
)

// triggers are the sources whose events wrap can make.
var triggers = []string{"direct", "apigw", "url", "timer", "ckafka", "cmq", "eventbridge"}

// wrap makes the event with which a source asks for checks of the jobs.
func wrap(trigger string, jobs []string, wait bool) ([]byte, error) {
	if !slices.Contains(triggers, trigger) {
		return nil, fmt.Errorf("-trigger must be one of %s", strings.Join(triggers, ", "))
	}
	request := map[string]any{"JobIds": jobs}
	if len(jobs) == 1 {
		request = map[string]any{"JobId": jobs[0]}
	}
	if wait {
		request["Wait"] = true
	}
	text, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC()
	body := string(text)
	var event any = request
	switch trigger {
	case "apigw":
		event = map[string]any{
			"requestContext": map[string]any{
				"serviceId": "service-local", "path": "/checks", "httpMethod": "POST",
				"requestId": cloudapi.NewRequestID(), "identity": map[string]any{}, "sourceIp": "127.0.0.1", "stage": "release",
			},
			"headers": map[string]any{"content-type": "application/json"}, "body": body,
			"pathParameters": map[string]any{}, "queryStringParameters": map[string]any{}, "headerParameters": map[string]any{},
			"stageVariables": map[string]any{"stage": "release"}, "queryString": map[string]any{},
			"path": "/checks", "httpMethod": "POST", "isBase64Encoded": false,
		}
	case "url":
		event = map[string]any{
			"headers": map[string]any{"content-type": "application/json", "x-scf-remote-addr": "127.0.0.1"},
			"body":    body, "queryString": map[string]any{}, "path": "/", "httpMethod": "POST",
		}
	case "timer":
		event = map[string]any{"Type": "Timer", "TriggerName": "local", "Time": now.Format(time.RFC3339), "Message": body}
	case "ckafka":
		event = map[string]any{"Records": []any{map[string]any{"Ckafka": map[string]any{
			"topic": "migrations", "partition": 0, "offset": 0, "msgKey": "None", "msgBody": body,
		}}}}
	case "cmq":
		event = map[string]any{"Records": []any{map[string]any{"CMQ": map[string]any{
			"type": "topic", "topicOwner": 1250000000, "topicName": "migrations", "subscriptionName": "check",
			"publishTime": now.Format("2006-01-02T15:04:05.000Z"), "msgId": "1", "requestId": "1", "msgBody": body, "msgTag": "",
		}}}}
	case "eventbridge":
		event = map[string]any{
			"specversion": "1.0", "id": cloudapi.NewRequestID(), "type": "migration:job:ready", "source": "local",
			"subject": "qcs::dts:ap-guangzhou:uid1250000000:" + jobs[0], "time": fmt.Sprint(now.UnixMilli()),
			"region": "ap-guangzhou", "datacontenttype": "application/json;charset=utf-8", "data": request,
		}
	}
	return json.Marshal(event)
}
