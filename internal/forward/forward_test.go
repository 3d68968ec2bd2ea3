package forward

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/report"
	"migratecheck/internal/tcapi"
)

// fakeAPI keeps what it is asked, each request as the JSON that is sent.
type fakeAPI struct {
	mu       sync.Mutex
	requests map[string][]string // by action
	answer   func(ctx context.Context, action string, nth int) error
}

func (f *fakeAPI) Do(ctx context.Context, a tcapi.Action, request, response any) (check.Receipt, error) {
	encoded, err := json.Marshal(request)
	if err != nil {
		return check.Receipt{}, err
	}
	f.mu.Lock()
	if f.requests == nil {
		f.requests = map[string][]string{}
	}
	f.requests[a.Name] = append(f.requests[a.Name], string(encoded))
	nth := len(f.requests[a.Name])
	f.mu.Unlock()
	if f.answer != nil {
		return check.Receipt{}, f.answer(ctx, a.Name, nth)
	}
	return check.Receipt{}, nil
}

func (f *fakeAPI) Redact(_ context.Context, text string) string {
	return strings.ReplaceAll(text, "SECRET", "***")
}

// contexts returns the events of the functions that were called.
func (f *fakeAPI) contexts(t *testing.T) (events []string) {
	for _, text := range f.requests["Invoke"] {
		var r invokeRequest
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatal(err)
		}
		events = append(events, r.ClientContext)
	}
	return events
}

// lost forwards a report and returns what was not taken.
func lost(f *Forwarder, ctx context.Context, r report.Report) (out []check.Forwarded) {
	for _, d := range f.Forward(ctx, r, nil) {
		if d.Reason != "" {
			out = append(out, d)
		} else if d.Payloads != nil {
			panic("something is to be sent again although all was taken")
		}
	}
	return out
}

// encode returns the answer, however long it is.
func encode(r check.Result) []byte { return r.Encode(math.MaxInt32, nil) }

func verdict(passed bool) *check.State {
	return &check.State{Status: check.Finished, Passed: &passed, Progress: 100}
}

func failed(code string) *check.Error { return &check.Error{Code: code, Message: "why"} }

var (
	fine    = report.Report{Result: check.Result{Jobs: []check.Outcome{{JobID: "dts-a", Progress: check.Progress{Stage: check.StageCreated, RequestID: "r1"}}}}}
	problem = report.Report{Result: check.Result{Batch: true, Verdicts: true, Jobs: []check.Outcome{
		{JobID: "dts-a", Progress: check.Progress{Stage: check.StageJudged, RequestID: "r1", Check: verdict(true)}}, {JobID: "dts-b", Progress: check.Progress{Stage: check.StageJudged, RequestID: "r2", Check: verdict(false)}}}}}
)

var all = config.Config{Function: config.Function{Namespace: "default", Name: "next"}, EventBus: "eb-l65vlc2u", Webhook: "http://127.0.0.1:1/", MaxAttempts: 1}

func TestNowhereToForwardTo(t *testing.T) {
	f := New(config.Config{When: config.Always}, &fakeAPI{})
	if f != nil {
		t.Error("there is a forwarder")
	}
	if got := f.Forward(t.Context(), problem, nil); got != nil {
		t.Errorf("got %v", got)
	}
}

// outcomes of each kind that matters to RESULT_WHEN.
var (
	before = func(passed bool, failed ...string) *check.Verdict {
		return &check.Verdict{Passed: passed, Failed: failed}
	}
	judged = func(id string, passed bool, before *check.Verdict) check.Outcome {
		state := verdict(passed)
		if !passed {
			state.Steps = []check.Step{{ID: "BinlogParamCheck", Status: check.StepFailed}}
		}
		return check.Outcome{JobID: id, Progress: check.Progress{Stage: check.StageJudged, Check: state, Before: before}}
	}
	passed     = judged("passed", true, nil)
	notPassed  = judged("notPassed", false, nil)
	fixed      = judged("fixed", true, before(false, "BinlogParamCheck"))
	still      = judged("still", false, before(false, "BinlogParamCheck"))
	otherwise  = judged("otherwise", false, before(false, "SrcPrivilegeCheck"))
	good       = judged("good", true, before(true))
	broken     = judged("broken", false, before(true))
	refused    = check.Outcome{JobID: "refused", Progress: check.Progress{Error: failed("ResourceNotFound.JobNotExist")}}
	noVerdict  = check.Outcome{JobID: "noVerdict", Progress: check.Progress{Stage: check.StageCreated, Check: &check.State{Status: check.Running}}}
	waiting    = check.Outcome{JobID: "waiting", Progress: check.Progress{Stage: check.StageWaiting, Check: verdict(true)}}
	untagged   = check.Outcome{JobID: "untagged", Progress: check.Progress{Stage: check.StageWaiting, Untagged: true, Check: verdict(true)}}
	created    = check.Outcome{JobID: "created", Progress: check.Progress{Stage: check.StageCreated}}
	rehearsed  = check.Outcome{JobID: "rehearsed", Rehearsed: true, Would: []string{"check"}}
	rehearsed2 = check.Outcome{JobID: "rehearsed", Rehearsed: true, Progress: check.Progress{Error: failed("ResourceNotFound.JobNotExist")}}
)

// Who gets what is for RESULT_WHEN to say, and for what each was told before.
func TestWhen(t *testing.T) {
	same, trouble := check.Told{Same: true}, check.Told{Problem: true}
	everywhere := func(t check.Told) map[string]check.Told {
		return map[string]check.Told{Function: t, EventBus: t, Webhook: t}
	}
	type jobs = []check.Outcome
	for name, row := range map[string]struct {
		when string
		told map[string]check.Told
		jobs jobs

		// The subjects that the bus got, and how many jobs function and webhook; -1 for
		// nothing at all.
		bus               string
		function, webhook int
	}{
		"nothing set, all is well":              {"", nil, jobs{passed, created}, "passed created", 2, -1},
		"nothing set, a problem":                {"", nil, jobs{passed, notPassed}, "passed notPassed", 2, 2},
		"nothing set, no job":                   {"", nil, nil, "", 0, -1},
		"always":                                {config.Always, nil, jobs{passed}, "passed", 1, 1},
		"always, no job":                        {config.Always, nil, nil, "", 0, 0},
		"problems, all is well":                 {config.Problems, nil, jobs{passed, created, untagged, good, fixed}, "", -1, -1},
		"problems, refused":                     {config.Problems, nil, jobs{refused, passed}, "refused passed", 2, 2},
		"problems, no verdict":                  {config.Problems, nil, jobs{noVerdict}, "noVerdict", 1, 1},
		"problems, one waits":                   {config.Problems, nil, jobs{passed, waiting}, "passed waiting", 2, 2},
		"problems, no job":                      {config.Problems, nil, nil, "", -1, -1},
		"changes, none":                         {config.Changes, nil, jobs{still, good, passed, untagged, created}, "", -1, -1},
		"changes, no job":                       {config.Changes, nil, nil, "", -1, -1},
		"changes":                               {config.Changes, nil, jobs{still, fixed, good, otherwise, broken, passed, notPassed}, "fixed otherwise broken notPassed", 7, 7},
		"changes, what always is one":           {config.Changes, nil, jobs{good, refused, noVerdict, waiting}, "refused noVerdict waiting", 4, 4},
		"the same again":                        {config.Always, everywhere(same), jobs{notPassed}, "", -1, -1},
		"the same again at one":                 {config.Always, map[string]check.Told{EventBus: same}, jobs{notPassed}, "", 1, 1},
		"the same trouble again":                {"", everywhere(check.Told{Same: true, Problem: true}), jobs{notPassed}, "", -1, -1},
		"mended":                                {config.Problems, everywhere(trouble), jobs{passed, good}, "passed good", 2, 2},
		"mended, of changes":                    {config.Changes, everywhere(trouble), jobs{passed, good}, "passed good", 2, 2},
		"mended at one":                         {config.Problems, map[string]check.Told{Webhook: trouble}, jobs{passed}, "", -1, 1},
		"another trouble that is not a change":  {config.Changes, everywhere(trouble), jobs{still}, "still", 1, 1},
		"a rehearsal":                           {config.Always, everywhere(trouble), jobs{rehearsed, rehearsed2}, "", -1, -1},
		"a rehearsal beside what was done":      {config.Always, nil, jobs{rehearsed, passed, rehearsed2}, "passed", 1, 1},
		"a rehearsal beside what was done well": {"", nil, jobs{passed, rehearsed2}, "passed", 1, -1},
	} {
		t.Run(name, func(t *testing.T) {
			robot := &robotServer{answers: []http.HandlerFunc{ok}}
			server := httptest.NewServer(robot)
			defer server.Close()
			c := all
			c.When, c.Webhook = row.when, server.URL
			api := &fakeAPI{}
			given := slices.Clone(row.jobs)
			out := New(c, api).Forward(t.Context(), report.Report{Result: check.Result{Batch: true, Jobs: row.jobs}}, row.told)
			if !reflect.DeepEqual(given, row.jobs) {
				t.Error("the outcomes were changed")
			}
			count := func(bodies []string) int {
				var answer struct{ Jobs []check.Outcome }
				if len(bodies) == 0 {
					return -1
				}
				if err := json.Unmarshal([]byte(bodies[0]), &answer); err != nil || answer.Jobs == nil || len(bodies) > 1 {
					t.Errorf("got %q, %v", bodies, err)
				}
				return len(answer.Jobs)
			}
			var messages, subjects, names, want []string
			for _, m := range robot.got {
				messages = append(messages, m.body)
			}
			for _, put := range api.puts(t) {
				for _, e := range put.EventList {
					subjects = append(subjects, e.Subject)
				}
			}
			if function, webhook, bus := count(api.contexts(t)), count(messages), strings.Join(subjects, " "); function != row.function || webhook != row.webhook || bus != row.bus {
				t.Errorf("the function got %d jobs, the webhook %d, the bus %q", function, webhook, bus)
			}
			for _, f := range out {
				if names = append(names, f.Destination); f.Reason != "" || f.Payloads != nil {
					t.Errorf("%s: %s", f.Destination, f.Reason)
				}
			}
			for destination, got := range map[string]bool{Function: row.function >= 0, EventBus: row.bus != "", Webhook: row.webhook >= 0} {
				if got {
					want = append(want, destination)
				}
			}
			slices.Sort(names)
			if slices.Sort(want); !slices.Equal(names, want) {
				t.Errorf("result for %v, want %v", names, want)
			}
		})
	}
}

func TestFunction(t *testing.T) {
	for name, row := range map[string]struct {
		to   config.Function
		r    report.Report
		want string
	}{
		"one job": {config.Function{Namespace: "default", Name: "next"}, fine,
			`{"FunctionName":"next","Namespace":"default","InvocationType":"Event","ClientContext":"{\"JobId\":\"dts-a\",\"RequestId\":\"r1\"}"}`},
		"a batch": {config.Function{Namespace: "ops", Name: "next", Qualifier: "3"}, problem,
			`{"FunctionName":"next","Namespace":"ops","Qualifier":"3","InvocationType":"Event","ClientContext":"{\"Jobs\":[` +
				`{\"JobId\":\"dts-a\",\"RequestId\":\"r1\",\"Check\":{\"Status\":\"finished\",\"Passed\":true,\"Progress\":100}},` +
				`{\"JobId\":\"dts-b\",\"RequestId\":\"r2\",\"Check\":{\"Status\":\"finished\",\"Passed\":false,\"Progress\":100}}],` +
				`\"Failed\":0,\"Passed\":1,\"NotPassed\":1,\"NoVerdict\":0}"}`},
		"no job": {config.Function{Namespace: "default", Name: "next"}, report.Report{Result: check.Result{Batch: true}},
			`{"FunctionName":"next","Namespace":"default","InvocationType":"Event","ClientContext":"{\"Jobs\":[],\"Failed\":0}"}`},
	} {
		t.Run(name, func(t *testing.T) {
			api := &fakeAPI{}
			r := row.r
			r.Function = "checks"
			if f := lost(New(config.Config{Function: row.to}, api), t.Context(), r); f != nil {
				t.Errorf("failed: %v", f)
			}
			if got := api.requests["Invoke"]; len(got) != 1 || got[0] != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
	if want := (tcapi.Action{Service: "scf", Version: "2018-04-16", Name: "Invoke", Quota: 100, Changes: true}); invoke != want {
		t.Errorf("got %+v", invoke)
	}
}

// A function that forwards to itself would never end.
func TestFunctionIsNotItsOwnNext(t *testing.T) {
	for self, refused := range map[config.Function]bool{
		{Namespace: "default", Name: "next"}: true,
		{Name: "next"}:                       true, // the namespace that is not named is default
		{Namespace: "ops", Name: "next"}:     false,
		{Namespace: "default", Name: "nex"}:  false,
		{}:                                   false,
	} {
		api := &fakeAPI{}
		r := fine
		r.Namespace, r.Function = self.Namespace, self.Name
		f := lost(New(config.Config{Function: all.Function}, api), t.Context(), r)
		if (len(f) == 1) != refused || (len(api.requests["Invoke"]) == 0) != refused {
			t.Errorf("%v: %v, %v", self, f, api.requests)
		}
		if refused && (f[0].Destination != Function || !strings.Contains(f[0].Reason, "itself") || len(slices.Collect(f[0].Payloads)) != 1) {
			t.Errorf("%v: %v", self, f)
		}
	}
}

// sized returns a batch of two jobs whose answer has exactly n bytes, most of
// them of Chinese characters.
func sized(t *testing.T, n int) check.Result {
	t.Helper()
	r := check.Result{Batch: true, Jobs: []check.Outcome{{JobID: "dts-a", Progress: check.Progress{Stage: check.StageJudged, Check: &check.State{}}}, {JobID: "dts-b", Progress: check.Progress{Stage: check.StageJudged, Check: &check.State{}}}}}
	long := check.Step{Name: strings.Repeat("权", 1000), Message: strings.Repeat("限", 1000)}
	for len(encode(r)) < n-8000 {
		c := r.Jobs[len(encode(r))%2].Check
		c.Steps = append(c.Steps, long)
	}
	missing := n - len(encode(r)) - len(`,"Message":""`)*2
	r.Jobs[0].Check.Message = strings.Repeat("长", missing/6) + strings.Repeat("x", missing%6)
	r.Jobs[1].Check.Message = strings.Repeat("长", missing/6)
	if got := len(encode(r)); got != n {
		t.Fatalf("%d bytes, not %d", got, n)
	}
	return r
}

// Up to 128 KB are one event, to the byte; one byte more, and it is two.
func TestFunctionsEventToTheByte(t *testing.T) {
	for n, want := range map[int]int{128<<10 - 100: 1, 128 << 10: 1, 128<<10 + 1: 2} {
		r := sized(t, n)
		api := &fakeAPI{}
		if f := lost(New(config.Config{Function: all.Function}, api), t.Context(), report.Report{Result: r}); f != nil {
			t.Fatal(f)
		}
		got := api.contexts(t)
		if len(got) != want || want == 1 && got[0] != string(encode(r)) || len(got[0]) > 131072 {
			t.Errorf("%d bytes: %d events, the first of %d bytes", n, len(got), len(got[0]))
		}
	}
	// The two go apart as well where a job that fills an event comes before.
	r := sized(t, 128<<10+1)
	r.Jobs = append(large(3, 4_000).Jobs[2:], r.Jobs...)
	api := &fakeAPI{}
	lost(New(config.Config{Function: all.Function}, api), t.Context(), report.Report{Result: r})
	if got := api.contexts(t); len(got) != 3 {
		t.Errorf("%d events", len(got))
	}
}

// large are outcomes of about size bytes each, the third of many times that.
func large(jobs, size int) check.Result {
	r := check.Result{Batch: true, Verdicts: true}
	for i := range jobs {
		o := check.Outcome{JobID: fmt.Sprintf("dts-%05d", i), Progress: check.Progress{Stage: check.StageJudged, RequestID: fmt.Sprintf("r%d", i), Check: verdict(false)}}
		steps, message := size/8000+1, strings.Repeat("\"限", 2*min(size, 8000)/8)
		if i == 2 {
			steps = 60
		}
		for range steps {
			o.Check.Steps = append(o.Check.Steps, check.Step{Name: strings.Repeat("权<", 500), Status: check.StepFailed, Message: message})
		}
		r.Jobs = append(r.Jobs, o)
	}
	return r
}

// What is more than one event can hold goes in several, each a batch of whole
// jobs; a job that is too long by itself keeps its outcome.
func TestFunctionsManyEvents(t *testing.T) {
	for name, r := range map[string]check.Result{
		"many":         large(100, 20_000),
		"few":          large(4, 4_000),
		"one":          {Jobs: large(3, 4_000).Jobs[2:]},
		"one in batch": {Batch: true, Jobs: large(3, 4_000).Jobs[2:]},
		"small":        large(2, 10),
	} {
		t.Run(name, func(t *testing.T) {
			api := &fakeAPI{}
			if f := lost(New(config.Config{Function: all.Function}, api), t.Context(), report.Report{Result: r}); f != nil {
				t.Fatal(f)
			}
			var got []check.Outcome
			for _, event := range api.contexts(t) {
				if len(event) > 128<<10 {
					t.Errorf("%d bytes", len(event))
				}
				var one check.Outcome
				var answer struct {
					Jobs      []check.Outcome
					NotPassed *int
				}
				if err := errors.Join(json.Unmarshal([]byte(event), &answer), json.Unmarshal([]byte(event), &one)); err != nil {
					t.Fatal(err)
				}
				if r.Batch == (answer.Jobs == nil) || r.Verdicts && (answer.NotPassed == nil || *answer.NotPassed != len(answer.Jobs)) {
					t.Errorf("form: %.100s", event)
				}
				if !r.Batch {
					answer.Jobs = []check.Outcome{one}
				}
				if len(answer.Jobs) == 0 {
					t.Error("an event without a job")
				}
				got = append(got, answer.Jobs...)
			}
			if len(got) != len(r.Jobs) {
				t.Fatalf("%d jobs, not %d", len(got), len(r.Jobs))
			}
			for i, o := range got {
				want := r.Jobs[i]
				if o.JobID != want.JobID || o.Kind() != want.Kind() || o.RequestID != want.RequestID {
					t.Errorf("%d: %+v", i, o)
				}
				if short := len(want.Check.Steps) == 60; !short && !reflect.DeepEqual(o, want.Shorten(0)) {
					t.Errorf("%s was cut", o.JobID)
				} else if short && len(o.Check.Steps) != 60 {
					t.Errorf("%d steps", len(o.Check.Steps))
				}
			}
		})
	}
	api := &fakeAPI{}
	lost(New(config.Config{Function: all.Function}, api), t.Context(), report.Report{Result: large(100, 20_000)})
	if got := len(api.contexts(t)); got < 17 || got > 22 {
		t.Errorf("%d events for 2 MB", got)
	}
}

type putEventsBody struct {
	EventBusId string
	EventList  []cloudEvent
}

func (f *fakeAPI) puts(t *testing.T) (puts []putEventsBody) {
	for _, text := range f.requests["PutEvents"] {
		if len(text) > 64<<10 {
			t.Errorf("%d bytes", len(text))
		}
		var body putEventsBody
		if err := json.Unmarshal([]byte(text), &body); err != nil {
			t.Fatal(err)
		}
		if len(body.EventList) == 0 {
			t.Error("a call without an event")
		}
		puts = append(puts, body)
	}
	return puts
}

// The bus gets an event for each job.
func TestEventBus(t *testing.T) {
	one := 1
	outcomes := []check.Outcome{
		{JobID: "dts-a", Progress: check.Progress{Stage: check.StageCreated, RequestID: "r1"}},
		{JobID: "dts-b", JobName: "<订单>", Progress: check.Progress{Stage: check.StageJudged, Check: verdict(true)}},
		{JobID: "dts-c", Progress: check.Progress{Stage: check.StageJudged, Check: verdict(false)}},
		{JobID: "dts-d", Progress: check.Progress{Stage: check.StageJudged, Check: &check.State{Status: check.Running, Progress: 40}}},
		{JobID: "dts-e", Progress: check.Progress{Stage: check.StageStarted, Check: verdict(true), StartRequestID: "s"}},
		{JobID: "dts-f", Progress: check.Progress{Error: failed("ResourceNotFound.JobNotExist")}},
		{Record: new(int), Progress: check.Progress{Error: failed("InvalidParameter")}},
		{Record: &one, Progress: check.Progress{Error: failed("InvalidParameter")}},
		{Progress: check.Progress{Error: failed("InvalidParameter")}},
		{JobID: "dts-g", Progress: check.Progress{Stage: check.StageWaiting, Check: verdict(true)}},
		{JobID: "sync-h", Progress: check.Progress{Stage: check.StageJudged, Check: verdict(false), Before: before(true)}},
		{JobID: "dts-i", Progress: check.Progress{Stage: check.StageFoundStarted}},
	}
	want := []cloudEvent{
		{"migrate-check", "migrate-check:created", "dts-a", `{"JobId":"dts-a","RequestId":"r1"}`},
		{"migrate-check", "migrate-check:passed", "dts-b", `{"JobId":"dts-b","JobName":"<订单>","Check":{"Status":"finished","Passed":true,"Progress":100}}`},
		{"migrate-check", "migrate-check:notPassed", "dts-c", `{"JobId":"dts-c","Check":{"Status":"finished","Passed":false,"Progress":100}}`},
		{"migrate-check", "migrate-check:noVerdict", "dts-d", `{"JobId":"dts-d","Check":{"Status":"running","Progress":40}}`},
		{"migrate-check", "migrate-check:started", "dts-e", `{"JobId":"dts-e","Check":{"Status":"finished","Passed":true,"Progress":100},"Started":true,"StartRequestId":"s"}`},
		{"migrate-check", "migrate-check:failed", "dts-f", `{"Error":{"Code":"ResourceNotFound.JobNotExist","Message":"why"},"JobId":"dts-f"}`},
		{"migrate-check", "migrate-check:failed", "record-0", `{"Error":{"Code":"InvalidParameter","Message":"why"},"Record":0}`},
		{"migrate-check", "migrate-check:failed", "record-1", `{"Error":{"Code":"InvalidParameter","Message":"why"},"Record":1}`},
		{"migrate-check", "migrate-check:failed", "event", `{"Error":{"Code":"InvalidParameter","Message":"why"}}`},
		{"migrate-check", "migrate-check:waiting", "dts-g", `{"JobId":"dts-g","Check":{"Status":"finished","Passed":true,"Progress":100},"Waiting":true}`},
		{"migrate-check", "migrate-check:notPassed", "sync-h", `{"JobId":"sync-h","Kind":"sync","Check":{"Status":"finished","Passed":false,"Progress":100},"Before":{"Passed":true}}`},
		{"migrate-check", "migrate-check:started", "dts-i", `{"JobId":"dts-i","AlreadyStarted":true}`},
	}
	api := &fakeAPI{}
	s := New(config.Config{EventBus: "eb-l65vlc2u"}, api)
	if f := lost(s, t.Context(), report.Report{Result: check.Result{Batch: true, Jobs: outcomes}}); f != nil {
		t.Errorf("failed: %v", f)
	}
	puts := api.puts(t)
	if len(puts) != 1 || puts[0].EventBusId != "eb-l65vlc2u" || !slices.Equal(puts[0].EventList, want) {
		t.Errorf("got %+v", puts)
	}
	if want := (tcapi.Action{Service: "eb", Version: "2021-04-16", Name: "PutEvents", Changes: true}); putEvents != want {
		t.Errorf("got %+v", putEvents)
	}
	// No job, no event.
	api = &fakeAPI{}
	if f := lost(New(config.Config{EventBus: "eb-l65vlc2u"}, api), t.Context(), report.Report{}); f != nil || len(api.requests) > 0 {
		t.Errorf("got %v, %v", f, api.requests)
	}
}

// What is forwarded to functions says which functions it came through.
func TestVia(t *testing.T) {
	via := []string{"ap-guangzhou/default/first", "ap-guangzhou/default/migrate-check"}
	const want = `,"Via":["ap-guangzhou/default/first","ap-guangzhou/default/migrate-check"]}`
	for name, jobs := range map[string]int{"one": 1, "a batch": 3, "a batch in parts": 30} {
		t.Run(name, func(t *testing.T) {
			r := check.Result{Batch: jobs > 1, Jobs: large(jobs+3, 10_000).Jobs[3:], Via: via}
			api := &fakeAPI{}
			c := all
			c.Webhook = ""
			if f := lost(New(c, api), t.Context(), report.Report{Result: r}); f != nil {
				t.Fatal(f)
			}
			if got := api.contexts(t); (len(got) > 1) != (jobs > 3) {
				t.Errorf("%d events", len(got))
			}
			for _, event := range api.contexts(t) {
				if !strings.HasSuffix(event, want) || len(event) > 128<<10 || strings.Count(event, `"Via"`) != 1 {
					t.Errorf("…%s", event[max(0, len(event)-200):])
				}
			}
			for _, put := range api.puts(t) {
				for _, e := range put.EventList {
					if !strings.HasSuffix(e.Data, want) {
						t.Errorf("…%s", e.Data[max(0, len(e.Data)-200):])
					}
				}
			}
		})
	}
}

// unfit is an outcome whose event no call has room for.
var unfit = check.Outcome{JobID: "dts-a", Progress: check.Progress{Error: &check.Error{Code: strings.Repeat("x", 64<<10)}}}

// A call carries up to 64 KB, to the byte of its JSON, in which "<" is six.
func TestEventBusToTheByte(t *testing.T) {
	jobs := func(extra int) (jobs []check.Outcome) {
		for i := range 20 {
			text := strings.Repeat("权<\"", 235)
			if i == 19 {
				text += strings.Repeat("x", extra)
			}
			jobs = append(jobs, check.Outcome{JobID: fmt.Sprintf("dts-%05d", i), Progress: check.Progress{Error: &check.Error{Code: "FailedOperation", Message: text}}})
		}
		return jobs
	}
	s := New(config.Config{EventBus: "eb-l65vlc2u"}, &fakeAPI{})
	bus, pieces := s.eventBus(check.Result{}), []piece{}
	for _, o := range jobs(0) {
		pieces = append(pieces, bus.piece(o))
	}
	whole := len(marshal(t, putEventsRequest{"eb-l65vlc2u", bus.encode(check.Result{}, pieces)}))
	if whole > 64<<10 || whole < 64<<10-3000 {
		t.Fatalf("%d bytes", whole)
	}
	for more, want := range map[int]int{0: 1, 64<<10 - whole: 1, 64<<10 - whole + 1: 2} {
		api := &fakeAPI{}
		if f := lost(New(config.Config{EventBus: "eb-l65vlc2u"}, api), t.Context(), report.Report{Result: check.Result{Jobs: jobs(more)}}); f != nil {
			t.Fatal(f)
		}
		if got := api.puts(t); len(got) != want {
			t.Errorf("%d bytes more: %d calls", more, len(got))
		}
		// As many in calls that are not the first.
		api = &fakeAPI{}
		lost(New(config.Config{EventBus: "eb-l65vlc2u"}, api), t.Context(), report.Report{Result: check.Result{Jobs: append([]check.Outcome{unfit}, jobs(more)...)}})
		if got := api.requests["PutEvents"]; len(got) != 1+want {
			t.Errorf("%d bytes more, after another: %d calls", more, len(got))
		}
	}
}

// What a text takes in a request is known before it is written.
func TestBytesOfATextInARequest(t *testing.T) {
	for _, text := range []string{"", "plain", `"\\"`, "<&>", "权\u2028\u2029\u2027\u202a\u2068", "\u2028", "a\u2028\u2028"} {
		encoded := check.Marshal(text)
		if got, want := escaped(encoded), len(marshal(t, json.RawMessage(encoded))); got != want {
			t.Errorf("%q as JSON: %d bytes, want %d", text, got, want)
		}
		if got, want := quoted(encoded), len(marshal(t, string(encoded)))-len(`""`); got != want {
			t.Errorf("%q as a string: %d bytes, want %d", text, got, want)
		}
	}
}

// A job's event has its texts as they are as long as the call has room for it.
func TestEventBusLongJobToTheByte(t *testing.T) {
	send := func(message string) string {
		steps := slices.Repeat([]check.Step{{Message: strings.Repeat("x", 4040)}}, 15)
		r := report.Report{Result: check.Result{Jobs: []check.Outcome{{JobID: "dts-a", Progress: check.Progress{Stage: check.StageJudged, Check: &check.State{Message: message, Steps: steps}}}}}}
		api := &fakeAPI{}
		lost(New(config.Config{EventBus: "eb-l65vlc2u"}, api), t.Context(), r)
		return api.requests["PutEvents"][0]
	}
	room := 64<<10 - len(send("y")) + 1
	for length, whole := range map[int]bool{room: true, room + 1: false} {
		got := send(strings.Repeat("y", length))
		if len(got) > 64<<10 || strings.Contains(got, strings.Repeat("y", length)) != whole {
			t.Errorf("%d characters of %d: %d bytes", length, room, len(got))
		}
	}
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	encoded, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// All jobs arrive, in order, in calls that are not too long, and none without
// its outcome.
func TestEventBusManyCalls(t *testing.T) {
	r := large(100, 20_000)
	r.Jobs[0], r.Jobs[2] = r.Jobs[2], r.Jobs[0] // the long one first
	api := &fakeAPI{}
	if f := lost(New(config.Config{EventBus: "eb-l65vlc2u"}, api), t.Context(), report.Report{Result: r}); f != nil {
		t.Fatal(f)
	}
	var got []cloudEvent
	for _, put := range api.puts(t) {
		got = append(got, put.EventList...)
	}
	if len(got) != 100 {
		t.Fatalf("%d events", len(got))
	}
	for i, e := range got {
		var o check.Outcome
		if err := json.Unmarshal([]byte(e.Data), &o); err != nil {
			t.Fatal(err)
		}
		if e.Subject != r.Jobs[i].JobID || e.Type != "migrate-check:notPassed" || o.Kind() != check.KindNotPassed || o.JobID != e.Subject || i != 0 && !reflect.DeepEqual(o, r.Jobs[i].Shorten(0)) {
			t.Errorf("%d: %+v", i, o)
		}
	}
}

// An event that cannot be made to fit is left for the bus to refuse, alone.
func TestEventBusUnfitEvent(t *testing.T) {
	api := &fakeAPI{}
	lost(New(config.Config{EventBus: "eb-l65vlc2u"}, api), t.Context(), report.Report{Result: check.Result{Jobs: []check.Outcome{unfit, {JobID: "dts-b"}}}})
	if got := api.requests["PutEvents"]; len(got) != 2 || !strings.Contains(got[0], "dts-a") || !strings.Contains(got[1], "dts-b") {
		t.Errorf("%d calls", len(got))
	}
}

// What is not taken, and only that, is in the failure; the others are tried
// where it is not pointless.
func TestFailures(t *testing.T) {
	r := report.Report{Result: check.Result{Batch: true, Jobs: large(40, 20_000).Jobs[3:]}}
	c := all
	c.Webhook = ""
	whole := &fakeAPI{}
	lost(New(c, whole), t.Context(), r)
	parts := map[string]int{"Invoke": len(whole.requests["Invoke"]), "PutEvents": len(whole.requests["PutEvents"])}
	if parts["Invoke"] < 4 || parts["PutEvents"] < 4 {
		t.Fatalf("too few parts: %v", parts)
	}
	for name, row := range map[string]struct {
		err    error
		goesOn bool
		reason string
	}{
		"no answer":     {&check.Error{Code: check.CodeNoAnswer, Message: "none", MayBeRunning: true}, true, "ClientError.NetworkError: none (it may have arrived all the same)"},
		"busy":          {&check.Error{Code: "InternalError.System", Message: "busy", RequestID: "r"}, true, "InternalError.System: busy (RequestId r)"},
		"not this part": {&check.Error{Code: "InvalidParameterValue.InvalidEvent", Message: "bad"}, true, "InvalidParameterValue.InvalidEvent: bad"},
		"not at all":    {&check.Error{Code: "ResourceNotFound.EventBus", Message: "none with SECRET"}, false, "ResourceNotFound.EventBus: none with ***"},
		"no right":      {&check.Error{Code: "UnauthorizedOperation.CAM", Message: strings.Repeat("权", 5000)}, false, "UnauthorizedOperation.CAM: " + strings.Repeat("权", 331) + "…"},
		"a secret late": {errors.New(strings.Repeat("x", 1024-5) + "SECRET"), true, strings.Repeat("x", 1024-5) + "***"},
		"an error":      {errors.New("odd"), true, "odd"},
	} {
		t.Run(name, func(t *testing.T) {
			api := &fakeAPI{answer: func(_ context.Context, action string, nth int) error {
				switch {
				case nth == 2:
					return row.err
				case nth == parts["Invoke"] && action == "Invoke":
					return errors.New("a later reason")
				}
				return nil
			}}
			failures := lost(New(c, api), t.Context(), r)
			if len(failures) != 2 || failures[0].Destination != Function || failures[1].Destination != EventBus {
				t.Fatalf("got %+v", failures)
			}
			for i, action := range []string{"Invoke", "PutEvents"} {
				f, sent := failures[i], parts[action]
				if !row.goesOn {
					sent = 2
				}
				if f.Reason != row.reason {
					t.Errorf("reason %s", f.Reason)
				}
				if got := len(api.requests[action]); got != sent {
					t.Errorf("%s: %d calls of %d", action, got, parts[action])
				}
				var got []string
				for payload := range f.Payloads {
					got = append(got, string(payload))
				}
				want := []string{}
				for i, text := range whole.requests[action] {
					if i == 1 || i > 1 && !row.goesOn || action == "Invoke" && i == parts[action]-1 {
						want = append(want, payloadOf(t, text))
					}
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s: %d payloads of %d", action, len(got), len(want))
				}
				for range f.Payloads { // stops when asked
					break
				}
			}
		})
	}
}

// payloadOf returns what of a request has to be sent again.
func payloadOf(t *testing.T, request string) string {
	var r struct {
		ClientContext string
		EventList     []cloudEvent
	}
	if err := json.Unmarshal([]byte(request), &r); err != nil {
		t.Fatal(err)
	}
	if r.EventList != nil {
		return string(check.Marshal(r.EventList))
	}
	return r.ClientContext
}

// A panic is a failure of one destination and costs nothing else.
func TestPanic(t *testing.T) {
	api := &fakeAPI{answer: func(_ context.Context, action string, _ int) error {
		if action == "Invoke" {
			panic("SECRET index out of range")
		}
		return nil
	}}
	c := all
	c.Webhook = ""
	failures := lost(New(c, api), t.Context(), fine)
	if len(failures) != 1 || failures[0].Destination != Function || failures[0].Reason != "panic: *** index out of range" || len(slices.Collect(failures[0].Payloads)) != 1 || len(api.puts(t)) != 1 {
		t.Errorf("got %+v, %v", failures, api.requests)
	}
	// Before anything is sent, too, and when it is to be sent again.
	f := New(c, api).deliver(t.Context(), destination{name: "x", result: large(3, 10), limit: 1, frame: check.Result.Frame,
		piece: func(o check.Outcome) piece { return piece{size: len(o.JobID)} },
		encode: func(part check.Result, _ []piece) json.RawMessage {
			if part.Jobs[0].JobID == "dts-00001" {
				panic("encode")
			}
			return json.RawMessage(part.Jobs[0].JobID)
		}, send: func(context.Context, json.RawMessage) error { return errors.New("not taken") }})
	if got := slices.Collect(f.Payloads); f.Reason != "not taken" || len(got) != 2 || string(got[0]) != "dts-00000" || string(got[1]) != "dts-00002" {
		t.Errorf("got %+v, %q", f, got)
	}
	f = New(c, api).deliver(t.Context(), destination{name: "x", result: large(3, 10), limit: 1, frame: func(check.Result) int { panic("cut") }})
	if f.Reason != "panic: cut" || len(slices.Collect(f.Payloads)) != 0 {
		t.Errorf("got %+v", f)
	}
}

// All destinations are served at the same time, and none beyond the deadline.
func TestAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		wait := 3 * time.Second
		api := &fakeAPI{answer: func(ctx context.Context, _ string, _ int) error {
			select {
			case <-time.After(wait):
				return nil
			case <-ctx.Done():
				return &check.Error{Code: check.CodeDeadline, Message: "time is up"}
			}
		}}
		c := all
		c.Webhook = ""
		begun := time.Now()
		if f := lost(New(c, api), ctx, fine); f != nil || time.Since(begun) != wait {
			t.Errorf("%v after %v", f, time.Since(begun))
		}
		wait = time.Hour
		if f := lost(New(c, api), ctx, fine); len(f) != 2 || time.Since(begun) != 5*time.Second {
			t.Errorf("%v after %v", f, time.Since(begun))
		}
	})
}

// A silent bus costs the time that is given, whatever the number of calls that it
// would take, and all jobs are there to be sent again.
func TestSilentBus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		api := &fakeAPI{answer: func(ctx context.Context, _ string, nth int) error {
			if nth == 1 {
				return nil
			}
			<-ctx.Done()
			return &check.Error{Code: check.CodeNoAnswer, Message: "none", MayBeRunning: true}
		}}
		begun := time.Now()
		f := lost(New(config.Config{EventBus: "eb-l65vlc2u"}, api), ctx, report.Report{Result: large(3000, 500)})
		if took := time.Since(begun); len(f) != 1 || took != 15*time.Second || len(api.requests["PutEvents"]) != 2 {
			t.Fatalf("%v after %v and %d calls", f, took, len(api.requests["PutEvents"]))
		}
		jobs := 0
		for payload := range f[0].Payloads {
			var events []cloudEvent
			if err := json.Unmarshal(payload, &events); err != nil || len(payload) > 64<<10 {
				t.Errorf("%d bytes, %v", len(payload), err)
			}
			jobs += len(events)
		}
		if taken := len(api.puts(t)[0].EventList); jobs+taken != 3000 || taken == 0 {
			t.Errorf("%d jobs were taken, %d are to be sent again", taken, jobs)
		}
	})
}
