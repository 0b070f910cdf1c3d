"""openapi.json and docs/"""

from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

from chalicelib.api.http.endpoints import Call, NoQuery, Reply, Resource
from chalicelib.api.http.problems import NOT_FOUND, Problem

# The Swagger UI that Powertools ships, read as files: importing its event handler costs a cold start.
SWAGGER_UI = ("aws_lambda_powertools", "event_handler", "openapi", "swagger_ui")
FILES = {"swagger-ui-bundle.min.js": "text/javascript; charset=utf-8", "swagger-ui.min.css": "text/css; charset=utf-8"}
PAGE = Path(__file__).with_name("docs.html")
HTML = "text/html; charset=utf-8"
A_DAY = {"Cache-Control": "public, max-age=86400"}


def resource_of(document: Callable[[], dict[str, Any]]) -> Resource:
    """The endpoints that show the contract; `document` builds it when it is first asked for."""
    resource = Resource("docs", "file", "This contract, and a page to read and try it.")

    @resource.endpoint("GET", "/openapi.json", scope=None, returns=dict[str, Any])
    def get_openapi(call: Call[None, NoQuery]) -> Reply:
        """Get the contract in OpenAPI 3.1; needs no token."""
        return Reply(document(), {"Cache-Control": "no-cache"})

    @resource.endpoint("GET", "/docs/", scope=None, returns=str, content_type=HTML)
    def get_docs(call: Call[None, NoQuery]) -> Reply:
        """Get a page to read and try the contract; needs no token."""
        return Reply(PAGE.read_text(encoding="utf-8"), {"Cache-Control": "no-cache"}, HTML)

    @resource.endpoint("GET", "/docs/{file}", scope=None, returns=str, content_type="text/*")
    def get_docs_file(call: Call[None, NoQuery]) -> Reply:
        """Get the script or the style sheet of the page; needs no token."""
        name = call.path["file"]
        if name not in FILES:
            raise Problem(NOT_FOUND, f"There is no file {name}; the page has {', '.join(FILES)}.")
        package, *folders = SWAGGER_UI
        text = resources.files(package).joinpath(*folders, name).read_text(encoding="utf-8")
        return Reply(text, A_DAY, FILES[name])

    return resource
