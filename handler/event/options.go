package event

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

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

// options are those that are given, by name.
type options map[string]option

// option is the value of an option, and the place in the event where it was found. A
// value is an action, true or false, or of Accept the ids with commas between them.
type option struct{ value, place string }

func (o options) is(name string) bool { return o[name].value == "true" }

// set takes an option. Two places that give it must agree.
func (o *options) set(name string, given option) *check.Error {
	if before, ok := (*o)[name]; ok {
		if before.value != given.value {
			return check.Invalid(given.place, "is "+show([]byte(given.value))+", but "+before.place+" is "+show([]byte(before.value)))
		}
		return nil
	}
	if *o == nil {
		*o = options{}
	}
	(*o)[name] = given
	return nil
}

// ask returns what the options say together.
func (o options) ask() (Ask, *check.Error) {
	a := Ask{
		Describe: o["Action"].value == actionDescribe,
		Wait:     o.is("Wait") || o.is("Start"),
		Start:    o.is("Start"),
		Strict:   o.is("Strict"),
		DryRun:   o.is("DryRun"),
	}
	accept, accepts := o["Accept"]
	switch {
	case a.Describe && a.Start:
		return Ask{}, check.Invalid(o["Start"].place, "must not be given together with "+actionDescribe+": a job is started only on a check that the same request creates")
	case accepts && !a.Strict:
		return Ask{}, check.Invalid(accept.place, "is possible only beside Strict: nothing else counts warnings")
	case accepts:
		a.Accept = strings.Split(accept.value, ",")
	}
	return a, nil
}

// read adds what a field says of an option.
func (o *options) read(where string, f field) *check.Error {
	if f.name == "Accept" {
		return o.readAccept(where, f.values)
	}
	for _, v := range f.values {
		given := option{place: where}
		if f.name == "Action" {
			given.value = string(v.text)
			switch {
			case v.json != nil:
				return check.Invalid(where, "must be a string, not "+v.shown())
			case given.value != actionCreate && given.value != actionDescribe:
				return &check.Error{
					Code:    "InvalidAction",
					Message: where + ": must be " + actionCreate + " or " + actionDescribe + ", not " + v.shown(),
				}
			}
		} else {
			on, ok := isOn(v, f.parameter)
			if !ok {
				return check.Invalid(where, "must be true or false, not "+v.shown())
			}
			given.value = strconv.FormatBool(on)
		}
		if err := o.set(f.name, given); err != nil {
			return err
		}
	}
	return nil
}

// readAccept reads the ids of steps, which have the form of JobIds. Without any it is
// as if it were not given.
func (o *options) readAccept(where string, values []value) *check.Error {
	l := list{place: where, several: true}
	for _, v := range values {
		if err := l.addValue(v); err != nil {
			return err
		}
	}
	switch n := len(l.ids); {
	case n == 0:
		return nil
	case n > maxAccept:
		return check.Invalid(where, fmt.Sprintf("names more than %d steps", maxAccept))
	}
	return o.set("Accept", option{strings.Join(slices.Sorted(slices.Values(l.ids)), ","), where})
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

// What is read of Via: the last functions, with names of a sensible length.
const (
	maxVia     = 50
	maxViaName = 200
)

// readVia reads the names of the functions that a request came through. What is no
// such name, visible ASCII, is ignored.
func readVia(raw []byte) []string {
	var via []string
	for _, element := range jsonscan.Elements(raw) {
		name, _ := jsonscan.Text(element)
		hidden := func(r rune) bool { return r <= ' ' || r > '~' }
		if len(name) == 0 || len(name) > maxViaName || strings.ContainsFunc(string(name), hidden) {
			continue
		}
		if len(via) == maxVia {
			via = slices.Delete(via, 0, 1)
		}
		via = append(via, string(name))
	}
	return via
}
