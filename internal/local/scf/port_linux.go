package scf

import "golang.org/x/sys/unix"

// reservePort returns a port that a server started next can listen on, until
// release is called. A socket that is bound to it, and does not listen, keeps it
// from everybody who lets the system choose a port, and not from a server that
// asks for it by its number: two instances started at once never share one.
func reservePort() (port int, release func(), err error) {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, nil, err
	}
	release = func() { unix.Close(socket) }
	port, err = bind(socket)
	if err != nil {
		release()
		return 0, nil, err
	}
	return port, release, nil
}

// bind binds a socket to a port of loopback that servers may share with it.
func bind(socket int) (port int, err error) {
	if err := unix.SetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return 0, err
	}
	if err := unix.Bind(socket, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, err
	}
	address, err := unix.Getsockname(socket)
	if err != nil {
		return 0, err
	}
	return address.(*unix.SockaddrInet4).Port, nil
}
