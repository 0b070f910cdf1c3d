"""A local web server for files, on a free port, that records requests."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files


def sample(name: str) -> bytes:
    """Return a file that eeweather ships, such as ISD.gz: station 722874 in 2007, in NOAA's format."""
    return (files("eeweather.resources") / name).read_bytes()


@dataclass
class FileServer:
    """files: by path. failures: statuses to return first, one per request. asked: requested paths."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    failures: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    cut: bool = False  # whether to close connections in the middle of a file


@contextmanager
def serving() -> Iterator[FileServer]:
    """Run a server for the duration of a `with` block."""

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
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)  # poll interval, s
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
