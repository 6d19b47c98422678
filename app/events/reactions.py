"""Facts that rooms above react to in the same transaction.

A room announces a fact and knows nobody above it; ``app.registry`` says who reacts to what.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

F = TypeVar("F")
Reaction = Callable[[AsyncSession, F], Awaitable[None]]

_reactions: dict[type[object], list[Reaction[object]]] = defaultdict(list)


def register(fact: type[F], *reactions: Reaction[F]) -> None:
    """Let reactions hear every fact of a kind, in this order; registering one twice changes nothing."""
    known: list[Reaction[F]] = _reactions[fact]  # type: ignore[assignment]  # keyed by the fact's own type
    known.extend(reaction for reaction in reactions if reaction not in known)


async def announce(session: AsyncSession, facts: Sequence[object]) -> None:
    """Tell whoever registered for them of facts, in order, within this transaction."""
    for fact in facts:
        for reaction in _reactions[type(fact)]:
            await reaction(session, fact)
