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

func newNight(t *testing.T, server *fakedts.Server, version string, tag check.Tag) *night {
	t.Helper()
	c := settings()
	c.APIVersion, c.StartTag = version, tag
	n := &night{}
	n.Handler = handler.New(handler.Options{
		DTS: connect(t, server, c), Log: io.Discard, AllowStart: true, StartTag: tag, Steps: version == config.Version2021,
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

// A timer that selects checks every job of an account that awaits a check, of both kinds,
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
					if i%7 == 5 {
						j.JobID, j.Kind = fmt.Sprintf("sync-%05d", i), "sync"
					}
					jobs = append(jobs, j)
				}
				server := fakedts.New(fakedts.Options{Jobs: jobs, Faults: []fakedts.Fault{{Kind: fakedts.FaultStale, Delay: 4 * time.Second}}})
				n := newNight(t, server, version, check.Tag{})
				for _, at := range []string{"2026-11-01T18:00:00Z", "2026-11-02T18:00:00Z"} {
					waiting := map[string]bool{}
					for _, j := range server.Jobs() {
						waiting[j.JobID] = !j.Removed && (j.Status == check.JobCreated || j.Status == check.JobCheckNotPass)
					}
					stop := make(chan struct{})
					go comeAndGo(server, waiting, stop, random.Uint64())
					err := n.fire(t, at, `{"Select":{"Kind":["migration","sync"]},"Wait":true}`, 5*time.Minute)
					close(stop)
					verdicts, syncs := 0, 0
					truth := truthOf(server)
					for _, o := range n.told.Jobs {
						delete(waiting, o.JobID)
						if j := truth[o.JobID]; o.Check != nil && o.Check.Passed != nil && !j.Removed {
							verdicts++
							if check.KindOf(o.JobID) == check.Sync {
								syncs++
							}
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
					if c := check.Count(n.told.Jobs); verdicts < 60 || syncs < 15 || c.Passed+c.NotPassed+c.NoVerdict+c.Failed != len(n.told.Jobs) {
						t.Errorf("%d verdicts, %d of sync jobs, counts %+v", verdicts, syncs, c)
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
		kind := []string{"migration", "sync"}[i%2]
		id := map[string]string{"migration": "dts", "sync": "sync"}[kind]
		server.Add(fakedts.Job{JobID: fmt.Sprintf("%s-new-%d-%d", id, seed%1000, i), Kind: kind, JobName: "shop new", CheckSeconds: 5})
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

// preflight is a deployment, all jobs of which are checked by events of their own.
type preflight struct {
	version string
	tag     check.Tag
	server  *fakedts.Server
	random  *rand.Rand
	told    map[string]toldOf // of each job the last outcome
}

// asked is what an event asks for, and how it is delivered.
type asked struct {
	selected, start, strict bool

	instances int // that had a delivery of it
}

// toldOf is an outcome and the event that brought it about.
type toldOf struct {
	check.Outcome
	*asked
}

// Hundreds of jobs of a deployment, a third of them sync jobs, are named or selected, to be checked and
// started, also strictly, under mixed faults, with the events delivered again
// to the same or to another instance: what is told of each is what the endpoint did, and exactly
// what was checked, has passed and may be started is started, once.
func TestPreflightChaos(t *testing.T) {
	for _, version := range versions {
		for name, tag := range map[string]check.Tag{"": {}, " with DTS_START_TAG": {Key: "start", Value: "yes"}} {
			t.Run(version+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					p := &preflight{version: version, tag: tag, random: rand.New(rand.NewPCG(20261125, 2)), told: map[string]toldOf{}}
					p.chaos(t)
				})
			})
		}
	}
}

// job returns a job of a batch, which its tag names.
func (p *preflight) job(batch string, i int) fakedts.Job {
	j := fakedts.Job{JobID: fmt.Sprintf("dts-%s-%03d", batch, i), CheckSeconds: 1 + 9*p.random.Float64(), NotPassed: p.random.IntN(3) == 0,
		MigrateSeconds: 3600, Tags: map[string]string{"batch": batch}}
	if p.random.IntN(2) == 0 {
		j.Tags["start"] = "yes"
	}
	if p.random.IntN(4) == 0 {
		j.RunMode = "timed"
	}
	if !j.NotPassed && p.random.IntN(4) == 0 {
		j.Steps = []fakedts.Step{{StepID: "WarningParamCheck", StepName: "Parameters", StepStatus: check.StepWarning}}
	}
	j.Status = []string{"", "", "", check.JobCheckPass, check.JobCheckNotPass, check.JobCheckNotPass, check.JobChecking, check.JobRunning}[p.random.IntN(8)]
	if i%3 == 0 {
		j.JobID, j.Kind, j.BreaksDown = "sync"+strings.TrimPrefix(j.JobID, "dts"), "sync", p.random.IntN(8) == 0
		j.Unconfigured = j.Status == "" && p.random.IntN(8) == 0
	}
	return j
}

func (p *preflight) chaos(t *testing.T) {
	const events, size = 6, 60
	jobs := map[string]fakedts.Job{}
	faulty := map[string]bool{}
	p.server = fakedts.New(fakedts.Options{Jobs: []fakedts.Job{}, Quota: 40})
	instances := []*night{newNight(t, p.server, p.version, p.tag), newNight(t, p.server, p.version, p.tag)}
	for e := range events {
		batch := fmt.Sprint("e", e)
		ask := &asked{selected: e%2 == 1, start: e < 4, strict: slices.Contains([]int{2, 3, 5}, e)}
		var ids []string
		for i := range size {
			j := p.job(batch, i)
			jobs[j.JobID] = j
			ids = append(ids, j.JobID)
			p.server.Add(j)
			for range p.random.IntN(3) {
				faulty[j.JobID] = true
				p.server.Inject(preflightFault(p.random, j.JobID))
			}
		}
		request := map[string]any{"JobIds": ids, "Wait": true, "Start": ask.start, "Strict": ask.strict}
		if ask.selected {
			delete(request, "JobIds")
			request["Select"] = map[string]any{"Kind": []string{"migration", "sync"}, "Tags": map[string]string{"batch": batch}}
		}
		message, _ := json.Marshal(request)
		limit := time.Duration(40+p.random.IntN(60)) * time.Second // at times too little for all
		p.deliver(t, instances, ask, string(message), limit)
		time.Sleep(2 * time.Minute) // the checks end, and answers still under way are given up
		for _, id := range ids {
			if _, ok := p.told[id]; !ok && !ask.leavesOut(jobs[id]) {
				t.Errorf("nothing is told of %+v", jobs[id])
			}
		}
	}
	calls := map[string][]fakedts.Call{}
	for _, c := range p.server.Calls() {
		for _, id := range append(c.JobIDs, c.JobID) {
			calls[id] = append(calls[id], c)
		}
	}
	kinds, befores := map[check.Kind]int{}, map[check.JobKind]int{}
	truth := truthOf(p.server)
	for id, o := range p.told {
		kinds[o.Kind()]++
		if o.Before != nil {
			befores[check.KindOf(id)]++
		}
		if problem := p.untrue(o, jobs[id], truth[id], calls[id], !faulty[id]); problem != "" {
			var list []string
			for _, c := range calls[id] {
				list = append(list, fmt.Sprintf("%s %s %s%v", c.At.Format("04:05.0"), c.Action, c.Code+string(c.Fault), c.CarriedOut))
			}
			outcome, _ := json.Marshal(o.Outcome)
			t.Errorf("%s\n%s\n%+v of %+v\n%+v\n%s", problem, outcome, *o.asked, jobs[id], truth[id], strings.Join(list, "\n"))
		}
	}
	t.Logf("outcomes: %v, verdicts before: %v", kinds, befores)
	for _, kind := range []check.Kind{check.KindStarted, check.KindWaiting, check.KindPassed, check.KindNotPassed, check.KindNoVerdict, check.KindFailed} {
		if kinds[kind] == 0 {
			t.Errorf("no job was %s: the faults do not try everything", kind)
		}
	}
	if befores[check.Migration] == 0 || befores[check.Sync] == 0 {
		t.Errorf("verdicts before: %v", befores)
	}
}

// deliver delivers an event, as the platform does until it is no function error, to
// the first instance or to another.
func (p *preflight) deliver(t *testing.T, instances []*night, ask *asked, message string, limit time.Duration) {
	t.Helper()
	at := time.Now().UTC().Format(time.RFC3339)
	had := map[*night]bool{}
	for range 3 {
		n := instances[p.random.IntN(len(instances))]
		had[n] = true
		err := n.fire(t, at, message, limit)
		ask.instances = len(had)
		for _, o := range n.told.Jobs {
			if o.JobID == "" {
				t.Errorf("the event failed: %v", o.Error)
			}
			p.told[o.JobID] = toldOf{o, ask}
		}
		if err == nil {
			return
		}
		time.Sleep(time.Minute)
	}
}

// leavesOut reports whether the selection of an event leaves a job out.
func (a *asked) leavesOut(j fakedts.Job) bool {
	return a.selected && (j.Unconfigured || j.Status == check.JobRunning || j.Status == check.JobCheckPass && !a.start)
}

// untrue says what of an outcome is not what the endpoint did, if anything. A calm job
// met no fault.
func (p *preflight) untrue(o toldOf, job fakedts.Job, j fakedts.JobState, calls []fakedts.Call, calm bool) string {
	sync, running := job.Kind == "sync", job.Status == check.JobRunning
	passes := !job.NotPassed && !(o.strict && job.Steps != nil)
	if j.Checks == 0 && job.Status == check.JobCheckPass {
		passes = true // as it was
	}
	tagged := p.tag.Key == "" || job.Tags[p.tag.Key] == p.tag.Value
	mayStart := o.start && !sync && tagged && passes && (j.Checks > 0 || job.Status == check.JobChecking && !o.selected)
	starts, creations, unknown := 0, 0, false
	for _, c := range calls {
		switch {
		case strings.HasPrefix(c.Action, "Start"):
			starts++
		case strings.HasPrefix(c.Action, "Create"):
			if c.CarriedOut {
				creations++
			}
			unknown = unknown || c.Fault != ""
		}
	}
	once := o.instances == 1
	judged := o.Check != nil && o.Check.Passed != nil
	switch {
	case o.leavesOut(job):
		return "selected, though nothing can be done about it"
	case o.strict && !sync && p.version == config.Version2018:
		if o.Error == nil || o.Error.Code != "InvalidParameter" || creations > 0 {
			return "strict without steps"
		}
		return ""
	case starts > 0 && !mayStart:
		return "a start was sent for a job that this event did not check, that did not pass, or that may not be started"
	case j.Starts > 1:
		return "started twice"
	case creations > 1 && !unknown && once:
		return "created twice"
	case (o.Started() || o.AlreadyStarted()) != (j.Starts > 0 || running && o.start) && o.Error == nil:
		return "what is told of the start is not what happened"
	case j.Starts > 0 && o.Error != nil && !o.MayBeRunning() && once:
		return "started, and told as failed"
	case judged && (*o.Check.Passed != passes || job.BreaksDown && j.Checks > 0):
		return "another verdict is told"
	case o.Waiting() && (!o.start || !passes || o.Untagged == tagged):
		return "what waits to be started is not a job that has passed"
	case o.start && o.Kind() == check.KindPassed:
		return "passed, neither started nor waiting"
	case o.Before != nil && job.Status != check.JobChecking && (o.Before.Passed != (job.Status != check.JobCheckNotPass) || job.Status == ""):
		return "another verdict before is told"
	case o.Error == nil && o.RequestID == "" && !(o.selected && o.Waiting()):
		return "accepted without a RequestId"
	case o.Error != nil && !o.CreatedAnyway() && !o.MayBeRunning() && j.Checks > 0 && o.Error.Code != check.CodeDeadline && once:
		return "told to be refused, but a check was created"
	case calm && once && o.Error == nil && mayStart && j.Checks > 0 && j.Starts == 0:
		return "not started, for no reason"
	}
	return ""
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
