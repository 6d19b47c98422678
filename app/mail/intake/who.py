"""Pure: whose a mail is, by the mailbox it came to, its token, and the contacts with its author's address."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Known:
    """A contact with the author's address."""

    contact_id: UUID
    reseller_id: UUID


@dataclass(frozen=True, slots=True)
class NewContact:
    """Somebody new of a reseller: verified, at a domain that is the reseller's."""

    reseller_id: UUID


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody who is nobody's, and holds a token of this reseller's."""

    reseller_id: UUID


@dataclass(frozen=True, slots=True)
class Nobody:
    """It cannot be told whose mail it is, or it is not for where it was sent; ``reason`` says which."""

    reason: str


Whose = Known | NewContact | Stranger | Nobody


@dataclass(frozen=True, slots=True)
class Signs:
    """What tells whose a mail is.

    Attributes:
        mailbox: The reseller whose own the mailbox is; None for one of the operator's.
        token: The reseller of the ticket of which the mail has a token.
        known: Contacts with the author's address, of all resellers.
        domain: The reseller that has claimed the domain of the author's address.
        verified: Whether the mail is its author's.
    """

    mailbox: UUID | None
    token: UUID | None
    known: Sequence[Known]
    domain: UUID | None
    verified: bool


def whose(signs: Signs) -> Whose:
    """Tell whose a mail is."""
    if None not in {signs.mailbox, signs.token} and signs.mailbox != signs.token:
        return Nobody("wrong_reseller")
    named = signs.mailbox or signs.token
    return _at_large(signs) if named is None else _at(named, signs)


def _at(reseller_id: UUID, signs: Signs) -> Whose:
    for each in signs.known:
        if each.reseller_id == reseller_id:
            return each
    if signs.domain == reseller_id and signs.verified:
        return NewContact(reseller_id)
    if signs.token is None:
        return Nobody("unknown_sender")
    elsewhere = bool(signs.known) or signs.domain not in {None, reseller_id}
    return Nobody("wrong_reseller") if elsewhere else Stranger(reseller_id)


def _at_large(signs: Signs) -> Whose:
    if len(signs.known) > 1:
        return Nobody("ambiguous_sender")
    if signs.known:
        return signs.known[0]
    if signs.domain is not None and signs.verified:
        return NewContact(signs.domain)
    return Nobody("unknown_sender")
