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
	region := flags.String("region", "ap-guangzhou", "`region` of the function and of its jobs")
	timeout := flags.Duration("timeout", time.Minute, "what the event may take")
	var options deployFlags
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

	deployed, err := options.deploy(ctx, scf.Function{Region: *region, Timeout: *timeout}, "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer deployed.Close()
	answer, err := once(ctx, deployed.function, event, flags.NArg())
	var failure *scf.FunctionError
	if errors.As(err, &failure) {
		return fmt.Errorf("function error %s: %s", printable(failure.Type), printable(failure.Message))
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

// once has an instance of its own handle the event, with its log on standard
// error and, if that is a terminal, its progress. jobs is 0 if their number is
// not known.
func once(ctx context.Context, f scf.Function, event []byte, jobs int) ([]byte, error) {
	f.Output = os.Stderr
	if terminal(os.Stderr) {
		now := time.Now()
		p := &progress{to: os.Stderr, jobs: jobs, began: now, deadline: now.Add(f.Timeout), now: time.Now}
		defer p.show()()
		f.Output = p
	}
	instance, err := scf.Start(ctx, f)
	if err != nil {
		return nil, err
	}
	defer instance.Close()
	return instance.Invoke(ctx, scf.Event{RequestID: cloudapi.NewRequestID(), Payload: event})
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
