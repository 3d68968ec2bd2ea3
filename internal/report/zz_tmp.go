package report

func Home(language string) []byte { return nil }
