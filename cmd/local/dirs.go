package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

// ownDir is the name of a folder of a run's: it tells whose process it is.
var ownDir = regexp.MustCompile(`^migrate-check-([0-9]+)-[0-9]+$`)

// newDir makes a folder for this run, after clearing those of runs that were
// killed.
func newDir() (string, error) {
	entries, _ := os.ReadDir(os.TempDir()) // if that fails, so does the next step
	for _, entry := range entries {
		if m := ownDir.FindStringSubmatch(entry.Name()); m != nil && entry.IsDir() {
			if pid, err := strconv.Atoi(m[1]); err == nil && !running(pid) {
				os.RemoveAll(filepath.Join(os.TempDir(), entry.Name())) // another user's stays
			}
		}
	}
	return os.MkdirTemp("", fmt.Sprintf("migrate-check-%d-", os.Getpid()))
}
