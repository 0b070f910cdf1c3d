"""Load a utility's bills into the datastore, check them, run them, and print the savings.

    URL=http://... TOKEN=eem_... python docs/examples/post_bills.py docs/examples/bills.csv

Change the names of the columns and the format of the dates to those of your utility.
"""

import csv
import os
import sys
import time
from datetime import datetime
from pathlib import Path

import requests

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
    """07/31/2016 as 2016-07-31; the datastore takes a date as midnight in the project's time zone."""
    return datetime.strptime(text, "%m/%d/%Y").date().isoformat()


def records(bills, trace):
    """A record for each bill, and one that ends the last."""
    for bill in bills:
        yield {
            "trace": trace,
            "start": day(bill["Start Date"]),
            "value": float(bill["Usage (CCF)"].replace(",", "")) if bill["Usage (CCF)"] else None,
            "estimated": bill["Read Type"] == "Estimated",
        }
    yield {"trace": trace, "start": day(bills[-1]["End Date"]), "value": None}


def main(path):
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        bills = list(csv.DictReader(file))
    account = bills[0]["Account"]
    (project,) = call(
        "POST",
        "projects/sync/",
        [
            {
                "project_id": account,
                "baseline_period_end": "2016-12-26",  # the last day before the work
                "reporting_period_start": "2017-01-04",  # the day after it
                "timezone": "America/Chicago",
                "zipcode": "62707",
                "weather_station": "724390",  # leave both out to have them matched by the ZIP code
                "weather_normal_station": "724390",
            }
        ],
    )
    (trace,) = call(
        "POST",
        "traces/sync/",
        [
            {
                "trace_id": f"{account}-gas",
                "interpretation": "NATURAL_GAS_CONSUMPTION_SUPPLIED",
                "unit": "CCF",
                "heat_content": 1.036,  # therms in one CCF, as the bills say
                "projects": [project["id"]],
            }
        ],
    )
    call("POST", "trace_records/", list(records(bills, trace["id"])))

    (check,) = call("POST", "meter_runs/check/", {"trace": trace["id"]})["checks"]
    for warning in check["warnings"]:
        print("warning:", warning["detail"])
    if check["failure"]:
        sys.exit(check["failure"]["message"])

    run = call("POST", "meter_runs/", {"trace": trace["id"]})
    while run["status"] in ("PENDING", "RUNNING"):
        time.sleep(1)
        run = call("GET", f"meter_runs/{run['id']}/")
    if run["status"] == "FAILED":
        sys.exit(run["failure_message"])
    for found in call("GET", f"derivatives/?meter_result={run['meter_result']}"):
        saved = found["baseline_value"] - found["reporting_value"]
        half_width = (found["baseline_lower"] ** 2 + found["reporting_lower"] ** 2) ** 0.5
        print(f"{found['interpretation']}: {saved:.0f} ± {half_width:.0f} {found['unit']} saved")


if __name__ == "__main__":
    main(*sys.argv[1:])
