package report

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"migratecheck/internal/check"
)

var (
	ownLink = regexp.MustCompile(`\[(?:Help|帮助文档)\]\(https?://[a-z0-9.:-]+[A-Za-z0-9/._?=&#%,;:+-]*\)`)
	ownBold = regexp.MustCompile(`(?m)^(> )?\*\*[^*\n]+\*\*`)
	special = regexp.MustCompile("[<>@|*\\[\\]`~\\\\&#]|!\\[|__")
	block   = regexp.MustCompile(`^(\d+[.)]|[-+=#]|    )`)
)

// Nothing from outside is markup, a mention or a link in a chat.
func TestMarkdownIsOurOwn(t *testing.T) {
	for name, r := range reports {
		for _, r.Language = range []string{"en-US", "zh-CN"} {
			for i, text := range []string{Plain(r, 1<<20), Markdown(r, 1<<20), Markdown(r, 4096)} {
				rest := ownBold.ReplaceAllString(ownLink.ReplaceAllString(text, "link"), "${1}bold")
				for _, line := range strings.Split(rest, "\n") {
					line = strings.TrimPrefix(strings.TrimPrefix(line, "> "), "  ")
					line = regexp.MustCompile(`(Help|帮助文档): https://\S+`).ReplaceAllString(line, "link") // in plain text
					if s := special.FindString(line); s != "" || i > 0 && block.MatchString(line) {
						t.Errorf("%s.%s: %q in %q", name, r.Language, s, line)
					}
				}
			}
		}
	}
}

// A name keeps its underscores where they are no markup.
func TestUnderscores(t *testing.T) {
	for text, want := range map[string]string{"orders_db_1": "orders_db_1", "_a_": "＿a＿", "a__b": "a＿＿b", "库_1": "库＿1", "1_库": "1＿库"} {
		if got := escape(text); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}

var ids = regexp.MustCompile(`dts-[0-9]{8}`)
var rest = regexp.MustCompile(`(?:and|另有) (\d+) (?:more jobs?|个任务未列出)`)

// Whatever the limit, a message keeps to it, is whole in itself, has the
// counts, and accounts for every job.
func TestLimit(t *testing.T) {
	for _, language := range []string{"en-US", "zh-CN"} {
		const jobs = 100
		r := reports["many"]
		r.Language = language
		r.Result.Jobs = many()[:jobs]
		r.Result.NotHandedOn = []string{"function"}
		for i := range r.Result.Jobs {
			if steps := r.Result.Jobs[i].Check.Steps; len(steps) > 0 {
				steps[0].Failed[0].HelpDoc = []string{"https://cloud.tencent.com/document/product/571"}
			}
		}
		d := describe(r)
		for name, write := range map[string]func(Report, int) string{"markdown": Markdown, "plain": Plain} {
			least := write(r, 0)
			if !strings.Contains(least, d.Headline) || !strings.HasSuffix(least, d.NotHandedOn) || !strings.Contains(least, d.Counts) {
				t.Errorf("%s: %q", name, least)
			}
			whole := write(r, 1<<20)
			if got := len(ids.FindAllString(whole, -1)); got != jobs || rest.MatchString(whole) {
				t.Errorf("%s: %d jobs without a limit", name, got)
			}
			for limit := 0; limit < len(whole)+200; limit += 97 {
				text := write(r, limit)
				if len(text) > max(limit, len(least)) || !utf8.ValidString(text) || !strings.HasPrefix(text, least) {
					t.Fatalf("%s, limit %d: %d bytes: %q", name, limit, len(text), text)
				}
				if strings.Count(text, "**")%2 != 0 || strings.Count(text, "](") != len(ownLink.FindAllString(text, -1)) {
					t.Fatalf("%s, limit %d: cut within markup: %q", name, limit, text)
				}
				shown := len(ids.FindAllString(text, -1))
				more := 0
				if m := rest.FindStringSubmatch(text); m != nil {
					more, _ = strconv.Atoi(m[1])
				}
				if shown+more != jobs && limit >= len(least)+50 {
					t.Fatalf("%s, limit %d: %d jobs and %d more", name, limit, shown, more)
				}
			}
		}
	}
}

// A message that just fits is whole; with one byte less, texts are cut, and
// with little room for the least of them, jobs are.
func TestLimitToTheByte(t *testing.T) {
	outcome := func(id string) check.Outcome {
		return check.Outcome{JobID: id, Progress: check.Progress{Error: &check.Error{Code: "FailedOperation", Message: strings.Repeat("错", 2000)}}}
	}
	r := Report{Result: check.Result{Jobs: []check.Outcome{outcome("dts-00000001"), outcome("dts-00000002")}}}
	whole := Markdown(r, 1<<20)
	if got := Markdown(r, len(whole)); got != whole || strings.Contains(got, "…") || strings.Count(got, "错") != 4000 {
		t.Errorf("just fits: %d of %d bytes", len(got), len(whole))
	}
	less := Markdown(r, len(whole)-1)
	if strings.Count(less, "错…") != 2 || strings.Count(less, "错") != 1998 || len(ids.FindAllString(less, -1)) != 2 {
		t.Errorf("one byte less: %d bytes, %d characters", len(less), strings.Count(less, "错"))
	}
	small := Markdown(r, 600)
	if both := Markdown(r, len(small)); both != small || strings.Count(small, "错") != 2*59 {
		t.Errorf("got %q", small)
	}
	one := Markdown(r, len(small)-1)
	if strings.Count(one, "错") != 59 || !strings.HasSuffix(one, "\n\n… and 1 more job") {
		t.Errorf("got %q", one)
	}
	if got := Markdown(r, len(one)); got != one {
		t.Errorf("got %q", got)
	}
	if got := Markdown(r, len(one)-1); strings.Contains(got, "错") || !strings.HasSuffix(got, "\n\n… and 2 more jobs") {
		t.Errorf("got %q", got)
	}
}

// The names of what needs nobody never cost a word on what does.
func TestReasonsGoFirst(t *testing.T) {
	jobs := []check.Outcome{{JobID: "dts-00000000", Progress: check.Progress{Error: &check.Error{Code: "FailedOperation", Message: strings.Repeat("x", 900)}}}}
	for i := range 1000 {
		jobs = append(jobs, check.Outcome{JobID: fmt.Sprintf("dts-%08d", i+1)})
	}
	text := Markdown(Report{Result: check.Result{Jobs: jobs}}, 4096)
	shown := len(ids.FindAllString(text, -1))
	if strings.Count(text, "x") != 900 || shown < 200 || !strings.HasSuffix(text, fmt.Sprintf("… and %d more jobs", 1001-shown)) || len(text) > 4096 || len(text) < 4070 {
		t.Errorf("%d bytes, %d jobs: %s", len(text), shown, text)
	}
}
