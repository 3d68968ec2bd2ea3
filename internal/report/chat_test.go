package report

import "regexp"

var ids = regexp.MustCompile(`dts-[0-9a-f]{8}`)
