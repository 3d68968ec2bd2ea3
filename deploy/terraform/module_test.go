package terraform

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// module is what the .tf files of this folder declare.
type module struct {
	dir       string // path.module
	variables map[string]*hclsyntax.Block
	locals    map[string]hclsyntax.Expression
	resources map[string]*hclsyntax.Block // by "type.name"
	outputs   map[string]*hclsyntax.Block
	providers map[string]*hclsyntax.Block
	settings  *hclsyntax.Block // terraform

	documented documented
}

func parse(t *testing.T) module {
	t.Helper()
	files, err := filepath.Glob("*.tf")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	m := module{
		dir:       ".",
		variables: map[string]*hclsyntax.Block{},
		locals:    map[string]hclsyntax.Expression{},
		resources: map[string]*hclsyntax.Block{},
		outputs:   map[string]*hclsyntax.Block{},
		providers: map[string]*hclsyntax.Block{},

		documented: readDocumented(t),
	}
	for _, path := range files {
		file, diagnostics := hclparse.NewParser().ParseHCLFile(path)
		if diagnostics.HasErrors() {
			t.Fatal(diagnostics)
		}
		for _, block := range file.Body.(*hclsyntax.Body).Blocks {
			name := strings.Join(block.Labels, ".")
			switch block.Type {
			case "terraform":
				m.settings = block
			case "provider":
				m.providers[name] = block
			case "variable":
				m.variables[name] = block
			case "locals":
				for _, a := range block.Body.Attributes {
					m.locals[a.Name] = a.Expr
				}
			case "resource":
				m.resources[name] = block
			case "output":
				m.outputs[name] = block
			default:
				t.Errorf("%s: a block of type %s", path, block.Type)
			}
		}
	}
	return m
}

// plan is what a module comes to with certain variables.
type plan struct {
	locals map[string]cty.Value

	// resources by "type.name"; several where count or for_each says so.
	resources map[string][]cty.Value

	outputs map[string]cty.Value
}

// get returns an argument of the one resource of that name.
func (p plan) get(t *testing.T, resource, argument string) cty.Value {
	t.Helper()
	if len(p.resources[resource]) != 1 {
		t.Fatalf("%d of %s", len(p.resources[resource]), resource)
	}
	return p.resources[resource][0].GetAttr(argument)
}

func (p plan) text(t *testing.T, resource, argument string) string {
	t.Helper()
	value := p.get(t, resource, argument)
	if value.IsNull() || value.Type() != cty.String {
		t.Fatalf("%s.%s is %#v", resource, argument, value)
	}
	return value.AsString()
}

// evaluate does what "terraform plan" does for the first time: it checks the
// variables, and works out locals, resources and outputs in the order in which
// they depend on each other. What the provider adds to a resource is unknown.
func (m module) evaluate(given map[string]cty.Value) (plan, error) {
	variables, err := m.values(given)
	if err != nil {
		return plan{}, err
	}
	p := plan{locals: map[string]cty.Value{}, resources: map[string][]cty.Value{}, outputs: map[string]cty.Value{}}
	types := map[string]map[string]cty.Value{} // resources as expressions see them
	context := func() *hcl.EvalContext {
		scope := map[string]cty.Value{
			"var":   cty.ObjectVal(variables),
			"local": cty.ObjectVal(p.locals),
			"path":  cty.ObjectVal(map[string]cty.Value{"module": cty.StringVal(m.dir)}),
		}
		for name, resources := range types {
			scope[name] = cty.ObjectVal(resources)
		}
		return &hcl.EvalContext{Variables: scope, Functions: functions}
	}
	ready := func(references []hcl.Traversal) bool {
		return !slices.ContainsFunc(references, func(r hcl.Traversal) bool {
			names := dotted(r)
			if strings.HasPrefix(names, "local.") {
				return p.locals[strings.TrimPrefix(names, "local.")] == cty.NilVal
			}
			_, done := p.resources[names]
			return m.resources[names] != nil && !done
		})
	}
	for waiting := len(m.locals) + len(m.resources); waiting > 0; {
		before := waiting
		for _, name := range slices.Sorted(maps.Keys(m.locals)) {
			if p.locals[name] != cty.NilVal || !ready(m.locals[name].Variables()) {
				continue
			}
			value, diagnostics := m.locals[name].Value(context())
			if diagnostics.HasErrors() {
				return plan{}, diagnostics
			}
			p.locals[name] = value
			waiting--
		}
		for _, name := range slices.Sorted(maps.Keys(m.resources)) {
			block := m.resources[name]
			if _, done := p.resources[name]; done || !ready(references(block.Body)) {
				continue
			}
			values, seen, err := m.expand(block, context())
			if err != nil {
				return plan{}, fmt.Errorf("%s: %w", name, err)
			}
			p.resources[name] = values
			kind := block.Labels[0]
			if types[kind] == nil {
				types[kind] = map[string]cty.Value{}
			}
			types[kind][block.Labels[1]] = seen
			waiting--
		}
		if waiting == before {
			return plan{}, errors.New("locals and resources depend on each other in a circle")
		}
	}
	for name, block := range m.outputs {
		value, diagnostics := block.Body.Attributes["value"].Expr.Value(context())
		if diagnostics.HasErrors() {
			return plan{}, diagnostics
		}
		p.outputs[name] = value
	}
	return p, nil
}

// values are the variables' values, converted and checked.
func (m module) values(given map[string]cty.Value) (map[string]cty.Value, error) {
	for name := range given {
		if m.variables[name] == nil {
			return nil, fmt.Errorf("there is no variable %s", name)
		}
	}
	values := map[string]cty.Value{}
	for name, block := range m.variables {
		attributes := block.Body.Attributes
		kind, defaults, diagnostics := typeexpr.TypeConstraintWithDefaults(attributes["type"].Expr)
		if diagnostics.HasErrors() {
			return nil, diagnostics
		}
		nullable := attributes["nullable"] == nil
		value, ok := given[name]
		if !ok || value.IsNull() && !nullable {
			if attributes["default"] == nil {
				return nil, fmt.Errorf("variable %s has no value", name)
			}
			if value, diagnostics = attributes["default"].Expr.Value(nil); diagnostics.HasErrors() {
				return nil, diagnostics
			}
		}
		if defaults != nil && !value.IsNull() {
			value = defaults.Apply(value)
		}
		value, err := convert.Convert(value, kind)
		if err != nil {
			return nil, fmt.Errorf("variable %s: %w", name, err)
		}
		values[name] = value
	}
	for name, block := range m.variables {
		for _, validation := range block.Body.Blocks {
			context := &hcl.EvalContext{
				Variables: map[string]cty.Value{"var": cty.ObjectVal(map[string]cty.Value{name: values[name]})},
				Functions: functions,
			}
			if err := require(validation, context); err != nil {
				return nil, fmt.Errorf("variable %s: %w", name, err)
			}
		}
	}
	return values, nil
}

// require evaluates a validation or a precondition.
func require(block *hclsyntax.Block, context *hcl.EvalContext) error {
	holds, diagnostics := block.Body.Attributes["condition"].Expr.Value(context)
	if diagnostics.HasErrors() {
		return diagnostics
	}
	if holds.True() {
		return nil
	}
	message, diagnostics := block.Body.Attributes["error_message"].Expr.Value(context)
	if diagnostics.HasErrors() {
		return diagnostics
	}
	return errors.New(message.AsString())
}

// expand evaluates a resource, once or as often as count or for_each say, and
// also returns it as an expression sees it.
func (m module) expand(block *hclsyntax.Block, context *hcl.EvalContext) ([]cty.Value, cty.Value, error) {
	value := func(each map[string]cty.Value) (cty.Value, error) {
		inner := context.NewChild()
		inner.Variables = each
		values, err := body(block.Body, inner, true)
		if err != nil {
			return cty.NilVal, err
		}
		resource := m.documented.Resources[block.Labels[0]]
		for _, name := range slices.Concat(slices.Collect(maps.Keys(resource.Arguments)), resource.Attributes) {
			if _, set := values[name]; !set {
				values[name] = cty.DynamicVal
			}
		}
		return cty.ObjectVal(values), nil
	}
	count, forEach := block.Body.Attributes["count"], block.Body.Attributes["for_each"]
	if count == nil && forEach == nil {
		one, err := value(nil)
		return []cty.Value{one}, one, err
	}
	var all []cty.Value
	if count != nil {
		n, diagnostics := count.Expr.Value(context)
		if diagnostics.HasErrors() {
			return nil, cty.NilVal, diagnostics
		}
		many, _ := n.AsBigFloat().Int64()
		for i := range many {
			v, err := value(map[string]cty.Value{"count": cty.ObjectVal(map[string]cty.Value{"index": cty.NumberIntVal(i)})})
			if err != nil {
				return nil, cty.NilVal, err
			}
			all = append(all, v)
		}
		return all, cty.TupleVal(all), nil
	}
	set, diagnostics := forEach.Expr.Value(context)
	if diagnostics.HasErrors() {
		return nil, cty.NilVal, diagnostics
	}
	byKey := map[string]cty.Value{}
	for key, element := range set.Elements() {
		v, err := value(map[string]cty.Value{"each": cty.ObjectVal(map[string]cty.Value{"key": key, "value": element})})
		if err != nil {
			return nil, cty.NilVal, err
		}
		byKey[key.AsString()], all = v, append(all, v)
	}
	return all, cty.ObjectVal(byKey), nil
}

// body evaluates the arguments of a resource or of a block within.
func body(b *hclsyntax.Body, context *hcl.EvalContext, resource bool) (map[string]cty.Value, error) {
	values := map[string]cty.Value{}
	for name, a := range b.Attributes {
		if resource && metaArguments[name] {
			continue
		}
		value, diagnostics := a.Expr.Value(context)
		if diagnostics.HasErrors() {
			return nil, diagnostics
		}
		values[name] = value
	}
	for _, block := range b.Blocks {
		if resource && block.Type == "lifecycle" {
			for _, precondition := range block.Body.Blocks {
				if err := require(precondition, context); err != nil {
					return nil, err
				}
			}
			continue
		}
		within, err := body(block.Body, context, false)
		if err != nil {
			return nil, err
		}
		values[block.Type] = cty.ObjectVal(within)
	}
	return values, nil
}

// metaArguments are Terraform's own, of any resource.
var metaArguments = map[string]bool{"count": true, "for_each": true, "depends_on": true, "provider": true}

// references are all that a body refers to, in blocks within as well.
func references(b *hclsyntax.Body) []hcl.Traversal {
	var all []hcl.Traversal
	for _, a := range b.Attributes {
		all = append(all, a.Expr.Variables()...)
	}
	for _, block := range b.Blocks {
		all = append(all, references(block.Body)...)
	}
	return all
}

// dotted is the first two names of a reference, as in "var.region".
func dotted(r hcl.Traversal) string {
	name := r.RootName()
	if len(r) > 1 {
		if step, ok := r[1].(hcl.TraverseAttr); ok {
			name += "." + step.Name
		}
	}
	return name
}

// referred is the attribute that a reference to a resource reads, if it tells.
func referred(r hcl.Traversal) string {
	for _, step := range r[2:] {
		if a, ok := step.(hcl.TraverseAttr); ok {
			return a.Name
		}
	}
	return ""
}

// functions are those of Terraform's that the module uses.
var functions = map[string]function.Function{
	"can":        tryfunc.CanFunc,
	"contains":   stdlib.ContainsFunc,
	"jsondecode": stdlib.JSONDecodeFunc,
	"jsonencode": stdlib.JSONEncodeFunc,
	"length":     stdlib.LengthFunc,
	"merge":      stdlib.MergeFunc,
	"regex":      stdlib.RegexFunc,
	"split":      stdlib.SplitFunc,
	"tostring":   stdlib.MakeToFunc(cty.String),
	"try":        tryfunc.TryFunc,

	"alltrue": function.New(&function.Spec{
		Params: []function.Parameter{{Type: cty.DynamicPseudoType}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			for _, element := range args[0].Elements() {
				if element.False() {
					return cty.False, nil
				}
			}
			return cty.True, nil
		},
	}),
	"file": function.New(&function.Spec{
		Params: []function.Parameter{{Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			content, err := os.ReadFile(args[0].AsString())
			return cty.StringVal(string(content)), err
		},
	}),
	"fileset": function.New(&function.Spec{
		Params: []function.Parameter{{Type: cty.String}, {Type: cty.String}},
		Type:   function.StaticReturnType(cty.Set(cty.String)),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			paths, err := filepath.Glob(filepath.Join(args[0].AsString(), args[1].AsString()))
			if err != nil || len(paths) == 0 {
				return cty.SetValEmpty(cty.String), err
			}
			var names []cty.Value
			for _, path := range paths {
				names = append(names, cty.StringVal(filepath.Base(path)))
			}
			return cty.SetVal(names), nil
		},
	}),
	"one": function.New(&function.Spec{
		Params: []function.Parameter{{Type: cty.DynamicPseudoType}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			elements := args[0].AsValueSlice()
			switch len(elements) {
			case 0:
				return cty.NullVal(cty.String), nil
			case 1:
				return elements[0], nil
			}
			return cty.NilVal, errors.New("more than one element")
		},
	}),
}

// argument is one that the provider documents: of a type in the words of its
// documentation, with the arguments within if it is a block.
type argument struct {
	Type     string
	Required bool
	Block    map[string]argument
}

// documented is testdata/provider.json: what the provider's documentation says
// of the resources that the module uses. It was taken from the pages under
// website/docs/r of that version.
type documented struct {
	Provider, Version string
	Resources         map[string]struct {
		Arguments  map[string]argument
		Attributes []string
	}
}

func readDocumented(t *testing.T) documented {
	t.Helper()
	file, err := os.ReadFile("testdata/provider.json")
	if err != nil {
		t.Fatal(err)
	}
	var d documented
	if err := json.Unmarshal(file, &d); err != nil {
		t.Fatal(err)
	}
	return d
}
