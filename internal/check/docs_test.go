package check

import (
	"os"
	"regexp"
	"strconv"
	"testing"
)

// The handbook of codes, in both languages, and the table of codes say the same.
func TestCodesAreDocumented(t *testing.T) {
	for page, words := range map[string]map[bool]string{
		"codes.md":       {true: "yes", false: "no"},
		"zh-CN/codes.md": {true: "是", false: "否"},
	} {
		text, err := os.ReadFile("../../docs/" + page)
		if err != nil {
			t.Fatal(err)
		}
		documented := map[string]bool{}
		for _, row := range regexp.MustCompile("(?m)^\\| `([A-Za-z.]+)` \\| (\\d+) \\| (\\S+) \\|").FindAllStringSubmatch(string(text), -1) {
			code, status, tried := row[1], row[2], row[3]
			documented[code] = true
			if c, ok := classes[code]; !ok || strconv.Itoa(c.status) != status || words[c.retry] != tried {
				t.Errorf("%s: %s is documented as %s, tried: %s; the code has %+v", page, code, status, tried, c)
			}
		}
		for code := range classes {
			if !documented[code] {
				t.Errorf("%s: %s is not documented", page, code)
			}
		}
	}
}
