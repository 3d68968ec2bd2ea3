package fakedts

import (
	"time"

	"migratecheck/internal/local/cloudapi"
)

// job is a job that the endpoint knows. Its state is what calls have made of it.
type job struct {
	Job
	number  int // in the order of creation
	created time.Time
	state   state

	before  state // before the latest check was created
	shadows []shadow

	checks, starts int
	removed        bool
}

// state is what calls change of a job.
type state struct {
	status  string    // that the job began with; empty once the check decides
	check   *check    // the latest; nil without one
	started time.Time // when the migration was started, zero before
}

// check is a check that was created.
type check struct {
	Verdict
	broken      bool // it ends without the verdict
	began, ends time.Time
}

// newJob returns the n-th of the jobs that were added at a time.
func newJob(j Job, number int, added, created time.Time) *job {
	out := &job{Job: j, number: number, created: created, state: state{status: j.status()}}
	if at, err := time.ParseInLocation(time.DateTime, j.CreateTime, beijing); err == nil {
		out.created = at
	}
	switch s := out.state.status; {
	case s == checking:
		out.state.status = ""
		out.begin(added)
	case j.Before != nil || s == checkNotPass || statuses[s].checked:
		out.state.check = &check{Verdict: j.before(), began: added.Add(-time.Hour), ends: added.Add(-time.Hour + 30*time.Second)}
	}
	return out
}

// begin begins a check.
func (j *job) begin(now time.Time) {
	takes := seconds(j.CheckSeconds, time.Second)
	j.state = state{check: &check{Verdict: Verdict{j.NotPassed, j.Message, j.Steps}, broken: j.BreaksDown, began: now, ends: now.Add(takes)}}
}

// seconds returns a time of a jobs file, or what it is unless given.
func seconds(n float64, unless time.Duration) time.Duration {
	if n == 0 {
		return unless
	}
	return max(1, time.Duration(n*float64(time.Second)))
}

// create is CreateMigrateCheckJob.
func (s *Server) create(j *job, now time.Time) *cloudapi.Error {
	switch status := j.at(now).status(); {
	case status == checking:
		return errCheckRuns
	case status != created && status != checkPass && status != checkNotPass:
		return noCheck(status)
	case j.Unconfigured:
		return errNoConfig
	}
	j.before = j.state
	j.shadows = s.shadows(j.JobID, now)
	j.begin(now)
	j.checks++
	return nil
}

// createSync is CreateCheckSyncJob, which has one code for every refusal of its own.
func (s *Server) createSync(j *job, now time.Time) *cloudapi.Error {
	if refusal := s.create(j, now); refusal != nil {
		return cloudapi.Refuse("UnsupportedOperation.UnsupportedOperationError", "%s", refusal.Message)
	}
	return nil
}

// start is StartMigrateJob.
func (s *Server) start(j *job, now time.Time) *cloudapi.Error {
	switch j.at(now).status() {
	case checkPass:
	case created, checkNotPass:
		return errNotPassed
	case readyRun, running:
		return errStarted
	default:
		return errConflict
	}
	j.state.started = now
	j.starts++
	return nil
}

// view is a job as it is shown at a time.
type view struct {
	*job
	state state
	now   time.Time
	stale bool // it is what was before the latest check was created

	language string // of texts
}

// at returns the job as it is.
func (j *job) at(now time.Time) view { return view{job: j, state: j.state, now: now} }

// seenBy returns the job as it is shown to a call.
func (j *job) seenBy(r *cloudapi.Request, now time.Time) view {
	v := j.at(now)
	v.language = r.Language
	for _, s := range j.shadows {
		if now.Before(s.until) && (s.action == "" || s.action == r.Action) {
			v.state, v.stale = j.before, true
		}
	}
	return v
}

// status returns the job's status, in the words of 2021-12-06.
func (v view) status() string {
	switch phase, _ := v.progress(); {
	case !v.state.started.IsZero():
		life := []string{readyRun, running, readyComplete, success}
		if v.RunMode != timed {
			life = life[1:]
		}
		passed := v.now.Sub(v.state.started) / seconds(v.MigrateSeconds, time.Minute)
		return life[min(int(passed), len(life)-1)]
	case v.state.status != "":
		return v.state.status
	case phase != finished:
		return checking
	case v.state.check.broken:
		return created
	case v.state.check.NotPassed:
		return checkNotPass
	}
	return checkPass
}

// updated returns when the job last changed.
func (v view) updated() time.Time {
	last := v.created
	consider := func(t time.Time) {
		if t.After(last) && !t.After(v.now) {
			last = t
		}
	}
	if c := v.state.check; c != nil {
		consider(c.began)
		consider(c.ends)
	}
	consider(v.state.started)
	return last
}

// phase is how far a check is, whichever generation describes it.
type phase int

const (
	none phase = iota
	starting
	underway
	finished
)

// progress returns how far the job's latest check is, also in percent.
// The first tenth of a check is its start.
func (v view) progress() (phase, int) {
	c := v.state.check
	if c == nil {
		return none, 0
	}
	takes, gone := c.ends.Sub(c.began), v.now.Sub(c.began)
	switch {
	case gone >= takes:
		return finished, 100
	case gone < takes/10:
		return starting, 0
	}
	return underway, min(99, int(100*gone/takes))
}
