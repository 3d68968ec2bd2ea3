package event

import (
	"encoding/json"

	"migratecheck/internal/check"
)

// The actions that a check request may name.
const (
	actionCreate   = "CreateMigrateCheckJob"
	actionDescribe = "DescribeMigrateCheckJob"
)

// flagNames are the options that are true or false.
var flagNames = []string{"Wait", "Start", "Strict"}

// readOptions reads the options of the JSON forms.
func (d *draft) readOptions(place string, fields map[string]json.RawMessage) *check.Error {
	if raw, ok := fields["Action"]; ok {
		action, ok := parseText(raw)
		if !ok {
			return check.Invalid(join(place, "Action"), "must be a string")
		}
		if err := d.setAction(join(place, "Action"), string(trim(action))); err != nil {
			return err
		}
	}
	for _, name := range flagNames {
		raw, ok := fields[name]
		if !ok {
			continue
		}
		where := join(place, name)
		if s := string(raw); s != "true" && s != "false" {
			return check.Invalid(where, "must be true or false")
		}
		if err := d.setFlag(where, name, string(raw) == "true"); err != nil {
			return err
		}
	}
	return nil
}

func (d *draft) setAction(place, action string) *check.Error {
	if action != actionCreate && action != actionDescribe {
		return &check.Error{
			Code:    "InvalidAction",
			Message: place + ": must be " + actionCreate + " or " + actionDescribe + ", not " + show([]byte(action)),
		}
	}
	if d.action != "" && d.action != action {
		return check.Invalid(place, "differs from an action named elsewhere in the event")
	}
	d.action = action
	return nil
}

func (d *draft) setFlag(place, name string, on bool) *check.Error {
	if before, ok := d.flags[name]; ok && before != on {
		return check.Invalid(place, "is both true and false in the event")
	}
	if d.flags == nil {
		d.flags = map[string]bool{}
	}
	d.flags[name] = on
	if name == "Start" && on {
		d.start = place
	}
	return nil
}
