package event

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"migratecheck/internal/check"
)

// jobID is the form that the contract gives a JobId.
var jobID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func FuzzRead(f *testing.F) {
	for _, file := range events(f) {
		payload, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payload)
	}
	for _, r := range readRefused(f) {
		f.Add([]byte(r.payload()))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		before := slices.Clone(payload)
		e, refusal := Read(payload)
		if !slices.Equal(payload, before) {
			t.Fatal("the event was changed")
		}
		if again, refusedAgain := Read(payload); !reflect.DeepEqual(again, e) || !reflect.DeepEqual(refusedAgain, refusal) {
			t.Fatalf("read twice: %+v, %v and %+v, %v", e, refusal, again, refusedAgain)
		}
		if (e.HTTP != nil) != e.Source.HTTP() {
			t.Fatalf("%s: HTTP is %+v", e.Source, e.HTTP)
		}
		if refusal != nil {
			invalid(t, refusal)
		}
		if e.HTTP != nil && e.HTTP.Refusal != nil {
			invalid(t, e.HTTP.Refusal)
		}
		for _, warning := range e.Warnings {
			invalid(t, check.Invalid("event", warning))
		}
		if len(e.Warnings) > 10 {
			t.Fatalf("%d warnings", len(e.Warnings))
		}
		if nothing := refusal != nil || e.HTTP != nil && (e.HTTP.Status != 0 || e.HTTP.Home); nothing != (len(e.Requests) == 0) {
			t.Fatalf("%d requests, %v", len(e.Requests), refusal)
		}
		batch := len(e.Requests) > 1
		var jobs []string
		for i, r := range e.Requests {
			if r.Record != i {
				t.Fatalf("record %d is %d", i, r.Record)
			}
			if r.ID != "" && !e.Source.AtLeastOnce() {
				t.Fatalf("%s has an id", e.Source)
			}
			batch = batch || r.Batch
			wellFormed(t, r)
			for _, job := range r.Jobs {
				if !slices.Contains(jobs, job) {
					jobs = append(jobs, job)
				}
			}
		}
		if e.Batch != batch {
			t.Fatalf("batch %v of %+v", e.Batch, e.Requests)
		}
		if e.HTTP != nil && e.HTTP.Page {
			page(t, e)
		}
		if jobs != nil {
			chained(t, e, jobs)
		}
	})
}

// wellFormed checks what holds of any request.
func wellFormed(t *testing.T, r Request) {
	t.Helper()
	if r.Err != nil {
		invalid(t, r.Err)
		if want := (Request{Err: r.Err, ID: r.ID, At: r.At, Via: r.Via, Record: r.Record}); !reflect.DeepEqual(r, want) {
			t.Fatalf("beside an error: %+v", r)
		}
		return
	}
	if r.Select == nil && len(r.Jobs) == 0 && r.Batch {
		return // our own answer, which leaves nothing to do
	}
	if (r.Select != nil) == (len(r.Jobs) > 0) || len(r.Jobs) > 10000 || (len(r.Jobs) > 1 || r.Select != nil) && !r.Batch {
		t.Fatalf("%d jobs, Select %v, batch %v", len(r.Jobs), r.Select, r.Batch)
	}
	if r.Ask.Start && (r.Ask.Describe || !r.Ask.Wait) || r.Ask.Accept != nil && !r.Ask.Strict {
		t.Fatalf("asks for %+v", r.Ask)
	}
	for i, job := range r.Jobs {
		if !jobID.MatchString(job) || len(r.Jobs) < 100 && slices.Contains(r.Jobs[:i], job) {
			t.Fatalf("job %d is %q", i, job)
		}
	}
	if r.Select != nil && !r.Ask.Describe {
		for _, status := range r.Select.Status {
			if !check.AllowsCheck(status) && !(status == check.JobChecking && r.Ask.Wait) {
				t.Fatalf("status %q", status)
			}
		}
		if len(r.Select.Status) == 0 {
			t.Fatal("every status is selected")
		}
	}
}

// page checks that a page reads, and that its button posts what it shows.
func page(t *testing.T, e Event) {
	t.Helper()
	r := e.Requests[0]
	if !r.Ask.Describe || r.Ask.Wait || r.Ask.Start || r.Ask.DryRun {
		t.Fatalf("a page asks for %+v", r.Ask)
	}
	if len(r.Jobs) == 0 {
		return
	}
	posted, refusal := Read(post(t, append([]Field{{"JobIds", strings.Join(r.Jobs, ",")}}, e.HTTP.Options...)))
	if refusal != nil {
		t.Fatalf("the form of a page is refused: %v\n%v", refusal, e.HTTP.Options)
	}
	if p := posted.Requests[0]; !slices.Equal(p.Jobs, r.Jobs) || p.Ask.Describe || p.Ask.Start || p.Ask.Strict != r.Ask.Strict || !slices.Equal(p.Ask.Accept, r.Ask.Accept) {
		t.Fatalf("the page reads %+v and posts %+v", r, p)
	}
}

// chained checks that this function's own answer is read as a request for the
// same jobs.
func chained(t *testing.T, e Event, jobs []string) {
	t.Helper()
	var outcomes []check.Outcome
	for _, job := range jobs {
		outcomes = append(outcomes, check.Outcome{JobID: job, Progress: check.Progress{Stage: check.StageCreated, RequestID: "46b45da1"}})
	}
	answer := marshal(t, outcomes[0])
	if e.Batch {
		record := 0
		for _, stage := range []check.Stage{check.StageWaiting, check.StageFoundStarted, check.StageStarted} {
			outcomes = append(outcomes, check.Outcome{JobID: "left-out", Progress: check.Progress{Stage: stage, RequestID: "46b45da1"}})
		}
		outcomes = append(outcomes, check.Outcome{Record: &record, Progress: check.Progress{Error: check.Invalid("Records[0]", "no")}})
		answer = marshal(t, map[string]any{"Jobs": outcomes, "Failed": 1, "Started": len(jobs)})
	}
	if e.Source.HTTP() {
		answer = marshal(t, map[string]any{"statusCode": 207, "body": answer})
	}
	again, refusal := Read([]byte(answer))
	if refusal != nil {
		t.Fatalf("our own answer is refused: %v\n%s", refusal, answer)
	}
	if r := again.Requests[0]; len(again.Warnings) > 0 || !slices.Equal(r.Jobs, jobs) || again.Batch != e.Batch || !reflect.DeepEqual(r.Ask, Ask{}) {
		t.Fatalf("our own answer asks for %+v, the event for %v\n%s", r, jobs, answer)
	}
	outcomes[0].Stage = check.StageStarted
	if again, refusal := Read([]byte(marshal(t, outcomes[0]))); refusal != nil || len(again.Requests[0].Jobs) > 0 {
		t.Fatalf("of a job that was started it asks for %+v, %v", again.Requests, refusal)
	}
}

// invalid checks an error of the event reader.
func invalid(t *testing.T, err *check.Error) {
	t.Helper()
	want := check.Error{Code: err.Code, Message: err.Message}
	if err.Code != "InvalidParameter" && err.Code != "InvalidAction" || err.Message == "" || !reflect.DeepEqual(*err, want) {
		t.Fatalf("%#v", err)
	}
	if len(err.Message) > 1000 || !utf8.ValidString(err.Message) {
		t.Fatalf("message %q", err.Message)
	}
	for _, r := range err.Message {
		if !unicode.IsPrint(r) {
			t.Fatalf("message %q", err.Message)
		}
	}
}
