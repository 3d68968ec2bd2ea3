package dts

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tencentyun/scf-go-lib/functioncontext"

	"migratecheck/handler"
	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/local/fakedts"
	"migratecheck/internal/report"
)

var versions = []string{config.Version2018, config.Version2021}

// night is an instance of the function that timers fire, and what it told last.
type night struct {
	*handler.Handler
	told check.Result
}

func newNight(t *testing.T, server *fakedts.Server, version string) *night {
	t.Helper()
	c := settings()
	c.APIVersion = version
	n := &night{}
	n.Handler = handler.New(handler.Options{
		DTS: connect(t, server, c), Log: io.Discard, AllowStart: true, Steps: version == config.Version2021,
		Forward: n,
	})
	return n
}

// Forward takes what is told for the truth that is to be tried.
func (n *night) Forward(_ context.Context, r report.Report, _ map[string]check.Told) []check.Forwarded {
	n.told = r.Result
	return nil
}

// fire fires a timer once and returns the function error.
func (n *night) fire(t *testing.T, at, message string, limit time.Duration) error {
	t.Helper()
	event, err := json.Marshal(map[string]string{"Type": "Timer", "TriggerName": "night", "Time": at, "Message": message})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	ctx = functioncontext.NewContext(ctx, &functioncontext.FunctionContext{RequestID: at})
	answer, err := n.Invoke(ctx, event)
	if ctx.Err() != nil {
		t.Errorf("answered after the deadline")
	}
	if err == nil && len(answer) == 0 {
		t.Error("no answer")
	}
	return err
}

// A timer that selects checks every job of an account that awaits a check,
// night after night, while jobs come and go; and what it tells is true.
func TestNightlySelection(t *testing.T) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(20261125, 1))
				var jobs []fakedts.Job
				for i := range 300 {
					j := fakedts.Job{JobID: fmt.Sprintf("dts-%05d", i), JobName: fmt.Sprintf("shop %d", i), CheckSeconds: 1 + 20*random.Float64(), NotPassed: i%3 == 0}
					if i%4 == 0 {
						j.Before = &fakedts.Verdict{NotPassed: true}
						j.Status = check.JobCheckNotPass
					}
					if i%10 == 9 {
						j.Status = check.JobRunning
					}
					jobs = append(jobs, j)
				}
				server := fakedts.New(fakedts.Options{Jobs: jobs, Faults: []fakedts.Fault{{Kind: fakedts.FaultStale, Delay: 4 * time.Second}}})
				n := newNight(t, server, version)
				for _, at := range []string{"2026-11-01T18:00:00Z", "2026-11-02T18:00:00Z"} {
					waiting := map[string]bool{}
					for _, j := range server.Jobs() {
						waiting[j.JobID] = !j.Removed && (j.Status == check.JobCreated || j.Status == check.JobCheckNotPass)
					}
					stop := make(chan struct{})
					go comeAndGo(server, waiting, stop, random.Uint64())
					err := n.fire(t, at, `{"Select":{},"Wait":true}`, 5*time.Minute)
					close(stop)
					verdicts := 0
					truth := truthOf(server)
					for _, o := range n.told.Jobs {
						delete(waiting, o.JobID)
						if j := truth[o.JobID]; o.Check != nil && o.Check.Passed != nil && !j.Removed {
							verdicts++
							if j.Passed == nil || *j.Passed != *o.Check.Passed {
								t.Errorf("%s: told %v, which is not the verdict", o.JobID, *o.Check.Passed)
							}
						}
						if !strings.HasPrefix(o.JobName, "shop ") {
							t.Errorf("%s has the name %q", o.JobID, o.JobName)
						}
					}
					// What fails is a job that was removed before its check was created.
					for _, o := range n.told.Jobs {
						if o.Error != nil && !truth[o.JobID].Removed {
							t.Errorf("%s: %v of %v", o.JobID, o.Error, err)
						}
					}
					for id, awaited := range waiting {
						if awaited && !truth[id].Removed {
							t.Errorf("%s: %s was not checked", at, id)
						}
					}
					if c := check.Count(n.told.Jobs); verdicts < 60 || c.Passed+c.NotPassed+c.NoVerdict+c.Failed != len(n.told.Jobs) {
						t.Errorf("%d verdicts, counts %+v", verdicts, c)
					}
				}
			})
		})
	}
}

// comeAndGo adds jobs and removes some, ten of each a second.
func comeAndGo(server *fakedts.Server, waiting map[string]bool, stop chan struct{}, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 0))
	var ids []string
	for _, j := range server.Jobs() {
		if !j.Removed {
			ids = append(ids, j.JobID)
		}
	}
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		case <-time.After(100 * time.Millisecond):
		}
		if i >= 100 {
			continue
		}
		server.Add(fakedts.Job{JobID: fmt.Sprintf("dts-new-%d-%d", seed%1000, i), JobName: "shop new", CheckSeconds: 5})
		if random.IntN(2) == 0 {
			server.Remove(ids[random.IntN(len(ids))])
		}
	}
}

func truthOf(server *fakedts.Server) map[string]fakedts.JobState {
	truth := map[string]fakedts.JobState{}
	for _, j := range server.Jobs() {
		truth[j.JobID] = j
	}
	return truth
}

// Seven hundred jobs of each generation that are to be checked and started, and as
// many sync jobs that are to be checked, under mixed faults, with the events delivered again as the platform does: what is told of each is
// what the endpoint did, and exactly what passed is started, once.
func TestPreflightChaos(t *testing.T) {
	for _, version := range append(versions, syncJobs) {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { preflightChaos(t, version, rand.New(rand.NewPCG(20261125, 2))) })
		})
	}
}

func preflightChaos(t *testing.T, version string, random *rand.Rand) {
	const events, size = 7, 100
	var jobs []fakedts.Job
	for i := range events * size {
		j := fakedts.Job{JobID: fmt.Sprintf("dts-%05d", i), CheckSeconds: 1 + 9*random.Float64(), NotPassed: random.IntN(3) == 0, MigrateSeconds: 3600}
		if random.IntN(3) == 0 {
			j.Before = &fakedts.Verdict{NotPassed: !j.NotPassed}
			j.Status = []string{check.JobCheckPass, check.JobCheckNotPass}[random.IntN(2)]
			j.Before.NotPassed = j.Status == check.JobCheckNotPass
		}
		if random.IntN(4) == 0 {
			j.RunMode = "timed"
		}
		if version == syncJobs {
			j.JobID, j.Kind, j.BreaksDown = fmt.Sprintf("sync-%05d", i), "sync", random.IntN(8) == 0
		}
		jobs = append(jobs, j)
	}
	server := fakedts.New(fakedts.Options{Jobs: jobs, Quota: 40})
	n := newNight(t, server, version)
	told := map[string]check.Outcome{}
	for e := range events {
		batch := jobs[e*size : (e+1)*size]
		ids := make([]string, size)
		for i, j := range batch {
			ids[i] = j.JobID
			for range random.IntN(3) {
				server.Inject(preflightFault(random, j.JobID))
			}
		}
		message, _ := json.Marshal(map[string]any{"JobIds": ids, "Wait": true, "Start": version != syncJobs})
		at := time.Date(2026, 11, 1, e, 0, 0, 0, time.UTC).Format(time.RFC3339)
		limit := time.Duration(40+random.IntN(60)) * time.Second // at times too little for all
		for range 3 {                                            // deliveries
			err := n.fire(t, at, string(message), limit)
			if len(n.told.Jobs) != size {
				t.Fatalf("%d outcomes for %d jobs", len(n.told.Jobs), size)
			}
			if err == nil {
				break
			}
			time.Sleep(time.Minute)
		}
		for i, o := range n.told.Jobs {
			if o.JobID != ids[i] {
				t.Fatalf("outcome %d is of %s, want %s", i, o.JobID, ids[i])
			}
			told[o.JobID] = o
		}
		time.Sleep(2 * time.Minute) // the checks end, and answers still under way are given up
	}
	calls := map[string][]fakedts.Call{}
	for _, c := range server.Calls() {
		for _, id := range append(c.JobIDs, c.JobID) {
			calls[id] = append(calls[id], c)
		}
	}
	kinds := map[check.Kind]int{}
	for id, j := range truthOf(server) {
		o := told[id]
		kinds[o.Kind()]++
		holdPreflight(t, o, j, calls[id])
	}
	t.Logf("outcomes: %v", kinds)
	want := []check.Kind{check.KindStarted, check.KindNotPassed, check.KindFailed}
	if version == syncJobs {
		want = []check.Kind{check.KindPassed, check.KindNotPassed, check.KindNoVerdict, check.KindFailed}
	}
	for _, kind := range want {
		if kinds[kind] == 0 {
			t.Errorf("no job was %s: the faults do not try everything", kind)
		}
	}
}

// holdPreflight compares what was said of a job with what the endpoint did.
func holdPreflight(t *testing.T, o check.Outcome, j fakedts.JobState, calls []fakedts.Call) {
	t.Helper()
	complain := func(problem string) {
		t.Helper()
		var list []string
		for _, c := range calls {
			list = append(list, fmt.Sprintf("%s %s %s%v", c.At.Format("04:05.0"), c.Action, c.Code+string(c.Fault), c.CarriedOut))
		}
		outcome, _ := json.Marshal(o)
		t.Errorf("%s\n%s\n%+v\n%s", problem, outcome, j, strings.Join(list, "\n"))
	}
	passed := j.Passed != nil && *j.Passed
	starts, creations, unknown := 0, 0, false
	for _, c := range calls {
		switch c.Action {
		case "StartMigrateJob":
			starts++
		case "CreateMigrateCheckJob", "CreateCheckSyncJob":
			if c.CarriedOut {
				creations++
			}
			unknown = unknown || c.Fault != ""
		}
	}
	switch {
	case starts > 0 && !passed:
		complain("a start was sent for a job that did not pass")
	case j.Starts > 1:
		complain("started twice")
	case creations > 1 && !unknown:
		complain("created twice")
	case (o.Started() || o.AlreadyStarted()) != (j.Starts > 0) && !(o.Error != nil && o.MayBeRunning()):
		complain("what is told of the start is not what happened")
	case o.Check != nil && o.Check.Passed != nil && (j.Passed == nil || *o.Check.Passed != *j.Passed):
		complain("another verdict is told")
	case o.Error == nil && o.RequestID == "":
		complain("accepted without a RequestId")
	case o.Error != nil && !o.CreatedAnyway() && !o.MayBeRunning() && j.Checks > 0 && o.Error.Code != check.CodeDeadline:
		complain("told to be refused, but a check was created")
	}
}

// preflightFault is a fault for a job, met by a few of its calls.
func preflightFault(random *rand.Rand, job string) fakedts.Fault {
	f := fakedts.Fault{
		Kind:    fakedts.Kinds[random.IntN(len(fakedts.Kinds))],
		Job:     job,
		Times:   1 + random.IntN(3),
		Skip:    random.IntN(2),
		Code:    []string{"InternalError.LockError", "InternalError.DatabaseError", "InternalError"}[random.IntN(3)],
		Message: "injected",
	}
	if f.Kind == fakedts.FaultCode {
		f.Code = []string{f.Code, "ServiceUnavailable", "FailedOperation.NotAllowOperation", "AuthFailure.TokenFailure", "RequestLimitExceeded", "AuthFailure.SignatureExpire"}[random.IntN(6)]
	}
	switch random.IntN(4) {
	case 0:
		f.Action = "StartMigrateJob"
	case 1:
		f.Action = "CreateMigrateCheckJob"
		if strings.HasPrefix(job, "sync-") {
			f.Action = "CreateCheckSyncJob"
		}
	}
	if f.Kind == fakedts.FaultDelay || f.Kind == fakedts.FaultStale {
		f.Action = ""
		f.Delay = time.Duration(random.IntN(9000)) * time.Millisecond
	}
	return f
}
