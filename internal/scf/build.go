package scf

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Build builds the function for this machine into dir and returns the
// binary's path. The working directory must be within the module.
func Build(ctx context.Context, dir string) (string, error) {
	if err := seeSources(ctx); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "main")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	_, err := goCommand(ctx, "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", path, "migratecheck")
	return path, err
}

// seeSources reads the directories of the function's sources. go test repeats
// an earlier result unless something changed that the test itself had opened,
// and it does not see what go build opens. Only a test that runs is watched:
// TestMain is too early.
func seeSources(ctx context.Context) error {
	dirs, err := goCommand(ctx, "list", "-deps", "-f", "{{if and .Module .Module.Main}}{{.Dir}}{{end}}", "migratecheck")
	if err != nil {
		return err
	}
	for dir := range strings.Lines(dirs) {
		if _, err := os.ReadDir(strings.TrimSpace(dir)); err != nil {
			return err
		}
	}
	return nil
}

// goCommand runs the go command and returns what it prints. When ctx ends it
// is interrupted, for if it were killed its own files would stay behind.
func goCommand(ctx context.Context, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "go", args...)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = time.Second
	output, err := command.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", fmt.Errorf("go %s: %w\n%s", args[0], err, strings.TrimSpace(string(exit.Stderr)))
	}
	return string(output), err
}
