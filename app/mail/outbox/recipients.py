"""Pure: who is written to about an event.

A ticket's contact and those who follow it, the operator's people where they are called or work on it, each as far as
they want it. Nobody is told what they wrote themselves, nobody twice, and never an address of our own, since such a
mail would come back. End customers are written to only while Branded is in force.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

Kind = Literal["acknowledgement", "reply", "status", "call", "call_digest", "endpoint_notice"]
Side = Literal["reseller", "customer", "staff", "desk"]

PREFERENCES: Mapping[str, str] = {
    "acknowledgement": "acknowledgements",
    "reply": "replies",
    "status": "status_changes",
    "endpoint_notice": "endpoint_notices",
}
"""Which choice of a contact's decides about which kind; nobody chooses whether to be called."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may be written to: a contact by its side, one of the operator's people, or the desk as a whole."""

    side: Side
    id: UUID | None
    name: str
    address: str | None
    wants: Mapping[str, bool] = field(default_factory=dict)
    suspended: bool = False

    @property
    def contact_id(self) -> UUID | None:
        """Its id, where it is a contact."""
        return self.id if self.side in {"reseller", "customer"} else None

    @property
    def staff_id(self) -> UUID | None:
        """Its id, where it is one of the operator's people."""
        return self.id if self.side == "staff" else None


@dataclass(frozen=True, slots=True)
class Written:
    """A message, as far as it decides who is told of it: who wrote it, and for which side."""

    side: Literal["desk", "customer"]
    author_kind: str
    author_id: UUID | None


def told_of_message(
    written: Written, contact: Person | None, watchers: Sequence[Person], assignee: Person | None
) -> list[Person]:
    """Return who may be told of a message.

    What the desk writes is for the contact and those who follow. What the customer's side writes is for whoever works
    on it, too; the contact is told where another person wrote, not where its own system did, in its name.
    """
    people = list(watchers)
    if contact is not None and (written.side == "desk" or written.author_kind == "contact"):
        people.insert(0, contact)
    if assignee is not None and written.side == "customer":
        people.append(assignee)
    return people


def recipients(
    kind: Kind, people: Sequence[Person], *, own: Collection[str], branded: bool, author: UUID | None = None
) -> list[Person]:
    """Return those of some people who are written to, in order; ``own`` are the addresses of our own mailboxes.

    An address that is suspended stays in, so that it can be seen why nothing was sent.
    """
    found: dict[str, Person] = {}
    for person in people:
        if person.address is None or is_own(person.address, own):
            continue
        if author is not None and person.id == author:
            continue
        if person.side == "customer" and not branded:
            continue
        if wants(person, kind):
            found.setdefault(person.address.lower(), person)
    return list(found.values())


def wants(person: Person, kind: Kind) -> bool:
    """Tell whether somebody wants a kind of mail; what a contact has not chosen, it wants."""
    choice = PREFERENCES.get(kind)
    return choice is None or person.contact_id is None or person.wants.get(choice, True)


def is_own(address: str, own: Collection[str]) -> bool:
    """Tell whether an address is one of ours, with or without something behind a plus."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local}@{domain}" in own or f"{local.partition('+')[0]}@{domain}" in own
