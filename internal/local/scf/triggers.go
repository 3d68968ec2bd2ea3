package scf

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"
)

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
	if t.Schedule, err = parseSchedule(s.CronExpression); err != nil {
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
