package terraform

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zclconf/go-cty/cty"

	"migratecheck/handler"
	"migratecheck/internal/check"
	"migratecheck/internal/report"
)

// night is a DTS with some jobs, all of whose checks end alike. A check that was
// created is seen to run once before it has ended.
type night struct {
	handler.DTS
	jobs    []check.Job
	verdict *bool // nil if the checks run for ever
	refusal error // of every creation
	tag     check.Tag
	fresh   sync.Map
}

var answered = check.Receipt{RequestID: "r", Attempts: 1}

func (n *night) ListJobs(context.Context, check.Filter) ([]check.Job, error) { return n.jobs, nil }

func (n *night) CreateCheck(_ context.Context, job string) (check.Receipt, error) {
	n.fresh.Store(job, true)
	return answered, n.refusal
}

func (n *night) DescribeCheck(_ context.Context, job string) (check.State, check.Receipt, error) {
	if _, fresh := n.fresh.LoadAndDelete(job); fresh || n.verdict == nil {
		return check.State{Status: check.Running}, answered, nil
	}
	return check.State{Status: check.Finished, Passed: n.verdict}, answered, nil
}

func (n *night) DescribeJob(_ context.Context, job string) (check.Job, check.Receipt, error) {
	return check.Job{ID: job, Status: check.JobChecking}, answered, nil
}

// lines returns what the handler logs of an event.
func (n *night) lines(t *testing.T, event string, forwarded bool) (lines []map[string]any) {
	t.Helper()
	var log bytes.Buffer
	o := handler.Options{DTS: n, Log: &log, AllowStart: true, StartTag: n.tag}
	if !forwarded {
		o.Forward = broken{}
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		handler.New(o).Invoke(ctx, []byte(event)) // what became of it is in the log
	})
	for line := range bytes.Lines(log.Bytes()) {
		var fields map[string]any
		if err := json.Unmarshal(line, &fields); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		lines = append(lines, fields)
	}
	return lines
}

// broken is a destination that takes nothing.
type broken struct{}

func (broken) Forward(context.Context, report.Report, map[string]check.Told) []check.Forwarded {
	return []check.Forwarded{{Destination: "webhook", Reason: "HTTP status 502", Payloads: slices.Values([]json.RawMessage{[]byte("{}")})}}
}

const nightly = `{"Type":"Timer","TriggerName":"nightly-check","Message":"{\"Select\":{},\"Wait\":true}"}`

const starting = `{"Type":"Timer","TriggerName":"nightly-check","Message":"{\"Select\":{},\"Start\":true}"}`

// Each night rings the alarms that it should, by the lines that the handler writes
// of it.
func TestAlarms(t *testing.T) {
	good, bad := true, false
	jobs := []check.Job{{ID: "dts-1kl0iy0v", Status: check.JobCreated}, {ID: "dts-dau5czmd", Status: check.JobCreated}}
	passed := []check.Job{{ID: "dts-1kl0iy0v", Status: check.JobCheckPass}}
	refusal := &check.Error{Code: "FailedOperation.NotAllowOperation", Message: "no", Attempts: 1, RequestID: "r"}
	p := evaluate(t, map[string]cty.Value{"alarm_user_group": cty.NumberIntVal(1001)})
	for name, row := range map[string]struct {
		night     *night
		event     string
		forwarded bool
		want      []string
	}{
		"passed":               {&night{jobs: jobs, verdict: &good}, nightly, true, nil},
		"not passed":           {&night{jobs: jobs, verdict: &bad}, nightly, true, []string{"needed"}},
		"no verdict":           {&night{jobs: jobs}, nightly, true, []string{"needed"}},
		"refused":              {&night{jobs: jobs, refusal: refusal}, nightly, true, []string{"needed"}},
		"waits":                {&night{jobs: passed, verdict: &good}, starting, true, []string{"needed"}},
		"waits without a tag":  {&night{jobs: passed, verdict: &good, tag: check.Tag{Key: "migrate", Value: "yes"}}, starting, true, nil},
		"not forwarded":        {&night{jobs: jobs, verdict: &good}, nightly, false, []string{"not-forwarded"}},
		"nothing selected":     {&night{}, nightly, true, []string{"quiet"}},
		"a refused argument":   {&night{}, `{"Type":"Timer","TriggerName":"nightly-check","Message":"{\"Select\":7}"}`, true, []string{"needed"}},
		"nothing ran":          {nil, "", true, []string{"quiet"}},
		"only a browser looks": {&night{verdict: &bad}, `{"httpMethod":"GET","path":"/","queryString":{"JobId":"dts-1kl0iy0v","Action":"DescribeMigrateCheckJob"}}`, true, []string{"quiet"}},
		"only a stray request": {&night{}, `{"httpMethod":"GET","path":"/favicon.ico"}`, true, []string{"quiet"}},
	} {
		t.Run(name, func(t *testing.T) {
			var lines []map[string]any
			if row.night != nil {
				lines = row.night.lines(t, row.event, row.forwarded)
			}
			var rung []string
			for _, alarm := range p["tencentcloud_cls_alarm.function"] {
				if rings(t, alarm, lines) {
					rung = append(rung, strings.TrimPrefix(alarm["name"].(string), "migrate-check-"))
				}
			}
			if slices.Sort(rung); !slices.Equal(rung, row.want) {
				t.Errorf("%v ring, want %v, by %v", rung, row.want, lines)
			}
		})
	}
}

// rings reports whether an alarm rings by some lines: its query counts those that
// meet all conditions, and its own condition is on that number.
func rings(t *testing.T, alarm map[string]any, lines []map[string]any) bool {
	t.Helper()
	target := alarm["alarm_targets"].([]any)[0].(map[string]any)
	conditions, ok := strings.CutSuffix(target["query"].(string), " | SELECT count(*) AS lines")
	if !ok || target["syntax_rule"] != 1. || target["number"] != 1. {
		t.Fatalf("the query is %v", target)
	}
	count := 0
	for _, line := range lines {
		if !slices.ContainsFunc(strings.Split(conditions, " AND "), func(c string) bool { return !meets(t, line, c) }) {
			count++
		}
	}
	m := regexp.MustCompile(`^\$1\.lines (?:(>) 0|(<) 1)$`).FindStringSubmatch(alarm["condition"].(string))
	if m == nil {
		t.Fatalf("the condition is %v", alarm["condition"])
	}
	return m[1] != "" && count > 0 || m[2] != "" && count < 1
}

var condition = regexp.MustCompile(`^(NOT )?(\w+):(?:>(\d+)|"([^"]+)"|\((\w+(?: OR \w+)*)\)|(\w+))$`)

// meets reports whether a line meets a condition in CLS's language CQL, of which
// it knows as much as the alarms have.
func meets(t *testing.T, line map[string]any, text string) bool {
	t.Helper()
	m := condition.FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("the condition %s is of no known form", text)
	}
	value, found := line[m[2]], false
	if m[3] != "" {
		least, err := strconv.ParseFloat(m[3], 64)
		if err != nil {
			t.Fatal(err)
		}
		n, ok := value.(float64)
		found = ok && n > least
	} else if value != nil {
		found = slices.Contains(strings.Split(m[4]+m[5]+m[6], " OR "), fmt.Sprint(value))
	}
	return found == (m[1] == "")
}

// The fields of an alarm's query are in the index, numbers as numbers, and so are
// all other fields of the lines that the handler writes.
func TestIndex(t *testing.T) {
	types := map[string]string{}
	rule := evaluate(t, nil).one(t, "tencentcloud_cls_index.function")["rule"].([]any)[0].(map[string]any)
	for _, key := range rule["key_value"].([]any)[0].(map[string]any)["key_values"].([]any) {
		field := key.(map[string]any)
		types[field["key"].(string)] = field["value"].([]any)[0].(map[string]any)["type"].(string)
	}
	if len(types) > 100 {
		t.Errorf("%d fields, CLS takes 100", len(types))
	}
	bad := false
	lines := (&night{jobs: []check.Job{{ID: "dts-1", Name: "orders"}}, verdict: &bad}).lines(t, nightly, false)
	fields := map[string]any{}
	for _, line := range lines {
		maps.Copy(fields, line)
	}
	fields["passed"] = "" // a verdict in one line, a number in the other: text finds both
	for name, value := range fields {
		want := "text"
		if _, ok := value.(float64); ok {
			want = "long"
		}
		if types[name] != want {
			t.Errorf("%s is indexed as %q, want %s", name, types[name], want)
		}
	}
	for _, alarm := range evaluate(t, map[string]cty.Value{"alarm_user_group": cty.NumberIntVal(1001)})["tencentcloud_cls_alarm.function"] {
		for _, m := range regexp.MustCompile(`(\w+):`).FindAllStringSubmatch(alarm["alarm_targets"].([]any)[0].(map[string]any)["query"].(string), -1) {
			if types[m[1]] == "" {
				t.Errorf("%s, of %s, is not indexed", m[1], alarm["name"])
			}
		}
	}
}

// One variable switches each alarm, and there is none where nobody is told.
func TestAlarmSwitches(t *testing.T) {
	told := cty.NumberIntVal(1001)
	for name, row := range map[string]struct {
		variables map[string]cty.Value
		want      []string
	}{
		"nobody is told":      {nil, nil},
		"a user group":        {map[string]cty.Value{"alarm_user_group": told}, []string{"needed", "not-forwarded", "quiet"}},
		"a webhook":           {map[string]cty.Value{"alarm_webhook": text("https://robot.example/x")}, []string{"needed", "not-forwarded", "quiet"}},
		"without needed":      {map[string]cty.Value{"alarm_user_group": told, "alarm_needed": cty.False}, []string{"not-forwarded", "quiet"}},
		"without the other":   {map[string]cty.Value{"alarm_user_group": told, "alarm_not_forwarded": cty.False}, []string{"needed", "quiet"}},
		"without quiet":       {map[string]cty.Value{"alarm_user_group": told, "alarm_quiet": cty.False}, []string{"needed", "not-forwarded"}},
		"there is no timer":   {map[string]cty.Value{"alarm_user_group": told, "schedule": cty.NullVal(cty.String)}, []string{"needed", "not-forwarded"}},
		"nothing is switched": {map[string]cty.Value{"alarm_user_group": told, "alarm_quiet": cty.False, "alarm_needed": cty.False, "alarm_not_forwarded": cty.False}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, alarm := range evaluate(t, row.variables)["tencentcloud_cls_alarm.function"] {
				got = append(got, strings.TrimPrefix(alarm["name"].(string), "migrate-check-"))
			}
			if slices.Sort(got); !slices.Equal(got, row.want) {
				t.Errorf("%v, want %v", got, row.want)
			}
		})
	}
}

// A robot is called as what it is, a user group in the ways that were chosen.
func TestAlarmNotice(t *testing.T) {
	const notice = "tencentcloud_cls_alarm_notice.function"
	for address, want := range map[string]string{
		"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k":        "WeCom",
		"https://open.feishu.cn/open-apis/bot/v2/hook/h":                "Lark",
		"https://open.larksuite.com/open-apis/bot/v2/hook/h":            "Lark",
		"https://oapi.dingtalk.com/robot/send?access_token=t":           "DingTalk",
		"https://robot.example/?of=https://oapi.dingtalk.com/robot/":    "Http",
		"https://oapi.dingtalk.com.robot.example/robot/send?access=tok": "Http",
	} {
		got := evaluate(t, map[string]cty.Value{"alarm_webhook": text(address)}).one(t, notice)
		callback := got["web_callbacks"].([]any)[0].(map[string]any)
		if callback["callback_type"] != want || callback["url"] != address || got["notice_receivers"] != nil {
			t.Errorf("%s: %v", address, got)
		}
	}
	got := evaluate(t, map[string]cty.Value{"alarm_user_group": cty.NumberIntVal(1001), "alarm_channels": list("Sms", "Phone")}).one(t, notice)
	receiver := got["notice_receivers"].([]any)[0].(map[string]any)
	if fmt.Sprint(receiver["receiver_type"], receiver["receiver_ids"], receiver["receiver_channels"]) != "Group[1001] [Sms Phone]" || got["web_callbacks"] != nil {
		t.Errorf("the user group: %v", got)
	}
}
