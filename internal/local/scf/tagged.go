package scf

import (
	"bytes"
	"sync"
	"time"
)

// maxTail is how much of the log the Invoke API gives back, in bytes.
const maxTail = 4 << 10

// tagged takes what an instance writes as lines of the request that it handles.
type tagged struct {
	log func(Record)

	mu        sync.Mutex
	requestID string
	tail      []byte
}

func (t *tagged) begin(requestID string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requestID, t.tail = requestID, nil
}

// end returns the last of what was written for the request.
func (t *tagged) end() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.tail
}

// Write takes one line, as output hands it on.
func (t *tagged) Write(line []byte) (int, error) {
	t.mu.Lock()
	t.tail = append(t.tail, line...)
	t.tail = bytes.Clone(t.tail[max(0, len(t.tail)-maxTail):])
	requestID := t.requestID
	t.mu.Unlock()
	t.log(Record{Time: time.Now(), Kind: Line, RequestID: requestID, Text: string(bytes.TrimRight(line, "\r\n"))})
	return len(line), nil
}
