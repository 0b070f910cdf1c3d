"""Post a utility's bills to the datastore, check and run them, and print the savings of each account.

    URL=http://... TOKEN=eem_... python docs/examples/post_bills.py docs/examples/bills.csv

Adapt the column names, the date format and PROJECT to your data.
"""

import csv
import os
import sys
import time
from collections import defaultdict
from datetime import datetime
from pathlib import Path

import requests

PROJECT = {
    "baseline_period_end": "2016-12-26",  # the day on which the installation began
    "reporting_period_start": "2017-01-04",  # the first day after its end
    "timezone": "America/Chicago",
    "zipcode": "62707",
    "weather_station": "724390",  # without the two stations, the datastore matches them by ZIP code
    "weather_normal_station": "724390",
}
TRACE = {
    "interpretation": "NATURAL_GAS_CONSUMPTION_SUPPLIED",
    "unit": "CCF",
    "heat_content": 1.036,  # therms per CCF, from the bills
}
URL = os.environ["URL"]
SESSION = requests.Session()
SESSION.headers["Authorization"] = f"Bearer {os.environ['TOKEN']}"


def call(method, path, body=None):
    """Send a request and return the JSON response; exit with the error message if it fails."""
    response = SESSION.request(method, URL + path, json=body, timeout=60)
    if not response.ok:
        sys.exit(f"{method} {path}: {response.text}")
    return response.json()


def day(text):
    """Convert 07/31/2016 to 2016-07-31, which the datastore reads as midnight in the project's time zone."""
    return datetime.strptime(text, "%m/%d/%Y").date().isoformat()


def records(bills, trace):
    """Yield a record for each bill, and one without a value at its end if no other bill starts there."""
    starts = {day(bill["Start Date"]) for bill in bills}
    for bill in bills:
        usage = bill["Usage (CCF)"].replace(",", "")
        yield {
            "trace": trace,
            "start": day(bill["Start Date"]),
            "value": float(usage) if usage else None,
            "estimated": bill["Read Type"] == "Estimated",
        }
        if day(bill["End Date"]) not in starts:
            yield {"trace": trace, "start": day(bill["End Date"]), "value": None}


def savings(account, bills):
    """Post the bills of an account, run them, and print the savings."""
    print(f"Account {account}")
    (project,) = call("POST", "projects/sync/", [{"project_id": account, **PROJECT}])
    trace = {"trace_id": f"{account}-gas", "projects": [project["id"]], **TRACE}
    (trace,) = call("POST", "traces/sync/", [trace])
    call("POST", "trace_records/", list(records(bills, trace["id"])))

    (check,) = call("POST", "meter_runs/check/", {"trace": trace["id"]})["checks"]
    for found in check["warnings"] + check["disqualification"]:
        print(f"  note ({found['period'] or 'weather'}): {found['detail']}")
    if check["failure"]:
        print("  cannot be run:", check["failure"]["message"])
        return

    run = call("POST", "meter_runs/", {"trace": trace["id"]})
    while run["status"] in ("PENDING", "RUNNING"):
        time.sleep(1)
        run = call("GET", f"meter_runs/{run['id']}/")
    if run["status"] == "FAILED":
        print("  failed:", run["failure_message"])
        return
    for found in call("GET", f"derivatives/?meter_result={run['meter_result']}"):
        if found["reporting_value"] is None:
            print(f"  {found['interpretation']}: none, because the reporting period has no model")
            continue
        saved = found["baseline_value"] - found["reporting_value"]
        half_width = (found["baseline_lower"] ** 2 + found["reporting_lower"] ** 2) ** 0.5
        print(f"  {found['interpretation']}: {saved:.0f} ± {half_width:.0f} {found['unit']} saved")


def main(path):
    """Read the file and process each account."""
    accounts = defaultdict(list)
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        for bill in csv.DictReader(file):
            accounts[bill["Account"]].append(bill)
    for account, bills in accounts.items():
        savings(account, bills)


if __name__ == "__main__":
    main(*sys.argv[1:])
