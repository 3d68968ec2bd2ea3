// Command local is the local cloud: it runs the function as SCF does, without
// an account.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

const usage = `usage: go run ./cmd/local COMMAND [flags]

  invoke [flags] JobId …   run the function once, on one event
  serve [flags]            the function as deployed: HTTP, timers, Invoke API
  dts [flags]              serve a DTS endpoint alone

"go run ./cmd/local COMMAND -h" lists a command's flags.
`

func main() {
	// Whoever reads our output may close it. That must be an ordinary error, so that
	// what was started is ended first.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	ctx, cancel := withGoRun(ctx)
	err := run(ctx, os.Args[1:])
	interrupted := ctx.Err() != nil
	cancel()
	stop()
	var wrong usageError
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return
	case errors.As(err, &wrong):
		fmt.Fprintln(os.Stderr, "local:", err)
		os.Exit(2)
	case errors.Is(err, errFailed):
	case interrupted:
		fmt.Fprintln(os.Stderr, "local: interrupted")
	default:
		fmt.Fprintln(os.Stderr, "local:", err)
	}
	os.Exit(1)
}

// errFailed is a failure that has been reported already.
var errFailed = errors.New("failed")

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return usageError{errors.New("give a command\n\n" + strings.TrimSpace(usage))}
	}
	switch args[0] {
	case "invoke":
		return invoke(ctx, args[1:])
	case "serve":
		return serve(ctx, args[1:])
	case "dts":
		return serveDTS(ctx, args[1:])
	}
	if slices.Contains([]string{"-h", "-help", "--help", "help"}, args[0]) {
		_, err := fmt.Print(usage)
		return err
	}
	return usageError{fmt.Errorf("%s: there is no such command\n\n%s", args[0], strings.TrimSpace(usage))}
}
