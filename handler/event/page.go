package event

import (
	"encoding/json"
	"strings"
)

// reading returns the draft as a page asks for it: checks are read, not created.
func (d draft) reading() draft {
	d.action = actionDescribe
	d.flags = map[string]bool{"Strict": d.flags["Strict"]}
	return d
}

// fields returns the form that asks for what the draft does.
func (d draft) fields() []Field {
	r, err := d.request()
	if err != nil {
		return nil
	}
	var fields []Field
	add := func(name, value string) { fields = append(fields, Field{name, value}) }
	switch {
	case d.filter != nil:
		add("Select", selectText(d))
	case r.Batch:
		add("JobIds", strings.Join(r.Jobs, ","))
	default:
		add("JobId", r.Jobs[0])
	}
	for _, name := range flagNames {
		if d.flags[name] {
			add(name, "true")
		}
	}
	return fields
}

// selectText returns the value of Select that gives the draft's filter.
func selectText(d draft) string {
	filters := map[string]any{}
	for name, values := range map[string][]string{
		"Status":          d.filter.Status,
		"JobName":         d.filter.Names,
		"SrcDatabaseType": d.filter.SrcDatabaseTypes,
		"DstDatabaseType": d.filter.DstDatabaseTypes,
	} {
		if values != nil {
			filters[name] = values
		}
	}
	if d.filter.Tags != nil {
		filters["Tags"] = d.filter.Tags
	}
	text, err := json.Marshal(filters)
	if err != nil {
		panic(err) // there are only strings
	}
	return string(text)
}
