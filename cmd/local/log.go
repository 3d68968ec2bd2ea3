package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"migratecheck/internal/local/scf"
)

// logger writes the platform's log, a line for each record: for reading, or as
// JSON objects. It is safe for concurrent use.
type logger struct {
	json   bool
	failed chan error // gets the error of the first line that could not be written

	mu sync.Mutex
	to io.Writer
}

func newLogger(to io.Writer, json bool) *logger {
	return &logger{json: json, failed: make(chan error, 1), to: to}
}

func (l *logger) log(r scf.Record) {
	line := text(r)
	if l.json {
		line = object(r)
	}
	l.write(append(line, '\n'))
}

// write writes a line.
func (l *logger) write(line []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.to.Write(line); err != nil {
		select {
		case l.failed <- err:
		default: // it is known
		}
	}
}

// note logs a message of the platform that belongs to no request.
func (l *logger) note(text string) {
	l.log(scf.Record{Time: time.Now(), Kind: scf.Note, Text: text})
}

// object is a record as a JSON object. A line of the function's that is one
// already stays as it is.
func object(r scf.Record) []byte {
	if r.Kind == scf.Line && bytes.HasPrefix([]byte(r.Text), []byte("{")) && json.Valid([]byte(r.Text)) {
		return []byte(r.Text)
	}
	o := struct {
		Time       string   `json:"time"`
		Type       scf.Kind `json:"type"`
		RequestID  string   `json:"requestId,omitempty"`
		Message    string   `json:"message,omitempty"`
		Status     int      `json:"status,omitempty"`
		DurationMs *float64 `json:"durationMs,omitempty"`
		PeakMB     float64  `json:"peakMemoryMB,omitempty"`
		SizeMB     int      `json:"memoryMB,omitempty"`
		Instance   int      `json:"instance,omitempty"`
	}{Time: r.Time.Format(time.RFC3339Nano), Type: r.Kind, RequestID: r.RequestID, Message: r.Text}
	if r.Kind == scf.Report {
		ms := float64(r.Duration.Microseconds()) / 1000
		o.Status, o.DurationMs, o.SizeMB, o.Instance = r.Status, &ms, r.Size, r.Instance
		o.PeakMB = float64(r.Memory>>10*10/1024) / 10
	}
	encoded, err := json.Marshal(o)
	if err != nil {
		panic(err) // texts and numbers only
	}
	return encoded
}

// text is a record as a line for reading: the time, the beginning of the
// request's id, what it is, and the rest.
func text(r scf.Record) []byte {
	kind, rest := string(r.Kind), printable(r.Text)
	switch r.Kind {
	case scf.Begin:
		rest = r.RequestID
	case scf.Note:
		rest = printableLines(r.Text)
	case scf.Line:
		kind, rest = functionLine(r.Text)
	case scf.Report:
		peak := "not known"
		if r.Memory > 0 {
			peak = fmt.Sprintf("%.1f MB", float64(r.Memory)/(1<<20))
		}
		rest = fmt.Sprintf("status %d, %.1f ms, memory %s of %d MB", r.Status, float64(r.Duration.Microseconds())/1000, peak, r.Size)
		if r.Instance > 0 {
			rest += fmt.Sprintf(", instance %d", r.Instance)
		}
		if r.Text != "" {
			rest += ": " + printable(cut(r.Text))
		}
	}
	id := r.RequestID
	if len(id) > 8 {
		id = id[:8]
	}
	line := fmt.Sprintf("%s %-8s %-6s %s", r.Time.Format("15:04:05.000"), id, kind, rest)
	return []byte(strings.TrimRight(line, " "))
}

// maxError is how much of an error is shown, in bytes: it may name thousands of
// jobs.
const maxError = 500

func cut(text string) string {
	if len(text) <= maxError {
		return text
	}
	return strings.ToValidUTF8(text[:maxError], "") + fmt.Sprintf("… (%d bytes in all; -json has them)", len(text))
}

// functionLine is a line that the function wrote, as its level and the rest: of
// a JSON line the message and its attributes, less those that every line of
// the log has.
func functionLine(line string) (level, rest string) {
	decoder := json.NewDecoder(strings.NewReader(line))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') || !json.Valid([]byte(line)) {
		return "LINE", printable(line)
	}
	var message, attributes string
	level = "LINE"
	for decoder.More() {
		key, err := decoder.Token()
		var raw json.RawMessage
		if err != nil || decoder.Decode(&raw) != nil {
			return "LINE", printable(line)
		}
		value := string(raw)
		if quoted := ""; json.Unmarshal(raw, &quoted) == nil {
			value = quoted
		}
		switch name := key.(string); name {
		case "time", "requestId":
		case "level":
			level = printable(value)
		case "msg":
			message = printable(value)
		default:
			if raw[0] != '{' && raw[0] != '[' && strings.ContainsAny(value, " =\"") {
				value = strconv.Quote(value)
			}
			attributes += " " + printable(name) + "=" + printable(value)
		}
	}
	return level, message + attributes
}

// printableLines is a text of several lines with a mark before each but the
// first, so that none of them looks like a line of the log.
func printableLines(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, line := range lines {
		if i > 0 {
			line = "  | " + line
		}
		lines[i] = strings.TrimRight(printable(line), " ")
	}
	return strings.Join(lines, "\n")
}

// printable escapes what could break a line, or hide in one.
func printable(s string) string {
	if !strings.ContainsFunc(s, unprintable) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unprintable(r) {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func unprintable(r rune) bool { return r == unicode.ReplacementChar || !strconv.IsPrint(r) }
