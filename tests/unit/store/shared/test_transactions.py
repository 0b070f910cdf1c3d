"""Transactions are repeated after conflicts and throttling, and only then."""

import time
from typing import Any

import pytest
from pynamodb.exceptions import CancellationReason, TransactWriteError, VerboseClientError
from pynamodb.transactions import TransactWrite

from chalicelib.store.shared import transactions
from chalicelib.store.shared.errors import Busy


def cancelled(*codes: str | None) -> TransactWriteError:
    reasons = [code and CancellationReason(code=code) for code in codes]
    error = {"Error": {"Code": "TransactionCanceledException"}}
    return TransactWriteError("", VerboseClientError(error, "TransactWriteItems", cancellation_reasons=reasons))  # type: ignore[arg-type]


def refused(code: str) -> TransactWriteError:
    return TransactWriteError("", VerboseClientError({"Error": {"Code": code}}, "TransactWriteItems"))


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[Exception | None]:
    """What DynamoDB answers to each transaction, in reverse order; None: it is committed."""
    answers: list[Exception | None] = []

    def answer(_: TransactWrite) -> None:
        if error := answers.pop():
            raise error

    monkeypatch.setattr(TransactWrite, "_commit", answer)
    monkeypatch.setattr(transactions, "connection", lambda: None)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    return answers


def nothing(_: Any) -> None:
    pass


@pytest.mark.parametrize(
    "error",
    [
        cancelled("TransactionConflict", None),
        cancelled("ThrottlingError", "TransactionConflict"),
        refused("ThrottlingException"),
        refused("ProvisionedThroughputExceededException"),
        refused("TransactionInProgressException"),
        refused("InternalServerError"),
    ],
)
def test_a_transaction_is_repeated_until_it_is_committed_or_the_attempts_are_used_up(
    answers: list[Exception | None], error: Exception
) -> None:
    answers += [None, *[error] * (transactions.ATTEMPTS - 1)]
    assert transactions.commit(nothing)
    answers += [error] * transactions.ATTEMPTS
    with pytest.raises(Busy):
        transactions.commit(nothing)
    assert not answers


def test_a_condition_that_does_not_hold_is_not_an_error(answers: list[Exception | None]) -> None:
    answers.append(cancelled("ConditionalCheckFailed", "TransactionConflict"))
    assert not transactions.commit(nothing)


@pytest.mark.parametrize("error", [refused("ValidationException"), cancelled("ItemCollectionSizeLimitExceeded")])
def test_any_other_error_is_raised_at_once(answers: list[Exception | None], error: Exception) -> None:
    answers.append(error)
    with pytest.raises(TransactWriteError):
        transactions.commit(nothing)
