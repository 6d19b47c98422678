"""Pure: what the written SLA says of one support level."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from app.catalogue.changes import Promised
from app.catalogue.document import Block, Heading, Paragraph, Points, Section, Table
from app.catalogue.hours import hours_in_words
from app.catalogue.wording import (
    CHANNELS,
    PRIORITIES,
    ROLES,
    capital,
    joined,
    target_in_words,
    trigger_in_words,
)
from app.sla.terms import Counting, Metric
from app.sla.words import METRICS

_COUNTED_IN = {Counting.support_hours: "Support hours", Counting.elapsed: "All hours"}


class Level(Protocol):
    """A support level."""

    level: int
    name: str
    channels: list[str]
    may_escalate: bool
    task_tickets: bool
    branded: bool


class Offer(Protocol):
    """An add-on product."""

    name: str
    level: int
    telephone: bool


def level_section(promised: Promised, level: Level, had: str, products: Sequence[Offer], *, alone: bool) -> Section:
    """Return the part about a level: who may write and when, what is promised, who is called."""
    return Section(
        level.name if alone else f"Level {level.level}: {level.name}",
        (
            Points(tuple(_terms(promised, level, had, products))),
            Heading("What is promised"),
            *_promises(promised, level.level),
            Heading("When a promise is at risk or missed"),
            *_ladder(promised, level),
        ),
    )


def _terms(promised: Promised, level: Level, had: str, products: Sequence[Offer]) -> Iterator[tuple[str, str]]:
    code = promised.policy.calendars.get(level.level)
    yield "How it is had", f"{had}."
    if code is not None:
        yield "Support hours", f"{capital(hours_in_words(promised.calendars[code]))}."
    yield "Who may write", _who(level)
    yield "Channels", _channels(level, products)
    if level.task_tickets:
        yield "Tasks", "You may hand the desk work to do, as tickets of the type task."


def _who(level: Level) -> str:
    if not level.branded:
        return "Your own staff, at any time; support hours say when the desk's time counts."
    return (
        "Your own staff and, under your brand, your end customers, at any time; support hours say when the desk's time"
        " counts."
    )


def _channels(level: Level, products: Sequence[Offer]) -> str:
    open_to_all = capital(joined([CHANNELS.get(channel, channel) for channel in level.channels]))
    spoken = [product.name for product in products if product.level == level.level and product.telephone]
    return f"{open_to_all}; telephone where {joined(spoken, 'or')} is held." if spoken else f"{open_to_all}."


def _promises(promised: Promised, level: int) -> Iterator[Block]:
    targets = promised.policy.targets
    rows = tuple(
        (capital(priority), capital(METRICS[metric]), capital(target_in_words(target)), _COUNTED_IN[target.counting])
        for priority in PRIORITIES
        for metric in Metric
        if (target := targets.get((level, priority, metric))) is not None
    )
    if not rows:
        yield Paragraph("No times are promised at this level.")
        return
    yield Table(("Priority", "Promise", "Within", "Counted in"), rows)


def _ladder(promised: Promised, level: Level) -> Iterator[Block]:
    held = promised.policy.held.get(level.level, frozenset())
    rows = tuple(
        (capital(trigger_in_words(step)), f"{capital(ROLES[step.role])} is called")
        for step in promised.policy.steps
        if step.code in held
    )
    if rows:
        yield Table(("When", "What happens"), rows)
    said = "Every miss is recorded and you are told of it."
    if not rows:
        said += " Nobody is called by the clock at this level."
    if level.may_escalate:
        said += " You may also escalate a ticket by hand, with a reason: first to your account manager, then to the"
        said += " technical director."
    else:
        said += " Escalation by hand is not part of this level."
    yield Paragraph(said)
