package scf

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
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
	if want := []string{
		"inputs.environment.variables.NOTE: ${env:NOBODY} is set nowhere, neither in the environment nor in .env",
		"inputs.src: there is no ./build/function beside the file: ./build.sh makes build/function",
	}; !reflect.DeepEqual(d.Notes, want) {
		t.Errorf("notes %q, want %q", d.Notes, want)
	}
	d.Timers, d.Notes = nil, nil
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
name: checks
inputs: {runtime: Go1, events: [{timer: {parameters: {name: t, cronExpression: '0 0 2 * * * *', enable: `+value+`}}}]}
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
	const top = "component: scf\nname: checks\n"
	inputs := func(text string) string { return top + "inputs: {name: checks, runtime: Go1, " + text + "}" }
	variable := func(value string) string { return inputs("environment: {variables: {NAME: " + value + "}}") }
	timer := func(text string) string { return inputs("events: [{timer: {parameters: {" + text + "}}}]") }
	const cron = "cronExpression: '0 0 2 * * * *'"
	const place = "inputs.events[0].timer.parameters."
	for name, c := range map[string]struct{ file, message string }{
		"not YAML":           {"a: [", "yaml"},
		"nothing":            {"# nothing", "the file is empty"},
		"a key twice":        {"component: scf\ncomponent: scf", `line 2: the key "component" is already defined`},
		"another component":  {"component: cos\nname: x", "component: must be scf"},
		"the older plugin's": {"service: s\nprovider: {name: tencent}\nfunctions: {one: {handler: main}}", "functions: this is a file of the older plugin, serverless-tencent-scf"},
		"no name":            {"component: scf\ninputs: {runtime: Go1}", "name: is required"},
		"a malformed name":   {inputs("name: x"), "already defined"},
		"a name too short":   {top + "inputs: {name: x, runtime: Go1}", "inputs.name: must be 2 to 60"},
		"inputs as a list":   {top + "inputs: [x]", "inputs: must be a mapping"},
		"another runtime":    {top + "inputs: {runtime: Python3.6}", "inputs.runtime: must be Go1"},
		"no runtime":         {top + "inputs: {handler: main}", "inputs.runtime: must be Go1"},
		"another handler":    {inputs("handler: index.main_handler"), "inputs.handler: must be main"},
		"a web function":     {inputs("type: web"), "inputs.type: must be event"},
		"an image":           {inputs("deployMode: image"), "inputs.type: must be event"},
		"another region":     {inputs("region: Guangzhou"), "inputs.region: must be a region"},
		"odd memory":         {inputs("memorySize: 100"), "inputs.memorySize: must be 64"},
		"too long":           {inputs("timeout: 901"), "inputs.timeout: must be from 1 to 900"},
		"longer than a day":  {inputs("asyncRunEnable: true, timeout: 86401"), "inputs.timeout: must be from 1 to 900, or to 86400"},
		"less than none":     {inputs("timeout: -1"), "inputs.timeout"},
		"async as a text":    {inputs("asyncRunEnable: 'true', timeout: 901"), "inputs.timeout"},
		"time is no number":  {inputs("timeout: 3s"), "inputs.timeout: must be a whole number"},
		"reserved variable":  {inputs("environment: {variables: {SCF_X: y}}"), "inputs.environment.variables.SCF_X: must"},
		"malformed variable": {inputs("environment: {variables: {1X: y}}"), "inputs.environment.variables.1X: must"},
		"variables, a list":  {inputs("environment: {variables: [A=b]}"), "inputs.environment.variables: must be a mapping"},
		"a date":             {variable("2021-12-06"), "inputs.environment.variables.NAME: is a date, for which the deployer hands over 2021-12-06T00:00:00.000Z: put it in quotes"},
		"a time":             {variable("2021-12-06 10:00:00"), "put it in quotes"},
		"blank":              {variable(""), "NAME: is blank, for which the deployer hands over the text null"},
		"null":               {variable("~"), "NAME: is blank"},
		"octal":              {variable("0644"), "NAME: is no text, and the deployer hands it over in other words than 0644: put it in quotes"},
		"a leading sign":     {variable("+1"), "put it in quotes"},
		"hexadecimal":        {variable("0x10"), "put it in quotes"},
		"grouped digits":     {variable("1_000"), "put it in quotes"},
		"a fraction of 0":    {variable("1.0"), "put it in quotes"},
		"a large number":     {variable("12345678901234567890"), "put it in quotes"},
		"an exponent":        {variable("1e3"), "put it in quotes"},
		"True":               {variable("True"), "put it in quotes"},
		"a tag":              {variable("!!binary aGk="), "put it in quotes"},
		"a mapping":          {variable("{a: b}"), "NAME: must be a text"},
		"events, a mapping":  {inputs("events: {timer: {}}"), "inputs.events: must be a list"},
		"no trigger":         {inputs("events: [{}]"), "inputs.events[0]: must name a trigger"},
		"another trigger":    {inputs("events: [{timr: {}}]"), "inputs.events[0].timr: is no kind of trigger, did you mean timer?"},
		"not indented":       {inputs("events: [{timer: , parameters: {}}]"), "inputs.events[0].timer: has no settings: indent"},
		"beside parameters":  {inputs("events: [{timer: {" + cron + "}}]"), place + "cronExpression: is required"},
		"bad cron":           {timer("cronExpression: '0 2 * * *'"), place + "cronExpression: must have seven fields"},
		"cron not quoted":    {inputs("events: [{timer: {parameters: {cronExpression: */5 * * * * * *}}}]"), "must be in quotes"},
		"argument no text":   {timer(cron + ", argument: {a: b}"), place + "argument: must be a text: put it in quotes"},
		"argument a number":  {timer(cron + ", argument: 12"), place + "argument: must be a text: put it in quotes"},
		"argument a date":    {timer(cron + ", argument: 2021-12-06"), place + "argument: is a date"},
		"argument too long":  {timer(cron + ", argument: " + strings.Repeat("x", 4097)), place + "argument: must be at most 4096"},
		"two of a name":      {inputs("events: [{timer: {parameters: {" + cron + "}}}, {timer: {parameters: {name: timer-checks-dev, " + cron + "}}}]"), `two timers are named "timer-checks-dev"`},
		"another auth":       {inputs("events: [{http: {parameters: {authType: cam}}}]"), "inputs.events[0].http.parameters.authType: must be CAM or NONE"},
		"a merge of a text":  {"<<: x\ncomponent: scf", "only a mapping can be merged"},
		"an endless alias":   {"a: &a [*a]", "aliases make the file too large"},
		"a thousand laughs":  {laughs(10), "aliases make the file too large"},
		"a key of keys":      {"{a: b}: c", "a key must be a text"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ParseConfig([]byte(c.file), nil); err == nil || !strings.Contains(err.Error(), c.message) {
				t.Errorf("error %v, want %q", err, c.message)
			}
		})
	}
}

// laughs is a short file in which each level has ten times the one before.
func laughs(levels int) string {
	text := "a0: &a0 x\n"
	for i := range levels {
		text += fmt.Sprintf("a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i), 10), ","))
	}
	return text
}

// What works otherwise than it looks is noted, with its place.
func TestNotes(t *testing.T) {
	const clean = `
component: scf
name: checks
x-anchors: {any: thing}
inputs:
  src: ./build/function
  role: checker
  runtime: Go1
  timeout: 60
  environment: {variables: {DTS_REGION: ap-guangzhou}}
  events:
    - timer: {parameters: {name: nightly, cronExpression: '0 0 2 * * * *', enable: true}}
    - http: {parameters: {authType: CAM, netConfig: {enableExtranet: true}}}
    - apigw: {parameters: {endpoints: [{path: /, method: POST, function: {isIntegratedResponse: true}}]}}
`
	for name, c := range map[string]struct{ old, new, note string }{
		"nothing":                {"", "", ""},
		"a key at the top":       {"component: scf", "component: scf\nstages: test", "stages: the deployer does not know this key and ignores it, did you mean stage?"},
		"timout":                 {"timeout: 60", "timout: 60", "inputs.timout: the deployer does not know this key and ignores it, did you mean timeout?"},
		"rol":                    {"role: checker", "role: x\n  rol: checker", "inputs.rol: the deployer does not know this key and ignores it, did you mean role?"},
		"no role":                {"  role: checker\n", "", "inputs.role: is missing: the function gets no credentials"},
		"a role in no variable":  {"role: checker", "role: ${env:NOBODY}", "inputs.role: ${env:NOBODY} is set nowhere, neither in the environment nor in .env"},
		"event":                  {"  events:", "  event: []\n  events:", "inputs.event: the deployer does not know this key and ignores it, did you mean events?"},
		"memory":                 {"timeout: 60", "memory: 64", "inputs.memory: the deployer does not know this key and ignores it, did you mean memorySize?"},
		"nothing like it":        {"timeout: 60", "zone: 1", "inputs.zone: the deployer does not know this key and ignores it"},
		"no variables":           {"{variables: {DTS_REGION: ap-guangzhou}}", "{DTS_REGION: ap-guangzhou}", "inputs.environment.DTS_REGION: the deployer does not know this key and ignores it"},
		"crontab":                {"enable: true", "crontab: x, enable: true", "inputs.events[0].timer.parameters.crontab: the deployer does not know this key and ignores it, did you mean cronExpression?"},
		"beside parameters":      {"timer: {", "timer: {argument: x, ", "inputs.events[0].timer.argument: the deployer does not know this key and ignores it"},
		"two kinds in one item":  {"    - http:", "      http:", `inputs.events[0].timer: the deployer ignores "http" beside it: each event is an item of its own`},
		"enabled by a text":      {"enable: true", "enable: 'false'", `inputs.events[0].timer.parameters.enable: is on: every text counts as true for the deployer, also "false"`},
		"a URL for everybody":    {"authType: CAM, ", "", "inputs.events[1].http.parameters.authType: is NONE: whoever knows the URL gets in"},
		"a URL for nobody":       {"enableExtranet: true", "enableExtranet: false", "inputs.events[1].http.parameters.netConfig: no network is enabled: the URL cannot be reached"},
		"a network":              {"enableExtranet: true", "enableExtranet: true, extranet: true", "inputs.events[1].http.parameters.netConfig.extranet: the deployer does not know this key and ignores it"},
		"an endpoint":            {"method: POST", "methods: POST", "inputs.events[2].apigw.parameters.endpoints[0].methods: the deployer does not know this key and ignores it, did you mean method?"},
		"an endpoint's function": {"isIntegratedResponse", "integratedResponse", "inputs.events[2].apigw.parameters.endpoints[0].function.integratedResponse: the deployer does not know this key and ignores it"},
		"another type":           {"timeout: 60", "type: evnt", `inputs.type: "evnt" is taken for event`},
		"no source":              {"  src: ./build/function\n", "", "inputs.src: is missing: the deployer would deploy its own sample instead"},
		"a zip":                  {"src: ./build/function", "src: ./build/function.zip", "inputs.src: must be a folder, such as ./build/function: what is packed is what it holds"},
		"asynchronous in quotes": {"timeout: 60", "asyncRunEnable: 'true'", "inputs.asyncRunEnable: is off: it must be true, without quotes"},
	} {
		t.Run(name, func(t *testing.T) {
			file := strings.Replace(clean, c.old, c.new, 1)
			d, err := ParseConfig([]byte(file), func(string) (string, bool) { return "", false })
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(d.Notes, "\n"); !strings.HasPrefix(got, c.note) || c.note == "" && got != "" || file == clean && c.old != "" {
				t.Errorf("notes %q, want %q", got, c.note)
			}
		})
	}
}

// A key that a mapping has and merges, or merges twice, stands there once.
func TestMergedKeys(t *testing.T) {
	for _, inputs := range []string{"{<<: *a, timout: 3}", "{<<: [*a, *a]}"} {
		d, err := ParseConfig([]byte("x-a: &a {timout: 1, runtime: Go1, role: r, src: ./f}\ncomponent: scf\nname: checks\ninputs: "+inputs), nil)
		if err != nil || len(d.Notes) != 1 {
			t.Errorf("%s: notes %q, error %v, want one", inputs, d.Notes, err)
		}
	}
}

// The component may stand there with its version, and no other may.
func TestComponentWithItsVersion(t *testing.T) {
	for component, ok := range map[string]bool{"scf": true, "scf@dev": true, "'scf@1.2.3'": true, "scf2": false, "'@scf'": false, "cos@dev": false} {
		if _, err := ParseConfig([]byte("component: "+component+"\nname: checks\ninputs: {runtime: Go1}"), nil); (err == nil) != ok {
			t.Errorf("%s: error %v", component, err)
		}
	}
}

// The folder of the function is looked for beside the file.
func TestSourceIsThere(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "serverless.yml")
	if err := os.WriteFile(file, []byte("component: scf\nname: checks\ninputs: {runtime: Go1, role: r, src: ./build/function}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, there := range []bool{false, true} {
		if there {
			if err := os.MkdirAll(filepath.Join(dir, "build", "function"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		d, err := ReadConfig(file)
		noted := slices.ContainsFunc(d.Notes, func(note string) bool { return strings.HasPrefix(note, "inputs.src: there is no ./build/function") })
		if err != nil || noted == there {
			t.Errorf("there: %v, notes %q, error %v", there, d.Notes, err)
		}
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
