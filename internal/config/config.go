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
	"unicode"
	"unicode/utf8"

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
	StartTag    = "DTS_START_TAG"

	ResultFunction       = "RESULT_FUNCTION"
	ResultEventBus       = "RESULT_EVENT_BUS"
	ResultWebhook        = "RESULT_WEBHOOK"
	ResultWebhookSecret  = "RESULT_WEBHOOK_SECRET"
	ResultWebhookForm    = "RESULT_WEBHOOK_FORM"
	ResultWebhookMention = "RESULT_WEBHOOK_MENTION"
	ResultWhen           = "RESULT_WHEN"
	ResultSCFEndpoint    = "RESULT_SCF_ENDPOINT"
	ResultEBEndpoint     = "RESULT_EB_ENDPOINT"

	// These two are also read in lower case, as everywhere.
	HTTPSProxy = "HTTPS_PROXY"
	NoProxy    = "NO_PROXY"

	LogLevel = "LOG_LEVEL"
)

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

// The values of RESULT_WEBHOOK_FORM.
const (
	WeCom    = "wecom"
	Feishu   = "feishu"
	DingTalk = "dingtalk"
	Slack    = "slack"
	JSON     = "json"
)

// MentionAll, in RESULT_WEBHOOK_MENTION, calls everybody.
const MentionAll = "all"

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

	// Function, EventBus and Webhook are what results are forwarded to; the zero
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

	// HTTPSProxy is the proxy of https requests, nil for none; NoProxy holds the
	// hosts that are reached without it. Config.Proxy decides.
	HTTPSProxy *url.URL
	NoProxy    []string

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

// variable is an environment variable and what reads its value into a Config.
type variable struct {
	name string
	set  func(value string) error
}

// variables are all of them, in the order in which they are read.
func (c *Config) variables() []variable {
	return []variable{
		{Region, into(&c.Region, region)},
		{Endpoint, into(&c.DTS, address)},
		{APIVersion, into(&c.APIVersion, oneOf(Version2018, Version2021))},
		{RateLimit, into(&c.RateLimit, upTo(10000))},
		{MaxAttempts, into(&c.MaxAttempts, upTo(10))},
		{Language, into(&c.Language, oneOf(English, Chinese))},
		{AllowStart, into(&c.AllowStart, boolean)},
		{StartTag, into(&c.StartTag, tag)},
		{ResultFunction, into(&c.Function, function)},
		{ResultEventBus, into(&c.EventBus, eventBus)},
		{ResultWebhook, into(&c.Webhook, webhook)},
		{ResultWebhookSecret, into(&c.WebhookSecret, signingSecret)},
		{ResultWebhookForm, into(&c.WebhookForm, oneOf(WeCom, Feishu, DingTalk, Slack, JSON))},
		{ResultWebhookMention, into(&c.WebhookMention, mention)},
		{ResultWhen, into(&c.When, oneOf(Always, Problems, Changes))},
		{ResultSCFEndpoint, into(&c.SCF, address)},
		{ResultEBEndpoint, into(&c.EB, address)},
		{HTTPSProxy, into(&c.HTTPSProxy, proxy)},
		{NoProxy, into(&c.NoProxy, noProxy)},
		{LogLevel, into(&c.LogLevel, level)},
	}
}

// into returns a function that parses a value into a field, and leaves the field
// as it is if that fails.
func into[T any](field *T, parse func(value string) (T, error)) func(string) error {
	return func(value string) error {
		parsed, err := parse(value)
		if err == nil {
			*field = parsed
		}
		return err
	}
}

// Variables are the names of all variables, in the order in which they are read.
var Variables = func() (names []string) {
	for _, v := range new(Config).variables() {
		names = append(names, v.name)
	}
	return names
}()

// Load reads the configuration through getenv. White space around a value is
// dropped. An error names the variable and what it must be, in one line, and
// never repeats the value.
func Load(getenv func(string) string) (Config, error) {
	https := Address{Scheme: "https"}
	c := Config{DTS: https, SCF: https, EB: https, APIVersion: Version2018, RateLimit: 20, MaxAttempts: 4, Language: English}
	for _, v := range c.variables() {
		name, value := v.name, strings.TrimSpace(getenv(v.name))
		if value == "" && (name == HTTPSProxy || name == NoProxy) {
			name = strings.ToLower(name)
			value = strings.TrimSpace(getenv(name))
		}
		if value == "" {
			continue
		}
		if err := v.set(value); err != nil {
			return Config{}, fmt.Errorf("environment variable %s: %w", name, err)
		}
	}
	if c.WebhookSecret != "" && c.Webhook == "" {
		return Config{}, fmt.Errorf("environment variable %s: is for %s, which is not set", ResultWebhookSecret, ResultWebhook)
	}
	// The platform says in these who this function is.
	if c.Function.Is(cmp.Or(getenv("SCF_NAMESPACE"), "default"), getenv("SCF_FUNCTIONNAME")) {
		return Config{}, fmt.Errorf("environment variable %s: names this function, which would forward to itself without end", ResultFunction)
	}
	return c, nil
}

// Is reports whether f is the function of that namespace and name.
func (f Function) Is(namespace, name string) bool {
	return f.Name != "" && f.Name == name && f.Namespace == namespace
}

func region(value string) (string, error) {
	if !ValidRegion(value) {
		return "", fmt.Errorf("must be a region such as ap-guangzhou")
	}
	return value, nil
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

func address(value string) (Address, error) {
	if !strings.Contains(value, "://") {
		value = "https://" + value
	}
	u, err := url.Parse(value)
	if err != nil || u.User != nil || !hostOnly(u, value) {
		return Address{}, fmt.Errorf("must be a host name or a URL such as https://dts.tencentcloudapi.com, without user, path or query")
	}
	return Address{Scheme: u.Scheme, Host: u.Host}, secure(u)
}

// secure returns an error unless a URL is https, or http to this machine's
// loopback.
func secure(u *url.URL) error {
	if u.Scheme != "https" && (u.Scheme != "http" || !Loopback(u.Hostname())) {
		return fmt.Errorf("must begin with https://, or http:// for this machine's loopback only (127.0.0.1, [::1], localhost)")
	}
	return nil
}

// hostOnly reports whether a URL, written as value, has nothing behind its host.
func hostOnly(u *url.URL, value string) bool {
	return u.Opaque == "" && strings.Trim(u.Path, "/") == "" && !strings.ContainsAny(value, "?#") && validHost(u.Hostname()) && validPort(u)
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

func oneOf(values ...string) func(string) (string, error) {
	return func(value string) (string, error) {
		if !slices.Contains(values, value) {
			return "", fmt.Errorf("must be %s", strings.Join(values, " or "))
		}
		return value, nil
	}
}

func upTo(most int) func(string) (int, error) {
	return func(value string) (int, error) {
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > most {
			return 0, fmt.Errorf("must be a whole number from 1 to %d", most)
		}
		return n, nil
	}
}

func boolean(value string) (bool, error) {
	if value != "true" && value != "false" {
		return false, fmt.Errorf("must be true or false")
	}
	return value == "true", nil
}

func level(value string) (slog.Level, error) {
	switch strings.ToLower(value) {
	case "debug":
		return slog.LevelDebug, nil
	case "info":
		return slog.LevelInfo, nil
	case "warn":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	}
	return 0, fmt.Errorf("must be debug, info, warn or error")
}

// maxTag is how long a tag's key or value may be, in characters.
const maxTag = 127

func tag(value string) (check.Tag, error) {
	key, value, _ := strings.Cut(value, "=")
	t := check.Tag{Key: strings.TrimSpace(key), Value: strings.TrimSpace(value)}
	for _, s := range []string{t.Key, t.Value} {
		if s == "" || utf8.RuneCountInString(s) > maxTag || strings.ContainsFunc(s, unicode.IsControl) || !utf8.ValidString(s) {
			return check.Tag{}, fmt.Errorf("must be a tag's key and value, as in key=value, of at most %d characters each", maxTag)
		}
	}
	return t, nil
}

func function(value string) (Function, error) {
	// Compiled here, it costs nobody's cold start who does not use it.
	form := regexp.MustCompile(`^(?:([A-Za-z][A-Za-z0-9_-]{0,59})/)?([A-Za-z][A-Za-z0-9_-]{0,59})(?::([A-Za-z0-9_$][A-Za-z0-9_-]{0,63}))?$`)
	m := form.FindStringSubmatch(value)
	if m == nil {
		return Function{}, fmt.Errorf("must be a function's name, as in next, namespace/next or next:qualifier")
	}
	return Function{Namespace: cmp.Or(m[1], "default"), Name: m[2], Qualifier: m[3]}, nil
}

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

func eventBus(value string) (string, error) {
	rest, ok := strings.CutPrefix(value, "eb-")
	if !ok || rest == "" || len(rest) > 32 || strings.Trim(rest, alphanumeric) != "" {
		return "", fmt.Errorf("must be the id of an event bus, which begins with eb-")
	}
	return value, nil
}

func webhook(value string) (string, error) {
	u, err := url.Parse(value)
	if err != nil || u.Opaque != "" || u.Fragment != "" || strings.ContainsFunc(value, unprintable) || !validHost(u.Hostname()) || !validPort(u) {
		return "", fmt.Errorf("must be a URL such as https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…, without fragment")
	}
	return value, secure(u)
}

func unprintable(r rune) bool { return r <= ' ' || r >= 0x7f }

// leastSecret is how short a signing secret may be. A shorter one would be found,
// and hidden, in words that are none.
const leastSecret = 8

func signingSecret(value string) (string, error) {
	if len(value) < leastSecret || len(value) > 256 || strings.ContainsFunc(value, unprintable) {
		return "", fmt.Errorf("must be %d to 256 characters, without white space", leastSecret)
	}
	return value, nil
}

// maxMentioned is how many people a message may call, so that it has room for
// something else.
const maxMentioned = 20

func mention(value string) ([]string, error) {
	ids := strings.FieldsFunc(value, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",;，；、", r) })
	for _, id := range ids {
		if len(id) > 64 || strings.Trim(id, alphanumeric+"_.@+-") != "" {
			ids = nil
			break
		}
	}
	if len(ids) == 0 || len(ids) > maxMentioned {
		return nil, fmt.Errorf("must be up to %d user ids of the chat, with commas between them, or %s", maxMentioned, MentionAll)
	}
	return ids, nil
}
