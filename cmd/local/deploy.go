package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"migratecheck/internal/config"
	"migratecheck/internal/local/cloudapi"
	"migratecheck/internal/local/fakedts"
	"migratecheck/internal/local/scf"
	"migratecheck/internal/local/spelling"
)

// deployFlags say which function runs against which DTS endpoint.
type deployFlags struct {
	binary   string
	endpoint string
	embedded endpointFlags
	results  destinationFlags
}

func (d *deployFlags) register(c *commandLine) {
	c.StringVar(&d.binary, "function", "", "`path` of a function built before")
	c.StringVar(&d.endpoint, "endpoint", "", "`URL` of a DTS endpoint, with the key pair in the environment, instead of the embedded one")
	d.embedded.register(c)
	d.results.register(c)
}

// check refuses flags of the embedded endpoint where there is none.
func (d *deployFlags) check(c *commandLine) error {
	var err error
	if d.endpoint != "" {
		c.Visit(func(f *flag.Flag) {
			if slices.Contains([]string{"dts", "jobs", "quota", "fault"}, f.Name) {
				err = c.wrong("-%s is for the embedded DTS endpoint and does not go with -endpoint", f.Name)
			}
		})
	}
	return cmp.Or(err, d.embedded.check(c), d.results.check(c, d.endpoint != ""))
}

// deployment is a function that is ready to run.
type deployment struct {
	function scf.Function
	keys     *scf.Credentials  // of the account: the role's, and those of who calls the Invoke API
	dts      *fakedts.Listener // nil where the endpoint is not the embedded one
	results  *destinations     // where results are handed on to
	settings config.Config     // what the function's variables come to
	dir      string            // of the binary that was built for it, if any
}

// deploy builds the function unless it is given, and gives it the endpoint and
// the role. The embedded endpoint is at the address. What is handed on to
// destinations that are played here is shown.
func (d *deployFlags) deploy(ctx context.Context, f scf.Function, address string, show func(string)) (_ *deployment, err error) {
	out := &deployment{function: f}
	defer func() {
		if err != nil {
			out.Close()
		}
	}()
	variables := map[string]string{}
	maps.Copy(variables, f.Variables)
	maps.Copy(variables, ownVariables())
	out.function.Variables = variables
	if d.endpoint == "" {
		if out.dts, err = d.embedded.listen("dts", address, false); err != nil {
			return nil, err
		}
		out.keys = exampleRole()
		variables["DTS_ENDPOINT"] = out.dts.URL
	} else {
		if out.keys, err = environmentRole(); err != nil {
			return nil, err
		}
		variables["DTS_ENDPOINT"] = d.endpoint
	}
	out.function.Role = out.keys
	keys := []cloudapi.Key{{SecretID: out.keys.SecretID, SecretKey: out.keys.SecretKey, Token: out.keys.Token}}
	if out.results, err = d.results.open(variables, keys, d.endpoint != "", show); err != nil {
		return nil, err
	}
	if out.settings, err = config.Load(func(name string) string { return variables[name] }); err != nil {
		return nil, err // it would stop the function at its start
	}
	if d.binary != "" {
		out.function.Path, err = executable(d.binary)
		return out, err
	}
	if out.dir, err = newDir(); err != nil {
		return nil, err
	}
	if term.IsTerminal(int(os.Stderr.Fd())) {
		slow := time.AfterFunc(slowBuild, func() {
			fmt.Fprintln(os.Stderr, "building the function, which takes a minute or two the first time…")
		})
		defer slow.Stop()
	}
	if out.function.Path, err = scf.Build(ctx, out.dir); err != nil {
		return nil, fmt.Errorf("the function cannot be built from the working directory, which has to be the project's (or give -function): %w", err)
	}
	return out, nil
}

// slowBuild is what a build takes at least that begins with nothing: with all but
// the function itself compiled before, it is over by then.
const slowBuild = 5 * time.Second

// executable returns the absolute path of a function that was built before.
func executable(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err == nil {
		var info os.FileInfo
		if info, err = os.Stat(absolute); err == nil && info.IsDir() {
			err = fmt.Errorf("%s is a folder", path)
		}
	}
	if err != nil {
		return "", fmt.Errorf("-function: %w", err)
	}
	return absolute, nil
}

// Close ends the endpoint and removes the binary.
func (d *deployment) Close() {
	if d.dts != nil {
		d.dts.Close()
	}
	if d.results != nil {
		d.results.Close()
	}
	if d.dir != "" {
		os.RemoveAll(d.dir)
	}
}

// ownVariables are the function's variables that are set in this process's
// environment.
func ownVariables() map[string]string {
	out := map[string]string{}
	for _, name := range config.Variables {
		if value, ok := os.LookupEnv(name); ok {
			out[name] = value
		}
	}
	return out
}

// unread returns a line for each variable in the environment that looks like
// the function's and is not, and for DTS_ENDPOINT where the embedded endpoint
// stands in its place.
func unread(environment []string, embedded bool) []string {
	var out []string
	for _, entry := range environment {
		name, _, _ := strings.Cut(entry, "=")
		ours := strings.HasPrefix(name, "DTS_") || strings.HasPrefix(name, "RESULT_")
		switch {
		case ours && !slices.Contains(config.Variables, name):
			out = append(out, "environment variable "+name+": the function does not read it"+spelling.Hint(name, config.Variables))
		case name == config.Endpoint && embedded:
			out = append(out, "environment variable "+name+": the embedded DTS endpoint takes its place; to call another, give -endpoint")
		}
	}
	return out
}
