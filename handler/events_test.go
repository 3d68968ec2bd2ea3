package handler

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"

	"migratecheck/internal/check"
)

var update = flag.Bool("update", false, "write testdata/answers anew; then read the difference")

// golden is what is expected of an event in testdata/events: the file of the
// same name in testdata/answers. RequestIds are those of scripted.
type golden struct {
	Source        source
	Tasks         []string
	Answer        json.RawMessage `json:",omitempty"`
	FunctionError string          `json:",omitempty"`
}

// describeTasks puts the tasks of an event in words.
func describeTasks(e event) []string {
	var words []string
	for _, t := range e.tasks {
		switch {
		case t.invalid != nil:
			words = append(words, fmt.Sprintf("record %d: %v", t.record, t.invalid))
		case t.describe:
			words = append(words, actionDescribe+" "+t.job)
		case t.wait:
			words = append(words, actionCreate+" "+t.job+" Wait")
		default:
			words = append(words, actionCreate+" "+t.job)
		}
	}
	return words
}

func events(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("../testdata/events/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no events: %v", err)
	}
	return files
}

func TestEvents(t *testing.T) {
	for _, file := range events(t) {
		name := filepath.Base(file)
		t.Run(strings.TrimSuffix(name, ".json"), func(t *testing.T) {
			payload, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			e, refusal := readEvent(payload)
			if refusal != nil {
				t.Fatalf("refused: %v", refusal)
			}
			got := golden{Source: e.source, Tasks: describeTasks(e)}
			synctest.Test(t, func(t *testing.T) {
				i := invoke(t, &scripted{}, string(payload))
				got.Answer = i.answer
				if i.err != nil {
					got.FunctionError = i.err.Error()
				}
			})
			compare(t, filepath.Join("../testdata/answers", name), got)
		})
	}
}

func compare(t *testing.T, file string, got golden) {
	t.Helper()
	var indented bytes.Buffer
	if err := json.Indent(&indented, marshal(got), "", "  "); err != nil {
		t.Fatal(err)
	}
	indented.WriteByte('\n')
	if *update {
		if err := os.WriteFile(file, indented.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(indented.Bytes(), want) {
		t.Errorf("got\n%s\nwant\n%s", indented.Bytes(), want)
	}
}

// refused is an event in testdata/refused.json of which nothing can be done.
type refused struct {
	Event  json.RawMessage // or, for one that is not JSON,
	Text   *string
	Source source
	Code   string // InvalidParameter if empty
	Error  string
}

func (r refused) payload() string {
	if r.Text != nil {
		return *r.Text
	}
	return string(r.Event)
}

func readRefused(t testing.TB) map[string]refused {
	t.Helper()
	file, err := os.ReadFile("../testdata/refused.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]refused
	if err := json.Unmarshal(file, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestRefusedEvents(t *testing.T) {
	for name, r := range readRefused(t) {
		t.Run(name, func(t *testing.T) {
			want := &check.Error{Code: r.Code, Message: r.Error}
			if want.Code == "" {
				want.Code = "InvalidParameter"
			}
			e, refusal := readEvent([]byte(r.payload()))
			if e.source != r.Source || !reflect.DeepEqual(refusal, want) {
				t.Fatalf("got %s, %v\nwant %s, %v", e.source, refusal, r.Source, want)
			}
			dts := &scripted{}
			i := invoke(t, dts, r.payload())
			if len(dts.calls) > 0 {
				t.Errorf("DTS was called: %v", dts.calls)
			}
			if r.Source.http() {
				body := string(marshal(answer{Error: &failure{want.Code, want.Message}}))
				if got := response(t, i); got.StatusCode != 400 || got.Body != body {
					t.Errorf("got %d %s\nwant 400 %s", got.StatusCode, got.Body, body)
				}
			} else if i.answer != nil || i.err == nil || i.err.Error() != want.Error() {
				t.Errorf("got answer %s, error %v; want the error alone", i.answer, i.err)
			}
			if lines := i.log.lines("job"); len(lines) != 1 || lines[0]["outcome"] != "not sent" || lines[0]["error"] != want.Message {
				t.Errorf("job lines %v", lines)
			}
		})
	}
}

func TestHowManyJobs(t *testing.T) {
	batch := func(n int) []byte {
		ids := make([]string, n)
		for i := range ids {
			ids[i] = fmt.Sprintf("dts-%d", i)
		}
		return marshal(map[string]any{"JobIds": ids})
	}
	if e, err := readEvent(batch(maxJobs)); err != nil || len(e.tasks) != maxJobs {
		t.Errorf("%d jobs: got %d tasks, %v", maxJobs, len(e.tasks), err)
	}
	if _, err := readEvent(batch(maxJobs + 1)); err == nil || err.Message != "event: names more than 10000 jobs" {
		t.Errorf("%d jobs: got %v", maxJobs+1, err)
	}
}
