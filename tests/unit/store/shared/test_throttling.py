"""Which errors of AWS are worth another try."""

import pytest
from botocore.exceptions import ClientError
from pynamodb.exceptions import DoesNotExist, PutError, PynamoDBException, QueryError

from chalicelib.store.shared.errors import Busy
from chalicelib.store.shared.throttling import throttled_is_busy


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "BUILDING-17"}}, "PutItem")


@pytest.mark.parametrize(
    "error",
    [
        refused("SlowDown"),
        refused("ThrottlingException"),
        refused("InternalServerError"),
        QueryError(cause=refused("ProvisionedThroughputExceededException")),
        PutError(cause=refused("TransactionConflictException")),
    ],
)
def test_a_throttled_request_is_busy_and_the_message_has_no_clients_data(error: Exception) -> None:
    with pytest.raises(Busy) as raised, throttled_is_busy():
        raise error
    assert "BUILDING-17" not in str(raised.value)


@pytest.mark.parametrize(
    "error",
    [
        refused("AccessDenied"),
        PutError(cause=refused("ValidationException")),
        PynamoDBException("no cause"),
        DoesNotExist(),
        ValueError("SlowDown"),
    ],
)
def test_other_errors_remain_what_they_are(error: Exception) -> None:
    with pytest.raises(type(error)) as raised, throttled_is_busy():
        raise error
    assert raised.value is error
