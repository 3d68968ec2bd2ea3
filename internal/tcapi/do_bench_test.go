package tcapi

import (
	"strings"
	"testing"
)

// BenchmarkDo: what a call costs besides the network.
func BenchmarkDo(b *testing.B) {
	c := settings()
	c.RateLimit = 1e9
	client := New(c, role)
	canned{200, []byte(`{"Response":{"RequestId":"46b45da1-3e8e-4ef2-8de8-b1bffa027385"}}`)}.answers(client)
	request := struct{ JobId string }{known}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.Do(b.Context(), createCheck, request, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkList: what a page of a hundred jobs with 70 tables each costs besides the
// network, 400 KB.
func BenchmarkList(b *testing.B) {
	c := settings()
	c.RateLimit = 1e9
	client := New(c, role)
	job := `{"JobId":"dts-1kl0iy0v","JobName":"orders","Status":"created","x":[` + strings.Repeat(`{"TableName":"table_00001","NewName":"abc","n":null},`, 70) + `{}]},`
	canned{200, []byte(`{"Response":{"JobList":[` + strings.Repeat(job, 99) + `{}],"RequestId":"46b45da1-3e8e-4ef2-8de8-b1bffa027385"}}`)}.answers(client)
	list := Action{Service: "dts", Name: "DescribeMigrationJobs", MaxAnswer: 4 << 20}
	b.ReportAllocs()
	for b.Loop() {
		var response struct {
			JobList []struct{ JobId, JobName, Status string }
		}
		if _, err := client.Do(b.Context(), list, struct{}{}, &response); err != nil {
			b.Fatal(err)
		}
	}
}
