package scf

import (
	"strings"
	"testing"
	"time"
)

func TestSchedule(t *testing.T) {
	// A Monday, 01:59:59 in UTC+8.
	now := time.Date(2026, 11, 22, 17, 59, 59, 0, time.UTC)
	for text, want := range map[string]string{
		"0 0 2 * * * *":              "Mon 2026-11-23 02:00:00, Tue 2026-11-24 02:00:00, Wed 2026-11-25 02:00:00",
		"*/20 * * * * * *":           "Mon 2026-11-23 02:00:00, Mon 2026-11-23 02:00:20, Mon 2026-11-23 02:00:40",
		"0 0/30 9-17 * * MON-FRI *":  "Mon 2026-11-23 09:00:00, Mon 2026-11-23 09:30:00, Mon 2026-11-23 10:00:00",
		"0 0 2 * * 0 *":              "Sun 2026-11-29 02:00:00, Sun 2026-12-06 02:00:00, Sun 2026-12-13 02:00:00",
		"0 0 2 * * sun,6 *":          "Sat 2026-11-28 02:00:00, Sun 2026-11-29 02:00:00, Sat 2026-12-05 02:00:00",
		"0 0 2 1 * MON *":            "Mon 2026-11-23 02:00:00, Mon 2026-11-30 02:00:00, Tue 2026-12-01 02:00:00",
		"0 0 2 31 JAN-MAR * *":       "Sun 2027-01-31 02:00:00, Wed 2027-03-31 02:00:00, Mon 2028-01-31 02:00:00",
		"0 0 0 29 2 * *":             "Tue 2028-02-29 00:00:00, Sun 2032-02-29 00:00:00, Fri 2036-02-29 00:00:00",
		"0 0 12 24 12 * 2026-2027":   "Thu 2026-12-24 12:00:00, Fri 2027-12-24 12:00:00",
		"59 59 1 23 11 * 2026":       "",
		"0 0 2 31 2 * *":             "",
		"1,2  3   4 5 6  *    2030 ": "Wed 2030-06-05 04:03:01, Wed 2030-06-05 04:03:02",
	} {
		t.Run(text, func(t *testing.T) {
			s, err := parseSchedule(text)
			if err != nil {
				t.Fatal(err)
			}
			var times []string
			for at := s.Next(now); !at.IsZero() && len(times) < 3; at = s.Next(at) {
				times = append(times, at.Format("Mon 2006-01-02 15:04:05"))
			}
			if got := strings.Join(times, ", "); got != want {
				t.Errorf("times are\n%s, want\n%s", got, want)
			}
		})
	}
}

func TestScheduleRefused(t *testing.T) {
	for text, field := range map[string]string{
		"":                    "seven fields",
		"0 2 * * *":           "seven fields",
		"0 0 2 * * * * *":     "seven fields",
		"@daily":              "seven fields",
		"60 0 2 * * * *":      "second",
		"0 60 2 * * * *":      "minute",
		"0 0 24 * * * *":      "hour",
		"0 0 2 0 * * *":       "day",
		"0 0 2 L * * *":       "day",
		"0 0 2 15W * * *":     "day",
		"0 0 2 ? * * *":       "day",
		"0 0 2 10-5 * * *":    "day",
		"0 0 2 * 13 * *":      "month",
		"0 0 2 * JANUARY * *": "month",
		"0 0 2 * * 7 *":       "week",
		"0 0 2 * * 5L *":      "week",
		"0 0 2 * * 1#2 *":     "week",
		"0 0 2 * * 6-0 *":     "week",
		"0 0 2 * * JAN *":     "week",
		"0 0 2 * * * 1969":    "year",
		"0 0 2 * * * 2100":    "year",
		"*/0 0 2 * * * *":     "second",
		"1, 0 2 * * * *":      "second",
		"-1 0 2 * * * *":      "second",
		"+1 0 2 * * * *":      "second",
	} {
		t.Run(text, func(t *testing.T) {
			if _, err := parseSchedule(text); err == nil || !strings.Contains(err.Error(), field) {
				t.Errorf("error %v, want one that names the %s", err, field)
			}
		})
	}
}
