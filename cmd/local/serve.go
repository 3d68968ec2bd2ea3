package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"migratecheck/internal/local/scf"
)

// serveOptions are the flags of the command serve.
type serveOptions struct {
	config, listen, api, dts string
	form, route              string
	fire                     []string
	retryAfter               time.Duration
	deadLetters              string
	instances                int
	inTurn                   bool
	freeze, json, public     bool
	deploy                   deployFlags
}

func parseServe(args []string) (serveOptions, error) {
	var o serveOptions
	flags := newCommandLine("serve", " [flags]")
	flags.about = "Deploys what serverless.yml says on this machine: HTTP, schedules and SDK calls fire the function."
	flags.after = faultsAfter
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
	flags.duration(&o.retryAfter, "retry-after", time.Minute, "time until an asynchronous event that failed is tried again")
	flags.StringVar(&o.deadLetters, "dead-letters", defaultLetters, "`file` for asynchronous events that were given up")
	flags.IntVar(&o.instances, "instances", 5, "`number` of instances of the function at most")
	flags.BoolVar(&o.inTurn, "in-turn", false, "give each event to the instance that has waited longest, so that one that is tried again meets another")
	flags.BoolVar(&o.freeze, "freeze", true, "freeze instances between events")
	flags.BoolVar(&o.public, "public", false, "let other machines reach the addresses: whoever reaches them fires the function, with the keys that it has")
	flags.BoolVar(&o.json, "json", false, "write the log as JSON, an object a line")
	o.deploy.register(flags)
	if err := flags.parse(args); err != nil {
		return o, err
	}
	switch {
	case len(flags.words) > 0:
		return o, flags.wrong("%s: not a flag", flags.words[0])
	case o.form != "url" && o.form != "apigw":
		return o, flags.wrong("-http must be url or apigw")
	case o.route != "" && (o.form != "apigw" || !strings.HasPrefix(o.route, "/")):
		return o, flags.wrong("-route must begin with / and goes with -http apigw")
	case o.instances < 1:
		return o, flags.wrong("-instances must be at least 1")
	case o.inTurn && o.instances < 2:
		return o, flags.wrong("-in-turn needs -instances 2 or more")
	case o.retryAfter < 0:
		return o, flags.wrong("-retry-after must not be negative")
	}
	if !o.public {
		for _, a := range o.addresses() {
			if beyondLoopback(a.address) {
				return o, flags.wrong("-%s %s can be reached from other machines, where anybody may fire the function with the keys that it has: give -public if that is meant", a.flag, a.address)
			}
		}
	}
	return o, o.deploy.check(flags)
}

// listened is an address to listen on, and the flag that says so.
type listened struct{ flag, address string }

func (o serveOptions) addresses() []listened {
	out := []listened{{"listen", o.listen}, {"api", o.api}}
	if o.deploy.endpoint == "" {
		out = append(out, listened{"dts", o.dts})
	}
	return out
}

// beyondLoopback reports whether an address can be reached from other machines.
func beyondLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil || strings.EqualFold(host, "localhost") {
		return false // what is no address cannot be listened on
	}
	ip, err := netip.ParseAddr(host)
	return err != nil || !ip.IsLoopback()
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

// announce says what is deployed, and where everything is to be found.
func (c *cloud) announce(to io.Writer) error {
	f := c.config
	role := "none"
	if f.Role != "" {
		role = f.Role
	}
	var timers []string
	for _, t := range f.Timers {
		timers = append(timers, printable(fmt.Sprintf("%s (%s): %s, argument %s", t.Name, t.Schedule, next(t, time.Now()), short(t.Argument))))
	}
	notes := make([]string, 0, len(c.notes))
	for _, note := range c.notes {
		notes = append(notes, printable(note))
	}
	if c.log.json {
		return json.NewEncoder(to).Encode(map[string]any{
			"time": time.Now(), "type": "READY", "function": printable(f.Name), "region": f.Region,
			"memoryMB": f.Memory, "timeoutSeconds": int(f.Timeout / time.Second), "role": printable(role),
			"url": c.url, "api": c.api, "dts": c.dtsURL(), "timers": timers, "results": c.results.about, "deadLetters": c.letters.Name(), "notes": notes,
		})
	}
	var b strings.Builder
	line := func(name, format string, values ...any) {
		fmt.Fprintf(&b, "%-14s %s\n", name+":", fmt.Sprintf(format, values...))
	}
	line("Function", "%s in %s", printable(f.Name), f.Region)
	line("Settings", "timeout %d s, memory %d MB, role %s", int(f.Timeout/time.Second), f.Memory, printable(role))
	line("HTTP", "%s", c.url)
	if c.route != "" {
		line("Route", "%s", printable(c.route))
	}
	line("Invoke API", "%s", c.api)
	line("DTS endpoint", "%s", c.dtsURL())
	if c.dts != nil {
		line("SecretId", "%s", c.keys.SecretID)
		line("SecretKey", "%s", c.keys.SecretKey)
		line("Token", "%s", c.keys.Token)
	}
	for _, timer := range timers {
		line("Timer", "%s", timer)
	}
	for _, about := range c.results.about {
		line("Results", "%s", printable(about))
	}
	line("Dead letters", "%s", c.letters.Name())
	for _, note := range notes {
		line("Note", "%s", note)
	}
	line("To stop", "Ctrl-C")
	_, err := io.WriteString(to, b.String()+"\n")
	return err
}

// next says when a timer fires.
func next(t scf.Timer, now time.Time) string {
	at := t.Schedule.Next(now)
	switch {
	case !t.Enabled:
		return "closed (enable: true opens it)"
	case at.IsZero():
		return "enabled, but its schedule has no time left: it never fires"
	}
	return "next " + at.Format("2006-01-02 15:04:05 MST")
}

// short is a text in quotes, cut if it is long.
func short(text string) string {
	const most = 80
	if runes := []rune(text); len(runes) > most {
		return strconv.Quote(string(runes[:most])) + "…"
	}
	return strconv.Quote(text)
}

// dtsURL is the endpoint that the function calls.
func (c *cloud) dtsURL() string { return c.function.Variables["DTS_ENDPOINT"] }
