"""One address: what it may look like, and its one spelling."""

import re
import unicodedata

import idna

_LONGEST = 254
_LONGEST_LOCAL = 64
_LOCAL = re.compile(r"[^\s\x00-\x20\x7f-\xa0\"(),:;<>@\[\\\].]+(?:\.[^\s\x00-\x20\x7f-\xa0\"(),:;<>@\[\\\].]+)*")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_QUOTED = re.compile(r'"([^"\\]*)"')
_DECEIVING = re.compile("[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufffd]")


def read_address(text: str) -> str | None:
    """Return an address in lower case with its domain as an A-label; None for what is not plainly one.

    A quoted local part is taken only if it did not need its quotes; a literal domain (``[192.0.2.1]``) never.
    """
    local, at, domain = text.strip().rpartition("@")
    if not at or len(text) > 2 * _LONGEST or _DECEIVING.search(text):
        return None
    quoted = _QUOTED.fullmatch(local)
    local = unicodedata.normalize("NFC", quoted[1] if quoted else local).lower()
    host = a_label(domain)
    if host is None or len(local) > _LONGEST_LOCAL or not _LOCAL.fullmatch(local):
        return None
    return f"{local}@{host}"


def a_label(domain: str) -> str | None:
    """Return a domain as the DNS knows it, None where it cannot be one."""
    name = domain.strip().rstrip(".").lower()
    if not name or len(name) > _LONGEST:
        return None
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True, std3_rules=True).decode("ascii")
        except (idna.IDNAError, UnicodeError, IndexError):  # the last two come from inside of its decoder
            return None
    fits = len(name) < _LONGEST and all(_LABEL.fullmatch(label) for label in name.split("."))
    return name if fits else None
