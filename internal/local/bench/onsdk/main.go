// Command main is the least that a function can do for one check on Tencent's SDK.
// The benchmarks compare the real function with it.
package main

import (
	"context"
	"encoding/json"
	"os"
	"runtime"
	"strings"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
	dts "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/dts/v20180330"
	"github.com/tencentyun/scf-go-lib/cloudfunction"
	"github.com/tencentyun/scf-go-lib/functioncontext"
)

type sender struct{ client *dts.Client }

func main() {
	runtime.GOMAXPROCS(1) // as the function does
	p := profile.NewClientProfile()
	scheme, host, _ := strings.Cut(os.Getenv("DTS_ENDPOINT"), "://")
	p.HttpProfile.Scheme, p.HttpProfile.Endpoint = scheme, host
	client, err := dts.NewClient(nil, "ap-guangzhou", p)
	if err != nil {
		panic(err)
	}
	cloudfunction.StartHandler(sender{client})
}

func (s sender) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var event struct{ JobId string }
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, err
	}
	function, _ := functioncontext.FromContext(ctx)
	environment := function.Environment
	s.client.WithCredential(common.NewTokenCredential(environment["TENCENTCLOUD_SECRETID"], environment["TENCENTCLOUD_SECRETKEY"], environment["TENCENTCLOUD_SESSIONTOKEN"]))
	request := dts.NewCreateMigrateCheckJobRequest()
	request.JobId = &event.JobId
	response, err := s.client.CreateMigrateCheckJobWithContext(ctx, request)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]string{"JobId": event.JobId, "RequestId": *response.Response.RequestId})
}
