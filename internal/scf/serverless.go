package scf

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"time"

	"go.yaml.in/yaml/v3"
)

// Deployment is what a serverless.yml (component: scf) says of a function, as
// Tencent's deployer reads it.
type Deployment struct {
	Name, Source, Type, Handler, Runtime, Role string

	// Region is ap-guangzhou, the deployer's default, where the file does not say.
	Region string

	// Memory is the function's size in MB, Timeout what an event may take;
	// 0 where the file does not say.
	Memory  int
	Timeout time.Duration

	Variables map[string]string
	Timers    []Timer

	// URLs and Gateways are the triggers of type http and apigw.
	URLs     []FunctionURL
	Gateways []APIGateway

	// DeadLetter is nil without a queue for dead letters.
	DeadLetter *DeadLetterQueue
}

// FunctionURL is a trigger of type http.
type FunctionURL struct {
	Qualifier string `yaml:"qualifier"`

	// AuthType is CAM or NONE, empty where the file does not say: then it is NONE.
	AuthType string `yaml:"authType"`

	NetConfig struct {
		EnableIntranet bool `yaml:"enableIntranet"`
		EnableExtranet bool `yaml:"enableExtranet"`
	} `yaml:"netConfig"`
}

// APIGateway is a trigger of type apigw.
type APIGateway struct {
	ServiceName string     `yaml:"serviceName"`
	Environment string     `yaml:"environment"`
	Protocols   []string   `yaml:"protocols"`
	Endpoints   []Endpoint `yaml:"endpoints"`
}

// Endpoint is one API of an API Gateway.
type Endpoint struct {
	Path     string `yaml:"path"`
	Method   string `yaml:"method"`
	Function struct {
		IsIntegratedResponse bool `yaml:"isIntegratedResponse"`
	} `yaml:"function"`
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

// ReadConfig reads a serverless.yml. What the platform would refuse is an
// error; keys that the deployer does not know are ignored, as it does.
func ReadConfig(path string) (Deployment, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return Deployment{}, err
	}
	d, err := ParseConfig(file, os.LookupEnv)
	if err != nil {
		return d, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// config is the file as it is written.
type config struct {
	Component, App, Name, Stage string

	Inputs struct {
		Name, Type, Handler, Runtime, Region, Role string

		Src         any // a folder, or an object that names one
		MemorySize  int `yaml:"memorySize"`
		Timeout     int
		Environment struct{ Variables map[string]string }
		Events      []map[string]yaml.Node
		DeadLetter  *DeadLetterQueue `yaml:"deadLetter"`
	}
}

// ParseConfig reads the text of a serverless.yml; lookup finds what ${env:…}
// stands for.
func ParseConfig(file []byte, lookup func(string) (string, bool)) (Deployment, error) {
	var tree yaml.Node
	var c config
	if err := yaml.Unmarshal(file, &tree); err != nil {
		return Deployment{}, err
	}
	var words struct{ App, Name, Stage string }
	if err := tree.Decode(&words); err != nil {
		return Deployment{}, err
	}
	substitute(&tree, map[string]string{"app": words.App, "name": words.Name, "stage": words.Stage}, lookup)
	if err := tree.Decode(&c); err != nil {
		return Deployment{}, err
	}
	in := c.Inputs
	d := Deployment{
		Name: in.Name, Type: in.Type, Handler: in.Handler, Runtime: in.Runtime, Region: in.Region, Role: in.Role,
		Memory: in.MemorySize, Timeout: time.Duration(in.Timeout) * time.Second,
		Variables: in.Environment.Variables, DeadLetter: in.DeadLetter,
	}
	if d.Region == "" {
		d.Region = "ap-guangzhou"
	}
	d.Source, _ = in.Src.(string)
	if object, ok := in.Src.(map[string]any); ok {
		d.Source, _ = object["src"].(string)
	}
	for i, event := range in.Events {
		for kind, settings := range event {
			if err := d.addTrigger(kind, settings); err != nil {
				return d, fmt.Errorf("inputs.events[%d].%s: %w", i, kind, err)
			}
		}
	}
	return d, d.check(c.Component)
}

// check refuses what the platform refuses.
func (d Deployment) check(component string) error {
	switch {
	case component != "scf":
		return errors.New("component: must be scf")
	case d.Name == "":
		return errors.New("inputs.name: is required")
	case d.Runtime != "Go1":
		return errors.New("inputs.runtime: must be Go1")
	case d.Memory != 0 && d.Memory != 64 && (d.Memory < 128 || d.Memory%128 != 0):
		return errors.New("inputs.memorySize: must be 64 or a multiple of 128")
	case d.Timeout < 0 || d.Timeout > 900*time.Second:
		return errors.New("inputs.timeout: must be from 1 to 900")
	}
	for name := range d.Variables {
		if Reserved(name) || !variableName.MatchString(name) {
			return fmt.Errorf("inputs.environment.variables: %q: must be 2 to 64 letters, digits and _, and not begin with SCF_, QCLOUD_ or TENCENTCLOUD_", name)
		}
	}
	seen := map[string]bool{}
	for _, t := range d.Timers {
		if seen[t.Name] {
			return fmt.Errorf("inputs.events: two timers are named %q", t.Name)
		}
		seen[t.Name] = true
	}
	return nil
}

var variableName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{1,63}$`)

// addTrigger adds a trigger. Its settings are under parameters or stand by
// themselves. Kinds that have nothing to do with local use are left out.
func (d *Deployment) addTrigger(kind string, settings yaml.Node) error {
	var outer struct{ Parameters yaml.Node }
	if err := settings.Decode(&outer); err != nil {
		return err
	}
	read := func(into any) error {
		if err := settings.Decode(into); err != nil || outer.Parameters.IsZero() {
			return err
		}
		return outer.Parameters.Decode(into)
	}
	switch kind {
	case "timer":
		var t timerSettings
		if err := read(&t); err != nil {
			return err
		}
		timer, err := t.timer()
		d.Timers = append(d.Timers, timer)
		return err
	case "http":
		var u FunctionURL
		err := read(&u)
		d.URLs = append(d.URLs, u)
		return err
	case "apigw":
		var g APIGateway
		err := read(&g)
		d.Gateways = append(d.Gateways, g)
		return err
	}
	return nil
}

// timerSettings are a timer as it is written.
type timerSettings struct {
	Name           string
	CronExpression string `yaml:"cronExpression"`
	Enable         yaml.Node
	Argument       yaml.Node
}

// maxArgument is the most that a timer's argument may take, in bytes.
const maxArgument = 4096

func (s timerSettings) timer() (Timer, error) {
	t := Timer{Name: s.Name, Enabled: truthy(s.Enable)}
	if t.Name == "" {
		return t, errors.New("name: is required")
	}
	switch tag := s.Argument.ShortTag(); {
	case tag == "!!str":
		t.Argument = s.Argument.Value
	case tag != "!!null":
		return t, errors.New("argument: must be a string: put it in quotes")
	}
	if len(t.Argument) > maxArgument {
		return t, fmt.Errorf("argument: must be at most %d bytes", maxArgument)
	}
	var err error
	if t.Schedule, err = ParseSchedule(s.CronExpression); err != nil {
		return t, fmt.Errorf("cronExpression: %w", err)
	}
	return t, nil
}

// truthy tells whether a value counts as true in the deployer's language, where
// every text but the empty one does.
func truthy(n yaml.Node) bool {
	switch n.ShortTag() {
	case "!!bool":
		var b bool
		return n.Decode(&b) == nil && b
	case "!!null":
		return false
	case "!!int", "!!float":
		var f float64
		return n.Decode(&f) == nil && f != 0
	}
	return !n.IsZero() && n.Value != ""
}
