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
	"syscall"
)

const usage = `usage: go run ./cmd/local COMMAND [flags]

  invoke [flags] JobId …   run the function once, on one event
  serve [flags]            the function as deployed: HTTP, timers, Invoke API
  dts [flags]              serve a DTS endpoint alone

"go run ./cmd/local COMMAND -h" lists a command's flags.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	err := run(ctx, os.Args[1:])
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return
	case errors.Is(err, errFailed):
	default:
		fmt.Fprintln(os.Stderr, "local:", err)
	}
	stop()
	os.Exit(1)
}

// errFailed is a failure that has been told already.
var errFailed = errors.New("failed")

func run(ctx context.Context, args []string) error {
	commands := map[string]func(context.Context, []string) error{
		"invoke": invoke,
		"serve":  serve,
		"dts":    serveDTS,
	}
	if len(args) > 0 {
		if command, ok := commands[args[0]]; ok {
			return command(ctx, args[1:])
		}
	}
	fmt.Fprint(os.Stderr, usage)
	return errFailed
}
