package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"migratecheck/internal/cloudapi"
	"migratecheck/internal/scf"
)

// invoke is the command invoke: one event, one answer.
func invoke(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("invoke", flag.ContinueOnError)
	trigger := flags.String("trigger", "direct", "`source` whose event the JobIds are wrapped in: "+strings.Join(triggers, ", "))
	file := flags.String("event", "", "`file` with an event that is sent as it is; - for standard input")
	wait := flags.Bool("wait", false, "wait for the checks to end")
	endpoint := flags.String("endpoint", "", "`URL` of a DTS endpoint, with the key pair in the environment, instead of the embedded one")
	region := flags.String("region", "ap-guangzhou", "`region` of the function and of its jobs")
	timeout := flags.Duration("timeout", time.Minute, "what the event may take")
	binary := flags.String("function", "", "`path` of a function built before")
	var options endpointFlags
	options.register(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	event, err := readEvent(*file, *trigger, flags.Args(), *wait)
	if err != nil {
		return err
	}
	if *timeout < time.Second || *timeout > 900*time.Second {
		return errors.New("-timeout must be from 1s to 900s, as on the platform")
	}

	function := scf.Function{Path: *binary, Region: *region, Timeout: *timeout, Output: os.Stderr, Variables: ownVariables()}
	if *endpoint == "" {
		listener, err := options.listen("127.0.0.1:0", false)
		if err != nil {
			return err
		}
		defer listener.Close()
		function.Role = exampleRole()
		function.Variables["DTS_ENDPOINT"] = listener.URL
	} else {
		if function.Role, err = environmentRole(); err != nil {
			return err
		}
		function.Variables["DTS_ENDPOINT"] = *endpoint
	}
	if *binary == "" {
		dir, err := os.MkdirTemp("", "migrate-check-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		if function.Path, err = scf.Build(ctx, dir); err != nil {
			return err
		}
	}
	instance, err := scf.Start(ctx, function)
	if err != nil {
		return err
	}
	defer instance.Close()
	answer, err := instance.Invoke(ctx, scf.Event{RequestID: cloudapi.NewRequestID(), Payload: event})
	var failure *scf.FunctionError
	if errors.As(err, &failure) {
		return fmt.Errorf("function error %s: %s", failure.Type, failure.Message)
	}
	if err != nil {
		return err
	}
	os.Stdout.Write(answer)
	if terminal(os.Stdout) {
		fmt.Println()
	}
	if !success(answer) {
		return errFailed
	}
	return nil
}

// ownVariables are the function's variables that are set in this process's
// environment.
func ownVariables() map[string]string {
	out := map[string]string{}
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "DTS_") || name == "LOG_LEVEL" {
			out[name] = value
		}
	}
	return out
}

func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// readEvent returns the event in a file, or the JobIds wrapped in one.
func readEvent(file, trigger string, jobs []string, wait bool) ([]byte, error) {
	switch {
	case file != "" && len(jobs) > 0:
		return nil, errors.New("give -event or JobIds, not both")
	case file == "-":
		return io.ReadAll(os.Stdin)
	case file != "":
		return os.ReadFile(file)
	case len(jobs) == 0:
		return nil, errors.New("give a JobId, such as dts-1kl0iy0v, or -event FILE")
	}
	for _, job := range jobs {
		if strings.HasPrefix(job, "-") {
			return nil, fmt.Errorf("%s: flags go before the JobIds", job)
		}
	}
	return wrap(trigger, jobs, wait)
}

// success tells whether an answer says that every job was accepted.
func success(answer []byte) bool {
	var a struct {
		Error      json.RawMessage
		Failed     int
		StatusCode int
	}
	if json.Unmarshal(answer, &a) != nil {
		return false
	}
	return a.Error == nil && a.Failed == 0 && (a.StatusCode == 0 || a.StatusCode == 200)
}
