"""The content of a part, out of its Content-Transfer-Encoding."""

import binascii
from typing import NamedTuple

_PLAIN = frozenset({"", "7bit", "8bit", "binary"})
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_OTHER = bytes(set(range(256)) - set(_ALPHABET))


class Content(NamedTuple):
    """The bytes of a part, and a flag where they are not all that was sent."""

    data: bytes
    flag: str | None = None


def content(body: bytes, encoding: str) -> Content:
    """Decode a body; what cannot be is kept as far as it can, and flagged."""
    if encoding == "base64":
        return _base64(body)
    if encoding == "quoted-printable":
        return Content(binascii.a2b_qp(body))
    return Content(body, None if encoding in _PLAIN else "unknown_encoding")


def _base64(body: bytes) -> Content:
    """Decode up to the padding, leaving out what is not of the alphabet: a list's footer follows the padding."""
    coded, _, after = body.partition(b"=")
    kept = coded.translate(None, _OTHER)
    odd = len(kept) % 4 == 1
    kept = kept[:-1] if odd else kept
    data = binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))
    garbage = odd or after.strip(b"= \t\r\n") or coded.translate(None, _ALPHABET + b" \t\r\n")
    return Content(data, "base64_garbage" if garbage else None)
