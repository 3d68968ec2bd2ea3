package dts

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
)

// What DTS lists is compared as it came, and shown without secrets: a job is found
// by a name that holds one, and tells none of it.
func TestSecretsInLists(t *testing.T) {
	for name, row := range map[string]struct {
		id, want string // the job's name; "" for a list that is refused
	}{
		"in a name": {"dts-1kl0iy0v", "orders-***"},
		"in an id":  {"dts-693a91f6", ""},
	} {
		for _, version := range []string{config.Version2018, config.Version2021} {
			t.Run(name+" "+version, func(t *testing.T) {
				c := settings()
				c.APIVersion, c.Webhook = version, "https://hooks.example/?key=693a91f6"
				client := connect(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					status := map[string]string{config.Version2018: "3", config.Version2021: `"created"`}[version]
					io.WriteString(w, `{"Response":{"TotalCount":1,"JobList":[{"JobId":"`+row.id+`","JobName":"orders-693a91f6","Status":`+status+
						`,"Tags":[{"TagKey":"team","TagValue":"693a91f6"}]}],"RequestId":"r-1"}}`)
				}), c)
				found, err := client.ListJobs(t.Context(), check.Filter{Names: []string{"orders-693a91f6"}, Tags: map[string][]string{"team": {"693a91f6"}}})
				if row.want == "" {
					if err == nil || strings.Contains(err.Error(), "693a91f6") {
						t.Errorf("%+v, %v", found, err)
					}
					return
				}
				if err != nil || len(found) != 1 || found[0].Name != row.want {
					t.Errorf("%+v, %v", found, err)
				}
			})
		}
	}
}
