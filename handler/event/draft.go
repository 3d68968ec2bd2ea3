package event

import (
	"reflect"
	"slices"

	"migratecheck/internal/check"
)

// draft is a check request as it was found in one place of an event, or in
// several that agree.
type draft struct {
	jobs   []string      // in the order given, each once
	filter *check.Filter // the value of Select, nil where there is none
	none   bool          // it is this function's own answer to a selection that found no job
	place  string        // where the jobs or Select were found
	batch  bool          // the request has a form that can name several jobs

	action string          // "" where none is named
	flags  map[string]bool // Wait, Start and Strict as far as they are given
	start  string          // where Start was found
}

// empty reports whether the draft does not say which jobs.
func (d draft) empty() bool { return len(d.jobs) == 0 && d.filter == nil && !d.none }

// request returns what is asked for, all places taken together.
func (d draft) request() (Request, *check.Error) {
	r := Request{Jobs: d.jobs, Batch: d.batch, Ask: Ask{
		Describe: d.action == actionDescribe,
		Wait:     d.flags["Wait"] || d.flags["Start"],
		Start:    d.flags["Start"],
		Strict:   d.flags["Strict"],
	}}
	if r.Ask.Describe && r.Ask.Start {
		return Request{}, check.Invalid(d.start, "must not be given together with "+actionDescribe+": a job is started only on a check that the same request creates")
	}
	if d.filter != nil {
		filter := *d.filter
		if !r.Ask.Describe {
			var err *check.Error
			if filter.Status, err = statusesToCheck(d.place, filter.Status); err != nil {
				return Request{}, err
			}
		}
		r.Select = &filter
	}
	return r, nil
}

// merge adds what another place asks for. Two places that say which jobs must
// say the same: the function never guesses.
func (d *draft) merge(place string, other draft) *check.Error {
	if other.action != "" {
		if err := d.setAction(join(place, "Action"), other.action); err != nil {
			return err
		}
	}
	for _, name := range flagNames {
		if on, ok := other.flags[name]; ok {
			if err := d.setFlag(join(place, name), name, on); err != nil {
				return err
			}
		}
	}
	d.batch = d.batch || other.batch
	switch {
	case other.empty():
	case d.empty():
		d.jobs, d.filter, d.none, d.place = other.jobs, other.filter, other.none, other.place
	case d.filter != nil && other.filter != nil:
		if !reflect.DeepEqual(d.filter, other.filter) {
			return check.Invalid(other.place, "differs from "+d.place)
		}
	case d.filter != nil || other.filter != nil:
		return check.Invalid(other.place, "must not be given together with "+d.place+": a request names its jobs or has Select, not both")
	case !slices.Equal(sorted(d.jobs), sorted(other.jobs)):
		return check.Invalid(other.place, "names another job than "+d.place)
	}
	return nil
}

func sorted(ids []string) []string {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return ids
}
