package config

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// The proxy leads to everything but what NO_PROXY names and this machine.
func TestProxy(t *testing.T) {
	const through = "http://user:p%25ss@proxy.example:3128"
	for name, row := range map[string]struct{ proxy, no, to, want string }{
		"everything":                    {through, "", "https://dts.tencentcloudapi.com/", through},
		"without a scheme":              {"proxy.example:3128", "", "https://dts.tencentcloudapi.com/", "http://proxy.example:3128"},
		"white space around it":         {" " + through + "\n", "", "https://dts.tencentcloudapi.com/", through},
		"socks":                         {"socks5://proxy.example:1080", "", "https://dts.tencentcloudapi.com/", "socks5://proxy.example:1080"},
		"none":                          {"", "", "https://dts.tencentcloudapi.com/", ""},
		"plain text, which stays here":  {through, "", "http://dts.tencentcloudapi.com/", ""},
		"loopback":                      {through, "", "https://127.0.0.1:9001/", ""},
		"loopback by name":              {through, "", "https://localhost/", ""},
		"all hosts":                     {through, "a.example,*", "https://dts.tencentcloudapi.com/", ""},
		"a host":                        {through, "a.example, DTS.tencentcloudapi.com", "https://dts.Tencentcloudapi.com./", ""},
		"another host":                  {through, "a.example", "https://dts.tencentcloudapi.com/", through},
		"a domain":                      {through, "tencentcloudapi.com", "https://dts.tencentcloudapi.com/", ""},
		"not a domain":                  {through, "cloudapi.com", "https://dts.tencentcloudapi.com/", through},
		"what is in a domain":           {through, ".tencentcloudapi.com", "https://dts.tencentcloudapi.com/", ""},
		"what is in a domain, starred":  {through, "*.tencentcloudapi.com", "https://dts.tencentcloudapi.com/", ""},
		"and not itself":                {through, ".dts.tencentcloudapi.com", "https://dts.tencentcloudapi.com/", through},
		"a port":                        {through, "dts.tencentcloudapi.com:443", "https://dts.tencentcloudapi.com/", ""},
		"another port":                  {through, "dts.tencentcloudapi.com:443", "https://dts.tencentcloudapi.com:8443/", through},
		"an address":                    {through, "10.0.0.8", "https://10.0.0.8/", ""},
		"another address":               {through, "0.0.8", "https://10.0.0.80/", through},
		"a network":                     {through, "10.0.0.0/8", "https://10.1.2.3:8443/", ""},
		"another network":               {through, "10.0.0.0/8", "https://11.1.2.3/", through},
		"a network, and a host by name": {through, "0.0.0.0/0", "https://dts.tencentcloudapi.com/", through},
		"an address of version 6":       {through, "2001:db8::1", "https://[2001:db8:0::1]:8443/", ""},
		"the same with a port":          {through, "[2001:db8::1]:443", "https://[2001:db8::1]/", ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, spelling := range []func(string) string{strings.ToUpper, strings.ToLower} {
				c, err := Load(func(name string) string {
					return map[string]string{spelling("https_proxy"): row.proxy, spelling("no_proxy"): row.no}[name]
				})
				if err != nil {
					t.Fatal(err)
				}
				to, err := url.Parse(row.to)
				if err != nil {
					t.Fatal(err)
				}
				got, err := c.Proxy(&http.Request{URL: to})
				if err != nil || got == nil && row.want != "" || got != nil && got.String() != row.want {
					t.Errorf("got %v, %v, want %q", got, err, row.want)
				}
			}
		})
	}
	if c, err := Load(func(name string) string {
		return map[string]string{"HTTPS_PROXY": "upper.example", "https_proxy": "lower.example"}[name]
	}); err != nil || c.HTTPSProxy.Host != "upper.example" {
		t.Errorf("got %v, %v", c.HTTPSProxy, err)
	}
	if _, err := Load(func(name string) string { return map[string]string{"https_proxy": "http://u:%@h"}[name] }); err == nil || !strings.Contains(err.Error(), "variable https_proxy:") {
		t.Errorf("got %v", err)
	}
}

// What is a secret is one in each way in which it is written, and no word is.
func TestSecrets(t *testing.T) {
	for name, row := range map[string]struct {
		environment map[string]string
		want        []string
	}{
		"none":      {nil, nil},
		"WeCom":     {map[string]string{ResultWebhook: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"}, []string{"693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"}},
		"Feishu":    {map[string]string{ResultWebhook: "https://open.feishu.cn/open-apis/bot/v2/hook/a1b2c3d4-e5f6-7890", ResultWebhookSecret: "SEC45678"}, []string{"SEC45678", "a1b2c3d4-e5f6-7890"}},
		"a URL":     {map[string]string{ResultWebhook: "https://1300000000-ap-guangzhou.scf.tencentcs.com/migrate-check-next/report?v=1"}, nil},
		"escapes":   {map[string]string{ResultWebhook: "https://h.example/0123456789abcd%2Fef?key=abc%2Fb%3Dc&k"}, []string{"abc%2Fb%3Dc", "abc/b=c", "0123456789abcd%2Fef"}},
		"user info": {map[string]string{ResultWebhook: "https://bot:p%25ss@h.example/"}, []string{"p%ss", "bot:p%25ss", "Ym90OnAlc3M=", "p%25ss"}},
		"a user that is a key": {map[string]string{ResultWebhook: "https://0123456789abcdef:pass@h.example/"},
			[]string{"pass", "0123456789abcdef:pass", "MDEyMzQ1Njc4OWFiY2RlZjpwYXNz", "0123456789abcdef"}},
		"a user alone": {map[string]string{ResultWebhook: "https://token@h.example/"}, []string{"token", "dG9rZW46"}},
		"a proxy":      {map[string]string{HTTPSProxy: "user:p%25ss@proxy.example"}, []string{"p%ss", "user:p%25ss", "dXNlcjpwJXNz", "p%25ss"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Load(func(name string) string { return row.environment[name] })
			if got := c.Secrets(); err != nil || !slices.Equal(got, row.want) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}
