"""Pure: who speaks in a mail: the operator's desk, or, to end customers, the reseller's brand and nobody else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.resellers.branding import with_defaults

_PRIMARY, _ACCENT = "#1f3a5f", "#1f6feb"
_LINKS = {"portal": "Portal", "help": "Help", "privacy": "Privacy"}


@dataclass(frozen=True, slots=True)
class Box:
    """A mailbox at which replies come in."""

    id: UUID
    address: str


@dataclass(frozen=True, slots=True)
class Voice:
    """How a mail presents itself. Without an address nothing can be sent; without a box nobody can reply by mail."""

    name: str
    address: str | None
    box: Box | None
    signature: str
    greeting: str | None = None
    primary: str = _PRIMARY
    accent: str = _ACCENT
    links: tuple[tuple[str, str], ...] = ()
    is_brand: bool = False


def of_the_desk(name: str, address: str, box: Box | None) -> Voice:
    """Return the operator's own voice."""
    return Voice(name, address, box, name)


def of_a_brand(brand: Mapping[str, Any] | None, reseller_name: str, box: Box | None) -> Voice:
    """Return the voice in which a reseller's own customers are spoken to."""
    told: Mapping[str, Any] = with_defaults(brand, reseller_name)
    colours, links = told.get("colours") or {}, told.get("links") or {}
    return Voice(
        name=told["name"],
        address=told.get("from_address") or (box.address if box else None),
        box=box,
        signature=told["signature"],
        greeting=told.get("greeting"),
        primary=colours.get("primary") or _PRIMARY,
        accent=colours.get("accent") or colours.get("primary") or _ACCENT,
        links=tuple((label, links[name]) for name, label in _LINKS.items() if links.get(name)),
        is_brand=True,
    )
