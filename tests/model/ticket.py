"""A ticket: its statuses, and what each act does to its clocks; before an act the ticket is walked to `now`."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from tests.model.clock import Clock
from tests.model.ladder import BREACH, CLOSE, EXPIRY, Due, Escalation, Ladder, due_steps
from tests.model.policy import METRICS, PRIORITIES, Policy
from tests.model.reseller import Reseller
from tests.model.terms import Terms

WEEK = timedelta(days=7)
AT_WORK = ("new", "open", "pending", "on_hold")
# "A ticket's statuses": from -> to, by staff and by its reseller.
STAFF_MOVES = {each: {"open", "pending", "on_hold", "resolved", "cancelled"} for each in AT_WORK}
STAFF_MOVES |= {"resolved": {"open", "cancelled"}, "closed": set(), "cancelled": set()}
RESELLER_MOVES = {each: {"resolved", "cancelled"} for each in AT_WORK}
RESELLER_MOVES |= {"resolved": {"open", "closed", "cancelled"}, "closed": set(), "cancelled": set()}


class Ticket:
    """A ticket of a reseller."""

    def __init__(self, reseller: Reseller, priority: str, now: datetime, *, by_telephone: bool = False) -> None:
        self.reseller, self.priority, self.requested, self.now = reseller, priority, priority, now
        self.status = "new"
        self.clocks: list[Clock] = []
        self.ladder = Ladder()
        self.answered = self.replied = self.waiting = False
        self.resolved_at: datetime | None = None
        self.silent_since = now
        self.told: list[tuple[str, datetime, str]] = []
        # "Website": `first_response` and `resolution` start at creation, `periodic_update` "when the ticket is opened".
        self.had = {metric: self._terms(metric) for metric in METRICS}
        for metric in ("first_response", "periodic_update", "resolution"):
            self._start(metric)
        if by_telephone:  # "answered as it is opened"
            self._meet("first_response")
            self.status, self.answered, self.replied = "open", True, True

    # --- what people do ----------------------------------------------------------------------------------------

    def desk_writes(self) -> None:
        """A person's public message from the desk."""
        self._meet("first_response")
        self._meet("next_response")
        self._meet("periodic_update")
        self.answered, self.replied, self.waiting = True, True, False
        self.silent_since = self.now
        if self.status == "new":
            self._enter("open")
        if self.status != "resolved":  # "No clock starts while a ticket is resolved"
            self._start("periodic_update")  # "starts when the ticket is opened and after each public desk message"

    def customer_writes(self) -> None:
        """A customer's message: "`pending` to `open`", "`resolved` to `open`"."""
        if self.status == "resolved":
            self.move("open")
        elif self.status == "pending":
            self._enter("open")
        # "starts with a customer's message that follows a desk reply (further ones do not restart it)"
        if self.replied and not self.waiting:
            self.waiting = True
            self._start("next_response")

    def move(self, to: str) -> None:
        """Change the status, by whoever may."""
        if to == "resolved":
            self._resolve()
        elif to == "cancelled":
            self._cancel()
        elif self.status == "resolved" and to == "open":
            self._reopen()
        else:
            self._enter(to)

    def set_priority(self, priority: str, *, by_reseller: bool) -> None:
        """ "Clocks follow `priority`"; "a reseller's change of `priority` sets `requested_priority` too"."""
        self.priority = priority
        self.requested = priority if by_reseller else self.requested
        self.follow_terms()

    def lowers(self, priority: str) -> bool:
        """Lowering it needs a reason."""
        return PRIORITIES.index(priority) < PRIORITIES.index(self.priority)

    def acknowledge(self, escalation: Escalation) -> None:
        """ "That stops the ladder for that clock until `acknowledge_for` has passed", "counted as the clock counts"."""
        escalation.state, escalation.acknowledged_at = "acknowledged", self.now
        clock = escalation.clock
        if clock is not None:
            clock.quiet_until = clock.counted + self.policy.quiet(self.priority, clock.terms.target)

    # --- what changes under it -----------------------------------------------------------------------------------

    @property
    def policy(self) -> Policy:
        """The policy that it lives under."""
        return self.reseller.policy(self.now)

    def follow_terms(self) -> None:
        """A change of terms: of priority, plan, add-on, policy version, windows."""
        if self.status not in AT_WORK:
            return  # "No clock starts while a ticket is resolved; reopening applies the terms then in force"
        for metric in METRICS:
            self._follow(metric)
        self._pause()

    def _follow(self, metric: str) -> None:
        terms, had, clock = self._terms(metric), self.had[metric], self.latest(metric)
        self.had[metric] = terms
        if clock is not None and clock.unmet:
            if terms is not None:
                clock.change(terms)
            elif clock.breached_at is None:
                clock.cancelled = True  # "A metric that loses its target cancels its clock and keeps what it consumed"
                self.ladder.resolve(clock, self.now)
        elif terms is None:
            return
        elif clock is not None and clock.state == "cancelled" and not clock.ended:
            clock.cancelled = False  # "one that regains it goes on with that clock"
            clock.change(terms)
        elif had is None and self._promised(metric):
            self._start(metric)  # "a metric that gains a target starts a clock at *c* with the whole of it"

    def _promised(self, metric: str) -> bool:
        if metric == "first_response":
            return not self.answered
        return self.waiting if metric == "next_response" else True

    # --- what time does ----------------------------------------------------------------------------------------

    def walk(self, now: datetime) -> None:
        """Let time pass, in which nothing falls due."""
        self.now = now
        for clock in self.clocks:
            clock.walk(now)

    def due(self) -> Iterator[Due]:
        """All that falls due by time alone, as things are now."""
        policy = self.policy
        for clock in self.clocks:
            for instant, rank, step in due_steps(clock, policy):
                yield instant, rank, partial(self._reach, clock, step.code)
            if clock.state == "running":
                assert clock.due_at is not None
                yield clock.due_at, BREACH, partial(self._breach, clock)
            if clock.quiet_until is not None and clock.counts:
                yield (
                    clock.terms.reached(clock.at, clock.quiet_until - clock.counted),
                    EXPIRY,
                    partial(self._speak, clock),
                )
        if self.status == "resolved":  # "seven days of silence"
            yield self.silent_since + WEEK, CLOSE, partial(self._enter, "closed")

    def _reach(self, clock: Clock, code: str) -> None:
        step = next(each for each in self.policy.steps if each.code == code)
        if step.share is not None:  # told of once, even while calls are withheld
            self._tell("sla.warning", clock)
        self.ladder.reach(clock, step, self.policy, self.reseller.level(self.now))

    def _breach(self, clock: Clock) -> None:
        clock.breached_at = self.now  # "`breached_at` is that deadline"
        self._tell("sla.breached", clock)

    def _speak(self, clock: Clock) -> None:
        self.ladder.expire(clock, self.policy, self.reseller.level(self.now))

    def _tell(self, kind: str, clock: Clock) -> None:
        self.told.append((kind, self.now, clock.metric))

    # --- how -------------------------------------------------------------------------------------------------------

    def latest(self, metric: str) -> Clock | None:
        """The latest clock of a metric."""
        return next((clock for clock in reversed(self.clocks) if clock.metric == metric), None)

    def _terms(self, metric: str) -> Terms | None:
        return self.reseller.terms(self.now, self.priority, metric)

    def _start(self, metric: str) -> None:
        terms, latest = self._terms(metric), self.latest(metric)
        # "A metric starts no second clock while one of it is breached and unmet."
        if terms is None or (latest is not None and latest.unmet):
            return
        self.clocks.append(Clock(metric, self.now, terms))
        self._pause()  # "(paused if its status pauses it)"

    def _meet(self, metric: str) -> None:
        clock = self.latest(metric)
        if clock is not None and clock.unmet:
            clock.meet()
            self._tell("sla.met", clock)
            self.ladder.resolve(clock, self.now)
        elif clock is not None and metric != "resolution":
            clock.ended = True  # "each such exchange is a clock of its own", with a target or without

    def _enter(self, status: str) -> None:
        self.status = status
        self._pause()

    def _pause(self) -> None:
        for clock in self.clocks:
            if clock.unmet:
                clock.pause(paused=self.policy.pauses(clock.metric, self.status))

    def _resolve(self) -> None:
        self.status, self.resolved_at, self.silent_since = "resolved", self.now, self.now
        for metric in METRICS:
            self._meet(metric)
        self.answered, self.waiting = True, False
        self.ladder.resolve(None, self.now)

    def _reopen(self) -> None:
        self.status, self.resolved_at = "open", None
        clock = self.latest("resolution")
        if clock is not None and clock.met_at is not None:
            if self.policy.restarts:
                self._start("resolution")  # "anew with the whole target, under the terms then in force"
            else:
                # "The resolution clock is `running` again, or `breached` if it was missed; `met_at` is cleared."
                clock.met_at = None
        self._start("periodic_update")  # "starts when the ticket is opened", again too
        self.follow_terms()

    def _cancel(self) -> None:
        # "Cancelling a ticket cancels its running and paused clocks; a breached one stays breached." Nobody is called
        # about it any more (docs/decisions/0007): it stands still, and its calls are over.
        self.status = "cancelled"
        for clock in self.clocks:
            if clock.unmet and clock.breached_at is None:
                clock.cancelled = True
            elif clock.unmet:
                clock.pause(paused=True)
        for escalation in self.ladder.raised:
            escalation.resolve(self.now)
