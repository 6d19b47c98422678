"""Pure: what a mailbox's own server wrote at the top of a mail about its delivery, read before the mail is parsed.

Only what stands above the first ``Received`` counts: what stands below it, or in a mail without one, its sender wrote.
"""

import re

_LOOKED_AT = 128 * 1024
_END = re.compile(rb"\r?\n\r?\n")
_FOLDED = re.compile(rb"\r?\n[ \t]+")
_RECEIVED = re.compile(rb"^received:", re.IGNORECASE | re.MULTILINE)
_FIELD = re.compile(
    rb"^(delivered-to|x-original-to|envelope-to|return-path):[ \t]*([^\r\n]{0,320})", re.IGNORECASE | re.MULTILINE
)


def delivered_to(raw: bytes) -> list[str]:
    """Return the addresses to which a mail was delivered, in the order of its fields."""
    return list(dict.fromkeys(value for name, value in _fields(raw) if name != "return-path" and "@" in value))


def return_path(raw: bytes) -> str | None:
    """Return the envelope's sender; empty for the null sender, None where the mail does not tell."""
    return next((value for name, value in _fields(raw) if name == "return-path"), None)


def _fields(raw: bytes) -> list[tuple[str, str]]:
    head = _FOLDED.sub(b" ", _END.split(raw[:_LOOKED_AT], maxsplit=1)[0])
    received = _RECEIVED.search(head)
    found = _FIELD.findall(head[: received.start()] if received else b"")
    return [(name.decode().lower(), value.decode("utf-8", "replace").strip().strip("<>")) for name, value in found]
