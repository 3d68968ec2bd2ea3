package fakedts_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	dts2018 "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/dts/v20180330"
	dts2021 "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/dts/v20211206"

	"migratecheck/internal/local/fakedts"
)

// TestModels compares every answer, with the default jobs before, during and after
// their checks, with the SDK's models: it has their members and no others.
func TestModels(t *testing.T) {
	clock := newClock()
	s := fakedts.New(fakedts.Options{Now: clock.Now, Quota: -1})
	c := clientOf(s)
	for _, moment := range []string{"before", "starting", "underway", "after"} {
		switch moment {
		case "starting":
			for _, j := range s.Jobs() {
				c.create(j.JobID)
				c.createSync(j.JobID)
			}
		case "underway":
			clock.move(time.Second)
		case "after":
			clock.move(time.Minute)
		}
		for name, list := range map[string]struct {
			version, action string
			model           any
		}{
			"list 2018-03-30":   {"2018-03-30", "DescribeMigrateJobs", new(dts2018.DescribeMigrateJobsResponseParams)},
			"list 2021-12-06":   {"2021-12-06", "DescribeMigrationJobs", new(dts2021.DescribeMigrationJobsResponseParams)},
			"list of sync jobs": {"2021-12-06", "DescribeSyncJobs", new(dts2021.DescribeSyncJobsResponseParams)},
		} {
			t.Run(name+" "+moment, func(t *testing.T) {
				holdAgainst(t, c, list.version, list.action, map[string]any{"Limit": 100}, list.model)
			})
		}
		for _, j := range s.Jobs() {
			if strings.HasPrefix(j.JobID, "sync-") {
				t.Run("check "+j.JobID+" "+moment, func(t *testing.T) {
					holdAgainst(t, c, "2021-12-06", "DescribeCheckSyncJobResult", map[string]any{"JobId": j.JobID}, new(dts2021.DescribeCheckSyncJobResultResponseParams))
				})
				continue
			}
			for name, read := range map[string]struct {
				version, action string
				model           any
			}{
				"check 2018-03-30":  {"2018-03-30", "DescribeMigrateCheckJob", new(dts2018.DescribeMigrateCheckJobResponseParams)},
				"check 2021-12-06":  {"2021-12-06", "DescribeMigrationCheckJob", new(dts2021.DescribeMigrationCheckJobResponseParams)},
				"detail 2021-12-06": {"2021-12-06", "DescribeMigrationDetail", new(dts2021.DescribeMigrationDetailResponseParams)},
			} {
				t.Run(name+" "+j.JobID+" "+moment, func(t *testing.T) {
					holdAgainst(t, c, read.version, read.action, map[string]any{"JobId": j.JobID}, read.model)
				})
			}
		}
	}
}

// holdAgainst asks and compares the answer with a model.
func holdAgainst(t *testing.T, c client, version, action string, parameters map[string]any, model any) {
	t.Helper()
	body, err := c.ask(version, action, parameters)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct{ Response json.RawMessage }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(answer.Response))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(model); err != nil {
		t.Errorf("%v in %s", err, answer.Response)
	}
	var tree any
	if err := json.Unmarshal(answer.Response, &tree); err != nil {
		t.Fatal(err)
	}
	missing(t, action, tree, reflect.TypeOf(model))
}

// missing fails for the members of a model that are not in the answer.
func missing(t *testing.T, path string, value any, model reflect.Type) {
	t.Helper()
	for model.Kind() == reflect.Pointer {
		model = model.Elem()
	}
	switch value := value.(type) {
	case []any:
		for i, element := range value {
			missing(t, fmt.Sprintf("%s[%d]", path, i), element, model.Elem())
		}
	case map[string]any:
		for i := range model.NumField() {
			name, _, _ := strings.Cut(model.Field(i).Tag.Get("json"), ",")
			member, ok := value[name]
			if !ok {
				t.Errorf("%s has no %s", path, name)
				continue
			}
			missing(t, path+"."+name, member, model.Field(i).Type)
		}
	}
}

// TestConnectionData: lists and details say what must not get any further.
func TestConnectionData(t *testing.T) {
	c := clientOf(fakedts.New(fakedts.Options{}))
	said := ""
	for action, parameters := range map[string]map[string]any{
		"DescribeMigrationJobs":   {},
		"DescribeMigrationDetail": {"JobId": "dts-1kl0iy0v"},
		"DescribeSyncJobs":        {},
	} {
		body, err := c.ask("2021-12-06", action, parameters)
		if err != nil {
			t.Fatal(err)
		}
		host := map[string]string{"DescribeSyncJobs": "Ip"}[action]
		for _, part := range []string{"User", "Password", cmp.Or(host, "Host"), "TmpSecretId", "TmpSecretKey", "TmpToken"} {
			if strings.Contains(body, `"`+part+`":""`) || !strings.Contains(body, `"`+part+`"`) {
				t.Errorf("%s has no %s", action, part)
			}
		}
		said += body
	}
	body, err := c.ask("2018-03-30", "DescribeMigrateJobs", map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range fakedts.Secrets {
		if !strings.Contains(said+body, secret) {
			t.Errorf("nothing says %s", secret)
		}
	}
}
