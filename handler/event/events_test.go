package event

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"migratecheck/internal/check"
)

var update = flag.Bool("update", false, "write testdata/golden anew; then read the difference")

// golden is what an event in ../../testdata/events or testdata/events is read as: the
// file of the same name in testdata/golden. What is false or empty is left out.
type golden struct {
	Source   Source
	Batch    bool            `json:",omitempty"`
	Status   int             `json:",omitempty"`
	Prefers  Format          `json:",omitempty"` // json is left out
	HTTP     string          `json:",omitempty"` // what else is set of HTTP
	Options  []string        `json:",omitempty"`
	Warnings []string        `json:",omitempty"`
	Requests []goldenRequest `json:",omitempty"`
}

type goldenRequest struct {
	Record int           `json:",omitempty"`
	Error  string        `json:",omitempty"`
	Jobs   []string      `json:",omitempty"`
	Select *check.Filter `json:",omitempty"`
	Ask    string        `json:",omitempty"`
	Accept []string      `json:",omitempty"`
	Batch  bool          `json:",omitempty"`
	HasID  bool          `json:",omitempty"`
	At     string        `json:",omitempty"`
	Via    []string      `json:",omitempty"`
}

// set are the names of those that are.
func set(flags ...any) string {
	var names []string
	for i := 0; i < len(flags); i += 2 {
		if flags[i+1].(bool) {
			names = append(names, flags[i].(string))
		}
	}
	return strings.Join(names, " ")
}

func goldenOf(e Event) golden {
	g := golden{Source: e.Source, Batch: e.Batch, Warnings: e.Warnings}
	if h := e.HTTP; h != nil {
		g.Status, g.HTTP = h.Status, set("get", h.Get, "page", h.Page, "home", h.Home, "posted", h.Posted)
		if h.Prefers != JSON {
			g.Prefers = h.Prefers
		}
		if h.Allow != "" {
			g.HTTP += "; Allow: " + h.Allow
		}
		if h.Refusal != nil {
			g.HTTP += "; " + h.Refusal.Error()
		}
		for _, f := range h.Options {
			g.Options = append(g.Options, f.Name+"="+f.Value)
		}
	}
	for _, r := range e.Requests {
		a := r.Ask
		one := goldenRequest{
			Record: r.Record, Jobs: r.Jobs, Select: r.Select, Batch: r.Batch, HasID: r.ID != "", Via: r.Via, Accept: a.Accept,
			Ask: set("describe", a.Describe, "wait", a.Wait, "start", a.Start, "strict", a.Strict, "dryRun", a.DryRun),
		}
		if !r.At.IsZero() {
			one.At = r.At.Format(time.RFC3339Nano)
		}
		if r.Err != nil {
			one.Error = r.Err.Error()
		}
		g.Requests = append(g.Requests, one)
	}
	return g
}

func events(t testing.TB) []string {
	t.Helper()
	var files []string
	for _, directory := range []string{"../../testdata/events", "testdata/events"} {
		found, err := filepath.Glob(directory + "/*.json")
		if err != nil || len(found) == 0 {
			t.Fatalf("no events in %s: %v", directory, err)
		}
		files = append(files, found...)
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
			e, refusal := Read(payload)
			if refusal != nil {
				t.Fatalf("refused: %v", refusal)
			}
			var got bytes.Buffer
			encoder := json.NewEncoder(&got)
			encoder.SetEscapeHTML(false)
			encoder.SetIndent("", "  ")
			if err := encoder.Encode(goldenOf(e)); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata/golden", name)
			if *update {
				if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("got\n%s\nwant\n%s", got.Bytes(), want)
			}
		})
	}
}

// refused is an event in testdata/refused.json of which nothing can be done.
type refused struct {
	Event  json.RawMessage // or, for one that is not JSON,
	Text   *string
	Source Source
	Code   string // InvalidParameter if empty
	Field  string // that is named as being at fault
	Shows  []string
}

func (r refused) payload() string {
	if r.Text != nil {
		return *r.Text
	}
	return string(r.Event)
}

func readRefused(t testing.TB) map[string]refused {
	t.Helper()
	file, err := os.ReadFile("testdata/refused.json")
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
			e, refusal := Read([]byte(r.payload()))
			if refusal == nil {
				t.Fatalf("it asks for %+v, %+v", e.Requests, e.HTTP)
			}
			if e.Source != r.Source || refusal.Code != cmp.Or(r.Code, "InvalidParameter") || !strings.HasPrefix(refusal.Message, r.Field+": ") {
				t.Errorf("%s: %v; want %s, %s", e.Source, refusal, r.Source, r.Field)
			}
			for _, text := range r.Shows {
				if !strings.Contains(refusal.Message[len(r.Field):], text) {
					t.Errorf("%v does not show %s", refusal, text)
				}
			}
			if e.Requests != nil || e.Batch {
				t.Errorf("there is something to do: %+v", e)
			}
			if (e.HTTP != nil) != e.Source.HTTP() {
				t.Errorf("HTTP is %+v", e.HTTP)
			}
		})
	}
}
