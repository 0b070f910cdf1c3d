"""Download a file over HTTP, with retries."""

import time
import urllib.error
import urllib.request
from http.client import HTTPException

from chalicelib import __version__

MAX_BYTES = 128_000_000  # a station's year is 0.1 to 50 MB: GHCNh has 329 columns and, recently, a row every 5 minutes
TIMEOUT = 20  # seconds without receiving a byte
DEADLINE = 120  # seconds for a whole file
TRIES = 3
BACK_OFF = 2.0  # seconds before the second try; doubled before the third
BLOCK = 1 << 20


class Unavailable(OSError):
    """The server did not deliver the file; a later attempt may succeed."""


class Unusable(Exception):
    """The server delivered a file that cannot be read; a later attempt would give the same file."""


def download(url: str) -> bytes | None:
    """Return the content of a file; None if the server does not have it (404). Raises Unavailable and Unusable."""
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
    deadline = time.monotonic() + DEADLINE
    blocks: list[bytes] = []
    # The base URL is a parameter of the deployment; the template allows only http and https.
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310  # nosec B310
        expected = response.headers.get("Content-Length")
        while block := response.read(BLOCK):
            blocks.append(block)
            if sum(map(len, blocks)) > MAX_BYTES:
                raise Unusable(f"{url} is larger than {MAX_BYTES // 1_000_000} MB, too large for a station's year.")
            if time.monotonic() > deadline:
                raise TimeoutError(f"incomplete after {DEADLINE} s")
    content = b"".join(blocks)
    if expected is not None and len(content) != int(expected):
        raise ConnectionError(f"cut off after {len(content)} of {expected} bytes")
    return content
