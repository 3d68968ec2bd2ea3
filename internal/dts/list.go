package dts

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"migratecheck/internal/check"
)

const (
	// maxJobs is how many jobs a list may have, maxListed how many DTS may list
	// of which ours are picked.
	maxJobs   = 10000
	maxListed = 50000

	// maxOverlap is how far a page may reach into the one before, if jobs move;
	// maxIdle how many pages may bring nothing new.
	maxOverlap = 32
	maxIdle    = 200
)

// listAll lists the jobs of a kind that fit a filter.
//
// Jobs move up and down the list when others before them come or go. So each
// page begins before the end of the page that was read last: if it holds a job
// that was listed before, there is none between the two. If it does not, the
// list is read again from further up.
func listAll(ctx context.Context, k kind, f check.Filter) ([]check.Job, error) {
	var all []listed
	index := map[string]int{} // of each JobId in all
	size := pageSize{jobs: maxPage, patience: 1}
	end, overlap, idle, fitting := 0, 1, 0, 0
	for pages := 1; ; pages++ {
		offset := max(0, end-overlap)
		p, err := size.read(ctx, k, f, offset)
		if tooLarge(err) && size.shrink() {
			continue
		}
		if err != nil {
			return nil, err
		}
		known := len(all)
		if offset == 0 || slices.ContainsFunc(p.jobs, func(j listed) bool { _, seen := index[j.ID]; return seen }) {
			for _, j := range p.jobs {
				i, seen := index[j.ID]
				if !seen {
					i = len(all)
					index[j.ID] = i
					all = append(all, listed{})
				} else if all[i].fits {
					fitting--
				}
				j.fits = j.fits && (j.Failure != nil || among(f.Status, j.Status) && among(f.Names, j.Name))
				if j.fits {
					fitting++
				} else {
					j.Job = check.Job{ID: j.ID} // the rest is not needed
				}
				all[i] = j // as it is now
			}
			end = offset + len(p.jobs)
			if fitting > maxJobs {
				return nil, check.Invalid("Select", fmt.Sprintf("finds more than %d jobs: say more of which are meant", maxJobs))
			}
			if len(all) > maxListed {
				return nil, check.Invalid("Select", fmt.Sprintf("DTS lists more than %d jobs: say more of which are meant", maxListed))
			}
			if end >= p.total {
				break
			}
			size.grow()
			overlap = min(overlap, size.overlap())
		} else {
			overlap *= 2
		}
		if len(all) == known {
			idle++
		}
		if idle > maxIdle {
			return nil, &check.Error{Code: check.CodeSelectionMoved, Attempts: pages,
				Message: "the list of jobs was not read to its end: too many jobs came and went meanwhile, or DTS says that there are more, and lists none"}
		}
	}
	out := []check.Job{}
	for _, j := range all {
		if j.fits {
			out = append(out, j.Job)
		}
	}
	return out, nil
}

// among reports whether a value is one of those that are asked for, if any are.
func among(asked []string, value string) bool {
	return len(asked) == 0 || slices.Contains(asked, value)
}

// jobsRequest is the request of every action that lists jobs, or reads some by their
// ids. Each knows some of the fields.
type jobsRequest struct {
	JobId           string      `json:",omitempty"`
	JobIds          []string    `json:",omitempty"`
	JobName         string      `json:",omitempty"`
	Status          []string    `json:",omitempty"`
	SrcDatabaseType []string    `json:",omitempty"`
	DstDatabaseType []string    `json:",omitempty"`
	TagFilters      []tagFilter `json:",omitempty"`
	Order           string      `json:",omitempty"`
	OrderSeq        string      `json:",omitempty"`
	Limit           int         `json:",omitempty"`
	Offset          int         `json:",omitempty"`
}

// byAge returns the request for a page of a list, the oldest jobs first, with what
// every list can filter by: a name, if it is a single one, and tags.
func byAge(f check.Filter, offset, limit int) jobsRequest {
	r := jobsRequest{TagFilters: tagFilters(f), Order: "CreateTime", OrderSeq: "ASC", Limit: limit, Offset: offset}
	if len(f.Names) == 1 {
		r.JobName = f.Names[0]
	}
	return r
}

// tagFilter is a filter of DTS's by the tags of jobs.
type tagFilter struct {
	TagKey   string
	TagValue []string
}

func tagFilters(f check.Filter) []tagFilter {
	var out []tagFilter
	for key, values := range f.Tags {
		out = append(out, tagFilter{key, values})
	}
	slices.SortFunc(out, func(a, b tagFilter) int { return strings.Compare(a.TagKey, b.TagKey) })
	return out
}

// tags are the tags of a job, as DTS lists them; nil where it does not say.
type tags bounded[struct{ TagKey, TagValue string }]

func (t *tags) UnmarshalJSON(text []byte) error {
	return (*bounded[struct{ TagKey, TagValue string }])(t).UnmarshalJSON(text)
}

// bear reports whether the tags have the key with one of the values.
func (t tags) bear(key string, values ...string) bool {
	return slices.ContainsFunc(t, func(tag struct{ TagKey, TagValue string }) bool {
		return tag.TagKey == key && among(values, tag.TagValue)
	})
}

// fit reports whether the tags are those that are asked for. How DTS combines
// several tag filters is documented nowhere, so its result is checked.
func (t tags) fit(f check.Filter) bool {
	for key, values := range f.Tags {
		if !t.bear(key, values...) {
			return false
		}
	}
	return true
}
