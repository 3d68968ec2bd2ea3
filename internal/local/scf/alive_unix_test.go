//go:build unix

package scf

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// alive reports whether a process is there, and is no mere entry that nobody has
// asked for yet.
func alive(pid int) bool {
	stat, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return syscall.Kill(pid, 0) == nil && !bytes.Contains(stat, []byte(") Z "))
}
