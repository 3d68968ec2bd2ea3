package fakedts

import "migratecheck/internal/local/cloudapi"

// What DTS refuses.
var (
	errCheckRuns = cloudapi.Refuse("InternalError.DuplicateJob", "A check of the migration task is running.")
	errNoConfig  = cloudapi.Refuse("FailedOperation.NotAllowOperation", "The job is not configured: no check can be created.")
	errNotPassed = cloudapi.Refuse("FailedOperation.NotAllowOperation", "The job cannot be started before a check has passed.")
	errStarted   = cloudapi.Refuse("InternalError.DuplicateJob", "The migration task has been started.")
	errConflict  = cloudapi.Refuse("FailedOperation.StatusInConflict", "The job cannot be started in its present status.")
)

// notExist is what DTS says of a job that is not there, by kind.
var notExist = map[string]*cloudapi.Error{
	migration: cloudapi.Refuse("ResourceNotFound.JobNotExist", "The migration task does not exist."),
	syncJob:   cloudapi.Refuse("ResourceNotFound.ResourceNotFoundError", "The sync task does not exist."),
}

// noCheck is the refusal of a check of a job in a status.
func noCheck(status string) *cloudapi.Error {
	return cloudapi.Refuse("FailedOperation.NotAllowOperation", "The job is %s: no check can be created.", status)
}

// wrongValue is the refusal of a parameter's value.
func wrongValue(name, format string, values ...any) *cloudapi.Error {
	return cloudapi.Refuse("InvalidParameterValue.InvalidParameterValueError", "The parameter `"+name+"` "+format, values...)
}
