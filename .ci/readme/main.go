// Command readme runs the commands of Markdown files and compares what they
// print with what the files say. In a block of kind console a line that begins
// with "$ " is a command, and the lines up to the next are its output; what
// differs from run to run (ids, times, ports) is compared by its form. The
// commands of a block share one shell, which takes with it what they left
// running in the background. A block that several pages have is run once. Each
// line of a pipeline's script, in blocks of kind yaml and groovy, has to be such a
// command of the page, or one of those that a comment of the page names:
// <!-- not run here: COMMAND -->.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"go.yaml.in/yaml/v3"
)

func main() {
	bin, err := filepath.Abs("build/ci")
	if err != nil {
		fail("%v", err)
	}
	if out, err := exec.Command("go", "build", "-o", filepath.Join(bin, "tccli"), "./.ci/tccli").CombinedOutput(); err != nil {
		fail("tccli: %v: %s", err, out)
	}
	os.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	ran := 0
	printed := map[string][]string{} // by the commands of a block, which pages share
	for _, file := range os.Args[1:] {
		text, err := os.ReadFile(file)
		if err != nil {
			fail("%v", err)
		}
		commands := notRun(string(text))
		for _, block := range blocks(string(text)) {
			var script []string
			for _, step := range block {
				script = append(script, step.command)
			}
			key := strings.Join(script, "\n")
			if printed[key] == nil {
				printed[key] = run(script)
				ran += len(script)
			}
			for i, got := range printed[key] {
				if step := block[i]; form(got) != form(step.output) {
					fail("%s: $ %s\nsays:\n%s\nprints:\n%s", file, step.command, step.output, got)
				}
				fmt.Printf("ok  %s: $ %s\n", filepath.Base(file), script[i])
			}
			commands = append(commands, script...)
		}
		for _, line := range scripts(file, string(text)) {
			if !slices.Contains(commands, line) {
				fail("%s: no block of kind console runs the pipeline's line\n%s", file, line)
			}
		}
	}
	if ran == 0 {
		fail("no command found")
	}
}

// run returns what each of the commands prints.
func run(commands []string) (printed []string) {
	shell := newShell()
	defer shell.close()
	for _, command := range commands {
		printed = append(printed, shell.run(command))
	}
	return printed
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}

type step struct{ command, output string }

func blocks(text string) [][]step {
	var out [][]step
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(text, -1) {
		var steps []step
		for line := range strings.Lines(block[1]) {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				steps = append(steps, step{command: strings.TrimSuffix(command, "\n")})
			} else if len(steps) > 0 {
				steps[len(steps)-1].output += line
			}
		}
		out = append(out, steps)
	}
	return out
}

// notRun are the commands that a page says are not run here.
func notRun(text string) (out []string) {
	for _, m := range regexp.MustCompile("<!-- not run here: (.*) -->").FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

// scripts are the lines of the scripts in a page's pipelines.
func scripts(file, text string) (lines []string) {
	add := func(script string) {
		for line := range strings.Lines(script) {
			if line = strings.TrimSpace(line); line != "" {
				lines = append(lines, line)
			}
		}
	}
	for _, block := range regexp.MustCompile("(?ms)^```(yaml|groovy)\n(.*?)^```").FindAllStringSubmatch(text, -1) {
		if block[1] == "yaml" {
			var document yaml.Node
			if err := yaml.Unmarshal([]byte(block[2]), &document); err != nil {
				fail("%s: %v", file, err)
			}
			scriptsOf(&document, add)
			continue
		}
		for _, m := range regexp.MustCompile(`(?s)\bsh (?:\'\'\'(.*?)\'\'\'|\'([^\'\n]*)\')`).FindAllStringSubmatch(block[2], -1) {
			add(m[1] + m[2])
		}
	}
	return lines
}

// scriptsOf adds what GitHub has under run, and GitLab under script.
func scriptsOf(n *yaml.Node, add func(string)) {
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 1 && slices.Contains([]string{"run", "script", "before_script"}, n.Content[i-1].Value) {
			for _, line := range append([]*yaml.Node{child}, child.Content...) {
				add(line.Value)
			}
			continue
		}
		scriptsOf(child, add)
	}
}

// shell is one bash, in a process group of its own.
type shell struct {
	process *exec.Cmd
	input   io.WriteCloser
	output  *bufio.Reader
}

// end is the line that follows a command's output.
const end = "-- end of the command's output --"

func newShell() *shell {
	process := exec.Command("bash")
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	input, err := process.StdinPipe()
	if err != nil {
		fail("%v", err)
	}
	output, err := process.StdoutPipe()
	if err != nil {
		fail("%v", err)
	}
	if err := process.Start(); err != nil {
		fail("%v", err)
	}
	return &shell{process, input, bufio.NewReader(output)}
}

// run runs a command and returns its standard output. The next finds its status.
func (s *shell) run(command string) string {
	fmt.Fprintf(s.input, "%s\nstatus=$?; echo; echo %q; (exit $status)\n", command, end)
	var out strings.Builder
	for {
		line, err := s.output.ReadString('\n')
		if err != nil || line == end+"\n" {
			return out.String()
		}
		out.WriteString(line)
	}
}

// close interrupts what the block left running, and waits for it.
func (s *shell) close() {
	group := -s.process.Process.Pid
	s.input.Close()
	s.process.Wait()
	for range 100 {
		if syscall.Kill(group, syscall.SIGINT) != nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	syscall.Kill(group, syscall.SIGKILL)
}

var forms = []struct {
	pattern *regexp.Regexp
	form    string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "<id>"},
	{regexp.MustCompile(`\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})`), "<time>"},
	{regexp.MustCompile(`"(durationMs|attempts)":\d+`), `"$1":<n>`},
	{regexp.MustCompile(`\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2} [+-]\d{2}:\d{2}`), "<time>"},
	{regexp.MustCompile(`\d{4}-\d{2}-\d{2} \d{2}:\d{2} ?[(（]UTC\+8[)）]`), "<time>"},
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
