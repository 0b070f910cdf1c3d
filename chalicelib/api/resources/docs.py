"""openapi.json and docs/"""

from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

from chalicelib.api.http.endpoints import Call, NoQuery, Reply, Resource
from chalicelib.api.http.problems import NOT_FOUND, Problem
from chalicelib.api.http.urls import base_path

# Powertools ships Swagger UI; its files are read directly, as importing its event handler slows down a cold start.
SWAGGER_UI = ("aws_lambda_powertools", "event_handler", "openapi", "swagger_ui")
FILES = {"swagger-ui-bundle.min.js": "text/javascript; charset=utf-8", "swagger-ui.min.css": "text/css; charset=utf-8"}
PAGE = Path(__file__).with_name("docs.html")
HTML = "text/html; charset=utf-8"
CACHE_ONE_DAY = {"Cache-Control": "public, max-age=86400"}


def resource_of(document: Callable[[], dict[str, Any]]) -> Resource:
    """The endpoints that serve the OpenAPI document; `document` builds it on first use."""
    resource = Resource("docs", "file", "The OpenAPI document of this API, and a page to read it and try requests.")

    @resource.endpoint("GET", "/openapi.json", scope=None, returns=dict[str, Any])
    def get_openapi(call: Call[None, NoQuery]) -> Reply:
        """Get the OpenAPI 3.1 document of this API; needs no token."""
        return Reply({**document(), "servers": [{"url": base_path(call.request)}]}, {"Cache-Control": "no-cache"})

    @resource.endpoint("GET", "/docs/", scope=None, returns=str, content_type=HTML)
    def get_docs(call: Call[None, NoQuery]) -> Reply:
        """Get a page to read the documentation and try requests; needs no token."""
        return Reply(PAGE.read_text(encoding="utf-8"), {"Cache-Control": "no-cache"}, HTML)

    @resource.endpoint("GET", "/docs/{file}", scope=None, returns=str, content_type="text/*")
    def get_docs_file(call: Call[None, NoQuery]) -> Reply:
        """Get the script or the style sheet of the documentation page; needs no token."""
        name = call.path["file"]
        if name not in FILES:
            raise Problem(NOT_FOUND, f"There is no file {name}; the files are {', '.join(FILES)}.")
        package, *folders = SWAGGER_UI
        text = resources.files(package).joinpath(*folders, name).read_text(encoding="utf-8")
        return Reply(text, CACHE_ONE_DAY, FILES[name])

    return resource
