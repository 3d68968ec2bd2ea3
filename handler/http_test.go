package handler

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"migratecheck/internal/check"
	"migratecheck/internal/report"
)

// Methods that ask for nothing never reach DTS, and neither does a page that
// is fetched before anybody opens it.
func TestMethods(t *testing.T) {
	for name, row := range map[string]struct {
		event  string
		status int
		calls  int
	}{
		"OPTIONS":       {`{"httpMethod":"OPTIONS","path":"/","queryString":{"JobId":"dts-1"}}`, 204, 0},
		"HEAD":          {`{"httpMethod":"HEAD","path":"/","queryString":{"JobId":"dts-1"}}`, 405, 0},
		"DELETE":        {`{"httpMethod":"DELETE","path":"/","queryString":{"JobId":"dts-1"},"requestContext":{"stage":"release"}}`, 405, 0},
		"nonsense":      {`{"httpMethod":"BREW","path":"/","body":"{"}`, 405, 0},
		"prerender":     {`{"httpMethod":"GET","path":"/","headers":{"sec-purpose":"prerender"},"queryString":{"JobId":"dts-1","Action":"CreateMigrateCheckJob"}}`, 503, 0},
		"prefetch":      {`{"httpMethod":"GET","path":"/","headers":{"Sec-Purpose":"prefetch;prerender"},"queryString":{"JobId":"dts-1","Action":"CreateMigrateCheckJob"}}`, 503, 0},
		"cross-site":    {`{"httpMethod":"POST","path":"/","headers":{"Sec-Fetch-Site":"cross-site"},"body":"dts-1"}`, 403, 0},
		"GET":           {`{"httpMethod":"GET","path":"/","queryString":{"JobId":"dts-1"}}`, 200, 1},
		"PUT":           {`{"httpMethod":"PUT","path":"/","body":"dts-1"}`, 200, 1},
		"GET, no event": {`{"httpMethod":"GET","path":"/"}`, 400, 0},
	} {
		t.Run(name, func(t *testing.T) {
			dts := &scripted{}
			i := invoke(t, dts, row.event)
			got := readResponse(t, i)
			if got.StatusCode != row.status || len(dts.calls) != row.calls {
				t.Errorf("got %+v, calls %v", got, dts.calls)
			}
			if (got.Headers["Allow"] == "GET, POST, PUT, OPTIONS") != (row.status == 204 || row.status == 405 || row.status == 503) {
				t.Errorf("headers %v", got.Headers)
			}
			line := i.log.lines("event")[0]
			if level := line["level"]; (level == "WARN") != (row.status == 400 || row.status == 403 || row.status == 405) {
				t.Errorf("level %v", level)
			}
			if jobs := float64(row.calls); row.status != 400 && (line["jobs"] != jobs || line["failed"] != 0.0) {
				t.Errorf("%v jobs, %v failed", line["jobs"], line["failed"])
			}
			if refused := row.status >= 400; refused != strings.HasPrefix(got.Body, `{"Error":{`) || row.status == 204 && got.Body != "" {
				t.Errorf("body %s", got.Body)
			}
		})
	}
}

const browser = `"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"`

// A page that is opened in a browser creates nothing: it shows the state, and
// a button that posts.
func TestPage(t *testing.T) {
	for name, row := range map[string]struct {
		event    string
		calls    string
		contains []string
		not      string
	}{
		"opened": {
			`{"httpMethod":"GET","path":"/","headers":{"accept":` + browser + `},"queryString":{"JobId":"dts-1","Start":"true"}}`,
			"describe dts-1", []string{"<form", `method="post"`, `value="dts-1"`, "dts-1"}, "",
		},
		"posted": {
			`{"httpMethod":"POST","path":"/","headers":{"accept":` + browser + `,"content-type":"application/x-www-form-urlencoded"},"body":"JobId=dts-1"}`,
			"create dts-1", []string{"dts-1"}, "<form",
		},
		"a board, whose states are in the list": {
			`{"httpMethod":"GET","path":"/","headers":{"accept":` + browser + `},"queryString":{"Action":"DescribeMigrateCheckJob","Select":"{\"Status\":\"checkPass\"}"}}`,
			"list checkPass", []string{"dts-2", "dts-3", "dts-4"}, "<form",
		},
		"a board of all jobs": {
			`{"httpMethod":"GET","path":"/","headers":{"accept":` + browser + `},"queryString":{"Action":"DescribeMigrateCheckJob","Select":true}}`,
			"list , describe dts-1", []string{"orders &lt;script&gt;"}, "<script>",
		},
		"opened, nothing named": {
			`{"httpMethod":"GET","path":"/","headers":{"accept":` + browser + `}}`,
			"", []string{`name="JobId"`, `href="?Select="`}, "",
		},
		"created by name": {
			`{"httpMethod":"GET","path":"/","headers":{"accept":` + browser + `},"queryString":{"Action":"CreateMigrateCheckJob","JobId":"dts-1"}}`,
			"create dts-1", []string{"create-dts-1"}, "<form",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dts := &scripted{
				reads: true, list: []check.Job{{ID: "dts-1", Name: "orders <script>", Status: check.JobCheckNotPass}},
				describe: map[string][]reading{"dts-1": {verdict(false, "no privilege")}},
			}
			if strings.Contains(row.event, check.JobCheckPass) {
				dts.list = []check.Job{{ID: "dts-2", Status: check.JobCheckPass}, {ID: "dts-3", Status: check.JobRunning}, {ID: "dts-4", Status: check.JobCreated}}
			}
			o := everything(dts)
			got := readResponse(t, newInstance(o).fire(t, "r", row.event, 1e9))
			if calls := strings.Join(dts.calls, ", "); calls != row.calls {
				t.Errorf("calls %s, want %s", calls, row.calls)
			}
			if got.Headers["Content-Type"] != "text/html; charset=utf-8" || got.Headers["Cache-Control"] != "no-store" {
				t.Errorf("headers %v", got.Headers)
			}
			for _, text := range row.contains {
				if !strings.Contains(got.Body, text) {
					t.Errorf("no %s in\n%s", text, got.Body)
				}
			}
			if row.not != "" && strings.Contains(got.Body, row.not) {
				t.Errorf("%s in\n%s", row.not, got.Body)
			}
		})
	}
}

// A request that is refused for what it says is its caller's to mend, and no more than
// a warning in the log.
func TestCallersFault(t *testing.T) {
	unsent := func(code string) *check.Error { return &check.Error{Code: code, Message: "m"} }
	for name, row := range map[string]struct {
		body    string
		create  error
		callers bool
	}{
		"what it says":              {"?", nil, true},
		"what may not be started":   {`{\"JobId\":\"dts-1\",\"Start\":true}`, nil, true},
		"what DTS refuses":          {"dts-1", refusal("InvalidParameterValue"), false},
		"a function without a role": {"dts-1", unsent(check.CodeNoCredentials), false},
		"no time":                   {"dts-1", unsent(check.CodeDeadline), false},
	} {
		times := 0
		o := everything(&scripted{create: map[string]error{"dts-1": row.create}})
		o.AllowStart = false
		o.Forward = forwarder(func(context.Context, report.Report, map[string]check.Told) []check.Forwarded { times++; return nil })
		i := newInstance(o).fire(t, "request", `{"httpMethod":"POST","path":"/","body":"`+row.body+`"}`, time.Minute)
		for _, message := range []string{"job", "event"} {
			if lines := i.log.lines(message); len(lines) != 1 || lines[0]["level"] != map[bool]string{true: "WARN", false: "ERROR"}[row.callers] {
				t.Errorf("%s: lines %v", name, lines)
			}
		}
		if (times == 0) != row.callers {
			t.Errorf("%s: forwarded %d times", name, times)
		}
	}
}

// The button asks for the checks of those jobs on a page that await one.
func TestButton(t *testing.T) {
	for name, row := range map[string]struct {
		reading reading
		want    bool
	}{
		"never checked": {state(check.Unavailable, 0), true},
		"not passed":    {verdict(false, "no"), true},
		"passed":        {verdict(true, "ok"), false},
		"running":       {state(check.Running, 1), false},
		"not read":      {reading{err: refusal("ResourceNotFound.JobNotExist")}, false},
		"no such id":    {reading{err: refusal("InvalidParameter")}, false},
	} {
		dts := &scripted{reads: true, describe: map[string][]reading{"dts-1": {row.reading}}}
		got := readResponse(t, invoke(t, dts, `{"httpMethod":"GET","path":"/","headers":{"accept":`+browser+`},"queryString":{"JobId":"dts-1"}}`))
		if strings.Contains(got.Body, `value="dts-1"`) != row.want {
			t.Errorf("%s: %s", name, got.Body)
		}
	}
	// The page of a selection posts the jobs that await a check, and no others.
	dts := &scripted{reads: true, list: []check.Job{
		{ID: "dts-new", Status: check.JobCreated}, {ID: "dts-failed", Status: check.JobCheckNotPass}, {ID: "dts-passed", Status: check.JobCheckPass},
		{ID: "dts-runs", Status: check.JobRunning}, {ID: "dts-unread", Status: check.JobCheckNotPass}, {ID: "dts-large", Failure: refusal("ResponseSizeLimitExceeded")},
	}, describe: map[string][]reading{"dts-failed": {verdict(false, "no")}, "dts-unread": {{err: refusal("UnauthorizedOperation")}}}}
	page := readResponse(t, invoke(t, dts, `{"httpMethod":"GET","path":"/","headers":{"accept":`+browser+`},"queryString":{"Select":"true"}}`)).Body
	if posts := regexp.MustCompile(`name="JobIds?" value="[^"]*"`).FindString(page); posts != `name="JobIds" value="dts-new,dts-failed"` {
		t.Errorf("posts %s: %s", posts, page)
	}
}

func TestTable(t *testing.T) {
	got := readResponse(t, invoke(t, &scripted{}, `{"httpMethod":"POST","path":"/","headers":{"Accept":"text/plain"},"body":"dts-1, dts-2"}`))
	if got.StatusCode != 200 || got.Headers["Content-Type"] != "text/plain; charset=utf-8" || !strings.Contains(got.Body, "create-dts-2") {
		t.Errorf("got %+v", got)
	}
}
