package cloudapi

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
)

func TestAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		result  any
		refusal *Error
		want    string
	}{
		"nothing to say": {want: `{"Response":{"RequestId":"id"}}`},
		"map":            {result: map[string]any{"Status": "running"}, want: `{"Response":{"RequestId":"id","Status":"running"}}`},
		"struct":         {result: struct{ Progress int }{30}, want: `{"Response":{"Progress":30,"RequestId":"id"}}`},
		"refusal":        {refusal: Refuse("InvalidAction", "No."), want: `{"Response":{"Error":{"Code":"InvalidAction","Message":"No."},"RequestId":"id"}}`},
		"refusal wins":   {result: struct{ Progress int }{30}, refusal: Refuse("A", "b"), want: `{"Response":{"Error":{"Code":"A","Message":"b"},"RequestId":"id"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(Answer("id", test.result, test.refusal)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestAnswerOfNoObject(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a result that is no JSON object was answered")
		}
	}()
	Answer("id", []int{1}, nil)
}

func TestWrite(t *testing.T) {
	w := httptest.NewRecorder()
	Write(w, Answer("id", nil, errSignature))
	if w.Code != http.StatusOK {
		t.Errorf("status %d, want 200 for a refusal too", w.Code)
	}
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %q, want exactly application/json", got)
	}
}

func TestNewRequestID(t *testing.T) {
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for range 1000 {
		id := NewRequestID()
		if !uuid.MatchString(id) {
			t.Fatalf("%q is no random UUID", id)
		}
		if seen[id] {
			t.Fatalf("%q came twice", id)
		}
		seen[id] = true
	}
}
