"""Lives of a clock at random, with the ledger that they leave: whatever people and time may do to one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hypothesis import strategies as st

from app.sla import DEFAULT_STEPS, Breached, Clock, Counting, IllegalTransition, Ladder, Metric, Terms, settle
from app.sla.explanation import Line
from tests.sla.drawn import ODD_DAYS, calendars
from tests.sla.reference import MINUTE, utc

DAYS = 6
LADDER = Ladder(DEFAULT_STEPS, frozenset({"warning", "breach", "overdue"}))
ACTS = ("pause", "resume", "change", "change", "lose", "meet", "reopen", "cancel", "acknowledge")


@dataclass(frozen=True)
class Life:
    """What a clock went through, its ledger, and what it is at the end."""

    origin: datetime
    clock: Clock
    ledger: Sequence[Line]
    end: datetime


@st.composite
def lives(draw: st.DrawFn) -> Life:
    zone, day = draw(st.sampled_from(ODD_DAYS))
    origin = utc(day.isoformat()) - timedelta(days=2)
    terms = [draw(_terms(zone, day)) for _ in range(draw(st.integers(1, 3)))]
    seconds = sorted(draw(st.lists(st.integers(0, (DAYS - 1) * 1440), min_size=2, max_size=9, unique=True)))
    start, *instants, end = [origin + MINUTE * second for second in seconds]
    clock = Clock.start(Metric.resolution, terms[0], start, paused=draw(st.booleans()))
    ledger = [line(clock, start, "started")]
    for at in instants:
        clock = _settled(clock, ledger, at)
        name, wanted, held = draw(st.sampled_from(ACTS)), draw(st.sampled_from(terms)), draw(st.booleans())
        after = _acted(clock, name, wanted, at, paused=held)
        if after is not clock:
            ledger.append(line(after, at, "acknowledged" if name == "acknowledge" else name))
        clock = after
    return Life(origin, _settled(clock, ledger, end), ledger, end)


def line(clock: Clock, at: datetime, why: str) -> Line:
    """The line of a ledger that a clock leaves."""
    paused = clock.paused_since is not None
    return Line(at, why, clock.terms, clock.state, paused, clock.counted, clock.remaining, clock.due_at)


@st.composite
def _terms(draw: st.DrawFn, zone: str, day: date) -> Terms:
    target = MINUTE * draw(st.sampled_from([1, 60, 240, 480, 2880]) | st.integers(1, 1600))
    return Terms(target, draw(st.sampled_from(Counting)), draw(calendars(zone, day)))


def _settled(clock: Clock, ledger: list[Line], at: datetime) -> Clock:
    clock, facts = settle(clock, LADDER, at, inclusive=False)
    broken = [fact for fact in facts if isinstance(fact, Breached)]
    ledger.extend(line(clock.at(fact.at), fact.at, "breached") for fact in broken)
    return clock


def _acted(clock: Clock, name: str, terms: Terms, at: datetime, *, paused: bool) -> Clock:
    acts: dict[str, Callable[[datetime], Clock]] = {
        "pause": clock.pause,
        "resume": clock.resume,
        "change": lambda now: clock.change_terms(terms, now, paused=paused),
        "lose": lambda now: clock.change_terms(None, now),
        "meet": clock.meet,
        "reopen": lambda now: clock.reopen(now, paused=paused),
        "cancel": clock.cancel,
        "acknowledge": lambda now: clock.acknowledge(MINUTE * 30, now),
    }
    try:
        return acts[name](at)
    except IllegalTransition:
        return clock
