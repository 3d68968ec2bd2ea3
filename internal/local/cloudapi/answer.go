package cloudapi

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
)

// NewRequestID returns a fresh RequestId: a random UUID.
func NewRequestID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Answer is the JSON of an answer: result's members, or the error, beside the
// RequestId. result is a struct or a map.
func Answer(requestID string, result any, refusal *Error) []byte {
	members := map[string]any{}
	if refusal != nil {
		members["Error"] = refusal
	} else if object, ok := result.(map[string]any); ok {
		maps.Copy(members, object)
	} else if result != nil {
		encoded, err := json.Marshal(result)
		if err == nil {
			err = json.Unmarshal(encoded, &members)
		}
		if err != nil {
			panic(err) // a result that is no JSON object is a mistake of ours
		}
	}
	members["RequestId"] = requestID
	encoded, err := json.Marshal(map[string]any{"Response": members})
	if err != nil {
		panic(err)
	}
	return encoded
}

// Write sends an answer. The status is 200 whatever it says, and the content
// type has no charset: Tencent's Python SDK sees an error only so.
func Write(w http.ResponseWriter, answer []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Write(answer)
}
