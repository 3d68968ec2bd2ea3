package dts

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	v2018 "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/dts/v20180330"
	v2021 "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/dts/v20211206"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
)

// account is an endpoint with a list of jobs, in the order of their creation.
type account struct {
	mu       sync.Mutex
	jobs     []record
	pages    int
	requests []map[string]any

	// largest, if set, is how many entries a page may have before it is refused.
	largest int

	// between, if set, changes the account before each page but the first; n
	// counts them from 1.
	between func(a *account, n int)

	// answer, if set, changes an answer.
	answer func(response map[string]any)
}

// record is a job as an account has it.
type record struct {
	id, name string
	status   string
	source   string
	tags     map[string]string
	more     map[string]any // other members of the entry
}

var syncWords = map[string]string{"created": "Initialized", "checking": "Checking", "checkPass": "CheckPass", "checkNotPass": "CheckNotPass", "running": "Running", "unset": "UnInitialized"}

var numbers = map[string]int{"created": 1, "checking": 3, "checkPass": 4, "checkNotPass": 5, "running": 7}

func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var asked struct {
		Offset, Limit int
		Status        []string
	}
	request := map[string]any{}
	var body json.RawMessage
	json.NewDecoder(r.Body).Decode(&body)
	json.Unmarshal(body, &asked)
	json.Unmarshal(body, &request)
	a.requests = append(a.requests, request)
	if a.pages++; a.pages > 1 && a.between != nil {
		a.between(a, a.pages-1)
	}
	fitting := a.jobs
	if len(asked.Status) > 0 {
		fitting = nil
		for _, j := range a.jobs {
			if slices.Contains(asked.Status, j.status) || slices.Contains(asked.Status, syncWords[j.status]) {
				fitting = append(fitting, j)
			}
		}
	}
	page := []map[string]any{}
	action := r.Header.Get("X-TC-Action")
	for _, j := range fitting[min(len(fitting), asked.Offset):min(len(fitting), asked.Offset+asked.Limit)] {
		tags := []any{}
		for key, value := range j.tags {
			tags = append(tags, map[string]any{"TagKey": key, "TagValue": value})
		}
		secret := map[string]any{"User": "root", "Password": "connection-secret", "Info": []any{map[string]any{"TmpSecretKey": "connection-secret"}}}
		m := map[string]any{"JobId": j.id, "SrcDatabaseType": j.source, "DstDatabaseType": j.source, "JobName": j.name, "Status": j.status, "Tags": tags, "SrcInfo": secret, "DstInfo": secret}
		switch action {
		case "DescribeMigrateJobs":
			m["Status"] = numbers[j.status]
		case "DescribeMigrationJobs":
			delete(m, "SrcDatabaseType") // it has them deeper
			m["Action"] = map[string]any{"AllowedAction": []string{"view", "check"}}
		case "DescribeSyncJobs":
			m["JobId"], m["Status"] = strings.Replace(j.id, "dts-", "sync-", 1), syncWords[j.status]
		}
		maps.Copy(m, j.more)
		page = append(page, m)
	}
	if a.largest > 0 && len(page) > a.largest {
		io.WriteString(w, `{"Response":{"Error":{"Code":"ResponseSizeLimitExceeded","Message":"too large"},"RequestId":"46b45da1"}}`)
		return
	}
	response := map[string]any{"TotalCount": len(fitting), "JobList": page, "RequestId": "46b45da1"}
	if a.answer != nil {
		a.answer(response)
	}
	json.NewEncoder(w).Encode(map[string]any{"Response": response})
}

// newAccount returns an account of n created jobs.
func newAccount(n int) *account {
	a := &account{}
	for i := range n {
		a.add(i)
	}
	return a
}

func (a *account) add(i int) {
	a.jobs = append(a.jobs, record{id: fmt.Sprintf("dts-%05d", i), name: fmt.Sprint("job ", i), status: "created", source: "mysql"})
}

func (a *account) remove(from, to int) { a.jobs = slices.Delete(a.jobs, from, to) }

func ids(jobs []check.Job) []string {
	out := []string{}
	for _, j := range jobs {
		out = append(out, strings.Replace(j.ID, "sync-", "dts-", 1))
	}
	return out
}

// syncJobs stands for the list of sync jobs among the generations of migrations.
const syncJobs = "sync"

// everyList runs a test for the list of each kind of jobs and generation.
func everyList(t *testing.T, test func(t *testing.T, list string)) {
	for _, list := range []string{config.Version2018, config.Version2021, syncJobs} {
		t.Run(list, func(t *testing.T) { test(t, list) })
	}
}

// of returns a filter for a list.
func of(list string, f check.Filter) check.Filter {
	if list == syncJobs {
		f.Kinds = []check.JobKind{check.Sync}
	}
	return f
}

// Lists of every length are read to their end, and what is kept of a job is
// what a job is.
func TestListJobs(t *testing.T) {
	everyList(t, func(t *testing.T, list string) {
		for _, n := range []int{0, 1, 99, 100, 101, 198, 199, 200, 1000} {
			in(t, list, newAccount(n), func(t *testing.T, client *Client) {
				jobs, err := client.ListJobs(t.Context(), of(list, check.Filter{}))
				if err != nil || jobs == nil || !reflect.DeepEqual(ids(jobs), ids(wanted(newAccount(n)))) {
					t.Errorf("%d of %d jobs, %v", len(jobs), n, err)
				}
				if strings.Contains(fmt.Sprintf("%+v", jobs), "connection-secret") {
					t.Errorf("connection data is kept: %+v", jobs)
				}
				if n == 1 {
					want := check.Job{ID: "dts-00000", Name: "job 0", Status: check.JobCreated}
					if list == syncJobs {
						want.ID = "sync-00000"
					}
					if list == config.Version2021 {
						want.Checkable = new(true)
					}
					if !reflect.DeepEqual(jobs[0], want) {
						t.Errorf("got %+v, want %+v", jobs[0], want)
					}
				}
			})
		}
	})
}

func wanted(a *account) []check.Job {
	var out []check.Job
	for _, j := range a.jobs {
		out = append(out, check.Job{ID: j.id})
	}
	return out
}

// listRequests are the SDK's models of what is sent.
var listRequests = map[string]reflect.Type{
	config.Version2018: reflect.TypeFor[v2018.DescribeMigrateJobsRequestParams](),
	config.Version2021: reflect.TypeFor[v2021.DescribeMigrationJobsRequestParams](),
	syncJobs:           reflect.TypeFor[v2021.DescribeSyncJobsRequestParams](),
}

// All that a filter names must fit; DTS is asked for what it can filter by.
func TestFilters(t *testing.T) {
	jobs := []record{
		{"dts-1", "orders", "created", "mysql", map[string]string{"env": "prod", "team": "db"}, nil},
		{"dts-2", "orders-2", "checkNotPass", "mysql", map[string]string{"env": "test"}, nil},
		{"dts-3", "users", "running", "redis", map[string]string{"env": "prod"}, nil},
		{"dts-4", "users", "checkPass", "mysql", map[string]string{}, nil},
	}
	type sent struct{ version2018, version2021, sync string }
	plain := sent{`{"Limit":100,"Order":"CreateTime","OrderSeq":"ASC"}`, `{"Limit":100,"OrderSeq":"asc"}`, `{"Limit":100,"Order":"CreateTime","OrderSeq":"ASC"}`}
	for name, test := range map[string]struct {
		filter   check.Filter
		want     string
		want2021 string // where DTS would filter by more than the account does
		sent     sent
	}{
		"none": {check.Filter{}, "1 2 3 4", "", plain},
		"status": {check.Filter{Status: []string{"created", "checkNotPass"}}, "1 2", "", sent{plain.version2018,
			`{"Limit":100,"OrderSeq":"asc","Status":["created","checkNotPass"]}`,
			`{"Limit":100,"Order":"CreateTime","OrderSeq":"ASC","Status":["CheckNotPass","Initialized"]}`}},
		"a name": {check.Filter{Names: []string{"orders"}}, "1", "", sent{`{"JobName":"orders","Limit":100,"Order":"CreateTime","OrderSeq":"ASC"}`,
			`{"JobName":"orders","Limit":100,"OrderSeq":"asc"}`, `{"JobName":"orders","Limit":100,"Order":"CreateTime","OrderSeq":"ASC"}`}},
		"names": {check.Filter{Names: []string{"orders", "users"}}, "1 3 4", "", plain},
		"tags": {check.Filter{Tags: map[string][]string{"team": {"db", "web"}, "env": {"prod"}}}, "1", "", sent{
			`{"Limit":100,"Order":"CreateTime","OrderSeq":"ASC","TagFilters":[{"TagKey":"env","TagValue":["prod"]},{"TagKey":"team","TagValue":["db","web"]}]}`,
			`{"Limit":100,"OrderSeq":"asc","TagFilters":[{"TagKey":"env","TagValue":["prod"]},{"TagKey":"team","TagValue":["db","web"]}]}`,
			`{"Limit":100,"Order":"CreateTime","OrderSeq":"ASC","TagFilters":[{"TagKey":"env","TagValue":["prod"]},{"TagKey":"team","TagValue":["db","web"]}]}`}},
		"database type": {check.Filter{SrcDatabaseTypes: []string{"redis", "mongodb"}}, "3", "1 2 3 4",
			sent{plain.version2018, `{"Limit":100,"OrderSeq":"asc","SrcDatabaseType":["redis","mongodb"]}`, plain.sync}},
		"other end's": {check.Filter{DstDatabaseTypes: []string{"redis"}}, "3", "1 2 3 4",
			sent{plain.version2018, `{"DstDatabaseType":["redis"],"Limit":100,"OrderSeq":"asc"}`, plain.sync}},
		"all at once": {check.Filter{Status: []string{"created"}, Names: []string{"orders"}, Tags: map[string][]string{"env": {"prod"}}, SrcDatabaseTypes: []string{"mysql"}}, "1", "", sent{}},
	} {
		t.Run(name, func(t *testing.T) {
			everyList(t, func(t *testing.T, list string) {
				a := &account{jobs: jobs}
				want, sent := test.want, map[string]string{config.Version2018: test.sent.version2018, config.Version2021: test.sent.version2021, syncJobs: test.sent.sync}[list]
				if list == config.Version2021 && test.want2021 != "" {
					want = test.want2021
				}
				in(t, list, a, func(t *testing.T, client *Client) {
					got, err := client.ListJobs(t.Context(), of(list, test.filter))
					if text := strings.ReplaceAll(strings.Join(ids(got), " "), "dts-", ""); err != nil || text != want {
						t.Errorf("got %q, %v; want %q", text, err, want)
					}
					for field := range a.requests[0] {
						if _, ok := listRequests[list].FieldByName(field); !ok {
							t.Errorf("sent %s, which the action does not have", field)
						}
					}
					if request, _ := json.Marshal(a.requests[0]); sent != "" && string(request) != sent {
						t.Errorf("sent %s, want %s", request, sent)
					}
				})
			})
		})
	}
}

// Jobs that come and go while the list is read hide none of those that stay.
func TestListThatMoves(t *testing.T) {
	for name, test := range map[string]struct {
		size    int
		between func(a *account, n int)
	}{
		"one goes on the page before": {300, func(a *account, n int) {
			if n == 1 {
				a.remove(10, 11)
			}
		}},
		"the last of the page before goes": {300, func(a *account, n int) {
			if n == 1 {
				a.remove(99, 100)
			}
		}},
		"more than a page goes": {500, func(a *account, n int) {
			if n == 3 {
				a.remove(0, 150)
			}
		}},
		"all of the rest goes": {300, func(a *account, n int) {
			if n == 2 {
				a.remove(100, 300)
			}
		}},
		"some come at the end": {150, func(a *account, n int) { a.add(1000 + n) }},
		"some come in the middle": {300, func(a *account, n int) {
			a.jobs = slices.Insert(a.jobs, 5, record{id: fmt.Sprint("dts-new-", n), status: "created"})
		}},
		"one goes before each page": {3000, func(a *account, n int) { a.remove(0, 1) }},
	} {
		t.Run(name, func(t *testing.T) {
			everyList(t, func(t *testing.T, list string) {
				a := newAccount(test.size)
				first := ids(wanted(a))
				a.between = test.between
				in(t, list, a, func(t *testing.T, client *Client) {
					jobs, err := client.ListJobs(t.Context(), of(list, check.Filter{}))
					if err != nil {
						t.Fatal(err)
					}
					listed, stayed := map[string]bool{}, map[string]bool{}
					for _, id := range ids(jobs) {
						listed[id] = true
					}
					for _, id := range ids(wanted(a)) {
						stayed[id] = true
					}
					for _, id := range first {
						if stayed[id] && !listed[id] {
							t.Errorf("%s was there all the time and is not listed", id)
						}
					}
					if len(listed) != len(jobs) {
						t.Error("a job is listed twice")
					}
					if a.pages > 20+3*test.size/100 {
						t.Errorf("%d pages", a.pages)
					}
				})
			})
		})
	}
}

// A job that is read twice is what it was the second time.
func TestListedStatusIsTheLatest(t *testing.T) {
	a := newAccount(150)
	a.between = func(a *account, _ int) { a.jobs[99].status = "checking" }
	in(t, config.Version2018, a, func(t *testing.T, client *Client) {
		jobs, err := client.ListJobs(t.Context(), check.Filter{Status: []string{"created"}})
		if err != nil || len(jobs) != 149 || slices.Contains(ids(jobs), "dts-00099") {
			t.Errorf("%d jobs, %v", len(jobs), err)
		}
	})
}

// churning returns an account that has other jobs whenever it is asked.
func churning() *account {
	a := newAccount(120)
	next := 1000
	a.between = func(a *account, _ int) {
		a.jobs = nil
		for range 120 {
			next++
			a.add(next)
		}
	}
	return a
}
