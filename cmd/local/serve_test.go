package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/rpc"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tencentyun/scf-go-lib/cloudfunction/messages"

	"migratecheck/internal/local/scf"
)

// jobs of the tests: checks take no time where that does not matter. A verdict
// is only believed of a check that was seen running.
const jobs = `[
	{"JobId": "dts-quick", "CheckSeconds": 1e-6}, {"JobId": "dts-other", "CheckSeconds": 1e-6},
	{"JobId": "dts-awaited"}, {"JobId": "dts-notpass", "NotPassed": true, "Message": "no luck"},
	{"JobId": "dts-slow", "CheckSeconds": 3600},
	{"JobId": "dts-migrates", "InMigration": true}
]`

// deployment of the tests: its timers do not fire by themselves.
const serverless = `
component: scf
name: migrate-check
inputs:
  name: migrate-check
  src: ./build/function
  role: migrate-check
  runtime: Go1
  region: ap-guangzhou
  memorySize: 64
  timeout: 20
  environment: {variables: {DTS_REGION: ap-shanghai}}
  events:
    - timer: {parameters: {name: nightly, cronExpression: '0 0 2 1 1 * 2099', enable: true, argument: dts-quick}}
    - timer: {parameters: {name: closed, cronExpression: '* * * * * * *', argument: dts-nosuch}}
`

// output is what a cloud writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// testCloud is a cloud with its log and its dead-letter file.
type testCloud struct {
	*cloud
	log     *output
	letters string
}

// open opens a cloud with the deployment, an embedded endpoint with the jobs
// and more flags.
func open(t *testing.T, deployment string, flags ...string) testCloud {
	t.Helper()
	return openWith(t, deployment, append([]string{"-dts", "127.0.0.1:0", "-quota", "-1", "-jobs", write(t, "jobs.json", jobs)}, flags...)...)
}

// openWith opens a cloud with the deployment and the flags of an endpoint.
func openWith(t *testing.T, deployment string, flags ...string) testCloud {
	t.Helper()
	letters := filepath.Join(t.TempDir(), "letters", "dead.jsonl")
	o, err := parseServe(append([]string{
		"-listen", "127.0.0.1:0", "-api", "127.0.0.1:0", "-function", function(),
		"-config", write(t, "serverless.yml", deployment), "-dead-letters", letters,
	}, flags...))
	if err != nil {
		t.Fatal(err)
	}
	out := &output{}
	c, err := openCloud(t.Context(), o, out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		if t.Failed() {
			t.Log(out)
		}
	})
	return testCloud{c, out, letters}
}

// dead reads the dead letters.
func (c testCloud) dead(t *testing.T) []scf.DeadLetter {
	t.Helper()
	file, err := os.ReadFile(c.letters)
	if err != nil {
		t.Fatal(err)
	}
	var letters []scf.DeadLetter
	for line := range bytes.Lines(file) {
		var letter scf.DeadLetter
		if err := json.Unmarshal(line, &letter); err != nil {
			t.Fatal(err)
		}
		letters = append(letters, letter)
	}
	return letters
}

// curl sends a request and returns the answer's status and body.
func curl(t *testing.T, method, url, contentType, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

const form = "application/x-www-form-urlencoded" // what curl -d says

func TestFunctionURL(t *testing.T) {
	t.Parallel()
	c := open(t, serverless)
	for _, step := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/", `{"JobId":"dts-quick"}`, 200, `"JobId":"dts-quick"`},
		{"GET", "/?JobId=dts-quick", "", 200, `"RequestId"`},
		{"POST", "/", `{"JobIds":["dts-quick","dts-other"]}`, 200, `"Failed":0`},
		{"POST", "/", `{"JobIds":["dts-quick","dts-nosuch"]}`, 207, `"Failed":1`},
		{"POST", "/", `{"JobId":"not a job"}`, 400, `"InvalidParameter"`},
		{"GET", "/", "", 400, `"InvalidParameter"`},
		{"GET", "/?JobId", "", 400, `queryString.JobId`},
		{"POST", "/", `{"JobId":"dts-nosuch"}`, 404, `"ResourceNotFound.JobNotExist"`},
		{"POST", "/", `{"JobId":"dts-migrates"}`, 409, `"FailedOperation.NotAllowOperation"`},
		{"POST", "/", `{"JobId":"dts-slow"}`, 200, `"JobId":"dts-slow"`},
		{"POST", "/", `{"JobId":"dts-slow"}`, 409, `"InternalError.DuplicateJob"`},
		{"GET", "/?JobId=dts-slow&Action=DescribeMigrateCheckJob", "", 200, `"Status":"starting"`},
		{"POST", "/", `{"JobId":"dts-awaited","Wait":true}`, 200, `"Check":{"Status":"finished","Passed":true`},
		{"POST", "/", `{"JobId":"dts-notpass","Wait":true}`, 200, `"Passed":false,"Progress":100,"Message":"no luck"`},
		{"POST", "/", `{"JobId":"` + strings.Repeat("x", 6<<20) + `"}`, 406, `"statusCode":406`},
	} {
		status, body := curl(t, step.method, c.url+step.path, form, step.body)
		if status != step.status || !strings.Contains(body, step.want) {
			t.Errorf("%s %s %.50s: %d %s, want %d with %s", step.method, step.path, step.body, status, body, step.status, step.want)
		}
	}
}

func TestAPIGateway(t *testing.T) {
	t.Parallel()
	c := open(t, serverless, "-http", "apigw", "-route", "/jobs/{JobId}/checks")
	for _, step := range []struct {
		path, contentType, body string
		status                  int
		want                    string
	}{
		{"/jobs/dts-quick/checks", "", "", 200, `"JobId":"dts-quick"`},
		{"/jobs/dts-nosuch/checks", "", "", 404, "JobNotExist"},
		{"/jobs/dts-quick/checks?JobId=dts-other", "", "", 400, "names another job"},
		{"/jobs/dts-quick/checks?JobId=dts-quick&JobId=dts-quick", "", "", 200, "dts-quick"},
		{"/jobs/dts-quick/checks", "application/octet-stream", "\xff", 400, "body"},
		{"/checks", "", "", 404, "no api match"},
	} {
		status, body := curl(t, "POST", c.url+step.path, step.contentType, step.body)
		if status != step.status || !strings.Contains(body, step.want) {
			t.Errorf("%s: %d %s, want %d with %s", step.path, status, body, step.status, step.want)
		}
	}
}

// Without -route, the path is that of the one API that is deployed.
func TestRouteOfTheDeployment(t *testing.T) {
	t.Parallel()
	const one = `
    - apigw: {parameters: {endpoints: [{path: '/jobs/{JobId}/checks', method: POST}]}}`
	for name, c := range map[string]struct {
		deployment, route string
		status            int
	}{
		"one API":              {serverless + one, "", 200},
		"one API and -route":   {serverless + one, "/{JobId}", 404},
		"two APIs, any path":   {serverless + one + one, "", 400}, // without a path parameter there is no JobId
		"no API, and any path": {serverless, "", 400},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := open(t, strings.TrimSpace(c.deployment), "-http", "apigw", "-route", c.route)
			if status, body := curl(t, "POST", cloud.url+"/jobs/dts-quick/checks", "", ""); status != c.status {
				t.Errorf("%d %s, want %d", status, body, c.status)
			}
		})
	}
}

// It does not run beside other tests, whose instances would count.
func TestManyRequests(t *testing.T) {
	c := open(t, serverless)
	const n = 200
	accepted := make(chan string, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			answer, err := http.Post(c.url, "application/json", strings.NewReader(`{"JobIds":["dts-quick"],"N":`+strconv.Itoa(i)+`}`))
			if err != nil {
				t.Error(err)
				return
			}
			defer answer.Body.Close()
			var body struct {
				Jobs []struct{ RequestID string }
			}
			if err := json.NewDecoder(answer.Body).Decode(&body); err != nil || answer.StatusCode != 200 || len(body.Jobs) != 1 {
				t.Errorf("status %d, error %v", answer.StatusCode, err)
				return
			}
			accepted <- body.Jobs[0].RequestID
		})
	}
	group.Wait()
	close(accepted)
	ids := map[string]bool{}
	for id := range accepted {
		ids[id] = true
	}
	if len(ids) != n {
		t.Errorf("%d requests had %d different checks", n, len(ids))
	}
	for _, kind := range []string{"START", "END", "REPORT"} {
		if got := strings.Count(c.log.String(), " "+kind); got != n {
			t.Errorf("%d %s lines, want %d", got, kind, n)
		}
	}
	processes := children(t, os.Getpid())
	if len(processes) == 0 || len(processes) > n/10 {
		t.Errorf("%d instances for %d requests", len(processes), n)
	}
	c.Close()
	left(t, processes)
}

func TestTimerFires(t *testing.T) {
	t.Parallel()
	c := open(t, strings.ReplaceAll(serverless, "0 0 2 1 1 * 2099", "* * * * * * *"))
	within(t, 10*time.Second, "the timer's event is handled", func() bool {
		log := c.log.String()
		return strings.Contains(log, "NOTE   timer nightly fires") && strings.Contains(log, "source=timer jobId=dts-quick")
	})
	if strings.Contains(c.log.String(), "closed") {
		t.Error("the closed timer fired")
	}
}

func TestFire(t *testing.T) {
	t.Parallel()
	c := open(t, serverless, "-retry-after", "1ms", "-fire", "nightly", "-fire", "closed")
	c.fire()
	within(t, 10*time.Second, "a dead letter, and a check", func() bool {
		return len(c.dead(t)) == 1 && strings.Contains(c.log.String(), "jobId=dts-quick")
	})
	letter := c.dead(t)[0]
	var event struct{ Type, TriggerName, Message string }
	if err := json.Unmarshal(letter.Event, &event); err != nil {
		t.Fatal(err)
	}
	if event.Type != "Timer" || event.TriggerName != "closed" || event.Message != "dts-nosuch" {
		t.Errorf("event %s", letter.Event)
	}
	if len(letter.Tries) != 3 || letter.Tries[2].Status != 430 || !strings.Contains(letter.Tries[2].Error, "dts-nosuch: ResourceNotFound.JobNotExist") {
		t.Errorf("tries %+v", letter.Tries)
	}
	if got := strings.Count(c.log.String(), letter.RequestID+"\n"); got != 3 { // START lines
		t.Errorf("the event was tried %d times under its request id, want 3", got)
	}
}

func TestKilledInMidEvent(t *testing.T) {
	c := open(t, serverless)
	if status, body := curl(t, "POST", c.url, form, `{"JobId":"dts-other"}`); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	process := children(t, os.Getpid())
	within(t, 5*time.Second, "the instance is frozen", func() bool { return frozen(process[0]) })
	type result struct {
		status int
		body   string
	}
	got := make(chan result, 1)
	go func() {
		status, body := curl(t, "POST", c.url, form, `{"JobId":"dts-slow","Wait":true}`)
		got <- result{status, body}
	}()
	within(t, 5*time.Second, "the instance is in mid-event", func() bool { return !frozen(process[0]) })
	p, err := os.FindProcess(process[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	r := <-got
	if r.status != 439 || !strings.Contains(r.body, "signal: killed") {
		t.Errorf("%d %s", r.status, r.body)
	}
	if n := strings.Count(c.log.String(), "signal: killed"); n != 1 {
		t.Errorf("the log tells of it %d times, want once", n)
	}
	if status, body := curl(t, "POST", c.url, form, `{"JobId":"dts-quick"}`); status != 200 {
		t.Errorf("the next event: %d %s", status, body)
	}
	if next := children(t, os.Getpid()); len(next) != 1 || next[0] == process[0] {
		t.Errorf("processes %v, after %v", next, process)
	}
}

func TestTimeLimit(t *testing.T) {
	t.Parallel() // it waits
	c := open(t, strings.Replace(serverless, "timeout: 20", "timeout: 4", 1), "-fault", "silence,job=dts-quick")
	// The platform itself would say 433.
	if status, body := curl(t, "POST", c.url, form, `{"JobId":"dts-quick"}`); status != 504 {
		t.Errorf("%d %s, want the function's own 504, in time", status, body)
	}
}

func TestCloseTellsWhoWaits(t *testing.T) {
	c := open(t, serverless, "-fault", "silence", "-fire", "nightly")
	c.fire()
	statuses := make(chan int, 2)
	for range cap(statuses) {
		go func() {
			status, _ := curl(t, "POST", c.url, form, `{"JobId":"dts-other"}`)
			statuses <- status
		}()
	}
	var processes []int
	within(t, 5*time.Second, "three events are handled", func() bool {
		processes = children(t, os.Getpid())
		return len(processes) == 3
	})
	began := time.Now()
	c.Close()
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %v", took)
	}
	left(t, processes)
	for range cap(statuses) {
		if status := <-statuses; status != 503 {
			t.Errorf("status %d, want 503", status)
		}
	}
	if letters := c.dead(t); len(letters) != 1 || letters[0].Reason != "the platform stopped" {
		t.Errorf("dead letters %+v", letters)
	}
}

func TestAnotherEndpoint(t *testing.T) {
	other := open(t, serverless)
	role := other.keys
	t.Setenv("LOG_LEVEL", "error") // goes before the deployment's
	c := openWith(t, serverless, "-endpoint", other.dtsURL())
	if status, body := curl(t, "POST", c.url, form, `{"JobId":"dts-slow"}`); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	if status, body := curl(t, "POST", other.url, form, `{"JobId":"dts-slow"}`); status != 409 {
		t.Errorf("at the other endpoint: %d %s, want the check that is running there", status, body)
	}
	if c.dts != nil || strings.Contains(c.log.String(), "INFO") {
		t.Errorf("an endpoint of its own: %v, log:\n%s", c.dts, c.log)
	}
	var said bytes.Buffer
	if err := c.announce(&said); err != nil || strings.Contains(said.String(), role.SecretKey) {
		t.Errorf("keys that are not the example's are shown: %s, error %v", &said, err)
	}
}

func TestServeRefuses(t *testing.T) {
	config := write(t, "serverless.yml", serverless)
	broken := write(t, "broken.yml", strings.Replace(serverless, "runtime: Go1", "runtime: Go2", 1))
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	here := func(flags ...string) []string {
		return append([]string{"-config", config, "-function", config, "-dead-letters", config + ".letters",
			"-dts", "127.0.0.1:0", "-listen", "127.0.0.1:0", "-api", "127.0.0.1:0"}, flags...)
	}
	for name, c := range map[string]struct {
		args    []string
		message string
	}{
		"no file":          {[]string{"-config", "nowhere.yml"}, "nowhere.yml"},
		"a broken file":    {[]string{"-config", broken}, "inputs.runtime"},
		"a word":           {[]string{"-config", config, "now"}, "now: not a flag"},
		"a form":           {[]string{"-http", "soap"}, "-http must be"},
		"a route alone":    {[]string{"-route", "/x"}, "-route"},
		"a relative path":  {[]string{"-http", "apigw", "-route", "x"}, "-route"},
		"no instances":     {[]string{"-instances", "0"}, "-instances"},
		"time backwards":   {[]string{"-retry-after", "-1s"}, "-retry-after"},
		"no keys":          {[]string{"-config", config, "-endpoint", "https://dts.example"}, "key pair"},
		"no such timer":    {[]string{"-config", config, "-fire", "nosuch"}, `-fire: there is no timer "nosuch", there is "nightly", "closed"`},
		"two endpoints":    {[]string{"-endpoint", "https://dts.example", "-fault", "drop"}, "-fault is for the embedded"},
		"no quota":         {[]string{"-quota", "0"}, "-quota"},
		"no such jobs":     {[]string{"-config", config, "-jobs", "nowhere.json"}, "-jobs: "},
		"a folder":         {here("-dead-letters", filepath.Dir(config)), "-dead-letters: "},
		"an address":       {here("-listen", "nowhere"), "-listen: "},
		"a taken address":  {here("-api", taken.Addr().String()), "port 0 stands for any that is free"},
		"a taken endpoint": {here("-dts", taken.Addr().String()), "-dts: listen tcp"},
		"no function":      {here("-function", "nowhere"), "-function: "},
		"a folder to run":  {here("-function", filepath.Dir(config)), "is a folder"},
		"everywhere":       {here("-listen", ":0"), "-listen :0 can be reached from other machines"},
		"a network's":      {here("-api", "10.0.0.1:0"), "-api 10.0.0.1:0 can be reached from other machines"},
		"a name's":         {here("-dts", "my-machine:0"), "-dts my-machine:0 can be reached"},
		"a bad variable":   {[]string{"-config", write(t, "loud.yml", strings.Replace(serverless, "DTS_REGION: ap-shanghai", "LOG_LEVEL: loud", 1))}, "inputs.environment.variables: environment variable LOG_LEVEL: must be debug"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, variable := range []string{"TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRET_ID"} {
				t.Setenv(variable, "")
			}
			if err := serve(t.Context(), c.args); err == nil || !strings.Contains(err.Error(), c.message) {
				t.Errorf("error %v, want %q", err, c.message)
			}
		})
	}
}

// What a browser sends for a page of another origin, under another name, and
// what comes for another host, is no event.
func TestForeignRequests(t *testing.T) {
	t.Parallel()
	c := open(t, serverless)
	for name, change := range map[string]func(*http.Request){
		"another host":      func(r *http.Request) { r.Host = "evil.example" },
		"a rebound name":    func(r *http.Request) { r.Host = "evil.example:" + r.URL.Port() },
		"a form elsewhere":  func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"a file":            func(r *http.Request) { r.Header.Set("Origin", "null") },
		"an image":          func(r *http.Request) { r.Method = "GET"; r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"a preflight":       func(r *http.Request) { r.Method = "OPTIONS"; r.Header.Set("Origin", "http://localhost:3000") },
		"another local one": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
	} {
		t.Run(name, func(t *testing.T) {
			for _, url := range []string{c.url, c.api} {
				r, err := http.NewRequest("POST", url+"/?JobId=dts-quick", strings.NewReader(`{"JobId":"dts-quick"}`))
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Content-Type", "text/plain")
				change(r)
				answer, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				answer.Body.Close()
				if answer.StatusCode != 403 {
					t.Errorf("%s: status %d, want 403", url, answer.StatusCode)
				}
			}
		})
	}
	if log := c.log.String(); log != "" {
		t.Errorf("there were events:\n%s", log)
	}
}

// Whoever finds the port on which the function takes events gets nothing: its
// process has no credentials, and an invocation that is not ours brings none.
func TestStrangerOnTheFunctionsPort(t *testing.T) {
	c := open(t, serverless, "-freeze=false")
	if status, body := curl(t, "POST", c.url, form, `{"JobId":"dts-quick"}`); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", children(t, os.Getpid())[0]))
	if err != nil || strings.Contains(string(environ), c.keys.SecretKey) {
		t.Errorf("the process was started with %q, error %v", environ, err)
	}
	_, port, _ := strings.Cut(string(environ), "_LAMBDA_SERVER_PORT=")
	port, _, _ = strings.Cut(port, "\x00")
	stranger, err := rpc.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	deadline := messages.InvokeRequest_Timestamp{Seconds: time.Now().Add(10 * time.Second).Unix()}
	for name, environment := range map[string]string{"no environment": "", "an empty one": "{}", "a region": `{"TENCENTCLOUD_REGION":"ap-guangzhou"}`} {
		var answer messages.InvokeResponse
		request := &messages.InvokeRequest{Payload: []byte(`{"JobId":"dts-slow"}`), RequestId: "r", Deadline: deadline, Environment: environment}
		if err := stranger.Call("Function.Invoke", request, &answer); err != nil {
			t.Fatal(err)
		}
		if answer.Error == nil || !strings.Contains(answer.Error.Message, "no role credentials") {
			t.Errorf("%s: answer %s, error %+v, want no credentials", name, answer.Payload, answer.Error)
		}
	}
	if status, body := curl(t, "POST", c.url, form, `{"JobId":"dts-slow"}`); status != 200 {
		t.Errorf("%d %s: the stranger's check runs", status, body)
	}
}

// Without a role there are no credentials, as on the platform; the Invoke API
// takes its callers' key pair all the same.
func TestNoRole(t *testing.T) {
	t.Parallel()
	c := open(t, strings.Replace(serverless, "  role: migrate-check\n", "", 1))
	status, body := curl(t, "POST", c.url, form, `{"JobId":"dts-quick"}`)
	if status != 500 || !strings.Contains(body, "no role credentials") {
		t.Errorf("%d %s, want no credentials", status, body)
	}
	if !slices.Contains(c.notes, "inputs.role: is missing: the function gets no credentials") {
		t.Errorf("notes %q", c.notes)
	}
}

// What it says at its start has all that decides how the function runs.
func TestAnnounce(t *testing.T) {
	t.Parallel()
	c := open(t, serverless+`
    - timer: {parameters: {name: past, cronExpression: '0 0 2 * * * 2000', enable: true}}
`, "-public", "-listen", "0.0.0.0:0")
	var said bytes.Buffer
	if err := c.announce(&said); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Settings:      timeout 20 s, memory 64 MB, role migrate-check\n",
		"Timer:         nightly (0 0 2 1 1 * 2099): next 2099-01-01 02:00:00 UTC+8, argument \"dts-quick\"\n",
		"Timer:         closed (* * * * * * *): closed (enable: true opens it), argument \"dts-nosuch\"\n",
		"Timer:         past (0 0 2 * * * 2000): enabled, but its schedule has no time left: it never fires, argument \"\"\n",
		"Note:          timer past: has no argument: its events name no job, and the function refuses them\n",
		"Note:          -listen 0.0.0.0:0: other machines reach it, and whoever does fires the function with the keys that it has\n",
		"To stop:       Ctrl-C\n\n",
	} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("it does not say %q but\n%s", want, &said)
		}
	}
}

// The file for dead letters is the user's alone, also if it was there before;
// where the default cannot be written there is another.
func TestOpenLetters(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("TMPDIR", dir)
	if err := os.MkdirAll("build", 0o755); err != nil {
		t.Fatal(err)
	}
	private := func(path string) string {
		t.Helper()
		letters, err := openLetters(path)
		if err != nil {
			t.Fatal(err)
		}
		defer letters.Close()
		info, err := letters.Stat()
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, error %v", letters.Name(), info.Mode(), err)
		}
		return letters.Name()
	}
	if err := os.WriteFile(defaultLetters, []byte("{}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if name := private(defaultLetters); name != defaultLetters {
		t.Errorf("letters go to %s", name)
	}
	if file, err := os.ReadFile(defaultLetters); err != nil || string(file) != "{}\n" {
		t.Errorf("the letters of before: %q, error %v", file, err)
	}
	if err := os.RemoveAll("build"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("build", nil, 0o600); err != nil { // no folder can be made there
		t.Fatal(err)
	}
	if name := private(defaultLetters); filepath.Dir(name) != dir {
		t.Errorf("letters go to %s", name)
	}
	if letters, err := openLetters("build/other.jsonl"); err == nil {
		t.Errorf("letters that were to go elsewhere go to %s", letters.Name())
	}
}

func TestLogAsJSON(t *testing.T) {
	t.Parallel()
	c := open(t, serverless, "-json")
	if err := c.announce(c.log); err != nil {
		t.Fatal(err)
	}
	if status, body := curl(t, "POST", c.url, form, `{"JobId":"dts-quick"}`); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	c.Close()
	var kinds []string
	for line := range strings.Lines(c.log.String()) {
		var o map[string]any
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if kind, ok := o["type"]; ok {
			kinds = append(kinds, fmt.Sprint(kind))
		} else {
			kinds = append(kinds, fmt.Sprint(o["msg"]))
		}
		if o["type"] == "REPORT" && (o["status"] != 200.0 || o["memoryMB"] != 64.0 || o["durationMs"] == nil || o["requestId"] == nil) {
			t.Errorf("report %s", line)
		}
	}
	if got := strings.Join(kinds, " "); got != "READY START job event END REPORT" {
		t.Errorf("lines %s", got)
	}
}

// A delivery that is tried again meets another instance, which goes on with what
// the first has begun: the check that runs is not taken for a failure. A role
// that is wrong at the first try and mended by the second costs nothing either.
func TestDeliveryMovesToAnotherInstance(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]string{
		"an endpoint that fails": "code,code=InternalError.DatabaseError,job=dts-other,action=CreateMigrateCheckJob,times=4",
		"a role that is mended":  "code,code=AuthFailure.TokenFailure,times=2",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t, strings.Replace(serverless, "argument: dts-quick", "argument: 'dts-slow, dts-other'", 1),
				"-instances", "2", "-in-turn", "-retry-after", "1ms", "-fire", "nightly", "-fault", fault)
			c.fire()
			within(t, 20*time.Second, "the second try is over", func() bool { return strings.Contains(c.log.String(), "REPORT status 200") })
			log := c.log.String()
			for _, want := range []string{"REPORT status 430", ", instance 1: ", "try 1 of 3 failed", ", instance 2\n"} {
				if !strings.Contains(log, want) {
					t.Errorf("no %q in %s", want, log)
				}
			}
			_, second, _ := strings.Cut(log, "try 1 of 3 failed")
			for _, job := range []string{"dts-slow", "dts-other"} {
				if !strings.Contains(second, "jobId="+job) || strings.Contains(second, "code=") {
					t.Errorf("%s: not accepted by the second: %s", job, second)
				}
			}
			if letters := c.dead(t); len(letters) != 0 {
				t.Errorf("dead letters %+v", letters)
			}
		})
	}
}
