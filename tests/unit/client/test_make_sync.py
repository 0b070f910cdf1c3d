"""The synchronous client is that which `client/make_sync.py` makes from the asynchronous one."""

import subprocess
import sys

from infra.sources import REPOSITORY


def test_the_synchronous_client_is_up_to_date() -> None:
    subprocess.run([sys.executable, REPOSITORY / "client" / "make_sync.py", "--check"], check=True)
