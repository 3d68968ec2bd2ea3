// Package fakedts is a DTS endpoint for tests and for local use: both
// generations of the actions that check, list and start migration jobs, those that
// check and list sync jobs, authentication, the quota, jobs that are data and faults on demand. A Server is
// an http.Handler, usable without a listener; Listen serves it over HTTP or TLS.
package fakedts

import (
	"context"
	"sync"
	"time"

	"migratecheck/internal/local/cloudapi"
)

// ExampleKey is the key pair that the endpoint knows unless told otherwise.
var ExampleKey = cloudapi.ExampleKey

// Call is a call that the endpoint received, Listener what serves it.
type (
	Call     = cloudapi.Call
	Listener = cloudapi.Listener
)

// Options say what the endpoint is like. The zero value is an endpoint with
// the default jobs, the example key and DTS's quota.
type Options struct {
	// Jobs that exist, in the order of their creation; a dozen that show every
	// case if nil.
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
	*cloudapi.Server
	now func() time.Time

	mu      sync.Mutex
	jobs    map[string]*job // that exist
	inOrder []*job          // of creation, removed ones included
	stale   []*counted
	limits  []*counted
}

// New returns an endpoint.
func New(o Options) *Server {
	if o.Jobs == nil {
		o.Jobs = DefaultJobs()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{now: o.Now, jobs: make(map[string]*job, len(o.Jobs))}
	s.Server = cloudapi.New(cloudapi.Options{
		Service: "dts",
		Actions: s.actions(),
		Regions: regions,
		Keys:    o.Keys,
		Quota:   o.Quota,
		Now:     o.Now,
		Forget:  o.Forget,
	})
	now := s.now()
	for i, j := range o.Jobs {
		s.add(j, now, now.Add(-24*time.Hour-time.Duration(len(o.Jobs)-i)*time.Second))
	}
	s.Inject(o.Faults...)
	return s
}

// The generations of the API.
const (
	v2018 = "2018-03-30"
	v2021 = "2021-12-06"
)

// quota is DTS's own, of every action.
const quota = 20

// actions is the table of what the endpoint does.
func (s *Server) actions() []cloudapi.Action {
	return []cloudapi.Action{
		{Version: v2018, Name: "CreateMigrateCheckJob", Quota: quota, Do: s.change(migration, (*Server).create)},
		{Version: v2018, Name: "DescribeMigrateCheckJob", Quota: quota, Do: s.read(migration, view.check2018)},
		{Version: v2018, Name: "DescribeMigrateJobs", Quota: quota, Do: s.list2018},
		{Version: v2018, Name: "StartMigrateJob", Quota: quota, Do: s.change(migration, (*Server).start)},
		{Version: v2021, Name: "CreateMigrateCheckJob", Quota: quota, Do: s.change(migration, (*Server).create)},
		{Version: v2021, Name: "DescribeMigrationCheckJob", Quota: quota, Do: s.read(migration, view.check2021)},
		{Version: v2021, Name: "DescribeMigrationDetail", Quota: quota, Do: s.read(migration, view.detail2021)},
		{Version: v2021, Name: "DescribeMigrationJobs", Quota: quota, Do: s.list2021},
		{Version: v2021, Name: "StartMigrateJob", Quota: quota, Do: s.change(migration, (*Server).start)},
		{Version: v2021, Name: "CreateCheckSyncJob", Quota: quota, Do: s.change(syncJob, (*Server).createSync)},
		{Version: v2021, Name: "DescribeCheckSyncJobResult", Quota: quota, Do: s.read(syncJob, view.checkSync)},
		{Version: v2021, Name: "DescribeSyncJobs", Quota: quota, Do: s.listSync},
	}
}

// action carries a call out.
type action = func(context.Context, *cloudapi.Request) (any, *cloudapi.Error)

// change returns the action that changes a job of a kind.
func (s *Server) change(kind string, do func(*Server, *job, time.Time) *cloudapi.Error) action {
	return func(_ context.Context, r *cloudapi.Request) (any, *cloudapi.Error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		j, refusal := s.find(kind, r)
		if refusal != nil {
			return nil, refusal
		}
		return nil, do(s, j, s.now())
	}
}

// read returns the action that reads a job of a kind.
func (s *Server) read(kind string, answer func(view) map[string]any) action {
	return func(_ context.Context, r *cloudapi.Request) (any, *cloudapi.Error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		j, refusal := s.find(kind, r)
		if refusal != nil {
			return nil, refusal
		}
		v := j.seenBy(r, s.now())
		if v.stale {
			r.Fault = FaultStale
		}
		return answer(v), nil
	}
}

// find returns the one job of a kind that a call is about.
func (s *Server) find(kind string, r *cloudapi.Request) (*job, *cloudapi.Error) {
	f := r.Fields()
	id := f.Required("JobId")
	if refusal := f.Done(); refusal != nil {
		return nil, refusal
	}
	j, ok := s.jobs[id]
	if !ok || !j.in(r.Region) || j.kind() != kind {
		return nil, notExist[kind]
	}
	if j.ErrorCode != "" {
		return nil, cloudapi.Refuse(j.ErrorCode, "%s", j.ErrorMessage)
	}
	return j, nil
}

// regions are those in which DTS is offered.
var regions = []string{
	"ap-bangkok", "ap-beijing", "ap-chengdu", "ap-chongqing", "ap-guangzhou", "ap-guangzhou-open", "ap-hongkong",
	"ap-jakarta", "ap-mumbai", "ap-nanjing", "ap-seoul", "ap-shanghai", "ap-shanghai-fsi", "ap-shenzhen-fsi",
	"ap-singapore", "ap-tokyo", "eu-frankfurt", "eu-moscow", "na-ashburn", "na-siliconvalley", "na-toronto",
	"sa-saopaulo",
}
