"""Tell the errors of AWS that pass, such as throttling, from those that do not."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError
from pynamodb.exceptions import PynamoDBException

from chalicelib.store.shared.errors import Busy

# The codes of DynamoDB, S3, SQS, Step Functions and Lambda for a request that may succeed if it is sent again.
TRANSIENT = frozenset(
    {
        "InternalError",
        "InternalServerError",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)


@contextmanager
def throttled_is_busy() -> Iterator[None]:
    """Raise Busy in place of an error that AWS's client raises for a request that may succeed if it is sent again."""
    try:
        yield
    except (ClientError, PynamoDBException) as error:
        if (code := code_of(error)) not in TRANSIENT:
            raise
        raise Busy(f"AWS answers {code}") from error


def code_of(error: ClientError | PynamoDBException) -> str:
    """AWS's code for an error; empty if the error is not AWS's."""
    if isinstance(error, PynamoDBException):
        return error.cause_response_code or ""
    return str(error.response.get("Error", {}).get("Code", ""))
