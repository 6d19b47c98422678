"""Facts that rooms above react to in the same transaction.

A room announces a fact and knows nobody above it; ``app.registry`` says who reacts to what.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

F = TypeVar("F")
Reaction = Callable[[AsyncSession, F], Awaitable[Sequence[UUID] | None]]
"""What is done about a fact; it may answer with the ids of what goes on in the background because of it."""

_reactions: dict[type[object], list[Reaction[object]]] = defaultdict(list)


def register(fact: type[F], *reactions: Reaction[F]) -> None:
    """Let reactions hear every fact of a kind, in this order; registering one twice changes nothing."""
    known: list[Reaction[F]] = _reactions[fact]  # type: ignore[assignment]  # keyed by the fact's own type
    known.extend(reaction for reaction in reactions if reaction not in known)


async def announce(session: AsyncSession, facts: Sequence[object]) -> list[UUID]:
    """Tell whoever registered for them of facts, in order, within this transaction; returns what they answered."""
    answers: list[UUID] = []
    for fact in facts:
        for reaction in _reactions[type(fact)]:
            answers.extend(await reaction(session, fact) or ())
    return answers


def sole(answers: Sequence[UUID]) -> UUID | None:
    """Return the one thing that a fact has set off; None where it is none, or several."""
    return answers[0] if len(answers) == 1 else None
