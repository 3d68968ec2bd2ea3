package gateway

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"migratecheck/internal/local/scf"
)

// pipes is a listener in memory: synctest knows when everybody waits.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// upload sends the beginning of a request whose body is to be of the length.
func upload(t *testing.T, p pipes, length int, body string) net.Conn {
	t.Helper()
	client, server := net.Pipe()
	p <- server
	go fmt.Fprintf(client, "POST / HTTP/1.1\r\nHost: f\r\nContent-Length: %d\r\n\r\n%s", length, body)
	return client
}

func serveLimited(t *testing.T) (pipes, *[]int) {
	p := make(pipes)
	var events []int
	g := &Gateway{Invoke: func(_ context.Context, e scf.Event) (scf.Result, error) {
		events = append(events, len(e.Payload))
		time.Sleep(5 * time.Minute) // the read deadline is not the answer's
		return scf.Result{Answer: []byte(ok)}, nil
	}}
	server := &http.Server{Handler: Limit(g)}
	go server.Serve(p)
	t.Cleanup(func() { server.Close() })
	return p, &events
}

// A body that stops, and one that dribbles, are given up; one that comes is
// answered, however long the answer takes.
func TestSlowBodies(t *testing.T) {
	for name, c := range map[string]struct {
		every  time.Duration // between two bytes, of which there are 12; 0 for none after the first
		status string
		took   time.Duration
	}{
		"stops":    {0, "408", bodyIdle},
		"dribbles": {8 * time.Second, "408", bodyTime},
		"comes":    {time.Second, "200", 11*time.Second + 5*time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, _ := serveLimited(t)
				began := time.Now()
				client := upload(t, p, 12, "x")
				var sender sync.WaitGroup
				defer sender.Wait()
				defer client.Close()
				sender.Go(func() {
					for range 11 {
						if c.every > 0 {
							time.Sleep(c.every)
							client.Write([]byte("x"))
						}
					}
				})
				answer, err := http.ReadResponse(bufio.NewReader(client), nil)
				if err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); !strings.HasPrefix(answer.Status, c.status) || took != c.took {
					t.Errorf("%s after %v, want %s after %v", answer.Status, took, c.status, c.took)
				}
			})
		})
	}
}

// Of sixty large uploads that stall, a few are in memory beyond their
// beginning; the others wait unread, small ones pass by them.
func TestStalledUploads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, events := serveLimited(t)
		const size = 1 << 20
		var clients []net.Conn
		sent := make([]atomic.Int64, 60)
		for i := range sent {
			client, server := net.Pipe()
			defer client.Close()
			p <- server
			clients = append(clients, client)
			go func() {
				fmt.Fprintf(client, "POST / HTTP/1.1\r\nHost: f\r\nContent-Length: %d\r\n\r\n", size)
				chunk := make([]byte, 4<<10)
				for int(sent[i].Load()) < size-len(chunk) { // and never the rest
					n, err := client.Write(chunk)
					sent[i].Add(int64(n))
					if err != nil {
						return
					}
				}
			}()
		}
		synctest.Wait()
		total := 0
		for i := range sent {
			total += int(sent[i].Load())
		}
		if total > 20*size {
			t.Errorf("%d bytes of stalled bodies were read, want a third at most", total)
		}
		small := upload(t, p, 2, "{}")
		defer small.Close()
		synctest.Wait()
		if len(*events) != 1 {
			t.Errorf("%d events: the small request did not pass", len(*events))
		}
		// Those that stalled make room for the next, which is not late for having waited.
		late := upload(t, p, size, strings.Repeat("x", size))
		defer late.Close()
		for _, c := range clients {
			go io.Copy(io.Discard, c)
		}
		time.Sleep(10 * bodyTime)
		synctest.Wait()
		if len(*events) != 2 {
			t.Errorf("%d events: a large request found no turn", len(*events))
		}
		time.Sleep(time.Hour) // until all is answered
	})
}

// While an answer takes its time, nothing ends the request's context.
func TestLongAnswers(t *testing.T) {
	for _, body := range []string{"", "{}"} {
		synctest.Test(t, func(t *testing.T) {
			p := make(pipes)
			ended := make(chan error, 1)
			server := &http.Server{ReadTimeout: time.Minute, Handler: Limit(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				time.Sleep(5 * time.Minute)
				ended <- r.Context().Err()
			}))}
			go server.Serve(p)
			defer server.Close()
			client := upload(t, p, len(body), body)
			defer client.Close()
			go io.Copy(io.Discard, client)
			if err := <-ended; err != nil {
				t.Errorf("with the body %q: %v", body, err)
			}
		})
	}
}
