package cloudapi

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"sync"
	"time"
)

// ExampleKey is the key pair, with a token as a role's temporary credentials
// have it, that an endpoint knows unless told otherwise.
var ExampleKey = Key{
	SecretID:  "AKIDexampleForLocalUseOnlyexample000",
	SecretKey: "exampleSecretKeyForLocalUseOnly0",
	Token:     "exampleTokenForLocalUseOnly",
}

// Action is a row of the table of what a service does.
type Action struct {
	Version, Name string

	// Quota is in calls a second, in one region from one account; 0 for none.
	Quota int

	// Global is set if the action is called without a region, too.
	Global bool

	// Do carries an authentic call out. What it returns becomes the answer's
	// members, or its Error.
	Do func(context.Context, *Request) (any, *Error)
}

// Options say what an endpoint is like.
type Options struct {
	// Service is the service's short name, as in its host name.
	Service string

	// Actions of the service.
	Actions []Action

	// Regions in which the service is offered; every region if nil.
	Regions []string

	// Keys that may call; ExampleKey if nil.
	Keys []Key

	// Quota is every action's instead of its own, if not 0; negative for none.
	Quota int

	// Now tells the time; time.Now if nil.
	Now func() time.Time

	// Forget makes the endpoint record no calls: for long runs.
	Forget bool
}

// Server is the endpoint of a service: an http.Handler, usable without a
// listener. It is safe for concurrent use.
type Server struct {
	Faults
	options Options
	gate    Gate

	mu    sync.Mutex
	calls []Call
	sent  map[string][]time.Time // by account, region and action, of the last second
}

// New returns an endpoint.
func New(o Options) *Server {
	if o.Keys == nil {
		o.Keys = []Key{ExampleKey}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Server{
		options: o,
		gate:    Gate{Service: o.Service, Keys: o.Keys, Now: o.Now},
		sent:    make(map[string][]time.Time),
	}
}

// Call is a call that an endpoint received.
type Call struct {
	At                      time.Time
	HTTPMethod              string
	Action, Version, Region string
	Language                string
	SecretID, Token         string
	SignedBy                string

	// Parameters of the action, as Request has them.
	Parameters map[string]any

	// JobID is the parameter JobId, and JobIDs the parameter JobIds, if there is one.
	JobID  string
	JobIDs []string

	// RequestID is that of the answer, whether it arrived or not.
	RequestID string

	// Code is the answer's error code, empty for a success.
	Code string

	// CarriedOut is set if the call did what it asked for.
	CarriedOut bool

	// Fault is the kind of the fault that the call met, if any.
	Fault Kind
}

// Calls returns the calls received so far, in the order of their answers.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// ServeHTTP answers one call. A fault that closes the connection panics with
// http.ErrAbortHandler, as net/http wants it; one that is silent lasts until the
// request's context ends.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := Call{At: s.options.Now(), HTTPMethod: r.Method, RequestID: NewRequestID()}
	request, refusal := s.gate.Read(r)
	if refusal == nil {
		call.Action, call.Version, call.Region, call.Language = request.Action, request.Version, request.Region, request.Language
		call.SecretID, call.Token, call.SignedBy = request.SecretID, request.Token, request.SignedBy
		call.Parameters = request.Parameters
		call.JobID, _ = request.Parameters["JobId"].(string)
		call.JobIDs = request.Fields().Strings("JobIds")
	}
	fault := s.Meet(call, r)
	call.Fault = fault.Kind
	var result any
	if refusal == nil && !fault.Prevents() {
		result, refusal = s.do(r.Context(), request)
		call.CarriedOut = refusal == nil
		if call.Fault == "" {
			call.Fault = request.Fault
		}
	}
	if refusal == nil && (fault.Kind == FaultCode || fault.Kind == FaultCodeCarried) {
		refusal = Refuse(fault.Code, "%s", fault.Message)
	}
	if refusal != nil {
		call.Code = refusal.Code
	}
	s.record(call)
	w.Header().Set("Date", s.options.Now().UTC().Format(http.TimeFormat))
	fault.Send(w, r, Answer(call.RequestID, result, refusal))
}

func (s *Server) record(c Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.options.Forget {
		s.calls = append(s.calls, c)
	}
}

// do finds the action of an authentic call and carries it out.
func (s *Server) do(ctx context.Context, r *Request) (any, *Error) {
	action, refusal := s.find(r)
	if refusal != nil {
		return nil, refusal
	}
	if r.Region == "" && !action.Global {
		return nil, Missing("Region")
	}
	if r.Region != "" && s.options.Regions != nil && !slices.Contains(s.options.Regions, r.Region) {
		return nil, Refuse("UnsupportedRegion", "The region %q is not supported.", r.Region)
	}
	quota := cmp.Or(s.options.Quota, action.Quota)
	if refusal := s.spend(r.SecretID+" "+r.Region+" "+r.Action, quota); refusal != nil {
		return nil, refusal
	}
	return action.Do(ctx, r)
}

func (s *Server) find(r *Request) (Action, *Error) {
	refusal := Refuse("NoSuchVersion", "The version %q does not exist.", r.Version)
	for _, a := range s.options.Actions {
		if a.Version == r.Version {
			if a.Name == r.Action {
				return a, nil
			}
			refusal = Refuse("InvalidAction", "The action %q does not exist in this version.", r.Action)
		}
	}
	return Action{}, refusal
}

// spend takes a call out of its quota: of the calls that were let in, no more
// than the quota lie within any second.
func (s *Server) spend(key string, quota int) *Error {
	if quota <= 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now() // under the lock, so that the times of calls never decrease
	recent := s.sent[key]
	for len(recent) > 0 && now.Sub(recent[0]) >= time.Second {
		recent = recent[1:]
	}
	if len(recent) >= quota {
		s.sent[key] = recent
		return Refuse("RequestLimitExceeded", "More than %d calls of the action in a second. Try again later.", quota)
	}
	s.sent[key] = append(recent, now)
	return nil
}
