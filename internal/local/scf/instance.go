// Package scf is the platform around a function, as far as a function on
// runtime Go1 can tell: it starts the binary with the environment that SCF
// gives it, hands it events over net/rpc with a deadline each, and ends it
// with everything that it started.
package scf

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/rpc"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/tencentyun/scf-go-lib/cloudfunction/messages"
)

// Instance is one running process of a function. It takes one event at a time
// as the platform does, or several if the caller likes.
type Instance struct {
	function Function
	process  *exec.Cmd
	client   *rpc.Client
	output   *output

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
	port, release, err := reservePort()
	if err != nil {
		return nil, err
	}
	defer release()
	process := exec.Command(f.Path)
	for name, value := range f.variables() {
		process.Env = append(process.Env, name+"="+value)
	}
	process.Env = append(process.Env, fmt.Sprint("_LAMBDA_SERVER_PORT=", port), fmt.Sprint("_SCF_SERVER_PORT=", port))
	process.Dir = os.TempDir()
	output, err := newOutput(f.Output)
	if err != nil {
		return nil, err
	}
	process.Stdout, process.Stderr = output.write, output.write
	ownGroup(process)
	if err := process.Start(); err != nil {
		output.close()
		return nil, fmt.Errorf("the function cannot be started: %w", err)
	}
	i := &Instance{function: f, process: process, output: output, ended: make(chan struct{})}
	go func() {
		i.state = process.Wait()
		killGroup(process) // what it started and left behind
		output.close()
		close(i.ended)
	}()
	if err := i.connect(ctx, "127.0.0.1:"+strconv.Itoa(port)); err != nil {
		i.Close()
		return nil, err
	}
	return i, nil
}

// connect waits for the function to listen and to answer a ping.
func (i *Instance) connect(ctx context.Context, address string) error {
	var dialer net.Dialer
	kept := false
	for {
		connection, err := dialer.DialContext(ctx, "tcp", address)
		if err == nil && kept {
			i.client = rpc.NewClient(connection)
			return i.ping(ctx)
		}
		if err == nil { // it listens; what was connected before that is bound may be reset
			connection.Close()
			keepToLoopback(i.Pid())
			kept = true
			continue
		}
		select {
		case <-i.ended:
			return fmt.Errorf("the function stopped at its start (%s)", i.exit())
		case <-ctx.Done():
			return silent(ctx, "the function does not listen on _LAMBDA_SERVER_PORT")
		case <-time.After(200 * time.Microsecond):
		}
	}
}

func (i *Instance) ping(ctx context.Context) error {
	call := i.client.Go("Function.Ping", &messages.PingRequest{}, &messages.PingResponse{}, make(chan *rpc.Call, 1))
	select {
	case <-call.Done:
		return call.Error
	case <-ctx.Done():
		return silent(ctx, "the function does not answer a ping on _LAMBDA_SERVER_PORT")
	}
}

// silent is the error for a function that was not ready in time, unless it was
// the caller who gave up.
func silent(ctx context.Context, problem string) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return errors.New(problem)
}

// exit says how the process ended.
func (i *Instance) exit() string {
	if i.state == nil {
		return "exit status 0"
	}
	return i.state.Error()
}

// Invoke hands the instance an event and returns its answer, after all that
// the function wrote until then was handed on to Function.Output. The error is a
// *FunctionError, ErrAnswerTooLarge, ctx's, or wraps ErrTimeout or ErrExited.
func (i *Instance) Invoke(ctx context.Context, e Event) ([]byte, error) {
	f := i.function
	environment, err := json.Marshal(f.invocation(cmp.Or(e.Role, f.Role)))
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
	defer i.output.sync()
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
		return nil, &FunctionError{response.Error.Type, response.Error.Message, response.Error.ShouldExit}
	}
	if len(response.Payload) > maxAnswer {
		return nil, ErrAnswerTooLarge
	}
	return response.Payload, nil
}

// Pid is the process's id.
func (i *Instance) Pid() int { return i.process.Process.Pid }

// Close ends the process and its whole group, and waits for that.
func (i *Instance) Close() {
	if i.client != nil {
		i.client.Close()
	}
	if i.running() {
		killGroup(i.process)
	}
	<-i.ended
}

// running reports whether the process has not ended. Its id is nobody else's as
// long as that holds.
func (i *Instance) running() bool {
	select {
	case <-i.ended:
		return false
	default:
		return true
	}
}

// PeakMemory is the most memory that the process has held, in bytes; 0 where
// this is not known, and when the process has ended.
func (i *Instance) PeakMemory() int64 {
	if !i.running() {
		return 0
	}
	return peakMemory(i.Pid())
}
