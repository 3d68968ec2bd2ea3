package scf

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"io"
	"os"
	"slices"
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

// maxLine is the longest line that is handed on in one piece, in bytes: a process
// that never ends a line must not fill the memory.
const maxLine = 1 << 20

func (o *output) copy() {
	defer close(o.done)
	r := bufio.NewReader(o.read)
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			text, marked := bytes.CutSuffix(line, o.mark)
			o.handOn(text)
			if marked {
				o.seen <- struct{}{}
			}
			line = line[:0]
		case err != bufio.ErrBufferFull:
			o.handOn(line)
			return
		case len(line) > maxLine:
			cut := len(line) - len(o.mark) // what follows may be the mark's beginning
			o.handOn(line[:cut])
			line = append(line[:0], line[cut:]...)
		}
	}
}

// handOn hands a line on, with a newline if it has none.
func (o *output) handOn(line []byte) {
	if len(line) == 0 {
		return
	}
	if line[len(line)-1] != '\n' {
		line = append(slices.Clip(line), '\n')
	}
	o.to.Write(line)
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
	case <-time.After(500 * time.Millisecond): // somebody that it started still holds the pipe
	}
	o.read.Close()
	<-o.done
}
