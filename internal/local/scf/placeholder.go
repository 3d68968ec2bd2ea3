package scf

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

var placeholder = regexp.MustCompile(`\$\{(\w*:)?([\w.-]+)\}`)

// substitute puts in what ${env:…} stands for (with environment set), or else
// ${name} and its like. A variable that is set nowhere is left out with its
// key, or becomes the text undefined within a longer one; unset is told of it.
// What is no such placeholder stays.
func substitute(n *yaml.Node, path string, environment bool, lookup func(string) (string, bool), unset func(path, placeholder string)) {
	if n.Kind == yaml.MappingNode {
		kept := n.Content[:0]
		for i := 0; i < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			if substitute(value, under(path, key.Value), environment, lookup, unset); value.Tag != dropped {
				kept = append(kept, key, value)
			}
		}
		n.Content = kept
		return
	}
	for i, item := range n.Content {
		substitute(item, fmt.Sprintf("%s[%d]", path, i), environment, lookup, unset)
	}
	if n.Kind != yaml.ScalarNode || !strings.Contains(n.Value, "${") {
		return
	}
	whole := n.Value
	n.Value = placeholder.ReplaceAllStringFunc(whole, func(one string) string {
		m := placeholder.FindStringSubmatch(one)
		if (m[1] == "env:") != environment || !environment && m[1] != "" {
			return one
		}
		value, ok := lookup(m[2])
		switch {
		case ok:
			return value
		case !environment:
			return one
		}
		unset(path, one)
		if one == whole {
			n.Tag = dropped
		}
		return "undefined"
	})
	if n.Tag == dropped {
		n.Style, n.Value = 0, ""
	} else if n.Value != whole {
		n.Tag, n.Style = "!!str", yaml.DoubleQuotedStyle // a text, whatever was put in
	}
}

// dropped is the tag of a value that is left out.
const dropped = "!!dropped"
