"""Where the client sees this API."""

from urllib.parse import urlencode

from chalice.app import Request


def seen_url(request: Request) -> str:
    """The URL of the request without its query, as the client wrote it.

    The context's `path` has the stage on API Gateway's own domain and lacks it on a custom one, as the client's does.
    """
    context, headers = request.context, request.headers
    host = headers.get("host", "")
    api = context.get("apiId", "")
    # Only API Gateway names its domain: a local stack serves every API on one host, under this path.
    shared_host = api and "domainName" not in context and not host.startswith(f"{api}.")
    prefix = f"/_aws/execute-api/{api}" if shared_host else ""
    return f"{headers.get('x-forwarded-proto', 'http')}://{host}{prefix}{context.get('path', request.path)}"


def next_link(request: Request, after: int | str) -> str:
    """The Link header (RFC 8288) of a page whose successor starts after this cursor; it keeps the filters."""
    given = dict(request.query_params or {})
    return f'<{seen_url(request)}?{urlencode({**given, "after": after})}>; rel="next"'
