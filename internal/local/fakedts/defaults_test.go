package fakedts_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	dts2021 "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/dts/v20211206"

	"migratecheck/internal/local/fakedts"
)

// TestDefaultJobs has the jobs that exist unless others are given: before, after
// a call that creates a check, and five seconds later.
func TestDefaultJobs(t *testing.T) {
	clock := newClock()
	s := fakedts.New(fakedts.Options{Now: clock.Now})
	c := clientOf(s)
	want := []struct {
		id, before, code, check string
	}{
		{"dts-1kl0iy0v", "created", "", "finished 100% flag 1 error 0 ok"},
		{"dts-dau5czmd", "created", "", "finished 100% flag 1 error 0 ok"},
		{"dts-notpass1", "checkNotPass", "", "finished 100% flag 0 error -1 Source instance permission check failed: the account lacks REPLICATION CLIENT"},
		{"dts-slowchk1", "checkPass", "", "starting 0% flag 3 error 0"},
		{"dts-migrate1", "running", "FailedOperation.NotAllowOperation", "finished 100% flag 1 error 0 ok"},
		{"dts-warning1", "created", "", "finished 100% flag 1 error 0 ok"},
		{"dts-skipped1", "created", "", "finished 100% flag 1 error 0 ok"},
		{"dts-several1", "created", "", "finished 100% flag 0 error -1 2 of 4 steps failed"},
		{"dts-passed01", "checkPass", "", "finished 100% flag 1 error 0 ok"},
		{"dts-success1", "success", "FailedOperation.NotAllowOperation", "finished 100% flag 1 error 0 ok"},
		{"dts-timed001", "checkPass", "", "finished 100% flag 1 error 0 ok"},
		{"dts-chinese1", "checkNotPass", "", "finished 100% flag 1 error 0 ok"},
	}
	before := slices.DeleteFunc(s.Jobs(), func(j fakedts.JobState) bool { return strings.HasPrefix(j.JobID, "sync-") })
	if len(before) != len(want) {
		t.Fatalf("%d jobs, want %d", len(before), len(want))
	}
	for i, w := range want {
		if before[i].JobID != w.id || before[i].Status != w.before {
			t.Errorf("%+v, want %s, %s", before[i], w.id, w.before)
		}
		if got := codeOf(c.create(w.id)); got != w.code {
			t.Errorf("%s: create: code %q, want %q", w.id, got, w.code)
		}
	}
	clock.move(5 * time.Second)
	for _, w := range want {
		if got := text2018(t, c, w.id); got != w.check {
			t.Errorf("%s: %s, want %s", w.id, got, w.check)
		}
	}
}

// TestDefaultJobsThatWait has those that wait for a check: they have it in seconds.
func TestDefaultJobsThatWait(t *testing.T) {
	s := fakedts.New(fakedts.Options{Now: newClock().Now})
	request := dts2021.NewDescribeMigrationJobsRequest()
	request.Status = []*string{new("created"), new("checkNotPass")}
	response, err := clientOf(s).sdk2021().DescribeMigrationJobs(request)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, item := range response.Response.JobList {
		ids = append(ids, *item.JobId)
	}
	list := dts2021.NewDescribeSyncJobsRequest()
	list.Status = []*string{new("Initialized"), new("CheckNotPass")}
	syncs, err := clientOf(s).sdk2021().DescribeSyncJobs(list)
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range syncs.Response.JobList {
		ids = append(ids, *item.JobId)
	}
	slices.Sort(ids)
	want := []string{"dts-1kl0iy0v", "dts-chinese1", "dts-dau5czmd", "dts-notpass1", "dts-several1", "dts-skipped1", "dts-warning1",
		"sync-notpass1", "sync-warning1", "sync-werwfs23"}
	if !slices.Equal(ids, want) {
		t.Errorf("those that wait for a check: %q, want %q", ids, want)
	}
	for _, j := range fakedts.DefaultJobs() {
		if slices.Contains(ids, j.JobID) && (j.CheckSeconds < 1 || j.CheckSeconds > 4) {
			t.Errorf("%s: a check takes %v s", j.JobID, j.CheckSeconds)
		}
	}
}
