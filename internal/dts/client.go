// Package dts calls the check actions of Tencent Cloud's Data Transmission
// Service, in both generations of its API, on tencentcloud-sdk-go.
package dts

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
)

// Client makes check calls for every invocation of one instance of the
// function. It is safe for concurrent use.
type Client struct {
	config    config.Config
	role      Credentials
	transport *transport
	api       generation

	create, describe *pacer // each action has a quota of its own

	// sdk is the SDK's client for a region, without credentials. Making one
	// costs more than the rest of a call, so it is made once and copied.
	sdk atomic.Pointer[regional]
}

// regional is the SDK's client for a region.
type regional struct {
	region string
	client *common.Client
}

// New returns a client. role is used by invocations that bring no credentials
// of their own, as is region when neither the configuration nor the
// invocation names one.
func New(c config.Config, process Process) *Client {
	client := &Client{
		config:    c,
		role:      process.Role,
		transport: newTransport(c.DTS.Scheme == "http"),
		create:    newPacer(c.RateLimit),
		describe:  newPacer(c.RateLimit),
		api:       version2018{},
	}
	if c.Region == "" {
		client.config.Region = process.Region
	}
	if c.APIVersion == config.Version2021 {
		client.api = version2021{}
	}
	return client
}

// generation is one version of the DTS API: how its requests are made and how
// its answers are read.
type generation interface {
	// create returns CreateMigrateCheckJob for a job, and the answer's RequestId.
	create(job string) (tchttp.Request, tchttp.Response, func() string)

	// describe returns the action that reads a check, and its state and RequestId.
	describe(job string) (tchttp.Request, tchttp.Response, func() (check.State, string))
}

// CreateCheck creates the check of a migration job (CreateMigrateCheckJob).
//
// The error, if any, is a *check.Error. A check that was found running after
// an attempt with no answer is not an error but Receipt.AlreadyRunning: DTS
// runs one check of a job at a time, so it is the one that was asked for.
func (c *Client) CreateCheck(ctx context.Context, job string) (check.Receipt, error) {
	var receipt check.Receipt
	attempts, err := c.call(ctx, c.create, func(ctx context.Context, s *session) error {
		request, response, requestID := c.api.create(job)
		if err := s.send(ctx, request, response); err != nil {
			return err
		}
		receipt.RequestID = requestID()
		return s.answered(receipt.RequestID)
	})
	if err != nil && err.MayBeRunning && err.Duplicate() {
		return check.Receipt{RequestID: err.RequestID, AlreadyRunning: true, Attempts: attempts}, nil
	}
	if err != nil {
		return check.Receipt{}, err
	}
	receipt.Attempts = attempts
	return receipt, nil
}

// DescribeCheck reads the state of a job's latest check
// (DescribeMigrateCheckJob; in version 2021-12-06 DescribeMigrationCheckJob).
// The error, if any, is a *check.Error.
func (c *Client) DescribeCheck(ctx context.Context, job string) (check.State, check.Receipt, error) {
	var state check.State
	var receipt check.Receipt
	attempts, err := c.call(ctx, c.describe, func(ctx context.Context, s *session) error {
		request, response, result := c.api.describe(job)
		if err := s.send(ctx, request, response); err != nil {
			return err
		}
		state, receipt.RequestID = result()
		return s.answered(receipt.RequestID)
	})
	if err != nil {
		err.MayBeRunning = false // reading changes nothing
		return check.State{}, check.Receipt{}, err
	}
	receipt.Attempts = attempts
	return state, receipt, nil
}

// session is what the attempts of one call have in common.
type session struct {
	client      *common.Client
	credentials Credentials
	exchange    *exchange // of the attempt under way
}

func (c *Client) newSession(ctx context.Context) (*session, *check.Error) {
	credentials, region := c.invocation(ctx)
	if !credentials.complete() {
		return nil, &check.Error{
			Code:    check.CodeNoCredentials,
			Message: "the function has no role credentials: attach an execution role (CAM role trusted by scf.qcloud.com) that may call DTS",
		}
	}
	if !config.ValidRegion(region) {
		return nil, &check.Error{
			Code:    check.CodeNoRegion,
			Message: "the region of the migration jobs is not known: set " + config.Region + " to a region such as ap-guangzhou",
		}
	}
	client := *c.sdkFor(region)
	client.WithCredential(common.NewTokenCredential(credentials.SecretID, credentials.SecretKey, credentials.Token))
	return &session{client: &client, credentials: credentials}, nil
}

// sdkFor returns the SDK's client for a region of valid form.
func (c *Client) sdkFor(region string) *common.Client {
	if r := c.sdk.Load(); r != nil && r.region == region {
		return r.client
	}
	host := c.config.DTS.Host
	if host == "" {
		host = hostOf(region)
	}
	p := profile.NewClientProfile()
	p.Language = "en-US"
	p.HttpProfile.Scheme = c.config.DTS.Scheme
	p.HttpProfile.Endpoint = host
	p.HttpProfile.ReqTimeout = 0 // every attempt has a context with a deadline
	client := new(common.Client).Init(region).WithProfile(p).WithHttpTransport(c.transport)
	c.sdk.Store(&regional{region, client})
	return client
}

func (s *session) send(ctx context.Context, request tchttp.Request, response tchttp.Response) error {
	request.SetContext(ctx)
	return s.client.Send(request, response)
}

// answered refuses an answer without a RequestId: the API's own always has
// one, so nothing is known of what such an answer stands for.
func (s *session) answered(requestID string) error {
	if requestID == "" {
		return errNotAPI
	}
	return nil
}

var errNotAPI = fmt.Errorf("no Response with a RequestId")
