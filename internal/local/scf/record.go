package scf

import "time"

// Record is one line of the platform's log.
type Record struct {
	Time      time.Time
	Kind      Kind
	RequestID string

	// Text of a Line or a Note, the error of a Report. It may hold anything.
	Text string

	// Of a Report: the status (200, or Failure.StatusCode), what the event took,
	// the most memory that the instance has held, in bytes (0 where this is not
	// known), the function's size in MB, and which instance it was, counted from 1
	// in the order of their starts (0 where none could be started).
	Status   int
	Duration time.Duration
	Memory   int64
	Size     int
	Instance int
}

// Kind is what a record tells.
type Kind string

// The kinds of records.
const (
	Begin  Kind = "START"  // an event begins
	Line   Kind = "LINE"   // the function wrote a line
	End    Kind = "END"    // the event is over
	Report Kind = "REPORT" // what it took
	Note   Kind = "NOTE"   // the platform has something to say
)
