package report

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

var pages = flag.String("pages", "", "write the pages of the nights into this folder, to take pictures of")

// The pages of a night are small, whole, and name every job.
func TestPagesOfNights(t *testing.T) {
	for _, language := range []string{"en-US", "zh-CN"} {
		for _, n := range []int{8, 300} {
			r := night(n, language)
			r.Posted = n == 300
			if n == 8 {
				r.Button = Button{Jobs: []string{r.Result.Jobs[0].JobID, r.Result.Jobs[4].JobID, r.Result.Jobs[6].JobID}}
			}
			page := HTML(r)
			if *pages != "" {
				if err := os.WriteFile(filepath.Join(*pages, fmt.Sprintf("night%d.%s.html", n, language)), page, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			parse(t, string(page))
			if named := map[string]bool{}; len(page) > 400*(n+30) {
				t.Errorf("%d jobs: %d bytes", n, len(page))
			} else {
				for _, id := range ids.FindAllString(string(page), -1) {
					named[id] = true
				}
				if len(named) != n {
					t.Errorf("%d of %d jobs", len(named), n)
				}
			}
		}
	}
}
