package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"migratecheck/internal/check"
)

// progress shows, on a terminal's last line, how far the function is with an
// event. What else the terminal is to show goes through it.
type progress struct {
	to       io.Writer
	jobs     int // of the event; 0 as long as this is not known
	began    time.Time
	deadline time.Time
	now      func() time.Time

	mu                      sync.Mutex
	done, failed, notPassed int
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

// Write shows whole lines above the last one.
func (p *progress) Write(lines []byte) (int, error) {
	p.mu.Lock()
	_, err := p.to.Write(append([]byte(clearLine), lines...))
	p.mu.Unlock()
	p.draw()
	return len(lines), err
}

// count counts a job that is done, of so many.
func (p *progress) count(jobs int, kind check.Kind) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if jobs > 0 {
		p.jobs = jobs
	}
	p.done++
	switch kind {
	case check.KindFailed:
		p.failed++
	case check.KindNotPassed:
		p.notPassed++
	}
}

func (p *progress) draw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	io.WriteString(p.to, clearLine+p.text())
}

// text says how far it is. The time left is reckoned from the jobs done so far,
// and is never more than the function has.
func (p *progress) text() string {
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
	return fmt.Sprintf("%d%s done, %d failed, %d not passed, %s%v left", p.done, total, p.failed, p.notPassed, at, max(left, 0).Round(time.Second))
}
