package scf

import (
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// Function is what is deployed: the binary and its settings.
type Function struct {
	// Path of the binary.
	Path string

	// Name and Region of the function; "migrate-check" and "ap-guangzhou" if empty.
	Name, Region string

	// Variables are the user's environment variables.
	Variables map[string]string

	// Role is the execution role's credentials, which each invocation brings; nil
	// without a role.
	Role *Credentials

	// Memory is the function's size in MB (64 if 0), Timeout what an event may
	// take (3 s if 0).
	Memory  int
	Timeout time.Duration

	// Output takes what the function writes to standard output and standard
	// error, a line at a time; os.Stderr if nil.
	Output io.Writer
}

// Credentials are temporary credentials.
type Credentials struct {
	SecretID, SecretKey, Token string
}

// passed are the variables of this process's own environment that a function
// gets to see: where certificates are found and how to reach the network.
var passed = []string{"SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "NO_PROXY", "GODEBUG", "GOCOVERDIR"}

// variables returns the environment of an instance's process, as a map: the
// platform's names cannot be taken by the user's. The role's credentials are
// not in it. They come with each invocation, since the runtime library serves
// whoever reaches its port.
func (f Function) variables() map[string]string {
	out := map[string]string{"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": os.TempDir(), "TZ": "UTC"}
	for _, name := range passed {
		if value, ok := os.LookupEnv(name); ok {
			out[name] = value
		}
	}
	for name, value := range f.Variables {
		if !Reserved(name) {
			out[name] = value
		}
	}
	out["TENCENTCLOUD_RUNENV"] = "SCF"
	out["TENCENTCLOUD_REGION"] = f.Region
	out["USER_CODE_ROOT"] = "/var/user/"
	out["FUNCTION_NAME"] = f.Name
	out["FUNCTION_MEMORY_SIZE"] = strconv.Itoa(f.Memory)
	out["FUNCTION_VERSION"] = "$LATEST"
	return out
}

// invocation returns the environment that an invocation brings, with the
// role's credentials if there is one.
func (f Function) invocation(role *Credentials) map[string]string {
	out := f.variables()
	if role != nil {
		out["TENCENTCLOUD_SECRETID"] = role.SecretID
		out["TENCENTCLOUD_SECRETKEY"] = role.SecretKey
		out["TENCENTCLOUD_SESSIONTOKEN"] = role.Token
	}
	return out
}

// Reserved reports whether the platform keeps a variable's name for itself.
func Reserved(name string) bool {
	for _, prefix := range []string{"SCF_", "QCLOUD_", "TENCENTCLOUD_", "_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func (f Function) withDefaults() Function {
	if f.Name == "" {
		f.Name = "migrate-check"
	}
	if f.Region == "" {
		f.Region = "ap-guangzhou"
	}
	if f.Memory == 0 {
		f.Memory = 64
	}
	if f.Timeout == 0 {
		f.Timeout = 3 * time.Second
	}
	if f.Output == nil {
		f.Output = os.Stderr
	}
	return f
}
