package event

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
)

// identity returns what is the same for every delivery of what the parts tell
// from others, and only for that; "" if one of them is missing.
func identity(source Source, parts ...json.RawMessage) string {
	hash := sha256.New()
	hash.Write([]byte(source))
	for _, part := range parts {
		if len(part) == 0 || string(part) == `""` {
			return ""
		}
		hash.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		hash.Write(part)
	}
	return base64.RawStdEncoding.EncodeToString(hash.Sum(nil))
}
