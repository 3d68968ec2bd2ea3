package scf

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// environmentAt returns the environment as the deployer sees it in a
// directory: this process's own, and for what is not there the nearest file of
// variables, .env.STAGE or else .env, in the directory or one of the two above.
func environmentAt(dir, stage string) (func(string) (string, bool), error) {
	var more map[string]string
	for _, up := range []string{".", "..", filepath.Join("..", "..")} {
		for _, name := range []string{".env." + stage, ".env"} {
			path := filepath.Join(dir, up, name)
			if info, err := os.Stat(path); more != nil || err != nil || !info.Mode().IsRegular() {
				continue
			}
			file, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			more = parseDotenv(string(file))
		}
	}
	return func(name string) (string, bool) {
		if value, ok := os.LookupEnv(name); ok {
			return value, true
		}
		value, ok := more[name]
		return value, ok
	}, nil
}

var dotenvLine = regexp.MustCompile(`^[\s\x{feff}]*([\w.-]+)\s*=\s*(.*)$`)

// parseDotenv reads a file of variables as dotenv 8 does, with which the
// deployer reads it: NAME=value, in quotes or not, without comments behind a
// value. Other lines are nothing.
func parseDotenv(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.SplitSeq(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n") {
		m := dotenvLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		value := m[2]
		if n := len(value); n > 1 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
			double := value[0] == '"'
			if value = value[1 : n-1]; double {
				value = strings.ReplaceAll(value, `\n`, "\n")
			}
		} else {
			value = strings.TrimSpace(value)
		}
		out[m[1]] = value
	}
	return out
}
