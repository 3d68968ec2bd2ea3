//go:build !linux

package scf

// keepToLoopback does nothing: there is no way here to bind the sockets of
// another process. What is listened on is reachable as far as the system's
// firewall lets it.
func keepToLoopback(int) {}
