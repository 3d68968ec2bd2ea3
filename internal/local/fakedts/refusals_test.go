package fakedts_test

import (
	"testing"

	"migratecheck/internal/local/fakedts"
)

// TestRefusals has what an authentic call can be refused for.
func TestRefusals(t *testing.T) {
	s := fakedts.New(fakedts.Options{Quota: -1, Jobs: []fakedts.Job{
		{JobID: "dts-1kl0iy0v", CheckSeconds: fakedts.Instant},
		{JobID: "dts-shanghai", Region: "ap-shanghai"},
		{JobID: "dts-migrate1", InMigration: true},
		{JobID: "dts-broken00", ErrorCode: "InternalError.DatabaseError", ErrorMessage: "no database"},
	}})
	one := map[string]any{"JobId": "dts-1kl0iy0v"}
	for name, test := range map[string]struct {
		version, action, region string // those of a good call, unless given
		parameters              map[string]any
		want                    string
	}{
		"none": {parameters: one},

		"no such version":         {version: "2020-01-01", parameters: one, want: "NoSuchVersion"},
		"no such action":          {action: "DestroyMigrateJob", parameters: one, want: "InvalidAction"},
		"the new action, of old":  {action: "DescribeMigrationCheckJob", parameters: one, want: "InvalidAction"},
		"the old action, of new":  {version: "2021-12-06", action: "DescribeMigrateCheckJob", parameters: one, want: "InvalidAction"},
		"action in another case":  {action: "createmigratecheckjob", parameters: one, want: "InvalidAction"},
		"no such region":          {region: "ap-nowhere", parameters: one, want: "UnsupportedRegion"},
		"no region":               {region: "-", parameters: one, want: "MissingParameter"},
		"a finance region":        {region: "ap-shanghai-fsi", parameters: one},
		"unknown parameter":       {parameters: map[string]any{"JobId": "dts-1kl0iy0v", "Force": true}, want: "UnknownParameter"},
		"parameter in lower case": {parameters: map[string]any{"jobId": "dts-1kl0iy0v"}, want: "UnknownParameter"},
		"no parameter":            {parameters: map[string]any{}, want: "MissingParameter"},
		"JobId null":              {parameters: map[string]any{"JobId": nil}, want: "MissingParameter"},
		"JobId a number":          {parameters: map[string]any{"JobId": 1}, want: "InvalidParameter"},
		"JobId an array":          {parameters: map[string]any{"JobId": []string{"dts-1kl0iy0v"}}, want: "InvalidParameter"},
		"JobId empty":             {parameters: map[string]any{"JobId": ""}, want: "ResourceNotFound.JobNotExist"},
		"no such job":             {parameters: map[string]any{"JobId": "dts-unknown0"}, want: "ResourceNotFound.JobNotExist"},
		"JobId in another case":   {parameters: map[string]any{"JobId": "dts-1KL0IY0V"}, want: "ResourceNotFound.JobNotExist"},

		"job of another region": {parameters: map[string]any{"JobId": "dts-shanghai"}, want: "ResourceNotFound.JobNotExist"},
		"job of this region":    {region: "ap-shanghai", parameters: map[string]any{"JobId": "dts-shanghai"}},
		"job of every region":   {region: "ap-shanghai", parameters: one},

		"in migration":               {parameters: map[string]any{"JobId": "dts-migrate1"}, want: "FailedOperation.NotAllowOperation"},
		"in migration, 2021-12-06":   {version: "2021-12-06", parameters: map[string]any{"JobId": "dts-migrate1"}, want: "FailedOperation.NotAllowOperation"},
		"in migration, only read":    {action: "DescribeMigrateCheckJob", parameters: map[string]any{"JobId": "dts-migrate1"}},
		"always an error":            {parameters: map[string]any{"JobId": "dts-broken00"}, want: "InternalError.DatabaseError"},
		"always an error, also read": {action: "DescribeMigrateCheckJob", parameters: map[string]any{"JobId": "dts-broken00"}, want: "InternalError.DatabaseError"},
	} {
		t.Run(name, func(t *testing.T) {
			c := clientOf(s)
			version, action := "2018-03-30", "CreateMigrateCheckJob"
			if test.version != "" {
				version = test.version
			}
			if test.action != "" {
				action = test.action
			}
			if test.region != "" {
				c.region = test.region
			}
			if c.region == "-" {
				c.region = ""
			}
			_, err := c.ask(version, action, test.parameters)
			if got := codeOf(err); got != test.want {
				t.Errorf("code %q, want %q (%v)", got, test.want, err)
			}
			if call := lastCall(t, s); call.Code != test.want || call.CarriedOut != (test.want == "") || call.Action != action || call.Version != version || call.Region != c.region {
				t.Errorf("recorded: %+v", call)
			}
		})
	}
}
