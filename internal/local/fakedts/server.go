// Package fakedts is a DTS endpoint for tests and for local use: both
// generations of the check actions, authentication, the quota, jobs that are
// data and faults on demand. A Server is an http.Handler, usable without a
// listener; Listen serves it over HTTP or TLS.
package fakedts

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"migratecheck/internal/local/cloudapi"
)

// ExampleKey is the key pair, with a token as a role's temporary credentials
// have it, that the endpoint knows unless told otherwise.
var ExampleKey = cloudapi.Key{
	SecretID:  "AKIDexampleForLocalUseOnlyexample000",
	SecretKey: "exampleSecretKeyForLocalUseOnly0",
	Token:     "exampleTokenForLocalUseOnly",
}

// Options say what the endpoint is like. The zero value is an endpoint with
// the default jobs, the example key and DTS's quota.
type Options struct {
	// Jobs that exist; a few of each sort if nil.
	Jobs []Job

	// Keys that may call; ExampleKey if nil.
	Keys []cloudapi.Key

	// Quota is in calls a second, of one action in one region from one
	// account: 0 for DTS's own 20, negative for none.
	Quota int

	// Faults that are met from the start.
	Faults []Fault

	// Now tells the time; time.Now if nil.
	Now func() time.Time

	// Forget makes the endpoint record no calls: for long runs.
	Forget bool
}

// Server is a DTS endpoint. It is safe for concurrent use.
type Server struct {
	gate   cloudapi.Gate
	now    func() time.Time
	quota  int
	forget bool

	mu     sync.Mutex
	jobs   map[string]*job
	faults []*Fault
	calls  []Call
	sent   map[string][]time.Time // by account, region and action, of the last second
}

// New returns an endpoint.
func New(o Options) *Server {
	if o.Jobs == nil {
		o.Jobs = defaultJobs()
	}
	if o.Keys == nil {
		o.Keys = []cloudapi.Key{ExampleKey}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Quota == 0 {
		o.Quota = 20
	}
	s := &Server{
		gate:   cloudapi.Gate{Service: "dts", Keys: o.Keys, Now: o.Now},
		now:    o.Now,
		quota:  o.Quota,
		forget: o.Forget,
		jobs:   make(map[string]*job, len(o.Jobs)),
		sent:   make(map[string][]time.Time),
	}
	for _, j := range o.Jobs {
		s.jobs[j.JobID] = &job{Job: j}
	}
	s.Inject(o.Faults...)
	return s
}

// Call is a call that the endpoint received.
type Call struct {
	At                      time.Time
	HTTPMethod              string
	Action, Version, Region string
	JobID                   string
	SecretID, Token         string
	SignedBy                string

	// RequestID is that of the answer, whether it arrived or not.
	RequestID string

	// Code is the answer's error code, empty for a success.
	Code string

	// CarriedOut tells that the call did what it asked for.
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
	call := Call{At: s.now(), HTTPMethod: r.Method, RequestID: cloudapi.NewRequestID()}
	request, refusal := s.gate.Read(r)
	if refusal == nil {
		call.Action, call.Version, call.Region = request.Action, request.Version, request.Region
		call.SecretID, call.Token, call.SignedBy = request.SecretID, request.Token, request.SignedBy
		call.JobID, _ = request.Parameters["JobId"].(string)
	}
	fault := s.meet(call, r)
	call.Fault = fault.Kind
	var result any
	if refusal == nil && !fault.prevents() {
		result, refusal = s.answer(request)
		call.CarriedOut = refusal == nil
	}
	if fault.Kind == FaultCode && refusal == nil {
		refusal = cloudapi.Refuse(fault.Code, "%s", fault.Message)
	}
	if refusal != nil {
		call.Code = refusal.Code
	}
	s.record(call)
	fault.send(w, r, cloudapi.Answer(call.RequestID, result, refusal))
}

func (s *Server) record(c Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.forget {
		s.calls = append(s.calls, c)
	}
}

// actions by version and name.
var actions = map[string]map[string]func(*job, time.Time) (any, *cloudapi.Error){
	"2018-03-30": {
		"CreateMigrateCheckJob":   (*job).create,
		"DescribeMigrateCheckJob": (*job).describe2018,
	},
	"2021-12-06": {
		"CreateMigrateCheckJob":     (*job).create,
		"DescribeMigrationCheckJob": (*job).describe2021,
	},
}

// answer carries an authentic call out.
func (s *Server) answer(r *cloudapi.Request) (any, *cloudapi.Error) {
	version, ok := actions[r.Version]
	if !ok {
		return nil, cloudapi.Refuse("NoSuchVersion", "The version %q does not exist.", r.Version)
	}
	do, ok := version[r.Action]
	if !ok {
		return nil, cloudapi.Refuse("InvalidAction", "The action %q does not exist in this version.", r.Action)
	}
	if r.Region == "" {
		return nil, cloudapi.Missing("Region")
	}
	if !slices.Contains(regions, r.Region) {
		return nil, cloudapi.Refuse("UnsupportedRegion", "The region %q is not supported.", r.Region)
	}
	if refusal := r.Only("JobId"); refusal != nil {
		return nil, refusal
	}
	id, ok, refusal := r.String("JobId")
	if refusal != nil {
		return nil, refusal
	}
	if !ok {
		return nil, cloudapi.Missing("JobId")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now() // under the lock, so that the times of calls never decrease
	if refusal := s.spend(r.SecretID+" "+r.Region+" "+r.Action, now); refusal != nil {
		return nil, refusal
	}
	j, ok := s.jobs[id]
	if !ok || j.Region != "" && j.Region != r.Region {
		return nil, cloudapi.Refuse("ResourceNotFound.JobNotExist", "The migration task does not exist.")
	}
	if j.ErrorCode != "" {
		return nil, cloudapi.Refuse(j.ErrorCode, "%s", j.ErrorMessage)
	}
	return do(j, now)
}

// spend takes a call out of its quota: of the calls that were let in, no more
// than the quota lie within any second.
func (s *Server) spend(key string, now time.Time) *cloudapi.Error {
	if s.quota < 0 {
		return nil
	}
	recent := s.sent[key]
	for len(recent) > 0 && now.Sub(recent[0]) >= time.Second {
		recent = recent[1:]
	}
	if len(recent) >= s.quota {
		s.sent[key] = recent
		return cloudapi.Refuse("RequestLimitExceeded", "More than %d calls of the action in a second. Try again later.", s.quota)
	}
	s.sent[key] = append(recent, now)
	return nil
}

// regions are those in which DTS is offered.
var regions = []string{
	"ap-bangkok", "ap-beijing", "ap-chengdu", "ap-chongqing", "ap-guangzhou", "ap-guangzhou-open", "ap-hongkong",
	"ap-jakarta", "ap-mumbai", "ap-nanjing", "ap-seoul", "ap-shanghai", "ap-shanghai-fsi", "ap-shenzhen-fsi",
	"ap-singapore", "ap-tokyo", "eu-frankfurt", "eu-moscow", "na-ashburn", "na-siliconvalley", "na-toronto",
	"sa-saopaulo",
}
