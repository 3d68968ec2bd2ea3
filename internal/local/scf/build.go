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
)

// Build builds the function for this machine into dir and returns the
// binary's path. The working directory must be within the module. Whatever
// happens, nothing is left behind outside dir.
func Build(ctx context.Context, dir string) (string, error) {
	if err := seeSources(ctx, dir); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "main")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	_, err := goCommand(ctx, dir, "build", "-tags=nethttpomithttp2", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", path, "migratecheck")
	return path, err
}

// seeSources reads the directories of the function's sources. go test repeats
// an earlier result unless something changed that the test itself had opened,
// and it does not see what go build opens. Only a test that runs is watched:
// TestMain is too early.
func seeSources(ctx context.Context, dir string) error {
	sources, err := goCommand(ctx, dir, "list", "-deps", "-f", "{{if and .Module .Module.Main}}{{.Dir}}{{end}}", "migratecheck")
	if err != nil {
		return err
	}
	for source := range strings.Lines(sources) {
		if _, err := os.ReadDir(strings.TrimSpace(source)); err != nil {
			return err
		}
	}
	return nil
}

// goCommand runs the go command for this machine and this module, whatever the
// environment says of others, with its temporary files in dir, and returns what
// it prints. It ends with ctx, as do the processes that it started.
func goCommand(ctx context.Context, dir string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "go", args...)
	command.Env = append(os.Environ(), "GOTMPDIR="+dir, "CGO_ENABLED=0", "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH,
		"GOWORK=off", "GO111MODULE=on", "GOFLAGS=-mod=readonly", "GOEXPERIMENT=")
	ownGroup(command)
	command.Cancel = func() error {
		killGroup(command)
		return nil
	}
	output, err := command.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", fmt.Errorf("go %s: %w\n%s", args[0], err, strings.TrimSpace(string(exit.Stderr)))
	}
	return string(output), err
}
