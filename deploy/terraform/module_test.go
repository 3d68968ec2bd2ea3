package terraform

import (
	"cmp"
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

// module is what the .tf files of this folder declare: as much of Terraform as it
// takes to compare values with the code. Whether the files are good Terraform is
// for "terraform validate" to say.
type module struct {
	blocks     map[string]*hclsyntax.Block // by type and labels, as in "variable.region"
	locals     []*hclsyntax.Attribute      // each after those that it refers to
	documented documented
}

func parse(t *testing.T) module {
	t.Helper()
	files, err := filepath.Glob("*.tf")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	m := module{blocks: map[string]*hclsyntax.Block{}, documented: readDocumented(t)}
	for _, path := range files {
		file, diagnostics := hclparse.NewParser().ParseHCLFile(path)
		if diagnostics.HasErrors() {
			t.Fatal(diagnostics)
		}
		for _, block := range file.Body.(*hclsyntax.Body).Blocks {
			if block.Type != "locals" {
				m.blocks[strings.Join(append([]string{block.Type}, block.Labels...), ".")] = block
				continue
			}
			m.locals = slices.AppendSeq(m.locals, maps.Values(block.Body.Attributes))
		}
	}
	slices.SortFunc(m.locals, func(a, b *hclsyntax.Attribute) int {
		return cmp.Or(strings.Compare(a.NameRange.Filename, b.NameRange.Filename), cmp.Compare(a.NameRange.Start.Byte, b.NameRange.Start.Byte))
	})
	return m
}

// of returns the blocks of a type, by their labels.
func (m module) of(kind string) map[string]*hclsyntax.Block {
	found := map[string]*hclsyntax.Block{}
	for name, block := range m.blocks {
		if labels, ok := strings.CutPrefix(name, kind+"."); ok {
			found[labels] = block
		}
	}
	return found
}

// plan is what the resources come to with certain variables: by "type.name" the
// arguments of each of them, several where count or for_each says so. A value that
// only the provider knows is the text "unknown".
type plan map[string][]map[string]any

// one returns the arguments of the only resource of that name.
func (p plan) one(t *testing.T, resource string) map[string]any {
	t.Helper()
	if len(p[resource]) != 1 {
		t.Fatalf("%d of %s", len(p[resource]), resource)
	}
	return p[resource][0]
}

// evaluate checks the variables and works out the resources and the outputs.
func (m module) evaluate(given map[string]cty.Value) (plan, error) {
	variables, err := m.values(given)
	if err != nil {
		return nil, err
	}
	locals := map[string]cty.Value{}
	context := &hcl.EvalContext{Functions: functions, Variables: map[string]cty.Value{
		"var":  cty.ObjectVal(variables),
		"path": cty.ObjectVal(map[string]cty.Value{"module": cty.StringVal(".")}),
	}}
	m.addResources(context.Variables)
	for _, a := range m.locals {
		context.Variables["local"] = cty.ObjectVal(locals)
		if locals[a.Name], err = value(a.Expr, context); err != nil {
			return nil, fmt.Errorf("local %s: %w", a.Name, err)
		}
	}
	context.Variables["local"] = cty.ObjectVal(locals)
	p := plan{}
	for name, block := range m.of("resource") {
		if p[name], err = instances(block, context); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	for name, block := range m.of("output") {
		if _, err := value(block.Body.Attributes["value"].Expr, context); err != nil {
			return nil, fmt.Errorf("output %s: %w", name, err)
		}
	}
	return p, nil
}

// addResources adds the resources as expressions see them: with the arguments and
// attributes that the provider documents, all of them unknown.
func (m module) addResources(scope map[string]cty.Value) {
	kinds := map[string]map[string]cty.Value{}
	for _, block := range m.of("resource") {
		seen, kind := cty.DynamicVal, block.Labels[0]
		if a := block.Body.Attributes; a["count"] == nil && a["for_each"] == nil {
			known := map[string]cty.Value{}
			for name := range m.documented.Resources[kind].Arguments {
				known[name] = cty.DynamicVal
			}
			for _, name := range m.documented.Resources[kind].Attributes {
				known[name] = cty.DynamicVal
			}
			seen = cty.ObjectVal(known)
		}
		if kinds[kind] == nil {
			kinds[kind] = map[string]cty.Value{}
		}
		kinds[kind][block.Labels[1]] = seen
	}
	for kind, resources := range kinds {
		scope[kind] = cty.ObjectVal(resources)
	}
}

// values are the variables' values, converted and checked.
func (m module) values(given map[string]cty.Value) (map[string]cty.Value, error) {
	values := map[string]cty.Value{}
	blocks := m.of("variable")
	for name := range given {
		if blocks[name] == nil {
			return nil, fmt.Errorf("there is no variable %s", name)
		}
	}
	for name, block := range blocks {
		attributes := block.Body.Attributes
		kind, defaults, diagnostics := typeexpr.TypeConstraintWithDefaults(attributes["type"].Expr)
		if diagnostics.HasErrors() {
			return nil, diagnostics
		}
		v, ok := given[name]
		if !ok || v.IsNull() && attributes["nullable"] != nil {
			if attributes["default"] == nil {
				return nil, fmt.Errorf("variable %s has no value", name)
			}
			var err error
			if v, err = value(attributes["default"].Expr, nil); err != nil {
				return nil, err
			}
		}
		if defaults != nil && !v.IsNull() {
			v = defaults.Apply(v)
		}
		v, err := convert.Convert(v, kind)
		if err != nil {
			return nil, fmt.Errorf("variable %s: %w", name, err)
		}
		values[name] = v
		context := &hcl.EvalContext{Functions: functions, Variables: map[string]cty.Value{"var": cty.ObjectVal(map[string]cty.Value{name: v})}}
		for _, validation := range block.Body.Blocks {
			if err := require(validation, context); err != nil {
				return nil, fmt.Errorf("variable %s: %w", name, err)
			}
		}
	}
	return values, nil
}

// require evaluates a validation or a precondition.
func require(block *hclsyntax.Block, context *hcl.EvalContext) error {
	holds, err := value(block.Body.Attributes["condition"].Expr, context)
	if err != nil || holds.True() {
		return err
	}
	message, err := value(block.Body.Attributes["error_message"].Expr, context)
	if err != nil {
		return err
	}
	return errors.New(message.AsString())
}

func value(expression hcl.Expression, context *hcl.EvalContext) (cty.Value, error) {
	v, diagnostics := expression.Value(context)
	if diagnostics.HasErrors() {
		return cty.NilVal, diagnostics
	}
	return v, nil
}

// with is a context in which a word, such as each, has a key and a value.
func with(context *hcl.EvalContext, word string, key, v cty.Value) *hcl.EvalContext {
	inner := context.NewChild()
	inner.Variables = map[string]cty.Value{word: cty.ObjectVal(map[string]cty.Value{"key": key, "value": v})}
	return inner
}

// instances evaluates a resource, once or as often as count or for_each says.
func instances(block *hclsyntax.Block, context *hcl.EvalContext) ([]map[string]any, error) {
	contexts := []*hcl.EvalContext{context}
	if a := block.Body.Attributes["count"]; a != nil {
		n, err := value(a.Expr, context)
		if err != nil {
			return nil, err
		}
		count, _ := n.AsBigFloat().Int64()
		contexts = slices.Repeat(contexts, int(count))
	}
	if a := block.Body.Attributes["for_each"]; a != nil {
		set, err := value(a.Expr, context)
		if err != nil {
			return nil, err
		}
		contexts = nil
		if !set.IsKnown() { // other resources: one stands for all
			contexts = append(contexts, with(context, "each", cty.UnknownVal(cty.String), cty.DynamicVal))
		} else {
			for key, v := range set.Elements() {
				contexts = append(contexts, with(context, "each", key, v))
			}
		}
	}
	var all []map[string]any
	for _, c := range contexts {
		arguments, err := body(block.Body, c, true)
		if err != nil {
			return nil, err
		}
		all = append(all, arguments)
	}
	return all, nil
}

// body evaluates the arguments of a resource or of a block within. Blocks are
// lists, whatever their number.
func body(b *hclsyntax.Body, context *hcl.EvalContext, resource bool) (map[string]any, error) {
	values := map[string]any{}
	for name, a := range b.Attributes {
		if resource && slices.Contains([]string{"count", "for_each", "depends_on"}, name) {
			continue
		}
		v, err := value(a.Expr, context)
		if err != nil {
			return nil, err
		}
		if !v.IsNull() {
			values[name] = plain(v)
		}
	}
	add := func(name string, b *hclsyntax.Body, context *hcl.EvalContext) error {
		within, err := body(b, context, false)
		list, _ := values[name].([]any)
		values[name] = append(list, within)
		return err
	}
	for _, block := range b.Blocks {
		switch block.Type {
		case "lifecycle":
			for _, precondition := range block.Body.Blocks {
				if err := require(precondition, context); err != nil {
					return nil, err
				}
			}
		case "dynamic":
			set, err := value(block.Body.Attributes["for_each"].Expr, context)
			if err != nil {
				return nil, err
			}
			for key, v := range set.Elements() {
				if err := add(block.Labels[0], block.Body.Blocks[0].Body, with(context, block.Labels[0], key, v)); err != nil {
					return nil, err
				}
			}
		default:
			if err := add(block.Type, block.Body, context); err != nil {
				return nil, err
			}
		}
	}
	return values, nil
}

// plain returns a value as encoding/json would decode it.
func plain(v cty.Value) any {
	switch kind := v.Type(); {
	case !v.IsKnown():
		return "unknown"
	case v.IsNull():
		return nil
	case kind == cty.String:
		return v.AsString()
	case kind == cty.Bool:
		return v.True()
	case kind == cty.Number:
		n, _ := v.AsBigFloat().Float64()
		return n
	case kind.IsMapType(), kind.IsObjectType():
		values := map[string]any{}
		for name, element := range v.AsValueMap() {
			values[name] = plain(element)
		}
		return values
	}
	values := []any{}
	for _, element := range v.AsValueSlice() {
		values = append(values, plain(element))
	}
	return values
}

// functions are those of Terraform's that the module uses.
var functions = map[string]function.Function{
	"can":        tryfunc.CanFunc,
	"coalesce":   stdlib.CoalesceFunc,
	"concat":     stdlib.ConcatFunc,
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
			return cty.BoolVal(!slices.ContainsFunc(args[0].AsValueSlice(), cty.Value.False)), nil
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
	"nonsensitive": function.New(&function.Spec{
		Params: []function.Parameter{{Type: cty.DynamicPseudoType, AllowNull: true}},
		Type:   func(args []cty.Value) (cty.Type, error) { return args[0].Type(), nil },
		Impl:   func(args []cty.Value, _ cty.Type) (cty.Value, error) { return args[0], nil },
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
// website/docs/r of that version. Blocks that the module has no use for are left
// empty.
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
