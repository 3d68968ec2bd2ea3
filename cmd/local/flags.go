package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"migratecheck/internal/check"
	"migratecheck/internal/local/spelling"
)

// usageError is a command line that makes no sense.
type usageError struct{ error }

// commandLine is what a command may be called with.
type commandLine struct {
	*flag.FlagSet
	synopsis string // of what follows the command

	about, after string // what the help says before and after the flags

	words []string // what is no flag, after parse
}

func newCommandLine(command, synopsis string) *commandLine {
	c := &commandLine{FlagSet: flag.NewFlagSet(command, flag.ContinueOnError), synopsis: synopsis}
	c.Usage = func() {}
	c.SetOutput(io.Discard) // whoever calls Parse tells of the error
	return c
}

// program is how this program was called.
func program() string {
	if path, err := os.Executable(); err == nil && !strings.Contains(path, "go-build") {
		return filepath.Base(path)
	}
	return "go run ./cmd/local"
}

// parse reads the flags, which may stand before, between and after other words.
// Help goes to standard output.
func (c *commandLine) parse(args []string) error {
	for {
		err := c.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			c.help(os.Stdout)
			return err
		}
		if err != nil {
			return c.explain(err)
		}
		rest := c.Args()
		read := len(args) - len(rest)
		n := 0
		for n < len(rest) && (len(rest[n]) < 2 || rest[n][0] != '-' || read > 0 && args[read-1] == "--") {
			n++
		}
		c.words = append(c.words, rest[:n]...)
		if n == len(rest) {
			return nil
		}
		args = rest[n:]
	}
}

func (c *commandLine) help(to io.Writer) {
	c.SetOutput(to)
	fmt.Fprintf(to, "usage: %s %s%s\n", program(), c.Name(), c.synopsis)
	if c.about != "" {
		fmt.Fprint(to, "\n", asCalled(c.about))
	}
	fmt.Fprint(to, "\nFlags:\n\n")
	c.PrintDefaults()
	if c.after != "" {
		fmt.Fprint(to, "\n", asCalled(c.after))
	}
}

// explain says of an error of the flag package's what was probably meant.
func (c *commandLine) explain(err error) error {
	if m := badValue.FindStringSubmatch(err.Error()); m != nil {
		value, _ := strconv.Unquote(m[1])
		return c.wrong("-%s %s: %s", m[2], printable(check.Cut(value, 100)), m[3])
	}
	name, unknown := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if !unknown {
		return c.wrong("%w", err)
	}
	var known []string
	c.VisitAll(func(f *flag.Flag) { known = append(known, "-"+f.Name) })
	return c.wrong("-%s: there is no such flag%s", name, spelling.Hint("-"+name, known))
}

// badValue is how the flag package says that a value is none of a flag's.
var badValue = regexp.MustCompile(`(?s)^invalid (?:boolean )?value ("(?:[^"\\]|\\.)*") for (?:flag )?-([^:]*): (.*)$`)

// wrong is the error of a command line that makes no sense.
func (c *commandLine) wrong(format string, values ...any) error {
	err := fmt.Errorf(format, values...)
	return usageError{fmt.Errorf("%w\n\"%s %s -h\" tells more", err, program(), c.Name())}
}

// duration registers a flag for a length of time.
func (c *commandLine) duration(to *time.Duration, name string, value time.Duration, usage string) {
	*to = value
	c.Var((*duration)(to), name, usage)
}

// duration is a length of time as the value of a flag.
type duration time.Duration

func (d *duration) String() string { return time.Duration(*d).String() }

// Set takes a text such as 90s.
func (d *duration) Set(text string) error {
	value, err := time.ParseDuration(text)
	if err != nil {
		example := "60s"
		if _, err := strconv.Atoi(text); err == nil {
			example = text + "s"
		}
		return fmt.Errorf("must be a length of time with its unit, such as %s", example)
	}
	*d = duration(value)
	return nil
}
