package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
		fails  bool
		out    string
		stderr string
	}{
		"one job":            {[]string{"dts-quick"}, "", false, `{"JobId":"dts-quick","RequestId":"`, `"outcome":"created"`},
		"a batch":            {[]string{"dts-quick", "dts-nosuch"}, "", true, ``, "function error CheckFailed: 1 of 2 jobs failed: dts-nosuch: ResourceNotFound.JobNotExist"},
		"a batch over HTTP":  {[]string{"-trigger", "apigw", "dts-quick", "dts-nosuch"}, "", true, `"statusCode":207`, ``},
		"a wait":             {[]string{"-wait", "dts-quick"}, "", false, `"Check":{"Status":"finished","Passed":true`, ``},
		"standard input":     {[]string{"-event", "-"}, `["dts-quick"]`, false, `{"Jobs":[{"JobId":"dts-quick"`, ``},
		"no job":             {nil, "", true, ``, "local: give a JobId"},
		"flags after a job":  {[]string{"dts-quick", "-wait"}, "", true, ``, "local: -wait: flags go before the JobIds"},
		"an unknown trigger": {[]string{"-trigger", "fax", "dts-quick"}, "", true, ``, "local: -trigger must be one of"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, stderr bytes.Buffer
			run := command(t, append([]string{"invoke", "-function", function, "-jobs", list}, c.args...)...)
			run.Stdin, run.Stdout, run.Stderr = strings.NewReader(c.stdin), &out, &stderr
			if err := run.Run(); err != nil != c.fails {
				t.Errorf("error %v", err)
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

func TestUsage(t *testing.T) {
	for name, c := range map[string]struct {
		args  []string
		fails bool
		want  string
	}{
		"nothing":         {nil, true, "usage: go run ./cmd/local"},
		"another command": {[]string{"deploy"}, true, "usage: go run ./cmd/local"},
		"help":            {[]string{"serve", "-h"}, false, "-retry-after"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := command(t, c.args...).CombinedOutput()
			if err != nil != c.fails || !strings.Contains(string(out), c.want) {
				t.Errorf("error %v, output %q", err, out)
			}
		})
	}
}

// A signal ends serve and every process of the function within a second:
// frozen ones, and one in mid-event, whose event becomes a dead letter. When
// serve is killed, the processes end all the same.
func TestServeIsInterrupted(t *testing.T) {
	for name, signal := range map[string]os.Signal{"interrupted": os.Interrupt, "terminated": syscall.SIGTERM, "killed": os.Kill} {
		t.Run(name, func(t *testing.T) {
			letters := filepath.Join(t.TempDir(), "dead.jsonl")
			serve, url, logged := startServe(t, "-dead-letters", letters, "-fault", "silence,job=dts-quick", "-fire", "nightly")
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
			<-logged
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

// startServe starts the command serve and returns its process, its URL and a
// channel that is closed when its output has ended.
func startServe(t *testing.T, flags ...string) (*exec.Cmd, string, <-chan struct{}) {
	t.Helper()
	serve := command(t, append([]string{"serve", "-listen", "127.0.0.1:0", "-api", "127.0.0.1:0", "-dts", "127.0.0.1:0",
		"-function", function, "-config", write(t, "serverless.yml", serverless), "-jobs", write(t, "jobs.json", jobs)}, flags...)...)
	serve.Stderr = t.Output()
	out, err := serve.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), "HTTP:"); ok {
			logged := make(chan struct{})
			go func() {
				defer close(logged)
				io.Copy(io.Discard, out)
			}()
			return serve, strings.TrimSpace(url), logged
		}
	}
	t.Fatalf("serve did not say where it listens: %v", lines.Err())
	return nil, "", nil
}
