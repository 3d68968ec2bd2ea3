package tcapi

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/tencentyun/scf-go-lib/functioncontext"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/local/cloudapi"
	"migratecheck/internal/local/fakedts"
)

// invocation is the context of an invocation with the given environment.
func invocation(ctx context.Context, environment map[string]string) context.Context {
	return functioncontext.NewContext(ctx, &functioncontext.FunctionContext{
		Environment:        environment,
		TencentcloudRegion: "ap-shanghai",
	})
}

func keyOf(environment map[string]string) cloudapi.Key {
	return cloudapi.Key{SecretID: environment[envSecretID], SecretKey: environment[envSecretKey], Token: environment[envToken]}
}

// Invocations that run at once never see each other's credentials, although
// the runtime writes those of each into the process's environment.
func TestInvocationsAreIsolated(t *testing.T) {
	environments := make([]map[string]string, 8)
	keys := []cloudapi.Key{}
	for i := range environments {
		name := string(rune('A' + i))
		environments[i] = map[string]string{envSecretID: "id-" + name, envSecretKey: "key-" + name, envToken: "token-" + name}
		keys = append(keys, keyOf(environments[i]))
	}
	synctest.Test(t, func(t *testing.T) {
		server := fakedts.New(fakedts.Options{Jobs: jobs(80), Keys: keys, Quota: -1})
		c := settings()
		c.RateLimit = 1000
		client := connect(t, server, c)
		var group sync.WaitGroup
		for i, environment := range environments {
			group.Go(func() {
				ctx := invocation(t.Context(), environment)
				for n := range 10 {
					os.Setenv(envSecretID, environment[envSecretID]) // as scf-go-lib does
					if _, err := create(ctx, client, jobs(80)[10*i+n].JobID); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		os.Unsetenv(envSecretID)
		want := map[string]string{}
		for i, environment := range environments {
			for n := range 10 {
				want[jobs(80)[10*i+n].JobID] = environment[envSecretID]
			}
		}
		for _, call := range server.Calls() {
			if call.SecretID != want[call.JobID] {
				t.Errorf("%s was signed with %s, want %s", call.JobID, call.SecretID, want[call.JobID])
			}
		}
	})
}

func TestCredentials(t *testing.T) {
	full := map[string]string{envSecretID: "i", envSecretKey: "k", envToken: "t"}
	for name, test := range map[string]struct {
		process     map[string]string
		environment map[string]string
		want        Credentials
	}{
		"the invocation's":                   {nil, full, Credentials{"i", "k", "t"}},
		"the invocation's before the others": {map[string]string{envSecretID: "I", envSecretKey: "K", envToken: "T"}, full, Credentials{"i", "k", "t"}},
		"the process's where there are none": {full, nil, Credentials{"i", "k", "t"}},
		"never mixed":                        {full, map[string]string{envSecretID: "i2"}, Credentials{"i", "k", "t"}},
		"a permanent key has no token":       {full, map[string]string{envSecretID: "i2", envSecretKey: "k2"}, Credentials{"i2", "k2", ""}},
		"none":                               {nil, nil, Credentials{}},
	} {
		t.Run(name, func(t *testing.T) {
			client := New(settings(), ProcessFrom(func(name string) string { return test.process[name] }))
			if got := client.credentials(invocation(t.Context(), test.environment)); got != test.want {
				t.Errorf("credentials %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestNoCredentials(t *testing.T) {
	_, err := create(t.Context(), New(settings(), Process{}), known)
	var failure *check.Error
	if !errors.As(err, &failure) || failure.Code != check.CodeNoCredentials || failure.HTTPStatus() != 500 ||
		!strings.Contains(failure.Message, "attach an execution role") {
		t.Errorf("error %v", err)
	}
}

func TestRegionAndEndpoint(t *testing.T) {
	for name, test := range map[string]struct {
		configured, process string
		environment         map[string]string
		region, host        string
	}{
		"configured":                       {"ap-guangzhou", "ap-beijing", nil, "ap-guangzhou", "dts.tencentcloudapi.com"},
		"the function's own":               {"", "ap-beijing", nil, "ap-beijing", "dts.tencentcloudapi.com"},
		"the invocation's variable":        {"", "", map[string]string{envRegion: "ap-tokyo"}, "ap-tokyo", "dts.tencentcloudapi.com"},
		"the invocation's":                 {"", "", nil, "ap-shanghai", "dts.tencentcloudapi.com"},
		"a finance region in Shanghai":     {"ap-shanghai-fsi", "", nil, "ap-shanghai-fsi", "dts.ap-shanghai-fsi.tencentcloudapi.com"},
		"a finance region in Shenzhen":     {"ap-shenzhen-fsi", "", nil, "ap-shenzhen-fsi", "dts.ap-shenzhen-fsi.tencentcloudapi.com"},
		"a region that is open, not -fsi":  {"ap-guangzhou-open", "", nil, "ap-guangzhou-open", "dts.tencentcloudapi.com"},
		"a finance region of the function": {"", "ap-shanghai-fsi", nil, "ap-shanghai-fsi", "dts.ap-shanghai-fsi.tencentcloudapi.com"},
	} {
		t.Run(name, func(t *testing.T) {
			c := settings()
			c.DTS = config.Address{Scheme: "https"}
			c.Region = test.configured
			client := New(c, Process{Region: test.process})
			region := client.Region(invocation(t.Context(), test.environment))
			host := client.address(target{"dts", region}).Host
			if region != test.region || host != test.host {
				t.Errorf("region %s at %s, want %s at %s", region, host, test.region, test.host)
			}
			for _, service := range []string{"scf", "eb"} {
				if got, want := client.address(target{service, region}).Host, service+strings.TrimPrefix(test.host, "dts"); got != want {
					t.Errorf("%s at %s, want %s", service, got, want)
				}
			}
			client.config.SCF.Host, client.config.EB.Host = "functions", "events"
			if scf, eb := client.address(target{"scf", region}).Host, client.address(target{"eb", region}).Host; scf != "functions" || eb != "events" {
				t.Errorf("scf at %s, eb at %s", scf, eb)
			}
		})
	}
}

// A region that the platform hands over is not trusted as part of a host name.
func TestMalformedRegionReachesNoHost(t *testing.T) {
	c := settings()
	c.Region = ""
	for _, region := range []string{"", "evil.example/-fsi", "ap-shanghai-fsi.evil.example#-fsi", "AP-GUANGZHOU"} {
		p := role
		p.Region = region
		_, err := create(t.Context(), New(c, p), known)
		var failure *check.Error
		if !errors.As(err, &failure) || failure.Code != check.CodeNoRegion {
			t.Errorf("region %q: %v", region, err)
		}
	}
}

// In plain text nothing goes to another machine, whatever a name resolves to.
func TestPlainTextStaysOnLoopback(t *testing.T) {
	for address, allowed := range map[string]bool{
		"127.0.0.1:80": true, "127.8.9.1:80": true, "[::1]:80": true,
		"10.0.0.1:80": false, "169.254.0.23:80": false, "[fe80::1]:80": false, "0.0.0.0:80": false,
	} {
		if err := LoopbackOnly("tcp", address, nil); (err == nil) != allowed {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// Without a connection nothing was sent, and the error says so.
func TestNoConnection(t *testing.T) {
	address, release, err := cloudapi.Unheard()
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	c := settings()
	c.DTS.Host, c.MaxAttempts = address, 2
	_, err = create(t.Context(), New(c, role), known)
	var failure *check.Error
	if !errors.As(err, &failure) || failure.Code != check.CodeNoAnswer || failure.MayBeRunning || failure.Attempts != 2 {
		t.Errorf("error %+v", failure)
	}
}
