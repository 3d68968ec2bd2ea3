package scf

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/cronexpr"
)

// Schedule is a timer's cron expression, of seven fields: second, minute,
// hour, day, month, week, year. Where both day and week are restricted, a day
// that fits one of them will do.
type Schedule struct {
	text string
}

// zone is that in which the platform reads a schedule.
var zone = time.FixedZone("UTC+8", 8*60*60)

// fields of an expression, as the page "Timer Trigger" (product/583/9708) has
// them.
var fields = []struct {
	name        string
	least, most int
	words       []string // for the numbers from least on
}{
	{name: "second", most: 59},
	{name: "minute", most: 59},
	{name: "hour", most: 23},
	{name: "day", least: 1, most: 31},
	{name: "month", least: 1, most: 12, words: strings.Fields("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC")},
	{name: "week", most: 6, words: strings.Fields("SUN MON TUE WED THU FRI SAT")},
	{name: "year", least: 1970, most: 2099},
}

// parseSchedule reads an expression. The parser knows more than the platform
// does (L, W, #, macros, week day 7), so it gets to see only what the platform
// takes.
func parseSchedule(text string) (Schedule, error) {
	parts := strings.Fields(text)
	if len(parts) != len(fields) {
		return Schedule{}, fmt.Errorf("must have seven fields: second minute hour day month week year")
	}
	for i, part := range parts {
		for item := range strings.SplitSeq(part, ",") {
			if !validItem(i, item) {
				return Schedule{}, fmt.Errorf("%s: %q: must be made of numbers from %d to %d with , - * /",
					fields[i].name, part, fields[i].least, fields[i].most)
			}
		}
	}
	text = strings.Join(parts, " ")
	if _, err := cronexpr.Parse(text); err != nil {
		return Schedule{}, err
	}
	return Schedule{text}, nil
}

// validItem checks one of a field's items: *, N or N-M, and /STEP after it.
func validItem(field int, item string) bool {
	item, step, stepped := strings.Cut(item, "/")
	if n, err := strconv.ParseUint(step, 10, 16); stepped && (err != nil || n == 0) {
		return false
	}
	if item == "*" {
		return true
	}
	first, last, ranged := strings.Cut(item, "-")
	low := number(field, first)
	high := low
	if ranged {
		high = number(field, last)
	}
	return fields[field].least <= low && low <= high && high <= fields[field].most
}

// number returns the number that a word stands for, or -1.
func number(field int, word string) int {
	if i := slices.Index(fields[field].words, strings.ToUpper(word)); i >= 0 {
		return fields[field].least + i
	}
	n, err := strconv.ParseUint(word, 10, 16)
	if err != nil {
		return -1
	}
	return int(n)
}

// Next returns the first time after the given one, or the zero time if there
// is none. An expression of the parser's remembers what it was asked, so each
// call has its own.
func (s Schedule) Next(after time.Time) time.Time {
	return cronexpr.MustParse(s.text).Next(after.In(zone))
}

func (s Schedule) String() string { return s.text }
