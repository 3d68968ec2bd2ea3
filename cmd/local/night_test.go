package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"migratecheck/internal/check"
	"migratecheck/internal/local/cloudapi"
	"migratecheck/internal/local/fakedts"
	"migratecheck/internal/local/fakeeb"
	"migratecheck/internal/local/fakescf"
	"migratecheck/internal/local/robot"
)

// jobs of a night: of each kind one that passes and one that does not, one that is
// refused, and one that awaits no check.
const nightJobs = `[
	{"JobId": "dts-good", "JobName": "orders", "CheckSeconds": 0.8},
	{"JobId": "dts-bad", "JobName": "<script>alert(1)</script> | @all", "CheckSeconds": 0.8, "Status": "checkNotPass", "NotPassed": true,
		"Message": "no luck | <b>**no**</b> | @all [privilege](javascript:alert(1)) |"},
	{"JobId": "dts-refused", "ErrorCode": "FailedOperation.NotAllowOperation", "ErrorMessage": "not now"},
	{"JobId": "dts-migrates", "InMigration": true},
	{"JobId": "sync-good", "Kind": "sync", "JobName": "ledger", "CheckSeconds": 0.8},
	{"JobId": "sync-bad", "Kind": "sync", "CheckSeconds": 0.8, "Status": "checkNotPass", "NotPassed": true}
]`

// What every job of the night comes to.
var nightKinds = map[string]check.Kind{
	"dts-good": check.KindPassed, "dts-bad": check.KindNotPassed, "dts-refused": check.KindFailed,
	"sync-good": check.KindPassed, "sync-bad": check.KindNotPassed,
}

const (
	hookKey    = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
	hookSecret = "a-secret-that-signs"
)

// others are the places to which results are handed on.
type others struct {
	function *fakescf.Server
	bus      *fakeeb.Server
	robots   *robot.Server

	listeners []*cloudapi.Listener
	variables map[string]string // that send the results there
}

func listenOthers(t *testing.T, chat string) *others {
	t.Helper()
	o := &others{function: fakescf.New(fakescf.Options{}), bus: fakeeb.New(fakeeb.Options{}), robots: robot.New(robot.Options{Secret: hookSecret})}
	for _, h := range []http.Handler{o.function, o.bus, o.robots} {
		l, err := cloudapi.Listen(h, "127.0.0.1:0", false)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(l.Close)
		o.listeners = append(o.listeners, l)
	}
	o.variables = map[string]string{
		"RESULT_FUNCTION": "reports/next:prod", "RESULT_SCF_ENDPOINT": o.listeners[0].URL,
		"RESULT_EVENT_BUS": fakeeb.Bus, "RESULT_EB_ENDPOINT": o.listeners[1].URL,
		"RESULT_WEBHOOK": o.listeners[2].URL + robotPaths[chat] + hookKey, "RESULT_WEBHOOK_SECRET": hookSecret,
	}
	return o
}

// nightly is a deployment whose timer checks every job that awaits a check.
func nightly(timeout int, variables map[string]string) string {
	block := "environment:\n    variables:\n"
	for name, value := range variables {
		block += "      " + name + ": " + strconv.Quote(value) + "\n"
	}
	return strings.NewReplacer(
		"environment: {variables: {DTS_REGION: ap-shanghai}}", block,
		"timeout: 20", fmt.Sprintf("timeout: %d", timeout),
		"argument: dts-quick", `argument: '{"Select":{"Kind":["migration","sync"]},"Wait":true}'`,
	).Replace(serverless)
}

func openNight(t *testing.T, timeout int, variables map[string]string, flags ...string) testCloud {
	t.Helper()
	return openWith(t, nightly(timeout, variables), append([]string{
		"-dts", "127.0.0.1:0", "-quota", "-1", "-jobs", write(t, "jobs.json", nightJobs), "-fire", "nightly", "-retry-after", "1ms"}, flags...)...)
}

// noSecrets fails if a text has any of the secrets.
func noSecrets(t *testing.T, text string) {
	t.Helper()
	key := fakedts.ExampleKey
	for _, secret := range []string{key.SecretID, key.SecretKey, key.Token, hookKey, hookSecret} {
		if strings.Contains(text, secret) {
			t.Errorf("%s is in %s", secret, text)
		}
	}
}

// A timer's night, with jobs of both kinds, reaches every chat, the event bus and another function,
// in both languages and both generations.
func TestNight(t *testing.T) {
	words := map[string][]string{
		"en-US": {"DTS check: 3 of 5 jobs need you", "3 migrations, 2 sync jobs", "Not passed", "Failed", "Passed", "no luck", "not now"},
		"zh-CN": {"DTS 校验：5 个任务中有 3 个需要处理", "3 个迁移任务，2 个同步任务", "未通过", "失败", "已通过", "no luck", "not now"},
	}
	for _, c := range []struct{ language, version, chat string }{
		{"en-US", "2018-03-30", "wecom"}, {"en-US", "2021-12-06", "feishu"}, {"en-US", "2018-03-30", "dingtalk"}, {"en-US", "2021-12-06", "slack"},
		{"zh-CN", "2021-12-06", "wecom"}, {"zh-CN", "2018-03-30", "feishu"}, {"zh-CN", "2021-12-06", "dingtalk"}, {"zh-CN", "2018-03-30", "slack"},
	} {
		t.Run(c.language+" "+c.version+" "+c.chat, func(t *testing.T) {
			t.Parallel()
			o := listenOthers(t, c.chat)
			maps.Copy(o.variables, map[string]string{"DTS_LANGUAGE": c.language, "DTS_API_VERSION": c.version, "LOG_LEVEL": "debug"})
			night := openNight(t, 20, o.variables)
			night.fire()
			within(t, 20*time.Second, "the night is over", func() bool { return strings.Contains(night.log.String(), "REPORT") })

			messages := o.robots.Messages()
			if len(messages) != 1 || string(messages[0].Chat) != c.chat || messages[0].Mentions != nil {
				t.Fatalf("messages %+v", messages)
			}
			for _, word := range append(words[c.language], "SrcPrivilegeCheck", "dts-bad", "dts-refused", "sync-bad") {
				if !strings.Contains(messages[0].Text, word) {
					t.Errorf("the message has no %q: %s", word, messages[0].Text)
				}
			}

			kinds := map[string]check.Kind{}
			for _, e := range o.bus.Received() {
				kind, ours := strings.CutPrefix(e.Event.Type, "migrate-check:")
				var data check.Outcome
				if err := json.Unmarshal(e.Event.Data, &data); err != nil || !ours || data.JobID != e.Event.Subject || data.Kind() != check.Kind(kind) {
					t.Errorf("event %+v, %v", e.Event, err)
				}
				kinds[e.Event.Subject] = check.Kind(kind)
			}
			if !maps.Equal(kinds, nightKinds) || len(o.bus.Received()) != len(nightKinds) {
				t.Errorf("events %v", kinds)
			}

			events := o.function.Received()
			if len(events) != 1 || events[0].Function != "next" || events[0].Namespace != "reports" || events[0].Qualifier != "prod" {
				t.Fatalf("the function's events %+v", events)
			}
			_, handed, err := readAnswer(events[0].Event)
			if counts := check.Count(handed.Jobs); err != nil || counts != (check.Counts{Jobs: 5, Passed: 2, NotPassed: 2, Failed: 1}) {
				t.Errorf("the function's event %s", events[0].Event)
			}
			for _, o := range handed.Jobs { // migrations have steps in the one version only
				hasSteps := o.Check != nil && o.Check.Steps != nil
				if want := o.Error == nil && (check.KindOf(o.JobID) == check.Sync || c.version == "2021-12-06"); hasSteps != want {
					t.Errorf("steps of %s: %v", o.JobID, hasSteps)
				}
			}
			noSecrets(t, night.log.String()+messages[0].Text+string(events[0].Event))
		})
	}
}

// Whatever a destination does costs no job its outcome and no deadline, and is
// told; the others get what is theirs.
func TestNightWithoutItsDestinations(t *testing.T) {
	key := fakedts.ExampleKey
	echo := "for " + key.SecretID + " " + key.SecretKey + " " + key.Token + " " + hookKey + " " + hookSecret
	refused := cloudapi.Fault{Kind: cloudapi.FaultCode, Code: "UnauthorizedOperation", Message: echo}
	busy := cloudapi.Fault{Kind: cloudapi.FaultCode, Code: "InternalError.System", Message: echo, Times: 1}
	all := []string{"function", "eventBus", "webhook"}
	alike := func(f cloudapi.Fault) [3]cloudapi.Fault { return [3]cloudapi.Fault{f, f, f} }
	for name, c := range map[string]struct {
		faults [3]cloudapi.Fault // of function, bus and robot
		down   bool
		lost   []string
	}{
		"all are well":         {},
		"all are slow":         {faults: alike(cloudapi.Fault{Kind: cloudapi.FaultDelay, Delay: 100 * time.Millisecond})},
		"all are down":         {down: true, lost: all},
		"all are silent":       {faults: alike(cloudapi.Fault{Kind: cloudapi.FaultSilence}), lost: all},
		"all stop halfway":     {faults: alike(cloudapi.Fault{Kind: cloudapi.FaultSilentHalfway}), lost: all},
		"all refuse":           {faults: [3]cloudapi.Fault{refused, refused, {Kind: cloudapi.FaultCode, Code: "93000", Message: echo}}, lost: all},
		"all talk nonsense":    {faults: [3]cloudapi.Fault{{Kind: cloudapi.FaultHTML}, {Kind: cloudapi.FaultEmpty}, {Kind: robot.FaultNonsense}}, lost: all},
		"all are busy once":    {faults: [3]cloudapi.Fault{busy, busy, {Kind: robot.FaultHTTP500, Times: 1}}},
		"the function refuses": {faults: [3]cloudapi.Fault{refused}, lost: all[:1]},
		"the bus refuses":      {faults: [3]cloudapi.Fault{1: refused}, lost: all[1:2]},
		"the robot refuses":    {faults: [3]cloudapi.Fault{2: {Kind: cloudapi.FaultCode, Code: "93000", Message: echo}}, lost: all[2:]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := listenOthers(t, "feishu")
			for i, inject := range []func(...cloudapi.Fault){o.function.Inject, o.bus.Inject, o.robots.Inject} {
				if c.faults[i].Kind != "" {
					inject(c.faults[i])
				}
			}
			if c.down {
				for name, value := range o.variables {
					if strings.HasPrefix(value, "http:") {
						address, release, err := cloudapi.Unheard()
						if err != nil {
							t.Fatal(err)
						}
						t.Cleanup(release)
						o.variables[name] = regexp.MustCompile(`127[.0-9]+:\d+`).ReplaceAllString(value, address)
					}
				}
			}
			night := openNight(t, 5, o.variables)
			status, body := curl(t, "POST", night.url, form, `{"Select":{"Kind":["migration","sync"]},"Wait":true}`)
			_, answer, err := readAnswer([]byte(body))
			if status != http.StatusMultiStatus || err != nil {
				t.Fatalf("%d %s", status, body)
			}
			kinds := map[string]check.Kind{}
			for _, job := range answer.Jobs {
				kinds[job.JobID] = job.Kind()
			}
			if !maps.Equal(kinds, nightKinds) || !slices.Equal(answer.NotHandedOn, c.lost) {
				t.Errorf("answer %s, want %v not handed on", body, c.lost)
			}
			log := night.log.String()
			if n := strings.Count(log, " job source=url"); n != len(nightKinds) {
				t.Errorf("%d lines of jobs", n)
			}
			for i, got := range []int{len(o.function.Received()), len(o.bus.Received()), len(o.robots.Messages())} {
				destination := all[i]
				if told := strings.Count(log, "not handed on source=url destination="+destination+" error="); (told == 1) != slices.Contains(c.lost, destination) {
					t.Errorf("%s: told %d times", destination, told)
				}
				if !slices.Contains(c.lost, destination) && got != []int{1, len(nightKinds), 1}[i] {
					t.Errorf("%s: got %d", destination, got)
				}
			}
			noSecrets(t, log+body)
		})
	}
}

// Unless they are placed elsewhere, the destinations are played, and what they
// get is shown.
func TestPlayedDestinations(t *testing.T) {
	t.Parallel()
	variables := map[string]string{"RESULT_FUNCTION": "next", "RESULT_EVENT_BUS": "eb-local1", "RESULT_WEBHOOK_MENTION": "li.si"}
	for name, c := range map[string]struct {
		flags       []string
		said, shown []string
	}{
		"as text": {[]string{"-webhook", "dingtalk"},
			[]string{"Results:       function next, played here\n", "Results:       event bus eb-local1, played here\n", "Results:       webhook dingtalk, played here\n"},
			[]string{" NOTE   dingtalk message of ", "\n  | ", "DTS check: 3 of 5 jobs need you", " NOTE   function next: an asynchronous event of ",
				" NOTE   event bus eb-local1: migrate-check:passed, dts-good, ", "migrate-check:notPassed, dts-bad, ", "migrate-check:failed, dts-refused, "}},
		"of Slack": {[]string{"-webhook", "slack"},
			[]string{"Results:       webhook slack, played here\n"},
			[]string{" NOTE   slack message of ", "DTS check: 3 of 5 jobs need you", "<@li.si>", "mentions li.si"}},
		"as JSON": {[]string{"-webhook", "feishu", "-json"},
			[]string{`"results":["function next, played here","event bus eb-local1, played here","webhook feishu, played here"]`},
			[]string{`"type":"NOTE","message":"feishu message of `, `"message":"event bus eb-local1: migrate-check:passed, dts-good, `}},
	} {
		t.Run(name, func(t *testing.T) {
			night := openNight(t, 20, variables, c.flags...)
			var said bytes.Buffer
			if err := night.announce(&said); err != nil {
				t.Fatal(err)
			}
			night.fire()
			within(t, 20*time.Second, "the night is over", func() bool { return strings.Contains(night.log.String(), "REPORT") })
			log := night.log.String()
			for _, s := range []struct {
				got  string
				want []string
			}{{said.String(), c.said}, {log, c.shown}} {
				for _, want := range s.want {
					if !strings.Contains(s.got, want) {
						t.Errorf("no %q in %s", want, s.got)
					}
				}
			}
			if strings.Contains(log, "not handed on") || strings.Contains(log+said.String(), night.function.Variables["RESULT_WEBHOOK"]) {
				t.Errorf("log %s, said %s", log, &said)
			}
			// Another function's events that come through the Invoke API are shown, too.
			if _, err := sdk(t, night, "", "Invoke", map[string]any{"FunctionName": "third", "InvocationType": "Event", "ClientContext": "{}"}); err != nil {
				t.Error(err)
			}
			if !strings.Contains(night.log.String(), "function third: an asynchronous event of 2 bytes") {
				t.Errorf("not shown: %s", night.log)
			}
		})
	}
}

// With a real account nothing is played: a loopback endpoint would get what is
// signed for it.
func TestNothingIsPlayedForReal(t *testing.T) {
	t.Parallel()
	dts := open(t, serverless)
	c := openWith(t, nightly(20, map[string]string{"RESULT_FUNCTION": "next", "RESULT_EVENT_BUS": "eb-local1", "RESULT_WEBHOOK": "https://hooks.example/" + hookKey}),
		"-endpoint", dts.dtsURL())
	for _, name := range []string{"RESULT_SCF_ENDPOINT", "RESULT_EB_ENDPOINT"} {
		if value, ok := c.function.Variables[name]; ok {
			t.Errorf("%s is %s", name, value)
		}
	}
	var said bytes.Buffer
	if err := c.announce(&said); err != nil || strings.Contains(said.String(), "played") || !strings.Contains(said.String(), "Results:       webhook, as configured\n") {
		t.Errorf("%v, %s", err, &said)
	}
	noSecrets(t, said.String())
}

// An event of more jobs than its time is enough for is brought again until all
// are reached, and each check is created once.
func TestDeliveriesReachTheEnd(t *testing.T) {
	const n = 60 // 3 s at 20 a second
	ids := make([]string, n)
	var list []fakedts.Job
	var records []any
	for i := range n {
		ids[i] = fmt.Sprintf("dts-%03d", i)
		list = append(list, fakedts.Job{JobID: ids[i], CheckSeconds: 3600})
		records = append(records, map[string]any{"Ckafka": map[string]any{"topic": "t", "partition": 1, "offset": i, "msgKey": "", "msgBody": ids[i]}})
	}
	for name, event := range map[string]any{
		"asynchronous": map[string]any{"JobIds": ids},
		"CKafka":       map[string]any{"Records": records},
	} {
		t.Run(name, func(t *testing.T) {
			dts := fakedts.New(fakedts.Options{Jobs: list})
			l, err := dts.Listen("127.0.0.1:0", false)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(l.Close)
			c := openWith(t, strings.Replace(serverless, "timeout: 20", "timeout: 2", 1), "-endpoint", l.URL, "-retry-after", "0s")
			result, err := sdk(t, c, "", "Invoke", map[string]any{"FunctionName": "migrate-check", "InvocationType": "Event", "ClientContext": string(encode(event))})
			if err != nil {
				t.Fatal(err)
			}
			within(t, 20*time.Second, "the event is handled", func() bool { return strings.Contains(c.log.String(), "REPORT status 200") })
			created, refused := map[string]int{}, 0
			for _, call := range dts.Calls() {
				switch {
				case call.Action != "CreateMigrateCheckJob":
				case call.Code == "":
					created[call.JobID]++
				default: // on a busy machine an answer may come too late
					refused++
				}
			}
			for _, id := range ids {
				if created[id] != 1 {
					t.Errorf("%s: %d checks", id, created[id])
				}
			}
			if refused > n/10 {
				t.Errorf("%d calls for what was created before", refused)
			}
			deliveries := strings.Count(c.log.String(), "START  "+result.FunctionRequestID)
			if deliveries < 2 || len(c.dead(t)) > 0 {
				t.Errorf("%d deliveries, dead letters %v", deliveries, c.dead(t))
			}
		})
	}
}
