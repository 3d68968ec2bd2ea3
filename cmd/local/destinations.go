package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"migratecheck/internal/config"
	"migratecheck/internal/local/cloudapi"
	"migratecheck/internal/local/fakeeb"
	"migratecheck/internal/local/fakescf"
	"migratecheck/internal/local/robot"
)

// robotPaths are where the chats take messages; a robot's key follows.
var robotPaths = map[string]string{
	string(robot.WeCom):    "/cgi-bin/webhook/send?key=",
	string(robot.Feishu):   "/open-apis/bot/v2/hook/",
	string(robot.DingTalk): "/robot/send?access_token=",
}

// destinationFlags say where results are handed on to.
type destinationFlags struct {
	webhook string
}

func (d *destinationFlags) register(c *commandLine) {
	c.StringVar(&d.webhook, "webhook", "", "`chat` whose robot is played here and takes the results: wecom, feishu or dingtalk; or the URL of a real one, instead of RESULT_WEBHOOK")
}

// check refuses what is neither a chat nor a URL. Nothing is played beside a
// real account.
func (d *destinationFlags) check(c *commandLine, real bool) error {
	if robotPaths[d.webhook] != "" {
		if real {
			return c.wrong("-webhook %s is played here and does not go with -endpoint: give the URL of a real robot", d.webhook)
		}
		return nil
	}
	_, err := config.Load(func(name string) string {
		if name == config.ResultWebhook {
			return d.webhook
		}
		return ""
	})
	if err != nil {
		return c.wrong("-webhook must be wecom, feishu or dingtalk, or a URL: it %w", errors.Unwrap(err))
	}
	return nil
}

// destinations are those of the function's results that are played here, and
// where all of them are, in words.
type destinations struct {
	listeners []*cloudapi.Listener
	about     []string
}

// open starts a stand-in for each destination that the function's variables name
// without an endpoint of its own, and points the variables to it. What is handed
// on is shown.
func (d *destinationFlags) open(variables map[string]string, keys []cloudapi.Key, real bool, show func(string)) (_ *destinations, err error) {
	out := &destinations{about: []string{}}
	defer func() {
		if err != nil {
			out.Close()
		}
	}()
	play := func(h http.Handler) string {
		if err != nil {
			return ""
		}
		var l *cloudapi.Listener
		if l, err = cloudapi.Listen(h, "127.0.0.1:0", false); err != nil {
			return ""
		}
		out.listeners = append(out.listeners, l)
		return l.URL
	}
	value := func(name string) string { return strings.TrimSpace(variables[name]) }
	say := func(what string, here bool) {
		where := "as configured"
		if here {
			where = "played here"
		}
		out.about = append(out.about, what+", "+where)
	}
	if name := value(config.ResultFunction); name != "" {
		here := !real && value(config.ResultSCFEndpoint) == ""
		if here {
			variables[config.ResultSCFEndpoint] = play(fakescf.New(fakescf.Options{Keys: keys, Forget: true, OnReceive: func(e fakescf.Received) { show(functionNote(e)) }}))
		}
		say("function "+name, here)
	}
	if bus := value(config.ResultEventBus); bus != "" {
		here := !real && value(config.ResultEBEndpoint) == ""
		if here {
			variables[config.ResultEBEndpoint] = play(fakeeb.New(fakeeb.Options{Keys: keys, Buses: []string{bus}, Forget: true, OnReceive: func(e fakeeb.Received) { show(eventNote(e)) }}))
		}
		say("event bus "+bus, here)
	}
	path := robotPaths[d.webhook]
	switch {
	case path != "":
		robots := robot.New(robot.Options{Secret: value(config.ResultWebhookSecret), Forget: true, OnMessage: func(m robot.Message) { show(messageNote(m)) }})
		variables[config.ResultWebhook] = play(robots) + path + cloudapi.NewRequestID()
		say("webhook "+d.webhook, true)
	case d.webhook != "":
		variables[config.ResultWebhook] = d.webhook
		fallthrough
	case value(config.ResultWebhook) != "":
		say("webhook", false) // its URL is a secret
	}
	return out, err
}

// Close ends what is played.
func (d *destinations) Close() {
	for _, l := range d.listeners {
		l.Close()
	}
}

func functionNote(e fakescf.Received) string {
	name := e.Function
	if e.Namespace != "" && e.Namespace != "default" {
		name = e.Namespace + "/" + name
	}
	if e.Qualifier != "" {
		name += ":" + e.Qualifier
	}
	return fmt.Sprintf("function %s: an asynchronous event of %d bytes", name, len(e.Event))
}

func eventNote(e fakeeb.Received) string {
	return fmt.Sprintf("event bus %s: %s, %s, %d bytes of data", e.Bus, e.Event.Type, e.Event.Subject, len(e.Event.Data))
}

func messageNote(m robot.Message) string {
	text := m.Text
	if len(m.Mentions) > 0 {
		text += "\nmentions " + strings.Join(m.Mentions, ", ")
	}
	return fmt.Sprintf("%s message of %d bytes\n%s", m.Chat, len(m.Body), text)
}
