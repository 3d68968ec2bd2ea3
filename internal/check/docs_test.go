package check

import (
	"os"
	"regexp"
	"strconv"
	"testing"
)

// docs/codes.md and the table of codes say the same.
func TestCodesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/codes.md")
	if err != nil {
		t.Fatal(err)
	}
	words := map[bool]string{true: "yes", false: "no"}
	documented := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Za-z.]+)` \\| (\\d+) \\| (yes|no) \\|").FindAllStringSubmatch(string(text), -1) {
		code, status, tried := row[1], row[2], row[3]
		documented[code] = true
		if c, ok := classes[code]; !ok || strconv.Itoa(c.status) != status || words[c.retry] != tried {
			t.Errorf("%s: documented as %s, tried: %s; the code has %+v", code, status, tried, c)
		}
	}
	for code := range classes {
		if !documented[code] {
			t.Errorf("%s is not documented", code)
		}
	}
}
