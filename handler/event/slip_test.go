package event

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A key is a slip of the name that was probably meant, or of none.
func TestSlips(t *testing.T) {
	for key, want := range map[string]string{
		"Stict": "Strict", "Sstrict": "Strict", "Strick": "Strict", "Sticrt": "", "Strcit": "Strict", "sTRCIT": "Strict", "trict": "Strict", "Strictt": "Strict",
		"Wiat": "Wait", "Wai": "Wait", "ait": "Wait", "Waits": "Wait", "Wait1": "Wait", "Waitt": "Wait", "Await": "Wait", "Waiting": "", "Wa": "",
		"Strat": "Start", "Stat": "Start", "Tsart": "Start", "Starts": "Start", "Started": "", "Restart": "", "state": "", "Stats": "", "Status": "",
		"Acept": "Accept", "Accpet": "Accept", "Accepted": "", "Except": "",
		"DryRn": "DryRun", "Dry_Run": "DryRun", "dry-run": "DryRun", "DyrRun": "DryRun", "Dry--Run": "",
		"Acton": "Action", "Actions": "", "ACTIONS": "", "Actionss": "",
		"JobI": "JobId", "Job": "", "JobdI": "JobId", "Job_Id": "JobId", "JobId1": "JobId", "JobIdss": "JobIds", "JobsId": "JobId", "Job_Ids": "JobIds", "Jobid_s": "JobIds",
		"Selcet": "Select", "Selects": "Select", "Selected": "",
		"Wäit": "Wait", "等Wait": "Wait", "Wa等待it": "", "Wait\u2028": "Wait", "StrİCt": "Strict",
		"Via": "", "RequestId": "", "JobName": "", "": "", "Strictly": "", strings.Repeat("Strict", 1000): "",
	} {
		e, err := Read([]byte(marshal(t, map[string]any{"JobId": "dts-1", key: true})))
		if err != nil {
			t.Errorf("%q is refused: %v", key, err)
			continue
		}
		if warned := len(e.Warnings) > 0; warned != (want != "") || warned && !strings.HasSuffix(e.Warnings[0], "; "+want+" was probably meant") {
			t.Errorf("%q is warned of with %q, want %q", key, e.Warnings, want)
		}
		e, err = Read([]byte(marshal(t, map[string]any{"JobId": "dts-1", "Start": true, key: true})))
		if refused := err != nil; refused != (want != "") || refused && !strings.Contains(err.Message, want+" was probably meant") {
			t.Errorf("%q beside Start: %v, %v; want %q", key, e.Requests, err, want)
		}
	}
}

// Beside Select, the filters and their slips are refused whatever is asked for, and other
// keys of senders are not.
func TestFiltersBesideSelect(t *testing.T) {
	for key, want := range map[string]bool{
		"Tags": true, "tags": true, "Tag": true, "Tgas": true, "Status": true, "Stats": true, "JobName": true, "JobNames": true, "Kind": true, "kinds": true,
		"SrcDatabaseType": true, "SrcDatabaseTypes": true, "DstDatabseType": true, "srcdatabasetype": true,
		"state": false, "Name": false, "Type": false, "Started": false, "Actions": false, "time": false, "DatabaseType": false, "Via": false,
	} {
		for _, request := range []map[string]any{
			{"Select": map[string]any{}},
			{"select": true, "Start": true},
			{"Select": "{}", "Action": "DescribeMigrateCheckJob"},
			{"Select": true, "DryRun": true},
		} {
			request[key] = "x"
			for place, payload := range map[string]string{
				"event": marshal(t, request), "Message": marshal(t, map[string]any{"Type": "Timer", "Message": request}),
			} {
				_, err := Read([]byte(payload))
				if refused := err != nil; refused != want || refused && (!strings.HasPrefix(err.Message, place+": ") || !strings.Contains(err.Message, key) || !strings.Contains(err.Message, "inside Select")) {
					t.Errorf("%s: %v, want refused: %v", payload, err, want)
				}
			}
		}
		if e, err := Read([]byte(marshal(t, map[string]any{"JobId": "dts-1", "Start": true, key: "x"}))); err != nil || len(e.Warnings) > 0 {
			t.Errorf("%q beside a job: %v, %q", key, err, e.Warnings)
		}
	}
	// However many slips come before.
	if _, err := Read([]byte(`{"Select":{},` + strings.Repeat(`"Wiat":true,`, 30) + `"Tags":{}}`)); err == nil || !strings.Contains(err.Message, "inside Select") {
		t.Error(err)
	}
	// The message of a queue has tags of its own.
	if _, err := Read([]byte(`{"specversion":"1.0","data":{"tags":"a","msgBody":"{\"Select\":{}}"}}`)); err != nil {
		t.Error(err)
	}
}

// Warnings are few and short, and can stand in a log.
func TestWarnings(t *testing.T) {
	request := map[string]any{"JobId": "dts-1"}
	for i := range 26 {
		request[fmt.Sprintf("Strict%c", 'a'+i)] = true
	}
	var records []any
	for range 20 {
		records = append(records, map[string]any{"CMQ": map[string]any{"msgBody": marshal(t, request)}})
	}
	e, err := Read([]byte(marshal(t, map[string]any{"Records": records})))
	if err != nil || len(e.Warnings) == 0 || len(e.Warnings) > 10 || len(strings.Join(e.Warnings, "")) > 2000 {
		t.Errorf("%d warnings: %q, %v", len(e.Warnings), e.Warnings, err)
	}
	e, _ = Read([]byte(`{"JobId":"dts-1","Wait\u202e":true}`))
	if want := []string{`event: has the key "Wait\u202e", which is ignored; Wait was probably meant`}; !slices.Equal(e.Warnings, want) {
		t.Errorf("got %q", e.Warnings)
	}
}
