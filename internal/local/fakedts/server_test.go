package fakedts_test

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"migratecheck/internal/local/fakedts"
)

// createAtOnce has so many callers create a check of the job, and counts the
// codes of their answers.
func createAtOnce(s *fakedts.Server, job string, callers int) map[string]int {
	codes := make(chan string, callers)
	for range callers {
		go func() { codes <- codeOf(clientOf(s).create(job)) }()
	}
	count := map[string]int{}
	for range callers {
		count[<-codes]++
	}
	return count
}

// TestConcurrentCreates: of many calls that create a check of one job at once,
// one does.
func TestConcurrentCreates(t *testing.T) {
	s := fakedts.New(fakedts.Options{Quota: -1, Now: newClock().Now})
	const callers = 50
	count := createAtOnce(s, "dts-slowchk1", callers)
	if count[""] != 1 || count["InternalError.DuplicateJob"] != callers-1 {
		t.Errorf("answers: %v", count)
	}
	carriedOut := 0
	for _, call := range s.Calls() {
		if call.CarriedOut {
			carriedOut++
		}
	}
	if len(s.Calls()) != callers || carriedOut != 1 {
		t.Errorf("%d calls recorded, %d of them carried out", len(s.Calls()), carriedOut)
	}
}

// TestConcurrentQuota: of many calls at once, as many as the quota are let in.
func TestConcurrentQuota(t *testing.T) {
	s := fakedts.New(fakedts.Options{Jobs: []fakedts.Job{{JobID: "dts-1kl0iy0v"}}, Now: newClock().Now})
	const callers = 60
	count := createAtOnce(s, "dts-1kl0iy0v", callers)
	if count[""] != 1 || count["InternalError.DuplicateJob"] != 19 || count["RequestLimitExceeded"] != callers-20 {
		t.Errorf("answers: %v", count)
	}
}

// TestConcurrentUse does at once, over real connections, all that a test may
// do with a server.
func TestConcurrentUse(t *testing.T) {
	s := fakedts.New(fakedts.Options{Jobs: []fakedts.Job{{JobID: "a", CheckSeconds: fakedts.Instant}, {JobID: "b", CheckSeconds: fakedts.Instant}}, Quota: -1})
	c, _ := listen(t, s, false)
	var users sync.WaitGroup
	for user := range 8 {
		users.Go(func() {
			for i := range 20 {
				if err := c.create([]string{"a", "b"}[i%2]); err != nil {
					t.Error(err)
				}
				s.Inject(fakedts.Fault{Kind: fakedts.FaultDrop, Job: fmt.Sprint("none", user)})
				s.Calls()
			}
		})
	}
	users.Wait()
	if got := len(s.Calls()); got != 160 {
		t.Errorf("%d calls recorded, want 160", got)
	}
}

// TestCallsAreTheCallersOwn: what Calls returned does not change.
func TestCallsAreTheCallersOwn(t *testing.T) {
	s := fakedts.New(fakedts.Options{})
	c := clientOf(s)
	c.create("dts-1kl0iy0v")
	calls := s.Calls()
	calls[0].JobID = "altered"
	c.create("dts-dau5czmd")
	got := s.Calls()
	if len(calls) != 1 || len(got) != 2 || got[0].JobID != "dts-1kl0iy0v" || got[1].JobID != "dts-dau5czmd" {
		t.Errorf("recorded: %+v", got)
	}
}

func TestForget(t *testing.T) {
	s := fakedts.New(fakedts.Options{Forget: true})
	if err := clientOf(s).create("dts-1kl0iy0v"); err != nil {
		t.Fatal(err)
	}
	if calls := s.Calls(); len(calls) != 0 {
		t.Errorf("recorded: %+v", calls)
	}
}

// TestFunctionImportsNoStandIn: what serves local use stays out of the binary
// that is deployed.
func TestFunctionImportsNoStandIn(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "migratecheck").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(out))
	if !slices.Contains(packages, "migratecheck/internal/dts") {
		t.Fatalf("this is not the function: %v", packages)
	}
	for _, standIn := range []string{"migratecheck/internal/local/fakedts", "migratecheck/internal/local/cloudapi"} {
		if slices.Contains(packages, standIn) {
			t.Errorf("the function imports %s", standIn)
		}
	}
}
