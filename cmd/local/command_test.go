package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// command runs this test binary as the command local.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), path, args...)
	c.Env = append(os.Environ(), asLocal+"=1", "GORACE=atexit_sleep_ms=0")
	return c
}

func TestInvoke(t *testing.T) {
	list := write(t, "jobs.json", jobs)
	for name, c := range map[string]struct {
		args   []string
		stdin  string
		status int
		out    string
		stderr string
	}{
		"one job":            {[]string{"dts-quick"}, "", 0, `{"JobId":"dts-quick","RequestId":"`, `"outcome":"created"`},
		"a batch":            {[]string{"dts-quick", "dts-nosuch"}, "", 1, `"Failed":1}`, ``},
		"a batch of none":    {[]string{"dts-nosuch", "dts-nosuch2"}, "", 1, ``, "        ResourceNotFound.JobNotExist: The migration task does not exist.\nlocal: function error CheckFailed: 2 of 2 jobs failed\n"},
		"lists":              {[]string{"dts-quick，dts-other;", "dts-other, dts-quick"}, "", 0, `{"Jobs":[{"JobId":"dts-quick",`, `"jobs":2`},
		"no job's name":      {[]string{"dts/quick"}, "", 1, ``, "function error CheckFailed: InvalidParameter"},
		"a batch over HTTP":  {[]string{"-trigger", "apigw", "dts-quick", "dts-nosuch"}, "", 1, `"statusCode":207`, ``},
		"a wait":             {[]string{"-wait", "dts-awaited"}, "", 0, `"Check":{"Status":"finished","Passed":true`, ``},
		"standard input":     {[]string{"-event", "-"}, `["dts-quick"]`, 0, `{"Jobs":[{"JobId":"dts-quick"`, ``},
		"no job":             {nil, "", 2, ``, "local: give a JobId"},
		"a selection":        {[]string{"-select", `{"JobName":"quick"}`, "-wait"}, "", 0, `{"Jobs":[],"Failed":0,"Passed":0,"NotPassed":0,"NoVerdict":0}`, ``},
		"all that await":     {[]string{"-select", "-trigger", "timer"}, "", 0, `"JobId":"dts-notpass","RequestId"`, `"source":"timer"`},
		"a start":            {[]string{"-start", "dts-awaited"}, "", 0, `"Started":true,"StartRequestId":"`, `"outcome":"started"`},
		"a start over HTTP":  {[]string{"-start", "-trigger", "url", "dts-notpass"}, "", 0, `\"Passed\":false`, `"outcome":"not passed"`},
		"strictly":           {[]string{"-strict", "-wait", "dts-quick"}, "", 1, ``, "InvalidParameter: Strict: is not possible with version 2018-03-30"},
		"a table":            {[]string{"-text", "dts-quick"}, "", 0, "dts-quick", ``},
		"both":               {[]string{"-select", "dts-quick"}, "", 2, ``, "local: JobIds do not go with -select"},
		"a selection of":     {[]string{"-select=dts-quick"}, "", 2, ``, "must be JSON such as"},
		"a real start":       {[]string{"-start", "-endpoint", "https://dts.tencentcloudapi.com", "dts-quick"}, "", 2, ``, "set DTS_ALLOW_START=true if you mean it"},
		"flags after a job":  {[]string{"dts-quick", "-wait"}, "", 2, ``, "local: -wait: flags go before the JobIds"},
		"an unknown trigger": {[]string{"-trigger", "fax", "dts-quick"}, "", 2, ``, "local: -trigger must be one of"},
		"an event, and more": {[]string{"-event", "-", "-wait"}, "", 2, ``, "-strict and -trigger do not go with it"},
		"no such file":       {[]string{"-event", "nowhere.json"}, "", 1, ``, "local: -event: open nowhere.json"},
		"a large event":      {[]string{"-event", "-"}, strings.Repeat(" ", 6<<20+1), 1, ``, "larger than 6 MB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, stderr bytes.Buffer
			run := command(t, append([]string{"invoke", "-function", function(), "-jobs", list}, c.args...)...)
			run.Stdin, run.Stdout, run.Stderr = strings.NewReader(c.stdin), &out, &stderr
			if got := statusOf(run.Run()); got != c.status {
				t.Errorf("status %d, want %d", got, c.status)
			}
			if !strings.Contains(out.String(), c.out) || c.out == "" && out.Len() > 0 {
				t.Errorf("standard output %q, want %q", out.String(), c.out)
			}
			if !strings.Contains(stderr.String(), c.stderr) {
				t.Errorf("standard error %q, want %q", stderr.String(), c.stderr)
			}
			if strings.Contains(stderr.String(), "\x1b") || strings.Contains(stderr.String(), "\r") {
				t.Errorf("progress was shown where nobody looks: %q", stderr.String())
			}
		})
	}
}

// The function's path may be relative, and needs no slash.
func TestRelativeFunction(t *testing.T) {
	run := command(t, "invoke", "-function", filepath.Base(function()), "-jobs", write(t, "jobs.json", jobs), "dts-quick")
	run.Dir = filepath.Dir(function())
	if out, err := run.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// An answer ends with a newline, also where it is no terminal that shows it.
func TestNewlineAfterAnswer(t *testing.T) {
	out, err := command(t, "invoke", "-function", function(), "-jobs", write(t, "jobs.json", jobs), "dts-quick").Output()
	if err != nil || !bytes.HasSuffix(out, []byte("}\n")) {
		t.Errorf("output %q, error %v", out, err)
	}
}

// Every trigger's event is one that the function takes for that source's.
func TestTriggers(t *testing.T) {
	list := write(t, "jobs.json", jobs)
	for _, trigger := range triggers {
		t.Run(trigger, func(t *testing.T) {
			run := command(t, "invoke", "-function", function(), "-jobs", list, "-trigger", trigger, "dts-quick")
			var stderr bytes.Buffer
			run.Stderr = &stderr
			if err := run.Run(); err != nil || !strings.Contains(stderr.String(), `"source":"`+trigger+`","jobId":"dts-quick"`) {
				t.Errorf("error %v, log %s", err, &stderr)
			}
		})
	}
}

func TestUsage(t *testing.T) {
	for name, c := range map[string]struct {
		args   []string
		status int
		out    string
		stderr string
	}{
		"nothing":         {nil, 2, "", "local: give a command\n\nusage: go run ./cmd/local"},
		"another command": {[]string{"deploy"}, 2, "", "local: deploy: there is no such command\n\nusage:"},
		"help":            {[]string{"-h"}, 0, "usage: go run ./cmd/local COMMAND", ""},
		"help of invoke":  {[]string{"invoke", "-h"}, 0, "usage: go run ./cmd/local invoke [flags] JobId …\n\nRuns the function once", ""},
		"help of serve":   {[]string{"serve", "-h"}, 0, "-retry-after", ""},
		"help of dts":     {[]string{"dts", "--help"}, 0, "-tls", ""},
		"another flag":    {[]string{"serve", "-x"}, 2, "", "local: -x: there is no such flag\n\"go run ./cmd/local serve -h\" tells more\n"},
		"a bad value":     {[]string{"dts", "-fault", "x"}, 2, "", "-fault"},
		"a word":          {[]string{"dts", "now"}, 2, "", "local: now: not a flag"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, stderr bytes.Buffer
			run := command(t, c.args...)
			run.Stdout, run.Stderr = &out, &stderr
			if got := statusOf(run.Run()); got != c.status {
				t.Errorf("status %d, want %d", got, c.status)
			}
			for _, stream := range []struct{ got, want string }{{out.String(), c.out}, {stderr.String(), c.stderr}} {
				if !strings.Contains(stream.got, stream.want) || stream.want == "" && stream.got != "" {
					t.Errorf("output %q, want %q", stream.got, stream.want)
				}
			}
		})
	}
}

// statusOf is the exit status of a command that was run.
func statusOf(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		return -1
	}
	return 0
}

// An interrupt ends invoke wherever it is, and it says so.
func TestInvokeIsInterrupted(t *testing.T) {
	list := write(t, "jobs.json", jobs)
	for name, args := range map[string][]string{
		"while it waits for an event": {"-event", "-"},
		"in mid-event":                {"-fault", "silence", "dts-quick"},
	} {
		t.Run(name, func(t *testing.T) {
			run := command(t, append([]string{"invoke", "-function", function(), "-jobs", list}, args...)...)
			var stderr bytes.Buffer
			run.Stderr = &stderr
			stdin, err := run.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := run.Start(); err != nil {
				t.Fatal(err)
			}
			var processes []int
			if args[0] == "-event" {
				_, err = stdin.Write(bytes.Repeat([]byte(" "), 1<<20)) // more than a pipe holds: somebody reads
			} else {
				within(t, 10*time.Second, "the function runs", func() bool {
					processes = children(t, run.Process.Pid)
					return len(processes) == 1
				})
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := run.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			if got := statusOf(run.Wait()); got != 1 || !strings.HasSuffix(stderr.String(), "local: interrupted\n") {
				t.Errorf("status %d, standard error %q", got, &stderr)
			}
			left(t, processes)
		})
	}
}

// Without a reader of its log, serve ends in good order, and says why.
func TestServeWithoutReader(t *testing.T) {
	var stderr bytes.Buffer
	serve, url, out := startServe(t, &stderr, "-dead-letters", filepath.Join(t.TempDir(), "dead.jsonl"))
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	// The event may be stopped with the platform, but it is answered.
	if status, body := curl(t, "POST", url, form, `{"JobId":"dts-quick"}`); status != 200 && status != 503 {
		t.Errorf("%d %s", status, body)
	}
	if got := statusOf(serve.Wait()); got != 1 || !strings.Contains(stderr.String(), "local: the log cannot be written: ") {
		t.Errorf("status %d, standard error %q", got, &stderr)
	}
}

// A signal ends serve and every process of the function within a second:
// frozen ones, and one in mid-event, whose event becomes a dead letter. When
// serve is killed, the processes end all the same.
func TestServeIsInterrupted(t *testing.T) {
	for name, signal := range map[string]os.Signal{"interrupted": os.Interrupt, "terminated": syscall.SIGTERM, "killed": os.Kill} {
		t.Run(name, func(t *testing.T) {
			letters := filepath.Join(t.TempDir(), "dead.jsonl")
			serve, url, out := startServe(t, t.Output(), "-dead-letters", letters, "-fault", "silence,job=dts-quick", "-fire", "nightly")
			if status, body := curl(t, "POST", url, form, `{"JobId":"dts-other"}`); status != 200 {
				t.Errorf("%d %s", status, body)
			}
			var processes []int
			within(t, 10*time.Second, "one instance is frozen, one in mid-event", func() bool {
				processes = children(t, serve.Process.Pid)
				return len(processes) == 2
			})
			began := time.Now()
			if err := serve.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, out)
			err := serve.Wait()
			if took := time.Since(began); took > time.Second {
				t.Errorf("it took %v", took)
			}
			left(t, processes)
			if name == "killed" {
				return
			}
			if err != nil {
				t.Error(err)
			}
			if file, err := os.ReadFile(letters); err != nil || !strings.Contains(string(file), `"Message":"dts-quick"`) {
				t.Errorf("dead letters %q, error %v", file, err)
			}
		})
	}
}

// startServe starts the command serve and returns its process, its URL and the
// rest of its output.
func startServe(t *testing.T, stderr io.Writer, flags ...string) (*exec.Cmd, string, io.ReadCloser) {
	t.Helper()
	serve := command(t, append([]string{"serve", "-listen", "127.0.0.1:0", "-api", "127.0.0.1:0", "-dts", "127.0.0.1:0",
		"-function", function(), "-config", write(t, "serverless.yml", serverless), "-jobs", write(t, "jobs.json", jobs)}, flags...)...)
	serve.Stderr = stderr
	out, err := serve.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	url := ""
	for lines.Scan() {
		if address, ok := strings.CutPrefix(lines.Text(), "HTTP:"); ok {
			url = strings.TrimSpace(address)
		}
		if lines.Text() == "" { // after all that it says of itself
			return serve, url, out
		}
	}
	t.Fatalf("serve did not say where it listens: %v", lines.Err())
	return nil, "", nil
}

// Requests to either listener are read under the gateway's limits: an upload
// that stalls is told so.
func TestStalledUploads(t *testing.T) {
	t.Parallel() // it waits
	c := open(t, serverless)
	var uploads sync.WaitGroup
	for url, want := range map[string]string{c.url: " 408 ", c.api: " 200 OK"} { // the API answers all with 200
		uploads.Go(func() {
			address := strings.TrimPrefix(url, "http://")
			connection, err := net.Dial("tcp", address)
			if err != nil {
				t.Error(err)
				return
			}
			defer connection.Close()
			connection.SetDeadline(time.Now().Add(30 * time.Second))
			fmt.Fprintf(connection, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: 100\r\n\r\n{", address)
			line, err := bufio.NewReader(connection).ReadString('\n')
			if err != nil || !strings.Contains(line, want) {
				t.Errorf("%s: %q, error %v, want%s", url, line, err, want)
			}
		})
	}
	uploads.Wait()
}
