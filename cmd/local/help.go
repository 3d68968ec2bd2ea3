package main

import (
	"strings"

	"migratecheck/internal/config"
)

// What the help says beside the flags.
const (
	usage = `usage: go run ./cmd/local COMMAND [flags]

  invoke [flags] JobId …   run the function once, on one event
  report [flags] <ANSWER   an answer as JUnit XML, as a summary, as an exit status
  serve [flags]            the function as deployed: HTTP, timers, Invoke API
  dts [flags]              serve a DTS endpoint alone

"go run ./cmd/local COMMAND -h" tells more.
`

	invokeAbout = `
Runs the function once, on one event. Its answer is on standard output, its log on standard error.

Examples:

  go run ./cmd/local invoke dts-1kl0iy0v                                   create a check
  go run ./cmd/local invoke -wait -text dts-1kl0iy0v dts-notpass1          and wait for the verdicts, as a table
  go run ./cmd/local invoke -read -wait dts-slowchk1                       follow a check that was created before
  go run ./cmd/local invoke -select -start                                 all jobs that await a check; start what passes
  go run ./cmd/local invoke -select '{"Tags":{"env":"prod"}}' -wait        those with a tag; mind the quotes
  go run ./cmd/local invoke -fault lost,times=1 dts-1kl0iy0v               what if the answer gets lost?
  go run ./cmd/local invoke -trigger timer -webhook wecom -select -wait    what would the chat get?
`

	statusAfter = `
Exit status, the first that holds:

  2    the command line makes no sense
  130  interrupted, by Ctrl-C
  1    something failed: a job was refused, or is not known, or the function failed
  3    a check did not pass
  4    a check has no verdict, or a job that passed waits to be started
  5    no job was selected, with -fail-empty
  0    all were accepted and, where verdicts were asked for, passed

-fail-on failed keeps 3 and 4 at 0. "go run" itself ends with 1 for each but 0: build the
program to see them (go build -o build/migrate-check-local ./cmd/local).
`

	faultsAfter = `
Faults of the embedded endpoint, as -fault KIND,name=value,…:

  code, code-carried      code=CODE needed, message=TEXT; carried: done all the same
  delay                   delay=TIME needed, such as 2s: answers late
  stale                   delay=TIME needed: so long after a creation, readings show what was before
  drop, silence, html     not done; no answer and a closed connection, no answer at all, a page
  dead                    no answer on a connection that was used before
  lost, lost-silence      done; no answer and a closed connection, no answer at all
  truncated, empty        done; half an answer, an empty one
  silent-halfway          done; half an answer, and then nothing more

  All take job=JOBID and action=ACTION, whom they meet, skip=N, how many calls they pass over,
  times=N, how many then meet them (all, unless given), and delay=TIME.
`

	reportAbout = `
Reads an answer of the function from standard input: of invoke, of "tccli scf InvokeFunction", of
the HTTP call, of an event that was forwarded. It prints it, and ends as invoke does.

Examples:

  go run ./cmd/local invoke -select -wait | go run ./cmd/local report -text -junit checks.xml
  tccli scf InvokeFunction --FunctionName migrate-check --Event '{"Select":{},"Wait":true}' | go run ./cmd/local report -text
  curl -s "$FUNCTION_URL" -d '{"Select":{},"Wait":true}' | go run ./cmd/local report -summary "$GITHUB_STEP_SUMMARY"
`

	reportAfter = statusAfter
)

// asCalled returns a text of the help with the program as it was called.
func asCalled(text string) string {
	return strings.ReplaceAll(strings.TrimSpace(text), "go run ./cmd/local", program()) + "\n"
}

// invokeAfter is what the help of invoke says after the flags.
func invokeAfter() string {
	return faultsAfter + `
Environment variables that the function reads, and that hold if they are set here:

` + wrapped(config.Variables, "  ", 96) + `
For -endpoint, the key pair: TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY and, of a temporary
one, TENCENTCLOUD_TOKEN.
` + statusAfter
}

// wrapped writes words in lines of so many columns.
func wrapped(words []string, indent string, columns int) string {
	var b strings.Builder
	line := indent
	for i, word := range words {
		if i < len(words)-1 {
			word += ", "
		}
		if len(line)+len(word) > columns {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = indent
		}
		line += word
	}
	return b.String() + line + "\n"
}
