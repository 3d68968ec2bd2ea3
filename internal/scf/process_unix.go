//go:build unix

package scf

import (
	"os/exec"
	"syscall"
)

// killGroup ends the process and all that it started.
func killGroup(c *exec.Cmd) { syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }

// Freeze stops the instance as the platform does between events.
func (i *Instance) Freeze() { i.signal(syscall.SIGSTOP) }

// Thaw lets a frozen instance go on.
func (i *Instance) Thaw() { i.signal(syscall.SIGCONT) }

func (i *Instance) signal(s syscall.Signal) {
	if i.running() {
		syscall.Kill(-i.Pid(), s)
	}
}
