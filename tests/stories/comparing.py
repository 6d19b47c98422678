"""Holding what the desk says side by side with what the reference model says."""

from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from tests.desk import Caller, Desk, Json
from tests.model.reseller import BEGINNING, Purchase, Reseller
from tests.model.ticket import Ticket
from tests.model.view import (
    clocks_view,
    entitlement_view,
    escalation_view,
    events_view,
    purchase_view,
    shown,
    ticket_view,
)
from tests.model.world import World
from tests.stories.alike import in_order, like, same

T = TypeVar("T")


class Run(Protocol):
    """Runs a coroutine to its end."""

    def __call__(self, coroutine: Coroutine[Any, Any, T], /) -> T: ...


@dataclass
class Held:
    """A reseller on both sides."""

    model: Reseller
    caller: Caller
    purchases: list[str] = field(default_factory=list)

    def purchase(self, one: Purchase) -> str:
        """The id of a purchase."""
        return self.purchases[self.model.purchases.index(one)]


@dataclass
class Lived:
    """A ticket on both sides."""

    model: Ticket
    whose: Held
    path: str
    metrics: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Its id."""
        return self.path.rpartition("/")[2]


class Comparing:
    """The tickets and resellers of a life, as both sides have them."""

    run: Run
    desk: Desk
    world: World
    resellers: list[Held]
    tickets: list[Lived]

    @property
    def now(self) -> datetime:
        """The present instant."""
        return self.world.now

    def compare(self, lived: Lived) -> None:
        """Hold a ticket against the model's."""
        wanted = ticket_view(lived.model)
        found = self.run(lived.whose.caller.get(lived.path))
        lived.metrics |= {clock["id"]: clock["metric"] for clock in found["sla"]["clocks"]}
        same(wanted, like(wanted, found), f"the ticket, at {shown(self.now)}")
        if len(lived.model.clocks) > len(wanted["sla"]["clocks"]):
            self.compare_clocks(lived)

    def compare_clocks(self, lived: Lived) -> None:
        """Hold every clock of a ticket against the model's."""
        wanted = clocks_view(lived.model)
        found = self.run(lived.whose.caller.get(f"{lived.path}/sla", all="true"))["clocks"]
        lived.metrics |= {clock["id"]: clock["metric"] for clock in found}
        same(wanted, like(wanted, found), f"its clocks, at {shown(self.now)}")

    def compare_escalations(self, held: Held) -> None:
        """Hold every escalation of a reseller against the model's."""
        of_tickets = {lived.id: lived for lived in self.tickets if lived.whose is held}
        found: dict[str, list[Json]] = {ticket_id: [] for ticket_id in of_tickets}
        for each in self._escalations(held):
            found[each["ticket_id"]].append(self._of(of_tickets[each["ticket_id"]], each))
        for ticket_id, lived in of_tickets.items():
            wanted = [escalation_view(each) for each in lived.model.ladder.raised]
            same(in_order(wanted), in_order(found[ticket_id]), f"the escalations, at {shown(self.now)}")

    def compare_reseller(self, held: Held, *later: datetime) -> None:
        """Hold what a reseller has, at present and at other instants, against the model."""
        for at in {self.now, *later}:
            wanted = entitlement_view(held.model, at)
            found = self.run(held.caller.get(f"/resellers/{held.caller.id}/entitlement", at=shown(at)))
            same(wanted, like(wanted, found), f"the entitlement of {shown(at)}, at {shown(self.now)}")
        if held.purchases:
            purchases = purchase_view(held.model, self.now)
            listed = self.run(held.caller.get("/add-on-purchases", limit=100))["data"]
            same(purchases, like(purchases, listed[::-1]), f"the purchases, at {shown(self.now)}")

    def compare_events(self, held: Held) -> None:
        """Hold what a reseller was told of its clocks against the model."""
        found: dict[str, list[Json]] = {lived.id: [] for lived in self.tickets if lived.whose is held}
        for told in self.run(self.desk.events(held.caller, "sla.warning", "sla.breached", "sla.met")):
            metric = told["data"]["clock"]["metric"]
            found[told["data"]["ticket"]["id"]] += [{"type": told["type"], "at": told["timestamp"], "metric": metric}]
        for lived in self.tickets:
            if lived.whose is held:
                same(in_order(events_view(lived.model)), in_order(found[lived.id]), "what was told of the clocks")

    def compare_all(self) -> None:
        """Hold everything against the model, at the end."""
        for lived in self.tickets:
            self.compare(lived)
            self.compare_clocks(lived)
        for held in self.resellers:
            joined = min(held.model.plans)
            self.compare_reseller(held, *(at for at in held.model.changes_after(BEGINNING) if at >= joined))
            self.compare_events(held)

    def _escalations(self, held: Held) -> list[Json]:
        found: list[Json] = self.run(held.caller.get("/escalations", limit=100))["data"]
        return found

    @staticmethod
    def _of(lived: Lived, found: Json) -> Json:
        members = ("step", "role", "reason", "state", "raised_at", "resolved_at")
        metric = lived.metrics[found["clock_id"]] if found["clock_id"] else None
        return {"metric": metric, **{name: found[name] for name in members}}
