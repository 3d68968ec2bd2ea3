package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The zip has the file alone, in the root and with its run bit, and is the same
// whenever it is made and whatever the file's own mode and time.
func TestPack(t *testing.T) {
	dir := t.TempDir()
	executable := filepath.Join(dir, "main")
	var zips [2][]byte
	for i, mode := range []os.FileMode{0o600, 0o755} {
		if err := os.WriteFile(executable, []byte("the function"), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(executable, mode); err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 11, 23+i, 0, 0, 0, 0, time.UTC)
		if err := os.Chtimes(executable, at, at); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "function.zip")
		var said bytes.Buffer
		err := pack(executable, path, &said)
		if err != nil {
			t.Fatal(err)
		}
		if zips[i], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("%s  %d bytes, SHA-256 %x\n", path, len(zips[i]), sha256.Sum256(zips[i])); !strings.Contains(said.String(), want) {
			t.Errorf("it says %q, want %q", &said, want)
		}
	}
	if !bytes.Equal(zips[0], zips[1]) {
		t.Error("the second zip differs")
	}
	hash := sha256.Sum256(zips[0])
	named, err := filepath.Glob(filepath.Join(dir, "function-*.zip"))
	if err != nil || len(named) != 1 || filepath.Base(named[0]) != fmt.Sprintf("function-%x.zip", hash[:6]) {
		t.Fatalf("named by its hash: %v, %v", named, err)
	}
	if copied, err := os.ReadFile(named[0]); err != nil || !bytes.Equal(copied, zips[0]) {
		t.Errorf("%s differs: %v", named[0], err)
	}
	archive, err := zip.NewReader(bytes.NewReader(zips[0]), int64(len(zips[0])))
	if err != nil {
		t.Fatal(err)
	}
	if len(archive.File) != 1 || archive.File[0].Name != "main" || archive.File[0].Mode() != 0o755 {
		t.Fatalf("the zip has %d files, the first %+v", len(archive.File), archive.File[0].FileHeader)
	}
	file, err := archive.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	if content, err := io.ReadAll(file); err != nil || string(content) != "the function" {
		t.Errorf("content %q, error %v", content, err)
	}
}

func TestPackFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "function.zip")
	if err := pack("nowhere", path, io.Discard); err == nil {
		t.Error("a file that is not there was packed")
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a zip is left behind")
	}
}
