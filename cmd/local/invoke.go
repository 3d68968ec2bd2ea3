package main

import (
	"cmp"
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
	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/local/cloudapi"
	"migratecheck/internal/local/scf"
	"migratecheck/internal/report"
)

// invokeOptions are the flags of the command invoke.
type invokeOptions struct {
	ask
	trigger, file, region string
	timeout               time.Duration
	text, json            bool
	deploy                deployFlags
}

func parseInvoke(args []string) (invokeOptions, error) {
	var o invokeOptions
	flags := newCommandLine("invoke", " [flags] JobId …")
	flags.StringVar(&o.trigger, "trigger", "direct", "`source` whose event the JobIds are wrapped in: "+strings.Join(triggers, ", "))
	flags.StringVar(&o.file, "event", "", "`file` with an event that is sent as it is; - for standard input")
	flags.Var(&o.selection, "select", "the jobs that await a check, or those that fit `JSON` such as {\"Status\": \"created\"}, instead of JobIds")
	flags.BoolVar(&o.wait, "wait", false, "wait for the checks to end")
	flags.BoolVar(&o.start, "start", false, "wait, and start the migration of what passed")
	flags.BoolVar(&o.strict, "strict", false, "take a warning or a skipped step for a failure (with DTS_API_VERSION=2021-12-06)")
	flags.StringVar(&o.region, "region", "ap-guangzhou", "`region` of the function and of its jobs")
	flags.DurationVar(&o.timeout, "timeout", time.Minute, "what the event may take, up to 900s")
	flags.BoolVar(&o.text, "text", false, "print the result as a table")
	flags.BoolVar(&o.json, "json", false, "write the log as JSON on a terminal, too")
	o.deploy.register(flags)
	if err := flags.parse(joinSelection(args)); err != nil {
		return o, err
	}
	o.jobs = flags.Args()
	switch {
	case o.timeout < time.Second || o.timeout > 900*time.Second:
		return o, flags.wrong("-timeout must be from 1s to 900s, as on the platform")
	case o.file != "" && (len(o.jobs) > 0 || o.selection != nil || o.wait || o.start || o.strict || o.trigger != "direct"):
		return o, flags.wrong("an -event is sent as it is: JobIds, -select, -wait, -start, -strict and -trigger do not go with it")
	case o.file == "" && len(o.jobs) == 0 && o.selection == nil:
		return o, flags.wrong("give a JobId, such as dts-1kl0iy0v, or -select, or -event FILE")
	case len(o.jobs) > 0 && o.selection != nil:
		return o, flags.wrong("JobIds do not go with -select")
	case o.start && o.deploy.endpoint != "" && os.Getenv(config.AllowStart) != "true":
		return o, flags.wrong("-start at an -endpoint starts real migrations: set %s=true if you mean it", config.AllowStart)
	case !slices.Contains(triggers, o.trigger):
		return o, flags.wrong("-trigger must be one of %s", strings.Join(triggers, ", "))
	}
	for _, job := range o.jobs {
		if strings.HasPrefix(job, "-") {
			return o, flags.wrong("%s: flags go before the JobIds", job)
		}
	}
	if names, refusal := event.Names(strings.Join(o.jobs, " ")); refusal == nil {
		o.jobs = names // otherwise the function says what is wrong with them
	}
	return o, o.deploy.check(flags)
}

// invoke is the command invoke: one event, one answer.
func invoke(ctx context.Context, args []string) error {
	o, err := parseInvoke(args)
	if err != nil {
		return err
	}
	var payload []byte
	if o.file == "" {
		payload = wrap(o.trigger, o.ask)
	} else if payload, err = readEvent(ctx, o.file); err != nil {
		return fmt.Errorf("-event: %w", err)
	}
	for _, note := range unread(os.Environ()) {
		fmt.Fprintln(os.Stderr, "local:", note)
	}
	w := &watcher{log: newLogger(os.Stderr, true), at: map[string]int{}}
	if term.IsTerminal(int(os.Stderr.Fd())) {
		w.progress = &progress{to: os.Stderr, jobs: len(o.jobs), now: time.Now}
		w.log = newLogger(w.progress, o.json)
	}
	f := scf.Function{Region: o.region, Timeout: o.timeout, Output: w}
	if o.start {
		f.Variables = map[string]string{config.AllowStart: "true"} // the environment goes before
	}
	deployed, err := o.deploy.deploy(ctx, f, "127.0.0.1:0", w.log.note)
	if err != nil {
		return err
	}
	defer deployed.Close()
	w.level = deployed.settings.LogLevel
	deployed.function.Variables[config.LogLevel] = "debug" // the watcher wants every line
	answer, err := once(ctx, deployed.function, payload, w.progress)

	source, _ := event.Read(payload)
	r := report.Report{
		Region: cmp.Or(deployed.settings.Region, o.region), Source: string(source.Source), At: time.Now(), Language: deployed.settings.Language,
	}
	if err != nil {
		return o.failed(ctx, err, w, r)
	}
	out := append(answer, '\n')
	if o.text {
		out = bodyOf(answer) // a page, say
		if result, ok := resultOf(answer); ok {
			r.Result = result
			out = []byte(report.Text(r))
		}
	}
	if _, err := os.Stdout.Write(out); err != nil {
		return err
	}
	if !success(answer) {
		return errFailed
	}
	return nil
}

// failed shows what became of the jobs of an event without an answer, as far as
// the function's log tells, and returns the error for its end.
func (o invokeOptions) failed(ctx context.Context, err error, w *watcher, r report.Report) error {
	r.Result = check.Result{Batch: len(w.jobs) > 1, Jobs: w.jobs}
	switch {
	case ctx.Err() != nil:
		if len(w.runs) > 0 {
			fmt.Fprintln(os.Stderr, "local: these checks run, or have run by now:")
		}
		for _, job := range w.runs {
			fmt.Fprintf(os.Stderr, "  %s  RequestId %s\n", printable(job.JobID), printable(job.RequestID))
		}
	case len(w.jobs) == 0: // the error says all there is
	case o.text:
		fmt.Print(report.Text(r))
	default:
		fmt.Fprint(os.Stderr, head(report.Text(r)))
	}
	var failure *scf.FunctionError
	if !errors.As(err, &failure) {
		return err
	}
	message := failure.Message
	if summary, _, several := strings.Cut(message, " jobs failed: "); several && len(w.jobs) > 1 {
		message = summary + " jobs failed" // the table says why
	}
	return fmt.Errorf("function error %s: %s", printable(failure.Type), printable(check.Cut(message, check.MostText)))
}

// once has an instance of its own handle the event, and shows the progress.
func once(ctx context.Context, f scf.Function, event []byte, p *progress) ([]byte, error) {
	if p != nil {
		p.began = time.Now()
		p.deadline = p.began.Add(f.Timeout)
		defer p.show()()
	}
	instance, err := scf.Start(ctx, f)
	if err != nil {
		return nil, err
	}
	defer instance.Close()
	return instance.Invoke(ctx, scf.Event{RequestID: cloudapi.NewRequestID(), Payload: event})
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

// success reports whether an answer says that every job was accepted.
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
