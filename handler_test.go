package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"migratecheck/handler/event"
	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/local/cloudapi"
	"migratecheck/internal/local/fakedts"
	"migratecheck/internal/local/scf"
)

// buildDir is where build puts the function.
var buildDir string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if buildDir, err = os.MkdirTemp("", "migrate-check-"); err != nil {
			panic(err)
		}
		defer os.RemoveAll(buildDir)
		flag.Set("test.parallel", "6") // unless -parallel says otherwise; most wait
		return m.Run()
	}())
}

// build builds the function and returns its path.
var build = sync.OnceValues(func() (string, error) { return scf.Build(context.Background(), buildDir) })

// deployment is the function, running as on the platform, and the DTS that it
// calls.
type deployment struct {
	*scf.Instance
	dts *fakedts.Server
	log *output
}

// exampleRole is what the endpoint knows unless told otherwise.
var exampleRole = scf.Credentials{
	SecretID:  fakedts.ExampleKey.SecretID,
	SecretKey: fakedts.ExampleKey.SecretKey,
	Token:     fakedts.ExampleKey.Token,
}

// function has the example role and calls the given endpoint.
func function(t *testing.T, endpoint string, log *output) scf.Function {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	role := exampleRole
	return scf.Function{
		Path:      path,
		Role:      &role,
		Variables: map[string]string{config.Endpoint: endpoint, config.RateLimit: "1000"},
		Timeout:   10 * time.Second,
		Output:    log,
	}
}

// deploy starts the function, changed as the test wants it, beside an endpoint.
func deploy(t *testing.T, options fakedts.Options, secure bool, change func(*scf.Function, *fakedts.Listener)) deployment {
	t.Helper()
	options.Quota = -1
	dts := fakedts.New(options)
	listener, err := dts.Listen("127.0.0.1:0", secure)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(listener.Close)
	d := deployment{dts: dts, log: newOutput()}
	f := function(t, listener.URL, d.log)
	if change != nil {
		change(&f, listener)
	}
	if d.Instance, err = scf.Start(t.Context(), f); err != nil {
		t.Fatalf("%v\n%s", err, d.log)
	}
	t.Cleanup(d.Close)
	t.Cleanup(func() { confidential(t, f.Role, d.log.String()) })
	return d
}

// confidential fails the test if a text contains a part of the credentials.
func confidential(t *testing.T, role *scf.Credentials, text string) {
	t.Helper()
	if role == nil {
		return
	}
	for _, secret := range []string{role.SecretID, role.SecretKey, role.Token} {
		if strings.Contains(text, secret) {
			t.Errorf("%s is in\n%s", secret, text)
		}
	}
}

// fire fires one event and returns the answer or the function error's text,
// and the log lines of the event.
func (d deployment) fire(t *testing.T, payload string, role *scf.Credentials) (answer, failure string, log []map[string]any) {
	t.Helper()
	id := cloudapi.NewRequestID()
	got, err := d.Invoke(t.Context(), scf.Event{RequestID: id, Payload: []byte(payload), Role: role})
	if err != nil {
		var function *scf.FunctionError
		if !errors.As(err, &function) || function.Type != "CheckFailed" {
			t.Fatalf("%T %v\n%s", err, err, d.log)
		}
		failure = function.Message
	}
	confidential(t, &exampleRole, string(got)+failure)
	return string(got), failure, d.log.of(t, id)
}

// output is what the function writes, a line at a time. It comes over a pipe,
// so that it may arrive after the answer.
type output struct {
	mu    sync.Mutex
	lines []string
	more  chan struct{} // closed, and made anew, when a line arrives
}

func newOutput() *output { return &output{more: make(chan struct{})} }

func (o *output) Write(line []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lines = append(o.lines, string(line))
	close(o.more)
	o.more = make(chan struct{})
	return len(line), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.lines, "")
}

// of returns the lines of one invocation, of which that of the event is the last.
func (o *output) of(t *testing.T, requestID string) []map[string]any {
	t.Helper()
	late := time.After(10 * time.Second)
	for {
		o.mu.Lock()
		lines, more := o.lines, o.more
		o.mu.Unlock()
		var entries []map[string]any
		for _, line := range lines {
			var entry map[string]any
			if err := json.Unmarshal([]byte(line), &entry); err != nil {
				t.Fatalf("log line is not JSON: %v\n%s", err, line)
			}
			if entry["requestId"] == requestID {
				entries = append(entries, entry)
			}
		}
		if n := len(entries); n > 0 && entries[n-1]["msg"] == "event" {
			return entries
		}
		select {
		case <-more:
		case <-late:
			t.Fatalf("no event line of %s in\n%s", requestID, o)
		}
	}
}

// golden is what testdata/answers says of an event: the actions and jobs that
// reach DTS, in alphabetical order, and the answer or the function error.
// RequestIds are told by their action and job.
type golden struct {
	Source        string
	Calls         []string        `json:",omitempty"`
	Answer        json.RawMessage `json:",omitempty"`
	FunctionError string          `json:",omitempty"`
}

var update = flag.Bool("update", false, "write the answers of testdata/answers anew, to be read before they are committed")

// hold compares an answer with testdata/answers.
func (g golden) hold(t *testing.T, name string) {
	t.Helper()
	var got bytes.Buffer
	encoder := json.NewEncoder(&got)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(g); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata/answers", name)
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got.Bytes()) {
		t.Errorf("got %s\nwant %s", &got, want)
	}
}

// shortActions are the actions as RequestIds in testdata have them.
var shortActions = map[string]string{"CreateMigrateCheckJob": "create-", "DescribeMigrateCheckJob": "describe-", "DescribeMigrateJobs": "list-", "StartMigrateJob": "start-"}

// Every form of event through the real binary: the answer, what DTS received
// and what was logged.
func TestEvents(t *testing.T) {
	files, err := filepath.Glob("testdata/events/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no events: %v", err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(strings.TrimSuffix(name, ".json"), func(t *testing.T) {
			t.Parallel() // many wait for a verdict
			payload, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			// An instance of its own: one that has lived would remember that records of
			// the same offset came before.
			d := deploy(t, fakedts.Options{Jobs: jobsFor(payload)}, false, func(f *scf.Function, _ *fakedts.Listener) {
				f.Variables[config.AllowStart] = "true"
			})
			answer, failure, log := d.fire(t, string(payload), nil)
			got := golden{FunctionError: failure}
			ids := map[string]string{}
			for _, c := range d.dts.Calls() {
				ids[c.RequestID] = shortActions[c.Action] + c.JobID
				answer = strings.ReplaceAll(answer, c.RequestID, ids[c.RequestID])
				if call := strings.TrimSpace(c.Action + " " + c.JobID); !slices.Contains(got.Calls, call) {
					got.Calls = append(got.Calls, call)
				}
				if c.SignedBy != "TC3-HMAC-SHA256" || c.Region != "ap-guangzhou" || c.Version != "2018-03-30" ||
					c.SecretID != exampleRole.SecretID || c.Token != exampleRole.Token || c.Code != "" {
					t.Errorf("DTS received %+v", c)
				}
			}
			slices.Sort(got.Calls)
			if answer != "" {
				got.Answer = withoutPage(t, answer)
			}
			for _, line := range log {
				if id, ok := line["dtsRequestId"].(string); ok && !strings.HasSuffix(ids[id], "-"+line["jobId"].(string)) {
					t.Errorf("the RequestId is not the job's: %v", line)
				}
			}
			if len(log) > 0 {
				got.Source, _ = log[0]["source"].(string)
			}
			got.hold(t, name)
		})
	}
}

// jobsFor returns the jobs that an event names, and two more. Their checks take
// a moment, and where one is only read, it has passed.
func jobsFor(payload []byte) []fakedts.Job {
	ids := map[string]bool{"dts-1kl0iy0v": true, "dts-dau5czmd": true}
	e, _ := event.Read(payload)
	describe := false
	for _, request := range e.Requests {
		describe = describe || request.Ask.Describe
		for _, id := range request.Jobs {
			ids[id] = true
		}
	}
	var jobs []fakedts.Job
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		job := fakedts.Job{JobID: id, CheckSeconds: 0.5}
		if describe {
			job.Before = &fakedts.Verdict{}
		}
		jobs = append(jobs, job)
	}
	return jobs
}

// withoutPage returns an answer, of an HTML page or a table only that it is one.
func withoutPage(t *testing.T, answer string) json.RawMessage {
	t.Helper()
	var response struct {
		Headers map[string]string `json:"headers"`
		Body    string            `json:"body"`
	}
	if json.Unmarshal([]byte(answer), &response) == nil && strings.HasPrefix(response.Headers["Content-Type"], "text/") {
		encoded, err := json.Marshal(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		var o map[string]any
		if err := json.Unmarshal([]byte(answer), &o); err != nil || len(encoded) < 50 {
			t.Fatalf("%v: %s", err, answer)
		}
		o["body"] = "a page"
		return check.Marshal(o)
	}
	return json.RawMessage(answer)
}

func TestBadConfigurationStopsTheStart(t *testing.T) {
	for name, value := range map[string]string{
		config.Region:      "Gu5t9xGARNpq86",
		config.Endpoint:    "http://dts.Gu5t9xGARNpq86",
		config.APIVersion:  "Gu5t9xGARNpq86",
		config.RateLimit:   "Gu5t9xGARNpq86",
		config.MaxAttempts: "Gu5t9xGARNpq86",
		config.LogLevel:    "Gu5t9xGARNpq86",
	} {
		t.Run(name, func(t *testing.T) {
			log := newOutput()
			f := function(t, "http://127.0.0.1:9", log)
			f.Variables[name] = value
			instance, err := scf.Start(t.Context(), f)
			if err == nil {
				instance.Close()
				t.Fatal("it started")
			}
			text := log.String()
			if strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, "migrate-check: environment variable "+name+": must ") &&
				!strings.HasPrefix(text, "migrate-check: environment variable "+name+": http:// ") {
				t.Errorf("got\n%s", text)
			}
			if strings.Contains(text, "Gu5t9x") {
				t.Errorf("the value is in\n%s", text)
			}
		})
	}
}

func TestWithoutRole(t *testing.T) {
	d := deploy(t, fakedts.Options{}, false, func(f *scf.Function, _ *fakedts.Listener) { f.Role = nil })
	const want = "the function has no role credentials: attach an execution role"
	_, failure, _ := d.fire(t, `"dts-1kl0iy0v"`, nil)
	if !strings.HasPrefix(failure, "dts-1kl0iy0v: ClientError.CredentialError: "+want) {
		t.Errorf("got %q", failure)
	}
	answer, _, _ := d.fire(t, `{"httpMethod":"POST","path":"/","body":"dts-1kl0iy0v"}`, nil)
	if !strings.Contains(answer, `"statusCode":500`) || !strings.Contains(answer, want) {
		t.Errorf("got %s", answer)
	}
	if calls := d.dts.Calls(); len(calls) > 0 {
		t.Errorf("DTS received %+v", calls)
	}
}

// Credentials change while an instance lives, and two invocations that run at
// once may have different ones.
func TestCredentialsOfTheInvocation(t *testing.T) {
	roles := make([]*scf.Credentials, 3)
	options := fakedts.Options{Jobs: []fakedts.Job{}}
	for i := range roles {
		role := scf.Credentials{SecretID: fmt.Sprintf("AKIDrole%d", i), SecretKey: fmt.Sprintf("keyOfRole%d", i), Token: fmt.Sprintf("tokenOfRole%d", i)}
		roles[i] = &role
		options.Keys = append(options.Keys, cloudapi.Key(role))
	}
	const invocations = 30
	for i := range invocations {
		options.Jobs = append(options.Jobs, fakedts.Job{JobID: fmt.Sprintf("dts-%d", i)})
	}
	d := deploy(t, options, false, func(f *scf.Function, _ *fakedts.Listener) { f.Role = roles[0] })

	// The process's own are used by an invocation that brings the same, whatever came between.
	var group sync.WaitGroup
	for i := range invocations {
		group.Go(func() {
			if _, failure, _ := d.fire(t, fmt.Sprintf(`"dts-%d"`, i), roles[i%len(roles)]); failure != "" {
				t.Error(failure)
			}
		})
	}
	group.Wait()
	for _, c := range d.dts.Calls() {
		var i int
		if _, err := fmt.Sscanf(c.JobID, "dts-%d", &i); err != nil {
			t.Fatal(err)
		}
		if want := roles[i%len(roles)]; c.SecretID != want.SecretID || c.Token != want.Token {
			t.Errorf("%s was signed by %s with %s, want %s with %s", c.JobID, c.SecretID, c.Token, want.SecretID, want.Token)
		}
	}
	stranger := &scf.Credentials{SecretID: "AKIDstranger", SecretKey: "keyOfStranger", Token: "tokenOfStranger"}
	answer, _, _ := d.fire(t, `{"httpMethod":"POST","path":"/","body":"dts-1"}`, stranger)
	if !strings.Contains(answer, `"statusCode":500`) || !strings.Contains(answer, "AuthFailure") {
		t.Errorf("got %s", answer)
	}
	for _, role := range append(roles, stranger) {
		confidential(t, role, d.log.String()+answer)
	}
}

func TestRegionAndVersion(t *testing.T) {
	for name, row := range map[string]struct {
		own       string // the function's region
		variables map[string]string
		region    string
		actions   []string
		version   string
		steps     bool
	}{
		"the function's own": {
			own: "ap-shanghai-fsi", region: "ap-shanghai-fsi",
			version: "2018-03-30", actions: []string{"CreateMigrateCheckJob", "DescribeMigrateCheckJob"},
		},
		"another": {
			own: "ap-guangzhou", variables: map[string]string{config.Region: "na-ashburn"}, region: "na-ashburn",
			version: "2018-03-30", actions: []string{"CreateMigrateCheckJob", "DescribeMigrateCheckJob"},
		},
		"the current generation": {
			own: "ap-guangzhou", variables: map[string]string{config.APIVersion: "2021-12-06"}, region: "ap-guangzhou",
			version: "2021-12-06", actions: []string{"CreateMigrateCheckJob", "DescribeMigrationCheckJob"}, steps: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := deploy(t, fakedts.Options{Jobs: []fakedts.Job{{JobID: "dts-1", CheckSeconds: fakedts.Instant, NotPassed: true, Message: "no privilege"}}}, false,
				func(f *scf.Function, _ *fakedts.Listener) {
					f.Region = row.own
					for name, value := range row.variables {
						f.Variables[name] = value
					}
				})
			d.fire(t, `"dts-1"`, nil)
			answer, failure, log := d.fire(t, `{"JobId":"dts-1","Action":"DescribeMigrateCheckJob"}`, nil)
			if failure != "" || !strings.Contains(answer, `"Check":{"Status":"finished","Passed":false,"Progress":100,"Message":"no privilege"`) ||
				strings.Contains(answer, `"Steps":[{"Id":"ConnectDBCheck","Name":"Connection check","Status":"pass"}`) != row.steps {
				t.Errorf("got %s, %s", answer, failure)
			}
			if log[0]["level"] != "WARN" || log[0]["outcome"] != "not passed" {
				t.Errorf("job line %v", log[0])
			}
			var actions []string
			for _, c := range d.dts.Calls() {
				actions = append(actions, c.Action)
				if c.Region != row.region || c.Version != row.version {
					t.Errorf("DTS received %+v", c)
				}
			}
			if !slices.Equal(actions, row.actions) {
				t.Errorf("DTS received %v", actions)
			}
		})
	}
}

func TestTLS(t *testing.T) {
	certificate := filepath.Join(t.TempDir(), "dts.pem")
	d := deploy(t, fakedts.Options{}, true, func(f *scf.Function, l *fakedts.Listener) {
		if err := os.WriteFile(certificate, l.Certificate, 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("SSL_CERT_FILE", certificate)
	})
	if _, failure, _ := d.fire(t, `"dts-1kl0iy0v"`, nil); failure != "" {
		t.Error(failure)
	}

	// An endpoint that cannot prove who it is hears nothing.
	stranger := deploy(t, fakedts.Options{}, true, func(f *scf.Function, _ *fakedts.Listener) {
		f.Variables[config.MaxAttempts] = "1"
	})
	_, failure, _ := stranger.fire(t, `"dts-1kl0iy0v"`, nil)
	if !strings.Contains(failure, "ClientError.NetworkError") || !strings.Contains(failure, "certificate") || len(stranger.dts.Calls()) > 0 {
		t.Errorf("got %q; DTS received %+v", failure, stranger.dts.Calls())
	}
}

// What a second delivery means depends on the source.
func TestCheckThatRuns(t *testing.T) {
	d := deploy(t, fakedts.Options{Jobs: []fakedts.Job{{JobID: "dts-1", CheckSeconds: 120}}}, false, nil)
	if _, failure, _ := d.fire(t, `"dts-1"`, nil); failure != "" {
		t.Fatal(failure)
	}
	for event, want := range map[string]string{
		`{"Type":"Timer","Message":"dts-1"}`:              `"AlreadyRunning":true`,
		`{"Records":[{"Ckafka":{"msgBody":"dts-1"}}]}`:    `"AlreadyRunning":true`,
		`{"Records":[{"CMQ":{"msgBody":"dts-1"}}]}`:       `"AlreadyRunning":true`,
		`{"specversion":"1.0","data":"dts-1"}`:            `"AlreadyRunning":true`,
		`{"httpMethod":"POST","path":"/","body":"dts-1"}`: `"statusCode":409`,
		`"dts-1"`: "dts-1: InternalError.DuplicateJob: ",
		`{"JobId":"dts-1","Action":"DescribeMigrateCheckJob"}`: `"Check":{"Status":"starting","Progress":0}`,
	} {
		if answer, failure, _ := d.fire(t, event, nil); !strings.Contains(answer+failure, want) {
			t.Errorf("%s: got %s, %s; want %s", event, answer, failure, want)
		}
	}
}

// DTS does not answer for one job: the answer is the function's, not the
// platform's time-out, and the other job has its check.
func TestSilentEndpoint(t *testing.T) {
	t.Parallel()
	d := deploy(t, fakedts.Options{Faults: []fakedts.Fault{{Kind: fakedts.FaultSilence, Job: "dts-1kl0iy0v"}}}, false,
		func(f *scf.Function, _ *fakedts.Listener) { f.Timeout = time.Second })
	_, failure, log := d.fire(t, `["dts-1kl0iy0v","dts-dau5czmd"]`, nil)
	if want := "1 of 2 jobs failed: dts-1kl0iy0v: ClientError.NetworkError"; failure != want {
		t.Errorf("got %q, want %q", failure, want)
	}
	if last := log[len(log)-1]; last["jobs"] != 2.0 || last["failed"] != 1.0 {
		t.Errorf("event line %v", last)
	}
}

// DTS says the credentials back: they stay inside all the same.
func TestDTSRepeatsTheCredentials(t *testing.T) {
	t.Parallel()
	d := deploy(t, fakedts.Options{Faults: []fakedts.Fault{{
		Kind: fakedts.FaultCode, Code: "AuthFailure.TokenFailure",
		Message: fmt.Sprintf("%s, %s and %s do not fit.", exampleRole.SecretID, exampleRole.SecretKey, exampleRole.Token),
	}}}, false, nil)
	_, failure, log := d.fire(t, `"dts-1kl0iy0v"`, nil)
	if !strings.HasPrefix(failure, "dts-1kl0iy0v: AuthFailure.TokenFailure: ***, *** and *** do not fit.") || log[0]["error"] != "***, *** and *** do not fit." {
		t.Errorf("got %q, %v", failure, log)
	}

	// So they do when it is the check that says them.
	for _, version := range []string{config.Version2018, config.Version2021} {
		d := deploy(t, fakedts.Options{Jobs: []fakedts.Job{{JobID: "dts-1", CheckSeconds: 0.5, NotPassed: true, Message: "not " + exampleRole.Token}}}, false,
			func(f *scf.Function, _ *fakedts.Listener) { f.Variables[config.APIVersion] = version })
		answer, failure, _ := d.fire(t, `{"httpMethod":"GET","path":"/","queryString":{"JobId":"dts-1","Wait":"true"}}`, nil)
		if !strings.Contains(answer, "not ***") || failure != "" {
			t.Errorf("%s: got %s, %s", version, answer, failure)
		}
		confidential(t, &exampleRole, answer)
	}
}

// answering returns the address of an endpoint that answers each request with
// the bytes that are written.
func answering(t *testing.T, write func(io.Writer, *http.Request)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				in := bufio.NewReader(c)
				for {
					request, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					io.Copy(io.Discard, request.Body)
					write(c, request)
				}
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

// What an endpoint sends unasked after its answer is in no log: it may have
// the credentials in it.
func TestEndpointSaysMore(t *testing.T) {
	t.Parallel()
	log := newOutput()
	f := function(t, answering(t, func(w io.Writer, r *http.Request) {
		const body = `{"Response":{"RequestId":"r-1"}}`
		fmt.Fprintf(w, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s%s %s", len(body), body, r.Header.Get("X-TC-Token"), r.Header.Get("Authorization"))
	}), log)
	instance, err := scf.Start(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	defer instance.Close()
	for i := range 20 { // it is noticed beside the event, or after it
		if answer, err := instance.Invoke(t.Context(), scf.Event{RequestID: fmt.Sprint(i), Payload: []byte(`"dts-1"`)}); err != nil {
			t.Fatalf("%s, %v", answer, err)
		}
	}
	confidential(t, &exampleRole, log.String())
	for line := range strings.Lines(log.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("a line of log that is none: %s", line)
		}
	}
}

// delivered are events that may come again, each naming the jobs of a batch.
var delivered = map[string]func(ids []string) any{
	"timer": func(ids []string) any {
		return map[string]any{"Type": "Timer", "TriggerName": "night", "Time": "2026-11-01T18:00:00Z", "Message": strings.Join(ids, ",")}
	},
	"ckafka": func(ids []string) any {
		var records []any
		for i, id := range ids {
			records = append(records, map[string]any{"Ckafka": map[string]any{"topic": "jobs", "partition": 1, "offset": i, "msgBody": id}})
		}
		return map[string]any{"Records": records}
	},
	"cmq": func(ids []string) any {
		return map[string]any{"Records": []any{map[string]any{"CMQ": map[string]any{"topicName": "jobs", "msgId": "7", "msgBody": strings.Join(ids, " ")}}}}
	},
	"eventbridge": func(ids []string) any {
		return map[string]any{"specversion": "1.0", "id": "e1", "source": "ops", "data": map[string]any{"JobIds": ids}}
	},
	"direct": func(ids []string) any { return map[string]any{"JobIds": ids} },
}

// An event comes again as the platform brings it: after DTS throttled one job
// and never answered for another, and after the instance was killed. Within an
// instance every check is created once, and every outcome is told.
func TestDeliveries(t *testing.T) {
	ids := []string{"dts-first", "dts-throttled", "dts-silent", "dts-nosuch"}
	for source, event := range delivered {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			payload, err := json.Marshal(event(ids))
			if err != nil {
				t.Fatal(err)
			}
			options := fakedts.Options{Jobs: []fakedts.Job{{JobID: ids[0], CheckSeconds: 600}, {JobID: ids[1], CheckSeconds: 600}, {JobID: ids[2], CheckSeconds: 600}}}
			var f scf.Function
			d := deploy(t, options, false, func(deployed *scf.Function, _ *fakedts.Listener) {
				deployed.Timeout = 4 * time.Second
				f = *deployed
			})
			d.dts.Inject(
				fakedts.Fault{Kind: fakedts.FaultCode, Job: ids[1], Code: "RequestLimitExceeded", Times: 4},
				fakedts.Fault{Kind: fakedts.FaultSilence, Job: ids[2], Times: 3})
			deliver := func(instance *scf.Instance) (string, error) {
				answer, err := instance.Invoke(t.Context(), scf.Event{RequestID: "the event's", Payload: payload})
				return string(answer), err
			}
			var answer string
			for delivery := 1; ; delivery++ {
				if answer, err = deliver(d.Instance); err == nil {
					break
				}
				if delivery == 1 && !strings.Contains(err.Error(), "dts-silent: ClientError.") || delivery > 4 {
					t.Fatalf("delivery %d: %v", delivery, err)
				}
			}
			carriedOut, sent := map[string]int{}, map[string]int{}
			for _, c := range d.dts.Calls() {
				sent[c.JobID]++
				if c.CarriedOut {
					carriedOut[c.JobID]++
				}
			}
			for _, id := range ids[:3] {
				if carriedOut[id] != 1 || !strings.Contains(answer, `{"JobId":"`+id+`","RequestId":"`) {
					t.Errorf("%s was created %d times, and the answer is %s", id, carriedOut[id], answer)
				}
			}
			if sent[ids[0]] != 1 || sent[ids[3]] != 1 { // what was done, or failed for good, is not sent again
				t.Errorf("calls by job: %v", sent)
			}
			if !strings.Contains(answer, `{"Error":{"Code":"ResourceNotFound.JobNotExist"`) || !strings.HasSuffix(answer, `"Failed":1}`) {
				t.Errorf("got %s", answer)
			}

			// A new instance remembers nothing, and DTS tells what runs already.
			d.Close()
			next, err := scf.Start(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(next.Close)
			answer, err = deliver(next)
			if source == "direct" {
				if err == nil || !strings.Contains(err.Error(), "dts-first: InternalError.DuplicateJob") {
					t.Errorf("got %s, %v", answer, err)
				}
			} else if err != nil || strings.Count(answer, `"AlreadyRunning":true`) != 3 {
				t.Errorf("got %s, %v", answer, err)
			}
		})
	}
}
