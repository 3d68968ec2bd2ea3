package main

import (
	"fmt"
	"strings"
)

// mostLines is how many lines of a table are shown beside an error.
const mostLines = 100

// head returns a text's first lines, and says how many are left out.
func head(text string) string {
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) <= mostLines {
		return text
	}
	return strings.Join(lines[:mostLines], "") + fmt.Sprintf("… and %d lines more; -text shows all\n", len(lines)-mostLines)
}
