"""Pure: what stands in our addresses and Message-IDs so that a reply finds its ticket, and a forger none.

    support+1jq.<mac>@example.com    whoever replies to this is that person on that ticket
    support+u1jq.<mac>@example.com   what cannot be delivered comes back here, and names the mail
    <oml_....<mac>@example.com>      a mail of ours
    <tkt_....<mac>@example.com>      what all mails of a ticket refer to, so that clients keep them together

A mac is HMAC-SHA-256 over a purpose and what it stands for, cut to 128 bits. Letters are Crockford's base 32, of which
either case is read, since mail servers change it. Any key of the ring is good, the first one makes.
"""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal
from uuid import UUID

from app.infra.ids import decode, encode
from app.infra.keyring import Keyring

_PURPOSE = b"trunkline mail addresses"
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"  # no u, which therefore tells undeliverable mail
_MAC_BYTES = 16
_MAC = 26
_LOCAL = re.compile(rf"(?P<box>.+)\+(?P<kind>u?)(?P<number>[{_LETTERS}]{{1,13}})\.(?P<mac>[{_LETTERS}]{{{_MAC}}})")
_KEY = re.compile(rf"(?P<id>oml_[{_LETTERS}]{{26}})\.(?P<mac>[{_LETTERS}]{{{_MAC}}})@.+", re.IGNORECASE)

Keys = Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Token:
    """What stands behind the plus of an address: of whose number it speaks is to be looked up, and its mac checked."""

    kind: Literal["reply", "bounce"]
    mailbox: str
    number: int
    mac: str


def keys_of(ring: Keyring) -> Keys:
    """Return the keys for addresses, the current one first."""
    return ring.derive(_PURPOSE)


def reply_address(keys: Keys, mailbox: str, number: int, ticket_id: UUID, person_id: UUID) -> str:
    """Return the address at which a person replies on a ticket."""
    return _plus(mailbox, _letters(number), _mac(keys[0], "reply", _about(number, ticket_id, person_id)))


def bounce_address(keys: Keys, mailbox: str, number: int) -> str:
    """Return the address to which a mail of ours, by its number, comes back."""
    return _plus(mailbox, "u" + _letters(number), _mac(keys[0], "bounce", _letters(number)))


def read_token(address: str) -> Token | None:
    """Return the token of an address, not yet believed; None where there is none."""
    local, _, domain = address.strip().strip("<>").rpartition("@")
    found = _LOCAL.fullmatch(local.lower())
    if not found or not domain:
        return None
    kind: Literal["reply", "bounce"] = "bounce" if found["kind"] else "reply"
    return Token(kind, f"{found['box']}@{domain.lower()}", _number(found["number"]), found["mac"])


def is_reply_of(keys: Keys, token: Token, ticket_id: UUID, person_id: UUID) -> bool:
    """Tell whether we made this token for that person on that ticket."""
    about = _about(token.number, ticket_id, person_id)
    return token.kind == "reply" and _made(keys, "reply", about, token.mac)


def is_bounce(keys: Keys, token: Token) -> bool:
    """Tell whether we made this token for the mail of its number."""
    return token.kind == "bounce" and _made(keys, "bounce", _letters(token.number), token.mac)


def message_key(keys: Keys, mail_id: UUID, domain: str) -> str:
    """Return the Message-ID of a mail of ours, without its brackets."""
    return f"{encode('oml', mail_id)}.{_mac(keys[0], 'message', str(mail_id))}@{domain}"


def root_key(keys: Keys, ticket_id: UUID, domain: str) -> str:
    """Return the Message-ID that all mails of a ticket name as the beginning of their thread; no mail has it."""
    return f"{encode('tkt', ticket_id)}.{_mac(keys[0], 'root', str(ticket_id))}@{domain}"


def mail_of_key(keys: Keys, key: str) -> UUID | None:
    """Return which mail of ours a Message-ID names; None where it is not one that we made."""
    found = _KEY.fullmatch(key)
    if not found:
        return None
    try:
        mail_id = decode("oml", found["id"].lower())
    except ValueError:
        return None
    return mail_id if _made(keys, "message", str(mail_id), found["mac"].lower()) else None


def _about(number: int, ticket_id: UUID, person_id: UUID) -> str:
    return f"{number}:{ticket_id}:{person_id}"


def _plus(mailbox: str, handle: str, mac: str) -> str:
    local, _, domain = mailbox.rpartition("@")
    return f"{local}+{handle}.{mac}@{domain}"


def _made(keys: Keys, purpose: str, about: str, mac: str) -> bool:
    # All keys are tried, whichever fits: the time taken tells nothing.
    return sum(hmac.compare_digest(_mac(key, purpose, about), mac) for key in keys) > 0


def _mac(key: bytes, purpose: str, about: str) -> str:
    digest = hmac.digest(key, f"{purpose}:{about}".encode(), sha256)[:_MAC_BYTES]
    return _letters(int.from_bytes(digest)).rjust(_MAC, "0")


def _letters(number: int) -> str:
    text = ""
    while number or not text:
        number, last = divmod(number, 32)
        text = _LETTERS[last] + text
    return text


def _number(text: str) -> int:
    value = 0
    for letter in text:
        value = value << 5 | _LETTERS.index(letter)
    return value
