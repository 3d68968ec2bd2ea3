//go:build !race

package dts

const raceDetector = false
