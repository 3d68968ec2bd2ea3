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
	created:        {number: 1, filter: true, allowed: []string{"view", "modify", "check", "configure", "view"}},
	checking:       {number: 3, filter: true, allowed: []string{"view"}},
	checkPass:      {number: 4, filter: true, checked: true, allowed: []string{"view", "modify", "check", "start", "configure", "view"}},
	checkNotPass:   {number: 5, filter: true, allowed: []string{"view", "modify", "check", "configure", "view"}},
	readyRun:       {number: 6, filter: true, checked: true, allowed: []string{"view", "stop"}},
	running:        {number: 7, filter: true, checked: true, allowed: []string{"view", "stop", "createCmpTask"}},
	readyComplete:  {number: 8, filter: true, checked: true, allowed: []string{"view", "complete", "stop", "createCmpTask"}},
	success:        {number: 9, filter: true, checked: true, allowed: []string{"view", "isolate"}},
	"failed":       {number: 10, filter: true, checked: true, allowed: []string{"view", "isolate"}},
	"stopping":     {number: 11, filter: true, checked: true, allowed: []string{"view"}},
	"completing":   {number: 12, filter: true, checked: true, allowed: []string{"view"}},
	"canceled":     {number: unknown2018, checked: true, allowed: []string{"view", "isolate"}},
	"pausing":      {number: unknown2018, checked: true},
	"manualPaused": {number: unknown2018, checked: true, allowed: []string{"view", "resume", "stop"}},
	"resuming":     {number: unknown2018, checked: true},
	"resumableErr": {number: unknown2018, checked: true, allowed: []string{"view", "resume", "stop"}},
	"error":        {number: unknown2018, checked: true, allowed: []string{"view", "stop"}},
	"unknown":      {number: unknown2018, checked: true},
}

// allActions are the operations that there are.
var allActions = []string{"view", "modify", "check", "start", "configure", "stop", "complete", "resume",
	"createCmpTask", "isolate", "offline", "resize", "recover"}
