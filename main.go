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

	"github.com/tencentyun/scf-go-lib/cloudfunction"

	"migratecheck/handler"
	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/dts"
	"migratecheck/internal/handon"
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
		DTS:        dts.New(api, c.APIVersion),
		Forward:    forward(c, api),
		Log:        os.Stdout,
		Level:      c.LogLevel,
		AllowStart: c.AllowStart,
		Steps:      c.APIVersion == config.Version2021,
		Language:   c.Language,
		Region:     c.Region,
	}))
	return nil
}

type glue struct{ s *handon.Sender }

func (g glue) Forward(ctx context.Context, r report.Report, told map[string]check.Told) []check.Forwarded {
	var out []check.Forwarded
	for _, f := range g.s.Send(ctx, config.Function{Namespace: r.Namespace, Name: r.Function}, r) {
		out = append(out, check.Forwarded{f.Destination, f.Reason, f.Payloads})
	}
	return out
}

func forward(c config.Config, api *tcapi.Client) handler.Forwarder {
	if s := handon.New(c, api); s != nil {
		return glue{s}
	}
	return nil
}
