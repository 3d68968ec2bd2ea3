package fakedts_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	dts2021 "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/dts/v20211206"

	"migratecheck/internal/local/fakedts"
)

// patience is how long a client waits for an endpoint that never answers.
const patience = 50 * time.Millisecond

// recorded is the last of n calls, once they are recorded: the endpoint may
// come to a call only after its client has given up.
func recorded(t *testing.T, s *fakedts.Server, n int) fakedts.Call {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); len(s.Calls()) < n && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	calls := s.Calls()
	if len(calls) != n {
		t.Fatalf("recorded: %+v, want %d calls", calls, n)
	}
	return calls[n-1]
}

// TestFaults meets every kind of fault alone, over a real connection: what the
// client sees, what is recorded, and what became of the call.
func TestFaults(t *testing.T) {
	type want struct {
		code       string // that the SDK gives
		mention    string // in the SDK's message
		answered   string // code that was recorded
		carriedOut bool
		status     int // of HTTP, if not 200
		atLeast    time.Duration
	}
	tests := map[fakedts.Kind]struct {
		fault fakedts.Fault
		want  want
	}{
		fakedts.FaultCode: {
			fakedts.Fault{Code: "InternalError.LockError", Message: "locked"},
			want{code: "InternalError.LockError", mention: "locked", answered: "InternalError.LockError"},
		},
		fakedts.FaultDelay: {
			fakedts.Fault{Delay: 30 * time.Millisecond},
			want{carriedOut: true, atLeast: 30 * time.Millisecond},
		},
		fakedts.FaultDrop:    {want: want{code: "ClientError.NetworkError", mention: "EOF"}},
		fakedts.FaultSilence: {want: want{code: "ClientError.NetworkError", mention: "timeout", atLeast: patience}},
		fakedts.FaultHTML:    {want: want{code: "ClientError.ParseJsonError", mention: "502 Bad Gateway", status: http.StatusBadGateway}},
		fakedts.FaultCodeCarried: {
			fakedts.Fault{Code: "InternalError", Message: "it was done"},
			want{code: "InternalError", mention: "it was done", answered: "InternalError", carriedOut: true},
		},
		fakedts.FaultTruncated:     {want: want{code: "ClientError.ParseJsonError", mention: "unexpected EOF", carriedOut: true}},
		fakedts.FaultSilentHalfway: {want: want{code: "ClientError.ParseJsonError", mention: "deadline exceeded", carriedOut: true, atLeast: patience}},
		fakedts.FaultEmpty:         {want: want{code: "ClientError.ParseJsonError", mention: "unexpected end", carriedOut: true}},
		fakedts.FaultLost:          {want: want{code: "ClientError.NetworkError", mention: "EOF", carriedOut: true}},
		fakedts.FaultLostSilence:   {want: want{code: "ClientError.NetworkError", mention: "timeout", carriedOut: true, atLeast: patience}},
	}
	for _, kind := range fakedts.Kinds {
		if kind == fakedts.FaultDead || kind == fakedts.FaultStale || kind == fakedts.FaultPageLimit {
			continue // TestDeadConnection, TestStale, TestPageLimit
		}
		test, ok := tests[kind]
		if !ok {
			t.Errorf("the kind %s has no test", kind)
		}
		for _, scheme := range []string{"http", "https"} {
			t.Run(string(kind)+"/"+scheme, func(t *testing.T) {
				f := test.fault
				f.Kind, f.Action = kind, "CreateMigrateCheckJob"
				s := fakedts.New(fakedts.Options{Jobs: []fakedts.Job{{JobID: "dts-slowchk1", CheckSeconds: 120}}, Faults: []fakedts.Fault{f}})
				c, transport := listen(t, s, scheme == "https")
				if strings.Contains(test.want.mention, "timeout") {
					transport.ResponseHeaderTimeout = patience
				}
				if kind == fakedts.FaultSilentHalfway {
					c.patience = patience
				}
				seen := &witness{RoundTripper: transport}
				c.transport = seen
				start := time.Now()
				err := c.create("dts-slowchk1")
				took := time.Since(start)
				if codeOf(err) != test.want.code || err != nil && !strings.Contains(err.Error(), test.want.mention) {
					t.Errorf("the client saw %v, want %q that mentions %q", err, test.want.code, test.want.mention)
				}
				if seen.last != nil && seen.last.StatusCode != max(test.want.status, http.StatusOK) {
					t.Errorf("HTTP status %d", seen.last.StatusCode)
				}
				if took < test.want.atLeast {
					t.Errorf("it took %v, want at least %v", took, test.want.atLeast)
				}
				transport.ResponseHeaderTimeout, c.patience = 0, 0
				if got := recorded(t, s, 1); got.Fault != kind || got.CarriedOut != test.want.carriedOut || got.Code != test.want.answered || got.JobID != "dts-slowchk1" || got.RequestID == "" {
					t.Errorf("recorded: %+v", got)
				}
				status := "unavailable"
				if test.want.carriedOut {
					status = "starting"
				}
				if got := c.status(t, "dts-slowchk1"); got != status {
					t.Errorf("the check is %q, want %q", got, status)
				}
			})
		}
	}
}

// TestDeadConnection: a connection answers its first call and is dead then; a
// fresh one answers again.
func TestDeadConnection(t *testing.T) {
	s := fakedts.New(fakedts.Options{
		Jobs:   []fakedts.Job{{JobID: "dts-1kl0iy0v", CheckSeconds: fakedts.Instant}},
		Faults: []fakedts.Fault{{Kind: fakedts.FaultDead}},
	})
	c, transport := listen(t, s, false)
	for i, want := range []string{"", "ClientError.NetworkError", "", "ClientError.NetworkError"} {
		transport.ResponseHeaderTimeout = 0
		if want != "" {
			transport.ResponseHeaderTimeout = patience
		}
		err := c.create("dts-1kl0iy0v")
		if got := codeOf(err); got != want {
			t.Errorf("call %d: code %q, want %q", i+1, got, want)
		}
		var fault fakedts.Kind
		if want != "" {
			fault = fakedts.FaultDead
		}
		if call := recorded(t, s, i+1); call.Fault != fault || call.CarriedOut != (want == "") {
			t.Errorf("call %d: recorded %+v", i+1, call)
		}
	}
	transport.ResponseHeaderTimeout = 0
	transport.DisableKeepAlives = true
	transport.CloseIdleConnections()
	for range 3 {
		if err := c.create("dts-1kl0iy0v"); err != nil {
			t.Errorf("on a connection of its own: %v", err)
		}
	}
}

// TestWhichCallsMeetAFault has faults that are restricted, by what each of a
// row of calls is answered with.
func TestWhichCallsMeetAFault(t *testing.T) {
	create := func(job string) [2]string { return [2]string{"CreateMigrateCheckJob", job} }
	read := func(job string) [2]string { return [2]string{"DescribeMigrateCheckJob", job} }
	code := func(f fakedts.Fault, code string) fakedts.Fault {
		f.Kind, f.Code = fakedts.FaultCode, code
		return f
	}
	for name, test := range map[string]struct {
		faults []fakedts.Fault
		calls  [][2]string
		want   []string
	}{
		"every call": {
			faults: []fakedts.Fault{code(fakedts.Fault{}, "A")},
			calls:  [][2]string{create("a"), read("a"), create("b")},
			want:   []string{"A", "A", "A"},
		},
		"times": {
			faults: []fakedts.Fault{code(fakedts.Fault{Times: 2}, "A")},
			calls:  [][2]string{create("a"), create("b"), create("a"), create("a")},
			want:   []string{"A", "A", "", ""},
		},
		"skip": {
			faults: []fakedts.Fault{code(fakedts.Fault{Skip: 2}, "A")},
			calls:  [][2]string{create("a"), create("b"), create("a"), create("a")},
			want:   []string{"", "", "A", "A"},
		},
		"skip and times": {
			faults: []fakedts.Fault{code(fakedts.Fault{Skip: 1, Times: 1}, "A")},
			calls:  [][2]string{create("a"), create("a"), create("a")},
			want:   []string{"", "A", ""},
		},
		"job": {
			faults: []fakedts.Fault{code(fakedts.Fault{Job: "b", Times: 1}, "A")},
			calls:  [][2]string{create("a"), create("b"), create("b")},
			want:   []string{"", "A", ""},
		},
		"action": {
			faults: []fakedts.Fault{code(fakedts.Fault{Action: "DescribeMigrateCheckJob"}, "A")},
			calls:  [][2]string{create("a"), read("a"), create("a")},
			want:   []string{"", "A", ""},
		},
		"skip counts calls of the job and action alone": {
			faults: []fakedts.Fault{code(fakedts.Fault{Job: "b", Action: "DescribeMigrateCheckJob", Skip: 1}, "A")},
			calls:  [][2]string{create("b"), read("a"), read("b"), create("b"), read("b")},
			want:   []string{"", "", "", "", "A"},
		},
		"one after the other": {
			faults: []fakedts.Fault{code(fakedts.Fault{Times: 1}, "A"), code(fakedts.Fault{Times: 1}, "B")},
			calls:  [][2]string{create("a"), create("a"), create("a")},
			want:   []string{"A", "B", ""},
		},
		"the first that applies": {
			faults: []fakedts.Fault{code(fakedts.Fault{Job: "b"}, "A"), code(fakedts.Fault{}, "B")},
			calls:  [][2]string{create("a"), create("b")},
			want:   []string{"B", "A"},
		},
		"instead of the endpoint's own refusal": {
			faults: []fakedts.Fault{code(fakedts.Fault{Times: 1}, "A")},
			calls:  [][2]string{create("unknown"), create("unknown")},
			want:   []string{"A", "ResourceNotFound.JobNotExist"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := fakedts.New(fakedts.Options{Jobs: []fakedts.Job{{JobID: "a", CheckSeconds: fakedts.Instant}, {JobID: "b", CheckSeconds: fakedts.Instant}}})
			s.Inject(test.faults...)
			var got []string
			for _, call := range test.calls {
				_, err := clientOf(s).ask("2018-03-30", call[0], map[string]any{"JobId": call[1]})
				got = append(got, codeOf(err))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestFaultOfARefusedCall: a fault carries out nothing that is refused, and no
// code hides that a call is not authentic.
func TestFaultOfARefusedCall(t *testing.T) {
	s := fakedts.New(fakedts.Options{Faults: []fakedts.Fault{
		{Kind: fakedts.FaultLost, Times: 1},
		{Kind: fakedts.FaultCode, Code: "InternalError.LockError"},
	}})
	c, _ := listen(t, s, false)
	if err := c.create("dts-unknown0"); codeOf(err) != "ClientError.NetworkError" {
		t.Errorf("got %v, want a network error", err)
	}
	if call := lastCall(t, s); call.CarriedOut || call.Code != "ResourceNotFound.JobNotExist" || call.Fault != fakedts.FaultLost {
		t.Errorf("recorded: %+v", call)
	}
	c.key.SecretKey = "x"
	if err := c.create("dts-1kl0iy0v"); codeOf(err) != "AuthFailure.SignatureFailure" {
		t.Errorf("got %v, want AuthFailure.SignatureFailure", err)
	}
}

// TestFaultWithoutListener: through no listener, a closed connection is the
// panic that net/http makes one of, and silence ends with the request.
func TestFaultWithoutListener(t *testing.T) {
	for _, kind := range []fakedts.Kind{fakedts.FaultDrop, fakedts.FaultSilence} {
		t.Run(string(kind), func(t *testing.T) {
			s := fakedts.New(fakedts.Options{Faults: []fakedts.Fault{{Kind: kind}}})
			r, err := http.NewRequestWithContext(canceled(t), http.MethodGet, "http://dts.tencentcloudapi.com/", nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if got := recover(); got != http.ErrAbortHandler {
					t.Errorf("recovered %v, want http.ErrAbortHandler", got)
				}
			}()
			noListener{s}.RoundTrip(r)
			t.Error("the call was answered")
		})
	}
}

// TestFaultsOfStartAndList: an answer may be lost of what was started, or cut of
// what was listed.
func TestFaultsOfStartAndList(t *testing.T) {
	s := fakedts.New(fakedts.Options{
		Jobs: []fakedts.Job{{JobID: "a", Status: "checkPass"}, {JobID: "b", Status: "checkPass"}, {JobID: "c", Status: "checkPass"}},
		Faults: []fakedts.Fault{
			{Kind: fakedts.FaultLost, Action: "StartMigrateJob", Job: "a"},
			{Kind: fakedts.FaultDrop, Action: "StartMigrateJob", Job: "b"},
			{Kind: fakedts.FaultCodeCarried, Action: "StartMigrateJob", Job: "c", Code: "InternalError.UnknownError"},
			{Kind: fakedts.FaultTruncated, Action: "DescribeMigrationJobs", Times: 1, Skip: 1},
		},
	})
	c, _ := listen(t, s, true)
	for job, want := range map[string]string{"a": "ClientError.NetworkError", "b": "ClientError.NetworkError", "c": "InternalError.UnknownError"} {
		if code := codeOf(c.start(job)); code != want {
			t.Errorf("start %s: code %q, want %q", job, code, want)
		}
	}
	for i, want := range []int{1, 0, 1} {
		if j := s.Jobs()[i]; j.Starts != want {
			t.Errorf("%+v, want %d starts", j, want)
		}
	}
	for i, want := range []string{"", "ClientError.ParseJsonError", ""} {
		if _, err := listed2021(c, func(*dts2021.DescribeMigrationJobsRequest) {}); codeOf(err) != want {
			t.Errorf("list %d: %v, want %q", i+1, err, want)
		}
	}
}
