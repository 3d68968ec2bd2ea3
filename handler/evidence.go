package handler

import (
	"time"

	"migratecheck/internal/check"
)

// evidence is what tells a check's own verdict from the one that an earlier
// check left behind, which DTS may show for seconds after a creation.
type evidence struct {
	created    bool      // the check was created, or found running, by this event
	since      time.Time // when DTS said so
	unanswered bool      // a creation may have been carried out

	seen     bool  // what DTS shows is this check: seen without an end since, with another verdict than at first, or proved by the job
	first    *bool // the verdict that was shown at first
	checking bool  // the job was seen checking since
}

// proves records a reading of the check and reports whether it must be of the
// check that was created.
func (e *evidence) proves(s check.State) bool {
	switch {
	case !e.created || e.seen:
		return true
	case s.Status == check.Unavailable || s.Status == check.Starting || s.Status == check.Running:
		e.seen = true
	case !s.Ended(): // an unknown word says nothing
	case e.first == nil:
		e.first = s.Passed
	case s.Passed != nil && *s.Passed != *e.first:
		e.seen = true
	}
	return e.seen
}

// maxAhead is how far the end of a check may lie after the answer that reports it.
const maxAhead = time.Minute

// provesWith also takes a reading of the job, made after that of the check and
// answered at the given time. It reports whether both agree on a verdict that
// cannot be older than the creation: the job was seen checking since and is no
// longer, or the check ended after the creation.
func (e *evidence) provesWith(j check.Job, at time.Time, s check.State) bool {
	if j.Status == check.JobChecking {
		e.checking = true
		return false
	}
	agree := s.Passed != nil && (*s.Passed && j.Status == check.JobCheckPass || !*s.Passed && j.Status == check.JobCheckNotPass)
	dated := j.CheckEnded.After(e.since) && !j.CheckEnded.After(at.Add(maxAhead))
	e.seen = agree && (e.checking || dated)
	return e.seen
}
