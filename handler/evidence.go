package handler

import (
	"context"
	"slices"
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

// believe reports whether a check that has ended is the one that was created, and
// not an earlier one, which DTS may show for seconds after a creation. It is, if
//
//   - it was seen before without an end, since the creation,
//   - or the job had no check before, or one that said something else,
//   - or the job's own state, read now, agrees, and the job was seen checking since,
//     or its check is dated after the creation, or the creation is so long ago that
//     older states are no longer shown.
//
// A state of the job proves a verdict, but not the steps that were read before it:
// a strict verdict, which depends on them, is proved by the check alone.
func (r *run) believe(ctx context.Context, j *job, s check.State) bool {
	if !j.Created() || j.Evidence == check.EvidenceProof {
		return true
	}
	if j.Before != nil && differs(*j.Before, s) {
		j.Evidence = check.EvidenceProof
		return true
	}
	found, receipt, failure := r.describeJob(ctx, j)
	switch {
	case failure != nil:
		return false
	case j.ask.Start && found.Started():
		j.Check = nil
		j.foundStarted()
		return false
	case found.Status == check.JobChecking:
		j.Evidence = check.EvidenceChecking
		return false
	case !agrees(found, s):
		return false
	case j.ask.Strict:
	case j.Evidence == check.EvidenceChecking,
		found.CheckEnded.After(j.Since) && !found.CheckEnded.After(receipt.At.Add(maxAhead)):
		j.Evidence = check.EvidenceProof
		return true
	}
	if receipt.At.Sub(j.Since) > settled {
		j.Evidence = check.EvidenceTime
		return true
	}
	return false
}

// differs reports whether a check says something else than the one before.
func differs(before check.Verdict, s check.State) bool {
	now := s.Verdict()
	return now != nil && (now.Passed != before.Passed || !slices.Equal(now.Failed, before.Failed) || !slices.Equal(now.Warned, before.Warned))
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
