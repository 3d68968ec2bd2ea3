package scf

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// Each case of testdata/deployer is read as Tencent's deployer reads it, or
// refused. .ci/deployer compares the JSON files with the deployer's own code.
func TestAsTheDeployer(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "deployer", "*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d cases, error %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yml")
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			copyTo(t, file, filepath.Join(dir, "serverless.yml"))
			if env := strings.TrimSuffix(file, ".yml") + ".env"; name == "dotenv" {
				copyTo(t, env, filepath.Join(dir, ".env"))
			}
			type timer struct {
				Name, Schedule, Argument string
				Enabled                  bool
			}
			var want struct {
				Refused                                    string
				Name, Type, Handler, Runtime, Region, Role string
				Memory, Timeout                            int
				Async                                      bool
				Variables                                  map[string]string
				Timers                                     []timer
			}
			text, err := os.ReadFile(strings.TrimSuffix(file, ".yml") + ".json")
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			d, err := ReadConfig(filepath.Join(dir, "serverless.yml"))
			if want.Refused != "" {
				if err == nil || !strings.HasSuffix(err.Error(), want.Refused) {
					t.Errorf("error %v, want %q", err, want.Refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := want
			got.Name, got.Handler, got.Runtime, got.Region, got.Role = d.Name, d.Handler, d.Runtime, d.Region, d.Role
			got.Type, got.Async = "Event", d.Async // a function of another type is refused
			got.Memory, got.Timeout = d.Memory, int(d.Timeout/time.Second)
			got.Variables = map[string]string{}
			for name, value := range d.Variables {
				got.Variables[name] = value
			}
			got.Timers = []timer{}
			for _, t := range d.Timers {
				got.Timers = append(got.Timers, timer{t.Name, t.Schedule.String(), t.Argument, t.Enabled})
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("read as\n%+v, the deployer has\n%+v", got, want)
			}
		})
	}
}

func copyTo(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// The process's environment goes first; then the nearest file of variables,
// that of the stage first, and no other.
func TestEnvironmentAt(t *testing.T) {
	t.Setenv("OWN", "process")
	dir := t.TempDir()
	here := filepath.Join(dir, "a", "b", "c")
	if err := os.MkdirAll(filepath.Join(here, ".env.test"), 0o700); err != nil { // a folder, which is nothing
		t.Fatal(err)
	}
	write := func(path, text string) {
		if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		path, text string
		want       map[string]string
	}{
		{".env", "FAR=too far", map[string]string{"OWN": "process", "FAR": "-"}},
		{"a/.env", "UP=two", map[string]string{"UP": "two"}},
		{"a/b/.env", "UP=one\r\nOWN=file", map[string]string{"UP": "one", "OWN": "process"}},
		{"a/b/.env.test", "UP=stage", map[string]string{"UP": "stage"}},
		{"a/b/.env.prod", "UP=other", map[string]string{"UP": "stage"}},
		{"a/b/c/.env", "\ufeffHERE=here", map[string]string{"HERE": "here", "UP": "-"}},
	} {
		write(step.path, step.text)
		lookup, err := environmentAt(here, "test")
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range step.want {
			value, ok := lookup(name)
			if !ok {
				value = "-"
			}
			if value != want {
				t.Errorf("with %s, %s is %q, want %q", step.path, name, value, want)
			}
		}
	}
}
