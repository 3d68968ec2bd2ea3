package event

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
)

// identity returns what is the same for every delivery of what the parts tell
// from others of its kind, and only for that; "" if one of them is missing.
func identity(kind string, parts ...json.RawMessage) string {
	hash := sha256.New()
	hash.Write([]byte(kind))
	for _, part := range parts {
		if len(part) == 0 || string(part) == `""` {
			return ""
		}
		hash.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		hash.Write(part)
	}
	return base64.RawStdEncoding.EncodeToString(hash.Sum(nil))
}
