package scf

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// keepToLoopback makes what a process listens on unreachable from other
// machines: the runtime library listens on all addresses, and serves whoever
// calls. The sockets are bound to the loopback device, from here, before the
// process has anything to hide. Systems older than Linux 5.7, and containers
// that may not do it, go without.
func keepToLoopback(pid int) {
	process, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return
	}
	defer unix.Close(process)
	directory := "/proc/" + strconv.Itoa(pid) + "/fd/"
	entries, _ := os.ReadDir(directory) // the process may have ended
	for _, entry := range entries {
		link, _ := os.Readlink(directory + entry.Name())
		number, err := strconv.Atoi(entry.Name())
		if err != nil || !strings.HasPrefix(link, "socket:") {
			continue
		}
		socket, err := unix.PidfdGetfd(process, number, 0)
		if err != nil {
			continue
		}
		if listens, _ := unix.GetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); listens == 1 {
			unix.BindToDevice(socket, "lo")
		}
		unix.Close(socket)
	}
}
