package dts

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"migratecheck/handler"
	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/local/fakedts"
)

// The outcome of a job as a caller reads it.
type told struct {
	JobID          string `json:"JobId"`
	RequestID      string `json:"RequestId"`
	AlreadyRunning bool
	MayBeRunning   bool
	Error          *struct{ Code, Message string }
}

// Six thousand jobs, a quarter of them sync jobs, under mixed faults: every job gets exactly one outcome, it
// is true of what the endpoint really did, and every answer is there before
// its deadline.
func TestChaos(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { chaos(t, rand.New(rand.NewPCG(20261123, 0))) })
}

func chaos(t *testing.T, random *rand.Rand) {
	const events, size = 12, 500
	all := jobs(events * size)
	for i := range all {
		if i%4 == 0 {
			all[i].JobID, all[i].Kind = fmt.Sprintf("sync-%05d", i), "sync"
		}
	}
	server := fakedts.New(fakedts.Options{Jobs: all})
	client := connect(t, server, settings())
	h := handler.New(handler.Options{DTS: client, Log: io.Discard})

	outcomes := map[string]int{}
	for e := range events {
		batch := all[e*size : (e+1)*size]
		for _, j := range batch {
			if random.IntN(3) == 0 {
				server.Inject(randomFault(random, j.JobID))
			}
		}
		began := len(server.Calls())
		limit := time.Duration(20+random.IntN(30)) * time.Second // at times too little for all
		answers := invoke(t, h, batch, limit)
		calls := map[string][]fakedts.Call{}
		for _, c := range server.Calls()[began:] {
			for _, id := range append(c.JobIDs, c.JobID) {
				calls[id] = append(calls[id], c)
			}
		}
		if len(answers) != size {
			t.Fatalf("%d outcomes for %d jobs", len(answers), size)
		}
		for i, a := range answers {
			if a.JobID != batch[i].JobID {
				t.Fatalf("outcome %d is of %s, want %s", i, a.JobID, batch[i].JobID)
			}
			outcomes[holdAgainst(t, a, calls[a.JobID])]++
		}
		time.Sleep(time.Minute) // the checks end, and answers still under way are given up
	}
	t.Logf("outcomes: %v", outcomes)
	for _, kind := range []string{"accepted", "found running", "found running by its status", "refused", "not known", "not reached"} {
		if outcomes[kind] == 0 {
			t.Errorf("no job was %s: the faults do not try everything", kind)
		}
	}
}

// randomFault is a fault for a job, met by its first calls or by all.
func randomFault(random *rand.Rand, job string) fakedts.Fault {
	f := fakedts.Fault{
		Kind:  fakedts.Kinds[random.IntN(len(fakedts.Kinds))],
		Job:   job,
		Times: random.IntN(4),
		Skip:  random.IntN(2),
		Code: []string{"InternalError.LockError", "InternalError.DatabaseError", "ServiceUnavailable",
			"FailedOperation.NotAllowOperation", "AuthFailure.TokenFailure", "RequestLimitExceeded"}[random.IntN(6)],
		Message: "injected",
	}
	if f.Kind == fakedts.FaultCodeCarried { // of other codes DTS says the truth
		f.Code = []string{"InternalError.LockError", "InternalError.DatabaseError", "InternalError"}[random.IntN(3)]
	}
	if f.Kind == fakedts.FaultDelay {
		f.Delay = time.Duration(random.IntN(15000)) * time.Millisecond
	}
	return f
}

// invoke sends the jobs as one Function URL event and returns the outcomes.
func invoke(t *testing.T, h *handler.Handler, batch []fakedts.Job, limit time.Duration) []told {
	ids := make([]string, len(batch))
	for i, j := range batch {
		ids[i] = j.JobID
	}
	body, _ := json.Marshal(map[string]any{"JobIds": ids})
	event, _ := json.Marshal(map[string]any{"httpMethod": "POST", "path": "/", "body": string(body)})
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	response, err := h.Invoke(ctx, event)
	if err != nil {
		t.Fatalf("function error over HTTP: %v", err)
	}
	if ctx.Err() != nil {
		t.Errorf("answered after the deadline")
	}
	var integration struct{ Body string }
	var answer struct{ Jobs []told }
	if err := json.Unmarshal(response, &integration); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(integration.Body), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Jobs
}

// holdAgainst checks an outcome against the calls that the endpoint received
// for the job, and names its kind.
func holdAgainst(t *testing.T, a told, calls []fakedts.Call) string {
	t.Helper()
	var answer *fakedts.Call // the one whose RequestId was told
	carriedOut := false
	for _, c := range calls {
		carriedOut = carriedOut || c.CarriedOut && strings.HasPrefix(c.Action, "Create")
		if a.RequestID != "" && c.RequestID == a.RequestID {
			answer = &c
		}
	}
	switch {
	case a.Error == nil && !a.AlreadyRunning:
		if answer == nil || !answer.CarriedOut || !strings.HasPrefix(answer.Action, "Create") {
			t.Errorf("%+v: accepted, but not by %+v", a, calls)
		}
		return "accepted"
	case a.Error == nil:
		// Of a sync job it is the job that says so.
		says := answer != nil && (answer.Code == "InternalError.DuplicateJob" || answer.Action == "DescribeSyncJobs")
		if !carriedOut || !says {
			t.Errorf("%+v: found running, but %+v", a, calls)
		}
		if answer != nil && answer.Action == "DescribeSyncJobs" {
			return "found running by its status"
		}
		return "found running"
	case a.Error.Code == check.CodeDeadline:
		if len(calls) > 0 {
			t.Errorf("%+v: not reached, but %+v", a, calls)
		}
		return "not reached"
	case a.MayBeRunning:
		unknown := false
		for _, c := range calls {
			unknown = unknown || c.RequestID != a.RequestID || strings.HasPrefix(c.Code, "InternalError")
		}
		if !unknown {
			t.Errorf("%+v: not known, but every call was answered: %+v", a, calls)
		}
		return "not known"
	}
	if carriedOut || answer == nil || answer.Code != a.Error.Code {
		t.Errorf("%+v: refused, but %+v", a, calls)
	}
	return "refused"
}

// A job that nobody answers for never holds the answer past the deadline,
// whichever way the invocation is cut.
func TestSilentEndpointNeverHoldsTheAnswer(t *testing.T) {
	for _, version := range []string{config.Version2018, config.Version2021} {
		for _, limit := range []time.Duration{time.Second, 3 * time.Second, time.Minute, 900 * time.Second} {
			t.Run(version+" "+limit.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					all := jobs(50)
					server := fakedts.New(fakedts.Options{Jobs: all, Faults: []fakedts.Fault{{Kind: fakedts.FaultSilence}}})
					c := settings()
					c.APIVersion = version
					h := handler.New(handler.Options{DTS: connect(t, server, c), Log: io.Discard})
					for _, a := range invoke(t, h, all, limit) {
						if a.Error == nil {
							t.Errorf("%+v", a)
						}
					}
				})
			})
		}
	}
}

// Hundreds of jobs that wait are all read in time: reading goes on beside the
// creation of the others, within a quota of its own.
func TestWaitForHundreds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := jobs(300) // 15.5 s to create, as much again to read
		server := fakedts.New(fakedts.Options{Jobs: all})
		h := handler.New(handler.Options{DTS: connect(t, server, settings()), Log: io.Discard})
		ids := make([]string, len(all))
		for i, j := range all {
			ids[i] = j.JobID
		}
		event, _ := json.Marshal(map[string]any{"JobIds": ids, "Wait": true})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		answer, err := h.Invoke(ctx, event)
		if err != nil || ctx.Err() != nil {
			t.Fatalf("%.200v, %v", err, ctx.Err())
		}
		var got struct {
			Jobs []struct{ Check *check.State }
		}
		if err := json.Unmarshal(answer, &got); err != nil || len(got.Jobs) != len(all) {
			t.Fatalf("%d answers, %v", len(got.Jobs), err)
		}
		for i, j := range got.Jobs {
			if j.Check == nil {
				t.Errorf("%s was not read", ids[i])
			}
		}
		if slices.ContainsFunc(server.Calls(), func(c fakedts.Call) bool { return c.Code == "RequestLimitExceeded" }) {
			t.Error("refusals for rate")
		}
	})
}
