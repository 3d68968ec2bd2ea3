package cloudapi

import "fmt"

// Error is a refusal, as the wire has it.
type Error struct {
	Code, Message string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Refuse returns a refusal; format and values are those of fmt.Sprintf.
func Refuse(code, format string, values ...any) *Error {
	return &Error{code, fmt.Sprintf(format, values...)}
}

// Missing returns the refusal of a request without a parameter.
func Missing(parameter string) *Error {
	return Refuse("MissingParameter", "The required parameter `%s` is missing.", parameter)
}
