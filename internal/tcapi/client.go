// Package tcapi calls actions of Tencent Cloud API 3.0 on tencentcloud-sdk-go:
// signed with the credentials of the invocation, within the quota of each
// action, in as many attempts as time allows, and with one strict reading of
// the answers.
package tcapi

import (
	"context"
	"encoding/json"
	"strings"
	"sync"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
)

// Action is one action of a service, as data.
type Action struct {
	// Service is the service's name in host names: dts, scf or eb.
	Service string

	Version, Name string

	// Quota is in calls a second, from one instance; 0 for the configured one.
	Quota int

	// MaxAnswer is how many bytes of an answer are read at most; 0 for 1 MB. An
	// answer that has more, or more than one value in every 10 bytes of MaxAnswer
	// (with 0, more than 50,000), is a check.CodeTooLarge. What is decoded takes many
	// times as much: a response for which MaxAnswer is given has to bound its lists
	// itself.
	MaxAnswer int

	// Changes is set for an action that changes something: an attempt whose fate
	// is not known may have been carried out.
	Changes bool

	// Once is set for an action that must not be repeated after an attempt whose
	// fate is not known.
	Once bool

	// Done is the code of a refusal which, after an attempt whose fate is not
	// known, means that this attempt was carried out.
	Done string
}

// Client calls actions for every invocation of one instance of the function.
// It is safe for concurrent use.
type Client struct {
	config     config.Config
	process    Process
	transport  *transport
	configured []string // secrets

	// decoding lets one answer be decoded at a time: of one in small values there
	// is many times as much then.
	decoding sync.Mutex

	mu     sync.Mutex
	recent []Credentials // of the last invocations, the latest last
	secret secrets       // theirs and the configured
	pacers map[Action]*pacer

	// sdks holds the SDK's clients, without credentials. Making one costs more
	// than the rest of a call, so each is made once and copied.
	sdks map[target]*common.Client
}

// target is a service in a region.
type target struct{ service, region string }

// New returns a client. Invocations without credentials use process.Role;
// process.Region, if set, is the region in which the function runs, for all of
// them.
func New(c config.Config, process Process) *Client {
	return &Client{
		config:     c,
		process:    process,
		transport:  newTransport(c.Proxy, process.Dial),
		configured: c.Secrets(),
		pacers:     map[Action]*pacer{},
		sdks:       map[target]*common.Client{},
	}
}

// Do sends a request and decodes the answer, the Response member, into
// response, a pointer to a struct, or nil if nothing but the receipt is of use.
// Secrets are taken out of what was decoded, but for fields with the tag
// redact:"-", which are compared and not shown; see Redact for them.
//
// The error, if any, is a *check.Error. It has MayBeRunning set if the action
// changes something and the fate of an attempt is not known: it was sent and
// not answered, or the answer cannot be read or is an InternalError. If the
// action's Done code follows that, there is no error but Receipt.AlreadyRunning.
func (c *Client) Do(ctx context.Context, a Action, request, response any) (check.Receipt, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return check.Receipt{}, check.Invalid(a.Name, "the request cannot be written as JSON")
	}
	call, failure := c.newCall(ctx, a, body, response)
	if failure == nil {
		failure = call.run(ctx)
	}
	if failure != nil {
		return check.Receipt{}, failure
	}
	return call.receipt, nil
}

// MaxAttempts is how many attempts a call may take, for who makes some of them
// calls of their own.
func (c *Client) MaxAttempts() int { return c.config.MaxAttempts }

// newCall returns a call of an action, of which nothing is sent yet.
func (c *Client) newCall(ctx context.Context, a Action, body []byte, response any) (*call, *check.Error) {
	credentials := c.credentials(ctx)
	if !credentials.complete() {
		return nil, &check.Error{
			Code:    check.CodeNoCredentials,
			Message: "the function has no role credentials: attach an execution role (CAM role trusted by scf.qcloud.com) that may call " + strings.ToUpper(a.Service),
		}
	}
	region := c.Region(ctx)
	if a.Service != "dts" {
		region = c.ownRegion(ctx)
	}
	if !config.ValidRegion(region) {
		return nil, &check.Error{
			Code:    check.CodeNoRegion,
			Message: "the region is not known: set " + config.Region + " to a region such as ap-guangzhou",
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remember(credentials)
	quota := c.pacers[a]
	if quota == nil {
		limit := a.Quota
		if limit == 0 {
			limit = c.config.RateLimit
		}
		quota = newPacer(limit)
		c.pacers[a] = quota
	}
	at := target{a.Service, region}
	sdk := c.sdks[at]
	if sdk == nil {
		sdk = c.newSDK(at)
		c.sdks[at] = sdk
	}
	out := &call{client: c, action: a, quota: quota, sdk: *sdk, credentials: credentials, body: body, response: response}
	out.sdk.WithCredential(common.NewTokenCredential(credentials.SecretID, credentials.SecretKey, credentials.Token))
	return out, nil
}

// newSDK returns the SDK's client for a target whose region is of valid form.
func (c *Client) newSDK(at target) *common.Client {
	address := c.address(at)
	p := profile.NewClientProfile()
	p.Language = c.config.Language
	p.HttpProfile.Scheme = address.Scheme
	p.HttpProfile.Endpoint = address.Host
	p.HttpProfile.ReqTimeout = 0 // every attempt has a context with a deadline
	return new(common.Client).Init(at.region).WithProfile(p).WithHttpTransport(c.transport)
}

// address returns where a service is called. Finance regions have a domain of
// their own.
func (c *Client) address(at target) config.Address {
	out := c.config.DTS
	switch at.service {
	case "scf":
		out = c.config.SCF
	case "eb":
		out = c.config.EB
	}
	if out.Host == "" {
		out.Host = at.service + ".tencentcloudapi.com"
		if strings.HasSuffix(at.region, "-fsi") {
			out.Host = at.service + "." + at.region + ".tencentcloudapi.com"
		}
	}
	return out
}
