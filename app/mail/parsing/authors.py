"""Whose mail it is: nobody's, unless there is one From field with one mailbox that looks like nobody else's."""

import re
import unicodedata
from typing import NamedTuple

from app.mail.parsing import caps
from app.mail.parsing.addresses import read_address
from app.mail.parsing.mailboxes import Mailbox, read_mailboxes
from app.mail.parsing.parsed import Address
from app.mail.parsing.words import raw_text, readable, shown

_SPELT = re.compile(r"[^\s<>()\"',;:\[\]@]+@[^\s<>()\"',;:\[\]@]+")


class Author(NamedTuple):
    """The author or why there is none, and the From field as it may be shown."""

    address: Address | None
    fault: str | None
    shown: str


def read_author(fields: tuple[bytes, ...]) -> Author:
    """Tell the author by all From fields of a mail."""
    text = ", ".join(raw_text(value) for value in fields)
    said = shown(readable(text), caps.SHOWN)
    if not fields:
        return Author(None, "no_from", said)
    if len(fields) > 1:
        return Author(None, "several_from_fields", said)
    boxes = _with_commas_in_names(read_mailboxes(text))
    if len(boxes) != 1:
        return Author(None, "several_mailboxes" if boxes else "no_mailbox", said)
    return _one(boxes[0], said)


def _one(box: Mailbox, said: str) -> Author:
    address = None if box.odd else read_address(box.address)
    if address is None:
        return Author(None, "bad_address", said)
    name = shown(readable(box.name), caps.NAME)
    if _spells_another(name, address):
        return Author(None, "name_spells_address", said)
    return Author(Address(name, address), None, said)


def _with_commas_in_names(boxes: list[Mailbox]) -> list[Mailbox]:
    """Join ``Lee, Ann <ann@voipco.example>``, whose name lacks its quotes, where nothing but the last could be one."""
    *before, last = boxes or [Mailbox()]
    if not before or not last.address or any(each.address or each.odd or "@" in each.name for each in before):
        return boxes
    return [Mailbox(", ".join(each.name for each in boxes), last.address, last.odd)]


def _spells_another(name: str, address: str) -> bool:
    """Tell whether a name looks like another address than its own, be it in letters that only look so."""
    plain = unicodedata.normalize("NFKC", name)
    spelt = [found.strip(".") for found in _SPELT.findall(plain)]
    return any((read_address(each) or each.lower()) != address for each in spelt)
