package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"migratecheck/handler/event"
	"migratecheck/internal/config"
	"migratecheck/internal/local/cloudapi"
	"migratecheck/internal/local/scf"
	"migratecheck/internal/report"
)

// invoke is the command invoke: one event, one answer.
func invoke(ctx context.Context, args []string) error {
	flags := newCommandLine("invoke", " [flags] JobId …")
	trigger := flags.String("trigger", "direct", "`source` whose event the JobIds are wrapped in: "+strings.Join(triggers, ", "))
	file := flags.String("event", "", "`file` with an event that is sent as it is; - for standard input")
	var asked ask
	flags.Var(&asked.selection, "select", "the jobs that await a check, or those that fit `JSON` such as {\"Status\": \"created\"}, instead of JobIds")
	flags.BoolVar(&asked.wait, "wait", false, "wait for the checks to end")
	flags.BoolVar(&asked.start, "start", false, "wait, and start the migration of what passed")
	flags.BoolVar(&asked.strict, "strict", false, "take a warning or a skipped step for a failure (with DTS_API_VERSION=2021-12-06)")
	text := flags.Bool("text", false, "print the result as a table")
	region := flags.String("region", "ap-guangzhou", "`region` of the function and of its jobs")
	timeout := flags.Duration("timeout", time.Minute, "what the event may take, up to 900s")
	var options deployFlags
	options.register(flags)
	if err := flags.parse(joinSelection(args)); err != nil {
		return err
	}
	jobs := flags.Args()
	switch {
	case *timeout < time.Second || *timeout > 900*time.Second:
		return flags.wrong("-timeout must be from 1s to 900s, as on the platform")
	case *file != "" && (len(jobs) > 0 || asked.selection != nil || asked.wait || asked.start || asked.strict || *trigger != "direct"):
		return flags.wrong("an -event is sent as it is: JobIds, -select, -wait, -start, -strict and -trigger do not go with it")
	case *file == "" && len(jobs) == 0 && asked.selection == nil:
		return flags.wrong("give a JobId, such as dts-1kl0iy0v, or -select, or -event FILE")
	case len(jobs) > 0 && asked.selection != nil:
		return flags.wrong("JobIds do not go with -select")
	case asked.start && options.endpoint != "" && os.Getenv(config.AllowStart) != "true":
		return flags.wrong("-start at an -endpoint starts real migrations: set %s=true if you mean it", config.AllowStart)
	case !slices.Contains(triggers, *trigger):
		return flags.wrong("-trigger must be one of %s", strings.Join(triggers, ", "))
	}
	for _, job := range jobs {
		if strings.HasPrefix(job, "-") {
			return flags.wrong("%s: flags go before the JobIds", job)
		}
	}
	if err := options.check(flags); err != nil {
		return err
	}
	if names, refusal := event.Names(strings.Join(jobs, " ")); refusal == nil {
		jobs = names // otherwise the function says what is wrong with them
	}
	asked.jobs = jobs
	payload := wrap(*trigger, asked)
	if *file != "" {
		var err error
		if payload, err = readEvent(ctx, *file); err != nil {
			return fmt.Errorf("-event: %w", err)
		}
	}

	for _, note := range unread(os.Environ()) {
		fmt.Fprintln(os.Stderr, "local:", note)
	}
	deployed, err := options.deploy(ctx, scf.Function{Region: *region, Timeout: *timeout}, "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer deployed.Close()
	if asked.start && options.endpoint == "" && os.Getenv(config.AllowStart) == "" {
		deployed.function.Variables[config.AllowStart] = "true"
	}
	answer, err := once(ctx, deployed.function, payload, len(jobs))
	var failure *scf.FunctionError
	if errors.As(err, &failure) {
		return fmt.Errorf("function error %s: %s", printable(failure.Type), readable(failure.Message))
	}
	if err != nil {
		return err
	}
	written := append(answer, '\n')
	if result, ok := resultOf(answer); ok && *text {
		written = []byte(report.Text(report.Report{Result: result, Region: *region, Language: os.Getenv(config.Language)}))
	}
	if _, err := os.Stdout.Write(written); err != nil {
		return err
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
	if term.IsTerminal(int(os.Stderr.Fd())) {
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

// mostFailures is how many failed jobs of a function error are shown.
const mostFailures = 20

// readable is a function error's message for people: of several failed jobs,
// each on a line of its own, and not more than one can read.
func readable(message string) string {
	head, list, several := strings.Cut(message, " jobs failed: ")
	if !several {
		return printable(message)
	}
	var b strings.Builder
	b.WriteString(printable(head) + " jobs failed:")
	failures := strings.Split(list, "; ")
	for _, failure := range failures[:min(len(failures), mostFailures)] {
		b.WriteString("\n  " + printable(failure))
	}
	if more := len(failures) - mostFailures; more > 0 {
		fmt.Fprintf(&b, "\n  and %d more", more)
	}
	return b.String()
}

// readEvent reads the event in a file, or on standard input, unless ctx ends
// before: nobody may ever write one.
func readEvent(ctx context.Context, name string) ([]byte, error) {
	type read struct {
		event []byte
		err   error
	}
	done := make(chan read, 1)
	go func() {
		file := os.Stdin
		if name != "-" {
			var err error
			if file, err = os.Open(name); err != nil {
				done <- read{err: err}
				return
			}
			defer file.Close()
		}
		event, err := io.ReadAll(io.LimitReader(file, scf.MaxEvent+1))
		if err == nil && len(event) > scf.MaxEvent {
			err = scf.ErrEventTooLarge
		}
		done <- read{event, err}
	}()
	select {
	case r := <-done:
		return r.event, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
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
