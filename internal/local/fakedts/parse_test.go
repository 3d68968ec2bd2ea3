package fakedts_test

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"migratecheck/internal/local/fakedts"
)

func TestParseFault(t *testing.T) {
	for text, want := range map[string]fakedts.Fault{
		"silence":                          {Kind: fakedts.FaultSilence},
		"silence,job=dts-1kl0iy0v,times=1": {Kind: fakedts.FaultSilence, Job: "dts-1kl0iy0v", Times: 1},
		"delay,delay=2s":                   {Kind: fakedts.FaultDelay, Delay: 2 * time.Second},
		"stale,delay=5s,action=DescribeMigrationCheckJob": {Kind: fakedts.FaultStale, Delay: 5 * time.Second, Action: "DescribeMigrationCheckJob"},
		"page-limit,limit=10,times=1":                     {Kind: fakedts.FaultPageLimit, Limit: 10, Times: 1},
		"html,delay=50ms":                                 {Kind: fakedts.FaultHTML, Delay: 50 * time.Millisecond},
		"code,code=InternalError.LockError,skip=3": {
			Kind: fakedts.FaultCode, Code: "InternalError.LockError", Skip: 3,
		},
		"code,code=RequestLimitExceeded,message=a=b c,action=CreateMigrateCheckJob": {
			Kind: fakedts.FaultCode, Code: "RequestLimitExceeded", Message: "a=b c", Action: "CreateMigrateCheckJob",
		},
	} {
		got, err := fakedts.ParseFault(text)
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, kind := range fakedts.Kinds {
		text := string(kind) + ",code=X,delay=1s,limit=1"
		if got, err := fakedts.ParseFault(text); err != nil || got.Kind != kind {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
	}
}

func TestParseFaultRefuses(t *testing.T) {
	for text, mention := range map[string]string{
		"":                          "the kind must be one of",
		"explode":                   "the kind must be one of",
		"Silence":                   "the kind must be one of",
		"job=dts-1kl0iy0v":          "the kind must be one of",
		"silence,jobs=dts-1kl0iy0v": "not one of job, action",
		"silence,":                  "not one of job, action",
		"silence,job":               `"job": wants a value`,
		"silence,job=":              `"job": wants a value`,
		"drop,action=":              `"action": wants a value`,
		"stale":                     "delay=… is missing",
		"stale,job=a":               "delay=… is missing",
		"code-carried":              "code=… is missing",
		"drop,times=many":           `"times"`,
		"drop,times=1.5":            `"times"`,
		"drop,times=-1":             "negative",
		"drop,skip=-1":              "negative",
		"delay,delay=-1s":           "negative",
		"delay,delay=2":             `"delay"`,
		"delay":                     "delay=… is missing",
		"delay,delay=0s":            "delay=… is missing",
		"page-limit":                "limit=… is missing",
		"page-limit,limit=-1":       "negative",
		"code":                      "code=… is missing",
		"code,message=no":           "code=… is missing",
	} {
		_, err := fakedts.ParseFault(text)
		if err == nil || !strings.Contains(err.Error(), mention) {
			t.Errorf("%q: got %v, want an error that mentions %s", text, err, mention)
		}
	}
}

func TestParseJobsRefuses(t *testing.T) {
	for name, test := range map[string]struct{ file, mention string }{
		"nothing":                 {``, "jobs file"},
		"no JSON":                 {`dts-1kl0iy0v`, "jobs file"},
		"an object":               {`{"JobId": "dts-1kl0iy0v"}`, "jobs file"},
		"null":                    {`null`, "one JSON array"},
		"two arrays":              {`[] []`, "one JSON array"},
		"half an array":           {`[{"JobId": "dts-1kl0iy0v"}`, "jobs file"},
		"no JSON in line 2":       {"[\n{\"JobId\"}]", "line 2"},
		"misspelt name":           {`[{"CheckSecond": 3, "JobId": "dts-1kl0iy0v"}]`, `job "dts-1kl0iy0v", [0].CheckSecond: there is no such member, did you mean CheckSeconds?`},
		"misspelt inside":         {`[{"JobId": "a", "Steps": [{"StepStatu": "pass"}]}]`, `job "a", [0].StepStatu: there is no such member, did you mean StepStatus?`},
		"an element is no job":    {`["dts-1kl0iy0v"]`, "[0]: must be a JSON object, not a string"},
		"no JobId":                {`[{"JobId": "a"}, {"CheckSeconds": 3}]`, "[1].JobId"},
		"JobId twice":             {`[{"JobId": "a"}, {"JobId": "b"}, {"JobId": "a"}]`, "[2].JobId"},
		"JobId a number":          {`[{"JobId": 1}]`, "JobId"},
		"negative seconds":        {`[{"JobId": "a", "CheckSeconds": -1}]`, "[0].CheckSeconds"},
		"endless seconds":         {`[{"JobId": "a", "CheckSeconds": 1e300}]`, "[0].CheckSeconds"},
		"seconds as text":         {`[{"JobId": "a", "CheckSeconds": "3s"}]`, `job "a", [0].CheckSeconds: must be a number, not a string`},
		"no such status":          {`[{"JobId": "a", "Status": "Created"}]`, `job "a", [0].Status: there is no status "Created", did you mean created?`},
		"no such mode":            {`[{"JobId": "a", "RunMode": "later"}]`, "[0].RunMode: must be immediate or timed"},
		"no such time":            {`[{"JobId": "a", "CreateTime": "2026-01-02T15:04:05Z"}]`, "[0].CreateTime"},
		"negative migration":      {`[{"JobId": "a", "MigrateSeconds": -1}]`, "[0].MigrateSeconds"},
		"endless migration":       {`[{"JobId": "a", "MigrateSeconds": 1e300}]`, "[0].MigrateSeconds"},
		"two statuses":            {`[{"JobId": "a", "InMigration": true, "Status": "created"}]`, "[0].InMigration"},
		"checked, not configured": {`[{"JobId": "a", "Unconfigured": true, "Status": "checkPass"}]`, "[0].Unconfigured"},
		"passed, but not before":  {`[{"JobId": "a", "Status": "checkPass", "Before": {"NotPassed": true}}]`, "[0].Before"},
		"runs, but not passed":    {`[{"JobId": "a", "InMigration": true, "Before": {"NotPassed": true}}]`, "[0].Before"},
		"not passed, but before":  {`[{"JobId": "a", "Status": "checkNotPass", "Before": {}}]`, "[0].Before"},
		"no such step status":     {`[{"JobId": "a", "Steps": [{"StepId": "A", "StepStatus": "fail"}]}]`, `[0].Steps: "A": there is no StepStatus "fail", did you mean failed?`},
		"nor in the one before":   {`[{"JobId": "a", "Before": {"Steps": [{"StepId": "A"}]}}]`, `[0].Steps: "A": there is no StepStatus ""`},
		"no such item result":     {`[{"JobId": "a", "Steps": [{"StepId": "A", "StepStatus": "pass", "DetailCheckItems": [{"CheckResult": "ok"}]}]}]`, `[0].Steps: "A": there is no CheckResult "ok"`},
		"no such kind":            {`[{"JobId": "a", "Kind": "subscription"}]`, "[0].Kind: must be migration or sync"},
		"a sync job's id":         {`[{"JobId": "sync-a"}]`, "[0].JobId: must begin with sync- if"},
		"a migration's id":        {`[{"JobId": "dts-a", "Kind": "sync"}]`, "[0].JobId: must begin with sync- if"},
		"a migration's status":    {`[{"JobId": "sync-a", "Kind": "sync", "Status": "readyComplete"}]`, `[0].Status: there is no status "readyComplete"`},
		"no such region":          {`[{"JobId": "a", "Region": "ap-nowhere"}]`, `[0].Region: DTS is not offered in "ap-nowhere"`},
	} {
		t.Run(name, func(t *testing.T) {
			jobs, err := fakedts.ParseJobs([]byte(test.file))
			if err == nil || !strings.Contains(err.Error(), test.mention) {
				t.Errorf("got %v, %v; want an error that mentions %s", jobs, err, test.mention)
			}
		})
	}
}

// TestNoJobs: an empty jobs file is an endpoint without jobs, not one with the
// default jobs.
func TestNoJobs(t *testing.T) {
	jobs, err := fakedts.ParseJobs([]byte(" [] \n"))
	if err != nil {
		t.Fatal(err)
	}
	c := clientOf(fakedts.New(fakedts.Options{Jobs: jobs}))
	if code := codeOf(c.create("dts-1kl0iy0v")); code != "ResourceNotFound.JobNotExist" {
		t.Errorf("code %q, want ResourceNotFound.JobNotExist", code)
	}
}

// TestSampleJobs compares the sample of a jobs file with what its names say.
func TestSampleJobs(t *testing.T) {
	file, err := os.ReadFile("../../../testdata/jobs.json")
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := fakedts.ParseJobs(file)
	if err != nil {
		t.Fatal(err)
	}
	clock := newClock()
	c := clientOf(fakedts.New(fakedts.Options{Jobs: jobs, Now: clock.Now}))
	shanghai := c
	shanghai.region = "ap-shanghai"
	for job, test := range map[string]struct {
		client  client
		create  string // code
		after1m string // status
	}{
		"dts-passes-at-once":         {c, "", `success checkPass "ok" ConnectDBCheck=pass VersionCheck=pass SrcPrivilegeCheck=pass`},
		"dts-passes-after-3-seconds": {c, "", `success checkPass "ok" ConnectDBCheck=pass VersionCheck=pass SrcPrivilegeCheck=pass`},
		"dts-does-not-pass":          {c, "", `failed checkNotPass "Source instance permission check failed`},
		"dts-slow-takes-2-minutes":   {c, "", `running - "" ConnectDBCheck=pass`},
		"dts-in-migration":           {c, "FailedOperation.NotAllowOperation", `success checkPass "ok"`},
		"dts-passes-now":             {c, "", `success checkPass "ok" ConnectDBCheck=pass ParamCheck=warning(max_allowed_packet=warning: `},
		"dts-starts-tomorrow":        {c, "", `success checkPass "ok"`},
		"dts-never-configured":       {c, "FailedOperation.NotAllowOperation", "notStarted"},
		"dts-always-an-error":        {c, "InternalError.DatabaseError", ""},
		"dts-only-in-shanghai":       {shanghai, "", `success checkPass`},
		"sync-passes-with-warnings":  {c, "", `success 100% ConnectDBCheck=finished SrcPrivilegeCheck=finished(Warning: SrcPrivilegeCheck: more privileges than needed)`},
		"sync-breaks-down":           {c, "", `failed 100% ConnectDBCheck=notStarted`},
		"dts-own-steps":              {c, "", `failed checkNotPass "1 of 2 steps failed" ConnectDBCheck=pass BinlogCheck=failed(binlog_format=failed: `},
	} {
		t.Run(job, func(t *testing.T) {
			sync := strings.HasPrefix(job, "sync-")
			created := test.client.create(job)
			if sync {
				created = test.client.createSync(job)
			}
			if got := codeOf(created); got != test.create {
				t.Errorf("create: code %q, want %q", got, test.create)
			}
			if test.after1m == "" {
				return
			}
			clock.move(time.Minute)
			defer clock.move(-time.Minute)
			describe := text2021
			if sync {
				describe = textSync
			}
			if got := describe(t, test.client, job); !strings.HasPrefix(got, test.after1m) {
				t.Errorf("a minute later: %s, want %s…", got, test.after1m)
			}
		})
	}
	if code := codeOf(c.create("dts-only-in-shanghai")); code != "ResourceNotFound.JobNotExist" {
		t.Errorf("the job of ap-shanghai, from ap-guangzhou: code %q", code)
	}
	for _, kind := range []reflect.Type{reflect.TypeFor[fakedts.Job](), reflect.TypeFor[fakedts.Verdict](), reflect.TypeFor[fakedts.Step](), reflect.TypeFor[fakedts.DetailItem]()} {
		for i := range kind.NumField() {
			name, _, _ := strings.Cut(kind.Field(i).Tag.Get("json"), ",")
			if quoted, _ := json.Marshal(name); !strings.Contains(string(file), string(quoted)+":") {
				t.Errorf("the sample does not show %s", name)
			}
		}
	}
}
