package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"migratecheck/internal/local/cloudapi"
	"migratecheck/internal/local/fakescf"
	"migratecheck/internal/local/gateway"
	"migratecheck/internal/local/scf"
)

// cloud is the platform, for one function.
type cloud struct {
	*deployment
	config   scf.Deployment
	notes    []string    // what would not work, or works differently from what the file suggests
	due      []scf.Timer // that fire at once
	route    string      // of API Gateway, empty for any path
	url, api string      // where HTTP and the SCF API are served

	log     *logger
	letters *os.File
	pool    *scf.Pool
	async   *scf.Async
	servers []*http.Server

	serving    sync.WaitGroup // servers and timers
	stopTimers context.CancelFunc
}

// openCloud starts everything but the function, which starts with its first
// event. The log goes to out.
func openCloud(ctx context.Context, o serveOptions, out io.Writer) (_ *cloud, err error) {
	c := &cloud{log: newLogger(out, o.json), stopTimers: func() {}}
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	if c.config, err = scf.ReadConfig(o.config); err != nil {
		return nil, fmt.Errorf("-config: %w", err)
	}
	if c.notes, err = review(c.config, o.deploy.endpoint == "", time.Now()); err != nil {
		return nil, fmt.Errorf("-config: %s: %w", o.config, err)
	}
	if c.due, err = named(c.config.Timers, o.fire); err != nil {
		return nil, fmt.Errorf("-fire: %w", err)
	}
	if c.deployment, err = o.deploy.deploy(ctx, c.config.Function(), o.dts, c.log.note); err != nil {
		return nil, err
	}
	if o.public {
		for _, a := range o.addresses() {
			if beyondLoopback(a.address) {
				c.notes = append(c.notes, fmt.Sprintf("-%s %s: other machines reach it, and whoever does fires the function with the keys that it has", a.flag, a.address))
			}
		}
	}
	c.notes = append(c.notes, unread(os.Environ(), o.deploy.endpoint == "")...)
	if c.config.Role == "" {
		c.function.Role = nil // as on the platform
	}
	if c.letters, err = openLetters(o.deadLetters); err != nil {
		return nil, fmt.Errorf("-dead-letters: %w", err)
	}
	c.pool = scf.NewPool(c.function, scf.PoolOptions{Instances: o.instances, Freeze: o.freeze, InTurn: o.inTurn, Log: c.log.log})
	c.async = &scf.Async{Invoke: c.pool.Invoke, RetryAfter: o.retryAfter, DeadLetters: c.letters, Log: c.log.log}
	if o.form == "apigw" {
		c.route = cmp.Or(o.route, onlyPath(c.config.Gateways))
	}
	front := &gateway.Gateway{Invoke: c.pool.Invoke, APIGateway: o.form == "apigw", Route: c.route}
	if c.url, err = c.listen(o.listen, front); err != nil {
		return nil, fmt.Errorf("-listen: %w", inUse(err))
	}
	api := fakescf.New(fakescf.Options{
		Keys:      []cloudapi.Key{{SecretID: c.keys.SecretID, SecretKey: c.keys.SecretKey, Token: c.keys.Token}},
		Function:  c.function.Name,
		Region:    c.function.Region,
		Invoke:    c.pool.Invoke,
		Send:      c.async.Send,
		OnReceive: func(e fakescf.Received) { c.log.note(functionNote(e)) },
		Forget:    true,
	})
	if c.api, err = c.listen(o.api, api); err != nil {
		return nil, fmt.Errorf("-api: %w", inUse(err))
	}
	c.startTimers()
	return c, nil
}

// defaultLetters is where dead letters go unless the flag says otherwise.
const defaultLetters = "build/dead-letters.jsonl"

// openLetters opens the file for dead letters, which is the user's alone: the
// events in it may be anything. Where the default cannot be written, as in a
// checkout that is read-only, it is one in the folder for temporary files.
func openLetters(path string) (*os.File, error) {
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	var letters *os.File
	if err == nil {
		letters, err = os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	}
	if err != nil && path == defaultLetters {
		return os.CreateTemp("", "migrate-check-dead-letters-*.jsonl")
	}
	if err != nil {
		return nil, err
	}
	if err := letters.Chmod(0o600); err != nil { // it may have been there before
		letters.Close()
		return nil, err
	}
	return letters, nil
}

// inUse adds to the error of an address that is taken what can be done.
func inUse(err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w: end what listens there, or give another address; port 0 stands for any that is free", err)
	}
	return err
}

// named returns the timers of the names, closed ones too.
func named(timers []scf.Timer, names []string) ([]scf.Timer, error) {
	var out []scf.Timer
	for _, name := range names {
		i := slices.IndexFunc(timers, func(t scf.Timer) bool { return t.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no timer %q%s", name, there(timers))
		}
		out = append(out, timers[i])
	}
	return out, nil
}

// there says which timers there are.
func there(timers []scf.Timer) string {
	names := make([]string, 0, len(timers))
	for _, t := range timers {
		names = append(names, strconv.Quote(t.Name))
	}
	if len(names) == 0 {
		return ", nor any other"
	}
	return ", there is " + strings.Join(names, ", ")
}

// onlyPath is the path of the one API that is deployed, empty if there are more
// or none.
func onlyPath(gateways []scf.APIGateway) string {
	if len(gateways) == 1 && len(gateways[0].Endpoints) == 1 {
		return gateways[0].Endpoints[0].Path
	}
	return ""
}

// listen serves h at the address, to those whom it concerns, and returns its URL.
func (c *cloud) listen(address string, h http.Handler) (string, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	server := &http.Server{
		Handler:           &gateway.Guard{Handler: gateway.Limit(h), Address: listener.Addr()},
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute, // also of a body that nobody reads
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	c.servers = append(c.servers, server)
	c.serving.Go(func() { server.Serve(listener) }) // always http.ErrServerClosed, after Close
	return "http://" + listener.Addr().String(), nil
}

// startTimers has the enabled timers fire at their times.
func (c *cloud) startTimers() {
	ctx, cancel := context.WithCancel(context.Background())
	c.stopTimers = cancel
	for _, t := range c.config.Timers {
		if t.Enabled {
			c.serving.Go(func() { t.Run(ctx, func(at time.Time) { c.fireTimer(t, at) }) })
		}
	}
}

// fire has the timers fire that were named.
func (c *cloud) fire() {
	for _, t := range c.due {
		c.fireTimer(t, time.Now())
	}
}

// fireTimer sends a timer's event.
func (c *cloud) fireTimer(t scf.Timer, at time.Time) {
	event := scf.Event{RequestID: cloudapi.NewRequestID(), Payload: t.Event(at)}
	c.log.log(scf.Record{Time: time.Now(), Kind: scf.Note, RequestID: event.RequestID, Text: "timer " + t.Name + " fires"})
	if err := c.async.Send(event); err != nil {
		c.log.note("timer " + t.Name + ": " + err.Error())
	}
}

// Close ends everything, within a second. Clients that wait are told, and
// asynchronous events that were accepted and not handled are dead letters.
func (c *cloud) Close() {
	c.stopTimers()
	if c.pool != nil {
		c.pool.Close()
		c.async.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	for _, server := range c.servers {
		if server.Shutdown(ctx) != nil {
			server.Close()
		}
	}
	c.serving.Wait()
	if c.letters != nil {
		c.letters.Close()
	}
	if c.deployment != nil {
		c.deployment.Close()
	}
}
