package config

import (
	"log/slog"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"migratecheck/internal/check"
)

// load loads a configuration in which one variable is set.
func load(name, value string) (Config, error) {
	return Load(func(asked string) string {
		if asked == name {
			return value
		}
		return ""
	})
}

var defaults = Config{
	DTS: Address{Scheme: "https"}, SCF: Address{Scheme: "https"}, EB: Address{Scheme: "https"},
	APIVersion: Version2018, RateLimit: 20, MaxAttempts: 4, Language: English, LogLevel: slog.LevelInfo,
}

func TestDefaults(t *testing.T) {
	if c, err := load("", ""); err != nil || !reflect.DeepEqual(c, defaults) {
		t.Errorf("got %+v, %v; want %+v", c, err, defaults)
	}
}

func TestGoodValues(t *testing.T) {
	with := func(change func(*Config)) Config {
		c := defaults
		change(&c)
		return c
	}
	endpoint := func(scheme, host string) Config {
		return with(func(c *Config) { c.DTS = Address{scheme, host} })
	}
	for _, row := range []struct {
		name, value string
		want        Config
	}{
		{Region, "ap-guangzhou", with(func(c *Config) { c.Region = "ap-guangzhou" })},
		{Region, "ap-shanghai-fsi", with(func(c *Config) { c.Region = "ap-shanghai-fsi" })},
		{Endpoint, "dts.tencentcloudapi.com", endpoint("https", "dts.tencentcloudapi.com")},
		{Endpoint, "dts.ap-shanghai-fsi.tencentcloudapi.com:443", endpoint("https", "dts.ap-shanghai-fsi.tencentcloudapi.com:443")},
		{Endpoint, "https://dts.intl.tencentcloudapi.com", endpoint("https", "dts.intl.tencentcloudapi.com")},
		{Endpoint, "https://dts.intl.tencentcloudapi.com/", endpoint("https", "dts.intl.tencentcloudapi.com")},
		{Endpoint, "HTTPS://dts.internal.tencentcloudapi.com", endpoint("https", "dts.internal.tencentcloudapi.com")},
		{Endpoint, "https://10.0.0.8:8443", endpoint("https", "10.0.0.8:8443")},
		{Endpoint, "https://[2001:db8::1]:8443", endpoint("https", "[2001:db8::1]:8443")},
		{Endpoint, "http://127.0.0.1:9001", endpoint("http", "127.0.0.1:9001")},
		{Endpoint, "http://127.8.9.10", endpoint("http", "127.8.9.10")},
		{Endpoint, "http://[::1]:9001", endpoint("http", "[::1]:9001")},
		{Endpoint, "http://localhost:9001", endpoint("http", "localhost:9001")},
		{Endpoint, "http://LOCALHOST", endpoint("http", "LOCALHOST")},
		{Endpoint, "localhost:9001", endpoint("https", "localhost:9001")},
		{APIVersion, "2018-03-30", defaults},
		{APIVersion, "2021-12-06", with(func(c *Config) { c.APIVersion = Version2021 })},
		{RateLimit, "1", with(func(c *Config) { c.RateLimit = 1 })},
		{RateLimit, "10000", with(func(c *Config) { c.RateLimit = 10000 })},
		{MaxAttempts, "1", with(func(c *Config) { c.MaxAttempts = 1 })},
		{MaxAttempts, "10", with(func(c *Config) { c.MaxAttempts = 10 })},
		{APIVersion, " 2021-12-06\r\n", with(func(c *Config) { c.APIVersion = Version2021 })},
		{Region, "ap-guangzhou ", with(func(c *Config) { c.Region = "ap-guangzhou" })},
		{Region, " \t ", defaults},
		{Language, "en-US", defaults},
		{Language, "zh-CN", with(func(c *Config) { c.Language = Chinese })},
		{AllowStart, "false", defaults},
		{AllowStart, "true", with(func(c *Config) { c.AllowStart = true })},
		{ResultFunction, "next", with(func(c *Config) { c.Function = Function{"default", "next", ""} })},
		{ResultFunction, "ops/next", with(func(c *Config) { c.Function = Function{"ops", "next", ""} })},
		{ResultFunction, "ops/next-1_a:$LATEST", with(func(c *Config) { c.Function = Function{"ops", "next-1_a", "$LATEST"} })},
		{ResultFunction, "next:3", with(func(c *Config) { c.Function = Function{"default", "next", "3"} })},
		{ResultEventBus, "eb-l65vlc2u", with(func(c *Config) { c.EventBus = "eb-l65vlc2u" })},
		{ResultWebhook, "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a", with(func(c *Config) { c.Webhook = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a" })},
		{ResultWebhook, "http://127.0.0.1:9003/robot", with(func(c *Config) { c.Webhook = "http://127.0.0.1:9003/robot" })},
		{ResultWhen, "always", with(func(c *Config) { c.When = Always })},
		{ResultWebhook, "HTTPS://user:p%25ss@hooks.example/x", with(func(c *Config) { c.Webhook = "HTTPS://user:p%25ss@hooks.example/x" })},
		{ResultWebhookForm, "wecom", with(func(c *Config) { c.WebhookForm = WeCom })},
		{ResultWebhookForm, "feishu", with(func(c *Config) { c.WebhookForm = Feishu })},
		{ResultWebhookForm, "dingtalk", with(func(c *Config) { c.WebhookForm = DingTalk })},
		{ResultWebhookForm, "slack", with(func(c *Config) { c.WebhookForm = Slack })},
		{ResultWebhookForm, "json", with(func(c *Config) { c.WebhookForm = JSON })},
		{ResultWebhookMention, "all", with(func(c *Config) { c.WebhookMention = []string{"all"} })},
		{ResultWebhookMention, "zhang.san, ou_84aad35d；U024BE7LH、li-si@corp 13800000000,", with(func(c *Config) {
			c.WebhookMention = []string{"zhang.san", "ou_84aad35d", "U024BE7LH", "li-si@corp", "13800000000"}
		})},
		{ResultWhen, "problems", with(func(c *Config) { c.When = Problems })},
		{ResultWhen, "changes", with(func(c *Config) { c.When = Changes })},
		{StartTag, "env=prod", with(func(c *Config) { c.StartTag = check.Tag{Key: "env", Value: "prod"} })},
		{StartTag, "迁移 = 可以=启动", with(func(c *Config) { c.StartTag = check.Tag{Key: "迁移", Value: "可以=启动"} })},
		{NoProxy, "127.0.0.1, .Example.com 10.0.0.0/8", with(func(c *Config) { c.NoProxy = []string{"127.0.0.1", ".example.com", "10.0.0.0/8"} })},
		{ResultSCFEndpoint, "http://127.0.0.1:9002", with(func(c *Config) { c.SCF = Address{"http", "127.0.0.1:9002"} })},
		{ResultEBEndpoint, "eb.internal.tencentcloudapi.com", with(func(c *Config) { c.EB = Address{"https", "eb.internal.tencentcloudapi.com"} })},
		{LogLevel, "debug", with(func(c *Config) { c.LogLevel = slog.LevelDebug })},
		{LogLevel, "info", defaults},
		{LogLevel, "warn", with(func(c *Config) { c.LogLevel = slog.LevelWarn })},
		{LogLevel, "ERROR", with(func(c *Config) { c.LogLevel = slog.LevelError })},
	} {
		t.Run(row.name+"="+row.value, func(t *testing.T) {
			if c, err := load(row.name, row.value); err != nil || !reflect.DeepEqual(c, row.want) {
				t.Errorf("got %+v, %v\nwant %+v", c, err, row.want)
			}
		})
	}
}

// A bad value stops the start with one line that names the variable. Someone
// may have pasted a secret into the wrong one, so it never repeats the value.
func TestBadValues(t *testing.T) {
	for name, values := range map[string][]string{
		Region: {"guangzhou", "AP-guangzhou", "ap_guangzhou", "ap-", "-guangzhou", "ap-guang zhou", "ap-guang\nzhou", "ap-guangzhou.example"},
		Endpoint: {
			"http://dts.tencentcloudapi.com", "http://10.0.0.8", "http://0.0.0.0:9001", "http://[::]:9001", "http://127.1", "http://localhost.example.com",
			"http://2130706433", "http://0x7f000001", "http://0177.0.0.1",
			"ftp://dts.tencentcloudapi.com", "file:///etc/passwd", "unix:///var/run/dts.sock", "://dts.tencentcloudapi.com", "https://", "https:///dts",
			"https://user@dts.tencentcloudapi.com", "https://user:password@dts.tencentcloudapi.com", "https://@dts.tencentcloudapi.com",
			"https://dts.tencentcloudapi.com/path", "dts.tencentcloudapi.com/path", "https://dts.tencentcloudapi.com?a=b", "https://dts.tencentcloudapi.com/?",
			"https://dts.tencentcloudapi.com#top", "https://dts.tencentcloudapi.com/#",
			"https://dts.tencentcloudapi.com:0", "https://dts.tencentcloudapi.com:0443", "https://dts.tencentcloudapi.com:65536", "https://dts.tencentcloudapi.com:", "https://dts.tencentcloudapi.com:https",
			"https://dts.tencentcloudapi.com:-1", "https://:443",
			"https://dts..tencentcloudapi.com", "https://.tencentcloudapi.com", "https://dts.tencentcloudapi.com.", "https://-dts.tencentcloudapi.com",
			"https://dts-.tencentcloudapi.com", "https://dts_.tencentcloudapi.com", "https://dts.tencentcloudapi.com\\evil", "https://dts tencentcloudapi.com",
			"https://dts.tencentcloudapi.com\r\nX-Evil: 1",
			"https://dts%2etencentcloudapi.com", "https://dts.tencentcloudapi.com%00", "https://%64ts.tencentcloudapi.com", "https://дтс.example",
			"https://dts.tencentcloudapi.com,evil.example", "https://[dts.tencentcloudapi.com]", "https://[::1", "https://[::1%25lo]", "https://2001:db8::1",
			"https://[127.0.0.1]:443", "https://" + strings.Repeat("a", 64) + ".example", "https://" + strings.Repeat("a.", 126) + "aa",
		},
		APIVersion:     {"2018-03-31", "latest", "20180330", "2018-03-30 2021-12-06"},
		RateLimit:      {"0", "-1", "10001", "20.5", "twenty", "1e3", "2 0", "99999999999999999999"},
		MaxAttempts:    {"0", "-1", "11", "4.0", "four", "0x4"},
		Language:       {"en", "zh", "zh_CN", "zh-cn", "de-DE"},
		AllowStart:     {"yes", "1", "TRUE", "on"},
		ResultFunction: {"a/b/c", "/next", "ops/", "next:", "next:" + strings.Repeat("a", 65), "1next", "1ops/next", strings.Repeat("n", 61) + "/next", "next function", "next\r\nX: y", strings.Repeat("a", 61), "qcs::scf:ap-guangzhou:uin/1:namespace/default/function/next"},
		ResultEventBus: {"bus", "eb-", "eb-a b", "EB-abc", "eb-a-b", "eb-" + strings.Repeat("a", 33)},
		ResultWebhook: {"http://qyapi.weixin.qq.com/x", "qyapi.weixin.qq.com/x", "https://", "https://host.example/x#y",
			"https://host.example/a b", "https://host.example/a\nb", "https://host.example/é", "ftp://127.0.0.1/x", "http://10.0.0.1/x", "https://host.example:0/", "https://дтс.example/"},
		ResultWebhookForm:    {"WeCom", "lark", "text"},
		ResultWebhookMention: {",", "<@all>", "zhang san!", "user\"id", strings.Repeat("u", 65), strings.Repeat("u,", 21)},
		ResultWhen:           {"never", "Always", "problem", "change"},
		ResultSCFEndpoint:    {"http://scf.tencentcloudapi.com", "scf.tencentcloudapi.com/path"},
		ResultEBEndpoint:     {"http://10.0.0.8", "a b"},
		StartTag:             {"env", "env=", "=prod", " = ", "env=a\x00b", "env=\xff", strings.Repeat("键", 128) + "=v", "env=" + strings.Repeat("v", 128)},
		HTTPSProxy: {"http://user:p%ss@127.0.0.1:18099", "http://user:pa%", "http://user:p#ss@proxy.example:3128", "http://user:1/ss@proxy.example:3128", "ftp://proxy.example", "http://",
			"proxy.example:0", "http://proxy.example:3128/path", "http://proxy.example?x", "http://proxy example", "http://user:p\nss@proxy.example"},
		NoProxy:  {"10.0.0.0/33", "http://10.0.0.1/"},
		LogLevel: {"trace", "warning", "INFO DEBUG", "0"},
	} {
		for _, value := range values {
			t.Run(name+"="+value, func(t *testing.T) {
				c, err := load(name, value)
				if err == nil {
					t.Fatalf("accepted as %+v", c)
				}
				text := err.Error()
				if !reflect.DeepEqual(c, Config{}) || !strings.Contains(text, name) || strings.ContainsAny(text, "\r\n") {
					t.Errorf("got %+v, %q", c, text)
				}
			})
		}
	}
}

func TestErrorsDoNotRepeatTheValue(t *testing.T) {
	const secret = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"
	refused := map[string]bool{}
	for _, name := range Variables {
		for _, value := range []string{secret + "!", "http://" + secret, "a:" + secret + "@b", "https://b:" + secret, "https://%" + secret, "http://u:%" + secret + "@h", "a/" + secret} {
			_, err := load(name, value)
			if refused[name] = refused[name] || err != nil; err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%s=%s: %v", name, value, err)
			}
		}
		if !refused[name] {
			t.Errorf("%s takes anything", name)
		}
	}
}

// A secret for a webhook that is not there is a mistake, and a function that
// forwards to itself never ends.
func TestVariablesTogether(t *testing.T) {
	signed := func(secret string) map[string]string {
		return map[string]string{ResultWebhook: "https://oapi.dingtalk.com/robot/send?access_token=a", ResultWebhookSecret: secret}
	}
	for name, row := range map[string]struct {
		environment map[string]string
		wrong       string // the variable that the error names
	}{
		"a webhook and its secret":         {signed(strings.Repeat("a", 256)), ""},
		"a secret that is too long":        {signed(strings.Repeat("a", 257)), ResultWebhookSecret},
		"the shortest secret":              {signed("SEC45678"), ""},
		"a secret that is too short":       {signed("SEC4567"), ResultWebhookSecret},
		"a secret of two words":            {signed("two words"), ResultWebhookSecret},
		"a secret with an accent":          {signed("SECé5678"), ResultWebhookSecret},
		"a secret alone":                   {map[string]string{ResultWebhookSecret: "SEC45678"}, ResultWebhookSecret},
		"forwards to itself":               {map[string]string{ResultFunction: "checks", "SCF_FUNCTIONNAME": "checks"}, ResultFunction},
		"forwards to itself, in full":      {map[string]string{ResultFunction: "ops/checks:$LATEST", "SCF_FUNCTIONNAME": "checks", "SCF_NAMESPACE": "ops"}, ResultFunction},
		"to its namesake in another space": {map[string]string{ResultFunction: "ops/checks", "SCF_FUNCTIONNAME": "checks", "SCF_NAMESPACE": "default"}, ""},
		"to another":                       {map[string]string{ResultFunction: "next", "SCF_FUNCTIONNAME": "checks"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(func(name string) string { return row.environment[name] })
			if (err == nil) != (row.wrong == "") || err != nil && !strings.Contains(err.Error(), row.wrong+":") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestValidRegion(t *testing.T) {
	for region, want := range map[string]bool{
		"ap-guangzhou": true, "ap-shanghai-fsi": true, "ap-guangzhou-open": true, "na-siliconvalley": true, "eu-frankfurt": true,
		"ap-shanghai-adc1": true, "ap-a-b-c": true,
		"": false, "ap": false, "ap-": false, "-ap": false, "a-guangzhou": false, "apac-guangzhou": false, "ap--guangzhou": false, "ap-guangzhou-": false,
		"ap-a-b-c-d": false, "AP-guangzhou": false, "ap-Guangzhou": false, "1p-guangzhou": false, "ap-guangzhou.evil": false, "ap-guang/zhou": false,
		"ap-guangzhou\n": false, "ap-гуанчжоу": false, "ap-" + strings.Repeat("a", 37): true, "ap-" + strings.Repeat("a", 38): false,
	} {
		if got := ValidRegion(region); got != want {
			t.Errorf("%q: %v", region, got)
		}
	}
}

var hostCharacters = regexp.MustCompile(`^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$`)

// What is accepted as an endpoint is a host and perhaps a port, and nothing
// that could lead a signed request elsewhere.
func FuzzEndpoint(f *testing.F) {
	for _, seed := range []string{"dts.tencentcloudapi.com", "https://dts.tencentcloudapi.com:443/", "http://127.0.0.1:9001", "https://[::1]:9001",
		"http://user:password@localhost", "https://a%2eb", "https://a\\b", "http://[::ffff:127.0.0.1]", "https://a?b#c", "https://a:0", "0:000001"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		c, err := load(Endpoint, value)
		if err != nil || strings.TrimSpace(value) == "" {
			return
		}
		if !hostCharacters.MatchString(c.DTS.Host) {
			t.Errorf("%q is accepted as host %q", value, c.DTS.Host)
		}
		if c.DTS.Scheme != "https" && c.DTS.Scheme != "http" {
			t.Errorf("%q is accepted with scheme %q", value, c.DTS.Scheme)
		}
		if again, err := load(Endpoint, c.DTS.Scheme+"://"+c.DTS.Host); err != nil || !reflect.DeepEqual(again, c) {
			t.Errorf("%q is accepted as %+v, which itself is %+v, %v", value, c, again, err)
		}
	})
}
