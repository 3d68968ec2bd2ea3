package main

import (
	"fmt"
	"os"

	"migratecheck/internal/local/fakedts"
)

// endpointFlags say what the embedded DTS endpoint is like.
type endpointFlags struct {
	jobs   string
	quota  int
	faults []fakedts.Fault
}

func (e *endpointFlags) register(c *commandLine) {
	c.StringVar(&e.jobs, "jobs", "", "JSON `file` with the jobs that the embedded DTS endpoint knows")
	c.IntVar(&e.quota, "quota", 20, "`calls` a second, of one action, that the embedded endpoint allows; negative for no limit")
	c.Func("fault", "a `fault` of the embedded endpoint, such as silence,job=dts-1kl0iy0v,times=1; may be repeated", func(text string) error {
		f, err := fakedts.ParseFault(text)
		e.faults = append(e.faults, f)
		return err
	})
}

func (e *endpointFlags) check(c *commandLine) error {
	if e.quota == 0 {
		return c.wrong("-quota must not be 0; it is negative for no limit")
	}
	return nil
}

// listen serves the endpoint at the address that the flag of the name gives.
func (e *endpointFlags) listen(name, address string, secure bool) (*fakedts.Listener, error) {
	options := fakedts.Options{Quota: e.quota, Faults: e.faults, Forget: true}
	if e.jobs != "" {
		file, err := os.ReadFile(e.jobs)
		if err == nil {
			options.Jobs, err = fakedts.ParseJobs(file)
		}
		if err != nil {
			return nil, fmt.Errorf("-jobs: %w", err)
		}
	}
	listener, err := fakedts.New(options).Listen(address, secure)
	if err != nil {
		return nil, fmt.Errorf("-%s: %w", name, inUse(err))
	}
	return listener, nil
}
