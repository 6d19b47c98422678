"""Message-IDs (RFC 5322, 3.6.4), as they are compared: without brackets, and as mail programs really write them."""

import re

from app.mail.parsing import caps
from app.mail.parsing.words import raw_text

_IN_BRACKETS = re.compile(r"<([^<>]*)>")
_UNFIT = re.compile("[\\s\x00-\x20\x7f-\xa0\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffd\ud800-\udfff]")


def read_ids(value: bytes) -> list[str]:
    """Return the ids of a field in order, each once; what stands bare is one where it has an @."""
    text = raw_text(value)
    found = _IN_BRACKETS.findall(text) or [word for word in text.split() if "@" in word]
    # Some programs fold a long id: the blank in it was never meant.
    fit = (_UNFIT.sub("", each) for each in found)
    return list(dict.fromkeys(each for each in fit if 0 < len(each) <= caps.MESSAGE_ID))


def read_id(value: bytes) -> str | None:
    """Return the id of a Message-ID field, None where there is none in it."""
    return next(iter(read_ids(value)), None)


def kept(ids: list[str]) -> tuple[str, ...]:
    """Return the first of a long chain, where it began, and the last."""
    if len(ids) <= caps.REFERENCES:
        return tuple(ids)
    last = caps.REFERENCES - caps.FIRST_REFERENCES
    return (*ids[: caps.FIRST_REFERENCES], *ids[-last:])
