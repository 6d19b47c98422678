"""Pure: the statuses of a ticket and who may move it between them.

new ------> open <-----> pending, on_hold      staff; a customer's message takes pending to open
 |            |             |
 +------------+-------------+--> resolved --> closed      resolved by the reseller too; closed after seven days
 |                                  |
 |            open <----------------+                     reopening: a customer's message, or with a reason
 v
cancelled                                                 from any but closed; staff, or the reseller with a reason
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from app.sla.words import PRIORITIES

Side = Literal["desk", "customer"]

CLOSES_AFTER = timedelta(days=7)
ENDED: frozenset[str] = frozenset({"closed", "cancelled"})
AT_WORK: frozenset[str] = frozenset({"new", "open", "pending", "on_hold"})
NO_WORK: frozenset[str] = ENDED | {"resolved"}


@dataclass(frozen=True, slots=True)
class Move:
    """A move between two statuses; ``reason``: the mover must say why."""

    to: str
    reason: bool = False


_STAFF_AT_WORK = tuple(Move(status) for status in ("open", "pending", "on_hold", "resolved", "cancelled"))
_MOVES: dict[Side, dict[str, tuple[Move, ...]]] = {
    "desk": {
        **dict.fromkeys(AT_WORK, _STAFF_AT_WORK),
        "resolved": (Move("open"), Move("cancelled")),
    },
    "customer": {
        **dict.fromkeys(AT_WORK, (Move("resolved"), Move("cancelled", reason=True))),
        "resolved": (Move("open", reason=True), Move("closed"), Move("cancelled", reason=True)),
    },
}


def moves(side: Side, status: str) -> tuple[Move, ...]:
    """Return the moves that a side may make from a status."""
    return tuple(move for move in _MOVES[side].get(status, ()) if move.to != status)


def find_move(side: Side, status: str, to: str) -> Move | None:
    """Return the move between two statuses, if the side may make it."""
    return next((move for move in moves(side, status) if move.to == to), None)


def after_message(status: str, side: Side) -> str:
    """Return the status that a person's public message leaves a ticket in; one that has ended takes no message."""
    if side == "customer":
        return "open" if status in {"pending", "resolved"} else status
    return "open" if status == "new" else status


def lowers(priority: str, to: str) -> bool:
    """Tell whether a change of priority lowers it."""
    order: tuple[str, ...] = PRIORITIES
    return order.index(to) > order.index(priority)
