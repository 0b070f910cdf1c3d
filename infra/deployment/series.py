"""Have the chunks of all series of a stack listed again: `python -m infra.deployment.series STACK`.

Traces name the chunks of their series. After a restore, or a while with an earlier version, they may not name all of
them; the next reader of each trace then lists and names them. This is safe to repeat at any time.
"""

import os
import sys

import boto3

from infra.deployment import repairs
from infra.deployment.cloudformation import Account, StackError
from infra.deployment.environment import function_environment

FORGOTTEN = "series"  # the counter of how often this was done


def forget(stack: str, *, once: bool = False) -> bool:
    """Remove the names from the traces of a stack; with `once` only if that has not been done yet.

    Returns whether it did. Raises StackError.
    """
    os.environ |= function_environment(stack)
    from chalicelib.store.collections import trace_series  # reads the environment

    account = Account(os.environ, boto3.client)
    if once and repairs.is_done(account, stack, FORGOTTEN):
        return False
    trace_series.forget_names()
    repairs.record(account, stack, FORGOTTEN)
    return True


if __name__ == "__main__":
    try:
        forget(sys.argv[1])
    except IndexError:
        sys.exit("No stack given. Name one: python -m infra.deployment.series eemeter-datastore-dev")
    except StackError as error:
        sys.exit(str(error))
