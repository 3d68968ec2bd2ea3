package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"migratecheck/internal/fakedts"
	"migratecheck/internal/scf"
)

// endpointFlags say what the embedded DTS endpoint is like.
type endpointFlags struct {
	jobs   string
	quota  int
	faults []fakedts.Fault
}

func (e *endpointFlags) register(flags *flag.FlagSet) {
	flags.StringVar(&e.jobs, "jobs", "", "JSON `file` with the jobs that the embedded DTS endpoint knows")
	flags.IntVar(&e.quota, "quota", 20, "calls a second, of one action, that the embedded endpoint allows; negative for no limit")
	flags.Func("fault", "a `fault` of the embedded endpoint, such as silence,job=dts-1kl0iy0v,times=1; may be repeated", func(text string) error {
		f, err := fakedts.ParseFault(text)
		e.faults = append(e.faults, f)
		return err
	})
}

// listen serves the endpoint.
func (e *endpointFlags) listen(address string, secure bool) (*fakedts.Listener, error) {
	options := fakedts.Options{Quota: e.quota, Faults: e.faults, Forget: true}
	if e.jobs != "" {
		file, err := os.ReadFile(e.jobs)
		if err != nil {
			return nil, err
		}
		if options.Jobs, err = fakedts.ParseJobs(file); err != nil {
			return nil, err
		}
	}
	return fakedts.New(options).Listen(address, secure)
}

// exampleRole is the example key pair, as an execution role's credentials.
func exampleRole() *scf.Credentials {
	k := fakedts.ExampleKey
	return &scf.Credentials{SecretID: k.SecretID, SecretKey: k.SecretKey, Token: k.Token}
}

// environmentRole is the key pair in this process's environment, under the
// function's names or those of Tencent's SDKs.
func environmentRole() (*scf.Credentials, error) {
	role := &scf.Credentials{
		SecretID:  firstOf("TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRET_ID"),
		SecretKey: firstOf("TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SECRET_KEY"),
		Token:     firstOf("TENCENTCLOUD_SESSIONTOKEN", "TENCENTCLOUD_TOKEN"),
	}
	if role.SecretID == "" || role.SecretKey == "" {
		return nil, fmt.Errorf("-endpoint needs a key pair: set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY")
	}
	return role, nil
}

func firstOf(names ...string) string {
	for _, name := range names {
		if value := os.Getenv(name); value != "" {
			return value
		}
	}
	return ""
}

// serveDTS is the command dts.
func serveDTS(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("dts", flag.ContinueOnError)
	address := flags.String("listen", "127.0.0.1:9001", "`address` to listen on")
	secure := flags.Bool("tls", false, "serve HTTPS with a certificate made for it, which is printed")
	var options endpointFlags
	options.register(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	listener, err := options.listen(*address, *secure)
	if err != nil {
		return err
	}
	defer listener.Close()
	key := fakedts.ExampleKey
	fmt.Printf("DTS endpoint: %s\n", listener.URL)
	fmt.Printf("SecretId:     %s\nSecretKey:    %s\nToken:        %s\n\n", key.SecretID, key.SecretKey, key.Token)
	if *secure {
		fmt.Printf("Trust this certificate:\n%s\n", listener.Certificate)
	}
	fmt.Printf("Try it with Tencent's command line:\n\n"+
		"  tccli dts CreateMigrateCheckJob --version 2018-03-30 --region ap-guangzhou \\\n"+
		"    --endpoint %s --secretId %s \\\n    --secretKey %s --token %s \\\n    --JobId dts-1kl0iy0v\n",
		listener.URL, key.SecretID, key.SecretKey, key.Token)
	<-ctx.Done()
	return nil
}
