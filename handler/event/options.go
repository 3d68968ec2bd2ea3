package event

import (
	"fmt"
	"strconv"
	"unicode"

	"migratecheck/internal/check"
	"migratecheck/internal/jsonscan"
)

// The actions that a check request may name.
const (
	actionCreate   = "CreateMigrateCheckJob"
	actionDescribe = "DescribeMigrateCheckJob"
)

// maxAccept bounds the steps of Accept: a check has a few dozen.
const maxAccept = 100

// options are those of a request as far as they are given.
type options struct {
	action string
	flags  map[string]bool // Wait, Start, Strict and DryRun
	accept []string
	places map[string]string // where each was found, by name
}

// ask returns what the options say together.
func (o options) ask() (Ask, *check.Error) {
	a := Ask{
		Describe: o.action == actionDescribe,
		Wait:     o.flags["Wait"] || o.flags["Start"],
		Start:    o.flags["Start"],
		Strict:   o.flags["Strict"],
		Accept:   o.accept,
		DryRun:   o.flags["DryRun"],
	}
	switch {
	case a.Describe && a.Start:
		return Ask{}, check.Invalid(o.places["Start"], "must not be given together with "+actionDescribe+": a job is started only on a check that the same request creates")
	case a.Accept != nil && !a.Strict:
		return Ask{}, check.Invalid(o.places["Accept"], "is possible only beside Strict: nothing else counts warnings")
	}
	return a, nil
}

// read adds what a field says of an option.
func (o *options) read(where string, f field) *check.Error {
	if f.name == "Accept" {
		return o.readAccept(where, f.values)
	}
	for _, v := range f.values {
		var err *check.Error
		if f.name == "Action" {
			err = o.setAction(where, v)
		} else {
			on, ok := isOn(v, f.parameter)
			if !ok {
				return check.Invalid(where, "must be true or false, not "+v.shown())
			}
			err = o.setFlag(where, f.name, on)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// isOn reads true or false. A parameter is a text, and true without a value.
func isOn(v value, parameter bool) (on, ok bool) {
	switch {
	case !parameter:
		return isTrue(v.json), isTrue(v.json) || string(v.json) == "false"
	case v.json == nil && len(v.text) == 0:
		return true, true
	}
	on, err := strconv.ParseBool(string(v.text) + string(v.json))
	return on, err == nil
}

func (o *options) setAction(where string, v value) *check.Error {
	action := string(v.text)
	switch {
	case v.json != nil:
		return check.Invalid(where, "must be a string, not "+v.shown())
	case action != actionCreate && action != actionDescribe:
		return &check.Error{
			Code:    "InvalidAction",
			Message: where + ": must be " + actionCreate + " or " + actionDescribe + ", not " + v.shown(),
		}
	case o.action != "" && o.action != action:
		return check.Invalid(where, "is "+action+", but "+o.places["Action"]+" is "+o.action)
	}
	o.action = action
	o.note("Action", where)
	return nil
}

func (o *options) setFlag(where, name string, on bool) *check.Error {
	if before, ok := o.flags[name]; ok && before != on {
		return check.Invalid(where, fmt.Sprintf("is %t, but %s is %t", on, o.places[name], before))
	}
	if o.flags == nil {
		o.flags = map[string]bool{}
	}
	o.flags[name] = on
	o.note(name, where)
	return nil
}

// readAccept reads the ids of steps, which have the form of JobIds.
func (o *options) readAccept(where string, values []value) *check.Error {
	l := list{place: where, several: true}
	for _, v := range values {
		if err := l.addValue(v); err != nil {
			return err
		}
	}
	if len(l.ids) > maxAccept {
		return check.Invalid(where, fmt.Sprintf("names more than %d steps", maxAccept))
	}
	return o.setAccept(where, l.ids)
}

func (o *options) setAccept(where string, steps []string) *check.Error {
	if o.accept != nil && steps != nil && !sameIDs(o.accept, steps) {
		return check.Invalid(where, "differs from "+o.places["Accept"])
	}
	if steps != nil {
		o.accept = steps
		o.note("Accept", where)
	}
	return nil
}

// note notes where an option was found first.
func (o *options) note(name, where string) {
	if o.places == nil {
		o.places = map[string]string{}
	}
	if o.places[name] == "" {
		o.places[name] = where
	}
}

// merge adds the options of another place, which must not contradict.
func (o *options) merge(other options) *check.Error {
	if other.action != "" {
		if err := o.setAction(other.places["Action"], value{text: []byte(other.action)}); err != nil {
			return err
		}
	}
	for _, name := range requestKeys { // in an order that does not change
		if on, ok := other.flags[name]; ok {
			if err := o.setFlag(other.places[name], name, on); err != nil {
				return err
			}
		}
	}
	return o.setAccept(other.places["Accept"], other.accept)
}

// What is read of Via: the last functions, with names of a sensible length.
const (
	maxVia     = 50
	maxViaName = 200
)

// readVia reads the names of the functions that a request came through. What is no
// such name is ignored.
func readVia(raw []byte) []string {
	var via []string
	for _, element := range jsonscan.Elements(raw) {
		if name, ok := jsonscan.Text(element); ok && 0 < len(name) && len(name) <= maxViaName && isPlain(string(name)) {
			via = appendVia(via, []string{string(name)})
		}
	}
	return via
}

func appendVia(via, more []string) []string {
	via = append(via, more...)
	return via[max(0, len(via)-maxVia):]
}

// isPlain reports whether a text is visible ASCII.
func isPlain(text string) bool {
	for _, r := range text {
		if r <= ' ' || r >= unicode.MaxASCII {
			return false
		}
	}
	return true
}
