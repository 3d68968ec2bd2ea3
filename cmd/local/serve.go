package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// serveOptions are the flags of the command serve.
type serveOptions struct {
	config, listen, api, dts string
	form, route              string
	fire                     []string
	retryAfter               time.Duration
	deadLetters              string
	instances                int
	freeze, json             bool
	deploy                   deployFlags
}

func parseServe(args []string) (serveOptions, error) {
	var o serveOptions
	flags := newCommandLine("serve", " [flags]")
	flags.StringVar(&o.config, "config", "serverless.yml", "`file` that says how the function is deployed")
	flags.StringVar(&o.listen, "listen", "127.0.0.1:9000", "`address` for HTTP")
	flags.StringVar(&o.form, "http", "url", "`form` of the events that HTTP requests become: url (Function URL) or apigw (API Gateway)")
	flags.StringVar(&o.route, "route", "", "`path` of the API with -http apigw, such as /jobs/{JobId}/checks; that of the only apigw endpoint in -config, or any, unless given")
	flags.StringVar(&o.api, "api", "127.0.0.1:9002", "`address` for the SCF API: Invoke and InvokeFunction")
	flags.StringVar(&o.dts, "dts", "127.0.0.1:9001", "`address` for the embedded DTS endpoint")
	flags.Func("fire", "`name` of a timer that fires at once; may be repeated", func(name string) error {
		o.fire = append(o.fire, name)
		return nil
	})
	flags.DurationVar(&o.retryAfter, "retry-after", time.Minute, "time until an asynchronous event that failed is tried again")
	flags.StringVar(&o.deadLetters, "dead-letters", "build/dead-letters.jsonl", "`file` for asynchronous events that were given up")
	flags.IntVar(&o.instances, "instances", 5, "`number` of instances of the function at most")
	flags.BoolVar(&o.freeze, "freeze", true, "freeze instances between events")
	flags.BoolVar(&o.json, "json", false, "write the log as JSON, an object a line")
	o.deploy.register(flags)
	if err := flags.parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, flags.wrong("%s: not a flag", flags.Arg(0))
	case o.form != "url" && o.form != "apigw":
		return o, flags.wrong("-http must be url or apigw")
	case o.route != "" && (o.form != "apigw" || !strings.HasPrefix(o.route, "/")):
		return o, flags.wrong("-route must begin with / and goes with -http apigw")
	case o.instances < 1:
		return o, flags.wrong("-instances must be at least 1")
	case o.retryAfter < 0:
		return o, flags.wrong("-retry-after must not be negative")
	}
	return o, o.deploy.check(flags)
}

// serve is the command serve: the function as it is deployed, until ctx ends.
func serve(ctx context.Context, args []string) error {
	o, err := parseServe(args)
	if err != nil {
		return err
	}
	c, err := openCloud(ctx, o, os.Stdout)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.announce(os.Stdout); err != nil {
		return err
	}
	c.fire()
	select {
	case <-ctx.Done():
		return nil
	case err := <-c.log.failed:
		return fmt.Errorf("the log cannot be written: %w", err)
	}
}

// announce says where everything is to be found.
func (c *cloud) announce(to io.Writer) error {
	var timers []string
	for _, t := range c.config.Timers {
		next := "closed"
		if at := t.Schedule.Next(time.Now()); t.Enabled && !at.IsZero() {
			next = "next " + at.Format("2006-01-02 15:04:05 MST")
		}
		timers = append(timers, printable(fmt.Sprintf("%s (%s): %s", t.Name, t.Schedule, next)))
	}
	name := printable(fmt.Sprintf("%s in %s", c.function.Name, c.function.Region))
	if c.log.json {
		return json.NewEncoder(to).Encode(map[string]any{
			"time": time.Now(), "type": "READY", "function": name,
			"url": c.url, "api": c.api, "dts": c.dtsURL(), "timers": timers, "deadLetters": c.letters.Name(),
		})
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Function:      %s\nHTTP:          %s\n", name, c.url)
	if c.route != "" {
		fmt.Fprintf(&b, "Route:         %s\n", printable(c.route))
	}
	fmt.Fprintf(&b, "Invoke API:    %s\nDTS endpoint:  %s\n", c.api, c.dtsURL())
	if c.dts != nil {
		role := c.function.Role
		fmt.Fprintf(&b, "SecretId:      %s\nSecretKey:     %s\nToken:         %s\n", role.SecretID, role.SecretKey, role.Token)
	}
	for _, timer := range timers {
		fmt.Fprintf(&b, "Timer:         %s\n", timer)
	}
	fmt.Fprintf(&b, "Dead letters:  %s\n\n", c.letters.Name())
	_, err := io.WriteString(to, b.String())
	return err
}

// dtsURL is the endpoint that the function calls.
func (c *cloud) dtsURL() string { return c.function.Variables["DTS_ENDPOINT"] }
