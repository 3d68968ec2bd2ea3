package event

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
)

// identity returns an id of the event, record or message that the parts identify:
// the same for each of its deliveries, and different for all others of the kind.
// It returns "" if a part is missing.
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
