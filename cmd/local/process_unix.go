//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// running reports whether there is a process of the id.
func running(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

// withGoRun returns a context that ends when the go command that started this
// process ends: on a signal, go run ends without telling its child.
func withGoRun(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	parent := os.Getppid()
	if !startedByGo(parent) {
		return ctx, cancel
	}
	go func() {
		ticker := time.NewTicker(200 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				if os.Getppid() != parent {
					cancel()
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return ctx, cancel
}

// startedByGo reports whether the parent is the go command, as far as it can be
// told: by its name, or by where go run keeps what it runs.
func startedByGo(parent int) bool {
	if name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", parent)); err == nil {
		return strings.TrimSpace(string(name)) == "go"
	}
	path, err := os.Executable()
	return err == nil && strings.Contains(path, "go-build")
}
