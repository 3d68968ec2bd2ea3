package handler

import (
	"testing"
	"time"

	"migratecheck/internal/check"
)

// A verdict is believed only if it cannot be older than the creation.
func TestEvidence(t *testing.T) {
	yes, no := true, false
	passed := check.State{Status: check.Finished, Passed: &yes}
	failed := check.State{Status: check.Finished, Passed: &no}
	ended := check.State{Status: check.Finished}
	running := check.State{Status: check.Running}
	none := check.State{Status: check.Unavailable}
	since := time.Date(2026, 11, 1, 2, 0, 0, 0, time.UTC)
	job := func(status string, ended time.Duration) *check.Job {
		return &check.Job{Status: status, CheckEnded: since.Add(ended)}
	}
	type look struct {
		state check.State
		job   *check.Job // read after it, if the check alone proves nothing
		want  bool
	}
	for name, row := range map[string]struct {
		created bool
		looks   []look
	}{
		"read without a creation":                {false, []look{{passed, nil, true}}},
		"seen running since":                     {true, []look{{running, nil, true}, {passed, nil, true}}},
		"no check shown since":                   {true, []look{{none, nil, true}, {failed, nil, true}}},
		"the old verdict, then running":          {true, []look{{passed, nil, false}, {running, nil, true}, {passed, nil, true}}},
		"the old verdict stays":                  {true, []look{{passed, nil, false}, {passed, nil, false}, {passed, nil, false}}},
		"another verdict than at first":          {true, []look{{passed, nil, false}, {failed, nil, true}, {failed, nil, true}}},
		"an end without a verdict proves naught": {true, []look{{ended, nil, false}, {ended, nil, false}, {passed, nil, false}}},
		"the job has left checking":              {true, []look{{passed, job(check.JobChecking, -time.Hour), false}, {passed, job(check.JobCheckPass, -time.Hour), true}}},
		"the check is behind the job":            {true, []look{{passed, job(check.JobChecking, -time.Hour), false}, {passed, job(check.JobCheckNotPass, -time.Hour), false}, {failed, nil, true}}},
		"a job that never left":                  {true, []look{{passed, job(check.JobCheckPass, -time.Hour), false}, {passed, job(check.JobCheckPass, -time.Hour), false}}},
		"dated after":                            {true, []look{{passed, job(check.JobCheckPass, time.Second), true}}},
		"believed once, believed on":             {true, []look{{passed, job(check.JobCheckPass, time.Second), true}, {passed, job(check.JobRunning, time.Second), true}}},
		"dated after, but another verdict":       {true, []look{{passed, job(check.JobCheckNotPass, time.Second), false}}},
		"dated after the answer":                 {true, []look{{passed, job(check.JobCheckPass, 3*time.Minute), false}}},
		"a word that says nothing":               {true, []look{{check.State{Status: "error"}, nil, false}, {passed, nil, false}}},
		"no word":                                {true, []look{{check.State{}, nil, false}, {passed, nil, false}}},
		"dated after, failed, the job passed":    {true, []look{{failed, job(check.JobCheckPass, time.Second), false}}},
		"dated at the creation":                  {true, []look{{failed, job(check.JobCheckNotPass, 0), false}}},
		"dated before":                           {true, []look{{failed, job(check.JobCheckNotPass, -time.Second), false}}},
		"dated, a job that migrates":             {true, []look{{passed, job(check.JobRunning, time.Second), false}}},
		"dated, no verdict":                      {true, []look{{ended, job(check.JobCheckPass, time.Second), false}}},
	} {
		t.Run(name, func(t *testing.T) {
			e := evidence{created: row.created, since: since}
			for i, l := range row.looks {
				got := e.proves(l.state)
				if !got && l.job != nil {
					got = e.provesWith(*l.job, since.Add(time.Minute), l.state)
				}
				if got != l.want {
					t.Fatalf("look %d: %v", i, got)
				}
			}
		})
	}
}
