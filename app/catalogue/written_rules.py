"""Pure: the rules of the written SLA that hold for every level: counting, pauses, changes, remedies."""

from collections.abc import Iterator

from app.catalogue.changes import Promised
from app.catalogue.document import Paragraph, Points, Section
from app.catalogue.wording import PRIORITIES, capital, joined, share_in_words, span_in_words, statuses_in_words
from app.sla.policy import Policy, Reopen
from app.sla.terms import Metric
from app.sla.words import METRICS

_REOPENED = {
    Reopen.goes_on: "Reopening a ticket takes its resolution up again with the time that was already used; the time"
    " that it lay resolved does not count. A resolution that was missed stays missed.",
    Reopen.restart: "Reopening a ticket starts a new promise of resolution with the whole of its time; the one before"
    " it stays as it ended.",
}
_COUNTING = (
    (
        "Support hours",
        "Time counts while the desk is open. What arrives while it is closed starts to count at the next opening.",
    ),
    ("All hours", "Time counts day and night; a day is 24 hours."),
    (
        "Deadline",
        "The first instant at which the counted time reaches the promised time; exactly at a closing, that closing.",
    ),
)
_SUMMER_TIME = (
    "Support hours are local time in {zones}, and time is counted as it really passes, so that a change of the clocks"
    " neither lengthens nor shortens a promise."
)


def rules(promised: Promised, levels: frozenset[int]) -> Iterator[Section]:
    """Yield the parts that say how promises are counted, and what bears on them."""
    policy = promised.policy
    metrics = frozenset(metric for level, _, metric in policy.targets if level in levels)
    yield _counting(promised, levels)
    yield _pauses(policy, metrics)
    yield _reopening(policy, metrics)
    yield Section(
        "When something changes",
        (
            Paragraph(
                "A change of priority, plan, add-on or of this agreement holds from its instant on. What was counted"
                " before stays counted, a raised priority never moves a deadline later, and a promise that was missed"
                " stays missed."
            ),
        ),
    )
    yield _maintenance()
    yield _acknowledgements(policy)
    yield _credits(policy)


def _counting(promised: Promised, levels: frozenset[int]) -> Section:
    named = {code for level, code in promised.policy.calendars.items() if level in levels}
    zones = joined(sorted({promised.calendars[code].time_zone for code in named}))
    return Section("How time is counted", (Points((*_COUNTING, ("Summer time", _SUMMER_TIME.format(zones=zones)))),))


def _pauses(policy: Policy, metrics: frozenset[Metric]) -> Section:
    paused = {metric: policy.pauses.get(metric, frozenset()) for metric in Metric if metric in metrics}
    points = tuple(
        (
            capital(METRICS[metric]),
            f"pauses while the ticket is {statuses_in_words(statuses)}." if statuses else "never pauses.",
        )
        for metric, statuses in paused.items()
    )
    said = Paragraph("A promise that pauses has no deadline; it goes on with the time that remained.")
    return Section("What pauses a promise", (Points(points), said))


def _reopening(policy: Policy, metrics: frozenset[Metric]) -> Section:
    said = _REOPENED[policy.reopen] if Metric.resolution in metrics else "No resolution is promised here."
    return Section("When a ticket is reopened", (Paragraph(f"{said} A first response is promised once."),))


def _maintenance() -> Section:
    return Section(
        "Maintenance windows",
        (
            Paragraph(
                "Maintenance is declared with its reason, ahead or as it begins, and never for time that has passed."
                " While a window lasts, its time counts for no promise that it covers, whichever way that is counted;"
                " a window that is called off early stops nothing from then on. A promise that was missed before stays"
                " missed."
            ),
        ),
    )


def _acknowledgements(policy: Policy) -> Section:
    named = [
        f"{span_in_words(policy.acknowledge_for[priority])} for {priority}"
        for priority in PRIORITIES
        if priority in policy.acknowledge_for
    ]
    others = [priority for priority in PRIORITIES if priority not in policy.acknowledge_for]
    if others:
        named.append(f"as long as the promise itself for {joined(others)}")
    return Section(
        "When a call is taken in hand",
        (
            Paragraph(
                f"When a person at the desk takes a call in hand, further ones are kept back: {joined(named)}, counted"
                " as the promise is. If it is still not kept then, the calls that fell due meanwhile are made at once."
                " Taking a call in hand moves no deadline and undoes no miss."
            ),
        ),
    )


def _credits(policy: Policy) -> Section:
    credited = policy.credits
    if credited is None:
        return Section("Service credits", (Paragraph("This agreement names no service credits."),))
    return Section(
        "Service credits",
        (
            Paragraph(
                f"Each promise that is missed is credited with {share_in_words(credited.per_miss)} of the month's price"
                " of the add-on in force at the miss, at the price at which it was bought, up to"
                f" {share_in_words(credited.cap)} of that price for one paid month. Where no priced add-on is in force,"
                " nothing is credited. A miss that the desk voids, with a reason that is recorded, is not counted."
            ),
        ),
    )
