package fakedts

import (
	"fmt"
	"slices"
	"time"

	"migratecheck/internal/local/cloudapi"
)

// The faults are those of every service, and one of DTS's own.
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

// Kinds are all kinds of faults.
var Kinds = append(slices.Clone(cloudapi.Kinds), FaultStale)

// ParseFault reads a fault from text, for a flag, as cloudapi.ParseFault does:
// "stale,delay=5s".
func ParseFault(text string) (Fault, error) {
	f, err := cloudapi.ParseFault(text, Kinds)
	if err == nil && f.Kind == FaultStale && f.Delay == 0 {
		err = fmt.Errorf("fault %q: delay=… is missing", text)
	}
	return f, err
}

// Inject adds faults. A call meets the first that applies to it.
func (s *Server) Inject(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		if f.Kind == FaultStale {
			s.stale = append(s.stale, &stale{Fault: f})
		} else {
			s.Server.Inject(f)
		}
	}
}

// stale is a FaultStale with the number of creations that it applied to.
type stale struct {
	Fault
	creations int
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
		if f.Job != "" && f.Job != id {
			continue
		}
		f.creations++
		if f.creations > f.Skip && (f.Times == 0 || f.creations <= f.Skip+f.Times) {
			out = append(out, shadow{now.Add(f.Delay), f.Action})
		}
	}
	return out
}
