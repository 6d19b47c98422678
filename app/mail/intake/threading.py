"""Pure: to which ticket a mail belongs, by what in it names tickets, the strongest first.

    token     an address that we gave to one person on one ticket: whoever has it was handed it
    link      a Message-ID that we sent or got, named by In-Reply-To, then by References, the latest first
    ancestor  a Message-ID that a mail of the ticket named, too: two answers to something that we never saw
    subject   the ticket's number: anybody can write one, so it counts only for those who are on the ticket already

Without a token a mail that was forwarded, or that came to another mailbox than the ticket's, is about something new.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

By = Literal["token", "link", "ancestor", "subject"]

# Of mail programs in English, German, French, Spanish, Portuguese, Italian, Polish, Dutch, Swedish, Danish, Norwegian,
# Finnish, Estonian, Czech, Hungarian, Romanian, Russian, Ukrainian, Turkish, Greek, Hebrew, Arabic, Chinese, Japanese.
_FORWARDS = (
    *("fwd", "fw", "forward", "wg", "wtr", "tr", "rv", "reenv", "enc", "i", "inoltro", "pd", "doorst", "vb", "vs"),
    *(
        "vl",
        "vid",
        "edasi",
        "továbbítás",
        "továbbitás",
        "redirecționat",
        "trimis",
        "пересл",
        "переслано",
        "пер",
        "переадр",
    ),
    *("ilt", "i̇lt", "πρθ", "הועבר", "إعادة توجيه", "تمت إعادة التوجيه", "转发", "轉寄", "轉發", "転送"),
)
_FORWARD = re.compile(rf"({'|'.join(map(re.escape, _FORWARDS))})(\[[0-9]{{1,3}}\])?[ \t]*[:\uff1a]", re.IGNORECASE)
_TAG = re.compile(r"\[([A-Z]{1,8})-([0-9]{1,18})\]", re.IGNORECASE)
_LEADING = re.compile(r"(\s*\[[^\[\]]{0,100}\])*\s*")
OPERATORS_PREFIX = "TL"


@dataclass(frozen=True, slots=True)
class Named:
    """A ticket that a mail names, and what its author is to it.

    Attributes:
        ticket_id: The ticket.
        by: What names it.
        here: Whether the mail came to a mailbox of the ticket's.
        may_speak: Whether the author may speak on it.
        takes_part: Whether the author has a part in it already.
    """

    ticket_id: UUID
    by: By
    here: bool = True
    may_speak: bool = True
    takes_part: bool = False


@dataclass(frozen=True, slots=True)
class Thread:
    """The mail is one more of a ticket."""

    ticket_id: UUID
    by: By


@dataclass(frozen=True, slots=True)
class NewTicket:
    """The mail is about something new; ``related_id`` is what may have to do with it, for staff to see."""

    related_id: UUID | None = None


def decide(named: Sequence[Named], *, forward: bool, verified: bool) -> Thread | NewTicket:
    """Tell where a mail belongs, by what it names, the strongest first."""
    for each in named:
        if _threads(each, forward=forward, verified=verified):
            return Thread(each.ticket_id, each.by)
    return NewTicket(named[0].ticket_id if named else None)


def _threads(named: Named, *, forward: bool, verified: bool) -> bool:
    if named.by == "token":
        return True
    if forward or not named.here or not named.may_speak:
        return False
    return named.by != "subject" or (verified and named.takes_part)


def is_forward(subject: str) -> bool:
    """Tell whether the outermost prefix of a subject says that it was forwarded; an answer to a forward is none."""
    start = _LEADING.match(subject)
    return _FORWARD.match(subject, start.end() if start else 0) is not None


def numbers_in(subject: str, prefixes: Sequence[str]) -> list[int]:
    """Return the numbers of tickets that a subject names as ``[TL-1042]``, under these prefixes."""
    known = {prefix.upper() for prefix in (OPERATORS_PREFIX, *prefixes)}
    return [int(number) for prefix, number in _TAG.findall(subject) if prefix.upper() in known][:5]
