package scf

import (
	"os/exec"
	"syscall"
)

// ownGroup makes the process the first of a group of its own, which ends with
// this process even if that is killed: a frozen one would stay for ever.
func ownGroup(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
