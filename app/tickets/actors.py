"""Who acts on a ticket, as the record keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from app.auth.principals import Principal
from app.infra.ids import encode
from app.tickets.lifecycle import Side


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, a key, the desk itself, or whoever a mail says it is from."""

    kind: Literal["contact", "staff", "key", "system", "sender"]
    id: str | None
    name: str
    side: Side

    def recorded(self) -> Mapping[str, str | None]:
        """Return what is stored of an actor."""
        return {"kind": self.kind, "id": self.id, "name": self.name}


TIME = Actor("system", None, "Trunkline", "desk")
"""The desk itself, where time alone acts."""


def actor_of(principal: Principal) -> Actor:
    """Return the actor behind a key."""
    side: Side = "desk" if principal.is_staff else "customer"
    if principal.staff_id is not None:
        return Actor("staff", encode("stf", principal.staff_id), principal.key_name, side)
    return Actor("key", encode("key", principal.key_id), principal.key_name, side)
