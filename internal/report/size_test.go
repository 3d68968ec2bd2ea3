//go:build !race

// Sizes, and what they take of the heap: with the race detector these tests would take
// ten times as long, to watch one goroutine.

package report

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"migratecheck/internal/check"
)

// Every robot gets the ids of 200 troubled jobs, whatever keeps them, and WeCom's
// some 250.
func TestMessageNamesAll(t *testing.T) {
	for _, language := range []string{"en-US", "zh-CN"} {
		for chat, limit := range chats {
			for _, row := range []struct{ jobs, steps int }{{200, 1}, {200, 3}, {200, len(stepIDs)}, {250, 3}} {
				text := Message(troubled(row.jobs, row.steps, language), chat, limit)
				block := text
				if i := strings.Index(text, "\n\n> "); i > 0 && chat != Feishu {
					block = text[:i]
				}
				named := map[string]int{}
				for _, id := range ids.FindAllString(block, -1) {
					named[id]++
				}
				if len(text) > limit || len(named) != row.jobs || moreJobs.MatchString(text) {
					t.Errorf("%s, %s: %d jobs of %d in %d bytes:\n%s", language, chat, len(named), row.jobs, len(text), text)
				}
				if chat != Feishu && slices.Max(slices.Collect(maps.Values(named))) > 1 {
					t.Errorf("%s, %s: a job is named twice:\n%s", language, chat, block)
				}
			}
		}
	}
}

// Whatever the limit, a message keeps to it, is whole in itself, has headline and
// counts, and accounts for every job that needs a person.
func TestMessageWithinLimit(t *testing.T) {
	for _, language := range []string{"en-US", "zh-CN"} {
		r := night(300, language)
		r.Result.NotHandedOn = []string{"function"}
		d := describe(r)
		for chat := range chats {
			least := Message(r, chat, 0)
			for _, line := range []string{d.Headline, d.counts(), d.Alerts[0]} {
				if !strings.Contains(least, line) {
					t.Errorf("%s: no %s in %q", chat, line, least)
				}
			}
			whole := Message(r, chat, 1<<20)
			for limit := 0; limit < len(whole)+200; limit += 211 {
				text := Message(r, chat, limit)
				if len(text) > max(limit, len(least)) || !utf8.ValidString(text) || !strings.HasPrefix(text, least) {
					t.Fatalf("%s, limit %d: %d bytes: %q", chat, limit, len(text), text)
				}
				if strings.Count(text, "**")%2 != 0 || strings.Count(text, "`")%2 != 0 {
					t.Fatalf("%s, limit %d: cut within markup: %q", chat, limit, text)
				}
				named := map[string]bool{}
				for _, id := range ids.FindAllString(text, -1) {
					named[id] = true
				}
				more := 0
				if m := moreJobs.FindStringSubmatch(text); m != nil {
					more, _ = strconv.Atoi(m[1])
				}
				if len(named)+more != d.problems && limit >= len(least)+60 {
					t.Fatalf("%s, limit %d: %d jobs and %d more of %d: %s", chat, limit, len(named), more, d.problems, text)
				}
			}
			if got := Message(r, chat, len(whole)); got != whole || strings.Contains(got, "…") {
				t.Errorf("%s: a message that just fits is cut", chat)
			}
		}
	}
}

// Whatever the limit, a summary keeps to it.
func TestSummaryWithinLimit(t *testing.T) {
	r := night(300, "en-US")
	whole := Summary(r, 1<<20)
	for limit := 1000; limit < len(whole)+100; limit += 501 {
		text := Summary(r, limit)
		if len(text) > limit || !strings.HasPrefix(text, "## DTS check: 41 of 300 jobs need you (12 new)\n") || limit < len(whole) != moreJobs.MatchString(text) && limit < len(whole)-30 {
			t.Fatalf("limit %d: %d bytes: %s", limit, len(text), text)
		}
	}
}

// Whatever there is to say, a page and a table stay within their size, and
// say what they leave out.
func TestSizeOfPageAndTable(t *testing.T) {
	jobs := make([]check.Outcome, 4_000)
	long := strings.Repeat("权限<&\"", 80)
	for i := range jobs {
		jobs[i] = check.Outcome{JobID: "dts-1kl0iy0v", JobName: long, Progress: check.Progress{Stage: check.StageJudged, RequestID: "46b45da1-0c4f-4b1f-8b6e-a1f0a3c5d7e9", Check: &check.State{Status: check.Finished, Passed: new(bool), Message: long,
			Steps: []check.Step{{Name: long, Status: check.StepFailed, Failed: []check.Item{{Name: long, Reason: long, Solution: long}}}}}}}
	}
	r := Report{Result: check.Result{Jobs: jobs}}
	for form, text := range map[string]string{"page": string(HTML(r)), "table": Text(r)} {
		shown := strings.Count(text, "dts-1kl0iy0v")
		if len(text) > 2500<<10 || len(text) < 2500<<10*9/10 || !strings.Contains(text, wordsOf("en-US").moreJobs(len(jobs)-shown)) {
			t.Errorf("%s: %d bytes, %d jobs", form, len(text), shown)
		}
		if form == "page" {
			parse(t, text)
		}
	}
	// Cut texts make room for all.
	r.Result.Jobs = jobs[:1000]
	for form, text := range map[string]string{"page": string(HTML(r)), "table": Text(r)} {
		if shown := strings.Count(text, "dts-1kl0iy0v"); shown != 1000 || len(text) > 2500<<10 || strings.Contains(text, "more job") {
			t.Errorf("%s: %d bytes, %d jobs", form, len(text), shown)
		}
	}
}

// A page that is cut is whole, and keeps to its limit.
func TestPageWithinLimit(t *testing.T) {
	for name, r := range map[string]Report{"mixed": reports["mixed"], "night": night(60, "en-US")} {
		whole := len(HTML(r))
		if n := len(pageWithin(r, whole+20)); n != whole {
			t.Errorf("%s: %d of %d bytes", name, n, whole)
		}
		for limit := whole / 2; limit <= whole; limit += 61 {
			page := string(pageWithin(r, limit))
			if len(page) > limit || !strings.HasSuffix(page, "</html>\n") {
				t.Fatalf("%s, limit %d: %d bytes", name, limit, len(page))
			}
			parse(t, page)
		}
	}
}
