"""Which repairs of a stack's rows have been done: the table `counters` counts each of them, so that it is done once."""

from infra.deployment.cloudformation import Account


def is_done(account: Account, stack: str, repair: str) -> bool:
    """Whether a repair has been recorded. Raises ClientError."""
    table, key = f"{stack}-counters", {"resource": {"S": repair}}
    return "Item" in account.client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True)


def record(account: Account, stack: str, repair: str) -> None:
    """Record a repair, at its end, so that one that was interrupted is repeated. Raises ClientError."""
    account.client("dynamodb").update_item(
        TableName=f"{stack}-counters",
        Key={"resource": {"S": repair}},
        UpdateExpression="ADD #last :one",
        ExpressionAttributeNames={"#last": "last"},
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
