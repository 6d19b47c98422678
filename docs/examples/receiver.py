"""Receives webhooks on a loopback port, checks each signature, and prints what it hears.

python3 docs/examples/receiver.py PORT SECRET, where SECRET is a file with the endpoint's secret in it.
"""

import base64
import hashlib
import hmac
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


def verified(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Check a signature of the Standard Webhooks specification over the bytes as they came."""
    if abs(time.time() - int(headers["webhook-timestamp"])) > 300:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mine = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return any(hmac.compare_digest(mine, one) for one in headers["webhook-signature"].split(" "))


class Receiver(BaseHTTPRequestHandler):
    """Answers 204 to what is signed right, 401 to what is not."""

    def do_POST(self) -> None:
        """Take one delivery."""
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        good = verified(Path(sys.argv[2]).read_text().strip(), headers, body)
        event = json.loads(body)
        if event["type"] != "ping" or not good:  # the desk's first word to an endpoint
            print("verified" if good else "REFUSED", event["timestamp"], event["type"], flush=True)
        self.send_response(204 if good else 401)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing more."""


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
