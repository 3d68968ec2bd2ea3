package main

import (
	"errors"
	"os"

	"migratecheck/internal/local/fakedts"
	"migratecheck/internal/local/scf"
)

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
		return nil, errors.New("-endpoint needs a key pair: set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY")
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
