"""Write the links between the projects and traces of a stack again: `python -m infra.deployment.links STACK`.

The traces say which projects they belong to; the table `links` is the inverse. This is safe to repeat at any time.
"""

import os
import sys

import boto3

from infra.deployment import repairs
from infra.deployment.cloudformation import Account, StackError
from infra.deployment.environment import function_environment

REBUILDS = "links"  # the counter of how often the links of a stack were written


def rebuild(stack: str, *, once: bool = False) -> bool:
    """Write the links of a stack; with `once` only if that has not been done yet. Return whether it did.

    Raises StackError.
    """
    os.environ |= function_environment(stack)
    from chalicelib.store.collections import traces  # reads the environment

    account = Account(os.environ, boto3.client)
    if once and repairs.is_done(account, stack, REBUILDS):
        return False
    traces.rebuild_links()
    repairs.record(account, stack, REBUILDS)
    return True


if __name__ == "__main__":
    try:
        rebuild(sys.argv[1])
    except IndexError:
        sys.exit("No stack given. Name one: python -m infra.deployment.links eemeter-datastore-dev")
    except StackError as error:
        sys.exit(str(error))
