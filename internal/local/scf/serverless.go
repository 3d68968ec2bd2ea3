package scf

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"migratecheck/internal/local/spelling"
)

// Deployment is what a serverless.yml (component: scf) says of a function, as
// Tencent's deployer reads it.
type Deployment struct {
	Name, Source, Type, Handler, Runtime, Role string

	// Region is ap-guangzhou, the deployer's default, where the file does not say.
	Region string

	// Memory is the function's size in MB, Timeout what an event may take:
	// 128 MB and 3 s, the deployer's defaults, where the file does not say.
	Memory  int
	Timeout time.Duration

	// Async is set for a function that runs asynchronously: it may take a day.
	Async bool

	Variables map[string]string
	Timers    []Timer

	// URLs and Gateways are the triggers of type http and apigw.
	URLs     []FunctionURL
	Gateways []APIGateway

	// DeadLetter is nil without a queue for dead letters.
	DeadLetter *DeadLetterQueue

	// Notes are what the deployer ignores without a word, or takes otherwise than
	// it looks: a line each, which begins with the place.
	Notes []string
}

// DeadLetterQueue is where the platform sends dead letters.
type DeadLetterQueue struct {
	Type       string `yaml:"type"`
	Name       string `yaml:"name"`
	FilterType string `yaml:"filterType"`
}

// Function returns the function that is deployed, without its binary and its
// role's credentials.
func (d Deployment) Function() Function {
	return Function{Name: d.Name, Region: d.Region, Variables: d.Variables, Memory: d.Memory, Timeout: d.Timeout}
}

// ReadConfig reads a serverless.yml, and the file of variables (.env) beside
// it. What the deployer or the platform would refuse is an error, as is a value
// that the deployer would hand over in other words.
func ReadConfig(path string) (Deployment, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return Deployment{}, err
	}
	var raw struct{ Stage string }
	yaml.Unmarshal(file, &raw) // its errors are ParseConfig's
	lookup, err := environmentAt(filepath.Dir(path), cmp.Or(raw.Stage, defaultStage))
	if err != nil {
		return Deployment{}, err
	}
	d, err := ParseConfig(file, lookup)
	if err != nil {
		return d, fmt.Errorf("%s: %w", path, err)
	}
	source := d.Source
	if !filepath.IsAbs(source) {
		source = filepath.Join(filepath.Dir(path), source)
	}
	if _, err := os.Stat(source); d.Source != "" && filepath.Ext(d.Source) == "" && err != nil {
		d.Notes = append(d.Notes, fmt.Sprintf("inputs.src: there is no %s beside the file: ./build.sh makes build/function", d.Source))
	}
	return d, nil
}

// defaultStage is the deployer's.
const defaultStage = "dev"

// reader reads a serverless.yml. It keeps the first error, and all notes.
type reader struct {
	err   error
	notes []string
}

// ParseConfig reads the text of a serverless.yml; lookup finds what ${env:…}
// stands for.
func ParseConfig(file []byte, lookup func(string) (string, bool)) (Deployment, error) {
	tree, err := parseDocument(file)
	if err != nil {
		return Deployment{}, err
	}
	r := &reader{}
	substitute(tree, "", true, lookup, func(path, placeholder string) {
		r.note(path, "%s is set nowhere, neither in the environment nor in .env", placeholder)
	})
	name := r.text(child(tree, "name"), "name")
	stage := cmp.Or(r.text(child(tree, "stage"), "stage"), defaultStage)
	words := map[string]string{"name": name, "stage": stage, "app": cmp.Or(r.text(child(tree, "app"), "app"), name)}
	substitute(tree, "", false, func(word string) (string, bool) {
		value, ok := words[word]
		return value, ok
	}, nil)
	r.known(tree, "", "component", "app", "name", "stage", "org", "inputs", "commandInputs")
	component, _, _ := strings.Cut(r.text(child(tree, "component"), "component"), "@") // a version may follow
	switch {
	case component == "" && child(tree, "functions") != nil && (child(tree, "service") != nil || child(tree, "provider") != nil):
		r.fail("functions", "this is a file of the older plugin, serverless-tencent-scf (service, provider, functions), which another deployer reads: a file for this one begins with component: scf")
	case component != "scf":
		r.fail("component", "must be scf, or scf@ and a version")
	case name == "":
		r.fail("name", "is required")
	}
	d := r.deployment(child(tree, "inputs"), words)
	return d, r.err
}

// inputs are the keys that the deployer knows.
var inputs = strings.Fields(`name src type handler runtime region role description namespace memorySize timeout
	initTimeout diskSize environment events deadLetter asyncRunEnable msgTTL retryNum traceEnable publicAccess eip
	l5Enable cls vpcConfig layers cfs tags image imageConfig deployMode installDependency protocolType protocolParams
	instanceConcurrencyConfig nodeType nodeSpec enableRoleAuth provisionedNum autoCreateApi entryFile ignoreTriggers
	publish publishDescription qualifier traffic aliasName aliasDescription aliasFunctionVersion
	additionalVersionWeights needSetTraffic lastVersion code`)

func (r *reader) deployment(in *yaml.Node, words map[string]string) Deployment {
	r.mapping(in, "inputs", inputs...)
	d := Deployment{
		Name:    cmp.Or(r.input(in, "name"), words["name"]+"-"+words["stage"]+"-"+words["app"]),
		Type:    cmp.Or(r.input(in, "type"), "event"),
		Handler: cmp.Or(r.input(in, "handler"), "main"),
		Runtime: r.input(in, "runtime"),
		Region:  cmp.Or(r.input(in, "region"), "ap-guangzhou"),
		Role:    r.input(in, "role"),
		Memory:  cmp.Or(r.whole(child(in, "memorySize"), "inputs.memorySize"), 128),
		Timeout: time.Duration(cmp.Or(r.whole(child(in, "timeout"), "inputs.timeout"), 3)) * time.Second,
		Source:  r.source(child(in, "src")),
	}
	if async := child(in, "asyncRunEnable"); async != nil {
		d.Async = async.ShortTag() == "!!bool" && truthy(async)
		if !d.Async && truthy(async) {
			r.note("inputs.asyncRunEnable", "is off: it must be true, without quotes")
		}
	}
	d.Variables = r.variables(child(in, "environment"))
	d.DeadLetter = r.deadLetter(child(in, "deadLetter"))
	events := child(in, "events")
	if truthy(events) && events.Kind != yaml.SequenceNode {
		r.fail("inputs.events", "must be a list, each item of which begins with -")
	} else if events != nil {
		for i, event := range events.Content {
			r.trigger(&d, event, fmt.Sprintf("inputs.events[%d]", i), words)
		}
	}
	r.check(&d, child(in, "deployMode"))
	d.Notes = r.notes
	return d
}

// input reads a text of the inputs.
func (r *reader) input(in *yaml.Node, key string) string {
	return r.text(child(in, key), "inputs."+key)
}

// source reads the folder with the function: a text, or an object that names it.
func (r *reader) source(src *yaml.Node) string {
	if src != nil && src.Kind == yaml.MappingNode {
		r.known(src, "inputs.src", "src", "dist", "hook", "exclude", "include", "bucket", "object", "websitePath", "targetDir")
		return r.text(child(src, "src"), "inputs.src.src")
	}
	return r.text(src, "inputs.src")
}

func (r *reader) variables(environment *yaml.Node) map[string]string {
	const path = "inputs.environment.variables"
	r.mapping(environment, "inputs.environment", "variables")
	if environment == nil {
		return nil
	}
	variables := child(environment, "variables")
	r.mapping(variables, path)
	out := map[string]string{}
	for _, name := range keys(variables) {
		at := under(path, name)
		if Reserved(name) || !variableName.MatchString(name) {
			r.fail(at, "must be 2 to 64 letters, digits and _, and not begin with SCF_, QCLOUD_ or TENCENTCLOUD_")
		}
		value, err := plainText(child(variables, name))
		if err != nil {
			r.fail(at, "%w", err)
		}
		out[name] = value
	}
	return out
}

var variableName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{1,63}$`)

func (r *reader) deadLetter(n *yaml.Node) *DeadLetterQueue {
	const path = "inputs.deadLetter"
	if falsy(n) {
		return nil
	}
	r.mapping(n, path, "type", "name", "filterType")
	return &DeadLetterQueue{
		Type:       r.text(child(n, "type"), path+".type"),
		Name:       r.text(child(n, "name"), path+".name"),
		FilterType: r.text(child(n, "filterType"), path+".filterType"),
	}
}

// check refuses what the platform refuses, and a function that would never start.
func (r *reader) check(d *Deployment, deployMode *yaml.Node) {
	longest := 900 * time.Second
	if d.Async {
		longest = 24 * time.Hour
	}
	switch {
	case !functionName.MatchString(d.Name):
		r.fail("inputs.name", "must be 2 to 60 letters, digits, - and _, begin with a letter and not end with - or _")
	case d.Runtime != "Go1":
		r.fail("inputs.runtime", "must be Go1")
	case d.Type == "web" || deployMode != nil && deployMode.Value == "image":
		r.fail("inputs.type", "must be event: the function takes events, from a package")
	case d.Handler != "main":
		r.fail("inputs.handler", "must be main, the file that the package holds: the function would never start")
	case !region.MatchString(d.Region):
		r.fail("inputs.region", "must be a region such as ap-guangzhou")
	case d.Memory != 64 && (d.Memory < 128 || d.Memory%128 != 0):
		r.fail("inputs.memorySize", "must be 64 or a multiple of 128")
	case d.Timeout < time.Second || d.Timeout > longest:
		r.fail("inputs.timeout", "must be from 1 to 900, or to 86400 with asyncRunEnable: true")
	}
	if d.Type != "event" {
		r.note("inputs.type", "%q is taken for event", d.Type)
	}
	if d.Source == "" {
		r.note("inputs.src", "is missing: the deployer would deploy its own sample instead")
	} else if filepath.Ext(d.Source) != "" {
		r.note("inputs.src", "must be a folder, such as ./build/function: what is packed is what it holds")
	}
	if d.Role == "" {
		r.note("inputs.role", "is missing: the function gets no credentials")
	}
	seen := map[string]bool{}
	for _, t := range d.Timers {
		if seen[t.Name] {
			r.fail("inputs.events", "two timers are named %q", t.Name)
		}
		seen[t.Name] = true
	}
}

var (
	functionName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z0-9]$`)
	region       = regexp.MustCompile(`^[a-z]{2}(-[a-z0-9]+){1,3}$`)
)

// under is the path of a key.
func under(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func (r *reader) note(path, format string, values ...any) {
	r.notes = append(r.notes, path+": "+fmt.Sprintf(format, values...))
}

func (r *reader) fail(path, format string, values ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(path+": "+format, values...)
	}
}

// text reads a text; empty where there is none.
func (r *reader) text(n *yaml.Node, path string) string {
	if n == nil || n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return ""
	}
	value, err := plainText(n)
	if err != nil {
		r.fail(path, "%w", err)
	}
	return value
}

func (r *reader) whole(n *yaml.Node, path string) int {
	value, err := whole(n)
	if err != nil {
		r.fail(path, "%w", err)
	}
	return value
}

// mapping refuses a value that is not a mapping, and notes keys that are not
// known; with no key given, any is.
func (r *reader) mapping(n *yaml.Node, path string, names ...string) {
	if truthy(n) && n.Kind != yaml.MappingNode {
		r.fail(path, "must be a mapping of keys to values")
	}
	if len(names) > 0 {
		r.known(n, path, names...)
	}
}

// known notes the keys that the deployer would ignore. Those that begin with
// x- are meant for nobody: they hold anchors.
func (r *reader) known(n *yaml.Node, path string, names ...string) {
	for _, key := range keys(n) {
		if slices.Contains(names, key) || strings.HasPrefix(key, "x-") {
			continue
		}
		hint := ""
		if meant := cmp.Or(spelling.Near(key, names), alike(key, names)); meant != "" {
			hint = ", did you mean " + meant + "?"
		}
		r.note(under(path, key), "the deployer does not know this key and ignores it%s", hint)
	}
}
