// Command tccli stands in for Tencent's own where it cannot be installed, and
// calls the local cloud: of all its commands it knows "scf InvokeFunction". It
// prints what that prints.
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err) // [TencentCloudSDKError] Code=…
		os.Exit(255)
	}
}

func run(args []string) error {
	if len(args) < 2 || args[0] != "scf" || args[1] != "InvokeFunction" {
		return fmt.Errorf("usage: tccli scf InvokeFunction --FunctionName NAME --Event EVENT")
	}
	flags := flag.NewFlagSet("tccli", flag.ContinueOnError)
	region := flags.String("region", "ap-guangzhou", "")
	name := flags.String("FunctionName", "", "")
	event := flags.String("Event", "", "")
	timeout := flags.Int("timeout", 60, "in seconds")
	if err := flags.Parse(args[2:]); err != nil {
		return err
	}
	p := profile.NewClientProfile()
	p.HttpProfile.Scheme = "HTTP"
	p.HttpProfile.Endpoint = cmp.Or(os.Getenv("LOCAL_API"), "127.0.0.1:9002")
	p.HttpProfile.ReqTimeout = *timeout
	keys := common.NewTokenCredential(os.Getenv("TENCENTCLOUD_SECRET_ID"), os.Getenv("TENCENTCLOUD_SECRET_KEY"), os.Getenv("TENCENTCLOUD_TOKEN"))
	request := tchttp.NewCommonRequest("scf", "2018-04-16", "InvokeFunction")
	if err := request.SetActionParameters(map[string]any{"FunctionName": *name, "Event": *event}); err != nil {
		return err
	}
	response := tchttp.NewCommonResponse()
	if err := common.NewCommonClient(keys, *region, p).Send(request, response); err != nil {
		return err
	}
	var body struct{ Response json.RawMessage }
	if err := json.Unmarshal(response.GetBody(), &body); err != nil {
		return err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, body.Response, "", "    "); err != nil {
		return err
	}
	_, err := fmt.Println(out.String())
	return err
}
