//go:build unix

package scf

import (
	"os/exec"
	"syscall"
)

// killGroup ends the process and all that it started.
func killGroup(c *exec.Cmd) { syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }

// freeze stops the instance as the platform does between events.
func (i *Instance) freeze() { i.signal(syscall.SIGSTOP) }

// thaw lets a frozen instance go on.
func (i *Instance) thaw() { i.signal(syscall.SIGCONT) }

func (i *Instance) signal(s syscall.Signal) {
	if i.running() {
		syscall.Kill(-i.Pid(), s)
	}
}
