package cloudapi

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// readAll reads every kind of parameter and returns what was read, in a line.
func readAll(r *Request) (string, *Error) {
	f := r.Fields()
	text := fmt.Sprintf("%q %d %q", f.Required("Id"), f.Uint("Limit", 20), f.Strings("Status"))
	for _, tag := range f.Objects("Tags") {
		text += fmt.Sprintf(" %q=%q", tag.Required("Key"), tag.Strings("Values"))
	}
	return text, f.Done()
}

func TestFields(t *testing.T) {
	for name, test := range map[string]struct {
		json, form string
		want       string
	}{
		"all": {
			`{"Id": "a", "Limit": 7, "Status": ["x", "y"], "Tags": [{"Key": "env", "Values": ["prod"]}, {"Key": "team"}]}`,
			"Id=a&Limit=7&Status.0=x&Status.1=y&Tags.0.Key=env&Tags.0.Values.0=prod&Tags.1.Key=team",
			`"a" 7 ["x" "y"] "env"=["prod"] "team"=[]`,
		},
		"few":       {`{"Id": ""}`, "Id=", `"" 20 []`},
		"null":      {`{"Id": "a", "Limit": null, "Status": null, "Tags": null}`, "Id=a", `"a" 20 []`},
		"ten":       {`{"Id": "a", "Status": ["0","1","2","3","4","5","6","7","8","9","10"]}`, "Id=a&Status.10=10&Status.0=0&Status.1=1&Status.2=2&Status.3=3&Status.4=4&Status.5=5&Status.6=6&Status.7=7&Status.8=8&Status.9=9", `"a" 20 ["0" "1" "2" "3" "4" "5" "6" "7" "8" "9" "10"]`},
		"no limit":  {`{"Id": "a", "Limit": 18446744073709551615}`, "Id=a&Limit=18446744073709551615", `"a" 18446744073709551615 []`},
		"empty too": {`{"Id": "a", "Status": [], "Tags": []}`, "Id=a", `"a" 20 []`},
	} {
		t.Run(name, func(t *testing.T) {
			for way, r := range map[string]*Request{"JSON": ofJSON(t, test.json), "form": ofForm(t, test.form)} {
				if got, refusal := readAll(r); got != test.want || refusal != nil {
					t.Errorf("%s: got %s, %v; want %s", way, got, refusal, test.want)
				}
			}
		})
	}
}

func ofJSON(t *testing.T, text string) *Request {
	t.Helper()
	var r Request
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&r.Parameters); err != nil {
		t.Fatal(err)
	}
	return &r
}

func ofForm(t *testing.T, text string) *Request {
	t.Helper()
	form, err := url.ParseQuery(text)
	if err != nil {
		t.Fatal(err)
	}
	return &Request{Parameters: flat(form), Form: true}
}

func TestFieldsRefused(t *testing.T) {
	for name, test := range map[string]struct{ json, form, code, mention string }{
		"missing":              {json: `{}`, code: "MissingParameter", mention: "`Id`"},
		"missing, in a form":   {form: "Limit=1", code: "MissingParameter", mention: "`Id`"},
		"missing, null":        {json: `{"Id": null}`, code: "MissingParameter", mention: "`Id`"},
		"missing, deeper":      {json: `{"Id": "a", "Tags": [{"Key": "k"}, {}]}`, code: "MissingParameter", mention: "`Tags.1.Key`"},
		"missing, deeper form": {form: "Id=a&Tags.0.Values.0=x", code: "MissingParameter", mention: "`Tags.0.Key`"},
		"string a number":      {json: `{"Id": 1}`, code: "InvalidParameter", mention: "`Id` must be a string"},
		"string an array":      {json: `{"Id": ["a"]}`, code: "InvalidParameter", mention: "`Id` must be a string"},
		"number a string":      {json: `{"Id": "a", "Limit": "7"}`, code: "InvalidParameter", mention: "`Limit`"},
		"number negative":      {json: `{"Id": "a", "Limit": -1}`, code: "InvalidParameter", mention: "`Limit`"},
		"number a fraction":    {json: `{"Id": "a", "Limit": 1.5}`, code: "InvalidParameter", mention: "`Limit`"},
		"no number in a form":  {form: "Id=a&Limit=x", code: "InvalidParameter", mention: "`Limit`"},
		"list a string":        {json: `{"Id": "a", "Status": "x"}`, code: "InvalidParameter", mention: "`Status` must be a list"},
		"list of numbers":      {json: `{"Id": "a", "Status": ["x", 1]}`, code: "InvalidParameter", mention: "`Status.1`"},
		"list of null":         {json: `{"Id": "a", "Status": [null]}`, code: "InvalidParameter", mention: "`Status.0`"},
		"list with a gap":      {form: "Id=a&Status.0=x&Status.2=z", code: "InvalidParameter", mention: "`Status`"},
		"list from 1":          {form: "Id=a&Status.1=x", code: "InvalidParameter", mention: "`Status`"},
		"list unnumbered":      {form: "Id=a&Status=x", code: "InvalidParameter", mention: "`Status`"},
		"objects are strings":  {json: `{"Id": "a", "Tags": ["x"]}`, code: "InvalidParameter", mention: "`Tags.0` must be an object"},
		"string and object":    {form: "Id=a&Tags.0=x&Tags.0.Key=k", code: "InvalidParameter", mention: "`Tags` must be numbered"},
		"unknown":              {json: `{"Id": "a", "Froce": true}`, code: "UnknownParameter", mention: `"Froce"`},
		"unknown, in a form":   {form: "Id=a&Froce=1", code: "UnknownParameter", mention: `"Froce"`},
		"unknown list":         {form: "Id=a&Froce.0=1", code: "UnknownParameter", mention: `"Froce.0"`},
		"unknown, deeper":      {json: `{"Id": "a", "Tags": [{"Key": "k", "Value": "v"}]}`, code: "UnknownParameter", mention: `"Tags.0.Value"`},
		"unknown deeper, form": {form: "Id=a&Tags.0.Key=k&Tags.0.Value=v", code: "UnknownParameter", mention: `"Tags.0.Value"`},
		"unknown is first":     {json: `{"id": "a"}`, code: "UnknownParameter", mention: `"id"`},
		"dot, but no form":     {json: `{"Id": "a", "Status.0": "x"}`, code: "UnknownParameter", mention: `"Status.0"`},
	} {
		t.Run(name, func(t *testing.T) {
			r := ofForm(t, test.form)
			if test.json != "" {
				r = ofJSON(t, test.json)
			}
			got, refusal := readAll(r)
			if refusal == nil || refusal.Code != test.code || !strings.Contains(refusal.Message, test.mention) {
				t.Errorf("got %s, %v; want %s that mentions %s", got, refusal, test.code, test.mention)
			}
		})
	}
}
