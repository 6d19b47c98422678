"""The text of a field: encoded words (RFC 2047) and raw bytes made readable, and what may be shown of them."""

import binascii
import re
import unicodedata

from app.mail.parsing.charsets import decoded

_WORD = re.compile(r"=\?([^?\s]{1,60})\?([qQbB])\?([^?]*)\?=")
_SPACE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# Nothing that turns the direction of writing, and no half of a character.
_UNSHOWN = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufff9-\ufffb]")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LINE = 2_000  # characters; marks that combine are put in order in quadratic time


def raw_text(value: bytes) -> str:
    """Return a field as text with nothing decoded: UTF-8, or as the bytes most likely are."""
    return decoded(value).text


def readable(text: str) -> str:
    """Decode the encoded words of a text; what they hold is never looked at for structure after this."""
    if "=?" not in text:
        return text
    out: list[str] = []
    pending: tuple[str, bytes] | None = None
    at = 0
    for word in _WORD.finditer(text):
        between = text[at : word.start()]
        charset, data = word[1].partition("*")[0].lower(), _payload(word[2], word[3])
        if pending and pending[0] == charset and not between.strip():
            pending = charset, pending[1] + data  # a character may be cut between two words
        else:
            out += _flushed(pending)
            out.append("" if pending and not between.strip() else between)
            pending = charset, data
        at = word.end()
    return "".join([*out, *_flushed(pending), text[at:]])


def shown(text: str, most: int) -> str:
    """Return the text on one line, cut, without what would deceive the eye or break a line or a database."""
    text = _SPACE.sub(" ", _UNSHOWN.sub("", text[: most * 8])).strip()[: most * 2]
    return _composed(text)[:most].strip()


def clean_body(text: str) -> str:
    """Return a body's text: line feeds alone, no controls but the tab, composed characters."""
    text = _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).removeprefix("\ufeff")
    return text if text.isascii() else "\n".join(_composed(line) for line in text.split("\n"))


def _composed(line: str) -> str:
    return unicodedata.normalize("NFC", line) if len(line) <= _LINE else line


def _flushed(pending: tuple[str, bytes] | None) -> list[str]:
    return [decoded(pending[1], pending[0]).text] if pending else []


def _payload(kind: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if kind in "qQ":
        return binascii.a2b_qp(data, header=True)
    kept = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
    kept = kept[:-1] if len(kept) % 4 == 1 else kept
    return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))
