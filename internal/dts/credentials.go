package dts

import (
	"context"
	"strings"

	"github.com/tencentyun/scf-go-lib/functioncontext"
)

// Credentials are a role's temporary key pair and its token.
type Credentials struct {
	SecretID, SecretKey, Token string
}

// The environment variables in which the platform hands over the execution
// role's credentials and the function's region.
const (
	envSecretID  = "TENCENTCLOUD_SECRETID"
	envSecretKey = "TENCENTCLOUD_SECRETKEY"
	envToken     = "TENCENTCLOUD_SESSIONTOKEN"
	envRegion    = "TENCENTCLOUD_REGION"
)

func credentialsFrom(getenv func(string) string) Credentials {
	return Credentials{getenv(envSecretID), getenv(envSecretKey), getenv(envToken)}
}

func (c Credentials) complete() bool { return c.SecretID != "" && c.SecretKey != "" }

// redact takes the credentials out of a text that came from outside.
func (c Credentials) redact(text string) string {
	for _, secret := range []string{c.Token, c.SecretKey, c.SecretID} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	return text
}

// Process is what the process was started with.
type Process struct {
	Role   Credentials
	Region string
}

// ProcessFrom reads the process's environment through getenv. Read it before
// the first invocation: scf-go-lib writes every invocation's variables into
// the process's environment, where those of another invocation would be found.
func ProcessFrom(getenv func(string) string) Process {
	return Process{Role: credentialsFrom(getenv), Region: getenv(envRegion)}
}

// invocation returns the credentials and the region that hold for the
// invocation in ctx.
func (c *Client) invocation(ctx context.Context) (Credentials, string) {
	credentials, region := c.role, c.config.Region
	function, ok := functioncontext.FromContext(ctx)
	if !ok {
		return credentials, region
	}
	// All three from one place: a token belongs to its key pair.
	if own := credentialsFrom(func(name string) string { return function.Environment[name] }); own.complete() {
		credentials = own
	}
	if region == "" {
		region = function.Environment[envRegion]
	}
	if region == "" {
		region = function.TencentcloudRegion
	}
	return credentials, region
}

// hostOf returns the endpoint that belongs to a region of valid form. Finance
// regions have a domain of their own (the CreateMigrateCheckJob page, part 1).
func hostOf(region string) string {
	if strings.HasSuffix(region, "-fsi") {
		return "dts." + region + ".tencentcloudapi.com"
	}
	return "dts.tencentcloudapi.com"
}
