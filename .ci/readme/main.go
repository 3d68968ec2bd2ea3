// Command readme runs the commands of Markdown files and compares what they
// print with what the files say. In a block of kind console a line that begins
// with "$ " is a command, and the lines up to the next are its output; what
// differs from run to run (ids, times, ports) is compared by its form.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

func main() {
	root, err := os.Getwd()
	if err != nil {
		fail("%v", err)
	}
	dir, err := os.MkdirTemp("", "readme-")
	if err != nil {
		fail("%v", err)
	}
	ran := 0
	for _, file := range os.Args[1:] {
		text, err := os.ReadFile(file)
		if err != nil {
			fail("%v", err)
		}
		for _, step := range steps(string(text)) {
			got := run(root, dir, step.command)
			if form(got) != form(step.output) {
				fail("%s: $ %s\nsays:\n%s\nprints:\n%s", file, step.command, step.output, got)
			}
			fmt.Printf("ok  %s: $ %s\n", filepath.Base(file), step.command)
			ran++
		}
	}
	os.RemoveAll(dir)
	if ran == 0 {
		fail("no command found")
	}
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}

type step struct{ command, output string }

func steps(text string) []step {
	var out []step
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(text, -1) {
		for line := range strings.Lines(block[1]) {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				out = append(out, step{command: strings.TrimSuffix(command, "\n")})
			} else if len(out) > 0 {
				out[len(out)-1].output += line
			}
		}
	}
	return out
}

// run runs a command in the repository, its scratch files in dir, and returns
// what it prints. What it left running in the background is ended by the
// block's own last command.
func run(root, dir, command string) string {
	shell := exec.Command("bash", "-c", command)
	shell.Dir = root
	shell.Env = append(os.Environ(), "TMPDIR="+dir)
	shell.WaitDelay = time.Second
	output, _ := shell.Output() // a failure's exit status is not part of the output
	return string(output)
}

var forms = []struct {
	pattern *regexp.Regexp
	form    string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "<id>"},
	{regexp.MustCompile(`\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})`), "<time>"},
	{regexp.MustCompile(`"durationMs":\d+`), `"durationMs":<n>`},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "<address>"},
}

// form is a text with what differs from run to run replaced.
func form(text string) string {
	text = strings.TrimSpace(text)
	for _, f := range forms {
		text = f.pattern.ReplaceAllString(text, f.form)
	}
	return text
}
