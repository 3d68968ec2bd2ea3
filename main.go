// Command main is migrate-check, a function for Tencent Cloud SCF, runtime Go1:
// it checks the DTS migration jobs that an event names or selects, waits for the
// verdicts, and starts what passed.
package main

import (
	"fmt"
	"os"
	"runtime/debug"

	"github.com/tencentyun/scf-go-lib/cloudfunction"

	"migratecheck/handler"
	"migratecheck/internal/config"
	"migratecheck/internal/dts"
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
	// The smallest function has 64 MB. Of what is in use at once even the largest
	// event and answer leave a good part; this keeps garbage from filling it.
	debug.SetMemoryLimit(40 << 20)
	c, err := config.Load(os.Getenv)
	if err != nil {
		return err
	}
	api := tcapi.New(c, tcapi.ProcessFrom(os.Getenv))
	cloudfunction.StartHandler(handler.New(handler.Options{
		DTS:        dts.New(api, c.APIVersion),
		Log:        os.Stdout,
		Level:      c.LogLevel,
		AllowStart: c.AllowStart,
		Steps:      c.APIVersion == config.Version2021,
		Language:   c.Language,
		Region:     c.Region,
	}))
	return nil
}
