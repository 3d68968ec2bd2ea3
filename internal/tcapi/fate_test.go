package tcapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/local/fakedts"
)

// script makes an endpoint answer its calls in turn: with ok, a code, or, for
// "lost", not at all. The last answer is that to all further calls.
func script(e *endpoint, answers []string) {
	var mu sync.Mutex
	e.answer = func(w http.ResponseWriter, _ *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		answer := answers[0]
		if len(answers) > 1 {
			answers = answers[1:]
		}
		switch answer {
		case "ok":
			return false
		case "lost":
			panic(http.ErrAbortHandler)
		case "page":
			w.Write([]byte("<html>"))
		default:
			w.Write([]byte(`{"Response":{"Error":{"Code":"` + answer + `","Message":"m"},"RequestId":"refused"}}`))
		}
		return true
	}
}

// A retry never turns into a lie: what a call comes to by what its attempts
// have come to, for each kind of action.
func TestFate(t *testing.T) {
	read := Action{Service: "dts", Version: "2018-03-30", Name: "DescribeMigrateCheckJob"}
	start := Action{Service: "dts", Version: "2018-03-30", Name: "StartMigrateJob", Changes: true, Once: true}
	const duplicate, locked = "InternalError.DuplicateJob", "InternalError.LockError"
	for name, test := range map[string]struct {
		action   Action
		answers  []string
		code     string // "" for success
		attempts int
		running  bool // AlreadyRunning of a success, MayBeRunning of an error
	}{
		"created":                               {createCheck, []string{"ok"}, "", 1, false},
		"a duplicate at first":                  {createCheck, []string{duplicate}, duplicate, 1, false},
		"lost, then a duplicate":                {createCheck, []string{"lost", duplicate}, "", 2, true},
		"unreadable, then a duplicate":          {createCheck, []string{"page", duplicate}, "", 2, true},
		"an internal error, then a duplicate":   {createCheck, []string{locked, duplicate}, "", 2, true},
		"an internal error, then created":       {createCheck, []string{locked, "ok"}, "", 2, false},
		"internal errors":                       {createCheck, []string{"InternalError"}, "InternalError", 4, true},
		"unavailable, then a duplicate":         {createCheck, []string{"ServiceUnavailable", duplicate}, duplicate, 2, false},
		"too fast, then a duplicate":            {createCheck, []string{"RequestLimitExceeded", duplicate}, duplicate, 2, false},
		"lost, too fast, then a duplicate":      {createCheck, []string{"lost", "RequestLimitExceeded", duplicate}, "", 3, true},
		"lost, then refused":                    {createCheck, []string{"lost", "FailedOperation.NotAllowOperation"}, "FailedOperation.NotAllowOperation", 2, true},
		"refused":                               {createCheck, []string{"FailedOperation.NotAllowOperation"}, "FailedOperation.NotAllowOperation", 1, false},
		"a code that is not known":              {createCheck, []string{"Strange"}, "Strange", 1, false},
		"expired, then created":                 {createCheck, []string{"AuthFailure.SignatureExpire", "ok"}, "", 2, false},
		"expired, then a duplicate":             {createCheck, []string{"AuthFailure.SignatureExpire", duplicate}, duplicate, 2, false},
		"expired for ever":                      {createCheck, []string{"AuthFailure.SignatureExpire"}, "AuthFailure.SignatureExpire", 4, false},
		"started":                               {start, []string{"ok"}, "", 1, false},
		"not started twice after a lost answer": {start, []string{"lost", "ok"}, check.CodeNoAnswer, 1, true},
		"nor after one that cannot be read":     {start, []string{"page", "ok"}, check.CodeNotAPI, 1, true},
		"nor after an internal error":           {start, []string{locked, "ok"}, locked, 1, true},
		"started after too fast and expired":    {start, []string{"RequestLimitExceeded", "AuthFailure.SignatureExpire", "ServiceUnavailable", "ok"}, "", 4, false},
		"a duplicate says nothing of a start":   {start, []string{duplicate, "ok"}, duplicate, 1, true},
		"read after a lost answer":              {read, []string{"lost", locked, "ok"}, "", 3, false},
		"not read":                              {read, []string{locked, "lost"}, check.CodeNoAnswer, 4, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEndpoint(t, false)
				defer e.close()
				script(e, test.answers)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				receipt, err := e.client.Do(ctx, test.action, struct{}{}, nil)
				if n := int(e.requests.Load()); n != test.attempts {
					t.Errorf("%d requests, want %d", n, test.attempts)
				}
				if test.code == "" {
					want := map[bool]string{false: "46b45da1", true: "refused"}[test.running]
					if err != nil || receipt.Attempts != test.attempts || receipt.AlreadyRunning != test.running || receipt.RequestID != want || receipt.At.IsZero() {
						t.Errorf("%+v, %v", receipt, err)
					}
					return
				}
				var failure *check.Error
				if !errors.As(err, &failure) || failure.Code != test.code || failure.Attempts != test.attempts || failure.MayBeRunning != test.running {
					t.Errorf("error %+v, want %s after %d attempts, may be running %v", failure, test.code, test.attempts, test.running)
				}
			})
		})
	}
}

// A start whose connection could not be made was not sent, and is tried again.
func TestOnceIsTriedAgainWithoutConnection(t *testing.T) {
	c := settings()
	c.DTS.Host, c.MaxAttempts = "127.0.0.1:1", 3
	_, err := New(c, role).Do(t.Context(), Action{Service: "dts", Name: "StartMigrateJob", Changes: true, Once: true}, struct{}{}, nil)
	var failure *check.Error
	if !errors.As(err, &failure) || failure.Code != check.CodeNoAnswer || failure.Attempts != 3 || failure.MayBeRunning {
		t.Errorf("error %+v", err)
	}
}

// Every attempt is signed anew, with the time at which it is made.
func TestAttemptsAreSignedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, false)
		defer e.close()
		var times []int
		var signatures []string
		e.answer = func(w http.ResponseWriter, r *http.Request) bool {
			at, _ := strconv.Atoi(r.Header.Get("X-TC-Timestamp"))
			times, signatures = append(times, at), append(signatures, r.Header.Get("Authorization"))
			time.Sleep(2 * time.Second)
			w.Write([]byte(`{"Response":{"Error":{"Code":"AuthFailure.SignatureExpire"},"RequestId":"r"}}`))
			return true
		}
		create(t.Context(), e.client, known)
		slices.Sort(signatures)
		if len(times) != 4 || times[3]-times[0] < 6 || len(slices.Compact(signatures)) != 4 {
			t.Errorf("at %v with %v", times, signatures)
		}
	})
}

// A call that DTS answered counts towards the quota, whatever the answer, unless it
// was refused for rate: after a refusal the next call leaves when the last one that
// counts is a second old, or a second after the refusal if there is none.
func TestWhatCountsTowardsTheQuota(t *testing.T) {
	for answer, counts := range map[string]bool{
		"ok": true, "FailedOperation.NotAllowOperation": true, "RequestLimitExceeded": false, "lost": false, "page": false,
	} {
		t.Run(answer, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEndpoint(t, false)
				defer e.close()
				e.client.config.MaxAttempts, e.client.config.RateLimit = 1, 20
				script(e, []string{answer, "RequestLimitExceeded", "ok"})
				began := time.Now()
				create(t.Context(), e.client, known)
				time.Sleep(600*time.Millisecond - time.Since(began))
				create(t.Context(), e.client, known)
				create(t.Context(), e.client, known)
				if took := time.Since(began); (took < 1100*time.Millisecond) != counts || took < time.Second {
					t.Errorf("the call after a refusal left after %v", took)
				}
			})
		})
	}
}

// A call that is refused for rate while others get through is not given up.
func TestRefusalsForRateAreNotCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := fakedts.New(fakedts.Options{Jobs: jobs(200), Quota: -1, Faults: []fakedts.Fault{
			{Kind: fakedts.FaultCode, Code: "RequestLimitExceeded", Job: "dts-00000", Times: 12}}})
		client := connect(t, server, settings())
		go createAll(t.Context(), client, jobs(200)[1:])
		receipt, err := create(t.Context(), client, "dts-00000")
		if err != nil || receipt.Attempts != 13 {
			t.Errorf("%+v, %v", receipt, err)
		}
	})
}

// Pauses have jitter: calls that failed together are not made again together.
func TestPausesDiffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pauses []time.Duration
		for range 20 {
			began := time.Now()
			Pause(t.Context(), 3, 100*time.Millisecond, 2*time.Second)
			pauses = append(pauses, time.Since(began))
		}
		slices.Sort(pauses)
		if pauses[0] < 100*time.Millisecond || pauses[19] > 2*time.Second || len(slices.Compact(pauses)) < 15 {
			t.Errorf("pauses %v", pauses)
		}
	})
}

// The first attempt is made at once, every other after a pause.
func TestPausesBetweenAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, false)
		defer e.close()
		var times []time.Duration
		began := time.Now()
		e.answer = func(w http.ResponseWriter, _ *http.Request) bool {
			times = append(times, time.Since(began))
			w.Write([]byte(`{"Response":{"Error":{"Code":"InternalError"},"RequestId":"r"}}`))
			return true
		}
		create(t.Context(), e.client, known)
		if len(times) != 4 || times[0] != 0 {
			t.Fatalf("attempts at %v", times)
		}
		for i, at := range times[1:] {
			if pause := at - times[i]; pause < 100*time.Millisecond || pause > 2100*time.Millisecond {
				t.Errorf("attempts at %v", times)
			}
		}
	})
}

// An attempt has a fifth of a second at least, or is not made.
func TestLeastTimeOfAnAttempt(t *testing.T) {
	for limit, want := range map[time.Duration]int{150 * time.Millisecond: 0, 250 * time.Millisecond: 1} {
		synctest.Test(t, func(t *testing.T) {
			e := newEndpoint(t, false)
			defer e.close()
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			_, err := create(ctx, e.client, known)
			if n := int(e.requests.Load()); n != want || (err == nil) != (want == 1) {
				t.Errorf("%d requests with %v, %v", n, limit, err)
			}
			if want == 0 && (err == nil || err.(*check.Error).Code != check.CodeDeadline) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// Each action has a quota of its own: the configured one, or the action's.
func TestQuotas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, false)
		defer e.close()
		e.client.config.RateLimit = 20
		began := time.Now()
		call := func(a Action, n int) time.Duration {
			for range n {
				if _, err := e.client.Do(t.Context(), a, struct{}{}, nil); err != nil {
					t.Fatal(err)
				}
			}
			return time.Since(began)
		}
		if took := call(createCheck, 21); took < time.Second || took > 1050*time.Millisecond {
			t.Errorf("21 calls took %v", took)
		}
		began = time.Now()
		if took := call(Action{Service: "dts", Name: "StartMigrateJob"}, 1); took > 0 {
			t.Errorf("another action waited for %v", took)
		}
		began = time.Now()
		if took := call(Action{Service: "dts", Name: "Invoke", Quota: 100}, 101); took < time.Second || took > 1050*time.Millisecond {
			t.Errorf("101 calls took %v", took)
		}
	})
}

// What is sent is what the service's documentation wants.
func TestRequests(t *testing.T) {
	for name, test := range map[string]struct {
		action Action
		region string
	}{
		"DTS":                  {createCheck, "ap-guangzhou"},
		"another service":      {Action{Service: "scf", Version: "2018-04-16", Name: "Invoke"}, "ap-shanghai"},
		"and one more of them": {Action{Service: "eb", Version: "2021-04-16", Name: "PutEvents"}, "ap-shanghai"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEndpoint(t, false)
				defer e.close()
				e.client.config.Language = config.Chinese
				e.client.config.SCF, e.client.config.EB = e.client.config.DTS, e.client.config.DTS
				e.answer = func(_ http.ResponseWriter, r *http.Request) bool {
					for header, want := range map[string]string{
						"X-TC-Action": test.action.Name, "X-TC-Version": test.action.Version, "X-TC-Region": test.region,
						"X-TC-Language": "zh-CN", "X-TC-Token": role.Role.Token, "Content-Type": "application/json", "Accept-Encoding": "",
					} {
						if got := r.Header.Get(header); got != want {
							t.Errorf("%s is %q, want %q", header, got, want)
						}
					}
					if scope := "/" + test.action.Service + "/tc3_request"; r.Method != "POST" || !strings.Contains(r.Header.Get("Authorization"), scope) {
						t.Errorf("%s signed %q", r.Method, r.Header.Get("Authorization"))
					}
					return false
				}
				ctx := invocation(t.Context(), nil)
				if _, err := e.client.Do(ctx, test.action, struct{}{}, nil); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}
