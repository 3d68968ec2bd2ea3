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
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"migratecheck/internal/config"
	"migratecheck/internal/local/fakedts"
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
	page := write(t, "page.json", `{"httpMethod":"GET","path":"/","headers":{"Accept":"text/html,application/xhtml+xml"},"queryString":{"JobId":"dts-nosuch","Action":"CreateMigrateCheckJob"}}`)
	other := write(t, "other", "#!/bin/sh\nexit 3\n")
	if err := os.Chmod(other, 0o700); err != nil {
		t.Fatal(err)
	}
	options := write(t, "options.json", `{"httpMethod":"OPTIONS","path":"/"}`)
	head405 := write(t, "head.json", `{"httpMethod":"HEAD","path":"/"}`)
	for name, c := range map[string]struct {
		args   []string
		stdin  string
		status int
		out    string
		stderr string
	}{
		"one job":            {[]string{"dts-quick"}, "", 0, `{"JobId":"dts-quick","RequestId":"`, `"outcome":"created"`},
		"a batch":            {[]string{"dts-quick", "dts-nosuch"}, "", 1, `"Failed":1}`, ``},
		"a batch of none":    {[]string{"dts-nosuch", "dts-nosuch2"}, "", 1, `{"Error":{"Code":"CheckFailed","Message":"2 of 2 jobs failed: dts-nosuch: `, "        ResourceNotFound.JobNotExist: The migration task does not exist.\nlocal: function error CheckFailed: 2 of 2 jobs failed\n"},
		"lists":              {[]string{"dts-quick，dts-other;", "dts-other, dts-quick"}, "", 0, `{"Jobs":[{"JobId":"dts-quick",`, `"jobs":2`},
		"no job's name":      {[]string{"dts/quick"}, "", 1, `{"Error":{"Code":"CheckFailed"`, "function error CheckFailed: InvalidParameter"},
		"a batch over HTTP":  {[]string{"-trigger", "apigw", "dts-quick", "dts-nosuch"}, "", 1, `"statusCode":207`, ``},
		"a wait":             {[]string{"dts-awaited", "-wait"}, "", 0, `"Check":{"Status":"finished","Passed":true`, ``},
		"not passed":         {[]string{"-wait", "dts-notpass", "dts-awaited"}, "", 3, `"Passed":1,"NotPassed":1`, ``},
		"not passed, failed": {[]string{"-wait", "dts-notpass", "dts-nosuch"}, "", 1, `"Failed":1`, ``},
		"not passed, no end": {[]string{"-wait", "-timeout", "4s", "dts-slow", "dts-notpass"}, "", 3, `"NotPassed":1,"NoVerdict":1`, ``},
		"no verdict":         {[]string{"-wait", "-timeout", "3s", "dts-slow"}, "", 4, `"Check":{"Status":"`, ``},
		"fail on failed":     {[]string{"-wait", "-fail-on", "failed", "-timeout", "4s", "dts-slow", "dts-notpass"}, "", 0, `"NotPassed":1,"NoVerdict":1`, ``},
		"a read":             {[]string{"-read", "dts-quick"}, "", 4, `"Check":{"Status":"unavailable"`, ``},
		"a page":             {[]string{"-event", page}, "", 1, `"statusCode":404`, ``},
		"a method":           {[]string{"-event", options}, "", 0, `"statusCode":204`, ``},
		"another method":     {[]string{"-event", head405}, "", 1, `"statusCode":405`, ``},
		"standard input":     {[]string{"-event", "-"}, `["dts-quick"]`, 0, `{"Jobs":[{"JobId":"dts-quick"`, ``},
		"no job":             {nil, "", 2, `{"Error":{"Code":"ClientError.UsageError","Message":"give a JobId`, "local: give a JobId"},
		"a selection":        {[]string{"-select", `{"JobName":"quick"}`, "-wait"}, "", 0, `{"Jobs":[],"Failed":0,"Passed":0,"NotPassed":0,"NoVerdict":0`, ``},
		"nothing, a failure": {[]string{"-select", `{"JobName":"quick"}`, "-fail-empty"}, "", 5, `{"Jobs":[],"Failed":0}`, ``},
		"all that await":     {[]string{"-select", "-trigger", "timer"}, "", 0, `"JobId":"dts-notpass","RequestId"`, `"source":"timer"`},
		"a start":            {[]string{"-start", "dts-awaited"}, "", 0, `"Started":true,"StartRequestId":"`, `"outcome":"started"`},
		"a start over HTTP":  {[]string{"-start", "-trigger", "url", "dts-notpass"}, "", 3, `\"Passed\":false`, `"outcome":"not passed"`},
		"strictly":           {[]string{"-strict", "-wait", "dts-quick"}, "", 1, `{"Error":{"Code":"CheckFailed"`, "InvalidParameter: Strict: is not possible with version 2018-03-30"},
		"a table":            {[]string{"-text", "dts-quick"}, "", 0, "dts-quick", ``},
		"a table of none":    {[]string{"-text", "dts/quick"}, "", 1, "DTS check: ", ``},
		"an unknown trigger": {[]string{"-trigger", "fax", "dts-quick"}, "", 2, `{"Error":`, "local: -trigger must be one of"},
		"no such file":       {[]string{"-event", "nowhere.json"}, "", 1, `{"Error":{"Code":"ClientError.LocalError"`, "local: -event: open nowhere.json"},
		"a large event":      {[]string{"-event", "-"}, strings.Repeat(" ", 6<<20+1), 1, `{"Error":`, "larger than 6 MB"},
		"another program":    {[]string{"-function", other, "dts-quick"}, "", 1, `{"Error":{"Code":"ClientError.LocalError"`, ``},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, stderr bytes.Buffer
			run := command(t, append([]string{"invoke", "-function", function(), "-jobs", list}, c.args...)...)
			run.Stdin, run.Stdout, run.Stderr = strings.NewReader(c.stdin), &out, &stderr
			if got := statusOf(run.Run()); got != c.status {
				t.Errorf("status %d, want %d", got, c.status)
			}
			if !strings.Contains(out.String(), c.out) || !strings.HasSuffix(out.String(), "\n") {
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
	t.Parallel()
	run := command(t, "invoke", "-function", filepath.Base(function()), "-jobs", write(t, "jobs.json", jobs), "dts-quick")
	run.Dir = filepath.Dir(function())
	if out, err := run.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// Every trigger's event is one that the function takes for that source's.
func TestTriggers(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
	for name, c := range map[string]struct {
		args   []string
		status int
		out    string
		stderr string
	}{
		"nothing":          {nil, 2, "", "local: give a command\n\nusage: go run ./cmd/local"},
		"another command":  {[]string{"deploy"}, 2, "", "local: deploy: there is no such command\n\nusage:"},
		"help":             {[]string{"-h"}, 0, "usage: go run ./cmd/local COMMAND", ""},
		"help of invoke":   {[]string{"invoke", "-h"}, 0, "usage: go run ./cmd/local invoke [flags] JobId …\n\nRuns the function once", ""},
		"help of report":   {[]string{"report", "-h"}, 0, "  3    a check did not pass\n", ""},
		"a command's slip": {[]string{"invok"}, 2, "", "local: invok: there is no such command, did you mean invoke?\n"},
		"help of serve":    {[]string{"serve", "-h"}, 0, "-retry-after", ""},
		"help of dts":      {[]string{"dts", "--help"}, 0, "-tls", ""},
		"another flag":     {[]string{"serve", "-x"}, 2, "", "local: -x: there is no such flag\n\"go run ./cmd/local serve -h\" tells more\n"},
		"a bad value":      {[]string{"dts", "-fault", "x"}, 2, "", "-fault"},
		"a word":           {[]string{"dts", "now"}, 2, "", "local: now: not a flag"},
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
	t.Parallel()
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
			if got := statusOf(run.Wait()); got != statusInterrupted || !strings.HasSuffix(stderr.String(), "local: interrupted\n") {
				t.Errorf("status %d, standard error %q", got, &stderr)
			}
			left(t, processes)
		})
	}
}

// Without a reader of its log, serve ends in good order, and says why.
func TestServeWithoutReader(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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

// The help names every kind of fault, with what it needs, every variable and every
// exit status.
func TestHelpIsWhole(t *testing.T) {
	t.Parallel()
	help, err := command(t, "invoke", "-h").Output()
	if err != nil {
		t.Fatal(err)
	}
	_, faults, _ := strings.Cut(string(help), "Faults of the embedded endpoint")
	for _, kind := range fakedts.Kinds {
		line := regexp.MustCompile(`(?m)^  (?:\S+, )*` + string(kind) + `(?:, \S+)*  +(.*)$`).FindStringSubmatch(faults)
		if line == nil {
			t.Errorf("no line for the fault %s", kind)
			continue
		}
		for _, need := range []string{"code=", "delay="} {
			_, err := fakedts.ParseFault(string(kind) + "," + strings.NewReplacer("code=", "delay=1s", "delay=", "code=X").Replace(need))
			if needed := err != nil; needed != strings.Contains(line[1], need) {
				t.Errorf("%s needs %s: %v, and the help says %s", kind, need, needed, line[1])
			}
		}
	}
	for _, name := range append(slices.Clone(config.Variables), "TENCENTCLOUD_SECRET_ID") {
		if !strings.Contains(faults, name) {
			t.Errorf("no %s", name)
		}
	}
	for _, status := range []int{0, statusFailed, statusWrongUse, statusNotPassed, statusNoVerdict, statusNothing, statusInterrupted} {
		if !regexp.MustCompile(fmt.Sprintf(`(?m)^  %-3d  \S`, status)).MatchString(faults) {
			t.Errorf("no exit status %d", status)
		}
	}
}
