package cloudapi

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Fields reads the parameters of an action, or the members of an object in
// them. It remembers the first that is wrong, for Done to return: the methods
// that read return zero values then.
type Fields struct {
	values  map[string]any
	form    bool   // numbers are texts, and deeper values have names such as Filters.0.Name
	path    string // in front of the names, for messages
	known   map[string]bool
	objects []*Fields
	root    *Fields
	wrong   *Error // of the root
}

// Fields reads the request's parameters.
func (r *Request) Fields() *Fields {
	f := &Fields{values: r.Parameters, form: r.Form, known: map[string]bool{}}
	f.root = f
	return f
}

// Done returns the refusal of a parameter that nobody has asked for, or of the
// first that is wrong or missing.
func (f *Fields) Done() *Error {
	if refusal := f.unknown(); refusal != nil {
		return refusal
	}
	return f.root.wrong
}

func (f *Fields) unknown() *Error {
	for _, name := range slices.Sorted(maps.Keys(f.values)) {
		asked, _, _ := strings.Cut(name, ".")
		if !f.form {
			asked = name
		}
		if !f.known[asked] {
			return Refuse("UnknownParameter", "The parameter %q is not recognized.", f.path+name)
		}
	}
	for _, o := range f.objects {
		if refusal := o.unknown(); refusal != nil {
			return refusal
		}
	}
	return nil
}

// Refuse remembers a refusal, unless there is one.
func (f *Fields) Refuse(refusal *Error) {
	if f.root.wrong == nil {
		f.root.wrong = refusal
	}
}

// String returns a parameter that is a string, empty if there is none.
func (f *Fields) String(name string) string {
	f.known[name] = true
	switch value := f.values[name].(type) {
	case nil:
		return ""
	case string:
		return value
	}
	f.Refuse(Refuse("InvalidParameter", "The parameter `%s` must be a string.", f.path+name))
	return ""
}

// Required returns a string that must be given.
func (f *Fields) Required(name string) string {
	if f.values[name] == nil {
		f.Refuse(Missing(f.path + name))
	}
	return f.String(name)
}

// Uint returns a parameter that is a whole number, or unless if there is none.
func (f *Fields) Uint(name string, unless uint64) uint64 {
	f.known[name] = true
	var text string
	switch value := f.values[name].(type) {
	case nil:
		return unless
	case json.Number:
		text = value.String()
	case string:
		if f.form {
			text = value
		}
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		f.Refuse(Refuse("InvalidParameter", "The parameter `%s` must be a whole number.", f.path+name))
	}
	return n
}

// Strings returns a parameter that is a list of strings.
func (f *Fields) Strings(name string) []string {
	var out []string
	for i, value := range f.list(name) {
		text, ok := value.(string)
		if !ok {
			f.Refuse(Refuse("InvalidParameter", "The parameter `%s.%d` must be a string.", f.path+name, i))
		}
		out = append(out, text)
	}
	return out
}

// Objects returns a parameter that is a list of objects.
func (f *Fields) Objects(name string) []*Fields {
	var out []*Fields
	for i, value := range f.list(name) {
		path := f.path + name + "." + strconv.Itoa(i)
		members, ok := value.(map[string]any)
		if !ok {
			f.Refuse(Refuse("InvalidParameter", "The parameter `%s` must be an object.", path))
		}
		out = append(out, &Fields{values: members, form: f.form, path: path + ".", known: map[string]bool{}, root: f.root})
	}
	f.objects = append(f.objects, out...)
	return out
}

// list returns a parameter that is a list. In a form its elements are
// parameters of their own: Name.0, or Name.0.Member of an object.
func (f *Fields) list(name string) []any {
	f.known[name] = true
	if !f.form {
		list, ok := f.values[name].([]any)
		if !ok && f.values[name] != nil {
			f.Refuse(Refuse("InvalidParameter", "The parameter `%s` must be a list.", f.path+name))
		}
		return list
	}
	texts, objects := map[string]any{}, map[string]map[string]any{}
	for full, value := range f.values {
		of, rest, _ := strings.Cut(full, ".")
		if of != name {
			continue
		}
		index, member, isObject := strings.Cut(rest, ".")
		if !isObject {
			texts[index] = value
			continue
		}
		if objects[index] == nil {
			objects[index] = map[string]any{}
		}
		objects[index][member] = value
	}
	var list []any
	for i := range len(texts) + len(objects) {
		text, isText := texts[strconv.Itoa(i)]
		object, isObject := objects[strconv.Itoa(i)]
		switch {
		case isText == isObject:
			f.Refuse(Refuse("InvalidParameter", "The elements of the parameter `%s` must be numbered from 0.", f.path+name))
			return nil
		case isText:
			list = append(list, text)
		default:
			list = append(list, object)
		}
	}
	return list
}
