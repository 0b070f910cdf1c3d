"""A file from a server, or the news that it has none; anything else is tried again, and then raised."""

import time
import urllib.error
import urllib.request
from http.client import HTTPException

from chalicelib import __version__

MOST_BYTES = 128_000_000  # a station's year is 0.1 to 50 MB: GHCNh has 329 columns and, of late, a row every 5 minutes
TIMEOUT = 20  # seconds without a byte
DEADLINE = 120  # seconds for a whole file
TRIES = 3
BACK_OFF = 2.0  # seconds before the second try; before the third, twice as many
BLOCK = 1 << 20


class Unavailable(OSError):
    """The server does not answer, or not with the file: another time it may."""


class Unusable(Exception):
    """What the server gave cannot be read, and would be the same another time."""


def download(url: str) -> bytes | None:
    """The content of a file; None where the server has none (404). Raises Unavailable and Unusable."""
    for attempt in range(TRIES):
        if attempt:
            time.sleep(BACK_OFF * attempt)
        try:
            return _once(url)
        except urllib.error.HTTPError as error:
            if error.code in (404, 410):
                return None
            problem: Exception = error
        except (OSError, HTTPException) as error:
            problem = error
    raise Unavailable(f"{url} could not be fetched in {TRIES} tries: {type(problem).__name__}: {problem}") from problem


def _once(url: str) -> bytes:
    request = urllib.request.Request(url, headers={"User-Agent": f"eemeter-datastore/{__version__}"})  # noqa: S310
    until = time.monotonic() + DEADLINE
    blocks: list[bytes] = []
    # The base of the URL is the deployment's own parameter, which the template holds to http and https.
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310
        promised = response.headers.get("Content-Length")
        while block := response.read(BLOCK):
            blocks.append(block)
            if sum(map(len, blocks)) > MOST_BYTES:
                raise Unusable(f"{url} is larger than {MOST_BYTES // 1_000_000} MB, which no station's year is.")
            if time.monotonic() > until:
                raise TimeoutError(f"not whole after {DEADLINE} s")
    content = b"".join(blocks)
    if promised is not None and len(content) != int(promised):
        raise ConnectionError(f"cut off after {len(content)} of {promised} bytes")
    return content
