package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// bodyOf returns the body of an integration response, or what else the answer is.
func bodyOf(answer []byte) []byte {
	var response struct {
		StatusCode int
		Body       *string
	}
	if json.Unmarshal(answer, &response) != nil || response.StatusCode == 0 || response.Body == nil {
		return answer
	}
	return []byte(*response.Body)
}

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
