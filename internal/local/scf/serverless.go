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
