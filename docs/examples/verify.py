"""Verifies a webhook: Standard Webhooks, scheme v1. Python 3.10 or later, nothing to install."""

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Mapping, Sequence

TOLERANCE = 300  # seconds, both ways


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: float | None = None) -> bool:
    """Tell whether one of the secrets has signed this body, which is the raw bytes as they came."""
    given = {name.lower(): value for name, value in headers.items()}
    message, timestamp = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", message) or not re.fullmatch(r"[0-9]{1,12}", timestamp):
        return False
    if abs((time.time() if now is None else now) - int(timestamp)) > TOLERANCE:
        return False
    content = f"{message}.{timestamp}.".encode() + body
    signatures = given.get("webhook-signature", "").split(" ")  # several while a secret is rotated
    return any(_same(_sign(secret, content), one) for secret in secrets for one in signatures)


def _sign(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_").rstrip("=") + "==")
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def _same(mine: str, given: str) -> bool:
    return hmac.compare_digest(mine.encode(), given.encode(errors="replace"))  # takes as long wherever they differ
