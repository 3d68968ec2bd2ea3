package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	"migratecheck/internal/local/cloudapi"
	"migratecheck/internal/local/fakedts"
)

// serveDTS is the command dts: the endpoint alone, until ctx ends.
func serveDTS(ctx context.Context, args []string) error {
	flags := newCommandLine("dts", " [flags]")
	flags.about = "Serves a DTS endpoint by itself, for programs in any language. It says how to call it."
	flags.after = faultsAfter
	address := flags.String("listen", "127.0.0.1:9001", "`address` to listen on")
	public := flags.Bool("public", false, "let other machines reach the address")
	secure := flags.Bool("tls", false, "serve HTTPS with a certificate made for it, which is printed")
	var options endpointFlags
	options.register(flags)
	if err := flags.parse(args); err != nil {
		return err
	}
	if len(flags.words) > 0 {
		return flags.wrong("%s: not a flag", flags.words[0])
	}
	if beyondLoopback(*address) && !*public {
		return flags.wrong("-listen %s can be reached from other machines: give -public if that is meant", *address)
	}
	if err := options.check(flags); err != nil {
		return err
	}
	listener, err := options.listen("listen", *address, *secure)
	if err != nil {
		return err
	}
	defer listener.Close()
	if err := announceDTS(os.Stdout, listener); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// announceDTS says where the endpoint is, and how to call it.
func announceDTS(to io.Writer, l *fakedts.Listener) error {
	key := fakedts.ExampleKey
	var b strings.Builder
	fmt.Fprintf(&b, "DTS endpoint: %s\n", l.URL)
	fmt.Fprintf(&b, "SecretId:     %s\nSecretKey:    %s\nToken:        %s\n\n", key.SecretID, key.SecretKey, key.Token)
	if l.Certificate != nil {
		fmt.Fprintf(&b, "Trust this certificate:\n%s\n", l.Certificate)
	}
	call, err := cloudapi.SignedURL(l.URL, key, "CreateMigrateCheckJob", "2018-03-30", "ap-guangzhou",
		url.Values{"JobId": {"dts-1kl0iy0v"}}, time.Now())
	if err != nil {
		return err
	}
	insecure := ""
	if l.Certificate != nil {
		insecure = "--insecure "
	}
	fmt.Fprintf(&b, "Try it, within five minutes:\n\n  curl %s'%s'\n", insecure, call)
	b.WriteString("\nTo stop: Ctrl-C\n")
	_, err = io.WriteString(to, b.String())
	return err
}
