package handler

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tencentyun/scf-go-lib/functioncontext"

	"migratecheck/internal/check"
	"migratecheck/internal/report"
)

// heap returns how many bytes of the heap are in use.
func heap() int {
	var s runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&s)
	return int(s.HeapAlloc)
}

// brisk is a DTS that accepts everything at once, and keeps nothing but the number
// of creations.
type brisk struct {
	DTS
	list    []check.Job
	created map[string]int
	state   check.State
	err     error
}

func (b *brisk) CreateCheck(_ context.Context, job string) (check.Receipt, error) {
	if b.created != nil {
		b.created[job]++
	}
	if b.err != nil {
		e := *asError(b.err)
		e.Message = strings.Clone(e.Message)
		return check.Receipt{}, &e
	}
	return check.Receipt{RequestID: "46b45da1-3e8e-4ef2-8de8-" + job[len(job)-5:], Attempts: 1, At: time.Now()}, nil
}

func (b *brisk) DescribeCheck(context.Context, string) (check.State, check.Receipt, error) {
	var s check.State // with texts of its own
	if err := json.Unmarshal(check.Marshal(b.state), &s); err != nil {
		panic(err)
	}
	return s, check.Receipt{RequestID: "r", Attempts: 1, At: time.Now()}, nil
}

// DescribeJob dates every check just now, which proves its verdict.
func (b *brisk) DescribeJob(_ context.Context, job string) (check.Job, check.Receipt, error) {
	found := check.Job{ID: job, Status: check.JobCheckNotPass, CheckEnded: time.Now()}
	if *b.state.Passed {
		found.Status = check.JobCheckPass
	}
	return found, check.Receipt{RequestID: "r", Attempts: 1, At: time.Now()}, nil
}

func (b *brisk) ListJobs(context.Context, check.Filter) ([]check.Job, error) {
	list := slices.Clone(b.list)
	for i := range list { // what is kept of a list takes memory of its own
		list[i].Name = strings.Clone(list[i].Name)
		list[i].Checkable = new(*list[i].Checkable)
	}
	return list, nil
}

func namesOf(event, jobs int) string {
	ids := make([]string, jobs)
	for i := range ids {
		ids[i] = fmt.Sprintf("dts-%02d%05d", event, i)
	}
	return string(check.Marshal(ids))
}

// fireQuietly handles an event without keeping anything of it.
func fireQuietly(t *testing.T, h *Handler, requestID, payload string, within time.Duration) ([]byte, error) {
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	answer, err := h.Invoke(functioncontext.NewContext(ctx, &functioncontext.FunctionContext{RequestID: requestID}), []byte(payload))
	if strings.Contains(string(answer)+fmt.Sprint(err), check.CodePanic) {
		t.Fatalf("a panic that the test does not expect: %s, %v", check.Cut(string(answer), 300), err)
	}
	return answer, err
}

// selection is a list of jobs with names of so many characters.
func selection(jobs, name int) []check.Job {
	list := make([]check.Job, jobs)
	for i := range list {
		list[i] = check.Job{ID: fmt.Sprintf("dts-%08d", i), Name: strings.Repeat("x", name) + fmt.Sprint(i), Status: check.JobCreated, Checkable: new(true)}
	}
	return list
}

// Every record of the largest event is remembered, and so is every job of the largest
// batch.
func TestLargestEventsAreNotCreatedTwice(t *testing.T) {
	var records []string
	for i := range 10000 {
		records = append(records, fmt.Sprintf(`{"Ckafka":{"topic":"migrations","partition":1,"offset":%d,"msgBody":"dts-%08d"}}`, i, i))
	}
	for name, event := range map[string]string{"records": `{"Records":[` + strings.Join(records, ",") + `]}`, "a batch": namesOf(1, 10000)} {
		dts := &brisk{created: map[string]int{}}
		o := everything(serial{dts, make(chan struct{}, 1)})
		o.Log = io.Discard
		h := New(o)
		for range 2 {
			fireQuietly(t, h, "c4b9a5a2-3e8e-4ef2-8de8-f5a5d0e5b4a1", event, time.Minute)
		}
		for job, n := range dts.created {
			if n > 1 {
				t.Errorf("%s: the check of %s was created %d times", name, job, n)
				break
			}
		}
		if len(dts.created) != 10000 {
			t.Errorf("%s: %d checks", name, len(dts.created))
		}
	}
}

// A selection is remembered whatever its size: its names go before its jobs do.
func TestLargeSelectionIsNotCreatedTwice(t *testing.T) {
	dts := &brisk{list: selection(10000, 500), created: map[string]int{}}
	o := everything(serial{dts, make(chan struct{}, 1)})
	o.Log = io.Discard
	h := New(o)
	for range 3 {
		fireQuietly(t, h, "request", `{"Select":{}}`, time.Minute)
	}
	if len(dts.created) != 10000 {
		t.Fatalf("%d jobs were created", len(dts.created))
	}
	twice := 0
	for _, n := range dts.created {
		if n > 1 {
			twice++
		}
	}
	if twice > 0 {
		t.Errorf("%d checks were created more than once", twice)
	}
}

// serial lets one creation through at a time.
type serial struct {
	DTS
	turn chan struct{}
}

func (s serial) CreateCheck(ctx context.Context, job string) (check.Receipt, error) {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	return s.DTS.CreateCheck(ctx, job)
}

// An instance remembers for an hour, and forgets then.
func TestMemoryLastsAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{}
		i := newInstance(everything(dts))
		for _, row := range []struct {
			after time.Duration
			want  int
		}{{0, 1}, {time.Minute, 1}, {58 * time.Minute, 1}, {2 * time.Minute, 2}} {
			time.Sleep(row.after)
			i.fire(t, "request", `{"JobId":"dts-1"}`, time.Minute)
			if n := dts.count("create", "dts-1"); n != row.want {
				t.Errorf("after %v: created %d times, want %d", row.after, n, row.want)
			}
		}
	})
}

// A refusal that somebody may mend is not final: the platform's next try runs.
func TestMendedRole(t *testing.T) {
	const denied = "UnauthorizedOperation.NotEnoughPrivileges"
	for name, event := range comesAgain {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for step, dts := range map[string]*scripted{
					"create": {creates: map[string][]error{"dts-1": {refusal(denied), nil}, "dts-2": {refusal(denied), nil}}},
					"read":   {describe: map[string][]reading{"dts-1": {{err: refusal(denied)}, state(check.Running, 1), verdict(true, "ok")}}},
					"start":  {start: map[string][]error{"dts-1": {refusal(denied), nil}}},
				} {
					i := newInstance(everything(dts))
					i.fire(t, "request", event(`,"Start":true`), time.Minute)
					again := i.fire(t, "request", event(`,"Start":true`), time.Minute)
					if again.err != nil || strings.Count(string(again.answer), `"Started":true`) != 2 {
						t.Errorf("%s: %s, %v", step, again.answer, again.err)
					}
					if created := dts.count("create", "dts-1"); created != 1 && step != "create" {
						t.Errorf("%s: created %d times", step, created)
					}
				}
			})
		})
	}
}

// What is told of a delivery that brings nothing new is told once, to each
// destination that took it; what a later one mends is told as well.
func TestToldOnce(t *testing.T) {
	lock := refusal("InternalError.LockError")
	for name, row := range map[string]struct {
		event string
		dts   *scripted
		want  []string // of each delivery: not called, "", "same" or "problem before"
	}{
		"the same failure, for one CKafka record": {
			`{"Records":[{"Ckafka":{"topic":"t","partition":0,"offset":7,"msgBody":"dts-1"}}]}`,
			&scripted{create: map[string]error{"dts-1": lock}}, []string{"", "same", "same"},
		},
		"a failure that is mended": {
			`{"Records":[{"Ckafka":{"topic":"t","partition":0,"offset":7,"msgBody":"dts-1"}}]}`,
			&scripted{creates: map[string][]error{"dts-1": {lock, lock, nil}}}, []string{"", "same", "problem before"},
		},
		"a malformed record": {`{"Records":[{"CMQ":{"topicName":"t","msgId":"1","msgBody":"?"}}]}`, &scripted{}, []string{"", "same"}},
		"an event that failed as a whole": {
			`{"Type":"Timer","TriggerName":"night","Time":"2026-11-01T18:00:00Z","Message":"?"}`, &scripted{}, []string{"", "same"},
		},
		"another failure": {
			`{"JobId":"dts-1"}`, &scripted{creates: map[string][]error{"dts-1": {lock, refusal("InternalError.DatabaseError")}}}, []string{"", "problem before"},
		},
		"a selection that cannot be listed": {timer(`{"Select":{}}`), &scripted{listErr: lock}, []string{"", "same"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []string
				o := everything(row.dts)
				o.Forward = forwarder(func(_ context.Context, _ report.Report, told map[string]check.Told) []check.Forwarded {
					switch {
					case told["webhook"].Same:
						got = append(got, "same")
						return nil
					case told["webhook"].Problem:
						got = append(got, "problem before")
					default:
						got = append(got, "")
					}
					return []check.Forwarded{{Destination: "webhook"}, {Destination: "function", Reason: "no answer"}}
				})
				i := newInstance(o)
				for range row.want {
					i.fire(t, "request", row.event, time.Minute)
				}
				if !slices.Equal(got, row.want) {
					t.Errorf("told %q, want %q", got, row.want)
				}
			})
		})
	}
}

// Events that only SCF tells apart are told each.
func TestOthersAreTold(t *testing.T) {
	var same []bool
	o := everything(&scripted{create: map[string]error{"dts-1": refusal("FailedOperation.NotAllowOperation")}})
	o.Forward = forwarder(func(_ context.Context, _ report.Report, told map[string]check.Told) []check.Forwarded {
		same = append(same, told["webhook"].Same)
		return []check.Forwarded{{Destination: "webhook"}}
	})
	i := newInstance(o)
	for _, request := range []string{"one", "another", "one"} {
		i.fire(t, request, `{"JobId":"dts-1"}`, time.Minute)
	}
	if !slices.Equal(same, []bool{false, false, true}) {
		t.Errorf("told as the same: %v", same)
	}
}

// A timer's event comes again under the same request id, also when it has become too
// old to be told by its time.
func TestDeliveryOfATimerAfterAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dts := &scripted{creates: map[string][]error{"dts-2": {refusal("InternalError.LockError"), nil}}}
		i := newInstance(everything(dts))
		event := strings.Replace(comesAgain["timer"](""), "2026-11-01T18:00:00Z", time.Now().UTC().Format(time.RFC3339), 1)
		time.Sleep(59 * time.Minute)
		i.fire(t, "request", event, time.Minute)
		time.Sleep(2 * time.Minute)
		got := i.fire(t, "request", event, time.Minute)
		if got.err != nil || dts.count("create", "dts-1") != 1 || dts.count("create", "dts-2") != 2 {
			t.Errorf("%s, %v, %v", got.answer, got.err, dts.calls)
		}
	})
}

// What a selection found is remembered beside a job that another delivery found at the
// same time.
func TestSelectionBesideAnother(t *testing.T) {
	m := newDeliveries(time.Now)
	d := m.get(0, "id")
	m.noteSelection(d, selection(1, 1))
	m.keep(d, remembered{id: "dts-other", Progress: check.Progress{Stage: check.StageCreated}})
	if found, ok := m.selection(d); !ok || len(found) != 2 || found[0].Name != "x0" || found[1].ID != "dts-other" {
		t.Errorf("%v, %+v", ok, found)
	}
}

// A destination that did not take what it was sent is sent it again.
func TestLostIsTriedAgain(t *testing.T) {
	var same []bool
	o := everything(&scripted{create: map[string]error{"dts-1": refusal("InternalError.LockError")}})
	o.Forward = forwarder(func(_ context.Context, _ report.Report, told map[string]check.Told) []check.Forwarded {
		same = append(same, told["webhook"].Same)
		return []check.Forwarded{{Destination: "webhook", Reason: "no answer"}}
	})
	i := newInstance(o)
	for range 2 {
		i.fire(t, "request", `{"JobId":"dts-1"}`, time.Minute)
	}
	if !slices.Equal(same, []bool{false, false}) {
		t.Errorf("same %v", same)
	}
}

// What an event that only reads has read is read again.
func TestReadingIsNotRemembered(t *testing.T) {
	dts := &scripted{reads: true, list: []check.Job{{ID: "dts-1", Status: check.JobCheckPass}}}
	i := newInstance(everything(dts))
	for range 2 {
		i.fire(t, "request", `{"Select":{},"Action":"DescribeMigrateCheckJob"}`, time.Minute)
	}
	if dts.count("describe", "dts-1") != 2 || dts.count("list", "") != 2 {
		t.Errorf("calls %v", dts.calls)
	}
}

// An event that came through this function before asks for nothing.
func TestCircle(t *testing.T) {
	dts := &scripted{}
	var via []string
	o := everything(dts)
	o.Forward = forwarder(func(_ context.Context, r report.Report, _ map[string]check.Told) []check.Forwarded {
		via = r.Result.Via
		return []check.Forwarded{{Destination: "webhook", Reason: "no answer"}} // so the answer is written again
	})
	i := newInstance(o)
	ctx := functioncontext.NewContext(t.Context(), &functioncontext.FunctionContext{RequestID: "r", TencentcloudRegion: "ap-guangzhou", Namespace: "default", FunctionName: "migrate-check"})
	first := i.fireAs(ctx, t, `{"JobId":"dts-1","Via":["ap-shanghai/default/migrate-check"]}`)
	if want := []string{"ap-shanghai/default/migrate-check", "ap-guangzhou/default/migrate-check"}; !slices.Equal(via, want) || strings.Contains(string(first.answer), "Via") || !strings.Contains(string(first.answer), "NotHandedOn") {
		t.Errorf("via %v, answer %s", via, first.answer)
	}
	const circle = `{"Records":[{"CMQ":{"topicName":"t","msgId":"1","msgBody":"{\"JobId\":\"dts-2\",\"Via\":[\"ap-guangzhou/default/migrate-check\"]}"}},{"CMQ":{"topicName":"t","msgId":"2","msgBody":"dts-3"}}]}`
	second := i.fireAs(ctx, t, circle)
	if second.err != nil || dts.count("create", "dts-2") != 0 || dts.count("create", "dts-3") != 1 || len(second.log.lines("circle")) != 1 {
		t.Errorf("%s, %v, %v", second.answer, second.err, dts.calls)
	}
	// Not even a request that makes no sense.
	third := i.fireAs(ctx, t, `{"JobIds":7,"Via":["ap-guangzhou/default/migrate-check"]}`)
	if third.err != nil || !strings.HasPrefix(string(third.answer), `{"Jobs":[],"Failed":0`) || len(third.log.lines("circle")) != 1 {
		t.Errorf("%s, %v", third.answer, third.err)
	}
}

// What one delivery has brought about stays, whatever another that came at the same
// time saw of it.
func TestDeliveriesAtOnce(t *testing.T) {
	created := check.Progress{Stage: check.StageCreated, RequestID: "own"}
	judged := check.Progress{Stage: check.StageJudged, RequestID: "own"}
	for name, pair := range map[string][2]check.Progress{
		"its own check":      {created, {Stage: check.StageCreated, RequestID: "refused", Found: true, Others: true}},
		"what went further":  {judged, {Stage: check.StageCreated, RequestID: "create"}},
		"what is new anyway": {{Stage: check.StageCreated, RequestID: "refused", Others: true}, judged},
		"and not a refusal":  {created, {Error: refusal("FailedOperation.NotAllowOperation"), RequestID: "refused"}},
	} {
		m := newDeliveries(time.Now)
		d := m.get(1, "id")
		for _, p := range pair {
			m.keep(d, remembered{id: "dts-1", Progress: p})
		}
		if got := m.recall(d, "dts-1", 0); got.RequestID != "own" || got.Others || got.Error != nil {
			t.Errorf("%s: remembered %+v", name, got)
		}
	}
}

// What was taken back is remembered so, unless another delivery has gone further.
func TestWhatIsTakenBackIsRemembered(t *testing.T) {
	back := &check.Verdict{Passed: true}
	for name, row := range map[string]struct {
		kept, now check.Progress
		want      check.Stage
	}{
		"a verdict":           {check.Progress{Stage: check.StageJudged}, check.Progress{Stage: check.StageCreated, Retracted: back}, check.StageCreated},
		"another's check":     {check.Progress{Stage: check.StageCreated, Others: true}, check.Progress{Stage: check.StageInQuestion, Retracted: back}, check.StageInQuestion},
		"but not a start":     {check.Progress{Stage: check.StageStarting}, check.Progress{Stage: check.StageCreated, Retracted: back}, check.StageStarting},
		"and nothing else is": {check.Progress{Stage: check.StageJudged}, check.Progress{Stage: check.StageCreated}, check.StageJudged},
	} {
		m := newDeliveries(time.Now)
		d := m.get(1, "id")
		m.keep(d, remembered{id: "dts-1", Progress: row.kept})
		m.keep(d, remembered{id: "dts-1", Progress: row.now})
		if got := m.recall(d, "dts-1", 0); got.Stage != row.want {
			t.Errorf("%s: remembered %+v", name, got)
		}
	}
}

// When there is too much to remember, texts are forgotten before what was created: of
// two thousand checks with long texts, 9 MB, none is created twice.
func TestTextsAreForgottenFirst(t *testing.T) {
	dts := &brisk{created: map[string]int{}, state: check.State{Status: check.Finished, Passed: new(true), Message: strings.Repeat("x", 4<<10)}}
	o := everything(serial{dts, make(chan struct{}, 1)})
	o.Log = io.Discard
	h := New(o)
	for range 2 {
		for n := range 100 {
			record := fmt.Sprintf(`{"Records":[{"Ckafka":{"topic":"t","partition":1,"offset":%d,"msgBody":%q}}]}`, n, `{"JobIds":`+namesOf(n, 20)+`,"Wait":true}`)
			fireQuietly(t, h, fmt.Sprint("request-", n), record, time.Minute)
		}
	}
	if len(dts.created) != 2000 {
		t.Errorf("%d checks", len(dts.created))
	}
	for id, n := range dts.created {
		if n > 1 {
			t.Fatalf("%s was created %d times", id, n)
		}
	}
}

// A note about an event that is forgotten just then harms nobody.
func TestNoteInAFullMemory(t *testing.T) {
	for size := 6<<20 - 2*120; size <= 6<<20+120; size += 40 {
		m := newDeliveries(time.Now)
		d := m.get(1, "id")
		m.grow(d, size-m.size)
		m.note(d, "webhook", told{})
	}
}

// Ten thousand refusals are remembered with their texts cut, and what was created
// among them is not created twice.
func TestRefusalsOfALargeBatchAreRemembered(t *testing.T) {
	ids := make([]string, 10000)
	for i := range ids {
		ids[i] = fmt.Sprintf("dts-%08d", i)
	}
	dts := &mostlyRefused{brisk: &brisk{created: map[string]int{}}}
	o := everything(serial{dts, make(chan struct{}, 1)})
	o.Log = io.Discard
	h := New(o)
	before := heap()
	for range 2 {
		fireQuietly(t, h, "request", string(check.Marshal(ids)), time.Minute)
	}
	if took := heap() - before; took > 6<<20 {
		t.Errorf("%d bytes are kept", took)
	}
	for id, n := range dts.created {
		if n > 1 {
			t.Fatalf("%s was created %d times", id, n)
		}
	}
}

// mostlyRefused is a DTS that accepts every tenth creation.
type mostlyRefused struct{ *brisk }

func (m *mostlyRefused) CreateCheck(ctx context.Context, job string) (check.Receipt, error) {
	if !strings.HasSuffix(job, "0") {
		return check.Receipt{}, &check.Error{
			Code: strings.Clone("FailedOperation.NotAllowOperation"), Message: strings.Repeat("x", 4000), RequestID: "46b45da1-3e8e-4ef2-8de8-000" + job[3:], Attempts: 1,
		}
	}
	return m.brisk.CreateCheck(ctx, job)
}

// What thousands of records are refused for is not kept in full.
func TestRefusalsOfManySelections(t *testing.T) {
	const records = 8000
	dts := &refusedLists{last: records}
	o := everything(dts)
	o.Log = io.Discard
	bodies := make([]string, records)
	for i := range bodies {
		bodies[i] = `{"Select":{}}`
	}
	event := kafka(bodies...)
	h := New(o)
	before := heap()
	fireQuietly(t, h, "request", event, time.Minute)
	if took := dts.heap - before; took > 24<<20 {
		t.Errorf("%d bytes at the last of them", took)
	}
}

// refusedLists is a DTS that refuses to list jobs, at length.
type refusedLists struct {
	DTS
	last, heap int
}

func (l *refusedLists) ListJobs(context.Context, check.Filter) ([]check.Job, error) {
	if l.last--; l.last == 0 {
		l.heap = heap()
	}
	return nil, &check.Error{Code: "UnauthorizedOperation", Message: strings.Repeat("x", 4<<10), Attempts: 1}
}

// The outcomes of an event that differ in what matters are others, for whoever was
// told of it.
func TestOtherOutcomesAreTold(t *testing.T) {
	first, second := 0, 1
	state := failedAt("A").state
	notPassed := check.Outcome{JobID: "dts-1", Progress: check.Progress{Stage: check.StageJudged, Check: &state}}
	refused := func(record *int, code string) check.Outcome {
		return check.Outcome{Record: record, Progress: check.Progress{Error: refusal(code)}}
	}
	seen := map[uint64]int{}
	for i, o := range []check.Outcome{
		notPassed, refused(&first, "FailedOperation"), refused(&second, "FailedOperation"), refused(&first, "InternalError"), {JobID: "dts-1"}, {JobID: "dts-2"},
	} {
		digest := digestOf([]check.Outcome{o}).digest
		if before, ok := seen[digest]; ok {
			t.Errorf("outcome %d is the same as %d", i, before)
		}
		seen[digest] = i
	}
}

// An event that is refused as a whole and comes again under another request id is
// told once.
func TestRefusedEventIsToldOnce(t *testing.T) {
	for _, event := range []string{`{"specversion":"1.0","id":"e","source":"s","data":"?"}`} {
		told := 0
		o := everything(&scripted{})
		o.Forward = forwarder(func(_ context.Context, _ report.Report, before map[string]check.Told) []check.Forwarded {
			if !before["webhook"].Same {
				told++
			}
			return []check.Forwarded{{Destination: "webhook"}}
		})
		i := newInstance(o)
		for _, id := range []string{"a", "b"} {
			i.fire(t, id, event, time.Minute)
		}
		if told != 1 {
			t.Errorf("%s: told %d times", event, told)
		}
	}
}

// What a delivery found stays its selection, also if another lists at the same time.
func TestSelectionsAtOnce(t *testing.T) {
	m := newDeliveries(time.Now)
	d := m.get(0, "id")
	m.noteSelection(d, selection(2, 1))
	m.keep(d, remembered{id: selection(1, 1)[0].ID, Progress: check.Progress{Stage: check.StageCreated}})
	m.noteSelection(d, selection(1, 1))
	if found, _ := m.selection(d); len(found) != 2 || m.recall(d, found[0].ID, 0) == nil {
		t.Errorf("%d jobs, %v", len(found), m.recall(d, found[0].ID, 0))
	}
}
