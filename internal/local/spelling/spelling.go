// Package spelling finds the word that somebody probably meant.
package spelling

import "strings"

// Near returns the word that was probably meant, which differs in two letters
// at most, or nothing.
func Near(word string, known []string) string {
	best, least := "", 3
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d < least && d < len(word) {
			best, least = k, d
		}
	}
	return best
}

// Hint asks about the word that was probably meant, for the end of a message; it
// is empty where there is none.
func Hint(word string, known []string) string {
	if meant := Near(word, known); meant != "" {
		return ", did you mean " + meant + "?"
	}
	return ""
}

// distance is the number of letters to be changed, added or left out between
// two words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			changed := diagonal
			if a[i] != b[j] {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
