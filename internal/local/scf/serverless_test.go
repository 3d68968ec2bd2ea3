package scf

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestReadConfig(t *testing.T) {
	t.Setenv("ROLE", "checker")
	d, err := ReadConfig(filepath.Join("testdata", "serverless.yml"))
	if err != nil {
		t.Fatal(err)
	}
	type timer struct {
		Name, Schedule, Argument string
		Enabled                  bool
	}
	var timers []timer
	for _, t := range d.Timers {
		timers = append(timers, timer{t.Name, t.Schedule.String(), t.Argument, t.Enabled})
	}
	if want := []timer{
		{"nightly", "0 0 2 * * * *", "dts-1kl0iy0v", true},
		{"hourly", "0 0 */1 * * * *", `{"JobIds": ["dts-1kl0iy0v"]}`, false},
	}; !reflect.DeepEqual(timers, want) {
		t.Errorf("timers %+v, want %+v", timers, want)
	}
	d.Timers = nil
	want := Deployment{
		Name: "migrate-check-test", Source: "./build/function", Type: "event", Handler: "main", Runtime: "Go1",
		Region: "ap-shanghai", Role: "checker", Memory: 128, Timeout: 30 * time.Second,
		Variables:  map[string]string{"DTS_REGION": "ap-guangzhou", "DTS_RATE_LIMIT": "10", "NOTE": "for undefined"},
		URLs:       []FunctionURL{{Qualifier: "$DEFAULT", AuthType: "CAM"}},
		Gateways:   []APIGateway{{ServiceName: "checks", Environment: "release", Protocols: []string{"https"}, Endpoints: []Endpoint{{Path: "/jobs/{JobId}/checks", Method: "POST"}}}},
		DeadLetter: &DeadLetterQueue{Type: "queue", Name: "dead-checks"},
	}
	want.URLs[0].NetConfig.EnableExtranet = true
	want.Gateways[0].Endpoints[0].Function.IsIntegratedResponse = true
	if !reflect.DeepEqual(d, want) {
		t.Errorf("deployment\n%+v, want\n%+v", d, want)
	}
	f := d.Function()
	if f.Name != d.Name || f.Region != d.Region || f.Memory != d.Memory || f.Timeout != d.Timeout || len(f.Variables) != 3 {
		t.Errorf("function %+v", f)
	}
}

func TestTimerEnabled(t *testing.T) {
	for value, want := range map[string]bool{
		"":        false,
		"true":    true,
		"false":   false,
		"'false'": true, // a text, as the deployer has it
		"''":      false,
		"null":    false,
		"1":       true,
		"0":       false,
	} {
		t.Run(value, func(t *testing.T) {
			d, err := ParseConfig([]byte(`
component: scf
inputs: {name: x, runtime: Go1, events: [{timer: {name: t, cronExpression: '0 0 2 * * * *', enable: `+value+`}}]}
`), nil)
			if err != nil {
				t.Fatal(err)
			}
			if d.Region != "ap-guangzhou" {
				t.Errorf("region %q", d.Region)
			}
			if d.Timers[0].Enabled != want {
				t.Errorf("enabled: %v, want %v", d.Timers[0].Enabled, want)
			}
		})
	}
}

func TestParseConfigRefuses(t *testing.T) {
	inputs := func(text string) string {
		return "component: scf\ninputs: {name: x, runtime: Go1, " + text + "}"
	}
	timer := func(text string) string {
		return inputs("events: [{timer: {parameters: {" + text + "}}}]")
	}
	for name, c := range map[string]struct{ file, message string }{
		"not YAML":           {"a: [", "yaml"},
		"a key twice":        {"component: scf\ncomponent: scf", "already defined"},
		"another component":  {"component: cos", "component"},
		"no name":            {"component: scf\ninputs: {runtime: Go1}", "inputs.name"},
		"another runtime":    {"component: scf\ninputs: {name: x, runtime: Python3.6}", "inputs.runtime"},
		"odd memory":         {inputs("memorySize: 100"), "inputs.memorySize"},
		"too long":           {inputs("timeout: 901"), "inputs.timeout"},
		"time is no number":  {inputs("timeout: 3s"), "cannot unmarshal"},
		"reserved variable":  {inputs("environment: {variables: {SCF_X: y}}"), `"SCF_X"`},
		"malformed variable": {inputs("environment: {variables: {1X: y}}"), `"1X"`},
		"nameless timer":     {timer("cronExpression: '0 0 2 * * * *'"), "inputs.events[0].timer: name"},
		"bad cron":           {timer("name: t, cronExpression: '0 2 * * *'"), "inputs.events[0].timer: cronExpression: must have seven fields"},
		"argument no text":   {timer("name: t, cronExpression: '0 0 2 * * * *', argument: 12"), "argument: must be a string"},
		"argument too long":  {timer("name: t, cronExpression: '0 0 2 * * * *', argument: " + strings.Repeat("x", 4097)), "argument: must be at most 4096"},
		"two of a name": {inputs("events: [{timer: {name: t, cronExpression: '0 0 2 * * * *'}}, {timer: {name: t, cronExpression: '0 0 2 * * * *'}}]"),
			"two timers"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ParseConfig([]byte(c.file), nil); err == nil || !strings.Contains(err.Error(), c.message) {
				t.Errorf("error %v, want %q", err, c.message)
			}
		})
	}
}

func TestReadConfigNamesTheFile(t *testing.T) {
	for name, path := range map[string]string{
		"missing":   filepath.Join("testdata", "nowhere.yml"),
		"malformed": "serverless.go",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ReadConfig(path); err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v does not name %s", err, path)
			}
		})
	}
}
