package dts

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	v2018 "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/dts/v20180330"
	v2021 "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/dts/v20211206"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
)

// saying is an endpoint that gives the same answer to every call.
func saying(answer []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Write(answer)
	})
}

// in runs a test on synctest's clock with a client of a generation.
func in(t *testing.T, version string, endpoint http.Handler, test func(*testing.T, *Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := settings()
		c.APIVersion = version
		test(t, connect(t, endpoint, c))
	})
}

// versionOf returns the generation that a file of answers is from.
func versionOf(file string) string {
	if strings.HasPrefix(filepath.Base(file), "2021") {
		return config.Version2021
	}
	return config.Version2018
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Each answer in testdata/checks, and the state that it stands for.
func TestStates(t *testing.T) {
	files, _ := filepath.Glob("testdata/checks/*.want.json")
	if len(files) < 10 {
		t.Fatalf("%d states", len(files))
	}
	for _, file := range files {
		answer := strings.TrimSuffix(file, ".want.json") + ".json"
		t.Run(filepath.Base(answer), func(t *testing.T) {
			in(t, versionOf(answer), saying(read(t, answer)), func(t *testing.T, client *Client) {
				state, receipt, err := client.DescribeCheck(t.Context(), known)
				if err != nil || receipt.RequestID == "" {
					t.Fatalf("%+v: %v", receipt, err)
				}
				var got, want bytes.Buffer
				encoder := json.NewEncoder(&got)
				encoder.SetEscapeHTML(false)
				encoder.Encode(state)
				if err := json.Compact(&want, read(t, file)); err != nil {
					t.Fatal(err)
				}
				if strings.TrimSpace(got.String()) != strings.TrimSpace(want.String()) {
					t.Errorf("got  %s\nwant %s", &got, &want)
				}
			})
		})
	}
}

// What is kept of a check is bounded: texts are cut first, then steps that passed
// are left out, then those that have not begun, and none that failed or warned
// for one of these.
func TestStatesAreBounded(t *testing.T) {
	many := func(status string) []step2021 {
		all := make([]step2021, 900)
		for i := range all {
			all[i] = step2021{StepId: "s", StepName: strings.Repeat("名", 400), StepStatus: status, StepMessage: strings.Repeat("x", 900)}
		}
		items := make([]item2021, 1000)
		for i := range items {
			items[i] = item2021{CheckItemName: "i", CheckResult: "warning", ErrorLog: []string{"1", "2", "3", strings.Repeat("x", 9000)}}
		}
		all[899].StepStatus, all[899].DetailCheckItems = "warning", items
		return all
	}
	passed := many("pass")
	passed[3].HasSkipped = true
	s := (&check2021{Status: "success", CheckFlag: "checkPass", StepInfo: passed}).state()
	if len(s.Steps) != 200 || !s.Steps[0].Skipped || len(s.Steps[1].Failed) != 200 || *s.Judge(nil).Passed {
		t.Errorf("%d steps, with %d items in the second", len(s.Steps), len(s.Steps[1].Failed))
	}
	s.Steps = append(s.Steps, steps(many("failed"))...)
	if len(s.Steps) != 400 || s.Steps[200].Message == "" || s.Steps[399].Status != "failed" {
		t.Errorf("%d steps, the last is %+v", len(s.Steps), s.Steps[len(s.Steps)-1])
	}
	if encoded, err := json.Marshal(s); err != nil || len(encoded) > 512<<10 {
		t.Errorf("%d bytes, %v", len(encoded), err)
	}
	good := many("pass")[:899]
	if s := (&check2021{Status: "success", CheckFlag: "checkPass", StepInfo: good}).state(); len(s.Steps) != 200 || !*s.Judge(nil).Passed {
		t.Errorf("%d good steps, strictly %+v", len(s.Steps), s.Judge(nil).Passed)
	}
	for _, status := range []string{"pass", "notStarted"} {
		begun := many(status)
		begun[7].StepStatus, begun[899].StepStatus = "notStarted", "pass"
		begun[890].StepStatus = "warning"
		s := (&check2021{Status: "success", CheckFlag: "checkPass", StepInfo: begun}).state()
		warned := slices.IndexFunc(s.Steps, func(s check.Step) bool { return s.Status == "warning" })
		if len(s.Steps) != 200 || warned != 0 || s.Steps[1].Status != "notStarted" || s.Steps[199].Status != status {
			t.Errorf("%s: %d steps, the warning is %d", status, len(s.Steps), warned)
		}
		s.Steps = slices.Delete(s.Steps, warned, warned+1)
		if *s.Judge(nil).Passed {
			t.Errorf("%s: what has not begun is taken for passed", status)
		}
	}
	if s := steps([]step2021{{}, {DetailCheckItems: []item2021{{CheckItemName: "i", CheckResult: "failed"}}}}); len(s) != 1 || len(s[0].Failed) != 1 {
		t.Errorf("a step that says only what failed: %+v", s)
	}
	lines := steps([]step2021{{StepName: "s", DetailCheckItems: []item2021{{CheckItemName: "i", ErrorLog: make([]string, 100), HelpDoc: strings.Split(strings.Repeat("x", 100), "")}}}})
	if item := lines[0].Failed[0]; len(item.Log) != 0 || len(item.HelpDoc) != 20 {
		t.Errorf("%d lines of log, %d links", len(item.Log), len(item.HelpDoc))
	}
}

func TestDescribeJob(t *testing.T) {
	beijing := time.FixedZone("UTC+8", 8*60*60)
	for file, want := range map[string]check.Job{
		"2018.json": {ID: known, Name: "orders", Status: check.JobCheckPass},
		"2021.json": {
			ID: known, Name: "orders", Status: check.JobCheckPass, Checkable: new(true),
			CheckEnded: time.Date(2026, 11, 25, 18, 20, 1, 0, beijing),
		},
		"2021-utc.json":  {ID: known, Status: check.JobCheckPass, CheckEnded: time.Date(2026, 11, 25, 10, 20, 1, 0, time.UTC)},
		"2021-bare.json": {ID: known, Status: "mending"},
	} {
		t.Run(file, func(t *testing.T) {
			in(t, versionOf(file), saying(read(t, "testdata/jobs/"+file)), func(t *testing.T, client *Client) {
				job, receipt, err := client.DescribeJob(t.Context(), known)
				if err != nil || receipt.RequestID != "46b45da1" {
					t.Fatalf("%+v: %v", receipt, err)
				}
				if !job.CheckEnded.Equal(want.CheckEnded) {
					t.Errorf("ended at %v, want %v", job.CheckEnded, want.CheckEnded)
				}
				job.CheckEnded, want.CheckEnded = time.Time{}, time.Time{}
				if !reflect.DeepEqual(job, want) {
					t.Errorf("got %+v, want %+v", job, want)
				}
			})
		})
	}
}

// A JobId has 64 characters at most.
func TestListOfTheLongestJobID(t *testing.T) {
	longest := strings.Repeat("x", 64)
	in(t, config.Version2018, saying([]byte(`{"Response":{"TotalCount":1,"JobList":[{"JobId":"`+longest+`","Status":4}],"RequestId":"r-1"}}`)), func(t *testing.T, client *Client) {
		if jobs, err := client.ListJobs(t.Context(), check.Filter{}); err != nil || len(jobs) != 1 || jobs[0].ID != longest {
			t.Errorf("%+v, %v", jobs, err)
		}
	})
}

// A job that is not in the list of 2018-03-30 does not exist.
func TestDescribeJobThatDoesNotExist(t *testing.T) {
	in(t, config.Version2018, saying([]byte(`{"Response":{"TotalCount":0,"JobList":[],"RequestId":"r-1"}}`)), func(t *testing.T, client *Client) {
		_, _, err := client.DescribeJob(t.Context(), known)
		failure, ok := err.(*check.Error)
		if !ok || failure.Code != "ResourceNotFound.JobNotExist" || failure.RequestID != "r-1" || failure.Attempts != 1 {
			t.Errorf("error %+v", err)
		}
	})
}

// What describes another job is not the API's answer.
func TestDescriptionsOfSomethingElse(t *testing.T) {
	in(t, config.Version2018, saying([]byte(`{"Response":{"TotalCount":2,"JobList":[{"JobId":"`+known+`","Status":4},{"JobId":"`+known+`","Status":7}],"RequestId":"r-1"}}`)), func(t *testing.T, client *Client) {
		_, _, err := client.DescribeJob(t.Context(), known)
		if failure, ok := err.(*check.Error); !ok || failure.Code != check.CodeNotAPI {
			t.Errorf("error %+v", err)
		}
	})
	in(t, config.Version2021, saying([]byte(`{"Response":{"JobId":"dts-other","Status":"running","RequestId":"r-1"}}`)), func(t *testing.T, client *Client) {
		_, _, err := client.DescribeJob(t.Context(), known)
		if failure, ok := err.(*check.Error); !ok || failure.Code != check.CodeNotAPI {
			t.Errorf("error %+v", err)
		}
	})
}

func TestWords2018(t *testing.T) {
	want := map[int]string{
		1: "created", 3: "checking", 4: "checkPass", 5: "checkNotPass", 7: "running", 8: "readyComplete",
		9: "success", 10: "failed", 11: "stopping", 12: "completing",
	}
	for status := -1; status < 30; status++ {
		if got, _ := check.Status2018(status); got != want[status] && (got != "unknown" || want[status] != "") {
			t.Errorf("%d is %q", status, got)
		}
	}
}

// Every field that is sent or read is one of the SDK's models, of the same kind.
func TestFieldsAreTheSDKs(t *testing.T) {
	for _, pair := range [][2]any{
		{check2018{}, v2018.DescribeMigrateCheckJobResponseParams{}},
		{jobRequest{}, v2018.DescribeMigrateJobsRequestParams{}},
		{list[job2018]{}, v2018.DescribeMigrateJobsResponseParams{}},
		{check2021{}, v2021.DescribeMigrationCheckJobResponseParams{}},
		{list[job2021]{}, v2021.DescribeMigrationJobsResponseParams{}},
		{detail2021{}, v2021.DescribeMigrationDetailResponseParams{}},
		{checkSync{}, v2021.DescribeCheckSyncJobResultResponseParams{}},
		{jobRequest{}, v2021.DescribeSyncJobsRequestParams{}},
		{list[jobSync]{}, v2021.DescribeSyncJobsResponseParams{}},
		{jobRequest{}, v2021.CreateCheckSyncJobRequestParams{}},
		{jobRequest{}, v2021.DescribeCheckSyncJobResultRequestParams{}},
		{jobRequest{}, v2018.StartMigrateJobRequestParams{}},
		{jobRequest{}, v2021.StartMigrateJobRequestParams{}},
		{jobRequest{}, v2018.CreateMigrateCheckJobRequestParams{}},
		{jobRequest{}, v2021.CreateMigrateCheckJobRequestParams{}},
		{jobRequest{}, v2021.DescribeMigrationDetailRequestParams{}},
	} {
		sameFields(t, reflect.TypeOf(pair[0]), reflect.TypeOf(pair[1]))
	}
}

func sameFields(t *testing.T, ours, theirs reflect.Type) {
	t.Helper()
	for _, field := range reflect.VisibleFields(ours) {
		if field.Anonymous {
			continue
		}
		other, ok := theirs.FieldByName(field.Name)
		if !ok {
			t.Errorf("%v has no %s", theirs, field.Name)
			continue
		}
		a, b := element(field.Type), element(other.Type)
		if number(a) != number(b) || (field.Type.Kind() == reflect.Slice) != (other.Type.Kind() == reflect.Slice) {
			t.Errorf("%v.%s is %v, %v's is %v", ours, field.Name, a, theirs, b)
		} else if a.Kind() == reflect.Struct {
			sameFields(t, a, b)
		}
	}
}

// element returns what a pointer or a list is of.
func element(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t
}

// number takes all whole numbers for one kind.
func number(t reflect.Type) reflect.Kind {
	if t.Kind() == reflect.Uint64 || t.Kind() == reflect.Int64 {
		return reflect.Int
	}
	return t.Kind()
}

// A check that broke down has not passed, whatever its flag says.
func TestFlagsOfChecksThatBrokeDown(t *testing.T) {
	flag := 1
	for name, s := range map[string]check.State{
		"2018": check2018{Status: check.Finished, CheckFlag: &flag, ErrorCode: 7}.state(),
		"2021": check2021{Status: "failed", CheckFlag: "checkPass"}.state(),
	} {
		if s.Passed == nil || *s.Passed {
			t.Errorf("%s: %+v", name, s)
		}
	}
}
