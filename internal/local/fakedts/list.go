package fakedts

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"migratecheck/internal/local/cloudapi"
)

// query is what a list is asked for.
type query struct {
	id            string // of the one job, any if empty
	fits          []func(view) bool
	order         func(a, b view) int // by creation if nil
	descending    bool
	offset, limit uint64
}

// only adds a filter to the query if it is given.
func (q *query) only(given bool, fits func(view) bool) {
	if given {
		q.fits = append(q.fits, fits)
	}
}

// common reads what both generations have in common.
func (q *query) common(f *cloudapi.Fields) {
	q.id = f.String("JobId")
	name := f.String("JobName")
	// Whether DTS wants the whole name is not documented: a part of it will do.
	q.only(name != "", func(v view) bool { return strings.Contains(v.JobName, name) })
	for _, tag := range f.Objects("TagFilters") {
		key, values := tag.Required("TagKey"), tag.Strings("TagValue")
		q.only(true, func(v view) bool {
			value, ok := v.Tags[key]
			return ok && (values == nil || slices.Contains(values, value))
		})
	}
	q.offset, q.limit = f.Uint("Offset", 0), f.Uint("Limit", 20)
	if q.limit < 1 || q.limit > 100 {
		f.Refuse(wrongValue("Limit", "must be from 1 to 100."))
	}
}

// orders are what DescribeMigrateJobs can sort by.
var orders = map[string]func(a, b view) int{
	"":            nil,
	"CreateTime":  nil,
	"JobId":       func(a, b view) int { return cmp.Compare(a.JobID, b.JobID) },
	"JobName":     func(a, b view) int { return cmp.Compare(a.JobName, b.JobName) },
	"Status":      func(a, b view) int { return cmp.Compare(statuses[a.status()].number, statuses[b.status()].number) },
	"RunMode":     func(a, b view) int { return cmp.Compare(a.runMode(), b.runMode()) },
	"MigrateType": func(a, b view) int { return 0 },
}

// list2018 is DescribeMigrateJobs.
func (s *Server) list2018(_ context.Context, r *cloudapi.Request) (any, *cloudapi.Error) {
	f := r.Fields()
	var q query
	q.common(f)
	order := f.String("Order")
	var ok bool
	if q.order, ok = orders[order]; !ok {
		f.Refuse(wrongValue("Order", "must be JobId, Status, JobName, MigrateType, RunMode or CreateTime."))
	}
	q.descending = descending(f, "ASC", "DESC")
	if refusal := f.Done(); refusal != nil {
		return nil, refusal
	}
	return s.list(r, migration, q, view.item2018)
}

// list2021 is DescribeMigrationJobs.
func (s *Server) list2021(_ context.Context, r *cloudapi.Request) (any, *cloudapi.Error) {
	f := r.Fields()
	var q query
	q.common(f)
	for _, filter := range []struct {
		name string
		of   func(view) string
	}{
		{"SrcInstanceId", func(v view) string { return v.srcInstance() }},
		{"SrcRegion", func(v view) string { return v.region() }},
		{"DstInstanceId", func(v view) string { return v.dstInstance() }},
		{"DstRegion", func(v view) string { return v.region() }},
		{"RunMode", func(v view) string { return v.runMode() }},
	} {
		value := f.String(filter.name)
		q.only(value != "", func(v view) bool { return filter.of(v) == value })
	}
	for _, filter := range []struct {
		name string
		of   func(view) string
	}{
		{"Status", view.status},
		{"SrcDatabaseType", func(v view) string { return v.srcType() }},
		{"SrcAccessType", func(view) string { return accessType }},
		{"DstDatabaseType", func(v view) string { return v.dstType() }},
		{"DstAccessType", func(view) string { return accessType }},
	} {
		values := f.Strings(filter.name)
		q.only(values != nil, func(v view) bool { return slices.Contains(values, filter.of(v)) })
	}
	for _, word := range f.Strings("Status") {
		if !statuses[word].filter {
			f.Refuse(wrongValue("Status", "has no value %q.", word))
		}
	}
	q.descending = descending(f, "asc", "desc")
	if refusal := f.Done(); refusal != nil {
		return nil, refusal
	}
	return s.list(r, migration, q, view.listed2021)
}

// descending reads OrderSeq: newest first unless it says otherwise.
func descending(f *cloudapi.Fields, up, down string) bool {
	seq := f.String("OrderSeq")
	if seq != "" && seq != up && seq != down {
		f.Refuse(wrongValue("OrderSeq", "must be %s or %s.", up, down))
	}
	return seq != up
}

// list returns a page of the jobs of a kind that fit.
func (s *Server) list(r *cloudapi.Request, kind string, q query, item func(view) map[string]any) (any, *cloudapi.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	among := s.inOrder
	if q.id != "" {
		among = nil
		if j, ok := s.jobs[q.id]; ok {
			among = []*job{j}
		}
	}
	var found []view
	for _, j := range among {
		if j.removed || !j.in(r.Region) || j.kind() != kind {
			continue
		}
		v := j.seenBy(r, now)
		if !slices.ContainsFunc(q.fits, func(fits func(view) bool) bool { return !fits(v) }) {
			found = append(found, v)
		}
	}
	slices.SortFunc(found, func(a, b view) int {
		order := cmp.Or(a.created.Compare(b.created), cmp.Compare(a.number, b.number))
		if q.order != nil {
			order = cmp.Or(q.order(a, b), order)
		}
		if q.descending {
			order = -order
		}
		return order
	})
	var page []map[string]any // null if empty, as the API has it
	for i := q.offset; i < uint64(len(found)) && i-q.offset < q.limit; i++ {
		page = append(page, item(found[i]))
		if found[i].stale {
			r.Fault = FaultStale
		}
	}
	if refusal := s.limited(r, len(page)); refusal != nil {
		return nil, refusal
	}
	return map[string]any{"TotalCount": len(found), "JobList": page}, nil
}

// in reports whether the job exists in a region.
func (j *job) in(region string) bool { return j.Region == "" || j.Region == region }

// JobState is where a job stands, for tests to compare with what was said of it.
type JobState struct {
	JobID string

	// Status in the words of 2021-12-06.
	Status string

	// Checks is how many checks were created, Starts how many times the migration
	// was started, by calls.
	Checks, Starts int

	// Passed is the verdict of the latest check that was created by a call, nil
	// before it has ended, and if it broke down.
	Passed *bool

	// Removed is set if the job does not exist any more; Status and Passed are what
	// they would be.
	Removed bool
}

// Jobs returns the jobs in the order of their creation, removed ones included.
func (s *Server) Jobs() []JobState {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	out := make([]JobState, len(s.inOrder))
	for i, j := range s.inOrder {
		v := j.at(now)
		out[i] = JobState{JobID: j.JobID, Status: v.status(), Checks: j.checks, Starts: j.starts, Removed: j.removed}
		if phase, _ := v.progress(); phase == finished && j.checks > 0 && !v.state.check.broken {
			out[i].Passed = new(!v.state.check.NotPassed)
		}
	}
	return out
}

// Add adds jobs, which are created now. One of a JobId that exists takes the
// other's place.
func (s *Server) Add(jobs ...Job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for _, j := range jobs {
		s.add(j, now, now)
	}
}

// Remove removes jobs, as if they were deleted.
func (s *Server) Remove(ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if j, ok := s.jobs[id]; ok {
			j.removed = true
			delete(s.jobs, id)
		}
	}
}

func (s *Server) add(j Job, added, created time.Time) {
	if other, ok := s.jobs[j.JobID]; ok {
		other.removed = true
	}
	record := newJob(j, len(s.inOrder), added, created)
	s.inOrder = append(s.inOrder, record)
	s.jobs[j.JobID] = record
}
