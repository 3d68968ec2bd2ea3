// Package docs compares the pages with each other: every page that a user reads
// is there in English and in Chinese, and says the same.
package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// twins are the pages that a user reads, from the project's root: the English
// one and the Chinese one.
var twins = map[string]string{
	"README.md":                  "docs/zh-CN/README.md",
	"docs/nightly.md":            "docs/zh-CN/nightly.md",
	"docs/triggers.md":           "docs/zh-CN/triggers.md",
	"docs/forward.md":            "docs/zh-CN/forward.md",
	"docs/local.md":              "docs/zh-CN/local.md",
	"docs/ci.md":                 "docs/zh-CN/ci.md",
	"docs/operations.md":         "docs/zh-CN/operations.md",
	"docs/codes.md":              "docs/zh-CN/codes.md",
	"docs/security.md":           "docs/zh-CN/security.md",
	"deploy/terraform/README.md": "docs/zh-CN/terraform.md",
}

// forDevelopers are the pages that have no twin.
var forDevelopers = []string{"docs/architecture.md", "CONTRIBUTING.md", "CHANGELOG.md"}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryPageHasItsTwin(t *testing.T) {
	var found []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/zh-CN/*.md", "deploy/*/*.md"} {
		files, err := filepath.Glob(filepath.Join("..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			found = append(found, strings.TrimPrefix(filepath.ToSlash(file), "../"))
		}
	}
	known := slices.Clone(forDevelopers)
	for english, chinese := range twins {
		known = append(known, english, chinese)
	}
	slices.Sort(found)
	slices.Sort(known)
	if !slices.Equal(found, known) {
		t.Errorf("the pages are %v\nof these %v are known", found, known)
	}
}

func TestTwins(t *testing.T) {
	english := map[string]string{} // by the Chinese page
	for page, twin := range twins {
		english[twin] = page
	}
	for page, twin := range twins {
		t.Run(strings.TrimSuffix(filepath.Base(twin), ".md"), func(t *testing.T) {
			one, other := read(t, page), read(t, twin)
			same(t, "commands", commands(one), commands(other))
			same(t, "tables' sizes", tables(one), tables(other))
			same(t, "headings' levels", levels(one), levels(other))
			links := func(path, text string) (targets []string) {
				for _, target := range linksOf(path, text) {
					file, _, _ := strings.Cut(target, "#")
					if page, ok := english[file]; ok {
						file = page
					} else if strings.HasSuffix(file, ".png") {
						file = strings.Replace(file, "docs/zh-CN/", "docs/", 1) // a picture's twin
					}
					targets = append(targets, file)
				}
				slices.Sort(targets)
				return slices.DeleteFunc(targets, func(target string) bool { return target == page }) // to each other
			}
			same(t, "links", links(page, one), links(twin, other))
			if !slices.Contains(linksOf(page, one), twin) || !slices.Contains(linksOf(twin, other), page) {
				t.Error("the two do not link each other")
			}
			if !regexp.MustCompile(`\p{Han}`).MatchString(other) {
				t.Error("the twin is not in Chinese")
			}
		})
	}
}

func same(t *testing.T, what string, one, other []string) {
	t.Helper()
	for i := range max(len(one), len(other)) {
		if i >= len(one) || i >= len(other) || one[i] != other[i] {
			t.Errorf("%s: from the %d. on the English page has\n%q\nthe Chinese one\n%q", what, i+1, one[min(i, len(one)):], other[min(i, len(other)):])
			return
		}
	}
}

// Every link within the project leads to a file, and to a heading of it if it
// names one.
func TestLinks(t *testing.T) {
	pages := slices.Clone(forDevelopers)
	for page, twin := range twins {
		pages = append(pages, page, twin)
	}
	for _, page := range pages {
		for _, target := range linksOf(page, read(t, page)) {
			file, anchor, named := strings.Cut(target, "#")
			if _, err := os.Stat(filepath.Join("..", file)); err != nil {
				t.Errorf("%s links to %s, which does not exist", page, target)
			} else if named && !slices.Contains(anchors(read(t, file)), anchor) {
				t.Errorf("%s links to %s, which has no such heading", page, target)
			}
		}
	}
}

var block = regexp.MustCompile("(?ms)^ *```(\\w*)\n(.*?)^ *```$")

// commands are what a reader is to type: the blocks of kind sh, and in those of
// kind console the lines that begin with "$ ".
func commands(text string) (out []string) {
	for _, m := range block.FindAllStringSubmatch(text, -1) {
		for line := range strings.Lines(m[2]) {
			line = strings.TrimSpace(line)
			if m[1] == "sh" || m[1] == "console" && strings.HasPrefix(line, "$ ") {
				out = append(out, strings.Replace(line, "DTS_LANGUAGE=zh-CN ", "", 1)) // the Chinese page may ask for Chinese
			}
		}
	}
	return out
}

// tables are the rows and columns of each table.
func tables(text string) (out []string) {
	for _, table := range regexp.MustCompile(`(?m)(?:^\|.*\n)+`).FindAllString(prose(text), -1) {
		rows := strings.Split(strings.TrimSpace(table), "\n")
		size := ""
		for _, row := range rows {
			size += string(rune('0' + strings.Count(row, "|") - strings.Count(row, `\|`) - 1))
		}
		out = append(out, size)
	}
	return out
}

// levels are the headings without their texts.
func levels(text string) (out []string) {
	return regexp.MustCompile(`(?m)^#+ `).FindAllString(prose(text), -1)
}

// prose is a text without its blocks of code.
func prose(text string) string { return block.ReplaceAllString(text, "") }

// linksOf are the targets of the links and pictures within the project, from
// its root.
func linksOf(page, text string) (out []string) {
	for _, m := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(prose(text), -1) {
		target, anchor, named := strings.Cut(m[1], "#")
		if strings.Contains(target, "://") {
			continue
		}
		if target = filepath.ToSlash(filepath.Join(filepath.Dir(page), target)); strings.HasPrefix(m[1], "#") {
			target = page
		}
		if named {
			target += "#" + anchor
		}
		out = append(out, target)
	}
	return out
}

// anchors are the names by which a page's headings can be linked, as GitHub
// makes them.
func anchors(text string) (out []string) {
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(prose(text), -1) {
		out = append(out, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, m[1]))
	}
	return out
}
