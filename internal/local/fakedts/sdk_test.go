package fakedts_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	sdkerrors "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
	dts2018 "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/dts/v20180330"
	dts2021 "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/dts/v20211206"

	"migratecheck/internal/local/fakedts"
)

// sdkAction is an action as the SDK calls it.
type sdkAction struct {
	version, name string
	call          func(c client, job *string) (string, error)
}

// actions are both generations' actions on migrations, by the SDK's own package for each:
// they return the RequestId that the SDK read.
var actions = map[string]sdkAction{
	"create 2018-03-30": {"2018-03-30", "CreateMigrateCheckJob", func(c client, job *string) (string, error) {
		request := dts2018.NewCreateMigrateCheckJobRequest()
		request.JobId = job
		response, err := c.sdk2018().CreateMigrateCheckJob(request)
		if err != nil {
			return "", err
		}
		return *response.Response.RequestId, nil
	}},
	"describe 2018-03-30": {"2018-03-30", "DescribeMigrateCheckJob", func(c client, job *string) (string, error) {
		request := dts2018.NewDescribeMigrateCheckJobRequest()
		request.JobId = job
		response, err := c.sdk2018().DescribeMigrateCheckJob(request)
		if err != nil {
			return "", err
		}
		return *response.Response.RequestId, nil
	}},
	"start 2018-03-30": {"2018-03-30", "StartMigrateJob", func(c client, job *string) (string, error) {
		request := dts2018.NewStartMigrateJobRequest()
		request.JobId = job
		response, err := c.sdk2018().StartMigrateJob(request)
		if err != nil {
			return "", err
		}
		return *response.Response.RequestId, nil
	}},
	"start 2021-12-06": {"2021-12-06", "StartMigrateJob", func(c client, job *string) (string, error) {
		request := dts2021.NewStartMigrateJobRequest()
		request.JobId = job
		response, err := c.sdk2021().StartMigrateJob(request)
		if err != nil {
			return "", err
		}
		return *response.Response.RequestId, nil
	}},
	"detail 2021-12-06": {"2021-12-06", "DescribeMigrationDetail", func(c client, job *string) (string, error) {
		request := dts2021.NewDescribeMigrationDetailRequest()
		request.JobId = job
		response, err := c.sdk2021().DescribeMigrationDetail(request)
		if err != nil {
			return "", err
		}
		return *response.Response.RequestId, nil
	}},
	"create 2021-12-06": {"2021-12-06", "CreateMigrateCheckJob", func(c client, job *string) (string, error) {
		request := dts2021.NewCreateMigrateCheckJobRequest()
		request.JobId = job
		response, err := c.sdk2021().CreateMigrateCheckJob(request)
		if err != nil {
			return "", err
		}
		return *response.Response.RequestId, nil
	}},
	"describe 2021-12-06": {"2021-12-06", "DescribeMigrationCheckJob", func(c client, job *string) (string, error) {
		request := dts2021.NewDescribeMigrationCheckJobRequest()
		request.JobId = job
		response, err := c.sdk2021().DescribeMigrationCheckJob(request)
		if err != nil {
			return "", err
		}
		return *response.Response.RequestId, nil
	}},
}

// syncActions are those on sync jobs.
var syncActions = map[string]sdkAction{
	"create": {"2021-12-06", "CreateCheckSyncJob", func(c client, job *string) (string, error) {
		request := dts2021.NewCreateCheckSyncJobRequest()
		request.JobId = job
		response, err := c.sdk2021().CreateCheckSyncJob(request)
		if err != nil {
			return "", err
		}
		return *response.Response.RequestId, nil
	}},
	"describe": {"2021-12-06", "DescribeCheckSyncJobResult", func(c client, job *string) (string, error) {
		request := dts2021.NewDescribeCheckSyncJobResultRequest()
		request.JobId = job
		response, err := c.sdk2021().DescribeCheckSyncJobResult(request)
		if err != nil {
			return "", err
		}
		return *response.Response.RequestId, nil
	}},
}

// checked are the jobs of the calls, which allow every action.
var checked = []fakedts.Job{{JobID: "dts-1kl0iy0v", Status: "checkPass"}, {JobID: "sync-1kl0iy0v", Kind: "sync", Status: "checkPass"}}

// every yields the actions on each kind of jobs with what an outcome has for it: the
// job and the code.
func every(yield func(name string, do sdkAction, job func(string) string, code func(string) string) bool) {
	same := func(s string) string { return s }
	for name, do := range actions {
		if !yield(name, do, same, same) {
			return
		}
	}
	for name, do := range syncActions {
		job := func(id string) string { return strings.Replace(id, "dts-", "sync-", 1) }
		code := func(code string) string {
			return strings.Replace(code, "ResourceNotFound.JobNotExist", "ResourceNotFound.ResourceNotFoundError", 1)
		}
		if !yield(name+" sync", do, job, code) {
			return
		}
	}
}

// outcomes are what a user of the SDK can meet, and the code that the SDK has
// to give for it.
var outcomes = map[string]struct {
	job  string // none if empty
	edit func(*client)
	want string
}{
	"success":           {job: "dts-1kl0iy0v"},
	"unknown job":       {job: "dts-unknown0", want: "ResourceNotFound.JobNotExist"},
	"wrong key":         {job: "dts-1kl0iy0v", edit: func(c *client) { c.key.SecretKey += "x" }, want: "AuthFailure.SignatureFailure"},
	"wrong SecretId":    {job: "dts-1kl0iy0v", edit: func(c *client) { c.key.SecretID += "x" }, want: "AuthFailure.SecretIdNotFound"},
	"wrong token":       {job: "dts-1kl0iy0v", edit: func(c *client) { c.key.Token += "x" }, want: "AuthFailure.TokenFailure"},
	"no token":          {job: "dts-1kl0iy0v", edit: func(c *client) { c.key.Token = "" }, want: "AuthFailure.TokenFailure"},
	"missing parameter": {want: "MissingParameter"},
	"unknown region":    {job: "dts-1kl0iy0v", edit: func(c *client) { c.region = "eu-atlantis" }, want: "UnsupportedRegion"},
}

// TestTencentSDK runs Tencent's own SDK against the endpoint: every outcome, in
// every way to sign and to send.
func TestTencentSDK(t *testing.T) {
	for _, secure := range []bool{false, true} {
		s := fakedts.New(fakedts.Options{Jobs: []fakedts.Job{}, Quota: -1})
		base, _ := listen(t, s, secure)
		for _, signMethod := range []string{"TC3-HMAC-SHA256", "HmacSHA1", "HmacSHA256"} {
			for _, httpMethod := range []string{http.MethodGet, http.MethodPost} {
				every(func(action string, do sdkAction, jobOf, codeFor func(string) string) bool {
					for outcome, test := range outcomes {
						test.job, test.want = jobOf(test.job), codeFor(test.want)
						t.Run(fmt.Sprintf("%s/%s/%s/%s/%s", base.endpoint.Scheme, signMethod, httpMethod, action, outcome), func(t *testing.T) {
							c := base
							c.signMethod, c.httpMethod = signMethod, httpMethod
							if test.edit != nil {
								test.edit(&c)
							}
							s.Add(checked...)
							var job *string
							if test.job != "" {
								job = &test.job
							}
							requestID, err := do.call(c, job)
							if got := codeOf(err); got != test.want {
								t.Fatalf("code %q, want %q (%v)", got, test.want, err)
							}
							var e *sdkerrors.TencentCloudSDKError
							if errors.As(err, &e) {
								requestID = e.RequestId
							}
							call := lastCall(t, s)
							if call.RequestID != requestID || requestID == "" || call.Code != test.want || call.CarriedOut != (err == nil) || call.HTTPMethod != httpMethod {
								t.Errorf("the client saw %s %q, recorded: %+v", requestID, test.want, call)
							}
							if err == nil && (call.Action != do.name || call.Version != do.version || call.Region != "ap-guangzhou" || call.JobID != test.job || call.SignedBy != signMethod || call.SecretID != c.key.SecretID || call.Token != c.key.Token) {
								t.Errorf("recorded: %+v", call)
							}
						})
					}
					return true
				})
			}
		}
	}
}

// TestTencentCommonClient has the SDK's client for all services, which carries
// parameters as JSON only.
func TestTencentCommonClient(t *testing.T) {
	s := fakedts.New(fakedts.Options{Jobs: []fakedts.Job{}, Quota: -1})
	base, _ := listen(t, s, true)
	every(func(action string, do sdkAction, jobOf, codeFor func(string) string) bool {
		for outcome, test := range outcomes {
			test.job, test.want = jobOf(test.job), codeFor(test.want)
			t.Run(action+"/"+outcome, func(t *testing.T) {
				c := base
				if test.edit != nil {
					test.edit(&c)
				}
				s.Add(checked...)
				parameters := map[string]any{}
				if test.job != "" {
					parameters["JobId"] = test.job
				}
				body, err := c.ask(do.version, do.name, parameters)
				if got := codeOf(err); got != test.want {
					t.Fatalf("code %q, want %q (%v)", got, test.want, err)
				}
				var answer struct{ Response struct{ RequestId string } }
				if err == nil && (json.Unmarshal([]byte(body), &answer) != nil || answer.Response.RequestId != lastCall(t, s).RequestID) {
					t.Errorf("body %q, recorded: %+v", body, lastCall(t, s))
				}
			})
		}
		return true
	})
}

// TestTencentSDKUnsignedPayload has the SDK's option to leave the body out of
// the signature.
func TestTencentSDKUnsignedPayload(t *testing.T) {
	c := clientOf(fakedts.New(fakedts.Options{}))
	p := c.profile()
	p.UnsignedPayload = true
	sdk, err := dts2018.NewClient(c.credential(), c.region, p)
	if err != nil {
		t.Fatal(err)
	}
	sdk.WithHttpTransport(c.transport)
	request := dts2018.NewCreateMigrateCheckJobRequest()
	request.JobId = new("dts-1kl0iy0v")
	if _, err := sdk.CreateMigrateCheckJob(request); err != nil {
		t.Error(err)
	}
}
