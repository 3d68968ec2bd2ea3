// Package scf is the platform around a function, as far as a function on
// runtime Go1 can tell: it starts the binary with the environment that SCF
// gives it, hands it events over net/rpc with a deadline each, and ends it
// with everything that it started.
package scf

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/rpc"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tencentyun/scf-go-lib/cloudfunction/messages"
)

// Function is what is deployed: the binary and its settings.
type Function struct {
	// Path of the binary.
	Path string

	// Name and Region of the function; "migrate-check" and "ap-guangzhou" if empty.
	Name, Region string

	// Variables are the user's environment variables.
	Variables map[string]string

	// Role is what the execution role's credentials are; nil without a role.
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

// variables returns the environment of an instance, as a map: the platform's
// names cannot be taken by the user's.
func (f Function) variables(port int) map[string]string {
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
	if port > 0 {
		out["_LAMBDA_SERVER_PORT"] = strconv.Itoa(port)
		out["_SCF_SERVER_PORT"] = strconv.Itoa(port)
	}
	if f.Role != nil {
		out["TENCENTCLOUD_SECRETID"] = f.Role.SecretID
		out["TENCENTCLOUD_SECRETKEY"] = f.Role.SecretKey
		out["TENCENTCLOUD_SESSIONTOKEN"] = f.Role.Token
	}
	return out
}

// Reserved tells that the platform keeps a variable's name for itself.
func Reserved(name string) bool {
	for _, prefix := range []string{"SCF_", "QCLOUD_", "TENCENTCLOUD_", "_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// Instance is one running process of a function. It takes one event at a time
// as the platform does, or several if the caller likes.
type Instance struct {
	function Function
	process  *exec.Cmd
	client   *rpc.Client

	ended chan struct{} // closed when the process has ended
	state error         // how it ended; valid once ended is closed
}

// startTimeout is what a function's start may take.
const startTimeout = 10 * time.Second

// Start starts an instance and waits until it takes events.
func Start(ctx context.Context, f Function) (*Instance, error) {
	f = f.withDefaults()
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	process := exec.Command(f.Path)
	for name, value := range f.variables(port) {
		process.Env = append(process.Env, name+"="+value)
	}
	process.Dir = os.TempDir()
	output := &lines{to: f.Output}
	process.Stdout, process.Stderr = output, output
	process.WaitDelay = time.Second
	ownGroup(process)
	if err := process.Start(); err != nil {
		return nil, fmt.Errorf("the function cannot be started: %w", err)
	}
	i := &Instance{function: f, process: process, ended: make(chan struct{})}
	go func() {
		i.state = process.Wait()
		output.flush()
		close(i.ended)
	}()
	if err := i.connect(ctx, "127.0.0.1:"+strconv.Itoa(port)); err != nil {
		i.Close()
		return nil, err
	}
	return i, nil
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

// freePort returns a port of loopback that nobody listens on.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// connect waits for the function to listen and to answer a ping.
func (i *Instance) connect(ctx context.Context, address string) error {
	var dialer net.Dialer
	for {
		connection, err := dialer.DialContext(ctx, "tcp", address)
		if err == nil {
			i.client = rpc.NewClient(connection)
			return i.client.Call("Function.Ping", &messages.PingRequest{}, &messages.PingResponse{})
		}
		select {
		case <-i.ended:
			return fmt.Errorf("the function stopped at its start (%s)", i.exit())
		case <-ctx.Done():
			return errors.New("the function does not listen on _LAMBDA_SERVER_PORT")
		case <-time.After(200 * time.Microsecond):
		}
	}
}

// exit says how the process ended.
func (i *Instance) exit() string {
	if i.state == nil {
		return "exit status 0"
	}
	return i.state.Error()
}

// Event is one event for a function.
type Event struct {
	RequestID string
	Payload   []byte

	// Role, if not nil, is the credentials that this invocation brings.
	Role *Credentials
}

// FunctionError is the error that a function returned for an event.
type FunctionError struct {
	// Type is the name of the error's Go type.
	Type, Message string
}

func (e *FunctionError) Error() string { return e.Message }

// Failures of the platform's, not the function's.
var (
	// ErrTimeout: the function did not answer before its deadline.
	ErrTimeout = errors.New("the function did not answer in time")

	// ErrExited: the function's process ended in mid-event.
	ErrExited = errors.New("the function's process ended before it answered")
)

// Invoke hands the instance an event and returns its answer. The error is a
// *FunctionError, or wraps ErrTimeout or ErrExited; after one of these the
// instance is of no more use.
func (i *Instance) Invoke(ctx context.Context, e Event) ([]byte, error) {
	f := i.function
	if e.Role != nil {
		f.Role = e.Role
	}
	environment, err := json.Marshal(f.variables(0))
	if err != nil {
		return nil, err
	}
	deadline := time.Now().Add(f.Timeout)
	request := &messages.InvokeRequest{
		Payload:            e.Payload,
		RequestId:          e.RequestID,
		Deadline:           messages.InvokeRequest_Timestamp{Seconds: deadline.Unix(), Nanos: int64(deadline.Nanosecond())},
		Namespace:          "default",
		FunctionName:       f.Name,
		FunctionVersion:    "$LATEST",
		MemoryLimitInMb:    int32(f.Memory),
		TimeLimitInMs:      int32(f.Timeout.Milliseconds()),
		Environment:        string(environment),
		TencentcloudRegion: f.Region,
	}
	var response messages.InvokeResponse
	call := i.client.Go("Function.Invoke", request, &response, make(chan *rpc.Call, 1))
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case <-call.Done:
	case <-timer.C:
		return nil, fmt.Errorf("%w (%v)", ErrTimeout, f.Timeout)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if call.Error != nil {
		select {
		case <-i.ended:
			return nil, fmt.Errorf("%w (%s)", ErrExited, i.exit())
		case <-time.After(time.Second):
			return nil, fmt.Errorf("%w (%v)", ErrExited, call.Error)
		}
	}
	if response.Error != nil {
		return nil, &FunctionError{Type: response.Error.Type, Message: response.Error.Message}
	}
	return response.Payload, nil
}

// Pid is the process's id.
func (i *Instance) Pid() int { return i.process.Process.Pid }

// Ended is closed when the process has ended.
func (i *Instance) Ended() <-chan struct{} { return i.ended }

// Close ends the process and its whole group, and waits for that.
func (i *Instance) Close() {
	if i.client != nil {
		i.client.Close()
	}
	killGroup(i.process)
	<-i.ended
}

// PeakMemory is the most memory that the process has held, in bytes; 0 where
// this is not known. CPUTime is what it has used, once it has ended.
func (i *Instance) PeakMemory() int64 { return peakMemory(i.Pid()) }

// CPUTime is the processor time, user's and system's, of an ended process.
func (i *Instance) CPUTime() time.Duration {
	<-i.ended
	return i.process.ProcessState.UserTime() + i.process.ProcessState.SystemTime()
}

// lines hands a stream on a line at a time, so that writers can share a
// terminal or a log.
type lines struct {
	to  io.Writer
	mu  sync.Mutex
	buf []byte
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf = append(l.buf, p...)
	for {
		end := bytes.IndexByte(l.buf, '\n')
		if end < 0 {
			return len(p), nil
		}
		l.to.Write(l.buf[:end+1])
		l.buf = l.buf[end+1:]
	}
}

// flush hands on what has no newline yet.
func (l *lines) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.buf) > 0 {
		l.to.Write(append(l.buf, '\n'))
		l.buf = nil
	}
}
