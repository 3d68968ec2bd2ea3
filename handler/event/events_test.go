package event

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"migratecheck/internal/check"
)

var update = flag.Bool("update", false, "write testdata/golden anew; then read the difference")

// golden is what an event in ../../testdata/events is read as: the file of the same
// name in testdata/golden. What is false or empty is left out.
type golden struct {
	Source   Source
	Batch    bool            `json:",omitempty"`
	Status   int             `json:",omitempty"`
	Prefers  Format          `json:",omitempty"` // json is left out
	Page     bool            `json:",omitempty"`
	Fields   []string        `json:",omitempty"`
	Requests []goldenRequest `json:",omitempty"`
}

type goldenRequest struct {
	Record int           `json:",omitempty"`
	Error  string        `json:",omitempty"`
	Jobs   []string      `json:",omitempty"`
	Select *check.Filter `json:",omitempty"`
	Ask    string        `json:",omitempty"`
	Batch  bool          `json:",omitempty"`
	HasID  bool          `json:",omitempty"`
}

func goldenOf(e Event) golden {
	g := golden{Source: e.Source, Batch: e.Batch}
	if h := e.HTTP; h != nil {
		g.Status, g.Page = h.Status, h.Page
		if h.Prefers != JSON {
			g.Prefers = h.Prefers
		}
		for _, f := range h.Fields {
			g.Fields = append(g.Fields, f.Name+"="+f.Value)
		}
	}
	for _, r := range e.Requests {
		one := goldenRequest{Record: r.Record, Jobs: r.Jobs, Select: r.Select, Batch: r.Batch, HasID: r.ID != ""}
		if r.Err != nil {
			one.Error = r.Err.Error()
		}
		for _, ask := range []struct {
			set  bool
			name string
		}{{r.Ask.Describe, "describe"}, {r.Ask.Wait, "wait"}, {r.Ask.Start, "start"}, {r.Ask.Strict, "strict"}} {
			if ask.set {
				one.Ask = strings.TrimSpace(one.Ask + " " + ask.name)
			}
		}
		g.Requests = append(g.Requests, one)
	}
	return g
}

func events(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("../../testdata/events/*.json")
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
			want := &check.Error{Code: r.Code, Message: r.Error}
			if want.Code == "" {
				want.Code = "InvalidParameter"
			}
			e, refusal := Read([]byte(r.payload()))
			if e.Source != r.Source || !reflect.DeepEqual(refusal, want) {
				t.Errorf("got %s, %v\nwant %s, %v", e.Source, refusal, r.Source, want)
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
