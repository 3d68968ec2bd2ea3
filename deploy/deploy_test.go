// Package deploy compares serverless.yml, docs/cam and the documents with the
// code.
package deploy

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"migratecheck/handler"
	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/dts"
	"migratecheck/internal/local/scf"
	"migratecheck/internal/tcapi"
)

// waitTimeout is what a function whose timer waits for checks needs at least:
// they take minutes.
const waitTimeout = 5 * time.Minute

// serverless.yml, compared with the code that it deploys. How Tencent's deployer
// reads the file is checked by .ci/deployer.
func TestDeployment(t *testing.T) {
	d, err := scf.ReadConfig("../serverless.yml")
	if err != nil {
		t.Fatal(err)
	}
	if d.Type != "event" || d.Runtime != "Go1" || d.Handler != "main" || d.Source != "./build/function" {
		t.Errorf("type %s, runtime %s, handler %s, source %s", d.Type, d.Runtime, d.Handler, d.Source)
	}
	if d.Role == "" {
		t.Error("no role: the function would have no credentials")
	}
	if d.Memory != 64 {
		t.Errorf("%d MB", d.Memory)
	}
	for name := range d.Variables {
		if scf.Reserved(name) || !slices.Contains(config.Variables, name) {
			t.Errorf("variable %s: the configuration does not know it", name)
		}
	}
	c, err := config.Load(func(name string) string { return d.Variables[name] })
	if err != nil {
		t.Error(err)
	}
	if c.APIVersion != config.Version2021 {
		t.Errorf("API version %s: no steps, no reasons", c.APIVersion)
	}
	if c.Region != d.Region {
		t.Errorf("the function is in %s, its jobs in %s", d.Region, c.Region)
	}
	if len(d.Timers) == 0 || len(d.URLs) == 0 {
		t.Fatalf("%d timers, %d Function URLs", len(d.Timers), len(d.URLs))
	}
	if d.DeadLetter == nil || d.DeadLetter.Name == "" {
		t.Errorf("dead letters: %+v", d.DeadLetter)
	}
	if len(d.Notes) > 0 {
		t.Errorf("notes: %q", d.Notes)
	}
	names := map[string]bool{}
	for _, timer := range d.Timers {
		if !timer.Enabled || timer.Name == "" || names[timer.Name] {
			t.Errorf("timer %q must be enabled and have a name of its own", timer.Name)
		}
		names[timer.Name] = true
		f := firedBy(t, timer)
		if f.jobs == 0 || !f.waits || f.started > 0 {
			t.Errorf("timer %q, argument %q: %d checks, waits: %t, %d started", timer.Name, timer.Argument, f.jobs, f.waits, f.started)
		}
		if f.waits && d.Timeout < waitTimeout {
			t.Errorf("timer %q waits for a verdict, the function has %v", timer.Name, d.Timeout)
		}
	}
	for _, url := range d.URLs {
		if url.AuthType != "CAM" || url.Qualifier != "$DEFAULT" {
			t.Errorf("Function URL: authentication %s, qualifier %s", url.AuthType, url.Qualifier)
		}
		if !url.NetConfig.EnableExtranet && !url.NetConfig.EnableIntranet {
			t.Error("the Function URL cannot be reached from any network")
		}
	}
}

// What stands in serverless.yml ready to be uncommented works, all of it at once.
func TestDeploymentBlocks(t *testing.T) {
	text := read(t, "../serverless.yml")
	// The other argument takes the place of the timer's own.
	text = regexp.MustCompile(`(?m)^ +argument: .*\n( +)# (argument: .*)$`).ReplaceAllString(text, "$1$2")
	text = regexp.MustCompile(`(?m)^( +)# ([A-Z_]+: .*)$`).ReplaceAllString(text, "$1$2")
	text = strings.NewReplacer("    # - apigw:", "    - apigw:", "    #     ", "        ").Replace(text)
	secrets := map[string]string{"RESULT_WEBHOOK": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k", "RESULT_WEBHOOK_SECRET": "SEC0f00ba4"}
	d, err := scf.ParseConfig([]byte(text), func(name string) (string, bool) {
		value, ok := secrets[name]
		return value, ok
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Notes) > 0 {
		t.Errorf("notes: %q", d.Notes)
	}
	c, err := config.Load(func(name string) string { return d.Variables[name] })
	if err != nil {
		t.Fatal(err)
	}
	if c.APIVersion != config.Version2021 || c.Language != config.Chinese || !c.AllowStart || c.Function.Name == "" || c.EventBus == "" ||
		c.Webhook != secrets["RESULT_WEBHOOK"] || c.WebhookSecret != secrets["RESULT_WEBHOOK_SECRET"] {
		t.Errorf("the variables are %+v", c)
	}
	f := firedBy(t, d.Timers[0])
	if f.jobs != 1 || !f.waits || f.started != 1 {
		t.Errorf("the other argument: %d checks, waits: %t, %d started", f.jobs, f.waits, f.started)
	}
	if len(d.Gateways) != 1 || len(d.Gateways[0].Endpoints) != 1 {
		t.Errorf("gateways: %+v", d.Gateways)
	}
}

// The commands of docs/nightly.md for tccli make what serverless.yml deploys, but
// for the URL and the queue. A script takes tccli's place, and notes what it is told.
func TestTCCLI(t *testing.T) {
	d, err := scf.ReadConfig("../serverless.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"../docs/nightly.md", "../docs/zh-CN/nightly.md"} {
		commands := regexp.MustCompile("(?s)```sh\npip install tccli\n(.*?)```").FindStringSubmatch(read(t, page))
		if commands == nil {
			t.Fatalf("%s has no commands", page)
		}
		dir := t.TempDir()
		if err := os.CopyFS(dir+"/docs/cam", os.DirFS("../docs/cam")); err != nil {
			t.Fatal(err)
		}
		for name, content := range map[string]string{
			"build.sh":  "mkdir build && printf zip >build/function.zip",
			"bin/tccli": "printf '%s\\0' \"$@\" >>calls; printf '\\n' >>calls",
		} {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+content), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		shell := exec.Command("bash", "-ec", commands[1])
		shell.Dir = dir
		shell.Env = []string{"PATH=" + dir + "/bin:" + os.Getenv("PATH")}
		if out, err := shell.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", page, err, out)
		}
		calls := map[string]map[string]string{} // the options by the action
		for call := range strings.SplitSeq(strings.TrimSuffix(read(t, dir+"/calls"), "\n"), "\x00\n") {
			words := strings.Split(strings.TrimSuffix(call, "\x00"), "\x00")
			calls[words[1]] = map[string]string{}
			for option := range slices.Chunk(words[2:], 2) {
				calls[words[1]][option[0]] = option[1]
			}
		}
		want := map[string]map[string]string{
			"CreateRole":       {"--RoleName": d.Role, "--PolicyDocument": strings.TrimSpace(read(t, "../docs/cam/trust-policy.json"))},
			"CreatePolicy":     {"--PolicyName": d.Name, "--PolicyDocument": strings.TrimSpace(read(t, "../docs/cam/policy.json"))},
			"AttachRolePolicy": {"--AttachRoleName": d.Role, "--PolicyName": d.Name},
			"CreateFunction":   {"--cli-input-json": "file://build/create.json"},
			"GetFunction":      {"--FunctionName": d.Name, "--waiter": "{'expr':'Status','to':'Active'}"},
			"CreateTrigger": {"--FunctionName": d.Name, "--Type": "timer", "--TriggerName": d.Timers[0].Name, "--TriggerDesc": d.Timers[0].Schedule.String(),
				"--CustomArgument": d.Timers[0].Argument, "--Qualifier": "$DEFAULT", "--Enable": "OPEN"},
		}
		if !reflect.DeepEqual(calls, want) {
			t.Errorf("%s: tccli is told %v, want %v", page, calls, want)
		}
		var function, wanted any
		if err := json.Unmarshal([]byte(read(t, dir+"/build/create.json")), &function); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(map[string]any{
			"FunctionName": d.Name, "Runtime": d.Runtime, "Handler": d.Handler, "MemorySize": d.Memory, "Timeout": d.Timeout.Seconds(), "Role": d.Role,
			"Environment": map[string]any{"Variables": []any{map[string]any{"Key": config.APIVersion, "Value": d.Variables[config.APIVersion]}}},
			"Code":        map[string]any{"ZipFile": []byte("zip")},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &wanted); err != nil || !reflect.DeepEqual(function, wanted) {
			t.Errorf("%s: the function is %v, want %v, %v", page, function, wanted, err)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// fired is a DTS with one job, whose check passes. It notes what it is asked.
type fired struct {
	handler.DTS
	jobs, started int
	waits         bool
}

func (f *fired) ListJobs(context.Context, check.Filter) ([]check.Job, error) {
	return []check.Job{{ID: "dts-1", Status: check.JobCreated}}, nil
}

func (f *fired) CreateCheck(context.Context, string) (check.Receipt, error) {
	f.jobs++
	return check.Receipt{RequestID: "r", Attempts: 1}, nil
}

func (f *fired) DescribeJob(_ context.Context, job string) (check.Job, check.Receipt, error) {
	return check.Job{ID: job, Status: check.JobCheckPass}, check.Receipt{RequestID: "r", Attempts: 1}, nil
}

func (f *fired) DescribeCheck(context.Context, string) (check.State, check.Receipt, error) {
	if !f.waits {
		f.waits = true
		return check.State{Status: check.Unavailable}, check.Receipt{RequestID: "r", Attempts: 1}, nil
	}
	passed := true
	return check.State{Status: check.Finished, Passed: &passed}, check.Receipt{RequestID: "r", Attempts: 1}, nil
}

func (f *fired) Start(context.Context, string) (check.Receipt, error) {
	f.started++
	return check.Receipt{RequestID: "r", Attempts: 1}, nil
}

// firedBy returns what the handler does on a timer's event.
func firedBy(t *testing.T, timer scf.Timer) *fired {
	event, err := json.Marshal(map[string]string{"Type": "Timer", "TriggerName": timer.Name, "Message": timer.Argument})
	if err != nil {
		t.Fatal(err)
	}
	f := &fired{}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := handler.New(handler.Options{DTS: f, Log: io.Discard, AllowStart: true}).Invoke(ctx, event); err != nil {
			t.Errorf("timer %q: %v", timer.Name, err)
		}
	})
	return f
}

// called are the actions of DTS that each method of its client calls on migrations,
// in either version of the API, and, with " sync" after its name, on sync jobs.
func called(t *testing.T) map[string][]string {
	t.Helper()
	methods := map[string]func(c *dts.Client, kind check.JobKind, job string) error{
		"CreateCheck": func(c *dts.Client, _ check.JobKind, job string) error {
			_, err := c.CreateCheck(t.Context(), job)
			return err
		},
		"DescribeCheck": func(c *dts.Client, _ check.JobKind, job string) error {
			_, _, err := c.DescribeCheck(t.Context(), job)
			return err
		},
		"DescribeJob": func(c *dts.Client, _ check.JobKind, job string) error {
			_, _, err := c.DescribeJob(t.Context(), job)
			return err
		},
		"ListJobs": func(c *dts.Client, kind check.JobKind, _ string) error {
			_, err := c.ListJobs(t.Context(), check.Filter{Kinds: []check.JobKind{kind}})
			return err
		},
		"Start": func(c *dts.Client, _ check.JobKind, job string) error {
			_, err := c.Start(t.Context(), job)
			return err
		},
	}
	if n := reflect.TypeFor[*dts.Client]().NumMethod(); n != len(methods) {
		t.Fatalf("the client has %d methods, %d are called here", n, len(methods))
	}
	actions := map[string][]string{}
	for _, kind := range []check.JobKind{check.Migration, check.Sync} {
		for name, method := range methods {
			key, job := name, "dts-1"
			if kind == check.Sync {
				key, job = name+" sync", "sync-1"
			}
			for _, version := range []string{config.Version2018, config.Version2021} {
				endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=id/")
					service, action := strings.Split(scope, "/")[1], r.Header.Get("X-TC-Action")
					actions[key] = append(actions[key], service+":"+action)
					if name == "DescribeCheck" && action == "DescribeSyncJobs" { // on which the reading of the result depends
						io.WriteString(w, `{"Response":{"TotalCount":1,"JobList":[{"JobId":"sync-1","Status":"CheckPass"}],"RequestId":"r"}}`)
						return
					}
					io.WriteString(w, `{"Response":{"Error":{"Code":"UnauthorizedOperation","Message":"no"},"RequestId":"r"}}`)
				}))
				defer endpoint.Close()
				client := dts.New(tcapi.New(config.Config{
					Region: "ap-guangzhou", DTS: config.Address{Scheme: "http", Host: endpoint.Listener.Addr().String()}, RateLimit: 20, MaxAttempts: 1,
				}, tcapi.Process{Role: tcapi.Credentials{SecretID: "id", SecretKey: "key", Token: "token"}}), version, check.Tag{})
				if err := method(client, kind, job); err == nil || !strings.Contains(err.Error(), "UnauthorizedOperation") && key != "Start sync" {
					t.Errorf("%s: %v", key, err)
				}
			}
			slices.Sort(actions[key])
			actions[key] = slices.Compact(actions[key])
		}
	}
	return actions
}

// document is one of docs/cam. Arrays are the only form that the console, the
// API and Terraform all take.
type document struct {
	Version   string
	Statement []struct {
		Effect    string
		Action    []string
		Resource  []string
		Principal *struct{ Service []string }
	}
}

// actions are those that a policy allows.
func (d document) actions() []string {
	var all []string
	for _, statement := range d.Statement {
		all = append(all, statement.Action...)
	}
	slices.Sort(all)
	return all
}

// The policies together allow exactly the actions that the code calls, each
// where it is said to be, and the platform may take the role on.
func TestPolicies(t *testing.T) {
	called := called(t)
	result := []string{"eb:PutEvents", "scf:InvokeFunction"} // what CAM calls the actions PutEvents and Invoke
	checks := slices.Concat(called["CreateCheck"], called["DescribeCheck"], called["DescribeJob"], called["ListJobs"])
	sync := slices.Concat(called["CreateCheck sync"], called["DescribeCheck sync"], called["DescribeJob sync"], called["ListJobs sync"], called["Start sync"])
	all := slices.Concat(checks, called["Start"], sync, result)
	listing := slices.Concat(called["ListJobs"], called["DescribeJob"], called["ListJobs sync"], called["DescribeJob sync"])
	for name, want := range map[string][]string{
		"trust-policy.json":          {"name/sts:AssumeRole"},
		"policy.json":                checks,
		"policy-start.json":          called["Start"],
		"policy-sync.json":           sync,
		"policy-result.json":         result,
		"policy-narrow.example.json": all,
	} {
		slices.Sort(want)
		want = slices.Compact(want)
		d := policy(t, name)
		if allowed := d.actions(); !slices.Equal(allowed, want) {
			t.Errorf("%s allows %v, want %v", name, allowed, want)
		}
		for _, statement := range d.Statement {
			if d.Version != "2.0" || statement.Effect != "allow" {
				t.Errorf("%s: version %s, effect %s", name, d.Version, statement.Effect)
			}
			if name == "trust-policy.json" {
				if statement.Principal == nil || !slices.Equal(statement.Principal.Service, []string{"scf.qcloud.com"}) || statement.Resource != nil {
					t.Errorf("the trust policy is %+v", d)
				}
				continue
			}
			// CAM takes an action that lists as not allowed if a resource is named.
			lists := slices.ContainsFunc(statement.Action, func(action string) bool { return slices.Contains(listing, action) })
			narrow := name == "policy-narrow.example.json" && !lists
			if narrow == slices.Equal(statement.Resource, []string{"*"}) || len(statement.Resource) == 0 || statement.Principal != nil {
				t.Errorf("%s: %v of %v", name, statement.Action, statement.Resource)
			}
			for _, action := range statement.Action {
				if lists && !slices.Contains(listing, action) {
					t.Errorf("%s: %s is in one statement with actions that list", name, action)
				}
				for _, resource := range statement.Resource {
					service, _, _ := strings.Cut(action, ":")
					if slices.Contains(sync, action) {
						service = "dts sync"
					}
					if narrow && !resources[service].MatchString(resource) {
						t.Errorf("%s: %s is no resource of %s", name, resource, action)
					}
				}
			}
		}
	}
}

// resources are the forms in which CAM knows what an action of a service is
// about: a migration, a sync job, a function, an event bus.
var resources = map[string]*regexp.Regexp{
	"dts":      regexp.MustCompile(`^qcs::dts:[a-z0-9-]+:uin/\d+:task/dts-\w+$`),
	"dts sync": regexp.MustCompile(`^qcs::dts:[a-z0-9-]+:uin/\d+:syncTask/sync-\w+$`),
	"scf":      regexp.MustCompile(`^qcs::scf:[a-z0-9-]+:uin/\d+:namespace/[\w-]+/function/[\w-]+$`),
	"eb":       regexp.MustCompile(`^qcs::eb:[a-z0-9-]+:uin/\d+:eventbusid/eb-\w+$`),
}

func policy(t *testing.T, name string) document {
	t.Helper()
	file, err := os.Open("../docs/cam/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var d document
	decoder := json.NewDecoder(file)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return d
}

// Every variable stands in the tables of the documentation, in both languages.
func TestVariablesAreDocumented(t *testing.T) {
	for _, path := range []string{"../README.md", "../docs/zh-CN/README.md"} {
		for _, name := range config.Variables {
			if !regexp.MustCompile("(?m)^\\|[^|]*`" + name + "`[^|]*\\|").MatchString(read(t, path)) {
				t.Errorf("%s has no row for %s", path, name)
			}
		}
	}
}
