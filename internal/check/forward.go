package check

import (
	"encoding/json"
	"iter"
)

// Told is what a destination knows of an event from earlier deliveries.
type Told struct {
	// Same is set if the destination took the same outcomes before: they are not
	// forwarded again.
	Same bool

	// Problem is set if what it took last told of a problem: that it is mended is
	// told as well.
	Problem bool
}

// Forwarded is what became of a result at a destination that it was sent to.
type Forwarded struct {
	// Destination is function, eventBus or webhook.
	Destination string

	// Reason says why the destination did not take all of it; empty if it did.
	Reason string

	// Payloads yields everything that is needed to send again what was not taken;
	// nil if there is nothing.
	Payloads iter.Seq[json.RawMessage]
}
