package dts

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"migratecheck/internal/check"
	"migratecheck/internal/jsonscan"
)

// maxPage is the most jobs that DTS lists in one answer.
const maxPage = 100

// page is a part of the list of jobs.
type page struct {
	total int // of the whole list; unknownTotal where no answer says
	jobs  []listed
}

const unknownTotal = -1

// listed is a job and whether it fits what the API does not filter by.
type listed struct {
	check.Job
	fits bool
}

// list is the answer of an action that lists jobs.
type list[T entry] struct {
	TotalCount *int
	JobList    bounded[T] `redact:"-"`
}

// entry is a job in a list. Nothing is decoded but what it has fields for: the
// rest is connection data.
type entry interface {
	job() (check.Job, tags)

	// fits reports whether the entry fits a filter, in what DTS does not filter by.
	fits(check.Filter) bool
}

// listed returns the job of an entry. DTS is believed to have filtered by tags where
// the entry does not say which it has.
func (s service) listed(e entry, f check.Filter) listed {
	j, t := e.job()
	j.Tagged = s.startTag.Key != "" && t.bear(s.startTag.Key, s.startTag.Value)
	j.TagsUnseen = len(f.Tags) > 0 && t == nil
	return listed{j, e.fits(f) && (j.TagsUnseen || t.fit(f))}
}

// readPage reads a page of a list.
func readPage[T entry](ctx context.Context, s service, f check.Filter, request jobsRequest) (page, error) {
	var answer list[T]
	receipt, err := s.api.Do(ctx, s.actions.list, request, &answer)
	if err != nil {
		return page{}, err
	}
	wrong := ""
	switch n := len(answer.JobList); {
	case answer.TotalCount == nil || *answer.TotalCount < 0:
		wrong = "no TotalCount"
	case n > request.Limit:
		wrong = "more entries than were asked for"
	case n > 0 && *answer.TotalCount < request.Offset+n:
		wrong = "more entries than there are"
	}
	if wrong != "" {
		return page{}, unreadableList(receipt, wrong)
	}
	p := page{total: *answer.TotalCount}
	seen := map[string]bool{}
	for _, e := range answer.JobList {
		j := s.listed(e, f)
		switch {
		case !validID(j.ID):
			return page{}, unreadableList(receipt, "an entry without a JobId")
		case seen[j.ID]:
			return page{}, unreadableList(receipt, "an entry that is there twice")
		}
		seen[j.ID] = true
		p.jobs = append(p.jobs, j)
	}
	return p, nil
}

// readJobs reads jobs by their ids.
func readJobs[T entry](ctx context.Context, s service, request jobsRequest, ids ...string) (map[string]check.Job, check.Receipt, error) {
	var answer list[T]
	receipt, err := s.do(ctx, s.actions.job, request, &answer)
	if err != nil {
		return nil, check.Receipt{}, err
	}
	found := map[string]check.Job{}
	others := false
	for _, e := range answer.JobList {
		j := s.listed(e, check.Filter{}).Job
		if _, twice := found[j.ID]; twice {
			return nil, check.Receipt{}, unreadableList(receipt, "a job that is there twice")
		}
		if slices.Contains(ids, j.ID) {
			found[j.ID] = j
		} else {
			others = true
		}
	}
	if others && len(found) < len(ids) {
		return nil, check.Receipt{}, unreadableList(receipt, "other jobs than were asked for")
	}
	return found, receipt, nil
}

// only returns one of the jobs that were read; code says that it does not exist.
func only(job string, found map[string]check.Job, receipt check.Receipt, code string) (check.Job, check.Receipt, error) {
	j, ok := found[job]
	if !ok {
		return check.Job{}, check.Receipt{}, &check.Error{
			Code: code, Message: "DTS lists no job of this JobId in the region", RequestID: receipt.RequestID, Attempts: receipt.Attempts,
		}
	}
	return j, receipt, nil
}

func unreadableList(receipt check.Receipt, why string) error {
	return unreadable(receipt, "the list of jobs cannot be read: "+why)
}

// tooLarge reports whether an error is that of a page that is too large, for us or
// for DTS.
func tooLarge(err error) bool {
	var failure *check.Error
	return errors.As(err, &failure) && (failure.Code == check.CodeTooLarge || strings.HasPrefix(failure.Code, "ResponseSizeLimitExceeded"))
}

// pageSize is how many jobs are asked for at once: fewer once a page was too large,
// and again more, though less eagerly each time that was a mistake.
type pageSize struct {
	jobs     int
	patience int  // pages of a size before a larger one
	good     int  // of these
	grown    bool // the size is that of no page that was good
}

// minPage is the smallest page that reaches into the one before.
const minPage = 2

// shrink reports whether there is a smaller size.
func (s *pageSize) shrink() bool {
	if s.jobs == minPage {
		return false
	}
	if s.grown {
		s.patience = min(2*s.patience, 8)
	}
	s.jobs, s.good, s.grown = max(s.jobs/2, minPage), 0, false
	return true
}

// grow notes that a page was good.
func (s *pageSize) grow() {
	s.good++
	s.grown = false
	if s.good >= s.patience && s.jobs < maxPage {
		s.jobs, s.good, s.grown = min(2*s.jobs, maxPage), 0, true
	}
}

// overlap returns how far a page may reach into the one before and still get on.
func (s pageSize) overlap() int { return max(1, min(maxOverlap, s.jobs/3)) }

// read reads a page of that size. The smallest, if it is too large, is read one job
// at a time, the last first: jobs that go meanwhile then hide none between the two.
func (s pageSize) read(ctx context.Context, k kind, f check.Filter, offset int) (page, error) {
	p, err := k.list(ctx, f, offset, s.jobs)
	if s.jobs > minPage || !tooLarge(err) {
		return p, err
	}
	last, err := single(ctx, k, f, offset+1)
	if err != nil {
		return page{}, err
	}
	if p, err = single(ctx, k, f, offset); err != nil {
		return page{}, err
	}
	if p.total == unknownTotal {
		p.total = last.total
	}
	if len(last.jobs) > 0 && (len(p.jobs) == 0 || p.jobs[0].ID != last.jobs[0].ID) {
		p.jobs = append(p.jobs, last.jobs...)
	}
	if p.total == unknownTotal {
		p.total = offset + len(p.jobs) + 1 // read on to see
	}
	return p, nil
}

// single reads one job of a list. If its entry is too large, the job is a failure of
// its own, provided that its id can be read.
func single(ctx context.Context, k kind, f check.Filter, offset int) (page, error) {
	p, err := k.list(ctx, f, offset, 1)
	if !tooLarge(err) {
		return p, err
	}
	var failure *check.Error
	errors.As(err, &failure)
	id := firstID(failure.Body)
	failure.Body = nil
	if failure.Code == check.CodeTooLarge {
		failure.Code = check.CodeJobTooLarge
		failure.Message = fmt.Sprintf("what DTS lists of a job, the %d. in the list, is too large to be read: more than 4 MB, or too many values", offset+1)
	}
	if id == "" {
		return page{}, failure
	}
	return page{unknownTotal, []listed{{check.Job{ID: id, Failure: failure}, true}}}, nil
}

// firstID returns the id of the first job in the beginning of a list's answer, ""
// if it is not there.
func firstID(answer []byte) string {
	d := json.NewDecoder(bytes.NewReader(answer))
	if !enter(d, '{', "Response") || !enter(d, '{', "JobList") || !enter(d, '[', "") || !enter(d, '{', "JobId") {
		return ""
	}
	if id, _ := d.Token(); id != nil {
		if id, ok := id.(string); ok && validID(id) {
			return id
		}
	}
	return ""
}

// enter goes into an object as far as the value of a member, or into an array.
func enter(d *json.Decoder, opening json.Delim, member string) bool {
	if token, err := d.Token(); err != nil || token != opening {
		return false
	}
	for opening == '{' {
		key, err := d.Token()
		if key == member {
			return true
		}
		var value passedOver
		if err != nil || d.Decode(&value) != nil {
			return false
		}
	}
	return true
}

// passedOver is a value of which nothing is kept.
type passedOver struct{}

func (passedOver) UnmarshalJSON([]byte) error { return nil }

// validID reports whether s has the form of a JobId.
func validID(s string) bool {
	return 0 < len(s) && len(s) <= 64 &&
		strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}

// bounded is a list of which no more is decoded than any list has, so that an answer
// of millions of empty values stays as small as it came.
type bounded[T any] []T

func (l *bounded[T]) UnmarshalJSON(text []byte) error {
	if jsonscan.IsNull(text) {
		*l = nil
		return nil
	}
	if !jsonscan.IsArray(text) {
		return errors.New("not a list")
	}
	*l = bounded[T]{}
	for _, element := range jsonscan.Elements(text) {
		var value T
		if err := json.Unmarshal(element, &value); err != nil {
			return err
		}
		if *l = append(*l, value); len(*l) > maxPage {
			break
		}
	}
	return nil
}
