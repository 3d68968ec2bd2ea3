package tcapi

import "testing"

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
