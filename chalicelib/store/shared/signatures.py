"""Whether a presigned URL of this datastore's bucket opens its document.

Such a URL carries its signature (AWS Signature Version 4 in the query string). If it was made with this function's own
credentials, the signature is computed again and compared. Credentials on AWS change every few hours and the secret of
the earlier ones is gone, so S3 itself is asked about a URL that was made with others.
"""

import hmac
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import boto3
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

TIMEOUT = (3, 5)  # seconds to connect, and to wait for the response; a request must end within 29
CREDENTIAL, DATE, EXPIRES = "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires"
SIGNATURE = "X-Amz-Signature"


def why_refused(url: str, now: datetime) -> str | None:
    """Why a URL of the bucket does not open its document, as the end of a sentence about it; None: it does."""
    try:
        parameters = _parameters(url)
        signed = datetime.strptime(parameters[DATE], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        expiry = signed + timedelta(seconds=int(parameters[EXPIRES]))
        key, _, region, *_ = parameters[CREDENTIAL].split("/")
        unsigned = url[: url.index(f"&{SIGNATURE}=")]
    except (KeyError, ValueError, OverflowError):
        return "has no signature"
    if expiry <= now:
        return "has expired"
    credentials = boto3.Session().get_credentials().get_frozen_credentials()
    if key == credentials.access_key:
        again = _signed(unsigned, parameters[DATE], region, credentials)
        right = hmac.compare_digest(again.encode(), url.encode())
    else:
        right = _is_accepted(url)
    return None if right else "has a wrong or expired signature"


def _parameters(url: str) -> dict[str, str]:
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True, strict_parsing=True)
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a parameter is repeated")
    return dict(pairs)


def _signed(unsigned: str, date: str, region: str, credentials: Any) -> str:
    """The URL with the signature of these credentials."""
    request = AWSRequest(method="GET", url=unsigned)
    request.context["timestamp"] = date
    auth = S3SigV4QueryAuth(credentials, "s3", region)
    signature = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    return f"{unsigned}&{SIGNATURE}={signature}"


def _is_accepted(url: str) -> bool:
    """Whether S3 accepts the URL; reads one byte. S3 responds with 400, 403 or 404 if it does not."""
    request = AWSRequest(method="GET", url=url, headers={"Range": "bytes=0-0"})
    status: int = URLLib3Session(timeout=TIMEOUT).send(request.prepare()).status_code  # which follows no redirects
    if status >= 500:
        raise ConnectionError(f"S3 responded with {status}")
    return status in (200, 206)
