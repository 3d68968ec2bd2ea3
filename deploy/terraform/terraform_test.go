// Package terraform compares the Terraform files of this folder with the
// provider's documentation and with the function that they deploy. Neither
// Terraform nor the provider is needed.
package terraform

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"migratecheck/handler/event"
	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/local/scf"
)

// given are a deployment's variables that have no default, or none here: the
// zip is there only after a build.
func given(more map[string]cty.Value) map[string]cty.Value {
	values := map[string]cty.Value{"region": cty.StringVal("ap-guangzhou"), "zip": cty.StringVal("function-1.zip")}
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

func TestFormat(t *testing.T) {
	files, err := filepath.Glob("*.tf")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, path := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if formatted := hclwrite.Format(content); string(formatted) != string(content) {
			t.Errorf("%s is not as terraform fmt has it:\n%s", path, formatted)
		}
	}
}

// Every resource and every argument is one that the provider documents, of the
// type that it documents, and none that it requires is missing.
func TestDocumented(t *testing.T) {
	m, p := parse(t), evaluate(t, nil)
	d := m.documented
	for name, block := range m.resources {
		resource, ok := d.Resources[block.Labels[0]]
		if !ok {
			t.Errorf("the provider has no %s", name)
			continue
		}
		if len(p.resources[name]) == 0 {
			t.Errorf("%s is not there by default: its arguments go unchecked", name)
		}
		for _, value := range p.resources[name] {
			documentedArguments(t, name, block.Body, resource.Arguments, value, true)
		}
	}
	for name := range d.Resources {
		if !slices.ContainsFunc(slices.Collect(maps.Values(m.resources)), func(b *hclsyntax.Block) bool { return b.Labels[0] == name }) {
			t.Errorf("testdata/provider.json describes %s, which is not used", name)
		}
	}
}

func documentedArguments(t *testing.T, path string, body *hclsyntax.Body, arguments map[string]argument, value cty.Value, resource bool) {
	t.Helper()
	for name := range body.Attributes {
		if resource && metaArguments[name] {
			continue
		}
		a, ok := arguments[name]
		if !ok || a.Block != nil {
			t.Errorf("%s has no argument %s", path, name)
			continue
		}
		if got := value.GetAttr(name); !fits(got, a.Type) {
			t.Errorf("%s.%s is %#v, and of type %s", path, name, got, a.Type)
		}
	}
	for _, block := range body.Blocks {
		if resource && block.Type == "lifecycle" {
			continue
		}
		a, ok := arguments[block.Type]
		if !ok || a.Block == nil {
			t.Errorf("%s has no block %s", path, block.Type)
			continue
		}
		documentedArguments(t, path+"."+block.Type, block.Body, a.Block, value.GetAttr(block.Type), false)
	}
	for name, a := range arguments {
		_, set := body.Attributes[name]
		set = set || slices.ContainsFunc(body.Blocks, func(b *hclsyntax.Block) bool { return b.Type == name })
		if a.Required && (!set || value.GetAttr(name).IsNull()) {
			t.Errorf("%s lacks %s", path, name)
		}
	}
}

// fits reports whether a value is of a type, in the words of the documentation.
func fits(value cty.Value, kind string) bool {
	if !value.IsKnown() {
		return true
	}
	switch kind {
	case "String":
		return value.Type() == cty.String
	case "Int":
		return value.Type() == cty.Number && value.AsBigFloat().IsInt()
	case "Bool":
		return value.Type() == cty.Bool
	case "Map":
		for it := value.ElementIterator(); it.Next(); {
			if _, element := it.Element(); element.Type() != cty.String {
				return false
			}
		}
		return value.Type().IsMapType() || value.Type().IsObjectType()
	}
	return false
}

// Every reference leads somewhere, and nothing is declared for nothing.
func TestReferences(t *testing.T) {
	m := parse(t)
	d := m.documented
	used := map[string]bool{}
	check := func(where string, body *hclsyntax.Body) {
		for _, r := range references(body) {
			name := dotted(r)
			used[name] = used[name] || name != "var."+where // its own validation is no use of it
			root := r.RootName()
			switch {
			case root == "var":
				if m.variables[strings.TrimPrefix(name, "var.")] == nil {
					t.Errorf("%s: %s", where, name)
				}
			case root == "local":
				if m.locals[strings.TrimPrefix(name, "local.")] == nil {
					t.Errorf("%s: %s", where, name)
				}
			case name == "path.module", name == "each.key", name == "each.value":
			case m.resources[name] != nil:
				attribute, resource := referred(r), d.Resources[root]
				if _, ok := resource.Arguments[attribute]; !ok && attribute != "" && !slices.Contains(resource.Attributes, attribute) {
					t.Errorf("%s: %s has no %s", where, name, attribute)
				}
			default:
				t.Errorf("%s: %s", where, name)
			}
		}
	}
	for _, blocks := range []map[string]*hclsyntax.Block{m.resources, m.outputs, m.providers} {
		for name, block := range blocks {
			check(name, block.Body)
		}
	}
	for name, block := range m.variables {
		for _, validation := range block.Body.Blocks {
			check(name, validation.Body)
		}
	}
	for name, expression := range m.locals {
		check("local."+name, &hclsyntax.Body{Attributes: hclsyntax.Attributes{name: {Name: name, Expr: expression}}})
	}
	for name := range m.variables {
		if !used["var."+name] {
			t.Errorf("variable %s is not used", name)
		}
	}
	for name := range m.locals {
		if !used["local."+name] {
			t.Errorf("local %s is not used", name)
		}
	}
	for name, block := range m.variables {
		for _, attribute := range []string{"description", "type"} {
			if block.Body.Attributes[attribute] == nil {
				t.Errorf("variable %s has no %s", name, attribute)
			}
		}
	}
}

func TestProvider(t *testing.T) {
	m := parse(t)
	d := m.documented
	var provider cty.Value
	for _, block := range m.settings.Body.Blocks {
		if block.Type == "required_providers" {
			value, diagnostics := block.Body.Attributes["tencentcloud"].Expr.Value(nil)
			if diagnostics.HasErrors() {
				t.Fatal(diagnostics)
			}
			provider = value
		}
	}
	if source := provider.GetAttr("source").AsString(); source != d.Provider {
		t.Errorf("provider %s, documented %s", source, d.Provider)
	}
	if version := provider.GetAttr("version").AsString(); version != "~> "+d.Version {
		t.Errorf("version %s, documented %s", version, d.Version)
	}
	if m.providers["tencentcloud"] == nil {
		t.Error("the provider has no region")
	}
}

// Without any wish it deploys what serverless.yml deploys, but for what the
// provider cannot do. Both timers ask for the same, in other words.
func TestAgainstServerless(t *testing.T) {
	d, err := scf.ReadConfig("../../serverless.yml")
	if err != nil {
		t.Fatal(err)
	}
	p := evaluate(t, nil)
	const function = "tencentcloud_scf_function.function"
	for argument, want := range map[string]string{
		"name": d.Name, "runtime": d.Runtime, "handler": d.Handler, "role": d.Role, "zip_file": "function-1.zip", "namespace": "default",
	} {
		if got := p.text(t, function, argument); got != want {
			t.Errorf("%s is %q, want %q", argument, got, want)
		}
	}
	if got := p.text(t, function, "func_type"); !strings.EqualFold(got, d.Type) {
		t.Errorf("type %s, want %s", got, d.Type)
	}
	if memory := number(t, p.get(t, function, "mem_size")); memory%128 != 0 || memory < d.Memory || memory >= d.Memory+128 {
		t.Errorf("%d MB for %d", memory, d.Memory)
	}
	if timeout := time.Duration(number(t, p.get(t, function, "timeout"))) * time.Second; timeout != d.Timeout {
		t.Errorf("timeout %v, want %v", timeout, d.Timeout)
	}
	if p.get(t, function, "enable_public_net").False() {
		t.Error("the APIs are out of reach")
	}
	if role := p.text(t, "tencentcloud_cam_role.function", "name"); role != d.Role {
		t.Errorf("role %s, want %s", role, d.Role)
	}
	if len(d.Timers) == 0 || len(d.URLs) == 0 {
		t.Fatalf("%d timers, %d Function URLs", len(d.Timers), len(d.URLs))
	}
	const timer, url = "tencentcloud_scf_trigger.timer", "tencentcloud_scf_trigger.url"
	for argument, want := range map[string]string{
		"function_name": d.Name, "type": "timer", "trigger_name": d.Timers[0].Name, "trigger_desc": d.Timers[0].Schedule.String(), "enable": "OPEN", "qualifier": "$DEFAULT",
	} {
		if got := p.text(t, timer, argument); got != want {
			t.Errorf("the timer's %s is %q, want %q", argument, got, want)
		}
	}
	read := func(message string) event.Event {
		payload, err := json.Marshal(map[string]string{"Type": "Timer", "TriggerName": d.Timers[0].Name, "Message": message})
		if err != nil {
			t.Fatal(err)
		}
		e, refusal := event.Read(payload)
		if refusal != nil {
			t.Fatalf("%s: %v", message, refusal)
		}
		return e
	}
	if got, want := read(p.text(t, timer, "custom_argument")), read(d.Timers[0].Argument); !reflect.DeepEqual(got, want) {
		t.Errorf("the timer asks for %+v, want %+v", got, want)
	}
	for argument, want := range map[string]string{"function_name": d.Name, "type": "http", "enable": "OPEN", "qualifier": d.URLs[0].Qualifier} {
		if got := p.text(t, url, argument); got != want {
			t.Errorf("the URL's %s is %q, want %q", argument, got, want)
		}
	}
	if parse(t).resources[url].Body.Attributes["trigger_name"] != nil {
		t.Error("the provider takes no trigger_name for a URL")
	}
	var parameters struct {
		AuthType  string
		NetConfig struct{ EnableIntranet, EnableExtranet bool }
	}
	decode(t, p.text(t, url, "trigger_desc"), &parameters)
	if parameters.AuthType != "CAM" || parameters.NetConfig.EnableExtranet != d.URLs[0].NetConfig.EnableExtranet ||
		parameters.NetConfig.EnableIntranet != d.URLs[0].NetConfig.EnableIntranet {
		t.Errorf("the URL is %+v", parameters)
	}
	retries := p.get(t, "tencentcloud_scf_function_event_invoke_config.function", "async_trigger_config")
	if n := number(t, retries.GetAttr("retry_config").GetAttr("retry_num")); n != 2 {
		t.Errorf("%d retries", n)
	}
	if age := time.Duration(number(t, retries.GetAttr("msg_ttl"))) * time.Second; age != 6*time.Hour {
		t.Errorf("events are tried for %v", age)
	}
	none := evaluate(t, map[string]cty.Value{"schedule": cty.NullVal(cty.String), "url": cty.False})
	if len(none.resources[timer])+len(none.resources[url]) > 0 || !none.outputs["url"].IsNull() {
		t.Errorf("triggers that nobody wanted: %v", none.resources)
	}
}

func number(t *testing.T, value cty.Value) int {
	t.Helper()
	n, err := strconv.Atoi(value.AsBigFloat().String())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// The policies are those of docs/cam, word for word, and no more of them than
// the deployment needs.
func TestPolicies(t *testing.T) {
	for name, row := range map[string]struct {
		variables map[string]cty.Value
		want      []string
	}{
		"checks":      {nil, []string{"policy.json"}},
		"starts":      {map[string]cty.Value{"start": cty.True}, []string{"policy-start.json", "policy.json"}},
		"a function":  {map[string]cty.Value{"result_function": cty.StringVal("next")}, []string{"policy-result.json", "policy.json"}},
		"an eventbus": {map[string]cty.Value{"result_event_bus": cty.StringVal("eb-1")}, []string{"policy-result.json", "policy.json"}},
		"a robot":     {map[string]cty.Value{"result_webhook": cty.StringVal("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k")}, []string{"policy.json"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := evaluate(t, row.variables)
			var got, names []string
			for _, policy := range p.resources["tencentcloud_cam_policy.function"] {
				names = append(names, policy.GetAttr("name").AsString())
				for _, path := range documents(t) {
					if content, err := os.ReadFile(path); err != nil {
						t.Fatal(err)
					} else if string(content) == policy.GetAttr("document").AsString() {
						got = append(got, filepath.Base(path))
					}
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, row.want) {
				t.Errorf("policies %v, want %v", got, row.want)
			}
			if slices.Sort(names); len(slices.Compact(names)) != len(row.want) {
				t.Errorf("names %v", names)
			}
			if n := len(p.resources["tencentcloud_cam_role_policy_attachment.function"]); n != len(row.want) {
				t.Errorf("%d of %d policies are the role's", n, len(row.want))
			}
			content, err := os.ReadFile("../../docs/cam/trust-policy.json")
			if err != nil {
				t.Fatal(err)
			}
			if p.text(t, "tencentcloud_cam_role.function", "document") != string(content) {
				t.Error("the role's document is not docs/cam/trust-policy.json")
			}
		})
	}
}

func documents(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("../../docs/cam/policy*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no policies: %v", err)
	}
	return paths
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

// Every environment variable that the function knows can be set, under its
// name, and none is set unless it was asked for.
func TestEnvironment(t *testing.T) {
	all := map[string]cty.Value{}
	for _, s := range settings {
		all[s.variable] = cty.StringVal(s.good)
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
	if got := environment(t, nil); len(got) > 0 {
		t.Errorf("unasked: %v", got)
	}
}

func environment(t *testing.T, variables map[string]cty.Value) map[string]string {
	t.Helper()
	got := map[string]string{}
	for name, value := range evaluate(t, variables).get(t, "tencentcloud_scf_function.function", "environment").AsValueMap() {
		got[name] = value.AsString()
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
	text, yes := cty.StringVal, cty.True
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
		"job_ids":  cty.ListVal([]cty.Value{text("dts-1kl0iy0v"), text("dts 1")}),
		"select":   cty.ObjectVal(map[string]cty.Value{"Status": cty.TupleVal([]cty.Value{text("running")})}),
	} {
		refused(map[string]cty.Value{variable: bad}, variable)
	}
	refused(map[string]cty.Value{"strict": yes}, "api_version 2021-12-06")
	refused(map[string]cty.Value{"result_webhook_secret": text("s")}, "result_webhook")
	refused(map[string]cty.Value{"result_webhook_secret": text("1234567"), "result_webhook": text("https://oapi.dingtalk.com/robot/send?access_token=t")}, "8 characters")
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
	list := func(values ...string) cty.Value {
		var all []cty.Value
		for _, v := range values {
			all = append(all, cty.StringVal(v))
		}
		return cty.ListVal(all)
	}
	waiting := &check.Filter{Status: []string{check.JobCreated, check.JobCheckNotPass}}
	for name, row := range map[string]struct {
		variables map[string]cty.Value
		jobs      []string
		filter    *check.Filter
		ask       event.Ask
	}{
		"every waiting job": {nil, nil, waiting, event.Ask{Wait: true}},
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
			nil, waiting, event.Ask{Wait: true, Start: true, Strict: true}},
		"null is the default": {map[string]cty.Value{"job_ids": cty.NullVal(cty.DynamicPseudoType), "select": cty.NullVal(cty.DynamicPseudoType), "start": cty.NullVal(cty.Bool)},
			nil, waiting, event.Ask{Wait: true}},
	} {
		t.Run(name, func(t *testing.T) {
			message := evaluate(t, row.variables).text(t, "tencentcloud_scf_trigger.timer", "custom_argument")
			payload, err := json.Marshal(map[string]string{"Type": "Timer", "TriggerName": "nightly-check", "Message": message})
			if err != nil {
				t.Fatal(err)
			}
			e, refusal := event.Read(payload)
			if refusal != nil || len(e.Requests) != 1 {
				t.Fatalf("%s: %d requests, %v", message, len(e.Requests), refusal)
			}
			if r := e.Requests[0]; r.Err != nil || !slices.Equal(r.Jobs, row.jobs) || !reflect.DeepEqual(r.Select, row.filter) || !reflect.DeepEqual(r.Ask, row.ask) {
				t.Errorf("%s is read as %+v of %+v", message, r, r.Select)
			}
		})
	}
	// A function whose timer waits has the time that a check takes.
	if timeout := number(t, evaluate(t, nil).get(t, "tencentcloud_scf_function.function", "timeout")); timeout < 300 {
		t.Errorf("%d seconds for a check", timeout)
	}
}

// The zip is the one that build.sh has left: under another name when it is
// another, which is what the provider goes by.
func TestZip(t *testing.T) {
	root := t.TempDir()
	m := parse(t)
	m.dir = filepath.Join(root, "deploy", "terraform")
	for _, dir := range []string{m.dir, filepath.Join(root, "build")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(filepath.Join(root, "docs", "cam"), os.DirFS("../../docs/cam")); err != nil {
		t.Fatal(err)
	}
	deploy := func() (string, error) {
		p, err := m.evaluate(map[string]cty.Value{"region": cty.StringVal("ap-guangzhou")})
		if err != nil {
			return "", err
		}
		return filepath.Base(p.text(t, "tencentcloud_scf_function.function", "zip_file")), nil
	}
	put := func(name string) {
		if err := os.WriteFile(filepath.Join(root, "build", name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("function.zip")
	if zip, err := deploy(); err == nil || !strings.Contains(err.Error(), "run build.sh") {
		t.Errorf("without a build: %s, %v", zip, err)
	}
	put("function-0ea4cc50a3aa.zip")
	if zip, err := deploy(); zip != "function-0ea4cc50a3aa.zip" {
		t.Errorf("after a build: %s, %v", zip, err)
	}
	put("function-c0ffee000000.zip")
	if zip, err := deploy(); err == nil {
		t.Errorf("of two builds it took %s", zip)
	}
}

// What is secret is so for Terraform too.
func TestSensitive(t *testing.T) {
	m := parse(t)
	for name, block := range m.variables {
		sensitive := block.Body.Attributes["sensitive"] != nil
		if want := regexp.MustCompile("^(result_webhook(_secret)?|https_proxy)$").MatchString(name); sensitive != want {
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
	if got, want := evaluate(t, variables).text(t, "tencentcloud_scf_trigger.timer", "custom_argument"),
		`{"Select":{"Tags":{"env":["prod"]}},"Start":true,"Strict":false,"Wait":true}`; got != want {
		t.Errorf("it asks %s, want %s", got, want)
	}
}

func TestTags(t *testing.T) {
	p := evaluate(t, map[string]cty.Value{"tags": cty.MapVal(map[string]cty.Value{"team": cty.StringVal("db")})})
	tagged := 0
	for name, resources := range p.resources {
		for _, resource := range resources {
			if parse(t).resources[name].Body.Attributes["tags"] == nil {
				continue
			}
			tagged++
			if team := resource.GetAttr("tags").AsValueMap()["team"]; team.IsNull() || team.AsString() != "db" {
				t.Errorf("%s is not tagged: %#v", name, resource.GetAttr("tags"))
			}
		}
	}
	if tagged != 3 {
		t.Errorf("%d resources have tags, want the role, the policy and the function", tagged)
	}
}
