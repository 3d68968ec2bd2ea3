// Package robot plays the robots of WeCom, Feishu, DingTalk and Slack, for tests and
// for local use: it takes messages at the same paths, holds them against the
// form, size, rate and signature that each service wants, and answers in its
// words, with the HTTP status that it has for them: mostly 200, for refusals too.
// At any other path it is a webhook that takes JSON. A Server is an http.Handler,
// usable without a listener.
package robot

import (
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"migratecheck/internal/local/cloudapi"
)

// Chat is the service that a message was for.
type Chat string

// The services.
const (
	WeCom    Chat = "wecom"
	Feishu   Chat = "feishu"
	DingTalk Chat = "dingtalk"
	Slack    Chat = "slack"
	Other    Chat = "other" // a webhook that takes JSON
)

// The paths of the services: the key, hook and token that end them, or follow in
// the query string, may be any.
const (
	wecomPath    = "/cgi-bin/webhook/send"   // ?key=…
	feishuPath   = "/open-apis/bot/v2/hook/" // …
	dingtalkPath = "/robot/send"             // ?access_token=…
	slackPath    = "/services/"              // …
)

// Options say what the robots are like.
type Options struct {
	// Secret with which messages to Feishu and DingTalk must be signed; they need
	// not be if it is empty.
	Secret string

	// OnMessage, if given, is called with each message that was taken, perhaps with
	// several at once.
	OnMessage func(Message)

	// Faults that are met from the start: those of cloudapi, where Action is a
	// Chat and the Code of FaultCode the errcode, or the HTTP status where there are
	// no codes; and the two below.
	Faults []cloudapi.Fault

	// Now tells the time; time.Now if nil.
	Now func() time.Time

	// Forget makes Messages return none: for long runs.
	Forget bool
}

// The robots' own faults.
const (
	// FaultNonsense takes the message and answers with HTTP status 200 and a page.
	FaultNonsense cloudapi.Kind = "nonsense"

	// FaultHTTP500 does not take the message and answers with HTTP status 500.
	FaultHTTP500 cloudapi.Kind = "http-500"
)

// Message is a message that was taken.
type Message struct {
	At   time.Time
	Chat Chat

	// Robot is the key, hook or token that was called; the path at Other.
	Robot string

	// Type is the msgtype or msg_type; empty where there is none.
	Type string

	// Text is what people read: titles and texts, a line each.
	Text string

	// Mentions are whom the message calls, in the chat's own way: ids, and what is
	// written for all.
	Mentions []string

	// Body as it was sent.
	Body []byte
}

// Server is the robots. It is safe for concurrent use.
type Server struct {
	cloudapi.Faults
	options Options

	mu       sync.Mutex
	messages []Message
	taken    map[string][]time.Time // by robot, of the last minute
	blocked  map[string]time.Time   // until when
}

// New returns robots.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{options: o, taken: map[string][]time.Time{}, blocked: map[string]time.Time{}}
	s.Inject(o.Faults...)
	return s
}

// Listen serves s at address, as cloudapi.Listen does.
func (s *Server) Listen(address string, secure bool) (*cloudapi.Listener, error) {
	return cloudapi.Listen(s, address, secure)
}

// Messages returns the messages that were taken so far.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// maxBody is the largest request that is read, in bytes.
const maxBody = 10 << 20

// ServeHTTP takes or refuses one message. A fault that closes the connection
// panics with http.ErrAbortHandler, as net/http wants it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m := Message{At: s.options.Now()}
	m.Chat, m.Robot = chatOf(r)
	service := services[m.Chat]
	fault := s.Meet(cloudapi.Call{Action: string(m.Chat)}, r)
	var refusal *refusal
	if fault.Kind != FaultHTTP500 && !fault.Prevents() {
		if refusal = s.read(&m, r, service); refusal == nil {
			s.take(m)
		}
	}
	switch fault.Kind {
	case FaultHTTP500:
		http.Error(w, "Internal Server Error", http.StatusInternalServerError)
		return
	case FaultNonsense:
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<html><body>Welcome</body></html>")
		return
	case cloudapi.FaultCode, cloudapi.FaultCodeCarried:
		code, _ := strconv.Atoi(fault.Code)
		refusal = refuse(code, "%s", fault.Message)
	}
	if status := service.statusOf(refusal); status != http.StatusOK {
		w.Header().Set("Content-Type", service.contentType())
		if status == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "1")
		}
		w.WriteHeader(status)
		w.Write(service.answer(refusal))
		return
	}
	fault.Send(w, r, service.answer(refusal))
}

// chatOf returns the service that a request is for, and the robot.
func chatOf(r *http.Request) (Chat, string) {
	if hook, ok := strings.CutPrefix(r.URL.Path, slackPath); ok {
		return Slack, hook
	}
	switch hook, isHook := strings.CutPrefix(r.URL.Path, feishuPath); {
	case r.URL.Path == wecomPath:
		return WeCom, r.URL.Query().Get("key")
	case r.URL.Path == dingtalkPath:
		return DingTalk, r.URL.Query().Get("access_token")
	case isHook:
		return Feishu, hook
	}
	return Other, r.URL.Path
}

// read reads a message and returns why it is refused, if it is.
func (s *Server) read(m *Message, r *http.Request, service service) *refusal {
	var err error
	if r.Body != nil { // nil in a request that came through no listener
		m.Body, err = io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	}
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case m.Robot == "":
		return service.noRobot
	case err != nil, service.maxBody > 0 && len(m.Body) > service.maxBody:
		return service.tooLarge
	case r.Method != http.MethodPost:
		return service.noPost
	case mediaType != "application/json":
		return service.noJSON
	}
	if s.options.Secret != "" && service.signed != nil && !service.signed(s.options.Secret, m, r) {
		return service.wrongSignature
	}
	if refusal := service.read(m); refusal != nil {
		return refusal
	}
	return s.spend(*m, service)
}

// spend holds a message against the rate: of those that were taken, no more than
// the rates allow lie within any of their spans.
func (s *Server) spend(m Message, service service) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now() // under the lock, so that the times never decrease
	robot := string(m.Chat) + " " + m.Robot
	if now.Before(s.blocked[robot]) {
		return service.tooFast
	}
	taken := s.taken[robot]
	for len(taken) > 0 && now.Sub(taken[0]) >= time.Minute {
		taken = taken[1:]
	}
	s.taken[robot] = taken
	for _, rate := range service.rates {
		if n := len(taken); n >= rate.messages && now.Sub(taken[n-rate.messages]) < rate.span {
			s.blocked[robot] = now.Add(service.blocks)
			return service.tooFast
		}
	}
	s.taken[robot] = append(taken, now)
	return nil
}

func (s *Server) take(m Message) {
	if !s.options.Forget {
		s.mu.Lock()
		s.messages = append(s.messages, m)
		s.mu.Unlock()
	}
	if s.options.OnMessage != nil {
		s.options.OnMessage(m)
	}
}
