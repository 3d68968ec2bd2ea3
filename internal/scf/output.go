package scf

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"io"
	"os"
	"sync"
	"time"
)

// output hands on what a process writes, a line at a time, so that writers can
// share a terminal or a log.
type output struct {
	to          io.Writer
	read, write *os.File
	done        chan struct{} // closed when nothing more is read

	syncing sync.Mutex
	mark    []byte        // a line of our own in the stream
	seen    chan struct{} // told of each mark
}

func newOutput(to io.Writer) (*output, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	o := &output{
		to:    to,
		read:  read,
		write: write,
		done:  make(chan struct{}),
		mark:  []byte(rand.Text() + "\n"),
		seen:  make(chan struct{}),
	}
	go o.copy()
	return o, nil
}

func (o *output) copy() {
	defer close(o.done)
	r := bufio.NewReader(o.read)
	for {
		line, err := r.ReadBytes('\n')
		marked := bytes.HasSuffix(line, o.mark)
		line = bytes.TrimSuffix(line, o.mark)
		if len(line) > 0 {
			if !bytes.HasSuffix(line, []byte("\n")) {
				line = append(line, '\n')
			}
			o.to.Write(line)
		}
		if marked {
			o.seen <- struct{}{}
		}
		if err != nil {
			return
		}
	}
}

// sync returns when all that was written so far has been handed on. The pipe
// keeps the order, so our own mark comes after it.
func (o *output) sync() {
	o.syncing.Lock()
	defer o.syncing.Unlock()
	if _, err := o.write.Write(o.mark); err != nil {
		<-o.done // the process has ended: the rest is on its way
		return
	}
	select {
	case <-o.seen:
	case <-o.done:
	}
}

// close waits for the rest, which has no reason to take long: the process has
// ended.
func (o *output) close() {
	o.write.Close()
	select {
	case <-o.done:
	case <-time.After(time.Second): // somebody that it started still holds the pipe
	}
	o.read.Close()
	<-o.done
}
