// Package fakescf is an SCF endpoint for tests and for local use: Invoke and
// InvokeFunction of version 2018-04-16, for Tencent's own SDKs. One function is
// really there; of any other it takes asynchronous invocations, and shows them.
// A Server is an http.Handler, usable without a listener.
package fakescf

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"migratecheck/internal/local/cloudapi"
	"migratecheck/internal/local/scf"
)

// version of the API.
const version = "2018-04-16"

// Options say what the endpoint is like.
type Options struct {
	// Function and Region are the name of the function that is there and where it
	// is. It is in the namespace default.
	Function, Region string

	// Invoke has the function handle an event, as scf.Pool.Invoke does; Send
	// accepts one, as scf.Async.Send does.
	Invoke func(context.Context, scf.Event) (scf.Result, error)
	Send   func(scf.Event) error

	// OnReceive, if given, is called with each event that another function is sent,
	// perhaps with several at once.
	OnReceive func(Received)

	// As in cloudapi.Options, and faults that are met from the start. With Forget,
	// Received returns nothing either.
	Keys   []cloudapi.Key
	Quota  int
	Faults []cloudapi.Fault
	Now    func() time.Time
	Forget bool
}

// Received is an event that another function was sent asynchronously.
type Received struct {
	At                                     time.Time
	Region, Namespace, Function, Qualifier string // the latter three as they were given
	FunctionRequestID                      string
	Event                                  json.RawMessage
}

// Server is an SCF endpoint. It is safe for concurrent use.
type Server struct {
	*cloudapi.Server
	options Options

	mu       sync.Mutex
	received []Received
}

// New returns an endpoint.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{options: o}
	s.Server = cloudapi.New(cloudapi.Options{
		Service: "scf",
		Actions: []cloudapi.Action{
			{Version: version, Name: "Invoke", Quota: 100, Do: s.invoke},
			{Version: version, Name: "InvokeFunction", Quota: 10000, Global: true, Do: s.invokeFunction},
		},
		Keys: o.Keys, Quota: o.Quota, Now: o.Now, Forget: o.Forget,
	})
	s.Inject(o.Faults...)
	return s
}

// Received returns the events that other functions were sent so far.
func (s *Server) Received() []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.received)
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
	namespace, function, qualifier string
	event                          []byte
	async, tail                    bool
}

// invoke is Invoke.
func (s *Server) invoke(ctx context.Context, r *cloudapi.Request) (any, *cloudapi.Error) {
	return s.carryOut(ctx, r, "ClientContext", true)
}

// invokeFunction is InvokeFunction: always synchronous.
func (s *Server) invokeFunction(ctx context.Context, r *cloudapi.Request) (any, *cloudapi.Error) {
	return s.carryOut(ctx, r, "Event", false)
}

// carryOut carries an invocation out whose event is in the parameter payload.
func (s *Server) carryOut(ctx context.Context, r *cloudapi.Request, payload string, mayBeAsync bool) (any, *cloudapi.Error) {
	i, refusal := read(r, payload, mayBeAsync)
	if refusal != nil {
		return nil, refusal
	}
	event := scf.Event{RequestID: cloudapi.NewRequestID(), Payload: i.event}
	accepted := map[string]any{"Result": Result{FunctionRequestID: event.RequestID}}
	if i.async && !s.isOurs(i, r.Region) {
		s.receive(Received{s.options.Now(), r.Region, i.namespace, i.function, i.qualifier, event.RequestID, i.event})
		return accepted, nil
	}
	if refusal := s.refuse(i, r.Region); refusal != nil {
		return nil, refusal
	}
	if i.async {
		if err := s.options.Send(event); err != nil {
			return nil, cloudapi.Refuse("InternalError.System", "%v", err)
		}
		return accepted, nil
	}
	// As on the platform, an event that has begun goes on without its client.
	result, err := s.options.Invoke(context.WithoutCancel(ctx), event)
	return map[string]any{"Result": resultOf(event.RequestID, result, err, i.tail)}, nil
}

func (s *Server) receive(e Received) {
	if !s.options.Forget {
		s.mu.Lock()
		s.received = append(s.received, e)
		s.mu.Unlock()
	}
	if s.options.OnReceive != nil {
		s.options.OnReceive(e)
	}
}

// isOurs reports whether an invocation is of the function that is there.
func (s *Server) isOurs(i invocation, region string) bool {
	return i.function == s.options.Function && (region == "" || region == s.options.Region) &&
		(i.namespace == "" || i.namespace == "default")
}

// refuse returns why the function that is there cannot be what is invoked.
func (s *Server) refuse(i invocation, region string) *cloudapi.Error {
	switch {
	case i.namespace != "" && i.namespace != "default":
		return cloudapi.Refuse("ResourceNotFound.Namespace", "The Namespace %q is not known here.", i.namespace)
	case !s.isOurs(i, region):
		return cloudapi.Refuse("ResourceNotFound.FunctionName", "There is no function %q in this region; there is %q in %s.",
			i.function, s.options.Function, s.options.Region)
	case !slices.Contains([]string{"", "$LATEST", "$DEFAULT"}, i.qualifier):
		return cloudapi.Refuse("ResourceNotFound.Qualifier", "The Qualifier %q is not known here.", i.qualifier)
	}
	return nil
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
func read(r *cloudapi.Request, payload string, mayBeAsync bool) (invocation, *cloudapi.Error) {
	f := r.Fields()
	f.String("RoutingKey")
	invocationType := ""
	if mayBeAsync {
		invocationType = choice(f, "InvocationType", "RequestResponse", "Event")
	}
	i := invocation{
		namespace: f.String("Namespace"), function: f.Required("FunctionName"), qualifier: f.String("Qualifier"),
		event: []byte(f.String(payload)),
		async: invocationType == "Event",
		tail:  choice(f, "LogType", "None", "Tail") == "Tail",
	}
	limit := scf.MaxEvent
	if i.async {
		limit = scf.MaxAsyncEvent
	}
	switch {
	case len(i.event) == 0:
		i.event = []byte("{}")
	case len(i.event) > limit:
		f.Refuse(cloudapi.Refuse("InvalidParameter.RequestTooLarge", "The %s is larger than %d bytes.", payload, limit))
	case !json.Valid(i.event):
		f.Refuse(cloudapi.Refuse("InvalidParameterValue.ClientContext", "The %s is not valid JSON.", payload))
	}
	return i, f.Done()
}

// choice returns a parameter that has to be one of the words, or absent.
func choice(f *cloudapi.Fields, name string, words ...string) string {
	value := f.String(name)
	if value != "" && !slices.Contains(words, value) {
		f.Refuse(cloudapi.Refuse("InvalidParameterValue.Param", "The %s %q is not known here.", name, value))
	}
	return value
}
