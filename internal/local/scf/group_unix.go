//go:build unix && !linux

package scf

import (
	"os/exec"
	"syscall"
)

// ownGroup makes the process the first of a group of its own.
func ownGroup(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
