//go:build !linux

package scf

import "net"

// reservePort returns a port that nobody listens on. Nothing keeps it free
// here: systems differ in whom they let share a port.
func reservePort() (port int, release func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, nil, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, func() {}, nil
}
