package gateway

import (
	"io"
	"net/http"
	"time"
)

// Limits of requests' bodies.
const (
	// free is how much of a body is read at once, in bytes; what is larger waits
	// for its turn.
	free = 64 << 10

	// large is how many larger ones are held in memory at a time.
	large = 8

	// A body that brings nothing for bodyIdle, or is not there in full within
	// bodyTime, is given up.
	bodyIdle = 10 * time.Second
	bodyTime = time.Minute
)

// Limit bounds the memory that requests' bodies take, however many there are
// and however slowly they come.
func Limit(h http.Handler) http.Handler {
	turns := make(chan struct{}, large)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b := &limitedBody{ReadCloser: r.Body, connection: http.NewResponseController(w), turns: turns}
		r.Body = b
		defer b.done()
		h.ServeHTTP(w, r)
	})
}

// limitedBody is a body that is read under the limits. A large one keeps its
// turn until it is done: until then it is in memory, as body or as event.
type limitedBody struct {
	io.ReadCloser
	connection *http.ResponseController
	turns      chan struct{}

	read  int
	turn  bool
	until time.Time // from the first byte on, or since the turn came
}

func (b *limitedBody) Read(p []byte) (int, error) {
	now := time.Now()
	if b.read >= free && !b.turn {
		b.turns <- struct{}{}
		b.turn = true
		now = time.Now()
		b.until = time.Time{}
	}
	if b.until.IsZero() {
		b.until = now.Add(bodyTime)
	}
	deadline := now.Add(bodyIdle)
	if b.until.Before(deadline) {
		deadline = b.until
	}
	b.connection.SetReadDeadline(deadline) // without a connection, as in tests, there is nothing to set
	n, err := b.ReadCloser.Read(p)
	b.read += n
	if err == io.EOF {
		b.connection.SetReadDeadline(time.Time{}) // when it passed, the connection's context would end
	}
	return n, err
}

func (b *limitedBody) done() {
	if b.turn {
		<-b.turns
	}
}
