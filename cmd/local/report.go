package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/report"
)

// reportOptions are the flags of the command report.
type reportOptions struct {
	verdictFlags
	junit, summary string
	text, strict   bool
	accept         stepIDs
}

func parseReport(args []string) (reportOptions, error) {
	var o reportOptions
	flags := newCommandLine("report", " [flags] <ANSWER")
	flags.about = reportAbout
	flags.after = reportAfter
	flags.StringVar(&o.junit, "junit", "", "`file` for the result in JUnit's form: a suite for each job, a case for each step")
	flags.StringVar(&o.summary, "summary", "", "`file` to which a summary in Markdown is appended, such as \"$GITHUB_STEP_SUMMARY\"")
	flags.BoolVar(&o.text, "text", false, "print the result as a table, instead of the answer")
	flags.BoolVar(&o.strict, "strict", false, "take a warning or a skipped step for a failure")
	flags.Var(&o.accept, "accept", "`steps` whose warnings -strict lets pass, by their ids, separated by commas; may be repeated")
	flags.BoolVar(&o.needVerdict, "need-verdict", false, "end with status 4 for a job of which no verdict was asked for, too")
	o.verdictFlags.register(flags)
	if err := flags.parse(args); err != nil {
		return o, err
	}
	switch {
	case len(flags.words) > 0:
		return o, flags.wrong("%s: not a flag; the answer comes from standard input", flags.words[0])
	case len(o.accept) > 0 && !o.strict:
		return o, flags.wrong("-accept goes with -strict")
	}
	return o, o.verdictFlags.check(flags)
}

// maxInput is the largest answer that report reads, in bytes: the function's 6 MB,
// encoded twice.
const maxInput = 64 << 20

// mostSummary is what GitHub shows of a summary, in bytes.
const mostSummary = 1_000_000

// makeReport is the command report: an answer from standard input, in the forms
// that pipelines read, and its exit status.
func makeReport(ctx context.Context, args []string) error {
	o, err := parseReport(args)
	if err != nil {
		return err
	}
	input, err := readFile(ctx, "-", maxInput)
	if err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	answer, result, unread := readAnswer(input)
	if unread != nil {
		result = failed(check.CodeNotAPI, "standard input "+unread.Error())
		answer = check.Marshal(result.Jobs[0])
	}
	if o.strict {
		for i, job := range result.Jobs {
			if job.Check != nil {
				judged := job.Check.Judge(o.accept)
				result.Jobs[i].Check = &judged
			}
		}
	}
	r := report.Report{Result: result, Region: os.Getenv(config.Region), At: time.Now().In(beijing), Language: os.Getenv(config.Language)}
	said := append(answer, '\n')
	if o.text {
		said = []byte(report.Text(r))
	}
	_, err = os.Stdout.Write(said)
	if o.junit != "" {
		err = errors.Join(err, os.WriteFile(o.junit, junit(result, o.verdictFlags), 0o644))
	}
	if o.summary != "" {
		err = errors.Join(err, appendSummary(o.summary, r))
	}
	if unread != nil {
		err = errors.Join(fmt.Errorf("standard input %w", unread), err)
	}
	if err != nil {
		return err
	}
	return exit(o.of(result))
}

// appendSummary appends the report to the file, within what may be shown of it.
func appendSummary(path string, r report.Report) (err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	room := mostSummary
	if info.Mode().IsRegular() {
		room -= int(min(info.Size(), mostSummary))
	}
	_, err = file.WriteString(report.Summary(r, room))
	return err
}

// beijing is the zone of times for people, which is that of the timers.
var beijing = time.FixedZone("UTC+8", 8*60*60)

// stepIDs is the value of -accept.
type stepIDs []string

func (s *stepIDs) String() string { return strings.Join(*s, ",") }

// Set adds the ids of a list.
func (s *stepIDs) Set(value string) error {
	for id := range strings.SplitSeq(value, ",") {
		if id = strings.TrimSpace(id); id == "" {
			return errors.New("must be the ids of steps, such as SrcPrivilegeCheck,BinlogParamCheck")
		}
		*s = append(*s, id)
	}
	return nil
}
