package forward

import (
	"context"
	"encoding/json"
	"errors"
	"math"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/tcapi"
)

// invoke calls a function. An asynchronous call of unknown fate is repeated:
// the event may come twice, as events of other sources do, rather than not at all.
var invoke = tcapi.Action{Service: "scf", Version: "2018-04-16", Name: "Invoke", Quota: 100, Changes: true}

// maxEvent is the most that SCF takes as the event of an asynchronous call, in bytes.
const maxEvent = 128 << 10

type invokeRequest struct {
	FunctionName   string
	Namespace      string
	Qualifier      string `json:",omitempty"`
	InvocationType string
	ClientContext  string
}

// function is the destination of RESULT_FUNCTION.
func (s *Sender) function(self config.Function) destination {
	to := s.config.Function
	namespace := self.Namespace
	if namespace == "" {
		namespace = "default"
	}
	return destination{
		name:   Function,
		split:  func(r check.Result) []check.Result { return split(r, maxEvent) },
		encode: func(part check.Result) json.RawMessage { return part.Encode(maxEvent, nil) },
		send: func(ctx context.Context, payload json.RawMessage) error {
			if to.Is(namespace, self.Name) {
				return errors.New("the function would hand on to itself without end")
			}
			_, err := s.api.Do(ctx, invoke, invokeRequest{to.Name, to.Namespace, to.Qualifier, "Event", string(payload)}, nil)
			return err
		},
	}
}

// framing is more than what the answer of a batch has beside its jobs.
const framing = 256

// split returns the result whole if its answer has at most limit bytes, else in
// several, each a batch of as many jobs as fit.
func split(r check.Result, limit int) []check.Result {
	sizes := make([]int, len(r.Jobs))
	total := 0
	for i, o := range r.Jobs {
		sizes[i] = len(check.Marshal(o.Shorten(0))) + len(",")
		total += sizes[i]
	}
	if total <= limit && len(encode(r)) <= limit {
		return []check.Result{r}
	}
	var parts []check.Result
	from, size := 0, framing
	for i := range r.Jobs {
		if i > from && size+sizes[i] > limit {
			parts = append(parts, piece(r, from, i))
			from, size = i, framing
		}
		size += sizes[i]
	}
	return append(parts, piece(r, from, len(r.Jobs)))
}

// piece returns a result with some of its jobs.
func piece(r check.Result, from, to int) check.Result {
	r.Jobs = r.Jobs[from:to]
	return r
}

// encode returns the answer, however long it is.
func encode(r check.Result) []byte {
	return r.Encode(math.MaxInt32, nil)
}
