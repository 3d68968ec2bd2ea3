package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"

	"migratecheck/internal/local/fakescf"
)

// sdk calls an action of the SCF API as a user of Tencent's SDK does.
func sdk(t *testing.T, c testCloud, secretKey, action string, parameters map[string]any) (fakescf.Result, error) {
	t.Helper()
	role := c.keys
	p := profile.NewClientProfile()
	p.HttpProfile.Scheme, p.HttpProfile.Endpoint = "HTTP", strings.TrimPrefix(c.api, "http://")
	if secretKey == "" {
		secretKey = role.SecretKey
	}
	client := common.NewCommonClient(common.NewTokenCredential(role.SecretID, secretKey, role.Token), "ap-guangzhou", p)
	request := tchttp.NewCommonRequest("scf", "2018-04-16", action)
	if err := request.SetActionParameters(parameters); err != nil {
		t.Fatal(err)
	}
	response := tchttp.NewCommonResponse()
	err := client.Send(request, response)
	var body struct {
		Response struct{ Result fakescf.Result }
	}
	if err == nil {
		err = json.Unmarshal(response.GetBody(), &body)
	}
	return body.Response.Result, err
}

const name = "migrate-check"

func TestInvokeAPI(t *testing.T) {
	t.Parallel()
	c := open(t, serverless)
	for test, s := range map[string]struct {
		action         string
		parameters     map[string]any
		retMsg, errMsg string
	}{
		"Invoke": {"Invoke", map[string]any{"FunctionName": name, "ClientContext": `{"JobId":"dts-quick"}`},
			`"JobId":"dts-quick"`, ""},
		"InvokeFunction": {"InvokeFunction", map[string]any{"FunctionName": name, "Event": `"dts-quick"`, "LogType": "Tail"},
			`"JobId":"dts-quick"`, ""},
		"function error": {"Invoke", map[string]any{"FunctionName": name, "ClientContext": `"dts-nosuch"`},
			`"statusCode":430`, "dts-nosuch: ResourceNotFound.JobNotExist"},
	} {
		t.Run(test, func(t *testing.T) {
			result, err := sdk(t, c, "", s.action, s.parameters)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(result.RetMsg, s.retMsg) || !strings.Contains(result.ErrMsg, s.errMsg) || (result.ErrMsg == "") != (s.errMsg == "") {
				t.Errorf("result %+v", result)
			}
			if result.Duration <= 0 || result.BillDuration < 1 || !strings.Contains(c.log.String(), "START  "+result.FunctionRequestID) {
				t.Errorf("result %+v", result)
			}
			if tail := s.parameters["LogType"] == "Tail"; strings.Contains(result.Log, `"requestId":"`+result.FunctionRequestID) != tail {
				t.Errorf("log %q", result.Log)
			}
		})
	}
}

func TestInvokeAPIAsynchronously(t *testing.T) {
	t.Parallel()
	c := open(t, serverless, "-retry-after", "1ms")
	ids := map[string]string{}
	for _, job := range []string{"dts-quick", "dts-nosuch"} {
		result, err := sdk(t, c, "", "Invoke", map[string]any{
			"FunctionName": name, "InvocationType": "Event", "ClientContext": `{"JobId":"` + job + `"}`})
		if err != nil {
			t.Fatal(err)
		}
		if result.FunctionRequestID == "" || result.RetMsg != "" || result.Duration != 0 {
			t.Errorf("result %+v", result)
		}
		ids[job] = result.FunctionRequestID
	}
	within(t, 10*time.Second, "one job has a check, the other a dead letter", func() bool {
		return len(c.dead(t)) == 1 && strings.Contains(c.log.String(), "jobId=dts-quick")
	})
	if letter := c.dead(t)[0]; letter.RequestID != ids["dts-nosuch"] || string(letter.Event) != `{"JobId":"dts-nosuch"}` {
		t.Errorf("dead letter %+v", letter)
	}
}

func TestInvokeAPIRefuses(t *testing.T) {
	t.Parallel()
	c := open(t, serverless)
	for test, s := range map[string]struct {
		secretKey, function, event, code string
	}{
		"wrong key":        {"wrong", name, `{}`, "AuthFailure.SignatureFailure"},
		"unknown function": {"", "other", `{}`, "ResourceNotFound.FunctionName"},
		"event no JSON":    {"", name, `dts-quick`, "InvalidParameterValue.ClientContext"},
	} {
		t.Run(test, func(t *testing.T) {
			_, err := sdk(t, c, s.secretKey, "Invoke", map[string]any{"FunctionName": s.function, "ClientContext": s.event})
			refusal, ok := err.(*errors.TencentCloudSDKError)
			if !ok || refusal.Code != s.code || refusal.RequestId == "" {
				t.Errorf("error %v, want %s", err, s.code)
			}
		})
	}
	if strings.Contains(c.log.String(), "START") {
		t.Error("the function was invoked")
	}
}
