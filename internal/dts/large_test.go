//go:build !race

// Sizes, and what they take of the heap: with the race detector these tests would take
// ten times as long, to watch one goroutine.

package dts

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
)

// tables are the names of so many tables, as an entry of a list has them.
func tables(n int) json.RawMessage {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("t_order_history_%05d", i)
	}
	return encoded(out)
}

func encoded(value any) json.RawMessage {
	text, _ := json.Marshal(value)
	return text
}

// nodes are the nodes of an instance, as an entry of a list has them.
func nodes(n int) json.RawMessage {
	node := map[string]any{}
	for i := range 22 {
		node[fmt.Sprint("Field", i)] = nil
	}
	return encoded(slices.Repeat([]any{node}, n))
}

// Lists are read whole whatever the size of their entries, in few calls.
func TestListsOfLargeEntries(t *testing.T) {
	for name, test := range map[string]struct {
		jobs  int
		more  map[string]any
		pages int // at most
	}{
		"tables":      {40, map[string]any{"DatabaseInfo": tables(1500)}, 3},
		"many tables": {12, map[string]any{"Objects": tables(30000)}, 20},
		"nodes":       {300, map[string]any{"SrcInfos": nodes(30), "DstInfos": nodes(30)}, 30},
	} {
		t.Run(name, func(t *testing.T) {
			everyList(t, func(t *testing.T, list string) {
				a := newAccount(test.jobs)
				for i := range a.jobs {
					a.jobs[i].more = test.more
				}
				in(t, list, a, func(t *testing.T, client *Client) {
					jobs, err := client.ListJobs(t.Context(), of(list, check.Filter{}))
					if err != nil || !reflect.DeepEqual(ids(jobs), ids(wanted(a))) {
						t.Errorf("%d jobs, %v", len(jobs), err)
					}
					if a.pages > test.pages {
						t.Errorf("%d pages", a.pages)
					}
				})
			})
		})
	}
}

// What DTS refuses as too large is read in smaller pages, down to one job; also while
// jobs come and go.
func TestPagesThatDTSRefuses(t *testing.T) {
	for _, largest := range []int{1, 2, 3, 10, 30, 99} {
		everyList(t, func(t *testing.T, list string) {
			a := newAccount(250)
			a.largest = largest
			in(t, list, a, func(t *testing.T, client *Client) {
				jobs, err := client.ListJobs(t.Context(), of(list, check.Filter{}))
				if err != nil || !reflect.DeepEqual(ids(jobs), ids(wanted(a))) {
					t.Errorf("%d a page: %d jobs, %v", largest, len(jobs), err)
				}
				if least := 250 / largest; a.pages > 40+4*least {
					t.Errorf("%d a page: %d pages", largest, a.pages)
				}
			})
		})
	}
}

// None that stays is missing from a list that is read in small pages while it moves.
func TestSmallPagesThatMove(t *testing.T) {
	for name, between := range map[string]func(a *account, n int){
		"one goes": func(a *account, n int) {
			if n > 40 && n%13 == 0 && len(a.jobs) > 60 { // far above what is being read
				a.remove(0, 1)
			}
		},
		"one comes at the end": func(a *account, n int) {
			if n < 60 {
				a.add(1000 + n)
			}
		},
		"some go at once": func(a *account, n int) {
			if n%40 == 0 && len(a.jobs) > 60 {
				a.remove(0, 9)
			}
		},
		"one comes before": func(a *account, n int) {
			if n%7 == 0 && n < 100 {
				a.jobs = slices.Insert(a.jobs, 2, record{id: fmt.Sprint("dts-new-", n), status: "created"})
			}
		},
	} {
		for _, largest := range []int{1, 2, 5, 20} {
			t.Run(fmt.Sprint(name, " ", largest), func(t *testing.T) {
				everyList(t, func(t *testing.T, list string) {
					a := newAccount(100)
					first := ids(wanted(a))
					a.largest, a.between = largest, between
					in(t, list, a, func(t *testing.T, client *Client) {
						jobs, err := client.ListJobs(t.Context(), of(list, check.Filter{}))
						if err != nil {
							t.Fatal(err)
						}
						listed := ids(jobs)
						for _, id := range ids(wanted(a)) {
							if slices.Contains(first, id) && !slices.Contains(listed, id) {
								t.Errorf("%s was there all the time and is not listed", id)
							}
						}
						if slices.Sort(listed); len(slices.Compact(listed)) != len(jobs) {
							t.Error("a job is listed twice")
						}
					})
				})
			})
		}
	}
}

// A job whose entry alone is too large fails alone, wherever it is in the list, if its
// id can be read.
func TestEntriesThatAreTooLarge(t *testing.T) {
	text := strings.Repeat("x", 4200<<10)
	for name, test := range map[string]struct {
		size int
		huge []int
		more map[string]any
	}{
		"the only one":    {1, []int{0}, map[string]any{"Zone": text}},
		"the first":       {150, []int{0}, map[string]any{"Zone": text}},
		"the last":        {150, []int{149}, map[string]any{"Zone": text}},
		"one amid others": {250, []int{120}, map[string]any{"Zone": text}},
		"several":         {250, []int{3, 120, 121, 122, 249}, map[string]any{"Zone": text}},
		"all":             {4, []int{0, 1, 2, 3}, map[string]any{"Zone": text}},
		"many values":     {30, []int{7}, map[string]any{"Zone": encoded(make([]int, 500000))}},
	} {
		t.Run(name, func(t *testing.T) {
			everyList(t, func(t *testing.T, list string) {
				a := newAccount(test.size)
				for _, i := range test.huge {
					a.jobs[i].more, a.jobs[i].status = test.more, "running"
				}
				in(t, list, a, func(t *testing.T, client *Client) {
					f := of(list, check.Filter{})
					jobs, err := client.ListJobs(t.Context(), f)
					if err != nil || !reflect.DeepEqual(ids(jobs), ids(wanted(a))) {
						t.Fatalf("%d jobs, %v", len(jobs), err)
					}
					for i, j := range jobs {
						if (j.Failure != nil) != slices.Contains(test.huge, i) {
							t.Errorf("%s: %v", j.ID, j.Failure)
						}
						if f := j.Failure; f != nil && (f.Code != check.CodeJobTooLarge || f.Retryable() || f.Body != nil || j.Status != "") {
							t.Errorf("%+v: %+v", j, f)
						}
					}
					if a.pages > 20+60*len(test.huge) {
						t.Errorf("%d pages", a.pages)
					}
				})
			})
		})
	}
	everyList(t, func(t *testing.T, list string) {
		a := newAccount(20)
		a.jobs[9].more = map[string]any{"DatabaseInfo": text} // before the id
		in(t, list, a, func(t *testing.T, client *Client) {
			jobs, err := client.ListJobs(t.Context(), of(list, check.Filter{}))
			var failure *check.Error
			if !errors.As(err, &failure) || failure.Code != check.CodeJobTooLarge || failure.Retryable() || failure.Body != nil || jobs != nil {
				t.Errorf("%d jobs, %v", len(jobs), err)
			}
		})
	})
}

// Of pages as large as may be, one at a time is in memory.
func TestLargePagesKeepToTheMemory(t *testing.T) {
	filler := []byte(`,"DatabaseInfo":"` + strings.Repeat("x", 1300<<10) + `"}`)
	const listed = 60
	endpoint := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ Offset, Limit int }
		json.NewDecoder(r.Body).Decode(&asked)
		io.WriteString(w, `{"Response":{"RequestId":"r","TotalCount":`+strconv.Itoa(listed)+`,"JobList":[`)
		for i := asked.Offset; i < min(asked.Offset+asked.Limit, listed); i++ {
			if i > asked.Offset {
				io.WriteString(w, ",")
			}
			fmt.Fprintf(w, `{"JobId":"dts-%d","Status":1`, i)
			w.Write(filler)
		}
		io.WriteString(w, "]}}")
	})
	c := settings()
	c.RateLimit = 10000
	client := connect(t, endpoint, c)
	live := func() uint64 { // what is reachable, without what is garbage already
		runtime.GC()
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	peak := func() uint64 { // while the jobs are listed
		before, peak := live(), uint64(0)
		done, ended := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			for {
				select {
				default:
					peak = max(peak, live())
				case <-done:
					return
				}
			}
		}()
		jobs, err := client.ListJobs(t.Context(), check.Filter{})
		close(done)
		<-ended
		if err != nil || len(jobs) != listed {
			t.Fatalf("%d jobs, %v", len(jobs), err)
		}
		return (peak - before) >> 10
	}
	// What is allocated while the collector marks, which takes longer on a busy machine,
	// passes for reachable.
	took := peak()
	for range 4 {
		if took > 16<<10 {
			took = peak()
		}
	}
	if took > 16<<10 {
		t.Errorf("%d KB", took)
	}
}

// A refusal of a single job's page is the reason.
func TestSingleJobsThatDTSRefuses(t *testing.T) {
	refusing := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, `{"Response":{"Error":{"Code":"ResponseSizeLimitExceeded","Message":"too large"},"RequestId":"46b45da1"}}`)
	})
	everyList(t, func(t *testing.T, list string) {
		in(t, list, refusing, func(t *testing.T, client *Client) {
			jobs, err := client.ListJobs(t.Context(), of(list, check.Filter{}))
			var failure *check.Error
			if !errors.As(err, &failure) || failure.Code != "ResponseSizeLimitExceeded" || failure.RequestID != "46b45da1" || jobs != nil {
				t.Errorf("%d jobs, %v", len(jobs), err)
			}
		})
	})
}

// An answer of millions of empty entries, tags or actions takes no more memory than
// its bytes do.
func TestEmptyEntriesTakeNoMemory(t *testing.T) {
	many := strings.Repeat("{},", 200000) + "{}"
	for name, members := range map[string]string{
		"entries": `"TotalCount":1,"JobList":[` + many + `]`,
		"tags":    `"TotalCount":1,"JobList":[{"JobId":"dts-1","Status":null,"Tags":[` + many + `]}]`,
	} {
		t.Run(name, func(t *testing.T) {
			answer := []byte(`{"Response":{"RequestId":"r",` + members + `}}`)
			in(t, config.Version2021, saying(answer), func(t *testing.T, client *Client) {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				jobs, err := client.ListJobs(t.Context(), check.Filter{})
				runtime.ReadMemStats(&after)
				if (err == nil) != (name == "tags") {
					t.Errorf("%d jobs, %v", len(jobs), err)
				}
				if took := after.TotalAlloc - before.TotalAlloc; took > 24<<20 {
					t.Errorf("%d KB were allocated for an answer of %d KB", took>>10, len(answer)>>10)
				}
			})
		})
	}
}

// A large page costs a few calls only once: a list of jobs that are all alike goes on
// in pages of their size.
func TestManyLargeEntriesInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(3000)
		a.largest = 40
		began := time.Now()
		jobs, err := connect(t, a, settings()).ListJobs(t.Context(), check.Filter{})
		if took := time.Since(began); err != nil || len(jobs) != 3000 || took > 11*time.Second {
			t.Errorf("%d jobs in %v and %d pages, %v", len(jobs), took, a.pages, err)
		}
	})
}

// Whose tags are seen, and what is believed where they are not.
func TestTags(t *testing.T) {
	const prod, other = `[{"TagKey":"team","TagValue":"db"},{"TagKey":"env","TagValue":"prod"}]`, `[{"TagKey":"env","TagValue":"test"},null]`
	byTag := check.Filter{Tags: map[string][]string{"env": {"prod"}}}
	for name, test := range map[string]struct {
		tags                   string // member of the entry
		filter                 check.Filter
		listed, tagged, unseen bool
	}{
		"borne":                      {`"Tags":` + prod, check.Filter{}, true, true, false},
		"borne, and asked for":       {`"Tags":` + prod, byTag, true, true, false},
		"another":                    {`"Tags":` + other, check.Filter{}, true, false, false},
		"another, not asked for":     {`"Tags":` + other, byTag, false, false, false},
		"null":                       {`"Tags":null`, check.Filter{}, true, false, false},
		"null, believed":             {`"Tags":null`, byTag, true, false, true},
		"absent, believed":           {`"Other":null`, byTag, true, false, true},
		"empty":                      {`"Tags":[]`, check.Filter{}, true, false, false},
		"empty, and so none of them": {`"Tags":[]`, byTag, false, false, false},
	} {
		everyList(t, func(t *testing.T, list string) {
			id := "dts-1"
			if list == syncJobs {
				id = "sync-1"
			}
			entry := `{"JobId":"` + id + `",` + test.tags + `}`
			endpoint := saying([]byte(`{"Response":{"RequestId":"r","TotalCount":1,"JobList":[` + entry + `],` + entry[1:] + `}`))
			for _, start := range []check.Tag{{}, {Key: "env", Value: "prod"}, {Key: "env", Value: "dev"}} {
				synctest.Test(t, func(t *testing.T) {
					c := settings()
					c.APIVersion, c.StartTag = list, start
					client := connect(t, endpoint, c)
					tagged := test.tagged && start.Value == "prod"
					jobs, err := client.ListJobs(t.Context(), of(list, test.filter))
					if err != nil || (len(jobs) == 1) != test.listed || test.listed && (jobs[0].Tagged != tagged || jobs[0].TagsUnseen != test.unseen) {
						t.Errorf("%s, %v: %+v, %v", name, start, jobs, err)
					}
					job, _, err := client.DescribeJob(t.Context(), id)
					if err != nil || job.Tagged != tagged || job.TagsUnseen {
						t.Errorf("%s, %v: %+v, %v", name, start, job, err)
					}
				})
			}
		})
	}
}

// A list that cannot be read to its end is an error that says why.
func TestListsThatCannotBeRead(t *testing.T) {
	shown := func(change func(r map[string]any)) *account {
		a := newAccount(150)
		a.answer = change
		return a
	}
	entries := func(r map[string]any) []map[string]any { return r["JobList"].([]map[string]any) }
	for name, test := range map[string]struct {
		account *account
		code    string
		message string
	}{
		"empty before its end":        {shown(func(r map[string]any) { r["JobList"] = nil }), check.CodeSelectionMoved, "lists none"},
		"the same page for ever":      {shown(func(r map[string]any) { r["TotalCount"] = 1e6 }), check.CodeSelectionMoved, "lists none"},
		"no count":                    {shown(func(r map[string]any) { delete(r, "TotalCount") }), check.CodeNotAPI, "TotalCount"},
		"fewer than none":             {shown(func(r map[string]any) { r["TotalCount"] = -1 }), check.CodeNotAPI, "TotalCount"},
		"fewer than are listed":       {shown(func(r map[string]any) { r["TotalCount"] = 5 }), check.CodeNotAPI, "more entries than there are"},
		"none, and some are listed":   {shown(func(r map[string]any) { r["TotalCount"] = 0 }), check.CodeNotAPI, "more entries than there are"},
		"none, and one is listed":     {shown(func(r map[string]any) { r["TotalCount"], r["JobList"] = 0, entries(r)[:1] }), check.CodeNotAPI, "more entries than there are"},
		"one that is there twice":     {shown(func(r map[string]any) { entries(r)[7] = entries(r)[8] }), check.CodeNotAPI, "twice"},
		"a null entry":                {shown(func(r map[string]any) { entries(r)[7] = nil }), check.CodeNotAPI, "JobId"},
		"an entry without a JobId":    {shown(func(r map[string]any) { delete(entries(r)[7], "JobId") }), check.CodeNotAPI, "JobId"},
		"an entry with a strange one": {shown(func(r map[string]any) { entries(r)[7]["JobId"] = "dts 1" }), check.CodeNotAPI, "JobId"},
		"an entry with a long one":    {shown(func(r map[string]any) { entries(r)[7]["JobId"] = strings.Repeat("x", 65) }), check.CodeNotAPI, "JobId"},
		"more than was asked for":     {shown(func(r map[string]any) { r["JobList"] = append(entries(r), entries(r)...) }), check.CodeNotAPI, "more entries"},
		"never twice the same":        {churning(), check.CodeSelectionMoved, "came and went"},
		"too many jobs":               {newAccount(10001), "InvalidParameter", "more than 10000"},
	} {
		t.Run(name, func(t *testing.T) {
			everyList(t, func(t *testing.T, list string) {
				test.account.pages = 0
				in(t, list, test.account, func(t *testing.T, client *Client) {
					jobs, err := client.ListJobs(t.Context(), of(list, check.Filter{}))
					var failure *check.Error
					if !errors.As(err, &failure) || failure.Code != test.code || !strings.Contains(failure.Message, test.message) || jobs != nil ||
						failure.Code != "InvalidParameter" && failure.Attempts == 0 {
						t.Errorf("%d jobs, %v", len(jobs), err)
					}
				})
			})
		})
	}
}

// Jobs that do not fit are not listed for ever either.
func TestListOfFarTooManyJobs(t *testing.T) {
	in(t, config.Version2018, newAccount(50001), func(t *testing.T, client *Client) {
		jobs, err := client.ListJobs(t.Context(), check.Filter{Names: []string{"orders"}})
		var failure *check.Error
		if !errors.As(err, &failure) || failure.Code != "InvalidParameter" || !strings.Contains(failure.Message, "more than 50000") || jobs != nil {
			t.Errorf("%d jobs, %v", len(jobs), err)
		}
	})
}

// Ten thousand jobs are listed in 5.5 s, by calls that keep to the quota.
func TestListTenThousand(t *testing.T) {
	everyList(t, func(t *testing.T, list string) {
		synctest.Test(t, func(t *testing.T) {
			a := newAccount(10000)
			c := settings()
			c.APIVersion = list
			client := connect(t, a, c)
			began := time.Now()
			jobs, err := client.ListJobs(t.Context(), of(list, check.Filter{}))
			if took := time.Since(began); err != nil || len(jobs) != 10000 || took > 5500*time.Millisecond {
				t.Errorf("%d jobs in %v, %v", len(jobs), took, err)
			}
		})
	})
}
