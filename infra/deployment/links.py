"""Write the links between the projects and traces of a stack again: `python -m infra.deployment.links STACK`.

The traces say which projects they belong to; the table `links` is the inverse. This is safe to repeat at any time.
"""

import os
import sys

from infra.deployment.cloudformation import StackError
from infra.deployment.environment import function_environment

REBUILDS = "links"  # the counter of how often the links of a stack were written


def rebuild(stack: str, *, once: bool = False) -> bool:
    """Write the links of a stack; with `once` only if that has not been done yet. Return whether it did.

    Raises StackError.
    """
    os.environ |= function_environment(stack)
    from chalicelib.store.collections import traces  # reads the environment
    from chalicelib.store.shared import ids

    if once and ids.last(REBUILDS):
        return False
    traces.rebuild_links()
    ids.allocate(REBUILDS)  # at the end, so that an interrupted rebuild is repeated
    return True


if __name__ == "__main__":
    try:
        rebuild(sys.argv[1])
    except IndexError:
        sys.exit("No stack given. Name one: python -m infra.deployment.links eemeter-datastore-dev")
    except StackError as error:
        sys.exit(str(error))
