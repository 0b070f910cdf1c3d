"""The numbers and names in docs/security.md are correct."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from chalicelib.store import idempotency
from chalicelib.store.shared import documents
from infra.checks.iam_table import PAGE, updated
from infra.checks.transform import Template, decided, transformed
from infra.sources import REPOSITORY
from tests.final_template import bare

# Where the words in `code` may occur: in the sources and in the parts of the template.
SOURCES = [*Path(REPOSITORY, "chalicelib").rglob("*.py"), *Path(REPOSITORY, "infra").rglob("*.yaml")]


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text()


@pytest.fixture(scope="module")
def made() -> Template:
    return decided(transformed(bare()))


def rules(made: Template) -> dict[str, Any]:
    configured = made["Resources"]["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    return {rule["Id"]: rule for rule in configured}


def test_the_table_of_permissions_matches_the_policies(page: str) -> None:
    assert page == updated(page), "update it: python -m infra.checks.iam_table"


def test_files_that_are_named_exist(page: str) -> None:
    named = re.findall(r"`((?:chalicelib|infra|tests|\.chalice)/[\w./*-]*)`", page)
    assert named
    assert [name for name in named if not [*REPOSITORY.glob(name.rstrip("/"))]] == []


def test_names_in_the_template_exist(page: str) -> None:
    text = "\n".join(source.read_text() for source in SOURCES)
    named = set(re.findall(r"`([A-Z]\w*[a-z]\w*)`", page))
    assert named >= {"BucketPolicy", "UseKey", "KmsKeyArn", "ApiAccessLogGroup"}
    assert {name for name in named if name not in text} == set()


def test_signed_urls_are_valid_for_twelve_hours(page: str) -> None:
    assert documents.URL_LIFETIME == 12 * 3600
    assert "for 12 hours" in page


def test_the_authorizers_result_is_cached_for_a_minute(made: Template) -> None:
    (authorizer,) = made["Resources"]["RestAPI"]["Properties"]["Body"]["securityDefinitions"].values()
    assert authorizer["x-amazon-apigateway-authorizer"]["authorizerResultTtlInSeconds"] == 60


def test_data_are_retained_as_long_as_stated(made: Template) -> None:
    parameters, resources, kept = made["Parameters"], made["Resources"], rules(made)
    assert resources["Bucket"]["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}
    assert kept["expire-old-versions"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 35}
    assert kept["expire-responses"]["ExpirationInDays"] == 2
    assert kept["expire-partial-sums"]["ExpirationInDays"] == 30
    assert idempotency.RETENTION.days == 1
    assert parameters["LogRetention"]["Default"] == 90
    for name in ("MeterQueue", "MeterDeadLetterQueue"):
        assert resources[name]["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_stored_data_are_encrypted(made: Template) -> None:
    resources = {name: of["Properties"] for name, of in made["Resources"].items()}
    for name in ("MeterQueue", "MeterDeadLetterQueue"):
        assert resources[name]["SqsManagedSseEnabled"] is True
    (rule,) = resources["Bucket"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    (statement,) = resources["BucketPolicy"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": False}})


def test_nothing_is_fetched_by_default(made: Template) -> None:
    assert {made["Parameters"][name]["Default"] for name in ("WeatherSource", "NormalSource")} == {"none"}


def test_functions_are_in_no_vpc(made: Template) -> None:
    functions = [of for of in made["Resources"].values() if of["Type"] == "AWS::Lambda::Function"]
    assert functions
    assert not [of for of in functions if "VpcConfig" in of["Properties"]]


def test_the_key_policy_can_be_copied(page: str) -> None:
    (block,) = re.findall(r"```json\n(.+?)```", page, re.DOTALL)
    assert [statement["Sid"] for statement in json.loads(block)] == ["Logs", "Alarms"]
