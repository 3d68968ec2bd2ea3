package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode"

	"migratecheck/internal/check"
)

// attributes are those that a page may have; an element without a row may not
// be there at all, and no attribute that loads or runs anything has a place.
var attributes = map[string]string{
	"html": "lang", "head": "", "meta": "charset http-equiv content name", "title": "", "link": "rel href", "style": "", "body": "",
	"header": "", "main": "", "nav": "class aria-label", "h1": "", "h2": "id", "h3": "", "p": "class", "div": "class", "section": "aria-labelledby",
	"details": "class open", "summary": "", "bdi": "class", "b": "class", "small": "", "span": "class", "ul": "class", "li": "", "a": "href rel class",
	"form": "method action", "input": "type name value required", "button": "type", "label": "",
}

type element struct {
	name  string
	attrs map[string]string
	inner strings.Builder // the text of the element and of all within
}

func (e *element) text() string { return e.inner.String() }

// parse reads a page, which is well-formed XML as well, into its elements in
// the order in which they begin.
func parse(t *testing.T, page string) []*element {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	var all, open []*element
	for {
		token, err := d.Token()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := &element{name: token.Name.Local, attrs: map[string]string{}}
			for _, a := range token.Attr {
				if _, twice := e.attrs[a.Name.Local]; twice {
					t.Errorf("<%s> has %s twice", e.name, a.Name.Local)
				}
				e.attrs[a.Name.Local] = a.Value
			}
			all, open = append(all, e), append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			for _, e := range open {
				e.inner.Write(token)
			}
		case xml.Comment, xml.ProcInst:
			t.Errorf("a comment or instruction: %q", token)
		}
	}
}

func find(all []*element, name string) (found []*element) {
	for _, e := range all {
		if e.name == name {
			found = append(found, e)
		}
	}
	return found
}

// A page holds nothing but the elements that it is made of, loads nothing,
// and says in landmarks and headings what is where.
func TestPage(t *testing.T) {
	eachReport(t, func(t *testing.T, r Report, form, page string) {
		if form != "html" {
			return
		}
		if !strings.HasPrefix(page, "<!DOCTYPE html>\n") {
			t.Error("no document type")
		}
		all := parse(t, page)
		ids := map[string]bool{}
		level := 0
		for _, e := range all {
			allowed, known := attributes[e.name]
			if !known {
				t.Errorf("<%s>", e.name)
			}
			for name, value := range e.attrs {
				if !slices.Contains(strings.Fields(allowed), name) {
					t.Errorf("<%s %s=%q>", e.name, name, value)
				}
			}
			if id := e.attrs["id"]; id != "" {
				if ids[id] {
					t.Errorf("id %s twice", id)
				}
				ids[id] = true
			}
			if len(e.name) == 2 && e.name[0] == 'h' {
				if next := int(e.name[1] - '0'); next > level+1 {
					t.Errorf("<%s> follows a heading of level %d", e.name, level)
				} else {
					level = next
				}
				if strings.TrimSpace(e.text()) == "" {
					t.Errorf("empty <%s>", e.name)
				}
			}
			if href := e.attrs["href"]; e.name == "a" && !strings.HasPrefix(href, "#") && !strings.HasPrefix(href, "?") &&
				(!strings.HasPrefix(href, "http") || !strings.Contains(e.attrs["rel"], "noreferrer")) {
				t.Errorf("a link: %v", e.attrs)
			}
			if e.name == "link" && e.attrs["href"] != "data:," {
				t.Errorf("loads %v", e.attrs)
			}
		}
		for _, e := range find(all, "section") {
			if !ids[e.attrs["aria-labelledby"]] {
				t.Errorf("a section without its heading: %v", e.attrs)
			}
		}
		for _, one := range []string{"html", "title", "style", "header", "h1", "main"} {
			if n := len(find(all, one)); n != 1 {
				t.Errorf("%d times <%s>", n, one)
			}
		}
		if lang := all[0].attrs["lang"]; lang != r.Language {
			t.Errorf("language %q", lang)
		}

		sum := sha256.Sum256([]byte(find(all, "style")[0].text()))
		want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; img-src data:; form-action 'self'; base-uri 'none'"
		if got := find(all, "meta")[1].attrs; got["http-equiv"] != "Content-Security-Policy" || got["content"] != want {
			t.Errorf("policy %v; want %s", got, want)
		}
		if strings.Contains(style, "url(") || strings.Contains(style, "@import") {
			t.Error("the style loads something")
		}
		jobs := 0
		for _, e := range all {
			if e.attrs["class"] == "id" {
				jobs++
			}
			if href := e.attrs["href"]; strings.HasPrefix(href, "#") && !ids[href[1:]] {
				t.Errorf("a link to %s, which is not there", href)
			}
		}
		if jobs != len(r.Result.Jobs) {
			t.Errorf("%d jobs", jobs)
		}
	})
}

// What comes from outside is there, as text.
func TestPageShowsHostileTexts(t *testing.T) {
	all := parse(t, string(HTML(reports["hostile"])))
	body := find(all, "body")[0].text()
	for _, s := range evil {
		if s = clean(s, 1000); !strings.Contains(body, s) {
			t.Errorf("%q is not shown", s)
		}
	}
	links := 0
	for _, a := range find(all, "a") {
		switch href := a.attrs["href"]; {
		case strings.HasPrefix(href, "https://evil.example/a%29b%5D%28c%29"):
			links++
		case href != "?Select=" && !strings.HasPrefix(href, "#"):
			t.Errorf("a link to %q", href)
		}
	}
	if links == 0 {
		t.Error("no link at all")
	}
}

// The button posts the ids that it names on its face or beneath, and the options.
func TestButton(t *testing.T) {
	for name, row := range map[string]struct {
		button Button
		face   string
		posts  []Field
	}{
		"no job":     {Button{Options: []Field{{"Wait", "true"}}}, "", nil},
		"one job":    {Button{Jobs: []string{"dts-a"}}, "Create the check of dts-a", []Field{{"JobIds", "dts-a"}}},
		"three jobs": {Button{[]string{"dts-a", "dts-b", "sync-c"}, []Field{{"Wait", "true"}, {`">x`, "<&\"'"}}}, "Create the checks of the 3 jobs that await one", []Field{{"JobIds", "dts-a,dts-b,sync-c"}, {"Wait", "true"}, {`">x`, "<&\"'"}}},
	} {
		t.Run(name, func(t *testing.T) {
			all := parse(t, string(HTML(Report{Button: row.button})))
			forms, buttons := find(all, "form"), find(all, "button")
			if row.face == "" {
				if len(forms)+len(buttons) > 0 {
					t.Error("there is a button")
				}
				return
			}
			if len(forms) != 1 || forms[0].attrs["method"] != "post" || forms[0].attrs["action"] != "?" ||
				len(buttons) != 1 || buttons[0].text() != row.face || buttons[0].attrs["type"] != "submit" {
				t.Fatalf("%d forms, %d buttons", len(forms), len(buttons))
			}
			var got []Field
			for _, e := range find(all, "input") {
				if e.attrs["type"] != "hidden" {
					t.Errorf("an input: %v", e.attrs)
				}
				got = append(got, Field{e.attrs["name"], e.attrs["value"]})
			}
			if !slices.Equal(got, row.posts) {
				t.Errorf("posts %v", got)
			}
			for _, id := range row.button.Jobs {
				if !strings.Contains(forms[0].text(), id) {
					t.Errorf("%s is not named", id)
				}
			}
		})
	}
}

// The page that answers a POST leads to the state of the same jobs if an address
// can hold them, and every page to the board.
func TestLinksOfPages(t *testing.T) {
	jobs := func(n int, id string) (jobs []check.Outcome) {
		for i := range n {
			jobs = append(jobs, check.Outcome{JobID: fmt.Sprintf("%s%d", id, i)})
		}
		return jobs
	}
	for name, row := range map[string]struct {
		r    Report
		want []string
	}{
		"a page that reads": {Report{Result: check.Result{Jobs: jobs(1, "dts-")}}, []string{"?Select="}},
		"one that answers":  {Report{Result: check.Result{Jobs: jobs(2, "dts-")}, Posted: true}, []string{"?JobIds=dts-0,dts-1", "?Select="}},
		"many jobs":         {Report{Result: check.Result{Jobs: jobs(500, "dts-")}, Posted: true}, []string{"?Select="}},
		"no id":             {Report{Result: check.Result{Jobs: jobs(1, "dts-a&Start=true#")}, Posted: true}, []string{"?Select="}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, a := range find(parse(t, string(HTML(row.r))), "a") {
				if href := a.attrs["href"]; strings.HasPrefix(href, "?") {
					got = append(got, href)
				}
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("got %v", got)
			}
		})
	}
}

// The page of the bare address leads to the board, and asks for a job by GET.
func TestHome(t *testing.T) {
	for _, language := range []string{"en-US", "zh-CN"} {
		page := string(Home(language))
		all := parse(t, page)
		form, input := find(all, "form"), find(all, "input")
		if all[0].attrs["lang"] != language || len(form) != 1 || form[0].attrs["method"] != "get" || len(input) != 1 || input[0].attrs["name"] != "JobId" ||
			find(all, "a")[0].attrs["href"] != "?Select=" || strings.Contains(page, "<script") {
			t.Error(page)
		}
	}
}

// No control character but the line feed leaves any of the forms, nor one
// that turns the direction of writing, and a text from outside breaks no line.
func TestNoControlCharacters(t *testing.T) {
	eachReport(t, func(t *testing.T, r Report, form, text string) {
		if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) }); i >= 0 {
			t.Errorf("%q", text[i:min(len(text), i+20)])
		}
		for _, line := range strings.Split(text, "\n") {
			for _, part := range []string{"lines and", "three four", "five six"} {
				if strings.Contains(line, part) && !strings.Contains(line, "two lines and three four five six") {
					t.Errorf("broken: %q", line)
				}
			}
		}
		if !bytes.Equal([]byte(text), []byte(strings.ToValidUTF8(text, ""))) {
			t.Error("not UTF-8")
		}
	})
}
