"""Load a utility's bills into the datastore, check them, run them, and print the savings of each account.

    URL=http://... TOKEN=eem_... python docs/examples/post_bills.py docs/examples/bills.csv

Change the names of the columns, the format of the dates and the PROJECT to yours.
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
    "baseline_period_end": "2016-12-26",  # the day on which the work began
    "reporting_period_start": "2017-01-04",  # the first day after it
    "timezone": "America/Chicago",
    "zipcode": "62707",
    "weather_station": "724390",  # leave both stations out to have them matched by the ZIP code
    "weather_normal_station": "724390",
}
TRACE = {
    "interpretation": "NATURAL_GAS_CONSUMPTION_SUPPLIED",
    "unit": "CCF",
    "heat_content": 1.036,  # therms in one CCF, as the bills say
}
URL = os.environ["URL"]
SESSION = requests.Session()
SESSION.headers["Authorization"] = f"Bearer {os.environ['TOKEN']}"


def call(method, path, body=None):
    """What the datastore answers; its error message where it refuses."""
    response = SESSION.request(method, URL + path, json=body, timeout=60)
    if not response.ok:
        sys.exit(f"{method} {path}: {response.text}")
    return response.json()


def day(text):
    """07/31/2016 as 2016-07-31, which the datastore takes as midnight in the project's time zone."""
    return datetime.strptime(text, "%m/%d/%Y").date().isoformat()


def records(bills, trace):
    """A record for each bill, and one without a value wherever no other bill begins at its end."""
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
    """Post the bills of an account, and print what they show."""
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
            print(f"  {found['interpretation']}: none, since the reporting period has no model")
            continue
        saved = found["baseline_value"] - found["reporting_value"]
        half_width = (found["baseline_lower"] ** 2 + found["reporting_lower"] ** 2) ** 0.5
        print(f"  {found['interpretation']}: {saved:.0f} ± {half_width:.0f} {found['unit']} saved")


def main(path):
    """Read the file, and go through its accounts."""
    accounts = defaultdict(list)
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        for bill in csv.DictReader(file):
            accounts[bill["Account"]].append(bill)
    for account, bills in accounts.items():
        savings(account, bills)


if __name__ == "__main__":
    main(*sys.argv[1:])
