package tcapi

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"migratecheck/internal/check"
	"migratecheck/internal/local/fakedts"
	"migratecheck/internal/local/memnet"
)

// Every fault, met once, twice and for ever: what the caller is told, and that
// it is true of what the endpoint did.
func TestFaults(t *testing.T) {
	retryable := fakedts.Fault{Kind: fakedts.FaultCode, Code: "InternalError.LockError", Message: "locked"}
	refused := fakedts.Fault{Kind: fakedts.FaultCode, Code: "FailedOperation.ProxyError", Message: "no"}
	limited := fakedts.Fault{Kind: fakedts.FaultCode, Code: "RequestLimitExceeded.UinLimitExceeded", Message: "slow down"}
	tests := map[string]struct {
		fault    fakedts.Fault
		times    int // 0 for ever
		code     string
		attempts int
		running  bool // AlreadyRunning of a success, MayBeRunning of an error
	}{
		"a code that trying again mends, once":     {retryable, 1, "", 2, false},
		"a code that trying again mends, twice":    {retryable, 2, "", 3, false},
		"a code that trying again mends, for ever": {retryable, 0, "InternalError.LockError", 4, true},
		"a code that nothing mends":                {refused, 1, "FailedOperation.ProxyError", 1, false},
		"the quota, once":                          {limited, 1, "", 2, false},
		"the quota, for ever":                      {limited, 0, "RequestLimitExceeded.UinLimitExceeded", 4, false},

		"a slow answer":                 {fakedts.Fault{Kind: fakedts.FaultDelay, Delay: 2 * time.Second}, 0, "", 1, false},
		"a dropped connection, once":    {fakedts.Fault{Kind: fakedts.FaultDrop}, 1, "", 2, false},
		"a dropped connection, always":  {fakedts.Fault{Kind: fakedts.FaultDrop}, 0, check.CodeNoAnswer, 4, true},
		"silence, once":                 {fakedts.Fault{Kind: fakedts.FaultSilence}, 1, "", 2, false},
		"silence, for ever":             {fakedts.Fault{Kind: fakedts.FaultSilence}, 0, check.CodeNoAnswer, 4, true},
		"a gateway's page, once":        {fakedts.Fault{Kind: fakedts.FaultHTML}, 1, "", 2, false},
		"a gateway's page, for ever":    {fakedts.Fault{Kind: fakedts.FaultHTML}, 0, check.CodeHTTPStatus, 4, true},
		"half of the JSON, once":        {fakedts.Fault{Kind: fakedts.FaultTruncated}, 1, "", 2, true},
		"half of the JSON, for ever":    {fakedts.Fault{Kind: fakedts.FaultTruncated}, 0, check.CodeNoAnswer, 4, true},
		"an empty answer, once":         {fakedts.Fault{Kind: fakedts.FaultEmpty}, 1, "", 2, true},
		"an empty answer, for ever":     {fakedts.Fault{Kind: fakedts.FaultEmpty}, 0, check.CodeNotAPI, 4, true},
		"a lost answer, once":           {fakedts.Fault{Kind: fakedts.FaultLost}, 1, "", 2, true},
		"a lost answer, for ever":       {fakedts.Fault{Kind: fakedts.FaultLost}, 0, check.CodeNoAnswer, 4, true},
		"carried out in silence, once":  {fakedts.Fault{Kind: fakedts.FaultLostSilence}, 1, "", 2, true},
		"carried out in silence, ever":  {fakedts.Fault{Kind: fakedts.FaultLostSilence}, 0, check.CodeNoAnswer, 4, true},
		"silence on connections in use": {fakedts.Fault{Kind: fakedts.FaultDead}, 0, "", 1, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				test.fault.Times = test.times
				server := fakedts.New(fakedts.Options{
					Jobs:   []fakedts.Job{{JobID: known, CheckSeconds: 600}},
					Faults: []fakedts.Fault{test.fault},
				})
				client := connect(t, server, settings())
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				receipt, err := create(ctx, client, known)
				calls := server.Calls()
				if test.code == "" {
					if err != nil {
						t.Fatalf("refused: %v", err)
					}
					if receipt.Attempts != test.attempts || receipt.AlreadyRunning != test.running {
						t.Errorf("receipt %+v, want %d attempts and AlreadyRunning %v", receipt, test.attempts, test.running)
					}
					if last := calls[len(calls)-1]; receipt.RequestID != last.RequestID {
						t.Errorf("RequestId %s, DTS gave %s", receipt.RequestID, last.RequestID)
					}
				} else {
					var failure *check.Error
					if !errors.As(err, &failure) {
						t.Fatalf("error %v, want %s", err, test.code)
					}
					if failure.Code != test.code || failure.Attempts != test.attempts || failure.MayBeRunning != test.running {
						t.Errorf("error %+v, want code %s, %d attempts and MayBeRunning %v", failure, test.code, test.attempts, test.running)
					}
				}
				if len(calls) != test.attempts {
					t.Errorf("DTS received %d calls, want %d", len(calls), test.attempts)
				}
			})
		})
	}
}

// Connections that died while the instance was frozen cost one attempt, not
// one each: the others are given up with the first.
func TestThawedInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := jobs(40)
		server := fakedts.New(fakedts.Options{Jobs: all, Quota: -1, Faults: []fakedts.Fault{
			{Kind: fakedts.FaultDelay, Delay: 300 * time.Millisecond, Times: 20}}})
		c := settings()
		c.RateLimit = 1000
		network := memnet.New()
		client := connectOver(t, network, server, c)
		createAll(t.Context(), client, all[:20])
		if n := network.Thaw(); n < 10 {
			t.Fatalf("only %d connections to lose", n)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		attempts := 0
		for _, job := range all[20:] {
			receipt, err := create(ctx, client, job.JobID)
			if err != nil {
				t.Fatalf("%s: %v", job.JobID, err)
			}
			attempts += receipt.Attempts
		}
		if attempts != 21 {
			t.Errorf("20 calls took %d attempts, want 21", attempts)
		}
	})
}

// Whatever DTS does, a call ends by its deadline, and a call that was not
// reached was not sent.
func TestDeadline(t *testing.T) {
	for _, kind := range fakedts.Kinds {
		for _, limit := range []time.Duration{100 * time.Millisecond, time.Second, 2850 * time.Millisecond, 15 * time.Second} {
			t.Run(string(kind)+" "+limit.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					fault := fakedts.Fault{Kind: kind, Code: "InternalError"}
					if kind == fakedts.FaultDelay {
						fault.Delay = time.Hour
					}
					server := fakedts.New(fakedts.Options{Faults: []fakedts.Fault{fault}})
					client := connect(t, server, settings())
					ctx, cancel := context.WithTimeout(t.Context(), limit)
					defer cancel()
					began := time.Now()
					receipt, err := create(ctx, client, known)
					if took := time.Since(began); took > limit {
						t.Errorf("took %v of %v", took, limit)
					}
					var failure *check.Error
					if errors.As(err, &failure) && failure.Code == check.CodeDeadline && len(server.Calls()) > 0 {
						t.Errorf("told as not reached, but %d calls were sent", len(server.Calls()))
					}
					if limit < 200*time.Millisecond && (err == nil || len(server.Calls()) > 0) {
						t.Errorf("an attempt was started that could not end in time: %+v", receipt)
					}
				})
			})
		}
	}
}

func TestAttemptLimit(t *testing.T) {
	for name, test := range map[string]struct {
		left time.Duration
		last bool
		want time.Duration
	}{
		"half of what is left":             {8 * time.Second, false, 4 * time.Second},
		"no more than an answer can take":  {time.Minute, false, 10 * time.Second},
		"at least what is usual":           {1500 * time.Millisecond, false, time.Second},
		"never more than what is left":     {300 * time.Millisecond, false, 300 * time.Millisecond},
		"all that is left for the last":    {8 * time.Second, true, 8 * time.Second},
		"but no more than an answer takes": {time.Minute, true, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			if got := attemptLimit(test.left, test.last); got != test.want {
				t.Errorf("attemptLimit(%v, %v) = %v, want %v", test.left, test.last, got, test.want)
			}
		})
	}
}
