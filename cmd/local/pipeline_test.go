package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// pipelines are the lines of docs/ci.md that decide whether a pipeline goes on.
func pipelines(t *testing.T) (lines []string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "ci.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?ms)^```(?:yaml|groovy)\n(.*?)^```").FindAllStringSubmatch(string(page), -1) {
		for line := range strings.Lines(block[1]) {
			if line = strings.TrimSpace(line); strings.Contains(line, " | ") && !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// The lines of docs/ci.md fail a pipeline for whatever is not good, and pass what is,
// on a terminal and without one.
func TestPipelines(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the lines are for bash")
	}
	for _, program := range []string{"bash", "jq"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(err)
		}
	}
	lines := pipelines(t)
	if len(lines) < 5 {
		t.Fatalf("lines %q", lines)
	}
	var jobs []string
	for i := range 2 * len(lines) {
		jobs = append(jobs, fmt.Sprintf(`{"JobId":"dts-good%[1]d","JobName":"good%[1]d"},{"JobId":"dts-bad%[1]d","JobName":"bad%[1]d","NotPassed":true},
			{"JobId":"dts-slow%[1]d","JobName":"slow%[1]d","CheckSeconds":3600},{"JobId":"dts-mute%[1]d","JobName":"mute%[1]d"},
			{"JobId":"dts-gone%[1]d","JobName":"gone%[1]d","ErrorCode":"ResourceNotFound.JobNotExist","ErrorMessage":"gone"}`, i))
	}
	flags := []string{"-dts", "127.0.0.1:0", "-quota", "-1", "-jobs", write(t, "jobs.json", "["+strings.Join(jobs, ",")+"]")}
	for i := range 2 * len(lines) {
		flags = append(flags, "-fault", fmt.Sprintf("drop,job=dts-mute%d", i))
	}
	c := openWith(t, strings.Replace(serverless, "timeout: 20", "timeout: 6", 1), append(flags, "-instances", "40")...)

	// The program at the path that the lines have, and tccli's stand-in.
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "build"), 0o700); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\ncommand=$1\nshift\n[ \"$command\" = invoke ] && set -- -function \"$FUNCTION\" \"$@\"\nexec \"" + self + "\" \"$command\" \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "build", "migrate-check-local"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	root := filepath.Join("..", "..")
	if _, err := os.ReadFile(filepath.Join(root, ".ci", "tccli", "main.go")); err != nil { // the test depends on it
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "tccli"), "./.ci/tccli")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}

	for i, line := range lines {
		for name, status := range map[string]int{"good": 0, "bad": statusNotPassed, "slow": statusNoVerdict, "gone": statusFailed, "mute": statusFailed, "none": statusNothing, "down": statusFailed} {
			for terminal := range 2 {
				if terminal == 1 && (runtime.GOOS != "linux" || name == "slow" || name == "mute") {
					continue // these take their time
				}
				t.Run(fmt.Sprintf("%d, %s, terminal %d", i, name, terminal), func(t *testing.T) {
					t.Parallel()
					selection := fmt.Sprintf(`{"JobName":"%s%d","Status":["created","checkNotPass","checkPass"]}`, name, 2*i+terminal)
					summary, endpoint, api := filepath.Join(t.TempDir(), "summary.md"), c.dtsURL(), strings.TrimPrefix(c.api, "http://")
					if name == "down" {
						endpoint, api = "http://127.0.0.1:1", "127.0.0.1:1"
					}
					run := exec.CommandContext(t.Context(), "bash", "-c", strings.ReplaceAll(line, "build/checks.xml", filepath.Join(t.TempDir(), "checks.xml")))
					run.Dir = dir
					run.Env = append(os.Environ(), asLocal+"=1", "GORACE=atexit_sleep_ms=0", "PATH="+dir+":"+os.Getenv("PATH"), "FUNCTION="+function(),
						"ENDPOINT="+endpoint, "LOCAL_API="+api, "TIMEOUT=5s", "SELECT="+selection, `EVENT={"Select":`+selection+`,"Wait":true}`, "GITHUB_STEP_SUMMARY="+summary,
						"TENCENTCLOUD_SECRET_ID="+c.keys.SecretID, "TENCENTCLOUD_SECRET_KEY="+c.keys.SecretKey, "TENCENTCLOUD_TOKEN="+c.keys.Token)
					var out []byte
					var err error
					if terminal == 1 {
						out, err = onTerminal(t, run)
					} else {
						out, err = run.CombinedOutput()
					}
					got := statusOf(err)
					if strings.Contains(line, "jq") && status != 0 && got != 0 {
						got = status // it has statuses of its own
					}
					if got != status {
						t.Errorf("%s\n%s: status %d, want %d: %s", line, selection, got, status, out)
					}
					if text, err := os.ReadFile(summary); strings.Contains(line, "-summary") && (err != nil || len(text) == 0) {
						t.Errorf("no summary: %v", err)
					}
				})
			}
		}
	}
}
