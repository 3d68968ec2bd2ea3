package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

// usageError is a command line that makes no sense.
type usageError struct{ error }

// commandLine is what a command may be called with.
type commandLine struct {
	*flag.FlagSet
	synopsis string // of what follows the command
}

func newCommandLine(command, synopsis string) commandLine {
	c := commandLine{flag.NewFlagSet(command, flag.ContinueOnError), synopsis}
	c.Usage = func() {}
	c.SetOutput(io.Discard) // whoever calls Parse tells of the error
	return c
}

// parse reads the flags. Help goes to standard output.
func (c commandLine) parse(args []string) error {
	err := c.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		c.SetOutput(os.Stdout)
		fmt.Printf("usage: go run ./cmd/local %s%s\n\n", c.Name(), c.synopsis)
		c.PrintDefaults()
	case err != nil:
		return c.wrong("%w", err)
	}
	return err
}

// wrong is the error of a command line that makes no sense.
func (c commandLine) wrong(format string, values ...any) error {
	err := fmt.Errorf(format, values...)
	return usageError{fmt.Errorf("%w\n\"go run ./cmd/local %s -h\" lists the flags", err, c.Name())}
}
