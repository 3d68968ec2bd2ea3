// Command package packs the function's executable into a zip that SCF takes:
// the file alone, in the root, run bit set, and the same bytes every time. Beside
// the zip it leaves a copy that has the zip's hash in its name, for deployers
// that know a file by its name. It prints the names, sizes and SHA-256 hashes.
package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: go run ./cmd/package EXECUTABLE ZIP")
		os.Exit(2)
	}
	if err := pack(os.Args[1], os.Args[2], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "package:", err)
		os.Exit(1)
	}
}

// epoch is the modification time in the zip, the earliest that the format has.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// pack packs the executable, and says what it made.
func pack(executable, path string, said io.Writer) error {
	content, err := os.ReadFile(executable)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	archive := zip.NewWriter(&packed)
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	header := &zip.FileHeader{Name: filepath.Base(executable), Method: zip.Deflate, Modified: epoch}
	header.SetMode(0o755)
	entry, err := archive.CreateHeader(header)
	if err != nil {
		return err
	}
	if _, err := entry.Write(content); err != nil {
		return err
	}
	if err := archive.Close(); err != nil {
		return err
	}
	hash := sha256.Sum256(packed.Bytes())
	named := fmt.Sprintf("%s-%x.zip", strings.TrimSuffix(path, ".zip"), hash[:6])
	for _, name := range []string{named, path} {
		if err := os.WriteFile(name, packed.Bytes(), 0o644); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(said, "%s  %d bytes, SHA-256 %x\n%s  %d bytes, SHA-256 %x\n%s  the same\n",
		executable, len(content), sha256.Sum256(content), path, packed.Len(), hash, named)
	return err
}
