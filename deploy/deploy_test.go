package deploy

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"migratecheck/handler"
	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/dts"
	"migratecheck/internal/local/fakedts"
	"migratecheck/internal/local/scf"
	"migratecheck/internal/tcapi"
)

// waitTimeout is what a function whose timer waits for checks needs at least:
// they take minutes.
const waitTimeout = 5 * time.Minute

// serverless.yml, held to the code that it deploys. How Tencent's deployer
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
	if c.Region != d.Region {
		t.Errorf("the function is in %s, its jobs in %s", d.Region, c.Region)
	}
	if len(d.Timers) == 0 || len(d.URLs) == 0 {
		t.Fatalf("%d timers, %d Function URLs", len(d.Timers), len(d.URLs))
	}
	names := map[string]bool{}
	for _, timer := range d.Timers {
		if !timer.Enabled || timer.Name == "" || names[timer.Name] {
			t.Errorf("timer %q must be enabled and have a name of its own", timer.Name)
		}
		names[timer.Name] = true
		jobs, waits := firedBy(t, timer)
		if jobs == 0 {
			t.Errorf("timer %q: no check comes of its argument %q", timer.Name, timer.Argument)
		}
		if waits && d.Timeout < waitTimeout {
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

// The blocks of serverless.yml that are ready to be uncommented.
func TestDeploymentBlocks(t *testing.T) {
	file, err := os.ReadFile("../serverless.yml")
	if err != nil {
		t.Fatal(err)
	}
	uncommented := strings.NewReplacer("  # deadLetter:", "  deadLetter:", "  #   ", "    ", "    # - apigw:", "    - apigw:", "    #     ", "        ").
		Replace(string(file))
	d, err := scf.ParseConfig([]byte(uncommented), os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	if d.DeadLetter == nil || d.DeadLetter.Name == "" {
		t.Errorf("dead letters: %+v", d.DeadLetter)
	}
	if len(d.Gateways) != 1 || len(d.Gateways[0].Endpoints) != 1 {
		t.Errorf("gateways: %+v", d.Gateways)
	}
}

// fired is a DTS that notes what it is asked.
type fired struct {
	handler.DTS
	jobs  int
	waits bool
}

func (f *fired) CreateCheck(context.Context, string) (check.Receipt, error) {
	f.jobs++
	return check.Receipt{RequestID: "r", Attempts: 1}, nil
}

func (f *fired) DescribeCheck(context.Context, string) (check.State, check.Receipt, error) {
	f.waits = true
	return check.State{Status: check.Running}, check.Receipt{RequestID: "r", Attempts: 1}, nil
}

// firedBy returns how many checks the handler creates for a timer's event, and
// whether it waits for them.
func firedBy(t *testing.T, timer scf.Timer) (int, bool) {
	event, err := json.Marshal(map[string]string{"Type": "Timer", "TriggerName": timer.Name, "Message": timer.Argument})
	if err != nil {
		t.Fatal(err)
	}
	f := &fired{}
	if _, err := handler.New(handler.Options{DTS: f, Log: io.Discard}).Invoke(t.Context(), event); err != nil {
		t.Errorf("timer %q: %v", timer.Name, err)
	}
	return f.jobs, f.waits
}

// The role's policy names exactly the actions that the code calls, in either
// version of the API, and the platform may take the role on.
func TestPolicies(t *testing.T) {
	called := map[string]bool{}
	for _, version := range []string{config.Version2018, config.Version2021} {
		server := fakedts.New(fakedts.Options{})
		listener, err := server.Listen("127.0.0.1:0", false)
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		key := fakedts.ExampleKey
		client := dts.New(tcapi.New(config.Config{
			Region: "ap-guangzhou", DTS: config.Address{Scheme: "http", Host: strings.TrimPrefix(listener.URL, "http://")},
			APIVersion: version, RateLimit: 20, MaxAttempts: 1,
		}, tcapi.Process{Role: tcapi.Credentials{SecretID: key.SecretID, SecretKey: key.SecretKey, Token: key.Token}}), version)
		if _, err := client.CreateCheck(t.Context(), "dts-1kl0iy0v"); err != nil {
			t.Error(err)
		}
		if _, _, err := client.DescribeCheck(t.Context(), "dts-1kl0iy0v"); err != nil {
			t.Error(err)
		}
		for _, call := range server.Calls() {
			called["dts:"+call.Action] = true
		}
	}
	var policy struct {
		Statement []struct {
			Effect, Action any
			Principal      struct{ Service []string }
		}
	}
	read(t, "../docs/cam/policy.json", &policy)
	var allowed []string
	for _, s := range policy.Statement {
		for _, action := range s.Action.([]any) {
			allowed = append(allowed, action.(string))
		}
	}
	slices.Sort(allowed)
	if want := slices.Sorted(maps.Keys(called)); !slices.Equal(allowed, want) {
		t.Errorf("the policy allows %v, the code calls %v", allowed, want)
	}
	policy.Statement = nil
	read(t, "../docs/cam/trust-policy.json", &policy)
	if len(policy.Statement) != 1 || !slices.Equal(policy.Statement[0].Principal.Service, []string{"scf.qcloud.com"}) {
		t.Errorf("the trust policy is %+v", policy)
	}
}

func read(t *testing.T, path string, into any) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(file, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// Every variable stands in the tables of the documentation, in both languages.
func TestVariablesAreDocumented(t *testing.T) {
	for _, path := range []string{"../README.md", "../docs/README.zh-CN.md"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range config.Variables {
			if !regexp.MustCompile("(?m)^\\|[^|]*`" + name + "`[^|]*\\|").Match(text) {
				t.Errorf("%s has no row for %s", path, name)
			}
		}
	}
}
