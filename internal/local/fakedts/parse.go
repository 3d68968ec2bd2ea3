package fakedts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"migratecheck/internal/local/spelling"
)

// ParseJobs reads a jobs file: a JSON array of jobs, an empty one included. An
// error names the job, the member and, of a word that is not known, the one that
// was probably meant.
func ParseJobs(file []byte) ([]Job, error) {
	decoder := json.NewDecoder(bytes.NewReader(file))
	var elements []json.RawMessage
	var syntax *json.SyntaxError
	switch err := decoder.Decode(&elements); {
	case errors.As(err, &syntax):
		line := 1 + bytes.Count(file[:min(int(syntax.Offset), len(file))], []byte("\n"))
		return nil, fmt.Errorf("jobs file: line %d: %w", line, err)
	case err != nil:
		return nil, fmt.Errorf("jobs file: must be one JSON array of jobs: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF || elements == nil {
		return nil, errors.New("jobs file: must be one JSON array")
	}
	jobs := make([]Job, len(elements))
	seen := make(map[string]bool, len(jobs))
	for i, element := range elements {
		member, problem := parseJob(element, &jobs[i])
		id := jobs[i].JobID
		if problem == "" && (id == "" || seen[id]) {
			member, problem = ".JobId", "must be given, and differ from the others"
		}
		if problem != "" {
			whose := ""
			if id != "" {
				whose = fmt.Sprintf("job %q, ", id)
			}
			return nil, fmt.Errorf("jobs file: %s[%d]%s: %s", whose, i, member, problem)
		}
		seen[id] = true
	}
	return jobs, nil
}

// parseJob reads a job and returns what is wrong with it, if anything, and where.
func parseJob(text json.RawMessage, j *Job) (member, problem string) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(j)
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		if kind.Field != "" {
			member = "." + kind.Field
		}
		return member, fmt.Sprintf("must be a %s, not a %s", wordFor(kind.Type), kind.Value)
	}
	if err != nil { // the JSON is valid: only a name can be at fault
		name := strings.Trim(strings.TrimPrefix(err.Error(), "json: unknown field "), `"`)
		var id struct{ JobID string }
		json.Unmarshal(text, &id) // reading ended at the unknown name, perhaps before the JobId
		j.JobID = id.JobID
		return "." + name, "there is no such member" + spelling.Hint(name, members)
	}
	if member, problem = j.wrong(); problem != "" {
		member = "." + member
	}
	return member, problem
}

// wordFor says what kind of JSON a Go type is read from.
func wordFor(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "text"
	case reflect.Slice:
		return "list"
	case reflect.Struct, reflect.Map, reflect.Pointer:
		return "JSON object"
	}
	return "number"
}

// members are the names that a jobs file may have.
var members = slices.Concat(namesOf[Job](), namesOf[Verdict](), namesOf[Step](), namesOf[DetailItem]())

func namesOf[T any]() (out []string) {
	for field := range reflect.TypeFor[T]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		out = append(out, name)
	}
	return out
}
