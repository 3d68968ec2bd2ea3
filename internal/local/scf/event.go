package scf

import "time"

// Event is one event for a function.
type Event struct {
	RequestID string
	Payload   []byte

	// Role, if not nil, is the credentials that this invocation brings.
	Role *Credentials
}

// Result is what the platform knows of an invocation that is over, whether it
// succeeded or not.
type Result struct {
	// Answer of the function, if it succeeded.
	Answer []byte

	// Duration of the event's handling, without an instance's start.
	Duration time.Duration

	// Memory is the most that the instance has held, in bytes; 0 where this is
	// not known.
	Memory int64

	// Tail is the last 4 KB of what the function wrote.
	Tail []byte

	// Instance is the number of the instance, as in Record.
	Instance int
}

// The platform's limits, in bytes, for an event, an asynchronous event and an
// answer.
const (
	MaxEvent      = 6 << 20
	MaxAsyncEvent = 128 << 10
	maxAnswer     = 6 << 20
)
