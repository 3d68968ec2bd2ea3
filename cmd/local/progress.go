package main

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
)

// progress shows, on a terminal's last line, how far the function is with an
// event. It learns that from the function's own log lines, which pass through
// it: one for each job that is done.
type progress struct {
	to       io.Writer
	jobs     int // of the event; 0 as long as this is not known
	began    time.Time
	deadline time.Time
	now      func() time.Time

	mu           sync.Mutex
	done, failed int
}

// clearLine goes to the beginning of the line and clears it.
const clearLine = "\r\x1b[K"

// show draws the line twice a second until stop is called, which takes it away.
func (p *progress) show() (stop func()) {
	ticker := time.NewTicker(500 * time.Millisecond)
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				p.draw()
			case <-end:
				io.WriteString(p.to, clearLine)
				return
			}
		}
	}()
	return func() { close(end); <-ended }
}

// Write takes one line of the function's and hands it on.
func (p *progress) Write(line []byte) (int, error) {
	p.mu.Lock()
	p.count(line)
	p.to.Write(append([]byte(clearLine), line...))
	p.mu.Unlock()
	p.draw()
	return len(line), nil
}

func (p *progress) count(line []byte) {
	var l struct {
		Message string `json:"msg"`
		Jobs    int    `json:"jobs"`
		Code    string `json:"code"`
	}
	if json.Unmarshal(line, &l) != nil || l.Message != "job" {
		return
	}
	if l.Jobs > 0 {
		p.jobs = l.Jobs
	}
	p.done++
	if l.Code != "" {
		p.failed++
	}
}

func (p *progress) draw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	io.WriteString(p.to, clearLine+p.line())
}

// line says how far it is. The time left is reckoned from the jobs done so far,
// and is never more than the function has.
func (p *progress) line() string {
	now := p.now()
	left, at := p.deadline.Sub(now), "at most "
	if p.done > 0 && p.jobs > p.done {
		if reckoned := now.Sub(p.began) / time.Duration(p.done) * time.Duration(p.jobs-p.done); reckoned < left {
			left, at = reckoned, "about "
		}
	}
	total := ""
	if p.jobs > 0 {
		total = fmt.Sprintf(" of %d", p.jobs)
	}
	return fmt.Sprintf("%d%s done, %d failed, %s%v left", p.done, total, p.failed, at, max(left, 0).Round(time.Second))
}
