package handler

import (
	"context"
	"time"

	"migratecheck/internal/check"
)

const (
	// settled is how long after a creation DTS may show what an earlier check left
	// behind. That is an assumption: good enough to tell a verdict, not to start.
	settled = time.Minute

	// maxAhead is how far the end of a check may lie after the answer that reports it.
	maxAhead = time.Minute
)

// believe reports whether a check that has ended, as it was read at that time, is the
// one that was created, and not an earlier one, which DTS may show for seconds after a
// creation. If it is not, the move says what follows. It is, if
//
//   - it was seen before without an end, since the creation,
//   - or the job had no check before, or one that said something else, and so did any
//     verdict that was taken back,
//   - or the job's own state, read now, says so: grade.
func (r *run) believe(ctx context.Context, j *job, s check.State, at time.Time) (m move, believed bool) {
	if !j.Created() {
		return onward, true
	}
	if j.Before != nil && differs(*j.Before, s) && (j.Retracted == nil || differs(*j.Retracted, s)) {
		j.Evidence = check.EvidenceProof
	}
	if j.Evidence == check.EvidenceProof {
		return onward, true
	}
	found, seen, failure := r.describeJob(ctx, j)
	if failure == nil && j.ask.Start && found.Started() {
		j.Check = nil
		j.foundStarted()
		return last, false
	}
	if failure == nil {
		j.Evidence = grade(j.Progress, s, j.ask.Strict, found, seen.At)
	}
	if j.Evidence >= check.EvidenceTime {
		return onward, true
	}
	r.record(j, check.State{Status: check.Starting}) // what was read may be an earlier check's
	return r.later(ctx, j, settled-at.Sub(j.Since)), false
}

// grade returns the evidence for a check that has ended, with what the job's own state,
// read at that time, adds to it. It is proved if the state agrees, and the job was seen
// checking since the creation, or dates its check after that; and good enough to tell
// if the creation is so long ago that older states are no longer shown.
//
// A state of the job proves a verdict, but not the steps that were read before it:
// a strict verdict, which depends on them, is proved by the check alone.
func grade(p check.Progress, s check.State, strict bool, found check.Job, at time.Time) check.Evidence {
	dated := found.CheckEnded.After(p.Since) && !found.CheckEnded.After(at.Add(maxAhead))
	switch {
	case found.Status == check.JobChecking:
		return check.EvidenceChecking
	case !agrees(found, s):
	case !strict && (p.Evidence == check.EvidenceChecking || dated):
		return check.EvidenceProof
	case at.Sub(p.Since) > settled:
		return check.EvidenceTime
	}
	return p.Evidence
}

// differs reports whether a check says something else than the one before.
func differs(before check.Verdict, s check.State) bool {
	now := s.Verdict()
	return now != nil && !now.Same(before)
}

// agrees reports whether the job's own state says what its check does.
func agrees(j check.Job, s check.State) bool {
	if s.Passed == nil {
		return false
	}
	if *s.Passed {
		return j.Status == check.JobCheckPass || j.Started()
	}
	// Strictly, a check that passed for DTS may not have passed.
	return j.Status == check.JobCheckNotPass || s.Strictly != nil && (j.Status == check.JobCheckPass || j.Started())
}
