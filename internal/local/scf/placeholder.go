package scf

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

var placeholder = regexp.MustCompile(`\$\{(env:)?(\w+)\}`)

// substitute puts in what placeholders stand for. One that stands for nothing
// is dropped, or becomes the text undefined within a longer one; other text in
// the form of a placeholder stays.
func substitute(n *yaml.Node, words map[string]string, lookup func(string) (string, bool)) {
	for _, child := range n.Content {
		substitute(child, words, lookup)
	}
	if n.Kind != yaml.ScalarNode || !strings.Contains(n.Value, "${") {
		return
	}
	dropped := false
	n.Value = placeholder.ReplaceAllStringFunc(n.Value, func(whole string) string {
		m := placeholder.FindStringSubmatch(whole)
		value, ok := words[m[2]]
		if m[1] == "" && !ok {
			return whole
		}
		if m[1] != "" {
			value, ok = lookup(m[2])
		}
		if !ok {
			dropped = dropped || whole == n.Value
			return "undefined"
		}
		return value
	})
	if dropped {
		n.Tag, n.Value = "!!null", ""
	}
}
