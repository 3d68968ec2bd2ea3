package scf

import (
	"errors"
	"net"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func TestKeepToLoopback(t *testing.T) {
	listener, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	process, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(process)
	raw, err := listener.(*net.TCPListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	keepToLoopback(os.Getpid())
	raw.Control(func(socket uintptr) {
		if _, err := unix.PidfdGetfd(process, int(socket), 0); errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSYS) {
			return // not allowed here
		}
		if device, err := unix.GetsockoptString(int(socket), unix.SOL_SOCKET, unix.SO_BINDTODEVICE); err != nil || device != "lo" {
			t.Errorf("bound to %q, error %v, want the loopback device", device, err)
		}
	})
}
