package handler

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"testing"

	"migratecheck/internal/check"
)

// jobID is the form that the contract gives a JobId.
var jobID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func FuzzReadEvent(f *testing.F) {
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
		e, refusal := readEvent(payload)
		if again, refusedAgain := readEvent(payload); !reflect.DeepEqual(again, e) || !reflect.DeepEqual(refusedAgain, refusal) {
			t.Fatalf("read twice: %+v, %v and %+v, %v", e, refusal, again, refusedAgain)
		}
		if refusal != nil {
			invalid(t, refusal)
			return
		}
		if len(e.tasks) == 0 || len(e.tasks) > 1 && !e.batch {
			t.Fatalf("%d tasks, batch %v", len(e.tasks), e.batch)
		}
		var jobs []string
		outcomes := make([]outcome, len(e.tasks))
		for i, task := range e.tasks {
			outcomes[i] = outcome{task: task, err: task.invalid}
			if task.invalid != nil {
				invalid(t, task.invalid)
				continue
			}
			if !jobID.MatchString(task.job) {
				t.Fatalf("job %q", task.job)
			}
			outcomes[i].receipt.RequestID = "46b45da1-3e8e-4ef2-8de8-b1bffa027385"
			if !slices.Contains(jobs, task.job) {
				jobs = append(jobs, task.job)
			}
		}
		if jobs == nil {
			return
		}
		answer := write(e.source, e.batch, outcomes, true)
		chained, refusal := readEvent(answer)
		if refusal != nil {
			t.Fatalf("our own answer is refused: %v\n%s", refusal, answer)
		}
		var again []string
		for _, task := range chained.tasks {
			again = append(again, task.job)
		}
		if !reflect.DeepEqual(again, jobs) {
			t.Fatalf("our own answer names %v, the event %v\n%s", again, jobs, answer)
		}
	})
}

// invalid checks an error of the event reader.
func invalid(t *testing.T, err *check.Error) {
	t.Helper()
	want := check.Error{Code: err.Code, Message: err.Message}
	if err.Code != "InvalidParameter" && err.Code != "InvalidAction" || err.Message == "" || *err != want {
		t.Fatalf("%#v", err)
	}
}
