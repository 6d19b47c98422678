"""Receives webhooks on a loopback port, checks each signature, and prints what it hears.

python3 docs/examples/receiver.py PORT SECRET, where SECRET is a file with the endpoint's secret in it.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from verify import verify


class Receiver(BaseHTTPRequestHandler):
    """Answers 204 to what is signed right, 401 to what is not."""

    def do_POST(self) -> None:
        """Take one delivery: check its bytes first, and read them only then."""
        body = self.rfile.read(int(self.headers["content-length"]))
        secret = Path(sys.argv[2]).read_text().strip()
        if not verify([secret], dict(self.headers.items()), body):
            print("REFUSED", flush=True)
            return self._answer(401)
        event = json.loads(body)
        if event["type"] != "ping":  # the desk's first word to an endpoint
            print("verified", event["timestamp"], event["type"], flush=True)
        return self._answer(204)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing more."""


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
