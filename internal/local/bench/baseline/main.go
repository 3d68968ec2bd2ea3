// Command main is the least that a function can do for one check: it takes
// the JobId from the event, signs by hand with the standard library and sends.
// The benchmarks compare the real function with it.
package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/tencentyun/scf-go-lib/cloudfunction"
	"github.com/tencentyun/scf-go-lib/functioncontext"
)

type sender struct{ endpoint, host string }

func main() {
	runtime.GOMAXPROCS(1) // as the function does
	endpoint := os.Getenv("DTS_ENDPOINT")
	_, host, _ := strings.Cut(endpoint, "://")
	cloudfunction.StartHandler(sender{endpoint, host})
}

func (s sender) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var event struct{ JobId string }
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, err
	}
	function, _ := functioncontext.FromContext(ctx)
	body, _ := json.Marshal(event)
	now := time.Now().UTC()
	timestamp, date := strconv.FormatInt(now.Unix(), 10), now.Format(time.DateOnly)
	canonical := "POST\n/\n\ncontent-type:application/json\nhost:" + s.host + "\n\ncontent-type;host\n" + digest(body)
	scope := date + "/dts/tc3_request"
	key := mac([]byte("TC3"+function.Environment["TENCENTCLOUD_SECRETKEY"]), date)
	key = mac(mac(key, "dts"), "tc3_request")
	signature := hex.EncodeToString(mac(key, "TC3-HMAC-SHA256\n"+timestamp+"\n"+scope+"\n"+digest([]byte(canonical))))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint, strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{
		"Content-Type":   "application/json",
		"X-TC-Action":    "CreateMigrateCheckJob",
		"X-TC-Version":   "2018-03-30",
		"X-TC-Region":    "ap-guangzhou",
		"X-TC-Timestamp": timestamp,
		"X-TC-Token":     function.Environment["TENCENTCLOUD_SESSIONTOKEN"],
		"Authorization": "TC3-HMAC-SHA256 Credential=" + function.Environment["TENCENTCLOUD_SECRETID"] + "/" + scope +
			", SignedHeaders=content-type;host, Signature=" + signature,
	} {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	var result struct {
		Response struct {
			RequestId string
			Error     *struct{ Code, Message string }
		}
	}
	if err := json.Unmarshal(answer, &result); err != nil {
		return nil, err
	}
	if e := result.Response.Error; e != nil {
		return nil, errors.New(e.Code + ": " + e.Message)
	}
	return json.Marshal(map[string]string{"JobId": event.JobId, "RequestId": result.Response.RequestId})
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func mac(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}
