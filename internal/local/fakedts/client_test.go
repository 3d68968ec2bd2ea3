package fakedts_test

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	sdkerrors "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
	sdkhttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
	dts2018 "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/dts/v20180330"
	dts2021 "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/dts/v20211206"

	"migratecheck/internal/local/cloudapi"
	"migratecheck/internal/local/fakedts"
)

// clock is an endpoint's clock, which stands until it is moved. It starts at
// the real time, which Tencent's SDK stamps its requests with, and must stay
// within 300 seconds of it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Now()} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// client is a user of Tencent's own SDK, unchanged.
type client struct {
	endpoint               *url.URL
	transport              http.RoundTripper
	key                    cloudapi.Key
	region                 string
	signMethod, httpMethod string
	language               string // en-US if empty

	// patience is how long a call may take; a minute if 0.
	patience time.Duration
}

// clientOf is a client that calls a server without a listener.
func clientOf(s *fakedts.Server) client {
	return client{
		endpoint:   &url.URL{Scheme: "http", Host: "dts.tencentcloudapi.com"},
		transport:  noListener{s},
		key:        fakedts.ExampleKey,
		region:     "ap-guangzhou",
		signMethod: "TC3-HMAC-SHA256",
		httpMethod: http.MethodPost,
	}
}

// noListener hands a request to its handler.
type noListener struct{ http.Handler }

func (h noListener) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), nil
}

// listen serves s on the loopback until the test ends, and returns a client
// that keeps its connections.
func listen(t *testing.T, s *fakedts.Server, secure bool) (client, *http.Transport) {
	t.Helper()
	l, err := s.Listen("127.0.0.1:0", secure)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	transport := &http.Transport{ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	if secure {
		transport.TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool()}
		if !transport.TLSClientConfig.RootCAs.AppendCertsFromPEM(l.Certificate) {
			t.Fatal("the listener's certificate is no PEM")
		}
	}
	c := clientOf(s)
	c.transport = transport
	if c.endpoint, err = url.Parse(l.URL); err != nil {
		t.Fatal(err)
	}
	return c, transport
}

func (c client) credential() *common.Credential {
	return common.NewTokenCredential(c.key.SecretID, c.key.SecretKey, c.key.Token)
}

func (c client) profile() *profile.ClientProfile {
	p := profile.NewClientProfile()
	p.Language = cmp.Or(c.language, "en-US") // the SDK's own default is zh-CN
	p.SignMethod = c.signMethod
	p.HttpProfile.ReqMethod = c.httpMethod
	p.HttpProfile.Scheme = c.endpoint.Scheme
	p.HttpProfile.Endpoint = c.endpoint.Host
	return p
}

// limited is the client's transport, which ends a call that takes too long: the
// SDK itself knows whole seconds only.
func (c client) limited() http.RoundTripper {
	if c.patience == 0 {
		return c.transport
	}
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		ctx, cancel := context.WithTimeout(r.Context(), c.patience)
		context.AfterFunc(ctx, cancel)
		return c.transport.RoundTrip(r.WithContext(ctx))
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// sdk2018 and sdk2021 are the SDK's packages of the two generations.
func (c client) sdk2018() *dts2018.Client {
	sdk, err := dts2018.NewClient(c.credential(), c.region, c.profile())
	if err != nil {
		panic(err)
	}
	sdk.WithHttpTransport(c.limited())
	return sdk
}

func (c client) sdk2021() *dts2021.Client {
	sdk, err := dts2021.NewClient(c.credential(), c.region, c.profile())
	if err != nil {
		panic(err)
	}
	sdk.WithHttpTransport(c.transport)
	return sdk
}

// ask sends any parameters to any action, with the SDK's client for all
// services, and returns the body of the answer.
func (c client) ask(version, action string, parameters map[string]any) (string, error) {
	request := sdkhttp.NewCommonRequest("dts", version, action)
	if err := request.SetActionParameters(parameters); err != nil {
		return "", err
	}
	response := sdkhttp.NewCommonResponse()
	sdk := common.NewCommonClient(c.credential(), c.region, c.profile()).WithHttpTransport(c.transport)
	err := sdk.Send(request, response)
	return string(response.GetBody()), err
}

// create creates a check of the job.
func (c client) create(job string) error {
	request := dts2018.NewCreateMigrateCheckJobRequest()
	request.JobId = &job
	_, err := c.sdk2018().CreateMigrateCheckJob(request)
	return err
}

// status is the state of the job's check, in the words of 2018-03-30.
func (c client) status(t *testing.T, job string) string {
	t.Helper()
	request := dts2018.NewDescribeMigrateCheckJobRequest()
	request.JobId = &job
	response, err := c.sdk2018().DescribeMigrateCheckJob(request)
	if err != nil {
		t.Fatal(err)
	}
	return *response.Response.Status
}

// codeOf is the code that the SDK saw: empty for a success.
func codeOf(err error) string {
	if err == nil {
		return ""
	}
	var e *sdkerrors.TencentCloudSDKError
	if !errors.As(err, &e) {
		return "not an error of the SDK: " + err.Error()
	}
	return e.Code
}

// lastCall is the last call that the endpoint recorded.
func lastCall(t *testing.T, s *fakedts.Server) fakedts.Call {
	t.Helper()
	calls := s.Calls()
	if len(calls) == 0 {
		t.Fatal("no call was recorded")
	}
	return calls[len(calls)-1]
}
