// Command main is migrate-check, a function for Tencent Cloud SCF, runtime Go1:
// it checks the DTS migration jobs that an event names or selects, waits for the
// verdicts, and starts what passed.
package main

import (
	"fmt"
	"io"
	"log"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/tencentyun/scf-go-lib/cloudfunction"

	"migratecheck/handler"
	"migratecheck/internal/config"
	"migratecheck/internal/dts"
	"migratecheck/internal/forward"
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
	// good part of that free; the limit keeps garbage from filling it. To collect a
	// little earlier than usual makes a warm instance 4 % smaller; much earlier, and a
	// cold start over TLS would have to collect as well.
	debug.SetMemoryLimit(40 << 20)
	debug.SetGCPercent(95)
	c, err := config.Load(os.Getenv)
	if err != nil {
		return err
	}
	api := tcapi.New(c, tcapi.ProcessFrom(os.Getenv))
	options := handler.Options{
		DTS:        dts.New(api, c.APIVersion, c.StartTag),
		Log:        os.Stdout,
		Level:      c.LogLevel,
		AllowStart: c.AllowStart,
		StartTag:   c.StartTag,
		Steps:      c.APIVersion == config.Version2021,
		Rate:       c.RateLimit,
		Language:   c.Language,
		Region:     c.Region,
	}
	if f := forward.New(c, api); f != nil {
		options.Forward = f
	}
	cloudfunction.StartHandler(handler.New(options))
	return nil
}
