package scf

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tencentyun/scf-go-lib/cloudfunction"
	"github.com/tencentyun/scf-go-lib/functioncontext"
)

// helper is the variable that makes this test binary a function.
const helper = "HELPER"

func TestMain(m *testing.M) {
	switch os.Getenv(helper) {
	case "":
		os.Exit(m.Run())
	case "refuse":
		fmt.Println("helper: the variable X is wrong")
		os.Exit(1)
	case "deaf":
		time.Sleep(time.Hour)
	}
	cloudfunction.StartHandler(helperFunction{})
}

// helperFunction does what an event tells it to.
type helperFunction struct{}

func (helperFunction) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var e struct {
		Do   string
		Text string
		N    int
	}
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, err
	}
	switch e.Do {
	case "error":
		return nil, errors.New(e.Text)
	case "panic":
		panic(e.Text)
	case "exit":
		os.Exit(3)
	case "sleep":
		time.Sleep(time.Duration(e.N) * time.Millisecond)
	case "print":
		for i := range e.N {
			fmt.Printf("%s %d\n", e.Text, i)
		}
		fmt.Print("no newline")
	case "flood":
		for {
			fmt.Print(e.Text)
		}
	case "large":
		return []byte(`"` + strings.Repeat("x", e.N) + `"`), nil
	case "child":
		child := exec.Command("sleep", "1000")
		if err := child.Start(); err != nil {
			return nil, err
		}
		return json.Marshal(child.Process.Pid)
	case "environment":
		function, _ := functioncontext.FromContext(ctx)
		return json.Marshal(map[string]any{"Process": os.Environ(), "Event": function.Environment})
	}
	return json.Marshal(os.Getpid())
}

// helperProcess is this test binary as a function.
func helperProcess(t *testing.T) Function {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Function{
		Path:      path,
		Timeout:   10 * time.Second,
		Variables: map[string]string{helper: "serve"},
		Output:    t.Output(),
	}
}

func start(t *testing.T, f Function) *Instance {
	t.Helper()
	i, err := Start(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(i.Close)
	return i
}

func event(do, text string, n int) Event {
	payload, err := json.Marshal(map[string]any{"Do": do, "Text": text, "N": n})
	if err != nil {
		panic(err)
	}
	return Event{RequestID: do, Payload: payload}
}

// gone waits until no process has the id.
func gone(t *testing.T, pid int) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if !alive(pid) {
			return
		}
	}
	t.Errorf("process %d is left behind", pid)
}

// collected takes lines and records.
type collected struct {
	mu      sync.Mutex
	text    strings.Builder
	records []Record
}

func (c *collected) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.Write(p)
}

func (c *collected) log(r Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.records = append(c.records, r)
}

func (c *collected) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

// all returns the records so far.
func (c *collected) all() []Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.records)
}

// of returns what was logged for a request, a line each.
func (c *collected) of(requestID string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	for _, r := range c.records {
		if r.RequestID == requestID {
			fmt.Fprintf(&b, "%s %s\n", r.Kind, r.Text)
		}
	}
	return b.String()
}
