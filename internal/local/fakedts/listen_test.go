package fakedts_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"testing"
	"time"

	"migratecheck/internal/local/fakedts"
)

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// witness keeps the headers of the answers that pass.
type witness struct {
	http.RoundTripper
	last *http.Response
}

func (w *witness) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := w.RoundTripper.RoundTrip(r)
	w.last = response
	return response, err
}

// TestWire has what every answer has in common, over HTTP, over TLS and
// without a listener: Tencent's SDKs rely on each of it.
func TestWire(t *testing.T) {
	s := fakedts.New(fakedts.Options{Jobs: []fakedts.Job{{JobID: "dts-1kl0iy0v", CheckSeconds: fakedts.Instant}}})
	overHTTP, _ := listen(t, s, false)
	overTLS, _ := listen(t, s, true)
	seen := map[string]bool{}
	for way, c := range map[string]client{"HTTP": overHTTP, "TLS": overTLS, "no listener": clientOf(s)} {
		for _, job := range []string{"dts-1kl0iy0v", "dts-unknown0"} {
			t.Run(way+"/"+job, func(t *testing.T) {
				w := &witness{RoundTripper: c.transport}
				c.transport = w
				body, err := c.ask("2021-12-06", "CreateMigrateCheckJob", map[string]any{"JobId": job})
				if (err != nil) != (job == "dts-unknown0") {
					t.Fatal(err)
				}
				if w.last.StatusCode != http.StatusOK || w.last.Header.Get("Content-Type") != "application/json" {
					t.Errorf("status %d, content type %q; want 200 and application/json", w.last.StatusCode, w.last.Header.Get("Content-Type"))
				}
				if w.last.ProtoMajor != 1 {
					t.Errorf("%s, want HTTP/1.1", w.last.Proto)
				}
				id := lastCall(t, s).RequestID
				if seen[id] {
					t.Errorf("RequestId %s came twice", id)
				}
				seen[id] = true
				if err != nil {
					return
				}
				var answer map[string]map[string]any
				if err := json.Unmarshal([]byte(body), &answer); err != nil || len(answer) != 1 || len(answer["Response"]) != 1 || answer["Response"]["RequestId"] != id {
					t.Errorf("body %s, want a RequestId and nothing else", body)
				}
			})
		}
	}
}

func TestListenerTellsItsAddress(t *testing.T) {
	s := fakedts.New(fakedts.Options{})
	c, _ := listen(t, s, false)
	if c.endpoint.Scheme != "http" || c.endpoint.Hostname() != "127.0.0.1" || c.endpoint.Port() == "0" || c.endpoint.Port() == "" {
		t.Errorf("URL %s", c.endpoint)
	}
	if second, err := s.Listen(c.endpoint.Host, false); err == nil {
		second.Close()
		t.Errorf("%s was bound twice", c.endpoint.Host)
	}
}

func TestCertificate(t *testing.T) {
	s := fakedts.New(fakedts.Options{})
	c, _ := listen(t, s, true)
	if err := c.create("dts-1kl0iy0v"); err != nil {
		t.Errorf("by its address: %v", err)
	}
	c.endpoint.Host = net.JoinHostPort("localhost", c.endpoint.Port())
	if err := c.create("dts-dau5czmd"); err != nil {
		t.Errorf("by the name localhost: %v", err)
	}
	c.transport = new(http.Transport)
	if err := c.create("dts-1kl0iy0v"); codeOf(err) != "ClientError.NetworkError" {
		t.Errorf("by a client that does not trust it: %v", err)
	}
}

// TestCloseEndsSilence: a call that is never answered does not outlive its
// listener.
func TestCloseEndsSilence(t *testing.T) {
	arrived := make(chan struct{}, 10)
	s := fakedts.New(fakedts.Options{
		Faults: []fakedts.Fault{{Kind: fakedts.FaultSilence}},
		Now: func() time.Time {
			arrived <- struct{}{}
			return time.Now()
		},
	})
	l, err := s.Listen("127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		response, err := http.Get(l.URL)
		if err == nil {
			response.Body.Close()
		}
		ended <- err
	}()
	<-arrived
	l.Close()
	if err := <-ended; err == nil {
		t.Error("the call was answered")
	}
	if _, err := net.Dial("tcp", l.URL[len("http://"):]); err == nil {
		t.Error("the listener still listens")
	}
}
