package report

import (
	"strings"
	"testing"

	"migratecheck/internal/check"
)

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "orders": "orders", "订单 库": "订单 库", " a \t\r\n b ": "a b", "a\u2028b\u2029c\u0085d\u00a0e\u3000f": "a b c d e f",
		"\x1b[31mred": "\uFFFD[31mred", "a\x00b\x7fc\u009bd": "a\uFFFDb\uFFFDc\uFFFDd", "a\xffb": "a\uFFFDb",
		"\u202eevil\u202c \u2066x\u2069\u200e\u200f\u061c": "evil x", "\ufeffa\u200bb\u00adc\U000e0041": "abc",
		" \u200b ": "", "a\n\u202eb": "a b",
	} {
		if got := clean(text, 100); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestCut(t *testing.T) {
	for _, row := range []struct {
		text string
		n    int
		want string
	}{
		{"", 3, ""}, {"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"数据库", 3, "数据库"}, {"数据库名", 3, "数据…"}, {"a bc", 3, "a…"}, {"a  b", 3, "a b"}, {"a b ", 3, "a b"}, {"ab c", 2, "a…"}, {"ab c", 3, "ab…"}, {"\u200babc\u200b", 3, "abc"}, {"a\xff\xff\xff", 3, "a\uFFFD…"}, {"abc", 1, "…"}, {"a" + strings.Repeat(" ", 1000), 3, "…"}, {"ab" + strings.Repeat("\u3000", 1000), 3, "a…"},
	} {
		if got := clean(row.text, row.n); got != row.want {
			t.Errorf("%q at %d: %q", row.text, row.n, got)
		}
	}
}

func TestLink(t *testing.T) {
	for text, want := range map[string]string{
		"https://cloud.tencent.com/document/product/571/61639": "https://cloud.tencent.com/document/product/571/61639",
		" http://a.example:8080/x?y=1&z=2#t\n":                 "http://a.example:8080/x?y=1&z=2#t",
		"HTTPS://A.example":                                    "https://A.example",
		"https://[2001:db8::1]/x":                              "https://[2001:db8::1]/x",
		"https://a.example/文档":                                 "https://a.example/%E6%96%87%E6%A1%A3",
		"https://a.example/x y":                                "https://a.example/x%20y",
		`https://a.example/a)(b]*[c"'<>@|~\^` + "`{}":          "https://a.example/a%29%28b%5D%2A%5Bc%22%27%3C%3E%40%7C%7E%5C%5E%60%7B%7D",
		"https://a.example/" + strings.Repeat("a", 982):        "https://a.example/" + strings.Repeat("a", 982),
		"https://a.example/" + strings.Repeat("a", 983):        "",
		"": "", "cloud.tencent.com": "", "//a.example": "", "ftp://a.example": "", "javascript:alert(1)": "", "data:,x": "", "https:a": "", "https://": "", "https:///x": "",
		"https://u@a.example": "", "https://u:p@a.example": "", "https://аpple.example": "", "https://a.example\\b": "", "https://a<b>.example": "", "https://a.example/\x1b": "",
		"https://a_b.example/": "", "https://:80/": "", "https://a.example,b": "",
	} {
		got, ok := link(text)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %v", text, got, ok)
		}
	}
}

func TestWidth(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "abc": 3, "数据库": 6, "a，b": 4, "ｶﾅ": 2, "한글": 4, "e\u0301": 1, "📦": 2, "…": 1, "—": 1, "é": 1, "𠀀": 2, "ＡＢ": 4, "､": 1, "￥": 2, "ก": 1,
		"ᄀ": 2, "\uf900": 2, "︰": 2, "🚀": 2, "🤖": 2, "a\u20dd": 1,
	} {
		if got := width(text); got != want {
			t.Errorf("%q: %d", text, got)
		}
	}
}

// A column ends at the same place whatever is written in it.
func TestColumns(t *testing.T) {
	short := Report{Result: check.Result{Jobs: []check.Outcome{{JobID: "a", JobName: "b", Progress: check.Progress{Stage: check.StageCreated, RequestID: "00000000-1"}}}}}
	for _, r := range []Report{reports["mixed"], short} {
		columns := map[int]bool{}
		for _, line := range strings.Split(Text(r), "\n") {
			for _, id := range []string{"RequestId", "00000000-"} {
				if before, _, ok := strings.Cut(line, id); ok && !strings.HasPrefix(line, "   ") {
					columns[width(before)] = true
				}
			}
		}
		if len(columns) != 1 {
			t.Errorf("the RequestIds begin at %v", columns)
		}
	}
}
