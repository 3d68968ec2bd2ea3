//go:build race

package dts

// raceDetector reports whether the tests run with the race detector, under which
// going through megabytes of JSON takes ten times as long.
const raceDetector = true
