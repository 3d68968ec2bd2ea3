package scf

import (
	"os"
	"strconv"
	"strings"
)

// peakMemory reads the peak resident size of a process, in bytes, where the
// system tells it (Linux); 0 elsewhere.
func peakMemory(pid int) int64 {
	status, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmHWM:" {
			kilobytes, _ := strconv.ParseInt(fields[1], 10, 64)
			return kilobytes << 10
		}
	}
	return 0
}
