package main

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"migratecheck/internal/local/fakedts"
	"migratecheck/internal/local/scf"
)

// asLocal is the variable that makes this test binary the command local.
const asLocal = "TEST_AS_LOCAL"

// buildDir is where function builds.
var buildDir string

// function builds the function, once, and returns its path. It is for tests
// that run, since scf.Build tells go test what their result depends on.
var function = sync.OnceValue(func() string {
	path, err := scf.Build(context.Background(), buildDir)
	if err != nil {
		panic(err)
	}
	return path
})

func TestMain(m *testing.M) {
	if os.Getenv(asLocal) != "" {
		main()
		return
	}
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	var err error
	if buildDir, err = os.MkdirTemp("", "migrate-check-test-"); err != nil {
		panic(err)
	}
	defer os.RemoveAll(buildDir)
	key := fakedts.ExampleKey // for -endpoint
	for name, value := range map[string]string{"TENCENTCLOUD_SECRETID": key.SecretID, "TENCENTCLOUD_SECRETKEY": key.SecretKey, "TENCENTCLOUD_SESSIONTOKEN": key.Token} {
		os.Setenv(name, value)
	}
	flag.Set("test.parallel", "10") // unless -parallel says otherwise; most wait
	return m.Run()
}

// write writes a file for a test and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// within waits until done reports true; what it is about is told if it never
// does.
func within(t *testing.T, limit time.Duration, about string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", limit, about)
		}
	}
}
