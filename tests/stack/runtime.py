"""A function as Lambda runs it: AWS's runtime client in a separate process, and the runtime API that it polls."""

import json
import os
import queue
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any

from infra.sources import REPOSITORY

CLIENT = ("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py")
START = "import sys; sys.path += sys.argv[1:4]; from awslambdaric.__main__ import main; main(sys.argv[3:])"
NEXT = "/2018-06-01/runtime/invocation/next"
TIMEOUT = 300  # seconds per invocation


class _Api(ThreadingHTTPServer):
    """Serves events, and collects the responses: the kind ("response" or "error") and the content."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.events: queue.Queue[Any] = queue.Queue()
        self.responses: queue.Queue[tuple[str, Any]] = queue.Queue()


class _Handler(BaseHTTPRequestHandler):
    server: _Api
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        assert self.path == NEXT
        headers = {
            "Lambda-Runtime-Aws-Request-Id": str(uuid.uuid4()),
            "Lambda-Runtime-Deadline-Ms": str(int(1000 * (time.time() + TIMEOUT))),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:worker",
            "Content-Type": "application/json",
        }
        self._respond(200, json.dumps(self.server.events.get()).encode(), headers)

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.responses.put((self.path.rpartition("/")[2], json.loads(content)))
        self._respond(202, b"{}", {})

    def _respond(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: the output of the client is enough."""


class Function:
    """A started process that waits for events."""

    def __init__(self, process: "subprocess.Popen[bytes]", api: _Api) -> None:
        self._process = process
        self._api = api

    def invoke(self, event: Any) -> Any:
        """The return value of the function. Fails if the function raises, does not start or exits."""
        self._api.events.put(event)
        deadline = time.monotonic() + TIMEOUT
        while self._api.responses.empty():
            assert self._process.poll() is None, "the process of the function has exited"
            assert time.monotonic() < deadline, "the function timed out"
            time.sleep(0.02)
        kind, response = self._api.responses.get()
        assert kind == "response", response
        return response


@contextmanager
def running(tree: Path, handler: str, scratch: Path, environment: Mapping[str, str]) -> Iterator[Function]:
    """A function that sees the tree, our own code, the standard library and the runtime client, linked in `scratch`."""
    client = scratch / "client"
    if not client.exists():
        client.mkdir()
        for name in CLIENT:
            spec = find_spec(name)
            assert spec is not None
            assert spec.origin is not None
            origin = Path(spec.origin)
            source = origin.parent if spec.submodule_search_locations else origin
            (client / source.name).symlink_to(source)
    with _Api() as api:
        Thread(target=api.serve_forever, daemon=True).start()
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", START, str(tree), str(REPOSITORY), str(client), handler],
            env=os.environ | {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}", **environment},
        )
        try:
            yield Function(process, api)
        finally:
            process.kill()
            process.wait()
            api.shutdown()
