package scf

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// What an instance listens on is bound to the loopback device, where the system
// lets one process do that for another.
func TestKeepToLoopback(t *testing.T) {
	pid := start(t, helperProcess(t)).Pid()
	process, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(process)
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	listening := 0
	for _, file := range files {
		number, err := strconv.Atoi(filepath.Base(file))
		if err != nil {
			t.Fatal(err)
		}
		socket, err := unix.PidfdGetfd(process, number, 0)
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSYS) {
			return // not allowed here
		}
		if err != nil {
			t.Fatal(err)
		}
		if listens, _ := unix.GetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); listens == 1 {
			listening++
			if device, err := unix.GetsockoptString(socket, unix.SOL_SOCKET, unix.SO_BINDTODEVICE); err != nil || device != "lo" {
				t.Errorf("a socket is bound to %q, error %v", device, err)
			}
		}
		unix.Close(socket)
	}
	if listening == 0 {
		t.Error("no socket listens")
	}
}
