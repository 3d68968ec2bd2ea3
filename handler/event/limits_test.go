package event

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

func marshal(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func jobNames(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("dts-%d", i)
	}
	return ids
}

// Events made to be slow to read are read in time that grows with their size.
func TestDeepEventsAreReadInTime(t *testing.T) {
	nest := func(n int, open, inner, end string) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(end, n)
	}
	for name, text := range map[string]string{
		"arrays":    nest(9000, "[", "1", "]"),
		"objects":   nest(9000, `{"JobIds":`, "1", "}"),
		"responses": nest(9000, `{"Response":`, "1", "}"),
		"too deep":  nest(20000, "[", "1", "]"),
		"many deep": "[" + strings.Repeat(nest(100, "[", "1", "]")+",", 20000) + "1]",
		"records":   `{"Records":[` + strings.Repeat(nest(100, `{"Ckafka":`, "1", "}")+",", 1000) + "1]}",
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			Read([]byte(text))
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}
