// Command main is migrate-check, a function for Tencent Cloud SCF, runtime Go1:
// it checks the DTS migration jobs that an event names or selects, waits for the
// verdicts, and starts what passed.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/tencentyun/scf-go-lib/cloudfunction"

	"migratecheck/handler"
	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/dts"
	"migratecheck/internal/forward"
	"migratecheck/internal/report"
	"migratecheck/internal/tcapi"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "migrate-check:", err)
		os.Exit(1)
	}
}

// run hands the handler over to the platform's runtime, which does not return.
func run() error {
	// net/http logs what an endpoint sends unasked, which may be anything, even a
	// token it was sent.
	log.SetOutput(io.Discard)
	// An instance has a share of one processor, so goroutines take turns on one
	// thread: waking others costs more than all that an event takes here.
	runtime.GOMAXPROCS(1)
	// The smallest function has 64 MB. Even the largest event and answer leave a
	// good part of that free; the limit keeps garbage from filling it.
	debug.SetMemoryLimit(40 << 20)
	c, err := config.Load(os.Getenv)
	if err != nil {
		return err
	}
	api := tcapi.New(c, tcapi.ProcessFrom(os.Getenv))
	cloudfunction.StartHandler(handler.New(handler.Options{
		DTS:        dts.New(api, c.APIVersion, c.StartTag),
		HandOn:     handOn(c, api),
		Log:        os.Stdout,
		Level:      c.LogLevel,
		AllowStart: c.AllowStart,
		Steps:      c.APIVersion == config.Version2021,
		Language:   c.Language,
		Region:     c.Region,
	}))
	return nil
}

// handOn returns the function that forwards results, or nil if no destination is
// configured.
func handOn(c config.Config, api *tcapi.Client) func(context.Context, check.Result, handler.About) []handler.Undelivered {
	forwarder := forward.New(c, api)
	if forwarder == nil {
		return nil
	}
	return func(ctx context.Context, r check.Result, about handler.About) []handler.Undelivered {
		var lost []handler.Undelivered
		for _, f := range forwarder.Forward(ctx, report.Report{
			Result: r, Region: about.Region, Namespace: about.Namespace, Function: about.Function, Source: about.Source, At: time.Now(),
		}, nil) {
			if f.Reason != "" {
				lost = append(lost, handler.Undelivered(f))
			}
		}
		return lost
	}
}
