package scf

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"migratecheck/internal/local/spelling"
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

// maxArgument is the most that a timer's argument may take, in bytes.
const maxArgument = 4096

// parameters are the keys that the deployer knows for each kind of trigger.
var parameters = map[string][]string{
	"timer":  {"name", "qualifier", "cronExpression", "enable", "argument", "namespace"},
	"http":   {"name", "qualifier", "authType", "netConfig", "corsConfig", "enable"},
	"apigw":  strings.Fields("environment protocols netTypes serviceName serviceDesc description serviceId instanceId usagePlan auth tags customDomains ignoreUpdate isAutoRelease endpoints"),
	"ckafka": {"name", "qualifier", "instanceId", "topic", "maxMsgNum", "offset", "retry", "timeout", "consumerGroupName", "enable"},
	"cmq":    {"name", "qualifier", "filterType", "filterKey", "enable"},
	"cos":    {"name", "qualifier", "bucket", "events", "filter", "enable"},
	"cls":    {"qualifier", "maxSize", "maxWait", "topicId", "enable"},
	"mps":    {"type", "qualifier", "namespace", "enable"},
	"clb":    nil, // any
}

// trigger reads one of the events. Kinds that have nothing to do with local use
// are looked at, no more.
func (r *reader) trigger(d *Deployment, event *yaml.Node, path string, words map[string]string) {
	kinds := keys(event)
	if len(kinds) == 0 {
		r.fail(path, "must name a trigger, such as timer")
		return
	}
	kind, settings := kinds[0], child(event, kinds[0])
	known, ok := parameters[kind]
	path = under(path, kind)
	switch {
	case !ok:
		r.fail(path, "is no kind of trigger%s", spelling.Hint(kind, slices.Sorted(maps.Keys(parameters))))
		return
	case settings.Kind != yaml.MappingNode:
		r.fail(path, "has no settings: indent what belongs to it")
		return
	}
	for _, other := range kinds[1:] {
		r.note(path, "the deployer ignores %q beside it: each event is an item of its own", other)
	}
	r.known(settings, path, "name", "parameters", "tags")
	in := child(settings, "parameters")
	at := path + ".parameters"
	r.mapping(in, at, known...)
	switch kind {
	case "timer":
		d.Timers = append(d.Timers, r.timer(settings, path, "timer-"+words["name"]+"-"+words["stage"]))
	case "http":
		d.URLs = append(d.URLs, r.url(in, at))
	case "apigw":
		d.Gateways = append(d.Gateways, r.gateway(in, at))
	}
}

// timer reads a timer, which has the default name unless it says its own.
func (r *reader) timer(settings *yaml.Node, path, name string) Timer {
	in, at := child(settings, "parameters"), path+".parameters"
	t := Timer{
		Name:     cmp.Or(r.text(child(in, "name"), at+".name"), r.text(child(settings, "name"), path+".name"), name),
		Argument: r.text(child(in, "argument"), at+".argument"),
		Enabled:  truthy(child(in, "enable")),
	}
	r.notText(child(in, "enable"), at+".enable", t.Enabled)
	if argument := child(in, "argument"); argument != nil && argument.Kind == yaml.ScalarNode && argument.ShortTag() != "!!str" && argument.ShortTag() != "!!null" {
		r.fail(at+".argument", "must be a text: put it in quotes")
	}
	if len(t.Argument) > maxArgument {
		r.fail(at+".argument", "must be at most %d bytes", maxArgument)
	}
	expression := r.text(child(in, "cronExpression"), at+".cronExpression")
	if expression == "" {
		r.fail(at+".cronExpression", "is required")
		return t
	}
	var err error
	if t.Schedule, err = parseSchedule(expression); err != nil {
		r.fail(at+".cronExpression", "%w", err)
	}
	return t
}

// notText notes a switch whose value is a text: it is on, whatever it says.
func (r *reader) notText(n *yaml.Node, path string, on bool) {
	if on && n.ShortTag() == "!!str" {
		r.note(path, "is on: every text counts as true for the deployer, also %q", n.Value)
	}
}

// url reads a Function URL.
func (r *reader) url(in *yaml.Node, at string) FunctionURL {
	net := child(in, "netConfig")
	r.mapping(net, at+".netConfig", "enableIntranet", "enableExtranet")
	r.mapping(child(in, "corsConfig"), at+".corsConfig", "enable", "origins", "methods", "headers", "exposeHeaders", "credentials", "maxAge")
	u := FunctionURL{
		Qualifier: r.text(child(in, "qualifier"), at+".qualifier"),
		AuthType:  r.text(child(in, "authType"), at+".authType"),
	}
	u.NetConfig.EnableIntranet = truthy(child(net, "enableIntranet"))
	u.NetConfig.EnableExtranet = truthy(child(net, "enableExtranet"))
	switch {
	case u.AuthType != "" && u.AuthType != "CAM" && u.AuthType != "NONE":
		r.fail(at+".authType", "must be CAM or NONE")
	case u.AuthType != "CAM":
		r.note(at+".authType", "is NONE: whoever knows the URL gets in")
	}
	if u.NetConfig == (FunctionURL{}).NetConfig {
		r.note(at+".netConfig", "no network is enabled: the URL cannot be reached")
	}
	return u
}

// gateway reads an API Gateway.
func (r *reader) gateway(in *yaml.Node, at string) APIGateway {
	var g APIGateway
	if in == nil {
		return g
	}
	if err := in.Decode(&g); err != nil {
		r.fail(at, "%w", err)
	}
	if endpoints := child(in, "endpoints"); endpoints != nil {
		for i, e := range endpoints.Content {
			at := fmt.Sprintf("%s.endpoints[%d]", at, i)
			r.known(e, at, endpointKeys...)
			r.known(child(e, "function"), at+".function", functionKeys...)
		}
	}
	return g
}

var (
	endpointKeys = strings.Fields(`path method apiId apiName protocol description serviceType serviceTimeout responseType enableCORS
	param function usagePlan auth authType businessType authRelationApiId authRelationApi internalDomain isBase64Encoded
	isBase64Trigger base64EncodedTriggerRules serviceMockReturnMessage serviceConfig oauthConfig app protocolType`)
	functionKeys = strings.Fields(`name namespace qualifier type functionType functionName functionNamespace functionQualifier
	transportFunctionName registerFunctionName cleanupFunctionName isIntegratedResponse`)
)
