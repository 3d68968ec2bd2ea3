package fakedts

// The states of a job that the endpoint itself has to know, in the words of
// version 2021-12-06.
const (
	created       = "created"
	checking      = "checking"
	checkPass     = "checkPass"
	checkNotPass  = "checkNotPass"
	readyRun      = "readyRun"
	running       = "running"
	readyComplete = "readyComplete"
	success       = "success"
)

// status is what is known of a state.
type status struct {
	// number in version 2018-03-30.
	number int

	// sync is the word for the state of a sync job; empty where it has none.
	sync string

	// filter is set if DescribeMigrationJobs can filter by the state.
	filter bool

	// checked is set if a job comes to the state through a check that passed.
	checked bool

	// allowed are the operations that the state allows; nil where the API says
	// nothing of operations.
	allowed []string
}

// unknown2018 is the number of a state for which version 2018-03-30 has none.
const unknown2018 = 23

// statuses are all states. A word twice among the operations is the API's own
// habit.
var statuses = map[string]status{
	"creating":     {number: 1},
	created:        {number: 1, sync: "Initialized", filter: true, allowed: []string{"view", "modify", "check", "configure", "view"}},
	checking:       {number: 3, sync: "Checking", filter: true, allowed: []string{"view"}},
	checkPass:      {number: 4, sync: "CheckPass", filter: true, checked: true, allowed: []string{"view", "modify", "check", "start", "configure", "view"}},
	checkNotPass:   {number: 5, sync: "CheckNotPass", filter: true, allowed: []string{"view", "modify", "check", "configure", "view"}},
	readyRun:       {number: 6, sync: "ReadyRunning", filter: true, checked: true, allowed: []string{"view", "stop"}},
	running:        {number: 7, sync: "Running", filter: true, checked: true, allowed: []string{"view", "stop", "createCmpTask"}},
	readyComplete:  {number: 8, filter: true, checked: true, allowed: []string{"view", "complete", "stop", "createCmpTask"}},
	success:        {number: 9, filter: true, checked: true, allowed: []string{"view", "isolate"}},
	"failed":       {number: 10, sync: "Failed", filter: true, checked: true, allowed: []string{"view", "isolate"}},
	"stopping":     {number: 11, sync: "Stopping", filter: true, checked: true, allowed: []string{"view"}},
	"completing":   {number: 12, filter: true, checked: true, allowed: []string{"view"}},
	"canceled":     {number: unknown2018, sync: "Stopped", checked: true, allowed: []string{"view", "isolate"}},
	"pausing":      {number: unknown2018, sync: "Pausing", checked: true},
	"manualPaused": {number: unknown2018, sync: "Paused", checked: true, allowed: []string{"view", "resume", "stop"}},
	"resuming":     {number: unknown2018, sync: "Resuming", checked: true},
	"resumableErr": {number: unknown2018, sync: "ResumableErr", checked: true, allowed: []string{"view", "resume", "stop"}},
	"error":        {number: unknown2018, checked: true, allowed: []string{"view", "stop"}},
	"unknown":      {number: unknown2018, sync: "Unknown", checked: true},
}

// unInitialized is the status of a sync job that is not configured.
const unInitialized = "UnInitialized"

// allActions are the operations that there are.
var allActions = []string{"view", "modify", "check", "start", "configure", "stop", "complete", "resume",
	"createCmpTask", "isolate", "offline", "resize", "recover"}

// allSyncActions are those of sync jobs.
var allSyncActions = []string{"view", "configure", "check", "start", "stop", "resume", "pause", "continue", "limitRate", "resize",
	"isolate", "offline", "recover", "postPay2prePay", "configureOptObj", "checkOptObj", "startOptObj", "createCmpTask"}
