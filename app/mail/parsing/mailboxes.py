"""The structure of an address field (RFC 5322, 3.4), read on the raw text: an encoded word never makes structure."""

import re
from dataclasses import dataclass, field

from app.mail.parsing import caps
from app.mail.parsing.addresses import read_address
from app.mail.parsing.parsed import Address
from app.mail.parsing.words import raw_text, readable, shown

_TOKEN = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"|[<>,:;()]|[^<>,:;()"\\]+|\\.?|"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(slots=True)
class Mailbox:
    """What stands between two commas; ``odd`` where it had to be bent to be read."""

    name: str = ""
    address: str = ""
    odd: bool = False


@dataclass(slots=True)
class _Open:
    """What is being read: the words before the brackets, what stands in them, and the comments."""

    name: list[str] = field(default_factory=list)
    bare: list[str] = field(default_factory=list)
    angle: list[str] | None = None
    inside: bool = False
    comment: list[str] = field(default_factory=list)
    odd: bool = False

    def closed(self) -> Mailbox | None:
        """Return what was read, None for nothing."""
        bare, name, comment = "".join(self.bare).strip(), "".join(self.name).strip(), "".join(self.comment).strip()
        if self.angle is not None:
            return Mailbox(name or comment, "".join(self.angle).strip(), self.odd or self.inside)
        if not bare:
            return Mailbox("", "", odd=True) if self.odd else None
        if "@" in bare and not any(each.isspace() for each in bare):
            return Mailbox(comment, bare, self.odd)
        return Mailbox(name, "", self.odd)


def read_mailboxes(text: str) -> list[Mailbox]:
    """Return the mailboxes of a field, their names as they stand; groups are dissolved."""
    found: list[Mailbox | None] = []
    here, depth = _Open(), 0
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word in {"(", ")"} or depth:
            depth = _comment(here, word, depth)
        elif word in {",", ";"} and not here.inside:
            found.append(here.closed())
            here = _Open()
        elif word == ":" and not here.inside:
            here = _Open()  # what stood before it is the name of a group
        else:
            _take(here, word, token[1])
    here.odd = here.odd or depth > 0
    found.append(here.closed())
    return [each for each in found if each]


def _comment(here: _Open, word: str, depth: int) -> int:
    if word == "(":
        return depth + 1
    if word == ")":
        here.odd = here.odd or depth == 0
        return max(depth - 1, 0)
    here.comment.append(word)
    return depth


def _take(here: _Open, word: str, quoted: str | None) -> None:
    if word == "<":
        here.odd = here.odd or here.angle is not None
        here.angle, here.inside = here.angle or [], True
    elif word == ">":
        here.odd = here.odd or not here.inside
        here.inside = False
    elif here.inside and here.angle is not None:
        here.angle.append(word)
    elif here.angle is not None:
        here.odd = here.odd or bool(word.strip())
    else:
        here.bare.append(word)
        here.name.append(word if quoted is None else _ESCAPED.sub(r"\1", quoted))
        here.odd = here.odd or word in {'"', "\\"}


def people(values: tuple[bytes, ...]) -> tuple[Address, ...]:
    """Return the mailboxes of fields that can be written to, each address once."""
    found: dict[str, Address] = {}
    for value in values:
        for each in read_mailboxes(raw_text(value)):
            address = read_address(each.address)
            if address:
                found.setdefault(address, Address(shown(readable(each.name), caps.NAME), address))
    return tuple(found.values())
