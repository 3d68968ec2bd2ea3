package tcapi

import (
	"context"
	"testing"

	"migratecheck/internal/check"
	"migratecheck/internal/config"
	"migratecheck/internal/local/fakedts"
	"migratecheck/internal/local/memnet"
)

// role is the key pair that the endpoint knows.
var role = Process{Role: Credentials{fakedts.ExampleKey.SecretID, fakedts.ExampleKey.SecretKey, fakedts.ExampleKey.Token}}

// settings is the default configuration, for an endpoint in memory.
func settings() config.Config {
	return config.Config{
		Region: "ap-guangzhou", DTS: config.Address{Scheme: "http", Host: "localhost"}, APIVersion: config.Version2018,
		RateLimit: 20, MaxAttempts: 4, Language: config.English,
	}
}

// createCheck is the action that most tests call, known the job that they call
// it for.
var createCheck = Action{
	Service: "dts", Version: config.Version2018, Name: "CreateMigrateCheckJob",
	Changes: true, Done: "InternalError.DuplicateJob",
}

const known = "dts-1kl0iy0v"

func create(ctx context.Context, client *Client, job string) (check.Receipt, error) {
	return client.Do(ctx, createCheck, map[string]string{"JobId": job}, nil)
}

// connect returns a client of a server in memory; in a synctest bubble both
// live on its clock.
func connect(t *testing.T, server *fakedts.Server, c config.Config) *Client {
	t.Helper()
	return connectOver(t, memnet.New(), server, c)
}

func connectOver(t *testing.T, network *memnet.Network, server *fakedts.Server, c config.Config) *Client {
	t.Helper()
	listener := server.Serve(network)
	process := role
	process.Dial = network.Dial
	client := New(c, process)
	t.Cleanup(func() {
		client.transport.plain.Load().CloseIdleConnections()
		listener.Close()
	})
	return client
}
