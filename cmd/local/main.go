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

	"migratecheck/internal/local/spelling"
)

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
	if status := end(err, interrupted); status != 0 {
		os.Exit(status)
	}
}

// end reports the error that a command ended with, and returns the exit status.
func end(err error, interrupted bool) int {
	var wrong usageError
	var status exitStatus
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &wrong):
		fmt.Fprintln(os.Stderr, "local:", err)
		return statusWrongUse
	case interrupted:
		fmt.Fprintln(os.Stderr, "local: interrupted")
		return statusInterrupted
	case errors.As(err, &status):
		return int(status)
	}
	fmt.Fprintln(os.Stderr, "local:", err)
	return statusFailed
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return usageError{errors.New("give a command\n\n" + strings.TrimSpace(asCalled(usage)))}
	}
	switch args[0] {
	case "invoke":
		return invoke(ctx, args[1:])
	case "report":
		return makeReport(ctx, args[1:])
	case "serve":
		return serve(ctx, args[1:])
	case "dts":
		return serveDTS(ctx, args[1:])
	}
	if slices.Contains([]string{"-h", "-help", "--help", "help"}, args[0]) {
		_, err := fmt.Print(asCalled(usage))
		return err
	}
	hint := spelling.Hint(args[0], []string{"invoke", "report", "serve", "dts"})
	return usageError{fmt.Errorf("%s: there is no such command%s\n\n%s", args[0], hint, strings.TrimSpace(asCalled(usage)))}
}
