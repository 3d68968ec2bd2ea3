package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
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
	"migratecheck/internal/local/spelling"
	"migratecheck/internal/report"
)

// invokeOptions are the flags of the command invoke.
type invokeOptions struct {
	ask
	verdictFlags
	trigger, file, region string
	timeout               time.Duration
	text, json            bool
	deploy                deployFlags
}

func parseInvoke(args []string) (invokeOptions, error) {
	var o invokeOptions
	flags := newCommandLine("invoke", " [flags] JobId …")
	flags.about, flags.after = invokeAbout, invokeAfter()
	flags.StringVar(&o.trigger, "trigger", "direct", "`source` whose event the JobIds are wrapped in: "+strings.Join(triggers, ", "))
	flags.StringVar(&o.file, "event", "", "`file` with an event that is sent as it is; - for standard input")
	flags.Var(&o.selection, "select", "the jobs that await a check, or those that fit `JSON` such as '{\"Status\":\"created\"}', instead of JobIds")
	flags.BoolVar(&o.read, "read", false, "read the checks that there are, create none")
	flags.BoolVar(&o.wait, "wait", false, "wait for the checks to end")
	flags.BoolVar(&o.start, "start", false, "wait, and start the migration of what passed")
	flags.BoolVar(&o.strict, "strict", false, "take a warning or a skipped step for a failure (with DTS_API_VERSION=2021-12-06)")
	flags.Var(&o.accept, "accept", "`steps` whose warnings -strict lets pass, by their ids, separated by commas; may be repeated")
	flags.BoolVar(&o.dryRun, "dry-run", false, "say what would be done, and do nothing")
	flags.StringVar(&o.region, "region", "ap-guangzhou", "`region` of the function and of its jobs")
	flags.duration(&o.timeout, "timeout", time.Minute, "`time` that the event may take, up to 900s")
	flags.BoolVar(&o.text, "text", false, "print the result as a table")
	flags.BoolVar(&o.json, "json", false, "write the log as JSON on a terminal, too")
	o.verdictFlags.register(flags)
	o.deploy.register(flags)
	if err := flags.parse(joinSelection(args)); err != nil {
		return o, err
	}
	o.jobs = flags.words
	switch {
	case o.timeout < time.Second || o.timeout > 900*time.Second:
		return o, flags.wrong("-timeout must be from 1s to 900s, as on the platform")
	case o.file != "" && (!bytes.Equal(encode(o.request()), encode(ask{}.request())) || o.trigger != "direct"):
		return o, flags.wrong("an -event is sent as it is: JobIds, -select, -read, -wait, -start, -strict, -accept, -dry-run and -trigger do not go with it")
	case o.file == "" && len(o.jobs) == 0 && o.selection == nil:
		return o, flags.wrong("give a JobId, such as dts-1kl0iy0v, or -select, or -event FILE")
	case o.selection != nil && strings.ContainsAny(strings.Join(o.jobs, ""), "{}:"):
		return o, flags.wrong("what follows -select is no JSON: put it in quotes, as in -select '{\"Status\":\"created\"}', or the shell takes it apart")
	case len(o.jobs) > 0 && o.selection != nil:
		return o, flags.wrong("JobIds do not go with -select")
	case o.read && o.start:
		return o, flags.wrong("-read does not go with -start: only a check that this event creates is followed by a start")
	case len(o.accept) > 0 && !o.strict:
		return o, flags.wrong("-accept goes with -strict")
	case o.start && !o.dryRun && o.deploy.endpoint != "" && os.Getenv(config.AllowStart) != "true":
		return o, flags.wrong("-start at an -endpoint starts real migrations: set %s=true if you mean it", config.AllowStart)
	case !slices.Contains(triggers, o.trigger):
		return o, flags.wrong("-trigger must be one of %s%s", strings.Join(triggers, ", "), spelling.Hint(o.trigger, triggers))
	}
	if names, refusal := event.Names(strings.Join(o.jobs, " ")); refusal == nil {
		o.jobs = names // otherwise the function says what is wrong with them
	}
	return o, cmp.Or(o.verdictFlags.check(flags), o.deploy.check(flags))
}

// invoke is the command invoke: one event, one answer. Standard output has the
// answer or, where there is none, an error in the form of one: it is never empty.
func invoke(ctx context.Context, args []string) error {
	o, err := parseInvoke(args)
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	var out []byte
	if err == nil {
		out, err = o.invoke(ctx)
	}
	if out == nil {
		out = errorAnswer(ctx, err)
	}
	if _, failure := os.Stdout.Write(out); failure != nil {
		return failure
	}
	return err
}

// errorAnswer is what stands on standard output where the function gave no answer.
func errorAnswer(ctx context.Context, err error) []byte {
	code, message := "ClientError.LocalError", err.Error()
	var wrong usageError
	var failure *scf.FunctionError
	switch {
	case errors.As(err, &failure):
		code, message = failure.Type, failure.Message
	case errors.As(err, &wrong):
		code = "ClientError.UsageError"
		message, _, _ = strings.Cut(message, "\n")
	case ctx.Err() != nil:
		code, message = "ClientError.Interrupted", "interrupted: standard error says what is known"
	case errors.Is(err, scf.ErrTimeout):
		code = check.CodeDeadline
	}
	return append(check.Marshal(failed(code, check.Cut(message, scf.MaxEvent)).Jobs[0]), '\n')
}

// invoke runs the function and returns what standard output is to have, if
// anything, and the error for the command's end.
func (o invokeOptions) invoke(ctx context.Context) ([]byte, error) {
	var payload []byte
	var err error
	if o.file == "" {
		payload = wrap(o.trigger, o.ask)
	} else if payload, err = readFile(ctx, o.file, scf.MaxEvent); err != nil {
		return nil, fmt.Errorf("-event: %w", err)
	}
	for _, note := range unread(os.Environ(), o.deploy.endpoint == "") {
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
	deployed, err := o.deploy.deploy(ctx, f, "127.0.0.1:0", w.note)
	if err != nil {
		return nil, err
	}
	defer deployed.Close()
	w.level = deployed.settings.LogLevel
	deployed.function.Variables[config.LogLevel] = "debug" // the watcher wants every line
	answer, err := once(ctx, deployed.function, payload, w.progress)

	source, _ := event.Read(payload)
	r := report.Report{
		Region: cmp.Or(deployed.settings.Region, o.region), Source: string(source.Source), Trigger: source.Trigger, At: time.Now().In(beijing), Language: deployed.settings.Language,
	}
	for _, request := range source.Requests {
		if request.Select != nil {
			r.Selected = append(r.Selected, event.Selected(*request.Select)...)
		}
	}
	if err != nil {
		return o.failed(ctx, err, w, r)
	}
	body, result, unknown := readAnswer(answer)
	if unknown != nil { // a page, say, but the log has told
		result = check.Result{Jobs: w.jobs, Batch: true}
	}
	status := o.of(result)
	if unknown != nil && len(w.jobs) == 0 && !accepted(answer) {
		status = statusFailed
	}
	switch r.Result = result; {
	case !o.text:
		return append(answer, '\n'), exit(status)
	case unknown != nil:
		return body, exit(status)
	}
	return []byte(report.Text(r)), exit(status)
}

// accepted reports whether an answer is an integration response that is no error.
func accepted(answer []byte) bool {
	var r struct{ StatusCode int }
	return json.Unmarshal(answer, &r) == nil && 200 <= r.StatusCode && r.StatusCode < 400
}

// failed shows what became of the jobs of an event without an answer, as far as
// the function's log tells, and returns what standard output is to have of it,
// and the error for its end.
func (o invokeOptions) failed(ctx context.Context, err error, w *watcher, r report.Report) (out []byte, _ error) {
	r.Result = check.Result{Batch: len(w.jobs) > 1, Jobs: w.jobs}
	switch {
	case ctx.Err() != nil:
		w.interrupted(os.Stderr, o.start)
	case o.text && len(w.jobs) == 0:
		out = nil
	case o.text:
		out = []byte(report.Text(r))
	case len(w.jobs) > 0: // otherwise the error says all there is
		fmt.Fprint(os.Stderr, head(report.Text(r)))
	}
	var failure *scf.FunctionError
	if !errors.As(err, &failure) {
		return out, err
	}
	message := failure.Message
	if summary, _, several := strings.Cut(message, " jobs failed: "); several && len(w.jobs) > 1 {
		message = summary + " jobs failed" // the table says why
	}
	return out, shortError{failure, fmt.Sprintf("function error %s: %s", printable(failure.Type), printable(check.Cut(message, check.MostText)))}
}

// shortError is an error that is told in fewer words.
type shortError struct {
	error
	words string
}

func (e shortError) Error() string { return e.words }
func (e shortError) Unwrap() error { return e.error }

// beijing is the zone of times for people, which is that of the timers.
var beijing = time.FixedZone("UTC+8", 8*60*60)

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

// readFile reads a file, or with the name - standard input, of so many bytes at
// most, unless ctx ends before: nobody may ever write to it.
func readFile(ctx context.Context, name string, most int64) ([]byte, error) {
	type read struct {
		text []byte
		err  error
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
		text, err := io.ReadAll(io.LimitReader(file, most+1))
		if err == nil && int64(len(text)) > most {
			err = fmt.Errorf("is larger than %d MB", most>>20)
		}
		done <- read{text, err}
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
