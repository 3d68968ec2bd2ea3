package fakedts

import (
	"fmt"
	"slices"
	"time"

	"migratecheck/internal/local/cloudapi"
)

// The faults are those of every service, and some of DTS's own.
type (
	Kind  = cloudapi.Kind
	Fault = cloudapi.Fault
)

// The kinds of faults: see cloudapi.
const (
	FaultCode          = cloudapi.FaultCode
	FaultDelay         = cloudapi.FaultDelay
	FaultDrop          = cloudapi.FaultDrop
	FaultSilence       = cloudapi.FaultSilence
	FaultDead          = cloudapi.FaultDead
	FaultHTML          = cloudapi.FaultHTML
	FaultCodeCarried   = cloudapi.FaultCodeCarried
	FaultTruncated     = cloudapi.FaultTruncated
	FaultSilentHalfway = cloudapi.FaultSilentHalfway
	FaultEmpty         = cloudapi.FaultEmpty
	FaultLost          = cloudapi.FaultLost
	FaultLostSilence   = cloudapi.FaultLostSilence
)

// FaultStale applies to creations, selected by Job, Skip and Times: for its delay
// afterwards, readings of the job's check, detail or list entry show the state
// before. Action, if given, restricts this to readings by one action. Other faults
// apply as well.
const FaultStale Kind = "stale"

// FaultPageLimit applies to pages of lists, selected by Action, Skip and Times: one
// with more jobs than the fault's limit is refused as too large.
const FaultPageLimit Kind = "page-limit"

// Kinds are all kinds of faults.
var Kinds = append(slices.Clone(cloudapi.Kinds), FaultStale, FaultPageLimit)

// ParseFault reads a fault from text, for a flag, as cloudapi.ParseFault does:
// "stale,delay=5s".
func ParseFault(text string) (Fault, error) {
	f, err := cloudapi.ParseFault(text, Kinds)
	if err == nil && f.Kind == FaultStale && f.Delay == 0 {
		err = fmt.Errorf("fault %q: delay=… is missing", text)
	}
	if err == nil && f.Kind == FaultPageLimit && f.Limit == 0 {
		err = fmt.Errorf("fault %q: limit=… is missing", text)
	}
	return f, err
}

// Inject adds faults. A call meets the first that applies to it.
func (s *Server) Inject(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		switch f.Kind {
		case FaultStale:
			s.stale = append(s.stale, &counted{Fault: f})
		case FaultPageLimit:
			s.limits = append(s.limits, &counted{Fault: f})
		default:
			s.Server.Inject(f)
		}
	}
}

// counted is a fault with the number of times that it could have been met.
type counted struct {
	Fault
	times int
}

// met counts, and reports whether the fault is met.
func (f *counted) met() bool {
	f.times++
	return f.times > f.Skip && (f.Times == 0 || f.times <= f.Skip+f.Times)
}

// limited returns the refusal of a page of so many jobs, if it is too large.
func (s *Server) limited(r *cloudapi.Request, jobs int) *cloudapi.Error {
	for _, f := range s.limits {
		if f.Limit > 0 && jobs > f.Limit && (f.Action == "" || f.Action == r.Action) && f.met() {
			r.Fault = FaultPageLimit
			return cloudapi.Refuse("ResponseSizeLimitExceeded", "The response is too large.")
		}
	}
	return nil
}

// shadow hides from readings what became of a job.
type shadow struct {
	until  time.Time
	action string // the one that reads what was; every one if empty
}

// shadows returns what a creation at a time brings about by the faults.
func (s *Server) shadows(id string, now time.Time) []shadow {
	var out []shadow
	for _, f := range s.stale {
		if (f.Job == "" || f.Job == id) && f.met() {
			out = append(out, shadow{now.Add(f.Delay), f.Action})
		}
	}
	return out
}
