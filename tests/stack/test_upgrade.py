"""A deployment of the previous version is upgraded with its data, and with runs that have not ended."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
import requests
import yaml

from infra.deployment import cloudformation, upgrade
from infra.deployment.cloudformation import Account, DesiredStack, describe, parameters
from infra.deployment.indexes import TABLE, indexes_of
from infra.local import deploy
from infra.local.deploy import ARTIFACTS, environment
from infra.local.stack import LocalStack, Running
from infra.packaging.package import dump
from infra.sources import REPOSITORY
from tests.stack import previous
from tests.stack.aggregations import NORMAL, NUMBERS, independent_sum
from tests.stack.client import Api
from tests.stack.meter_runs import ids

pytestmark = pytest.mark.slow

QUEUED = (7, 11)
OLD_RESULTS = (1, 2, 3, 5, 6)
INTERRUPTED_AFTER = 2  # updates
LISTS = {
    "meter_runs/?status=SUCCESS": [*OLD_RESULTS],
    "meter_runs/?status=FAILED": [4],
    "meter_runs/?status=FAILED&batch=1": [4],
    "meter_runs/?failure_reason=data": [4],
    "meter_runs/?status=PENDING&batch=2": [7, 10, 11],
    "meter_runs/?status=RUNNING": [8, 9],
    "meter_runs/?trace=1&project=2": [3, 9],
    "meter_runs/?project=1": [1, 5, 7, 11],
    "meter_results/?newest=true": [2, 3, 5],
    "derivatives/?meter_result=5": [13, 14, 15],
    "derivatives/?trace=2": [4, 5, 6],
}


@dataclass(frozen=True)
class Upgraded:
    """The upgraded stack, what it was made of, and the templates that were deployed, the first one before."""

    running: Running
    account: Account
    api: Api
    before: dict[str, Any]
    templates: list[Any]
    lists: dict[str, list[int]]  # what LISTS showed before the open runs went on

    def client(self, service: str) -> Any:
        return self.account.client(service)

    def enable(self, *, workers: bool, reconciler: bool) -> None:
        """Let the workers process the queue, and the reconciler run each minute, or stop them."""
        functions, events = self.client("lambda"), self.client("events")
        for source in functions.list_event_source_mappings()["EventSourceMappings"]:
            functions.update_event_source_mapping(UUID=source["UUID"], Enabled=workers)
        for rule in events.list_rules()["Rules"]:
            (events.enable_rule if reconciler else events.disable_rule)(Name=rule["Name"])

    def reconcile(self) -> None:
        """Run the reconciler once."""
        functions = [one["FunctionName"] for one in self.client("lambda").list_functions()["Functions"]]
        (name,) = [function for function in functions if "Reconciler" in function]
        event = {"id": "0", "detail-type": "Scheduled Event", "source": "aws.events", "account": "0", "detail": {}}
        event |= {"version": "0", "time": "2020-01-01T00:00:00Z", "region": self.running.region, "resources": []}
        response = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
        assert "FunctionError" not in response, response["Payload"].read()


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    """An upgrade that was interrupted and repeated. Neither the workers nor the reconciler run yet."""
    with LocalStack(tmp_path_factory.mktemp("upgrade"), settings={"AUTH": "true"}) as running:
        account = deploy.account(running.endpoint_url)
        templates: list[Any] = []
        before = previous.read()
        found = Upgraded(running, account, Api(running.url, running.token), before, templates, {})
        found.enable(workers=False, reconciler=False)
        existing = describe(account, running.stack)
        assert existing is not None
        current = dump(previous.template_of(account, running.stack))
        desired = DesiredStack(running.stack, current, parameters(existing), {})
        previous.restore(account, running.stack, ARTIFACTS, before)
        templates.append(previous.template_of(account, running.stack))
        update = cloudformation.deploy

        def recorded(account: Account, desired: DesiredStack, bucket: str | None = None) -> bool:
            if len(templates) == 1 + INTERRUPTED_AFTER:
                templates.append(templates[-1])
                raise KeyboardInterrupt
            templates.append(yaml.safe_load(desired.template))
            return update(account, desired, bucket)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(cloudformation, "deploy", recorded)
            with pytest.raises(KeyboardInterrupt):
                upgrade.deploy(account, desired, ARTIFACTS)
            assert upgrade.deploy(account, desired, ARTIFACTS)
            again = len(templates)
            assert not upgrade.deploy(account, desired, ARTIFACTS)
            assert len(templates) == again + 1
        found.lists.update({path: ids(found.api.get(path)) for path in LISTS})
        yield found


@pytest.fixture(scope="module")
def ended(upgraded: Upgraded) -> Upgraded:
    """The same once the open runs have ended: run 8 in a worker of the previous version."""
    api, stack = upgraded.api, upgraded.running.stack
    counts = api.get("batches/2/")
    assert [counts[name] for name in ("total", "pending", "running", "success")] == [5, 3, 2, 0]
    url = cloudformation.outputs(describe(upgraded.account, stack) or {})["MeterQueueUrl"]
    for id in QUEUED:
        upgraded.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps({"meter_run": id}))
    upgraded.client("dynamodb").transact_write_items(**upgraded.before["late"])
    assert ids(api.get("meter_runs/", status="RUNNING", batch=2)) == [9]
    assert 8 not in ids(api.get("meter_runs/", status="SUCCESS"))  # until the reconciler has seen it

    upgraded.enable(workers=True, reconciler=True)
    upgraded.reconcile()
    assert 8 in ids(api.get("meter_runs/", status="SUCCESS"))
    for id in (7, 8, 9, 10, 11):
        api.ended(id)
    return upgraded


def test_each_update_changes_one_index_of_a_table_and_the_last_deploys_the_new_ones(upgraded: Upgraded) -> None:
    names = [
        {
            name: {index["IndexName"] for index in indexes_of(resource)}
            for name, resource in template["Resources"].items()
            if resource["Type"] == TABLE
        }
        for template in upgraded.templates
    ]
    assert all(len(earlier[name] ^ later[name]) <= 1 for earlier, later in pairwise(names) for name in earlier)
    assert names[0]["MeterRunsTable"] == {"project-index", "trace-index", "due-index"}
    table = upgraded.client("dynamodb").describe_table(TableName=f"{upgraded.running.stack}-meter_runs")["Table"]
    assert {index["IndexName"] for index in table["GlobalSecondaryIndexes"]} == names[-1]["MeterRunsTable"]
    assert names[-1]["MeterRunsTable"].isdisjoint(names[0]["MeterRunsTable"])


def test_everything_is_shown_as_before(upgraded: Upgraded) -> None:
    for resource, items in upgraded.before["shown"].items():
        for item in items:
            found = upgraded.api.get(f"{resource}/{item['id']}/")
            assert {key: _path(found[key]) for key in item} == item
    for resource in ("meter_results", "derivatives", "aggregation_results"):
        shown = ids(upgraded.before["shown"][resource])
        assert ids(upgraded.api.get(f"{resource}/", limit=len(shown))) == shown


def test_documents_are_read_as_they_were_written(upgraded: Upgraded) -> None:
    run = upgraded.api.get("meter_runs/1/")
    address, key = run["meter_input"], _path(run["meter_input"])
    assert requests.get(address, timeout=60).json() == json.loads(upgraded.before["objects"][key.partition("/")[2]])


def test_lists_find_the_earlier_runs(upgraded: Upgraded) -> None:
    assert upgraded.lists == LISTS


def test_open_runs_end_also_in_a_worker_of_the_previous_version(ended: Upgraded) -> None:
    api = ended.api
    assert [api.get(f"meter_runs/{id}/")["status"] for id in (7, 8, 9, 11)] == ["SUCCESS"] * 4
    assert api.get("meter_runs/10/")["failure_reason"] == "data"
    counts = api.get("batches/2/")
    assert [counts[name] for name in ("pending", "running", "success", "failed")] == [0, 0, 4, 1]
    assert ids(api.get("meter_runs/", status="SUCCESS", batch=2)) == [7, 8, 9, 11]
    assert ids(api.get("meter_results/", newest="true")) == [8, 9, 11]
    assert ids(api.get("meter_results/", newest="true", batch=1)) == []


def test_derivatives_of_both_versions_add_up(ended: Upgraded) -> None:
    api = ended.api
    newest = [one for one in api.get("derivatives/", newest="true") if one["trace"] == 1]
    of_kind = [one for one in newest if one["interpretation"] == NORMAL]
    earlier = [one for one in api.get("derivatives/", meter_result="3,5") if one["interpretation"] == NORMAL]
    assert {one["meter_result"] for one in of_kind} == {9, 11}
    chosen = [*of_kind, *[one for one in earlier if one["uncertainty"] == of_kind[0]["uncertainty"]]]
    assert len(chosen) > len(of_kind)
    run = api.post("aggregation_runs/", {"derivatives": [one["id"] for one in chosen]})
    result = api.aggregated(run["id"])
    expected = independent_sum(chosen)
    assert {name: result[name] for name in NUMBERS} == pytest.approx({name: expected[name] for name in NUMBERS})


def test_no_invariant_is_violated(ended: Upgraded) -> None:
    command = [sys.executable, "-m", "infra.verify", "--stack", ended.running.stack]
    local = environment(ended.running.endpoint_url)
    done = subprocess.run(command, cwd=REPOSITORY, env=local, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def _path(value: Any) -> Any:
    """What identifies a document in its URL; any other value as it is."""
    if isinstance(value, str) and value.startswith("http://"):
        return value.partition("?")[0].split("/", 3)[3]
    return value
