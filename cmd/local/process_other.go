//go:build !unix

package main

import (
	"context"
	"os"
)

// running reports whether there is a process of the id.
func running(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	p.Release()
	return true
}

// withGoRun returns a context like ctx: here the go command ends with its child.
func withGoRun(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}
