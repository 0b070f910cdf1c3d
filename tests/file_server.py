"""A web server of files, on a free port of this machine, that keeps what it was asked for."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files


def sample(name: str) -> bytes:
    """A file that eeweather ships, such as ISD.gz: station 722874 in 2007, as NOAA has it."""
    return (files("eeweather.resources") / name).read_bytes()


@dataclass
class FileServer:
    """`files` by their path; `failures` are statuses that are answered first, one a request."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    failures: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    cut: bool = False  # whether connections break off in the middle of a file


@contextmanager
def serving() -> Iterator[FileServer]:
    """A server for the length of a `with`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            content = found.files.get(self.path)
            status = found.failures.pop(0) if found.failures else 404 if content is None else 200
            self.send_response(status)
            content = content or b""
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if status == 200:
                self.wfile.write(content[: len(content) // 2] if found.cut else content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = FileServer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)  # seconds until it sees its end
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
