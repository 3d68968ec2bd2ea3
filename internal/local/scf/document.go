package scf

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxNodes is how large a file may become with its aliases spelled out.
const maxNodes = 100_000

// parseDocument reads a YAML document as a tree without aliases and merges, in
// which each key of a mapping is a text and stands there once.
func parseDocument(file []byte) (*yaml.Node, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(file, &document); err != nil {
		if strings.Contains(err.Error(), "alphabetic or numeric character") || strings.Contains(err.Error(), "anchor") {
			err = fmt.Errorf("%w (a value that begins with * or &, such as a cron expression, must be in quotes)", err)
		}
		return nil, err
	}
	if len(document.Content) == 0 {
		return nil, errors.New("the file is empty")
	}
	left := maxNodes
	return expand(document.Content[0], &left)
}

// expand returns a copy of a node with its aliases and merges spelled out.
func expand(n *yaml.Node, left *int) (*yaml.Node, error) {
	if *left--; *left < 0 {
		return nil, fmt.Errorf("line %d: aliases make the file too large", n.Line)
	}
	if n.Kind == yaml.AliasNode {
		return expand(n.Alias, left)
	}
	out := *n
	out.Content, out.Anchor = nil, ""
	if n.Kind != yaml.MappingNode {
		for _, item := range n.Content {
			copied, err := expand(item, left)
			if err != nil {
				return nil, err
			}
			out.Content = append(out.Content, copied)
		}
		return &out, nil
	}
	var merged []*yaml.Node
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		value, err := expand(n.Content[i+1], left)
		switch {
		case err != nil:
			return nil, err
		case key.Kind != yaml.ScalarNode:
			return nil, fmt.Errorf("line %d: a key must be a text", key.Line)
		case key.ShortTag() == "!!merge" && value.Kind == yaml.SequenceNode:
			merged = append(merged, value.Content...)
		case key.ShortTag() == "!!merge":
			merged = append(merged, value)
		case child(&out, key.Value) != nil:
			return nil, fmt.Errorf("line %d: the key %q is already defined", key.Line, key.Value)
		default:
			name := *key
			out.Content = append(out.Content, &name, value)
		}
	}
	for _, from := range merged { // what the mapping says itself goes first, and then what was merged first
		if from.Kind != yaml.MappingNode {
			return nil, fmt.Errorf("line %d: only a mapping can be merged (<<)", n.Line)
		}
		for i := 0; i < len(from.Content); i += 2 {
			if child(&out, from.Content[i].Value) == nil {
				out.Content = append(out.Content, from.Content[i], from.Content[i+1])
			}
		}
	}
	return &out, nil
}

// child returns the value of a mapping's key; nil without one.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// keys returns the keys of a mapping.
func keys(n *yaml.Node) []string {
	var out []string
	if n != nil && n.Kind == yaml.MappingNode {
		for i := 0; i < len(n.Content); i += 2 {
			out = append(out, n.Content[i].Value)
		}
	}
	return out
}

// What the deployer's YAML reads as a number or a date, without quotes, and of
// that what it writes again in the same words.
var (
	numeral     = regexp.MustCompile(`^[-+]?(0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?|\.[0-9_]+([eE][-+]?[0-9]+)?|\.(inf|Inf|INF))$|^\.(nan|NaN|NAN)$`)
	date        = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	timestamp   = regexp.MustCompile(`^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(\.[0-9]*)?([ \t]*(Z|[-+][0-9]{1,2}(:[0-9]{2})?))?$`)
	sameInWords = regexp.MustCompile(`^(-?[1-9][0-9]{0,14}|0|-?(0|[1-9][0-9]{0,5})\.[0-9]{0,5}[1-9]|true|false)$`)
)

// plainText returns the text that the deployer hands over for a value. What it
// hands over in other words than those in the file is an error that says so.
func plainText(n *yaml.Node) (string, error) {
	if n.Kind != yaml.ScalarNode {
		return "", errors.New("must be a text: put it in quotes")
	}
	if n.Style&yaml.TaggedStyle != 0 && n.Tag != "!!str" {
		return "", errors.New("must be a text: put it in quotes, without a tag")
	}
	quoted := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) != 0
	switch tag := n.ShortTag(); {
	case quoted:
	case tag == "!!null":
		return "", errors.New("is blank, for which the deployer hands over the text null: write '' or leave it out")
	case date.MatchString(n.Value):
		return "", fmt.Errorf("is a date, for which the deployer hands over %sT00:00:00.000Z: put it in quotes", n.Value)
	case timestamp.MatchString(n.Value), (numeral.MatchString(n.Value) || tag == "!!bool") && !sameInWords.MatchString(n.Value):
		return "", fmt.Errorf("is no text, and the deployer hands it over in other words than %s: put it in quotes", n.Value)
	}
	return n.Value, nil
}

// falsy reports whether the deployer, where it asks for a value, finds none:
// nothing, null, false, 0 or an empty text.
func falsy(n *yaml.Node) bool { return !truthy(n) }

// truthy reports whether a value counts as true in the deployer's language,
// where every text but the empty one does.
func truthy(n *yaml.Node) bool {
	if n == nil {
		return false
	}
	if n.Kind != yaml.ScalarNode {
		return true
	}
	switch n.ShortTag() {
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!null":
		return false
	case "!!int", "!!float":
		var f float64
		return n.Decode(&f) == nil && f != 0
	}
	return n.Value != ""
}

// whole reads a whole number, which may be in quotes.
func whole(n *yaml.Node) (int, error) {
	if falsy(n) {
		return 0, nil
	}
	value, err := strconv.Atoi(strings.TrimSpace(n.Value))
	if err != nil || n.Kind != yaml.ScalarNode {
		return 0, errors.New("must be a whole number")
	}
	return value, nil
}

// alike returns the key that begins with the same letters, or nothing.
func alike(key string, known []string) string {
	i := slices.IndexFunc(known, func(k string) bool {
		n := min(len(key), len(k), 4)
		return n >= 3 && strings.EqualFold(key[:n], k[:n])
	})
	if i < 0 {
		return ""
	}
	return known[i]
}
