package scf

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestEnvironment(t *testing.T) {
	t.Setenv("SECRET_OF_MINE", "x")
	t.Setenv("TENCENTCLOUD_SECRETKEY", "mine")
	t.Setenv("SSL_CERT_FILE", "/certificates")
	f := helperProcess(t)
	f.Name, f.Region, f.Memory = "checks", "ap-shanghai", 128
	f.Role = &Credentials{"id", "key", "token"}
	f.Variables["DTS_REGION"] = "ap-beijing"
	f.Variables["TENCENTCLOUD_REGION"] = "mine"
	f.Variables["SCF_X"] = "mine"
	f.Variables["QCLOUD_X"] = "mine"
	f.Variables["_LAMBDA_SERVER_PORT"] = "1"
	answer, err := start(t, f).Invoke(t.Context(), event("environment", "", 0))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Process []string
		Event   map[string]string
	}
	if err := json.Unmarshal(answer, &got); err != nil {
		t.Fatal(err)
	}
	process := map[string]string{}
	for _, entry := range got.Process {
		name, value, _ := strings.Cut(entry, "=")
		process[name] = value
	}
	const absent = "\x00"
	for name, want := range map[string]string{
		"SECRET_OF_MINE":            absent,
		"SCF_X":                     absent,
		"QCLOUD_X":                  absent,
		"SSL_CERT_FILE":             "/certificates",
		"DTS_REGION":                "ap-beijing",
		"TENCENTCLOUD_REGION":       "ap-shanghai",
		"TENCENTCLOUD_RUNENV":       "SCF",
		"TENCENTCLOUD_SECRETID":     "id",
		"TENCENTCLOUD_SECRETKEY":    "key",
		"TENCENTCLOUD_SESSIONTOKEN": "token",
		"FUNCTION_NAME":             "checks",
		"FUNCTION_MEMORY_SIZE":      "128",
	} {
		for where, environment := range map[string]map[string]string{"process": process, "event": got.Event} {
			value, ok := environment[name]
			if !ok {
				value = absent
			}
			if value != want {
				t.Errorf("%s in the environment of the %s is %q, want %q", name, where, value, want)
			}
		}
	}
	if process["_LAMBDA_SERVER_PORT"] == "1" {
		t.Error("the user's variable took the place of the platform's port")
	}
}

// The process is started without credentials: each invocation brings those of
// its own, and one that brings none has none.
func TestCredentialsComeWithTheInvocation(t *testing.T) {
	t.Setenv("TENCENTCLOUD_SECRETID", "mine")
	f := helperProcess(t)
	for _, c := range []struct {
		name           string
		function, role *Credentials
		want           string
	}{
		{"no role", nil, nil, ""},
		{"the function's", &Credentials{"id", "key", "token"}, nil, "id key token"},
		{"the event's", &Credentials{"id", "key", "token"}, &Credentials{"id2", "key2", "token2"}, "id2 key2 token2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f.Role = c.function
			i := start(t, f)
			started, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", i.Pid()))
			if runtime.GOOS == "linux" && (err != nil || strings.Contains(string(started), "TENCENTCLOUD_SE")) {
				t.Errorf("the process was started with %q, error %v", started, err)
			}
			e := event("environment", "", 0)
			e.Role = c.role
			answer, err := i.Invoke(t.Context(), e)
			if err != nil {
				t.Fatal(err)
			}
			var got struct{ Event map[string]string }
			if err := json.Unmarshal(answer, &got); err != nil {
				t.Fatal(err)
			}
			var credentials []string
			for _, name := range []string{"TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN"} {
				if value, ok := got.Event[name]; ok {
					credentials = append(credentials, value)
				}
			}
			if strings.Join(credentials, " ") != c.want {
				t.Errorf("credentials %v, want %q", credentials, c.want)
			}
		})
	}
}

func TestStartFails(t *testing.T) {
	for name, c := range map[string]struct {
		path, helper, message, log string
	}{
		"no such binary":     {path: "/nowhere/main", message: "cannot be started"},
		"ends at once":       {helper: "refuse", message: "stopped at its start (exit status 1)", log: "the variable X is wrong"},
		"never takes events": {helper: "deaf", message: "does not listen on _LAMBDA_SERVER_PORT"},
	} {
		t.Run(name, func(t *testing.T) {
			var log collected
			f := helperProcess(t)
			f.Variables[helper], f.Output = c.helper, &log
			if c.path != "" {
				f.Path = c.path
			}
			ctx := t.Context()
			if c.helper == "deaf" {
				short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
				defer cancel()
				ctx = short
			}
			i, err := Start(ctx, f)
			if err == nil {
				i.Close()
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), c.message) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q, want one line with %q", err, c.message)
			}
			if !strings.Contains(log.String(), c.log) {
				t.Errorf("log %q, want %q", log.String(), c.log)
			}
		})
	}
}

func TestInvokeFails(t *testing.T) {
	for name, c := range map[string]struct {
		event   Event
		is      error
		message string
	}{
		"error":                        {event("error", "no luck", 0), nil, "no luck"},
		"panic":                        {event("panic", "no luck", 0), nil, "no luck"},
		"exit":                         {event("exit", "", 0), ErrExited, "the function's process ended before it answered (exit status 3)"},
		"time-out":                     {event("sleep", "", 60000), ErrTimeout, "the function did not answer in time (1s)"},
		"flood of lines":               {event("flood", "x\n", 0), ErrTimeout, "the function did not answer in time (1s)"},
		"flood without an end of line": {event("flood", strings.Repeat("x", 1000), 0), ErrTimeout, "the function did not answer in time (1s)"},
		"large answer":                 {event("large", "", maxAnswer), ErrAnswerTooLarge, "the function's answer is larger than 6 MB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := helperProcess(t)
			f.Output = io.Discard
			if c.is == ErrTimeout {
				f.Timeout = time.Second
			}
			_, err := start(t, f).Invoke(t.Context(), c.event)
			if err == nil || err.Error() != c.message || c.is != nil && !errors.Is(err, c.is) {
				t.Fatalf("error %v, want %q", err, c.message)
			}
			var failure *FunctionError
			if errors.As(err, &failure) && failure.Panicked != (name == "panic") {
				t.Errorf("Panicked is %v", failure.Panicked)
			}
		})
	}
}

func TestOutputBeforeAnswer(t *testing.T) {
	var log collected
	f := helperProcess(t)
	f.Output = &log
	i := start(t, f)
	var want strings.Builder
	for round := range 3 {
		text := fmt.Sprint("round ", round)
		if _, err := i.Invoke(t.Context(), event("print", text, 500)); err != nil {
			t.Fatal(err)
		}
		for n := range 500 {
			fmt.Fprintf(&want, "%s %d\n", text, n)
		}
		want.WriteString("no newline\n")
		if log.String() != want.String() {
			t.Fatalf("after round %d the log is of %d bytes, want %d", round, len(log.String()), want.Len())
		}
	}
}

// A line is handed on in one piece, unless it is so long that it would fill the
// memory.
func TestLongLines(t *testing.T) {
	for name, c := range map[string]struct{ length, pieces int }{
		"half a megabyte":        {500000, 1},
		"two megabytes and more": {2500000, 3},
	} {
		t.Run(name, func(t *testing.T) {
			var log collected
			f := helperProcess(t)
			f.Output = &log
			text := strings.Repeat("x", c.length)
			if _, err := start(t, f).Invoke(t.Context(), event("print", text, 1)); err != nil {
				t.Fatal(err)
			}
			line, ok := strings.CutSuffix(log.String(), "\nno newline\n")
			if pieces := strings.Split(line, "\n"); !ok || len(pieces) != c.pieces || strings.Join(pieces, "") != text+" 0" {
				t.Errorf("%d pieces, %d bytes; want %d pieces", len(pieces), len(line), c.pieces)
			}
		})
	}
}

func TestCloseEndsTheGroup(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no process groups")
	}
	for name, end := range map[string]func(*Instance){
		"closed":        (*Instance).Close,
		"closed frozen": func(i *Instance) { i.freeze(); i.Close() },
		"exits":         func(i *Instance) { i.Invoke(context.Background(), event("exit", "", 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			i := start(t, helperProcess(t))
			answer, err := i.Invoke(t.Context(), event("child", "", 0))
			if err != nil {
				t.Fatal(err)
			}
			child, err := strconv.Atoi(string(answer))
			if err != nil || !alive(child) {
				t.Fatalf("no child: %s", answer)
			}
			end(i)
			gone(t, i.Pid())
			gone(t, child)
		})
	}
}
