// Package terraform compares the Terraform files of this folder with the
// provider's documentation and with the function that they deploy. Neither
// Terraform nor the provider is needed.
package terraform

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"migratecheck/handler/event"
	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/local/scf"
)

var text, yes = cty.StringVal, cty.True

func list(values ...string) cty.Value {
	var all []cty.Value
	for _, v := range values {
		all = append(all, text(v))
	}
	return cty.ListVal(all)
}

// given are a deployment's variables that have no default, or none here: the
// zip is there only after a build.
func given(more map[string]cty.Value) map[string]cty.Value {
	values := map[string]cty.Value{"region": text("ap-guangzhou"), "zip": text("function-1.zip")}
	maps.Copy(values, more)
	return values
}

func evaluate(t *testing.T, more map[string]cty.Value) plan {
	t.Helper()
	p, err := parse(t).evaluate(given(more))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// everything are variables with which every resource is there, and every block.
func everything() map[string]cty.Value {
	all := map[string]cty.Value{
		"start": yes, "sync": yes, "strict": yes, "tags": cty.MapVal(map[string]cty.Value{"team": text("db")}),
		"alarm_webhook": text("https://oapi.dingtalk.com/robot/send?access_token=t"), "alarm_user_group": cty.NumberIntVal(1001),
	}
	for _, s := range settings {
		all[s.variable] = text(s.good)
	}
	return all
}

// Every resource and every argument is one that the provider documents, of the
// type that it documents, and none that it requires is missing.
func TestDocumented(t *testing.T) {
	d, used := readDocumented(t), map[string]bool{}
	for name, resources := range evaluate(t, everything()) {
		kind, _, _ := strings.Cut(name, ".")
		used[kind] = true
		if d.Resources[kind].Arguments == nil || len(resources) == 0 {
			t.Errorf("%s: %d of them, documented with %d arguments", name, len(resources), len(d.Resources[kind].Arguments))
		}
		for _, arguments := range resources {
			documentedArguments(t, name, arguments, d.Resources[kind].Arguments)
		}
	}
	for kind := range d.Resources {
		if !used[kind] {
			t.Errorf("testdata/provider.json describes %s, which is not used", kind)
		}
	}
	// The zero value of every switch is fine, too.
	for _, variables := range []map[string]cty.Value{nil, {"schedule": cty.NullVal(cty.String), "url": cty.False}} {
		for name, resources := range evaluate(t, variables) {
			kind, _, _ := strings.Cut(name, ".")
			for _, arguments := range resources {
				documentedArguments(t, name, arguments, d.Resources[kind].Arguments)
			}
		}
	}
}

func documentedArguments(t *testing.T, path string, got map[string]any, arguments map[string]argument) {
	t.Helper()
	for name, value := range got {
		a, ok := arguments[name]
		if !ok || !fits(value, a) {
			t.Errorf("%s.%s is %#v, documented as %q", path, name, value, a.Type)
			continue
		}
		if a.Block != nil {
			for _, within := range value.([]any) {
				documentedArguments(t, path+"."+name, within.(map[string]any), a.Block)
			}
		}
	}
	for name, a := range arguments {
		if a.Required && got[name] == nil {
			t.Errorf("%s lacks %s", path, name)
		}
	}
}

// fits reports whether a value is of the type that the documentation says.
func fits(value any, a argument) bool {
	if value == "unknown" {
		return a.Block == nil
	}
	switch v := value.(type) {
	case string:
		return a.Type == "String"
	case bool:
		return a.Type == "Bool"
	case float64:
		return a.Type == "Int" && v == math.Trunc(v)
	case map[string]any:
		return a.Type == "Map"
	case []any:
		return a.Type == "List" || a.Type == "Set"
	}
	return false
}

// The documentation is of the provider that the module asks for.
func TestProvider(t *testing.T) {
	m := parse(t)
	required, err := value(m.blocks["terraform"].Body.Blocks[0].Body.Attributes["tencentcloud"].Expr, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"source": m.documented.Provider, "version": "~> " + m.documented.Version}
	if got := plain(required); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

const (
	theFunction = "tencentcloud_scf_function.function"
	theTimer    = "tencentcloud_scf_trigger.timer"
	theURL      = "tencentcloud_scf_trigger.url"
)

// Without any wish it deploys what serverless.yml deploys, but for what the
// provider cannot do. Both timers ask for the same, in other words.
func TestAgainstServerless(t *testing.T) {
	d, err := scf.ReadConfig("../../serverless.yml")
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Timers) == 0 || len(d.URLs) == 0 {
		t.Fatalf("%d timers, %d Function URLs", len(d.Timers), len(d.URLs))
	}
	p := evaluate(t, nil)
	for resource, arguments := range map[string]map[string]any{
		theFunction: {
			"name": d.Name, "runtime": d.Runtime, "handler": d.Handler, "role": "unknown", "zip_file": "function-1.zip", "namespace": "default",
			"func_type": "Event", "timeout": d.Timeout.Seconds(), "enable_public_net": true, "cls_topic_id": "unknown",
			"mem_size": float64((d.Memory + 127) / 128 * 128),
		},
		"tencentcloud_cam_role.function": {"name": d.Role},
		"tencentcloud_scf_function_event_invoke_config.function": {
			"async_trigger_config": []any{map[string]any{"msg_ttl": 6 * 3600., "retry_config": []any{map[string]any{"retry_num": 2.}}}},
		},
		theTimer: {
			"type": "timer", "trigger_name": d.Timers[0].Name, "trigger_desc": d.Timers[0].Schedule.String(),
			"enable": "OPEN", "qualifier": "$DEFAULT",
		},
		// The provider takes no name for a URL.
		theURL: {"type": "http", "enable": "OPEN", "qualifier": d.URLs[0].Qualifier, "trigger_name": nil},
	} {
		got := p.one(t, resource)
		for argument, want := range arguments {
			if !reflect.DeepEqual(got[argument], want) {
				t.Errorf("%s.%s is %v, want %v", resource, argument, got[argument], want)
			}
		}
	}
	if !strings.EqualFold("Event", d.Type) {
		t.Errorf("serverless.yml deploys a function of type %s", d.Type)
	}
	if got, want := read(t, p.one(t, theTimer)["custom_argument"].(string)), read(t, d.Timers[0].Argument); !reflect.DeepEqual(got, want) {
		t.Errorf("the timer asks for %+v, want %+v", got, want)
	}
	var parameters struct {
		AuthType  string
		NetConfig struct{ EnableIntranet, EnableExtranet bool }
	}
	if err := json.Unmarshal([]byte(p.one(t, theURL)["trigger_desc"].(string)), &parameters); err != nil {
		t.Fatal(err)
	}
	if parameters.AuthType != d.URLs[0].AuthType || parameters.NetConfig.EnableExtranet != d.URLs[0].NetConfig.EnableExtranet ||
		parameters.NetConfig.EnableIntranet != d.URLs[0].NetConfig.EnableIntranet {
		t.Errorf("the URL is %+v", parameters)
	}
	// Which generation of DTS it is does not depend on the way of deployment.
	got := environment(t, nil)
	if want := map[string]string{config.APIVersion: d.Variables[config.APIVersion]}; !maps.Equal(got, want) {
		t.Errorf("the environment is %v, want %v", got, want)
	}
	none := evaluate(t, map[string]cty.Value{"schedule": cty.NullVal(cty.String), "url": cty.False})
	if len(none[theTimer])+len(none[theURL]) > 0 {
		t.Errorf("triggers that nobody wanted: %v", none)
	}
}

// read reads the Message of a timer as the function does.
func read(t *testing.T, message string) event.Event {
	t.Helper()
	payload, err := json.Marshal(map[string]string{"Type": "Timer", "TriggerName": "nightly-check", "Message": message})
	if err != nil {
		t.Fatal(err)
	}
	e, refusal := event.Read(payload)
	if refusal != nil {
		t.Fatalf("%s: %v", message, refusal)
	}
	return e
}

// The role gets the policies that what is wanted takes, and no other.
func TestPolicies(t *testing.T) {
	for name, row := range map[string]struct {
		variables map[string]cty.Value
		want      []string
	}{
		"nothing":     {nil, []string{"policy.json"}},
		"start":       {map[string]cty.Value{"start": yes}, []string{"policy-start.json", "policy.json"}},
		"sync":        {map[string]cty.Value{"sync": yes}, []string{"policy-sync.json", "policy.json"}},
		"a function":  {map[string]cty.Value{"result_function": text("next")}, []string{"policy-result.json", "policy.json"}},
		"an eventbus": {map[string]cty.Value{"result_event_bus": text("eb-1")}, []string{"policy-result.json", "policy.json"}},
		"a robot":     {map[string]cty.Value{"result_webhook": text("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k")}, []string{"policy.json"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := evaluate(t, row.variables)
			names := map[any]bool{}
			var got []string
			for _, policy := range p["tencentcloud_cam_policy.function"] {
				names[policy["name"]] = true
				for _, file := range []string{"policy.json", "policy-start.json", "policy-sync.json", "policy-result.json"} {
					if policy["document"] == document(t, file) {
						got = append(got, file)
					}
				}
			}
			if slices.Sort(got); !slices.Equal(got, row.want) || len(names) != len(got) {
				t.Errorf("policies %v, with names %v, want %v", got, names, row.want)
			}
			if got := p.one(t, "tencentcloud_cam_role.function")["document"]; got != document(t, "trust-policy.json") {
				t.Errorf("the role's document is %v", got)
			}
		})
	}
}

func document(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile("../../docs/cam/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// settings are the environment variables with the variable here that sets each.
var settings = map[string]struct {
	variable  string
	good, bad string // no bad value where Terraform leaves it to the function
}{
	config.Region:               {"dts_region", "ap-shanghai-fsi", "Guangzhou"},
	config.Endpoint:             {"dts_endpoint", "dts.internal.tencentcloudapi.com", ""},
	config.APIVersion:           {"api_version", "2021-12-06", "2020-01-01"},
	config.RateLimit:            {"rate_limit", "10", "0"},
	config.MaxAttempts:          {"max_attempts", "2", "11"},
	config.Language:             {"language", "zh-CN", "fr-FR"},
	config.AllowStart:           {"start", "true", ""},
	config.StartTag:             {"start_tag", "env=prod", "env"},
	config.ResultFunction:       {"result_function", "prod/next:2", "2nd"},
	config.ResultEventBus:       {"result_event_bus", "eb-l65vlc2u", "bus"},
	config.ResultWebhook:        {"result_webhook", "https://oapi.dingtalk.com/robot/send?access_token=t", "ftp://oapi.dingtalk.com"},
	config.ResultWebhookSecret:  {"result_webhook_secret", "SECf00f00", ""},
	config.ResultWebhookForm:    {"result_webhook_form", "dingtalk", "lark"},
	config.ResultWebhookMention: {"result_webhook_mention", "zhang.san, li-si", "<@all>"},
	config.ResultWhen:           {"result_when", "changes", "never"},
	config.ResultSCFEndpoint:    {"result_scf_endpoint", "scf.internal.tencentcloudapi.com", ""},
	config.ResultEBEndpoint:     {"result_eb_endpoint", "eb.internal.tencentcloudapi.com", ""},
	config.HTTPSProxy:           {"https_proxy", "http://proxy.example:3128", ""},
	config.NoProxy:              {"no_proxy", "10.0.0.0/8", ""},
	config.LogLevel:             {"log_level", "debug", "trace"},
}

// Every environment variable that the function knows can be set, under its name.
func TestEnvironment(t *testing.T) {
	all := map[string]cty.Value{}
	for _, s := range settings {
		all[s.variable] = text(s.good)
	}
	got := environment(t, all)
	for _, name := range config.Variables {
		if want := settings[name].good; got[name] != want || want == "" {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	if len(got) != len(config.Variables) {
		t.Errorf("the function knows %v, it gets %v", config.Variables, got)
	}
	if _, err := config.Load(func(name string) string { return got[name] }); err != nil {
		t.Error(err)
	}
}

func environment(t *testing.T, variables map[string]cty.Value) map[string]string {
	t.Helper()
	got := map[string]string{}
	for name, value := range evaluate(t, variables).one(t, theFunction)["environment"].(map[string]any) {
		got[name] = value.(string)
	}
	return got
}

// What the function would refuse at its start is refused before anything is
// deployed, and no default is.
func TestValidation(t *testing.T) {
	m := parse(t)
	refused := func(variables map[string]cty.Value, word string) {
		t.Helper()
		if _, err := m.evaluate(given(variables)); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%v: %v, want an error that names %s", variables, err, word)
		}
	}
	for name, s := range settings {
		if s.bad == "" {
			continue
		}
		refused(map[string]cty.Value{s.variable: text(s.bad)}, s.variable)
		if _, err := config.Load(func(n string) string { return map[string]string{name: s.bad}[n] }); err == nil {
			t.Errorf("%s: the function takes %q", name, s.bad)
		}
	}
	for variable, bad := range map[string]cty.Value{
		"region":   text("Guangzhou"),
		"name":     text("1st"),
		"timeout":  cty.NumberIntVal(901),
		"schedule": text("0 2 * * *"),
		"job_ids":  list("dts-1kl0iy0v", "dts 1"),
		"select":   cty.ObjectVal(map[string]cty.Value{"Status": list("running")}),
		"log_days": cty.NumberIntVal(0),
	} {
		refused(map[string]cty.Value{variable: bad}, variable)
	}
	refused(map[string]cty.Value{"strict": yes, "api_version": text("2018-03-30")}, "api_version 2021-12-06")
	refused(map[string]cty.Value{"alarm_user_group": cty.NumberIntVal(1001), "log_level": text("warn")}, "log_level")
	refused(map[string]cty.Value{"alarm_webhook": text("http://robot.example/")}, "alarm_webhook")
	refused(map[string]cty.Value{"result_webhook_secret": text("s")}, "result_webhook")
	refused(map[string]cty.Value{"result_webhook_secret": text("1234567"), "result_webhook": text("https://oapi.dingtalk.com/robot/send?access_token=t")}, "8 characters")
	if _, err := m.evaluate(given(map[string]cty.Value{"log_level": text("error")})); err != nil {
		t.Errorf("without alarms: %v", err)
	}
	for _, region := range []string{"ap-guangzhou", "ap-shanghai-fsi", "na-siliconvalley", "Guangzhou", "ap", "ap-a-b-c-d", "a-b", "ap--b", "ap-b.example"} {
		for _, variable := range []string{"region", "dts_region"} {
			_, err := m.evaluate(given(map[string]cty.Value{variable: text(region)}))
			if (err == nil) != config.ValidRegion(region) {
				t.Errorf("%s %s: %v", variable, region, err)
			}
		}
	}
}

// The timer's Message is a check request, which the function reads as it was
// meant.
func TestRequest(t *testing.T) {
	statuses := []string{check.JobCreated, check.JobCheckNotPass, check.JobChecking}
	waiting := &check.Filter{Status: statuses}
	for name, row := range map[string]struct {
		variables map[string]cty.Value
		jobs      []string
		filter    *check.Filter
		ask       event.Ask
	}{
		"every waiting job": {nil, nil, waiting, event.Ask{Wait: true}},
		"sync jobs, too": {map[string]cty.Value{"sync": yes}, nil,
			&check.Filter{Kinds: []check.JobKind{check.Migration, check.Sync}, Status: statuses}, event.Ask{Wait: true}},
		"sync jobs alone": {map[string]cty.Value{"sync": yes, "select": cty.ObjectVal(map[string]cty.Value{"Kind": list("sync")})}, nil,
			&check.Filter{Kinds: []check.JobKind{check.Sync}, Status: statuses}, event.Ask{Wait: true}},
		"jobs": {map[string]cty.Value{"job_ids": list("dts-1kl0iy0v", "dts-dau5czmd"), "wait": cty.False},
			[]string{"dts-1kl0iy0v", "dts-dau5czmd"}, nil, event.Ask{}},
		"a selection": {map[string]cty.Value{"select": cty.ObjectVal(map[string]cty.Value{
			"Status": list("created", "checkPass", "checkNotPass"), "JobName": list("orders"), "Tags": cty.ObjectVal(map[string]cty.Value{"env": list("prod", "staging")}),
			"SrcDatabaseType": list("mysql"), "DstDatabaseType": list("tdsqlmysql"),
		})}, nil, &check.Filter{
			Status: []string{check.JobCreated, check.JobCheckPass, check.JobCheckNotPass}, Names: []string{"orders"},
			Tags: map[string][]string{"env": {"prod", "staging"}}, SrcDatabaseTypes: []string{"mysql"}, DstDatabaseTypes: []string{"tdsqlmysql"},
		}, event.Ask{Wait: true}},
		"start what passed": {map[string]cty.Value{"start": cty.True, "strict": cty.True, "api_version": cty.StringVal("2021-12-06")},
			nil, &check.Filter{Status: append(statuses, check.JobCheckPass)}, event.Ask{Wait: true, Start: true, Strict: true}},
		"null is the default": {map[string]cty.Value{"job_ids": cty.NullVal(cty.DynamicPseudoType), "select": cty.NullVal(cty.DynamicPseudoType), "start": cty.NullVal(cty.Bool)},
			nil, waiting, event.Ask{Wait: true}},
	} {
		t.Run(name, func(t *testing.T) {
			message := evaluate(t, row.variables).one(t, theTimer)["custom_argument"].(string)
			e := read(t, message)
			if len(e.Requests) != 1 {
				t.Fatalf("%s: %d requests", message, len(e.Requests))
			}
			if r := e.Requests[0]; r.Err != nil || !slices.Equal(r.Jobs, row.jobs) || !reflect.DeepEqual(r.Select, row.filter) || !reflect.DeepEqual(r.Ask, row.ask) {
				t.Errorf("%s is read as %+v of %+v", message, r, r.Select)
			}
		})
	}
}

// What is secret is so for Terraform too.
func TestSensitive(t *testing.T) {
	for name, block := range parse(t).of("variable") {
		sensitive := block.Body.Attributes["sensitive"] != nil
		if want := regexp.MustCompile("webhook(_secret)?$|^https_proxy$").MatchString(name); sensitive != want {
			t.Errorf("variable %s: sensitive is %v", name, sensitive)
		}
	}
}

// The variables that README.md shows are such as can be deployed.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?s)```hcl\n(.*?)```").FindSubmatch(readme)
	if example == nil {
		t.Fatal("README.md has no example")
	}
	file, diagnostics := hclsyntax.ParseConfig(example[1], "README.md", hcl.InitialPos)
	if diagnostics.HasErrors() {
		t.Fatal(diagnostics)
	}
	variables := map[string]cty.Value{}
	for name, a := range file.Body.(*hclsyntax.Body).Attributes {
		if variables[name], diagnostics = a.Expr.Value(nil); diagnostics.HasErrors() {
			t.Fatal(diagnostics)
		}
	}
	if got, want := evaluate(t, variables).one(t, theTimer)["custom_argument"],
		`{"Select":{"Tags":{"env":["prod"]}},"Start":true,"Strict":false,"Wait":true}`; got != want {
		t.Errorf("it asks %s, want %s", got, want)
	}
}
