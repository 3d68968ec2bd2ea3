package dts

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"migratecheck/internal/check"
	"migratecheck/internal/tcapi"
)

// syncs are sync jobs, which are of version 2021-12-06.
type syncs struct {
	service
	jobs *combiner
}

func newSync(s service) *syncs {
	out := &syncs{service: s}
	out.jobs = &combiner{read: out.readJobs}
	return out
}

// unconfigured is the status of a sync job that is not configured: it cannot be
// checked, and is never selected.
const unconfigured = "UnInitialized"

// syncStatuses are the words for the statuses of sync jobs.
var syncStatuses = map[string]string{
	unconfigured:   "creating",
	"Initialized":  check.JobCreated,
	"Checking":     check.JobChecking,
	"CheckPass":    check.JobCheckPass,
	"CheckNotPass": check.JobCheckNotPass,
	"ReadyRunning": check.JobReadyRun,
	"Running":      check.JobRunning,
	"Pausing":      "pausing",
	"Paused":       "manualPaused",
	"Stopping":     check.JobStopping,
	"Stopped":      "canceled",
	"ResumableErr": "resumableErr",
	"Resuming":     "resuming",
	"Failed":       check.JobFailed,
	"Released":     "canceled",
}

// syncSteps are the words for the statuses of steps.
var syncSteps = map[string]string{
	"finished": check.StepPass, // or a warning
	"failed":   check.StepFailed,
	"skipped":  check.StepSkipped,
}

// jobSync is an entry of the list.
type jobSync struct {
	JobId, JobName, Status           string
	SrcDatabaseType, DstDatabaseType string
	Tags                             tags
}

func (j jobSync) job() (check.Job, tags) {
	status := syncStatuses[j.Status]
	if status == "" {
		status = check.JobUnknown
	}
	return check.Job{ID: j.JobId, Name: check.Head(j.JobName, maxName), Status: status}, j.Tags
}

// fits: DTS filters by both ends together, and not by several of each.
func (j jobSync) fits(f check.Filter) bool {
	return j.Status != unconfigured && among(f.SrcDatabaseTypes, j.SrcDatabaseType) && among(f.DstDatabaseTypes, j.DstDatabaseType)
}

func (s *syncs) list(ctx context.Context, f check.Filter, offset, limit int) (page, error) {
	r := byAge(f, offset, limit)
	for theirs, ours := range syncStatuses {
		if theirs != unconfigured && slices.Contains(f.Status, ours) {
			r.Status = append(r.Status, theirs)
		}
	}
	if len(f.Status) > 0 && r.Status == nil {
		return page{}, nil // statuses of migrations alone
	}
	slices.Sort(r.Status)
	return readPage[jobSync](ctx, s.service, f, r)
}

// describeJob reads a job together with others that are to be read.
func (s *syncs) describeJob(ctx context.Context, job string) (check.Job, check.Receipt, error) {
	found, receipt, err := s.jobs.get(ctx, job)
	if err != nil {
		return check.Job{}, check.Receipt{}, err
	}
	return only(job, found, receipt, "ResourceNotFound.ResourceNotFoundError")
}

// readJobs reads several jobs in one call, or in more if its answer is too large.
func (s *syncs) readJobs(ctx context.Context, ids []string) (map[string]check.Job, check.Receipt, error) {
	request := jobsRequest{JobIds: ids, Limit: len(ids)}
	if len(ids) == 1 {
		request = jobsRequest{JobId: ids[0]}
	}
	found, receipt, err := readJobs[jobSync](ctx, s.service, request, ids...)
	if !tooLarge(err) || len(ids) == 1 {
		return found, receipt, err
	}
	found, _, err = s.readJobs(ctx, ids[:len(ids)/2])
	if err != nil {
		return nil, check.Receipt{}, err
	}
	others, receipt, err := s.readJobs(ctx, ids[len(ids)/2:])
	maps.Copy(found, others)
	return found, receipt, err
}

// checkSync is the answer of DescribeCheckSyncJobResult. All of it may be null.
type checkSync struct {
	Status    string
	Progress  int
	StepInfos []stepSync
}

type stepSync struct {
	StepId, StepName, Status string
	Errors, Warnings         []tipSync
}

// tipSync is what DTS says of an error or a warning.
type tipSync struct{ Code, Message, Solution, HelpDoc, SkipInfo string }

// describeCheck reads the job, and the result of its check unless that runs. A verdict
// is one only if the job's own status confirms it: a check that broke down is failed, too.
func (s *syncs) describeCheck(ctx context.Context, job string) (check.State, check.Receipt, error) {
	found, receipt, err := s.describeJob(ctx, job)
	if err != nil {
		return check.State{}, check.Receipt{}, err
	}
	if found.Status == check.JobChecking {
		return check.State{Status: check.Running}, receipt, nil
	}
	state, read, err := readCheck[checkSync](ctx, s.service, job)
	if failure, ok := err.(*check.Error); ok {
		failure.Attempts += receipt.Attempts
		return check.State{}, check.Receipt{}, failure
	}
	if p := state.Passed; p != nil && !(*p && (found.Status == check.JobCheckPass || found.Started()) || !*p && found.Status == check.JobCheckNotPass) {
		state.Passed = nil
	}
	read.Attempts += receipt.Attempts
	return state, read, nil
}

func (a checkSync) state() check.State {
	s := check.State{Status: check.Head(a.Status, maxWord), Progress: min(max(a.Progress, 0), 100)}
	switch s.Status {
	case "notStarted", "":
		s.Status = check.Unavailable
	case "success", "failed":
		passed := s.Status == "success"
		s.Passed, s.Status, s.Progress = &passed, check.Finished, 100
	}
	all := make([]step2021, len(a.StepInfos))
	for i, step := range a.StepInfos {
		all[i] = step.step()
	}
	s.Steps = steps(all)
	return s
}

// step returns the step in the form of a migration's.
func (s stepSync) step() step2021 {
	out := step2021{StepId: s.StepId, StepName: s.StepName, StepStatus: syncSteps[s.Status], HasSkipped: s.Status == check.StepSkipped}
	if s.Status != "" && out.StepStatus == "" {
		out.StepStatus = check.StepNotStarted
	}
	for _, tips := range []struct {
		result string
		of     []tipSync
	}{{check.StepFailed, s.Errors}, {check.StepWarning, s.Warnings}} {
		for _, tip := range tips.of {
			if tip == (tipSync{}) { // null
				continue
			}
			if out.StepStatus == check.StepPass && tips.result == check.StepWarning {
				out.StepStatus = check.StepWarning
			}
			out.DetailCheckItems = append(out.DetailCheckItems, item2021{
				CheckItemName: tip.Code, CheckResult: tips.result, FailureReason: tip.Message, Solution: tip.Solution,
				HelpDoc: []string{tip.HelpDoc}, SkipInfo: tip.SkipInfo,
			})
		}
	}
	return out
}

// The pause before the fate of a creation is read.
const (
	leastFatePause = 100 * time.Millisecond
	mostFatePause  = 2 * time.Second
)

// create creates a check. Because no code says that one runs, the job is read after
// an attempt of unknown fate, and after a refusal for a conflict: while the job is
// checking, no check is created again.
func (s *syncs) create(ctx context.Context, job string) (check.Receipt, error) {
	var last *check.Error
	sent, read, unknown := 0, 0, false
	for {
		receipt, err := s.do(ctx, s.actions.create, jobRequest{job}, nil)
		failure, _ := err.(*check.Error)
		if failure == nil {
			receipt.Attempts += sent + read
			return receipt, nil
		}
		sent += failure.Attempts
		unknown = unknown || failure.MayBeRunning
		again := failure.Attempts > 0 && failure.Retryable() && sent < s.api.MaxAttempts()
		if failure.Attempts == 0 && last != nil { // no time is left
			failure = last
		} else if unknown || failure.HTTPStatus() == http.StatusConflict {
			found, receipt, err := s.fate(ctx, job, sent)
			read += receipt.Attempts
			if unread, ok := err.(*check.Error); ok {
				read += unread.Attempts
			}
			again = again && err == nil
			failure.Running = found.Status == check.JobChecking
			if failure.Running && unknown {
				receipt.AlreadyRunning, receipt.Attempts = true, sent+read
				return receipt, nil
			}
		}
		last = failure
		if !again {
			failure.Attempts, failure.MayBeRunning = sent+read, unknown
			return check.Receipt{}, failure
		}
	}
}

// fate reads the job after a creation was sent, a little later because what DTS
// shows may lag.
func (s *syncs) fate(ctx context.Context, job string, sent int) (check.Job, check.Receipt, error) {
	if !tcapi.Pause(ctx, sent, leastFatePause, mostFatePause) {
		return check.Job{}, check.Receipt{}, context.DeadlineExceeded
	}
	return s.describeJob(ctx, job)
}
