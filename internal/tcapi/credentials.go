package tcapi

import (
	"cmp"
	"context"
	"net"

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

// Process is what the process was started with.
type Process struct {
	Role   Credentials
	Region string

	// Dial connects to endpoints; nil for the network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// ProcessFrom reads the process's environment through getenv. Read it before
// the first invocation: scf-go-lib writes every invocation's variables into
// the process's environment, where those of another invocation would be found.
func ProcessFrom(getenv func(string) string) Process {
	return Process{Role: credentialsFrom(getenv), Region: getenv(envRegion)}
}

// credentials returns the credentials that hold for the invocation in ctx.
func (c *Client) credentials(ctx context.Context) Credentials {
	if function, ok := functioncontext.FromContext(ctx); ok {
		// All three from one place: a token belongs to its key pair.
		if own := credentialsFrom(func(name string) string { return function.Environment[name] }); own.complete() {
			return own
		}
	}
	return c.process.Role
}

// Region returns the region of the migration jobs: the configured one, else
// the function's own.
func (c *Client) Region(ctx context.Context) string {
	if c.config.Region != "" {
		return c.config.Region
	}
	return c.ownRegion(ctx)
}

// ownRegion returns the region in which the function runs, or the configured
// one where the platform does not say.
func (c *Client) ownRegion(ctx context.Context) string {
	if c.process.Region != "" {
		return c.process.Region
	}
	if function, ok := functioncontext.FromContext(ctx); ok {
		return cmp.Or(function.Environment[envRegion], function.TencentcloudRegion, c.config.Region)
	}
	return c.config.Region
}
