package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// When the go command that started serve ends, serve ends, in good order. When
// another parent ends, as a shell does, it goes on.
func TestParentEnds(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the parent's name is told from /proc")
	}
	for parent, ends := range map[string]bool{"go": true, "shell": false} {
		t.Run(parent, func(t *testing.T) {
			script := filepath.Join(t.TempDir(), parent)
			if err := os.WriteFile(script, []byte("#!/bin/sh\n\"$@\" &\necho child $!\nwait\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			serve := command(t, "serve", "-listen", "127.0.0.1:0", "-api", "127.0.0.1:0", "-dts", "127.0.0.1:0", "-function", function(),
				"-config", write(t, "serverless.yml", serverless), "-dead-letters", filepath.Join(t.TempDir(), "dead.jsonl"))
			run := exec.CommandContext(t.Context(), script, serve.Args...)
			run.Env = serve.Env
			out, err := run.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := run.Start(); err != nil {
				t.Fatal(err)
			}
			child, lines := 0, bufio.NewScanner(out)
			for ready := false; !ready && lines.Scan(); ready = strings.HasPrefix(lines.Text(), "To stop:") {
				if id, ok := strings.CutPrefix(lines.Text(), "child "); ok {
					if child, err = strconv.Atoi(id); err != nil {
						t.Fatal(err)
					}
				}
			}
			if child == 0 {
				t.Fatal("serve did not start")
			}
			serving, err := os.FindProcess(child)
			if err != nil {
				t.Fatal(err)
			}
			defer serving.Kill()
			if err := run.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			run.Process.Wait()
			if ends {
				left(t, []int{child})
				return
			}
			time.Sleep(time.Second) // five times what it takes to see that the parent is gone
			if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", child)); err != nil || bytes.Contains(stat, []byte(") Z ")) {
				t.Error("serve ended with a parent that is not the go command")
			}
		})
	}
}
