// Package fakescf is the part of SCF's API with which a function is invoked:
// Invoke and InvokeFunction of version 2018-04-16, for Tencent's own SDKs.
package fakescf

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"migratecheck/internal/local/cloudapi"
	"migratecheck/internal/local/scf"
)

// version of the API.
const version = "2018-04-16"

// API serves the actions for one function.
type API struct {
	// Gate lets authentic requests in. Its Service is scf.
	Gate cloudapi.Gate

	// Function and Region are the name of the function and where it is.
	Function, Region string

	// Invoke has the function handle an event, as scf.Pool.Invoke does; Send
	// accepts one, as scf.Async.Send does.
	Invoke func(context.Context, scf.Event) (scf.Result, error)
	Send   func(scf.Event) error
}

// Result is the Result of both actions. Of an asynchronous invocation only
// FunctionRequestId is known. Durations are in milliseconds, memory in bytes.
type Result struct {
	FunctionRequestID string  `json:"FunctionRequestId"`
	RetMsg            string  `json:"RetMsg"`
	ErrMsg            string  `json:"ErrMsg"`
	Log               string  `json:"Log"`
	InvokeResult      int     `json:"InvokeResult"`
	MemUsage          int64   `json:"MemUsage"`
	Duration          float64 `json:"Duration"`
	BillDuration      int64   `json:"BillDuration"`
}

// invocation is what a request asks for.
type invocation struct {
	event       []byte
	async, tail bool
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := cloudapi.NewRequestID()
	request, refusal := a.Gate.Read(r)
	var result any
	if refusal == nil {
		result, refusal = a.answer(r.Context(), request)
	}
	cloudapi.Write(w, cloudapi.Answer(id, result, refusal))
}

// answer carries an authentic request out.
func (a *API) answer(ctx context.Context, r *cloudapi.Request) (any, *cloudapi.Error) {
	i, refusal := a.read(r)
	if refusal != nil {
		return nil, refusal
	}
	event := scf.Event{RequestID: cloudapi.NewRequestID(), Payload: i.event}
	if i.async {
		if err := a.Send(event); err != nil {
			return nil, cloudapi.Refuse("InternalError.System", "%v", err)
		}
		return map[string]any{"Result": Result{FunctionRequestID: event.RequestID}}, nil
	}
	// As on the platform, an event that has begun goes on without its client.
	result, err := a.Invoke(context.WithoutCancel(ctx), event)
	return map[string]any{"Result": resultOf(event.RequestID, result, err, i.tail)}, nil
}

// resultOf is the Result of a synchronous invocation. A function that failed
// has a RetMsg, too: what the platform says of the failure.
func resultOf(id string, r scf.Result, err error, tail bool) Result {
	out := Result{
		FunctionRequestID: id,
		RetMsg:            string(r.Answer),
		MemUsage:          r.Memory,
		Duration:          float64(r.Duration.Microseconds()) / 1000,
		BillDuration:      int64((r.Duration + time.Millisecond - 1) / time.Millisecond),
	}
	if err != nil {
		failure, marshalErr := json.Marshal(scf.FailureOf(err, id))
		if marshalErr != nil {
			panic(marshalErr) // texts and numbers only
		}
		out.RetMsg, out.ErrMsg, out.InvokeResult = string(failure), err.Error(), 1
	}
	if tail {
		out.Log = string(r.Tail)
	}
	return out
}

// read checks a request's parameters.
func (a *API) read(r *cloudapi.Request) (invocation, *cloudapi.Error) {
	var i invocation
	if r.Version != version {
		return i, cloudapi.Refuse("NoSuchVersion", "The version %q does not exist.", r.Version)
	}
	payload, own := "ClientContext", []string{"InvocationType"}
	switch r.Action {
	case "Invoke":
		if r.Region == "" {
			return i, cloudapi.Missing("Region")
		}
	case "InvokeFunction":
		payload, own = "Event", nil
	default:
		return i, cloudapi.Refuse("InvalidAction", "The action %q does not exist in this version.", r.Action)
	}
	names := append(own, payload, "FunctionName", "Qualifier", "LogType", "Namespace", "RoutingKey")
	fields, values := r.Fields(), make(map[string]string, len(names))
	for _, name := range names {
		values[name] = fields.String(name)
	}
	if refusal := fields.Done(); refusal != nil {
		return i, refusal
	}
	for _, choice := range []struct {
		name, code string
		may        []string
	}{
		{"InvocationType", "InvalidParameterValue.Param", []string{"", "RequestResponse", "Event"}},
		{"LogType", "InvalidParameterValue.Param", []string{"", "None", "Tail"}},
		{"Namespace", "ResourceNotFound.Namespace", []string{"", "default"}},
		{"Qualifier", "ResourceNotFound.Qualifier", []string{"", "$LATEST", "$DEFAULT"}},
	} {
		if !slices.Contains(choice.may, values[choice.name]) {
			return i, cloudapi.Refuse(choice.code, "The %s %q is not known here.", choice.name, values[choice.name])
		}
	}
	if values["FunctionName"] == "" {
		return i, cloudapi.Missing("FunctionName")
	}
	if values["FunctionName"] != a.Function || r.Region != "" && r.Region != a.Region {
		return i, cloudapi.Refuse("ResourceNotFound.FunctionName", "There is no function %q in this region; there is %q in %s.",
			values["FunctionName"], a.Function, a.Region)
	}
	i.async = values["InvocationType"] == "Event"
	i.tail = values["LogType"] == "Tail"
	return i, i.setEvent(payload, values[payload])
}

// setEvent checks and takes the event, which is {} where none is given.
func (i *invocation) setEvent(name, value string) *cloudapi.Error {
	if value == "" {
		value = "{}"
	}
	limit := scf.MaxEvent
	if i.async {
		limit = scf.MaxAsyncEvent
	}
	if len(value) > limit {
		return cloudapi.Refuse("InvalidParameter.RequestTooLarge", "The %s is larger than %d bytes.", name, limit)
	}
	if !json.Valid([]byte(value)) {
		return cloudapi.Refuse("InvalidParameterValue.ClientContext", "The %s is not valid JSON.", name)
	}
	i.event = []byte(value)
	return nil
}
