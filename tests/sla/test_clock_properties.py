"""Clocks led through pauses, changes and acknowledgements at random, held against a walk over every minute."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from app.sla import DEFAULT_STEPS, Clock, Counting, Fact, Ladder, Metric, State, Terms, settle, wake_at
from tests.sla.drawn import ODD_DAYS, calendars
from tests.sla.reference import MINUTE, Grid, utc
from tests.sla.walked_clock import Walked

DAYS = 6
LADDERS = (
    Ladder(DEFAULT_STEPS, frozenset({"warning", "breach", "overdue"})),
    Ladder(DEFAULT_STEPS, frozenset({"warning"})),
)
TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Act:
    """What a person does at an instant."""

    at: datetime
    name: str
    terms: Terms
    span: timedelta


@dataclass(frozen=True)
class Story:
    """A clock's start, its terms, the acts on it in order, and when it is looked at."""

    origin: datetime
    start: datetime
    terms: Sequence[Terms]
    acts: Sequence[Act]
    end: datetime
    ladder: Ladder


@st.composite
def stories(draw: st.DrawFn) -> Story:
    zone, day = draw(st.sampled_from(ODD_DAYS))
    origin = utc(day.isoformat()) - timedelta(days=2)
    terms = [draw(_terms(zone, day)) for _ in range(draw(st.integers(1, 3)))]
    minutes = sorted(draw(st.lists(st.integers(0, (DAYS - 1) * 1440), min_size=2, max_size=9, unique=True)))
    instants = [origin + MINUTE * minute for minute in minutes]
    acts = [
        Act(
            instant,
            draw(st.sampled_from(["pause", "resume", "change", "acknowledge"])),
            draw(st.sampled_from(terms)),
            MINUTE * draw(st.integers(1, 600)),
        )
        for instant in instants[1:-1]
    ]
    return Story(origin, instants[0], terms, acts, instants[-1], draw(st.sampled_from(LADDERS)))


@st.composite
def _terms(draw: st.DrawFn, zone: str, day: date) -> Terms:
    # Quarters of a target fall on whole minutes, which is as fine as the walk goes.
    target = MINUTE * 4 * draw(st.sampled_from([1, 15, 30, 60, 120, 720]) | st.integers(1, 400))
    return Terms(target, draw(st.sampled_from(Counting)), draw(calendars(zone, day)))


def led(story: Story, looks: Sequence[datetime] = ()) -> tuple[Clock, list[Fact]]:
    """The clock at the end of a story, settled at each act and wherever else somebody looks."""
    clock, told = Clock.start(Metric.resolution, story.terms[0], story.start), list[Fact]()
    acts = {act.at: act for act in story.acts}
    for instant in sorted({*acts, *looks}):
        clock, facts = settle(clock, story.ladder, instant, inclusive=instant not in acts)
        told.extend(facts)
        if instant in acts:
            clock = acted(clock, acts[instant])
    clock, facts = settle(clock, story.ladder, story.end, inclusive=True)
    return clock, told + list(facts)


def acted(clock: Clock, act: Act) -> Clock:
    if act.name == "pause":
        return clock.pause(act.at)
    if act.name == "resume":
        return clock.resume(act.at)
    return clock.change_terms(act.terms, act.at) if act.name == "change" else clock.acknowledge(act.span, act.at)


def walked(story: Story) -> Walked:
    grids = {terms: Grid(terms.calendar, story.origin, DAYS + 6) for terms in story.terms}
    first = story.terms[0]
    walk = Walked(story.start, story.ladder, grids, first, first.target)
    for act in story.acts:
        walk.walk(act.at)
        if act.name == "change":
            walk.change(act.terms)
        elif act.name == "acknowledge":
            walk.quiet_until = walk.counted + act.span
        else:
            walk.paused = act.name == "pause"
    walk.walk(story.end)
    walk.let_time_act(passing=False)
    return walk


@settings(max_examples=120, deadline=None)
@given(stories())
def test_a_clock_agrees_with_a_walk_over_every_minute(story: Story) -> None:
    clock, facts = led(story)
    walk = walked(story)
    assert facts == walk.facts
    assert (clock.breached_at, clock.terms) == (walk.breached_at, walk.terms)
    assert clock.remaining_at(story.end) == walk.remaining
    assert clock.counted_at(story.end) == walk.counted
    assert clock.passed == walk.passed
    expected = State.breached if walk.breached_at else State.paused if walk.paused else State.running
    assert clock.state is expected
    if expected is State.running:
        due = walk.grids[walk.terms].advance(walk.at, walk.remaining)
        assert due is None or clock.due_at == due


@settings(max_examples=120, deadline=None)
@given(stories(), st.lists(st.integers(0, DAYS * 86_400), max_size=12))
def test_many_small_settlings_tell_what_one_late_one_tells(story: Story, seconds: list[int]) -> None:
    looks = {story.origin + timedelta(seconds=second) for second in seconds}
    between = sorted(look for look in looks if story.start <= look <= story.end)
    assert led(story, between) == led(story)


@settings(max_examples=80, deadline=None)
@given(stories())
def test_whoever_sleeps_until_woken_misses_nothing(story: Story) -> None:
    clock = Clock.start(Metric.resolution, story.terms[0], story.start)
    horizon = story.start + timedelta(days=90)
    late = settle(clock, story.ladder, horizon, inclusive=True)
    told: list[Fact] = []
    while (wake := wake_at(clock, story.ladder)) is not None and wake <= horizon:
        assert settle(clock, story.ladder, wake - TICK, inclusive=True) == (clock, ())
        after, facts = settle(clock, story.ladder, wake, inclusive=True)
        assert after != clock
        clock = after
        told.extend(facts)
    assert (clock, tuple(told)) == late


@settings(max_examples=150, deadline=None)
@given(stories())
def test_no_change_of_terms_breaches_or_moves_a_deadline_into_the_past(story: Story) -> None:
    clock = Clock.start(Metric.resolution, story.terms[0], story.start)
    for act in story.acts:
        clock, _ = settle(clock, story.ladder, act.at, inclusive=False)
        before, clock = clock, acted(clock, act)
        if act.name != "change":
            continue
        assert clock.breached_at == before.breached_at
        if clock.state is State.running:
            assert clock.due_at is not None
            assert before.due_at is not None
            assert clock.due_at >= act.at
            spent = before.remaining_at(act.at) == timedelta(0)
            assert clock.due_at > act.at or spent
            if act.terms.target < before.terms.target:
                assert clock.due_at <= before.due_at
