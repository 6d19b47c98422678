"""Resellers and tickets on one clock, and time that passes from one instant at which something happens to the next."""

from collections.abc import Callable
from datetime import datetime

from tests.model.ladder import BREACH, TERMS, Due
from tests.model.reseller import Reseller
from tests.model.ticket import Ticket


class World:
    """All that lives on one clock."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.resellers: list[Reseller] = []
        self.tickets: list[Ticket] = []

    def advance(self, to: datetime) -> None:
        """Let time pass; what falls due on the way happens at its own instant, in the order of its kind."""
        while (first := self._first(to)) is not None:
            instant, _, happen = first
            self._walk(max(self.now, instant))
            happen()
        self._walk(to)

    def follow_terms(self, reseller: Reseller) -> None:
        """What a reseller holds has changed, now."""
        for ticket in self.tickets:
            if ticket.reseller is reseller:
                ticket.follow_terms()

    def next_instants(self) -> list[datetime]:
        """The instants to come at which something happens, as things are now."""
        return sorted({instant for instant, _, _ in self._due() if instant > self.now})

    def _first(self, to: datetime) -> Due | None:
        # "A clock breaches when `now > due_at`; everything else falls due at `>=`."
        due = [each for each in self._due() if each[0] < to or (each[0] == to and each[1] != BREACH)]
        return min(due, key=lambda each: each[:2], default=None)

    def _due(self) -> list[Due]:
        found = [due for ticket in self.tickets for due in ticket.due()]
        changes = [(at, reseller) for reseller in self.resellers for at in reseller.changes_after(self.now)[:1]]
        if changes:
            first = min(at for at, _ in changes)
            found.append((first, TERMS, self._following([reseller for at, reseller in changes if at == first])))
        return found

    def _following(self, resellers: list[Reseller]) -> Callable[[], None]:
        """What changes for several at one instant changes for all of them."""

        def follow() -> None:
            for reseller in resellers:
                self.follow_terms(reseller)

        return follow

    def _walk(self, to: datetime) -> None:
        self.now = to
        for ticket in self.tickets:
            ticket.walk(to)
