// Package config reads the function's environment variables, once, at start.
package config

import (
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// The environment variables that the function knows. None begins with SCF_,
// QCLOUD_ or TENCENTCLOUD_, which the platform reserves.
const (
	Region      = "DTS_REGION"
	Endpoint    = "DTS_ENDPOINT"
	APIVersion  = "DTS_API_VERSION"
	RateLimit   = "DTS_RATE_LIMIT"
	MaxAttempts = "DTS_MAX_ATTEMPTS"
	LogLevel    = "LOG_LEVEL"
)

// Variables are all of them, in the order in which they are read.
var Variables = []string{Region, Endpoint, APIVersion, RateLimit, MaxAttempts, LogLevel}

// The generations of the DTS API.
const (
	Version2018 = "2018-03-30"
	Version2021 = "2021-12-06"
)

// Config is the configuration, validated.
type Config struct {
	// Region of the migration jobs; empty for the function's own.
	Region string

	// Scheme is "https" or, for loopback only, "http".
	Scheme string

	// Host of the endpoint, with a port if one was given; empty for the host
	// that belongs to the region.
	Host string

	// APIVersion is Version2018 or Version2021.
	APIVersion string

	// RateLimit is in calls a second, of one action, from one instance.
	RateLimit int

	// MaxAttempts of one call, the first included.
	MaxAttempts int

	LogLevel slog.Level
}

// Load reads the configuration through getenv. An error names the variable
// and what it must be, in one line, and never repeats the value.
func Load(getenv func(string) string) (Config, error) {
	c := Config{Scheme: "https", APIVersion: Version2018, RateLimit: 20, MaxAttempts: 4}
	set := map[string]func(value string) error{
		Region:      c.setRegion,
		Endpoint:    c.setEndpoint,
		APIVersion:  c.setAPIVersion,
		RateLimit:   wholeNumber(&c.RateLimit, 10000),
		MaxAttempts: wholeNumber(&c.MaxAttempts, 10),
		LogLevel:    c.setLogLevel,
	}
	for _, name := range Variables {
		value := getenv(name)
		if value == "" {
			continue
		}
		if err := set[name](value); err != nil {
			return Config{}, fmt.Errorf("environment variable %s: %w", name, err)
		}
	}
	return c, nil
}

func (c *Config) setRegion(value string) error {
	if !ValidRegion(value) {
		return fmt.Errorf("must be a region such as ap-guangzhou")
	}
	c.Region = value
	return nil
}

// ValidRegion tells whether s has the form of a region (ap-guangzhou,
// ap-shanghai-fsi). A region of this form is safe as part of a host name.
func ValidRegion(s string) bool {
	if len(s) > 40 {
		return false
	}
	parts := strings.Split(s, "-")
	if len(parts) < 2 || len(parts) > 4 || len(parts[0]) != 2 {
		return false
	}
	for i, part := range parts {
		if part == "" {
			return false
		}
		for _, r := range part {
			letter := 'a' <= r && r <= 'z'
			digit := i > 0 && '0' <= r && r <= '9'
			if !letter && !digit {
				return false
			}
		}
	}
	return true
}

func (c *Config) setEndpoint(value string) error {
	if !strings.Contains(value, "://") {
		value = "https://" + value
	}
	u, err := url.Parse(value)
	if err != nil || u.User != nil || u.Opaque != "" || strings.Trim(u.Path, "/") != "" ||
		strings.ContainsAny(value, "?#") || !validHost(u.Hostname()) || !validPort(u) {
		return fmt.Errorf("must be a host name or a URL such as https://dts.tencentcloudapi.com, without user, path or query")
	}
	switch u.Scheme {
	case "https":
	case "http":
		if !loopback(u.Hostname()) {
			return fmt.Errorf("http:// is for this machine's loopback only (127.0.0.1, [::1], localhost)")
		}
	default:
		return fmt.Errorf("must begin with https://, or http:// for loopback")
	}
	c.Scheme, c.Host = u.Scheme, u.Host
	return nil
}

func validHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return !strings.Contains(host, "%")
	}
	if host == "" || len(host) > 253 {
		return false
	}
	for _, label := range strings.Split(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range label {
			if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-') {
				return false
			}
		}
	}
	return true
}

func validPort(u *url.URL) bool {
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && n > 0 && u.Port()[0] != '0'
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

func (c *Config) setAPIVersion(value string) error {
	if value != Version2018 && value != Version2021 {
		return fmt.Errorf("must be %s or %s", Version2018, Version2021)
	}
	c.APIVersion = value
	return nil
}

func wholeNumber(n *int, most int) func(string) error {
	return func(value string) error {
		v, err := strconv.Atoi(value)
		if err != nil || v < 1 || v > most {
			return fmt.Errorf("must be a whole number from 1 to %d", most)
		}
		*n = v
		return nil
	}
}

func (c *Config) setLogLevel(value string) error {
	switch strings.ToLower(value) {
	case "debug":
		c.LogLevel = slog.LevelDebug
	case "info":
		c.LogLevel = slog.LevelInfo
	case "warn":
		c.LogLevel = slog.LevelWarn
	case "error":
		c.LogLevel = slog.LevelError
	default:
		return fmt.Errorf("must be debug, info, warn or error")
	}
	return nil
}
