// Package gateway stands between HTTP and a function: it makes an event of
// each request, in the form of a Function URL or of API Gateway, and an HTTP
// answer of what the function returns.
package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"

	"migratecheck/internal/local/cloudapi"
	"migratecheck/internal/local/scf"
)

// Gateway is an HTTP front of a function.
type Gateway struct {
	// Invoke has the function handle an event, as scf.Pool.Invoke does.
	Invoke func(context.Context, scf.Event) (scf.Result, error)

	// APIGateway sends events, and takes answers, in API Gateway's form; in that
	// of a Function URL otherwise.
	APIGateway bool

	// Route is the path of the API in API Gateway, such as /jobs/{JobId}/checks.
	// Other paths are not found. Empty for any path, without path parameters.
	Route string
}

// maxBody is the largest request body, in bytes.
const maxBody = 6 << 20

// ServeHTTP has the function answer a request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := cloudapi.NewRequestID()
	if g.APIGateway {
		w.Header().Set("X-Api-RequestId", id)
	} else {
		w.Header().Set("X-Scf-Request-Id", id)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		writeFailure(w, scf.ErrEventTooLarge, id)
		return
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		writeJSON(w, http.StatusRequestTimeout, map[string]string{"message": "The body did not come in time."})
		return
	}
	if err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"message": "The body cannot be read: " + err.Error()})
		return
	}
	event, ok := g.Event(r, body, id)
	if !ok {
		writeJSON(w, http.StatusNotFound, map[string]string{"message": "There is no api match " + r.URL.Path})
		return
	}
	// As on the platform, an event that has begun goes on without its client.
	result, err := g.Invoke(context.WithoutCancel(r.Context()), scf.Event{RequestID: id, Payload: event})
	if err != nil {
		writeFailure(w, err, id)
		return
	}
	answer, ok := readAnswer(result.Answer, g.APIGateway)
	if !ok {
		writeJSON(w, http.StatusForbidden, map[string]any{
			"errno": 403, "error": "Invalid scf response format. please check your scf response format.",
		})
		return
	}
	answer.write(w)
}

// writeFailure tells the client of an event that failed. The HTTP status is
// the platform's status code, as a Function URL has it.
func writeFailure(w http.ResponseWriter, err error, id string) {
	failure := scf.FailureOf(err, id)
	writeJSON(w, failure.StatusCode, failure)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // maps and structs of texts and numbers
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(body)
}
