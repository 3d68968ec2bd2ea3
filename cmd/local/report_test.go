package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The command report writes what was asked for, whatever comes, and ends with the
// status of the answer.
func TestReport(t *testing.T) {
	const (
		warned = `{"JobId":"dts-1","RequestId":"r","Check":{"Status":"finished","Passed":true,"Progress":100,"Steps":[{"Id":"A","Name":"Step","Status":"warning","Failed":[{"Name":"i","Result":"warning","Reason":"odd"}]}]}}`
		bad    = `{"Jobs":[{"JobId":"dts-1","RequestId":"r","Check":{"Status":"finished","Passed":false,"Progress":100,"Message":"no\u0000luck"}}],"Failed":0,"Passed":0,"NotPassed":1,"NoVerdict":0}`
	)
	large := `{"Jobs":[` + strings.Repeat(strings.TrimSuffix(strings.TrimPrefix(bad, `{"Jobs":[`), `],"Failed":0,"Passed":0,"NotPassed":1,"NoVerdict":0}`)+",", 20000) + warned + `],"Failed":0}`
	for name, c := range map[string]struct {
		flags       []string
		input       string
		status      int
		out, stderr string
		junit       string
	}{
		"an answer":          {nil, warned, 0, warned + "\n", "", `failures="0" errors="0"`},
		"what tccli prints":  {nil, `{"Result":{"RetMsg":` + string(encode(bad)) + `}}`, 3, bad + "\n", "", `<failure message="no` + "\ufffd" + `luck"`},
		"a table":            {[]string{"-text"}, bad, 3, "DTS check: ", "", `failures="1"`},
		"strictly":           {[]string{"-strict"}, warned, 3, warned, "", `<failure message="odd"`},
		"strictly, accepted": {[]string{"-strict", "-accept", "A"}, warned, 0, warned, "", `failures="0"`},
		"not by verdicts":    {[]string{"-fail-on", "failed"}, bad, 0, bad, "", `failures="1"`},
		"empty":              {[]string{"-fail-empty"}, `{"Jobs":[],"Failed":0}`, 5, `{"Jobs":[]`, "", `errors="1"`},
		"no verdict wanted":  {[]string{"-need-verdict"}, `{"JobId":"dts-1","RequestId":"r"}`, 4, ``, "", `errors="1"`},
		"no answer":          {nil, "", 1, `{"Error":{"Code":"ClientError.ParseJsonError","Message":"standard input is no answer of the function: it is empty"}}` + "\n", "local: standard input is no answer", `errors="1"`},
		"no answer, a table": {[]string{"-text"}, "<html>\x1b", 1, `DTS check: `, `local: standard input is no answer of the function: <html>\x1b`, `errors="1"`},
		"many":               {nil, large, 3, "", "", `failures="20000"`},
		"a word":             {[]string{"answer.json"}, "", 2, "", "local: answer.json: not a flag; the answer comes from standard input", ""},
		"accept":             {[]string{"-accept", "A"}, "", 2, "", "local: -accept goes with -strict", ""},
		"fail on":            {[]string{"-fail-on", "x"}, "", 2, "", "local: -fail-on must be", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			xml, summary := filepath.Join(dir, "checks.xml"), filepath.Join(dir, "summary.md")
			if err := os.WriteFile(summary, []byte("# Before\n\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			run := command(t, append([]string{"report", "-junit", xml, "-summary", summary}, c.flags...)...)
			var out, stderr bytes.Buffer
			run.Stdin, run.Stdout, run.Stderr = strings.NewReader(c.input), &out, &stderr
			if got := statusOf(run.Run()); got != c.status {
				t.Errorf("status %d, want %d", got, c.status)
			}
			if !strings.HasPrefix(out.String(), c.out) || !strings.Contains(stderr.String(), c.stderr) || c.stderr == "" && stderr.Len() > 0 {
				t.Errorf("output %.2000q, want %q, standard error %q, want %q", &out, c.out, &stderr, c.stderr)
			}
			if c.status == 2 {
				return
			}
			document, err := os.ReadFile(xml)
			if err != nil || validate(document) != nil || !bytes.Contains(document, []byte(c.junit)) {
				t.Errorf("error %v, %.2000s, want %s", err, document, c.junit)
			}
			text, err := os.ReadFile(summary)
			if err != nil || !bytes.HasPrefix(text, []byte("# Before\n\n")) || len(text) < 30 || len(text) > 1_000_000 || !bytes.Contains(text, []byte("DTS check")) {
				t.Errorf("error %v, a summary of %d bytes: %.300s", err, len(text), text)
			}
		})
	}
}

// What cannot be written is an error, also for an answer that is good.
func TestReportThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"-junit", "-summary"} {
		run := command(t, "report", flag, filepath.Join(t.TempDir(), "nowhere", "file"))
		run.Stdin = strings.NewReader(`{"JobId":"dts-1","RequestId":"r"}`)
		if out, err := run.CombinedOutput(); statusOf(err) != 1 || !strings.Contains(string(out), "local: open ") {
			t.Errorf("%s: %v, %s", flag, err, out)
		}
	}
}
