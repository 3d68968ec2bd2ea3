package event

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"migratecheck/internal/check"
)

// Which statuses a selection takes, and which it may name.
func TestStatuses(t *testing.T) {
	const describe = `"Action":"DescribeMigrateCheckJob"`
	every := strings.Join(check.Statuses, " ")
	for options, want := range map[string]struct{ unnamed, named string }{
		`"Strict":true`:                    {"created checkNotPass", "created checkPass checkNotPass"},
		`"Wait":true`:                      {"created checkNotPass checking", "created checking checkPass checkNotPass"},
		`"Start":true`:                     {"created checkNotPass checking checkPass", "created checking checkPass checkNotPass"},
		`"DryRun":true`:                    {"created checkNotPass", "created checkPass checkNotPass"},
		`"DryRun":true,"Start":true`:       {"created checkNotPass checking checkPass", "created checking checkPass checkNotPass"},
		describe:                           {"", every},
		describe + `,"Wait":true`:          {"", every},
		`"Wait":false,"Start":false`:       {"created checkNotPass", "created checkPass checkNotPass"},
		`"Action":"CreateMigrateCheckJob"`: {"created checkNotPass", "created checkPass checkNotPass"},
	} {
		t.Run(options, func(t *testing.T) {
			e, err := Read([]byte(`{"Select":{},` + options + `}`))
			if err != nil || strings.Join(e.Requests[0].Select.Status, " ") != want.unnamed || want.unnamed == "" && e.Requests[0].Select.Status != nil {
				t.Errorf("got %+v, %v", e.Requests, err)
			}
			var named []string
			for _, status := range check.Statuses {
				if e, err := Read([]byte(`{"Select":{"Status":"` + status + `"},` + options + `}`)); err == nil {
					named = append(named, e.Requests[0].Select.Status...)
				}
			}
			if got := strings.Join(named, " "); got != want.named {
				t.Errorf("may name %s, want %s", got, want.named)
			}
		})
	}
}

func TestSelected(t *testing.T) {
	for filter, want := range map[string][]string{
		`{}`: {"Status: created, checkNotPass"},
		`{"Kind":["sync","migration"],"Status":[1,"checkPass"],"JobName":["orders","a, b"],"Tags":{"team":"db","env":["prod","test"],"x":""},"SrcDatabaseType":"mysql","DstDatabaseType":["cynosdbmysql","mysql"]}`: {
			"Kind: sync, migration", "Status: created, checkPass", "JobName: orders, a, b", "Tags: env=prod|test, team=db, x=", "SrcDatabaseType: mysql", "DstDatabaseType: cynosdbmysql, mysql",
		},
		`{"JobName":"a\n\u202e\u0000b"}`: {"Status: created, checkNotPass", `JobName: a\n\u202e\x00b`},
	} {
		e, err := Read([]byte(`{"Select":` + filter + `}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := Selected(*e.Requests[0].Select); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", filter, got, want)
		}
	}
	if got := Selected(check.Filter{}); got == nil || len(got) > 0 {
		t.Errorf("of every job: %q", got)
	}
	long := Selected(check.Filter{Names: slices.Repeat([]string{strings.Repeat("长\u2028", 100)}, 100), Tags: map[string][]string{strings.Repeat("k", 255): slices.Repeat([]string{"\x1b"}, 100)}})
	for _, text := range long {
		if len([]rune(text)) > 220 || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("got %q", text)
		}
	}
	if len(long) != 2 {
		t.Errorf("got %q", long)
	}
}
