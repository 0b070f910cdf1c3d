"""What a client reads, and compares with its ledger."""

from benchmarks.load.base import Base

LISTS = {  # the limits that are asked for: 1,000 only where a page has so many items of the same size from the start
    "projects/": (10, 100, 1000),
    "traces/": (10, 100, 1000),
    "trace_groups/": (10, 100),
    "meter_runs/": (10, 100),
    "meter_results/": (10, 100),
    "derivatives/": (10, 100),
    "aggregation_runs/": (10, 100),
    "aggregation_results/": (10, 100),
}
ENDED = ("SUCCESS", "FAILED")


class Reads(Base):
    """The reads of a client."""

    def list_items(self) -> None:
        path, limits = self._random.choice(list(LISTS.items()))
        limit = self._random.choice(limits)
        ids = [item["id"] for item in self.session.pages(path, most=3, limit=limit)]
        if ids != sorted(set(ids)):
            self.session.fault(f"GET {path} with the limit {limit} lists items twice or in disorder")

    def get_project(self) -> None:
        if id := self._one(self.ledger.projects):
            self._compare(f"projects/{id}/", self.ledger.projects[id])

    def find_project(self) -> None:
        if id := self._one(self.ledger.projects):
            name = self.ledger.projects[id]["project_id"]
            found = self.session.get("projects/", project_id=name)
            if found is not None and [item["id"] for item in found] != [id]:
                self.session.fault(f"project {id} is not found by its project_id {name}")

    def get_trace(self) -> None:
        if id := self._one(self.ledger.traces):
            self._compare(f"traces/{id}/", self.ledger.traces[id])

    def get_deleted(self) -> None:
        kind = self._random.choice(("projects", "traces"))
        if gone := self.ledger.deleted[kind]:
            id = self._random.choice(sorted(gone))
            response = self.session.call("GET", f"{kind}/{id}/", accept=(404,))
            if response is not None and response.ok:
                self.session.fault(f"{kind}/{id}/ was deleted, and is shown")

    def get_run(self) -> None:
        id = self._one(self.ledger.runs)
        run = self.session.get(f"meter_runs/{id}/") if id else None
        if run is not None and run["status"] in ENDED and run["status"] != self.ledger.runs[run["id"]]:
            self.session.fault(f"meter run {id} ended as {run['status']}: {run['failure_message']}")

    def get_result(self) -> None:
        sample = self._random.choice(self._shared.samples)
        if sample.status == "SUCCESS":
            self._compare(f"meter_results/{sample.run}/", {"trace": sample.trace, "project": sample.project})
            found = self.session.get("derivatives/", meter_result=sample.run)
            if found is not None and len(found) != 3:
                self.session.fault(f"meter result {sample.run} has {len(found)} derivatives")

    def get_batch(self) -> None:
        batch = self.session.get(f"batches/{self._shared.batch}/")
        counted = ("pending", "running", "success", "failed")
        if batch is not None and sum(batch[name] for name in counted) != batch["total"]:
            self.session.fault(f"the counts of the batch do not add up: {batch}")

    def check_health(self) -> None:
        self.session.call("GET", "healthz")

    def list_group(self) -> None:
        if id := self._one(self.ledger.groups):
            listed = self.session.pages("traces/", most=3, group=id)
            if listed:
                self.session.fault(f"trace group {id}, which matches no trace, lists {listed[0]}")
