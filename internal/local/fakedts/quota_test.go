package fakedts_test

import (
	"testing"
	"time"

	"migratecheck/internal/local/cloudapi"
	"migratecheck/internal/local/fakedts"
)

// readTimes reads a check n times and returns how many calls were let in.
func readTimes(t *testing.T, c client, n int) int {
	t.Helper()
	in := 0
	for range n {
		_, err := c.ask("2018-03-30", "DescribeMigrateCheckJob", map[string]any{"JobId": "dts-1kl0iy0v"})
		switch code := codeOf(err); code {
		case "":
			in++
		case "RequestLimitExceeded":
		default:
			t.Fatalf("code %q", code)
		}
	}
	return in
}

// TestQuotaSlides follows a quota of 3: no second, wherever it begins, has more
// calls that were let in.
func TestQuotaSlides(t *testing.T) {
	clock := newClock()
	c := clientOf(fakedts.New(fakedts.Options{Quota: 3, Now: clock.Now}))
	var now time.Duration
	for _, step := range []struct {
		at        time.Duration
		calls, in int
	}{
		{0, 1, 1},
		{400 * time.Millisecond, 2, 2},
		{900 * time.Millisecond, 50, 0}, // refused, and so they count for nothing
		{time.Second - 1, 1, 0},
		{time.Second, 2, 1}, // the first call is a second ago
		{1400*time.Millisecond - 1, 1, 0},
		{1400 * time.Millisecond, 3, 2},
		{2 * time.Second, 2, 1},
		{10 * time.Second, 9, 3},
	} {
		clock.move(step.at - now)
		now = step.at
		if got := readTimes(t, c, step.calls); got != step.in {
			t.Errorf("at %v: %d of %d calls were let in, want %d", step.at, got, step.calls, step.in)
		}
	}
}

func TestQuotaIsAdjustable(t *testing.T) {
	for name, test := range map[string]struct{ quota, in int }{
		"DTS's own":    {0, 20},
		"one":          {1, 1},
		"thirty":       {30, 30},
		"none at all":  {-1, 40},
		"more than 40": {100, 40},
	} {
		t.Run(name, func(t *testing.T) {
			clock := newClock()
			c := clientOf(fakedts.New(fakedts.Options{Quota: test.quota, Now: clock.Now}))
			if got := readTimes(t, c, 40); got != test.in {
				t.Errorf("%d of 40 calls were let in, want %d", got, test.in)
			}
		})
	}
}

// TestQuotaOfEveryAction: each has 20 calls a second of its own.
func TestQuotaOfEveryAction(t *testing.T) {
	clock := newClock()
	c := clientOf(fakedts.New(fakedts.Options{Now: clock.Now}))
	for version, actions := range map[string][]string{
		"2018-03-30": {"CreateMigrateCheckJob", "DescribeMigrateCheckJob", "DescribeMigrateJobs", "StartMigrateJob"},
		"2021-12-06": {"DescribeMigrationCheckJob", "DescribeMigrationDetail", "DescribeMigrationJobs"},
	} {
		for _, action := range actions {
			for i := range 21 {
				_, err := c.ask(version, action, map[string]any{"JobId": "dts-unknown0"})
				if limited := codeOf(err) == "RequestLimitExceeded"; limited != (i == 20) {
					t.Errorf("%s, call %d: %v", action, i+1, err)
				}
			}
		}
	}
	for _, action := range []string{"CreateMigrateCheckJob", "StartMigrateJob"} { // of an account that has spent it by 2018-03-30
		if _, err := c.ask("2021-12-06", action, map[string]any{"JobId": "dts-unknown0"}); codeOf(err) != "RequestLimitExceeded" {
			t.Errorf("%s of the other generation: %v", action, err)
		}
	}
}

// TestQuotaIsOfAccountRegionAndAction spends a quota of 1, and then calls from
// where it is not spent.
func TestQuotaIsOfAccountRegionAndAction(t *testing.T) {
	other := cloudapi.Key{SecretID: "AKIDother", SecretKey: "other"}
	for name, test := range map[string]struct {
		edit            func(*client)
		version, action string
		want            string
	}{
		"the same":           {want: "RequestLimitExceeded"},
		"another account":    {edit: func(c *client) { c.key = other }},
		"another region":     {edit: func(c *client) { c.region = "ap-shanghai" }},
		"another action":     {action: "CreateMigrateCheckJob"},
		"not authentic":      {edit: func(c *client) { c.key.SecretKey = "x" }, want: "AuthFailure.SignatureFailure"},
		"no such action":     {action: "Create", want: "InvalidAction"},
		"another generation": {version: "2021-12-06", action: "DescribeMigrationCheckJob"},
	} {
		t.Run(name, func(t *testing.T) {
			clock := newClock()
			c := clientOf(fakedts.New(fakedts.Options{Quota: 1, Keys: []cloudapi.Key{fakedts.ExampleKey, other}, Now: clock.Now}))
			if got := readTimes(t, c, 2); got != 1 {
				t.Fatalf("%d of 2 calls were let in, want 1", got)
			}
			if test.edit != nil {
				test.edit(&c)
			}
			version, action := "2018-03-30", "DescribeMigrateCheckJob"
			if test.version != "" {
				version = test.version
			}
			if test.action != "" {
				action = test.action
			}
			_, err := c.ask(version, action, map[string]any{"JobId": "dts-1kl0iy0v"})
			if got := codeOf(err); got != test.want {
				t.Errorf("code %q, want %q", got, test.want)
			}
		})
	}
}
