package scf

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestTimerRuns(t *testing.T) {
	for name, c := range map[string]struct {
		schedule string
		lasts    time.Duration
		want     []string // UTC
	}{
		"every night at two": {"0 0 2 * * * *", 48 * time.Hour, []string{"2000-01-01T18:00:00Z", "2000-01-02T18:00:00Z"}},
		"every second":       {"* * * * * * *", 3 * time.Second, []string{"2000-01-01T00:00:01Z", "2000-01-01T00:00:02Z"}},
		"never again":        {"0 0 2 * * * 1999", 48 * time.Hour, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // begins with the year 2000, in UTC
				schedule, err := parseSchedule(c.schedule)
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), c.lasts-time.Millisecond)
				defer cancel()
				var fired []string
				Timer{Name: "x", Schedule: schedule}.Run(ctx, func(at time.Time) {
					if now := time.Now(); !now.Equal(at) {
						t.Errorf("fired for %v at %v", at, now)
					}
					fired = append(fired, at.UTC().Format(time.RFC3339))
				})
				if !slices.Equal(fired, c.want) {
					t.Errorf("fired at %v, want %v", fired, c.want)
				}
			})
		})
	}
}

func TestTimerLeavesOutWhatItSleptThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		schedule, err := parseSchedule("0 * * * * * *")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 64*time.Minute+30*time.Second)
		defer cancel()
		fired := 0
		Timer{Schedule: schedule}.Run(ctx, func(time.Time) {
			if fired++; fired == 1 {
				time.Sleep(time.Hour) // the machine sleeps
			}
		})
		if fired != 4 {
			t.Errorf("fired %d times, want once before and three times after the hour", fired)
		}
	})
}

func TestTimerEvent(t *testing.T) {
	timer := Timer{Name: "nightly", Argument: `{"JobId": "dts-1"}`}
	got := string(timer.Event(time.Date(2026, 11, 24, 2, 0, 0, 0, zone)))
	want := `{"Type":"Timer","TriggerName":"nightly","Time":"2026-11-23T18:00:00Z","Message":"{\"JobId\": \"dts-1\"}"}`
	if got != want {
		t.Errorf("event %s, want %s", got, want)
	}
}
