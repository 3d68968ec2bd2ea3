// Package config reads the function's environment variables, once, at start.
package config

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"migratecheck/internal/check"
)

// The environment variables that the function knows. None begins with SCF_,
// QCLOUD_ or TENCENTCLOUD_, which the platform reserves.
const (
	Region      = "DTS_REGION"
	Endpoint    = "DTS_ENDPOINT"
	APIVersion  = "DTS_API_VERSION"
	RateLimit   = "DTS_RATE_LIMIT"
	MaxAttempts = "DTS_MAX_ATTEMPTS"
	Language    = "DTS_LANGUAGE"
	AllowStart  = "DTS_ALLOW_START"

	ResultFunction      = "RESULT_FUNCTION"
	ResultEventBus      = "RESULT_EVENT_BUS"
	ResultWebhook       = "RESULT_WEBHOOK"
	ResultWebhookSecret = "RESULT_WEBHOOK_SECRET"
	ResultWhen          = "RESULT_WHEN"
	ResultSCFEndpoint   = "RESULT_SCF_ENDPOINT"
	ResultEBEndpoint    = "RESULT_EB_ENDPOINT"

	LogLevel = "LOG_LEVEL"
)

// Variables are all of them, in the order in which they are read.
var Variables = []string{Region, Endpoint, APIVersion, RateLimit, MaxAttempts, Language, AllowStart,
	ResultFunction, ResultEventBus, ResultWebhook, ResultWebhookSecret, ResultWhen, ResultSCFEndpoint, ResultEBEndpoint, LogLevel}

// The generations of the DTS API.
const (
	Version2018 = "2018-03-30"
	Version2021 = "2021-12-06"
)

// The languages of DTS's texts, and of what the function writes for people.
const (
	English = "en-US"
	Chinese = "zh-CN"
)

// The values of RESULT_WHEN.
const (
	Always   = "always"
	Problems = "problems"
	Changes  = "changes"
)

// Config is the configuration, validated.
type Config struct {
	// Region of the migration jobs; empty for the function's own.
	Region string

	// DTS, SCF and EB are where the services are called.
	DTS, SCF, EB Address

	// APIVersion is Version2018 or Version2021.
	APIVersion string

	// RateLimit is in calls a second, of one action, from one instance.
	RateLimit int

	// MaxAttempts of one call, the first included.
	MaxAttempts int

	// Language is English or Chinese.
	Language string

	// AllowStart is set where requests may say Start.
	AllowStart bool

	// StartTag is the tag that a job must bear to be started; its key is empty where
	// every job may be.
	StartTag check.Tag

	// Function, EventBus and Webhook are what results are handed on to; the zero
	// value of each is none. Webhook is a URL, https but for loopback, and a
	// secret, as is WebhookSecret.
	Function      Function
	EventBus      string
	Webhook       string
	WebhookSecret string

	// WebhookForm is the form of the messages to the webhook; empty where the
	// webhook's host tells it. WebhookMention holds the user ids of who is called in
	// a message about problems, or "all".
	WebhookForm    string
	WebhookMention []string

	// When is Always, Problems or Changes; empty for the defaults, Problems for the
	// webhook and Always for the others.
	When string

	LogLevel slog.Level
}

// Address is where a service is called.
type Address struct {
	// Scheme is "https" or, for loopback only, "http".
	Scheme string

	// Host, with a port if one was given; empty for the host that belongs to the
	// service and the region.
	Host string
}

// Function names a function of the same account and region.
type Function struct {
	// Namespace is "default" unless given, Qualifier empty for the API's own default.
	Namespace, Name, Qualifier string
}

// Load reads the configuration through getenv. White space around a value is
// dropped. An error names the variable and what it must be, in one line, and
// never repeats the value.
func Load(getenv func(string) string) (Config, error) {
	https := Address{Scheme: "https"}
	c := Config{DTS: https, SCF: https, EB: https, APIVersion: Version2018, RateLimit: 20, MaxAttempts: 4, Language: English}
	set := map[string]func(value string) error{
		Region:              c.setRegion,
		Endpoint:            c.DTS.set,
		APIVersion:          oneOf(&c.APIVersion, Version2018, Version2021),
		RateLimit:           wholeNumber(&c.RateLimit, 10000),
		MaxAttempts:         wholeNumber(&c.MaxAttempts, 10),
		Language:            oneOf(&c.Language, English, Chinese),
		AllowStart:          c.setAllowStart,
		ResultFunction:      c.setFunction,
		ResultEventBus:      c.setEventBus,
		ResultWebhook:       c.setWebhook,
		ResultWebhookSecret: c.setWebhookSecret,
		ResultWhen:          oneOf(&c.When, Always, Problems),
		ResultSCFEndpoint:   c.SCF.set,
		ResultEBEndpoint:    c.EB.set,
		LogLevel:            c.setLogLevel,
	}
	for _, name := range Variables {
		value := strings.TrimSpace(getenv(name))
		if value == "" {
			continue
		}
		if err := set[name](value); err != nil {
			return Config{}, fmt.Errorf("environment variable %s: %w", name, err)
		}
	}
	if c.WebhookSecret != "" && c.Webhook == "" {
		return Config{}, fmt.Errorf("environment variable %s: is for %s, which is not set", ResultWebhookSecret, ResultWebhook)
	}
	// The platform says in these who this function is.
	if c.Function.Is(cmp.Or(getenv("SCF_NAMESPACE"), "default"), getenv("SCF_FUNCTIONNAME")) {
		return Config{}, fmt.Errorf("environment variable %s: names this function, which would hand on to itself without end", ResultFunction)
	}
	return c, nil
}

// Is reports whether f is the function of that namespace and name.
func (f Function) Is(namespace, name string) bool {
	return f.Name != "" && f.Name == name && f.Namespace == namespace
}

func (c *Config) setRegion(value string) error {
	if !ValidRegion(value) {
		return fmt.Errorf("must be a region such as ap-guangzhou")
	}
	c.Region = value
	return nil
}

// ValidRegion reports whether s has the form of a region (ap-guangzhou,
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

func (a *Address) set(value string) error {
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
		if !Loopback(u.Hostname()) {
			return fmt.Errorf("http:// is for this machine's loopback only (127.0.0.1, [::1], localhost)")
		}
	default:
		return fmt.Errorf("must begin with https://, or http:// for loopback")
	}
	a.Scheme, a.Host = u.Scheme, u.Host
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

// Loopback reports whether a host is this machine's loopback.
func Loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

func oneOf(to *string, values ...string) func(string) error {
	return func(value string) error {
		if !slices.Contains(values, value) {
			return fmt.Errorf("must be %s", strings.Join(values, " or "))
		}
		*to = value
		return nil
	}
}

func (c *Config) setAllowStart(value string) error {
	c.AllowStart = value == "true"
	if !c.AllowStart && value != "false" {
		return fmt.Errorf("must be true or false")
	}
	return nil
}

func (c *Config) setFunction(value string) error {
	// Compiled here, it costs nobody's cold start who does not use it.
	form := regexp.MustCompile(`^(?:([A-Za-z][A-Za-z0-9_-]{0,59})/)?([A-Za-z][A-Za-z0-9_-]{0,59})(?::([A-Za-z0-9_$][A-Za-z0-9_-]{0,63}))?$`)
	m := form.FindStringSubmatch(value)
	if m == nil {
		return fmt.Errorf("must be a function's name, as in next, namespace/next or next:qualifier")
	}
	c.Function = Function{Namespace: cmp.Or(m[1], "default"), Name: m[2], Qualifier: m[3]}
	return nil
}

func validEventBus(id string) bool {
	rest, ok := strings.CutPrefix(id, "eb-")
	return ok && 0 < len(rest) && len(rest) <= 32 && strings.Trim(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") == ""
}

func (c *Config) setEventBus(value string) error {
	if !validEventBus(value) {
		return fmt.Errorf("must be the id of an event bus, which begins with eb-")
	}
	c.EventBus = value
	return nil
}

func (c *Config) setWebhook(value string) error {
	u, err := url.Parse(value)
	if err != nil || u.User != nil || u.Opaque != "" || u.Fragment != "" || strings.ContainsFunc(value, unprintable) ||
		!validHost(u.Hostname()) || !validPort(u) {
		return fmt.Errorf("must be a URL such as https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…, without user and fragment")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !Loopback(u.Hostname())) {
		return fmt.Errorf("must begin with https://, or http:// for this machine's loopback only (127.0.0.1, [::1], localhost)")
	}
	c.Webhook = value
	return nil
}

func unprintable(r rune) bool { return r <= ' ' || r >= 0x7f }

func (c *Config) setWebhookSecret(value string) error {
	if len(value) > 256 || strings.ContainsFunc(value, unprintable) {
		return fmt.Errorf("must be at most 256 characters, without white space")
	}
	c.WebhookSecret = value
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
