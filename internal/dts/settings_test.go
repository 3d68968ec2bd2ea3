package dts

import (
	"fmt"
	"net/http"
	"testing"

	"migratecheck/internal/config"
	"migratecheck/internal/local/fakedts"
	"migratecheck/internal/local/memnet"
	"migratecheck/internal/tcapi"
)

const known = "dts-1kl0iy0v"

// settings is the default configuration, for an endpoint in memory.
func settings() config.Config {
	return config.Config{
		Region: "ap-guangzhou", DTS: config.Address{Scheme: "http", Host: "localhost"}, APIVersion: config.Version2018,
		RateLimit: 20, MaxAttempts: 4, Language: config.English,
	}
}

// connect returns a client of an endpoint in memory; in a synctest bubble both
// live on its clock.
func connect(t *testing.T, endpoint http.Handler, c config.Config) *Client {
	t.Helper()
	network := memnet.New()
	var end func()
	if server, ok := endpoint.(*fakedts.Server); ok {
		end = server.Serve(network).Close
	} else {
		server := &http.Server{Handler: endpoint}
		go server.Serve(network)
		end = func() { server.Close() }
	}
	key := fakedts.ExampleKey
	client := New(tcapi.New(c, tcapi.Process{
		Role: tcapi.Credentials{SecretID: key.SecretID, SecretKey: key.SecretKey, Token: key.Token},
		Dial: network.Dial,
	}), c.APIVersion, c.StartTag)
	t.Cleanup(end)
	return client
}

// jobs returns n jobs whose checks take a minute.
func jobs(n int) []fakedts.Job {
	out := make([]fakedts.Job, n)
	for i := range out {
		out[i] = fakedts.Job{JobID: fmt.Sprintf("dts-%05d", i), CheckSeconds: 60}
	}
	return out
}
