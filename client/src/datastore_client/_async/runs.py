"""Meter runs in batches, their checks, and aggregations."""

from collections.abc import Callable, Sequence
from typing import Any

from datastore_client._async.api import AsyncApi
from datastore_client.concurrency import pause_async
from datastore_client.errors import Failed
from datastore_client.retries import polls
from datastore_client.savings import HEADLINE

Target = dict[str, Any]


class AsyncRuns(AsyncApi):
    """What the datastore computes."""

    async def check(self, targets: Sequence[Target], **arguments: Any) -> dict[str, Any]:
        """Return what runs would find in their data. The arguments are those of `run`; nothing is stored."""
        found: dict[str, Any] = await self.post("meter_runs/check/", {"targets": list(targets), **arguments})
        return found

    async def run(self, targets: Sequence[Target], **arguments: Any) -> dict[str, Any]:
        """Run meters, and return their batch at once. Any number of runs is possible.

        targets: such as {"all": True}, {"project": 1}, {"trace": 2}, {"group": 3} or {"failed_of_batch": 4}.
        arguments: of the runs, such as uncertainty, model_class or reporting_window.
        """
        body = {"targets": list(targets), **arguments}
        batch: dict[str, Any] = await self.post("meter_runs/bulk/", body, {"Prefer": "respond-async"})
        return batch

    async def follow_batch(
        self,
        id: int,
        on_progress: Callable[[dict[str, Any]], None] = lambda batch: None,
        poll: float | None = None,
    ) -> dict[str, Any]:
        """Wait until all runs of a batch have ended, and return the batch.

        on_progress: gets it at each poll. poll: seconds between polls, by default more and more.
        """
        for seconds in polls(poll):
            batch: dict[str, Any] = await self.get(f"batches/{id}/")
            on_progress(batch)
            if batch["state"] != "EXPANDING" and not batch["pending"] and not batch["running"]:
                break
            await pause_async(seconds)
        return batch

    async def aggregate(
        self,
        *,
        interpretations: Sequence[str] = (HEADLINE,),
        on_ended: Callable[[int], None] = lambda count: None,
        **sources: Any,
    ) -> list[dict[str, Any]]:
        """Add up the newest results, and return the aggregation results: one for each fuel and interpretation.

        sources: projects, traces, derivatives (lists of ids), group (an id), aggregation_interpretation ("MEAN") and
        mix_uncertainty. on_ended: called with the number of aggregations that have ended. Raises Failed.
        """
        target = {"derivative_interpretations": list(interpretations), **sources}
        (runs,) = await self.post("aggregation_runs/bulk/", {"targets": [target]})
        results = []
        for count, run in enumerate(runs, start=1):
            ended = await self.follow_aggregation(run["id"])
            results.append(await self.get(f"aggregation_results/{ended['aggregation_result']}/"))
            on_ended(count)
        return results

    async def follow_aggregation(self, id: int, poll: float | None = None) -> dict[str, Any]:
        """Wait until an aggregation run succeeds, and return it. Raises Failed. poll: as for `follow_batch`."""
        for seconds in polls(poll):
            run: dict[str, Any] = await self.get(f"aggregation_runs/{id}/")
            if run["status"] == "FAILED":
                raise Failed(f"Aggregation run {id}", run)
            if run["status"] == "SUCCESS":
                break
            await pause_async(seconds)
        return run
