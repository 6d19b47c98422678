"""Pure: values of header fields. Whatever callers wrote, no value of ours ends its line.

Texts lose their control characters, line separators included: each run of them and of spaces is one space. Then what
is not ASCII becomes encoded words (RFC 2047). Addresses are refused that are no plain ones.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.header import Header
from email.utils import quote
from uuid import UUID

import idna

_BREAKS = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_KEY = re.compile(r"[!-;=?-~]{3,250}")  # printable ASCII without brackets
_PLAIN = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]*")
_LINE = 78
_LONGEST_SUBJECT = 250
_LONGEST_LOCAL, _LONGEST_ADDRESS = 64, 254
_FIRST, _LAST = 4, 16  # Message-IDs kept of a long thread

AUTOMATIC = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
ANSWERED = {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"}


@dataclass(frozen=True, slots=True)
class Seen:
    """A mail of a ticket that was sent or received: whose it was, by address and contact."""

    key: str
    address: str
    contact_id: UUID | None
    received: bool


def one_line(text: str) -> str:
    """Return a text as one line without anything that could end it or turn it around."""
    return _BREAKS.sub(" ", text).strip()


def encoded(name: str, text: str) -> str:
    """Return the value of a text field as it is sent, folded."""
    plain = one_line(text)
    charset = "us-ascii" if plain.isascii() else "utf-8"
    return Header(plain, charset, maxlinelen=_LINE, header_name=name).encode(linesep="\r\n")


def mailbox(field: str, name: str, address: str) -> str:
    """Return a name and an address as an address field has them."""
    told = one_line(name)
    if not told:
        return address
    if not told.isascii():
        phrase = Header(told, "utf-8", maxlinelen=_LINE, header_name=field).encode(linesep="\r\n")
    else:
        phrase = told if _PLAIN.fullmatch(told) else f'"{quote(told)}"'
    fold = "\r\n " if len(phrase.rsplit("\n", 1)[-1]) + len(address) + len(field) > _LINE else " "
    return f"{phrase}{fold}<{address}>"


def sendable(address: str) -> str | None:
    """Return an address as it is sent, its domain in ASCII; None where it is none that plain SMTP takes."""
    local, _, domain = address.rpartition("@")
    if not _LOCAL.fullmatch(local) or len(local) > _LONGEST_LOCAL:
        return None
    try:
        ascii_domain = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return None
    made = f"{local}@{ascii_domain}"
    return made if re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*", ascii_domain) and len(made) <= _LONGEST_ADDRESS else None


def unsendable(envelope_from: str, recipient: str) -> str | None:
    """Return why no mail can be sent from here to there: an address that plain SMTP does not take; None: it can."""
    for role, address in (("envelope's sender", envelope_from), ("recipient", recipient)):
        if (address or role == "recipient") and not (address.isascii() and sendable(address)):
            return f"the {role} {address!r} is no address that plain SMTP takes"
    return None


def subject_of(number: str, subject: str) -> str:
    """Return the subject of all mails of a ticket: the same every time, so that clients keep them together."""
    tag = f"[{number}]"
    told = one_line(subject)
    whole = told if told.startswith(tag) else f"{tag} {told}"
    return whole if len(whole) <= _LONGEST_SUBJECT else whole[: _LONGEST_SUBJECT - 1] + "…"


def thread_headers(
    root: str, seen: Sequence[Seen], address: str, contact_id: UUID | None, *, only_own: bool
) -> dict[str, str]:
    """Return In-Reply-To and References for a mail to somebody, from a ticket's mails, the eldest first.

    They name the root and what that person was sent, and what was received; with ``only_own``, of the latter only what
    the person wrote, since other Message-IDs tell who else writes about the ticket.
    """
    chain = [one.key for one in seen if _in_thread(one, address, contact_id, only_own=only_own)]
    chain = list(dict.fromkeys(key for key in chain if _KEY.fullmatch(key) and key != root))
    kept = chain if len(chain) <= _FIRST + _LAST else chain[:_FIRST] + chain[-_LAST:]
    references = [root, *kept]
    return {
        "In-Reply-To": f"<{references[-1]}>",
        "References": "\r\n ".join(f"<{key}>" for key in references),
    }


def _in_thread(one: Seen, address: str, contact_id: UUID | None, *, only_own: bool) -> bool:
    own = one.address.lower() == address.lower() or (contact_id is not None and one.contact_id == contact_id)
    return own or (one.received and not only_own)
