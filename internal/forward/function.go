package forward

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"

	"migratecheck/internal/report"
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
func (f *Forwarder) function(r report.Report) destination {
	to := f.config.Function
	return answers(Function, r.Result, maxEvent, 0, func(ctx context.Context, payload json.RawMessage) error {
		if to.Is(cmp.Or(r.Namespace, "default"), r.Function) {
			return errors.New("the function would forward to itself without end")
		}
		_, err := f.api.Do(ctx, invoke, invokeRequest{to.Name, to.Namespace, to.Qualifier, "Event", string(payload)}, nil)
		return err
	})
}
