package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A run clears what runs left behind that were killed, and nothing else.
func TestNewDir(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("TMP", temp)
	gone := exec.Command(os.Args[0], "-test.run=^$")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	kept := map[string]bool{
		fmt.Sprintf("migrate-check-%d-1", gone.Process.Pid):      false,
		fmt.Sprintf("migrate-check-%d-1", os.Getpid()):           true,
		fmt.Sprintf("migrate-check-%d-1", os.Getppid()):          true,
		fmt.Sprintf("migrate-check-%d", gone.Process.Pid):        true, // not of the form
		fmt.Sprintf("migrate-check-test-%d-1", gone.Process.Pid): true,
		"migrate-check-dead-letters-1.jsonl":                     true,
		"another-1-1":                                            true,
	}
	for name := range kept {
		if err := os.MkdirAll(filepath.Join(temp, name, "sub"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	dir, err := newDir()
	if err != nil {
		t.Fatal(err)
	}
	if m := ownDir.FindStringSubmatch(filepath.Base(dir)); m == nil || m[1] != fmt.Sprint(os.Getpid()) {
		t.Errorf("the folder %s does not tell whose it is", dir)
	}
	for name, want := range kept {
		if _, err := os.Stat(filepath.Join(temp, name)); (err == nil) != want {
			t.Errorf("%s: error %v, kept should be %v", name, err, want)
		}
	}
}
