package scf

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A reserved port is refused to who binds as the system does when it chooses a
// port, and is free for a server that asks for it.
func TestReservePort(t *testing.T) {
	port, release, err := reservePort()
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	address := fmt.Sprint("127.0.0.1:", port)
	choosing := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) (err error) {
		c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 0) })
		return err
	}}
	if l, err := choosing.Listen(t.Context(), "tcp", address); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("the port is open to everybody: error %v", err)
		if err == nil {
			l.Close()
		}
	}
	for _, host := range []string{"", "127.0.0.1"} {
		l, err := net.Listen("tcp", fmt.Sprint(host, ":", port))
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
	}
}
