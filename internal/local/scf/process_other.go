//go:build !unix

package scf

import "os/exec"

// There are no process groups and no freezing here: the process alone is
// ended, and an instance goes on between events.
func ownGroup(*exec.Cmd)    {}
func killGroup(c *exec.Cmd) { c.Process.Kill() }
func (i *Instance) freeze() {}
func (i *Instance) thaw()   {}
