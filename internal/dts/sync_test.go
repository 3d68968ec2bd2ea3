package dts

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"migratecheck/internal/check"
	"migratecheck/internal/local/fakedts"
)

// answering is an endpoint with an answer for each action; it notes the actions that
// it is asked for.
type answering struct {
	answers map[string]string // members of Response
	asked   []string
}

func (a *answering) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	action := r.Header.Get("X-TC-Action")
	a.asked = append(a.asked, action)
	members := map[string]any{}
	json.Unmarshal([]byte(a.answers[action]), &members)
	members["RequestId"] = "of-" + action
	json.NewEncoder(w).Encode(map[string]any{"Response": members})
}

// Each file in testdata/sync: what a job's status and the result of its check stand
// for. The result is not read while the job is checking.
func TestSyncStates(t *testing.T) {
	files, _ := filepath.Glob("testdata/sync/*.json")
	if len(files) < 10 {
		t.Fatalf("%d states", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			var test struct {
				Status       string
				Result, Want json.RawMessage
			}
			content, err := os.ReadFile(file)
			if err == nil {
				err = json.Unmarshal(content, &test)
			}
			if err != nil {
				t.Fatal(err)
			}
			endpoint := &answering{answers: map[string]string{
				"DescribeSyncJobs":           `{"TotalCount":1,"JobList":[{"JobId":"sync-1","Status":"` + test.Status + `"}]}`,
				"DescribeCheckSyncJobResult": string(test.Result),
			}}
			in(t, syncJobs, endpoint, func(t *testing.T, client *Client) {
				state, receipt, err := client.DescribeCheck(t.Context(), "sync-1")
				if err != nil {
					t.Fatal(err)
				}
				asked := []string{"DescribeSyncJobs", "DescribeCheckSyncJobResult"}
				if test.Status == "Checking" {
					asked = asked[:1]
				}
				if !slices.Equal(endpoint.asked, asked) || receipt.RequestID != "of-"+asked[len(asked)-1] || receipt.Attempts != len(asked) {
					t.Errorf("asked for %q, receipt %+v", endpoint.asked, receipt)
				}
				var got, want bytes.Buffer
				encoder := json.NewEncoder(&got)
				encoder.SetEscapeHTML(false)
				encoder.Encode(state)
				if err := json.Compact(&want, test.Want); err != nil {
					t.Fatal(err)
				}
				if strings.TrimSpace(got.String()) != want.String() {
					t.Errorf("got  %s\nwant %s", &got, &want)
				}
			})
		})
	}
}

// A sync job from creation to verdict, beside a migration, whatever generation the
// client speaks about migrations.
func TestSyncLife(t *testing.T) {
	for _, version := range versions {
		synctest.Test(t, func(t *testing.T) {
			server := fakedts.New(fakedts.Options{Jobs: []fakedts.Job{
				{JobID: "dts-1", CheckSeconds: 20, NotPassed: true},
				{JobID: "sync-good", Kind: "sync", CheckSeconds: 20, JobName: "orders", Tags: map[string]string{"env": "prod"}},
				{JobID: "sync-bad", Kind: "sync", CheckSeconds: 20, NotPassed: true},
				{JobID: "sync-broken", Kind: "sync", CheckSeconds: 20, BreaksDown: true},
			}})
			c := settings()
			c.APIVersion, c.StartTag = version, check.Tag{Key: "env", Value: "prod"}
			client := connect(t, server, c)
			verdict := func(job string) string {
				state, _, err := client.DescribeCheck(t.Context(), job)
				if err != nil {
					t.Fatal(err)
				}
				if state.Passed == nil {
					return state.Status
				}
				return fmt.Sprint(state.Status, " ", *state.Passed)
			}
			want := map[string][3]string{
				"dts-1":       {"unavailable", "running", "finished false"},
				"sync-good":   {"unavailable", "running", "finished true"},
				"sync-bad":    {"unavailable", "running", "finished false"},
				"sync-broken": {"unavailable", "running", "finished"},
			}
			for job, states := range want {
				got := [3]string{verdict(job)}
				if receipt, err := client.CreateCheck(t.Context(), job); err != nil || receipt.RequestID == "" || receipt.Attempts != 1 {
					t.Fatalf("%s: %+v, %v", job, receipt, err)
				}
				time.Sleep(10 * time.Second)
				got[1] = verdict(job)
				time.Sleep(10 * time.Second)
				if got[2] = verdict(job); got != states {
					t.Errorf("%s: %q, want %q", job, got, states)
				}
			}
			job, receipt, err := client.DescribeJob(t.Context(), "sync-good")
			if err != nil || receipt.RequestID == "" || job.Name != "orders" || job.Status != check.JobCheckPass || !job.Tagged || job.Checkable != nil {
				t.Errorf("%+v, %+v, %v", job, receipt, err)
			}
			_, _, err = client.DescribeJob(t.Context(), "sync-none")
			if failure, ok := err.(*check.Error); !ok || failure.Code != "ResourceNotFound.ResourceNotFoundError" || failure.RequestID == "" {
				t.Errorf("a job that is not there: %v", err)
			}
			calls := len(server.Calls())
			if _, err := client.Start(t.Context(), "sync-good"); err == nil || len(server.Calls()) != calls {
				t.Errorf("a start: %v, %d calls", err, len(server.Calls())-calls)
			}
		})
	}
}

// What becomes of an unanswered creation is read from the job. A check is not created
// again while it runs.
func TestSyncCreation(t *testing.T) {
	const code, silence, lost = fakedts.FaultCode, fakedts.FaultSilence, fakedts.FaultLost
	type want struct {
		code           string
		alreadyRunning bool
		duplicate      bool
		mayBeRunning   bool
		creations      int // calls
		carriedOut     int
	}
	for name, test := range map[string]struct {
		job    fakedts.Job
		faults []fakedts.Fault
		most   int // attempts, if not 4
		want   want
	}{
		"answered":               {want: want{creations: 1, carriedOut: 1}},
		"lost":                   {faults: []fakedts.Fault{{Kind: lost, Times: 1}}, want: want{alreadyRunning: true, creations: 1, carriedOut: 1}},
		"lost in silence":        {faults: []fakedts.Fault{{Kind: fakedts.FaultLostSilence, Times: 1}}, want: want{alreadyRunning: true, creations: 1, carriedOut: 1}},
		"an error, and done":     {faults: []fakedts.Fault{{Kind: fakedts.FaultCodeCarried, Code: "InternalError.UnknownError", Times: 1}}, want: want{alreadyRunning: true, creations: 1, carriedOut: 1}},
		"an error, and not done": {faults: []fakedts.Fault{{Kind: code, Code: "InternalError.UnknownError", Times: 1}}, want: want{creations: 2, carriedOut: 1}},
		"silence":                {faults: []fakedts.Fault{{Kind: silence, Times: 1}}, want: want{creations: 2, carriedOut: 1}},
		"silence for ever":       {faults: []fakedts.Fault{{Kind: silence}}, want: want{code: check.CodeNoAnswer, mayBeRunning: true, creations: 4}},
		"one attempt, lost":      {most: 1, faults: []fakedts.Fault{{Kind: lost}}, want: want{alreadyRunning: true, creations: 1, carriedOut: 1}},
		"one attempt, silence":   {most: 1, faults: []fakedts.Fault{{Kind: silence}}, want: want{code: check.CodeNoAnswer, mayBeRunning: true, creations: 1}},
		"refused for rate":       {faults: []fakedts.Fault{{Kind: code, Code: "RequestLimitExceeded", Times: 1}}, want: want{creations: 2, carriedOut: 1}},
		"a check runs":           {job: fakedts.Job{Status: "checking"}, want: want{code: "UnsupportedOperation.UnsupportedOperationError", duplicate: true, creations: 1}},
		"the job runs":           {job: fakedts.Job{Status: "running"}, want: want{code: "UnsupportedOperation.UnsupportedOperationError", creations: 1}},
		"lost, then it lags": { // the refusal of the second tells nothing, and the job is read again
			faults: []fakedts.Fault{{Kind: lost, Times: 1}, {Kind: fakedts.FaultStale, Delay: 10300 * time.Millisecond}},
			want:   want{code: "UnsupportedOperation.UnsupportedOperationError", mayBeRunning: true, creations: 2, carriedOut: 1}},
		"lost, and the job cannot be read": {
			faults: []fakedts.Fault{{Kind: lost, Times: 1}, {Kind: code, Code: "AuthFailure.UnauthorizedOperation", Action: "DescribeSyncJobs"}},
			want:   want{code: check.CodeNoAnswer, mayBeRunning: true, creations: 1, carriedOut: 1}},
		"no such job": {job: fakedts.Job{JobID: "sync-other"}, want: want{code: "ResourceNotFound.ResourceNotFoundError", creations: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if test.job.JobID == "" {
					test.job.JobID = "sync-1"
				}
				test.job.Kind, test.job.CheckSeconds = "sync", 300
				for i, f := range test.faults {
					if f.Action == "" && f.Kind != fakedts.FaultStale {
						test.faults[i].Action = "CreateCheckSyncJob"
					}
				}
				server := fakedts.New(fakedts.Options{Jobs: []fakedts.Job{test.job}, Faults: test.faults})
				c := settings()
				if test.most > 0 {
					c.MaxAttempts = test.most
				}
				receipt, err := connect(t, server, c).CreateCheck(t.Context(), "sync-1")
				got, attempts := want{alreadyRunning: receipt.AlreadyRunning}, receipt.Attempts
				var failure *check.Error
				if errors.As(err, &failure) {
					got.code, got.duplicate, got.mayBeRunning, attempts = failure.Code, failure.Duplicate(), failure.MayBeRunning, failure.Attempts
				} else if receipt.RequestID == "" || receipt.At.IsZero() {
					t.Errorf("receipt %+v", receipt)
				}
				for _, call := range server.Calls() {
					if call.Action == "CreateCheckSyncJob" {
						got.creations++
						if call.CarriedOut {
							got.carriedOut++
						}
					}
				}
				if got != test.want {
					t.Errorf("got %+v, want %+v (%v)", got, test.want, err)
				}
				if attempts != len(server.Calls()) {
					t.Errorf("%d attempts are told, %d calls were made", attempts, len(server.Calls()))
				}
			})
		})
	}
}

// No creation begins that cannot end in time, and the fate of the last is told.
func TestSyncCreationInTime(t *testing.T) {
	for _, limit := range []time.Duration{300 * time.Millisecond, 700 * time.Millisecond, 1300 * time.Millisecond, 3 * time.Second, 12 * time.Second, 25 * time.Second} {
		for _, action := range []string{"", "CreateCheckSyncJob"} {
			synctest.Test(t, func(t *testing.T) {
				server := fakedts.New(fakedts.Options{Jobs: []fakedts.Job{{JobID: "sync-1", Kind: "sync"}}, Faults: []fakedts.Fault{{Kind: fakedts.FaultSilence, Action: action}}})
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				began := time.Now()
				_, err := connect(t, server, settings()).CreateCheck(ctx, "sync-1")
				failure, ok := err.(*check.Error)
				if took := time.Since(began); !ok || failure.Code != check.CodeNoAnswer || !failure.MayBeRunning || failure.Attempts == 0 || took > limit {
					t.Errorf("%v: %v after %v", limit, err, took)
				}
			})
		}
	}
}

// Whoever waits for a call shares the next one: 250 jobs are read in a few calls of
// at most a hundred.
func TestSyncJobsShareCalls(t *testing.T) {
	for name, faults := range map[string][]fakedts.Fault{
		"":              nil,
		"slow answers":  {{Kind: fakedts.FaultDelay, Delay: 400 * time.Millisecond}},
		"large answers": {{Kind: fakedts.FaultPageLimit, Limit: 40}},
		"one lost":      {{Kind: fakedts.FaultDrop, Skip: 4, Times: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var jobs []fakedts.Job
				for i := range 250 {
					jobs = append(jobs, fakedts.Job{JobID: fmt.Sprintf("sync-%d", i), Kind: "sync", JobName: fmt.Sprint(i)})
				}
				server := fakedts.New(fakedts.Options{Jobs: jobs, Faults: faults})
				client := connect(t, server, settings())
				var wg sync.WaitGroup
				for i, j := range jobs {
					wg.Go(func() {
						got, receipt, err := client.DescribeJob(t.Context(), j.JobID)
						if err != nil || got.ID != j.JobID || got.Name != fmt.Sprint(i) || receipt.RequestID == "" {
							t.Errorf("%s: %+v, %v", j.JobID, got, err)
						}
					})
				}
				wg.Wait()
				if n := len(server.Calls()); n > 25 {
					t.Errorf("%d calls", n)
				}
				for _, call := range server.Calls() {
					if len(call.JobIDs) > 100 || call.Code != "" && call.Fault != fakedts.FaultPageLimit {
						t.Errorf("%+v", call)
					}
				}
			})
		})
	}
}

// Each caller keeps to its own deadline, and a call that fails
// fails for each.
func TestSyncJobsThatCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := fakedts.New(fakedts.Options{Faults: []fakedts.Fault{
			{Kind: fakedts.FaultSilence, Times: 8}, {Kind: fakedts.FaultCode, Code: "AuthFailure.UnauthorizedOperation"}}})
		client := connect(t, server, settings())
		began := time.Now()
		var wg sync.WaitGroup
		for i := range 60 {
			wg.Go(func() {
				limit := time.Duration(1+i%3) * time.Second
				code := check.CodeDeadline
				if i%3 == 2 {
					limit, code = 5*time.Minute, "AuthFailure.UnauthorizedOperation"
				}
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				_, _, err := client.DescribeJob(ctx, fmt.Sprintf("sync-%d", i))
				failure, ok := err.(*check.Error)
				if !ok || failure.Code != code && failure.Code != check.CodeNoAnswer || time.Since(began) > limit {
					t.Errorf("%d: %v after %v", i, err, time.Since(began))
				}
				if ok {
					failure.Message = "a caller's own"
				}
			})
		}
		wg.Wait()
	})
}

// A call goes on for whoever has the most time, though somebody with less came first.
func TestSyncJobsReadForTheMostPatient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := fakedts.New(fakedts.Options{Jobs: []fakedts.Job{{JobID: "sync-1", Kind: "sync"}}, Faults: []fakedts.Fault{{Kind: fakedts.FaultDelay, Delay: 5 * time.Second}}})
		client := connect(t, server, settings())
		for range 4 { // those that come next wait, and share a call
			go client.DescribeJob(t.Context(), "sync-1")
		}
		synctest.Wait()
		var wg sync.WaitGroup
		for _, limit := range []time.Duration{6 * time.Second, time.Minute} {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				if _, _, err := client.DescribeJob(ctx, "sync-1"); (err == nil) != (limit == time.Minute) {
					t.Errorf("%v: %v", limit, err)
				}
			})
			synctest.Wait()
		}
		wg.Wait()
	})
}

// A call that nobody waits for any more is given up.
func TestSyncJobsNobodyWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := fakedts.New(fakedts.Options{Faults: []fakedts.Fault{{Kind: fakedts.FaultSilence}}})
		client := connect(t, server, settings())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		client.DescribeJob(ctx, "sync-1")
		time.Sleep(time.Hour)
		if n := len(server.Calls()); n != 1 {
			t.Errorf("%d calls", n)
		}
	})
}

// Every word of DescribeSyncJobs, and that a job which is not configured is never
// selected.
func TestSyncWords(t *testing.T) {
	words := map[string]string{
		"UnInitialized": "creating", "Initialized": "created", "Checking": "checking", "CheckPass": "checkPass", "CheckNotPass": "checkNotPass",
		"ReadyRunning": "readyRun", "Running": "running", "Pausing": "pausing", "Paused": "manualPaused", "Stopping": "stopping", "Stopped": "canceled",
		"ResumableErr": "resumableErr", "Resuming": "resuming", "Failed": "failed", "Released": "canceled", "Resetting": "unknown", "Unknown": "unknown",
		"": "unknown", "created": "unknown", "Invented": "unknown",
	}
	for theirs, ours := range words {
		endpoint := &answering{answers: map[string]string{"DescribeSyncJobs": `{"TotalCount":1,"JobList":[{"JobId":"sync-1","Status":"` + theirs + `","SrcInfo":{"Password":"connection-secret"}}]}`}}
		in(t, syncJobs, endpoint, func(t *testing.T, client *Client) {
			job, _, err := client.DescribeJob(t.Context(), "sync-1")
			if err != nil || job.Status != ours {
				t.Errorf("%s is %q, %v; want %q", theirs, job.Status, err, ours)
			}
			for _, status := range [][]string{nil, {ours}} {
				jobs, err := client.ListJobs(t.Context(), check.Filter{Kinds: []check.JobKind{check.Sync}, Status: status})
				if selected := theirs != "UnInitialized" && (status == nil || ours != "unknown"); err != nil || (len(jobs) == 1) != selected {
					t.Errorf("%s: %+v, %v", theirs, jobs, err)
				}
				if strings.Contains(fmt.Sprint(jobs), "connection-secret") {
					t.Errorf("connection data is kept: %+v", jobs)
				}
			}
		})
	}
	if !slices.Contains(check.Statuses, "creating") {
		t.Error("what a job is called that is not configured is no status")
	}
}

// What answers for others, or for one twice, is not the API's answer.
func TestSyncListsOfSomethingElse(t *testing.T) {
	for _, list := range []string{`[{"JobId":"sync-2"}]`, `[{"JobId":"sync-1"},{"JobId":"sync-1"}]`, `[null]`, `{}`} {
		endpoint := &answering{answers: map[string]string{"DescribeSyncJobs": `{"TotalCount":1,"JobList":` + list + `}`}}
		in(t, syncJobs, endpoint, func(t *testing.T, client *Client) {
			_, _, err := client.DescribeJob(t.Context(), "sync-1")
			if failure, ok := err.(*check.Error); !ok || failure.Code != check.CodeNotAPI {
				t.Errorf("%s: %v", list, err)
			}
		})
	}
}

// Kinds are listed as they are asked for, migrations unless they are.
func TestKindsOfLists(t *testing.T) {
	for want, kinds := range map[string][]check.JobKind{
		"dts-1":        nil,
		"dts-1 ":       {check.Migration},
		"sync-1":       {check.Sync},
		"dts-1 sync-1": {check.Sync, check.Migration, check.Sync},
	} {
		synctest.Test(t, func(t *testing.T) {
			server := fakedts.New(fakedts.Options{Jobs: []fakedts.Job{{JobID: "dts-1"}, {JobID: "sync-1", Kind: "sync"}}})
			jobs, err := connect(t, server, settings()).ListJobs(t.Context(), check.Filter{Kinds: kinds})
			var got []string
			for _, j := range jobs {
				got = append(got, j.ID)
			}
			if err != nil || strings.Join(got, " ") != strings.TrimSpace(want) {
				t.Errorf("%v: %q, %v", kinds, got, err)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		server := fakedts.New(fakedts.Options{})
		filter := check.Filter{Kinds: []check.JobKind{check.Sync}, Status: []string{check.JobReadyComplete, check.JobSuccess}}
		if jobs, err := connect(t, server, settings()).ListJobs(t.Context(), filter); jobs == nil || len(jobs) > 0 || err != nil || len(server.Calls()) > 0 {
			t.Errorf("statuses of migrations alone: %v, %v, %d calls", jobs, err, len(server.Calls()))
		}
	})
}

// A call that panics ends for each job that is read by it, and for no other.
func TestPanicWhileJobsAreRead(t *testing.T) {
	c := &combiner{read: func(_ context.Context, ids []string) (map[string]check.Job, check.Receipt, error) {
		if ids[0] == "sync-bad" {
			panic("no")
		}
		return map[string]check.Job{ids[0]: {ID: ids[0]}}, check.Receipt{}, nil
	}}
	for range 8 {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("nothing is known of the panic")
				}
			}()
			c.get(t.Context(), "sync-bad")
		}()
	}
	if found, _, err := c.get(t.Context(), "sync-good"); err != nil || found["sync-good"].ID != "sync-good" {
		t.Errorf("%v, %v", found, err)
	}
}
