"""The URLs of this API as the client sees them."""

from urllib.parse import urlencode, urlsplit

from chalice.app import Request

BASE = "/api/v1"


def client_url(request: Request) -> str:
    """The URL of the request as the client wrote it, without the query string.

    Like the client's URL, the context's `path` has the stage on API Gateway's own domain, and not on a custom domain.
    """
    context, headers = request.context, request.headers
    host = headers.get("host", "")
    api = context.get("apiId", "")
    # Only API Gateway sets domainName; a local stack serves every API on one host, under this path prefix.
    shared_host = api and "domainName" not in context and not host.startswith(f"{api}.")
    prefix = f"/_aws/execute-api/{api}" if shared_host else ""
    return f"{headers.get('x-forwarded-proto', 'http')}://{host}{prefix}{context.get('path', request.path)}"


def base_path(request: Request) -> str:
    """The path under which the client finds the API's own paths: BASE, after the stage if the client's URL has it."""
    return urlsplit(client_url(request)).path.partition(f"{BASE}/")[0] + BASE


def next_link(request: Request, after: int | str) -> str:
    """The Link header (RFC 8288) to the next page, which starts after this cursor; it keeps the filters."""
    given = dict(request.query_params or {})
    return f'<{client_url(request)}?{urlencode({**given, "after": after})}>; rel="next"'
