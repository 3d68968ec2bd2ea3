package scf

import (
	"debug/buildinfo"
	"path/filepath"
	"runtime"
	"testing"
)

// The function is built for this machine and from this module, whatever the
// environment says of others.
func TestBuild(t *testing.T) {
	other := map[string]string{"GOOS": "windows", "GOARCH": "arm64"}
	if runtime.GOOS == "windows" {
		other["GOOS"] = "linux"
	}
	other["GOFLAGS"] = "-mod=vendor"
	other["GOWORK"] = filepath.Join(t.TempDir(), "go.work")
	other["GO111MODULE"] = "off"
	for name, value := range other {
		t.Setenv(name, value)
	}
	path, err := Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range info.Settings {
		if s.Key == "GOOS" && s.Value != runtime.GOOS || s.Key == "GOARCH" && s.Value != runtime.GOARCH {
			t.Errorf("built for %s=%s", s.Key, s.Value)
		}
	}
}
