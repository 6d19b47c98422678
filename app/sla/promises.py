"""What each moment of a ticket does to its clocks.

    moment           first_response   next_response            periodic_update    resolution
    opened           starts           -                        starts             starts
    answered         met              met                      met, starts anew   -
    wrote            -                starts, unless unmet     -                  -
    status_changed   -                paused or resumed, as the policy says of the status
    resolved         met              met                      met                met
    reopened         -                -                        starts anew        goes on, or starts anew
    cancelled        cancelled, all of them, unless breached
    terms_changed    the change rule, or a start where a metric gains a target

Every function takes what stands before it in this order, as far as it needs it, and gives a ``Heard``:

    book       the latest clock of each metric, settled up to ``now``
    terms_of   the terms that each metric has from ``now`` on; None where it has no target
    policy     for the statuses that pause a metric
    situation  the ticket after the moment (or ``status``, its status after the moment)
    now        the instant of the moment, not before the book's last

The moments of one act are told one after another, at one ``now``, each with the book that the one before left.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.sla.clock import Clock
from app.sla.policy import Policy
from app.sla.remedies import Reopen
from app.sla.terms import Metric, Terms

Book = Mapping[Metric, Clock]
TermsOf = Callable[[Metric], Terms | None]

# No clock starts, and no terms change, while a ticket lies in one of these.
AT_REST = frozenset({"resolved", "closed", "cancelled"})


@dataclass(frozen=True, slots=True)
class Situation:
    """A ticket as far as its clocks care, after the moment that is told.

    Attributes:
        status: The ticket's status.
        answered: Whether a person on the desk's side has replied in public.
        waiting: Whether a customer's message that follows a desk reply is unanswered; resolving ends the waiting.
    """

    status: str
    answered: bool = False
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """What a moment did.

    Attributes:
        changed: Clocks of the book as they are now.
        started: Clocks that began; of a metric that stands in both, the changed one is the clock before.
    """

    changed: Mapping[Metric, Clock] = field(default_factory=dict)
    started: Mapping[Metric, Clock] = field(default_factory=dict)

    def after(self, book: Book) -> Book:
        """The book with what this did to it."""
        return {**book, **self.changed, **self.started}


def opened(terms_of: TermsOf, policy: Policy, situation: Situation, now: datetime) -> Heard:
    """A ticket was opened; one that staff open for a caller is answered as it is opened."""
    started = {}
    for metric in (Metric.first_response, Metric.periodic_update, Metric.resolution):
        clock = _start(metric, terms_of, policy, situation.status, now)
        if clock is not None:
            met = metric is Metric.first_response and situation.answered
            started[metric] = clock.meet(now) if met else clock
    return Heard(started=started)


def answered(book: Book, terms_of: TermsOf, policy: Policy, situation: Situation, now: datetime) -> Heard:
    """A person on the desk's side wrote in public."""
    ended = (Metric.first_response, Metric.next_response, Metric.periodic_update)
    changed = {metric: book[metric].meet(now) for metric in ended if _unmet(book, metric)}
    return Heard(changed | _over(book, now), _started(Metric.periodic_update, terms_of, policy, situation.status, now))


def wrote(book: Book, terms_of: TermsOf, policy: Policy, situation: Situation, now: datetime) -> Heard:
    """A customer wrote; a second clock never starts while one is unmet."""
    if not situation.waiting or _unmet(book, Metric.next_response):
        return Heard()
    return Heard(started=_started(Metric.next_response, terms_of, policy, situation.status, now))


def status_changed(book: Book, policy: Policy, status: str, now: datetime) -> Heard:
    """A ticket passed into another status; resolving, reopening and cancelling are moments of their own."""
    if status in AT_REST:
        return Heard()
    return _changed(
        book, {metric: _held(clock, now, paused=policy.pauses_in(metric, status)) for metric, clock in book.items()}
    )


def resolved(book: Book, now: datetime) -> Heard:
    """A ticket was resolved: whatever is unmet is met."""
    return Heard({metric: clock.meet(now) for metric, clock in book.items() if clock.unmet} | _over(book, now))


def reopened(book: Book, terms_of: TermsOf, policy: Policy, status: str, now: datetime) -> Heard:
    """A resolved ticket is worked on again, under the terms now in force, as a change at this instant.

    A policy that restarts leaves a resolution that was met as it is, and promises another.
    """
    periodic = _started(Metric.periodic_update, terms_of, policy, status, now)
    clock = book.get(Metric.resolution)
    if clock is None or (clock.met_at is not None and policy.reopen is Reopen.restart):
        return Heard(started=periodic | _started(Metric.resolution, terms_of, policy, status, now))
    paused = policy.pauses_in(Metric.resolution, status)
    if clock.met_at is not None:
        clock = clock.reopen(now, paused=paused)
    clock = clock.change_terms(terms_of(Metric.resolution), now, paused=paused)
    return Heard(_changed(book, {Metric.resolution: clock}).changed, periodic)


def cancelled(book: Book, now: datetime) -> Heard:
    """A ticket was cancelled or merged: running and paused clocks end, a breached one stays breached.

    The breached one stands still from now on, so that no later step of its ladder falls due.
    """
    ended = {metric: clock.cancel(now) for metric, clock in book.items()}
    return _changed(book, {metric: clock.pause(now) if clock.unmet else clock for metric, clock in ended.items()})


def terms_changed(book: Book, terms_of: TermsOf, policy: Policy, situation: Situation, now: datetime) -> Heard:
    """A priority, plan, add-on, policy or calendar changed what is promised."""
    if situation.status in AT_REST:
        return Heard()
    changed: dict[Metric, Clock] = {}
    started: dict[Metric, Clock] = {}
    for metric in Metric:
        clock, paused = book.get(metric), policy.pauses_in(metric, situation.status)
        if clock is not None and (clock.unmet or (_dropped(clock) and _live(metric, situation))):
            changed[metric] = _held(clock.change_terms(terms_of(metric), now, paused=paused), now, paused=paused)
        elif _live(metric, situation) and (clock is None or metric in _REPEATED):
            started |= _started(metric, terms_of, policy, situation.status, now)
    return Heard(_changed(book, changed).changed, started)


def _held(clock: Clock, now: datetime, *, paused: bool) -> Clock:
    """The clock as its ticket's status has it: another policy may pause in other statuses."""
    if not clock.unmet:
        return clock
    return clock.pause(now) if paused else clock.resume(now)


# A ticket has one clock of each other metric, but one of these for each exchange or interval.
_REPEATED = frozenset({Metric.next_response, Metric.periodic_update})


def _dropped(clock: Clock) -> bool:
    """Whether a clock has lost its target, and goes on if the target comes back."""
    return clock.cancelled_at is not None and clock.ended_at is None


def _over(book: Book, now: datetime) -> dict[Metric, Clock]:
    """The clocks without a target whose exchange or interval is over."""
    return {metric: book[metric].end(now) for metric in _REPEATED if metric in book and _dropped(book[metric])}


def _live(metric: Metric, situation: Situation) -> bool:
    """Whether the desk owes this metric at the moment, target or not."""
    if metric is Metric.first_response:
        return not situation.answered
    return metric is not Metric.next_response or situation.waiting


def _unmet(book: Book, metric: Metric) -> bool:
    return metric in book and book[metric].unmet


def _changed(book: Book, clocks: Book) -> Heard:
    return Heard({metric: clock for metric, clock in clocks.items() if clock is not book.get(metric)})


def _start(metric: Metric, terms_of: TermsOf, policy: Policy, status: str, now: datetime) -> Clock | None:
    terms = terms_of(metric)
    if terms is None or status in AT_REST:
        return None
    return Clock.start(metric, terms, now, paused=policy.pauses_in(metric, status))


def _started(metric: Metric, terms_of: TermsOf, policy: Policy, status: str, now: datetime) -> dict[Metric, Clock]:
    clock = _start(metric, terms_of, policy, status, now)
    return {} if clock is None else {metric: clock}
