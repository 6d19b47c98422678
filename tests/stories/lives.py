"""A life played twice: on the desk, through its API, and on the reference model; and held side by side."""

from datetime import datetime
from typing import Any

from tests.desk import Desk, Json
from tests.model.ladder import Escalation
from tests.model.policy import CALENDARS, DEFAULT, Policy
from tests.model.reseller import BEGINNING, Purchase, Reseller, Window
from tests.model.ticket import RESELLER_MOVES, STAFF_MOVES, Ticket
from tests.model.view import escalation_view, shown
from tests.model.world import World
from tests.stories.comparing import Comparing, Held, Lived, Run
from tests.stories.direct import directly


class Life(Comparing):
    """Resellers and their tickets on a test clock of their own, and on the model."""

    def __init__(self, run: Run, desk: Desk, start: datetime) -> None:
        self.run, self.desk, self.world = run, desk, World(start)
        self.staff = directly(desk, desk.staff)
        self.clock = run(desk.test_clock(shown(start) or ""))
        self.policies = [(BEGINNING, Policy(DEFAULT, CALENDARS))]
        self.resellers, self.tickets = [], []
        self.windows: dict[str, tuple[Window, list[Held]]] = {}

    # --- resellers ---------------------------------------------------------------------------------------------

    def join(self, plan: str) -> Held:
        """A reseller joins."""
        caller = self.run(self.desk.reseller(plan, test_clock_id=self.clock))
        held = Held(Reseller({self.now: plan}, self.policies), directly(self.desk, caller))
        self.world.resellers.append(held.model)
        self.resellers.append(held)
        return held

    def change_plan(self, held: Held, plan: str, at: datetime) -> None:
        """Its plan changes, now or later."""
        path = f"/resellers/{held.caller.id}/plan-changes"
        body = {"plan": plan} if at == self.now else {"plan": plan, "effective_at": shown(at)}
        if not held.model.change_plan(plan, at):
            self.run(self.staff.refused("POST", path, "conflict", body))
            return
        self.run(self.staff.post(path, body))
        self._terms_changed(held, at)

    def buy(self, held: Held, product: str, at: datetime) -> None:
        """It buys an add-on, from now or later."""
        body = {"product": product} if at == self.now else {"product": product, "starts_at": shown(at)}
        if not held.model.may_buy(product, at, self.now):
            self.run(held.caller.refused("POST", "/add-on-purchases", "conflict", body))
            return
        held.purchases.append(self.run(held.caller.post("/add-on-purchases", body))["id"])
        held.model.purchases.append(Purchase(product, at))
        self._terms_changed(held, at)

    def stop(self, held: Held, purchase: Purchase, *, at_period_end: bool) -> None:
        """It cancels a purchase."""
        path = f"/add-on-purchases/{held.purchase(purchase)}/cancel"
        self.run(held.caller.post(path, {"at": "period_end" if at_period_end else "now"}))
        held.model.cancel(purchase, self.now, at_period_end=at_period_end)
        self._terms_changed(held)

    def publish(self, data: Json, at: datetime) -> None:
        """The operator publishes a policy for this test clock."""
        body = {"policy": data, "test_clock_id": self.clock}
        self.run(self.staff.post("/sla-policies", body if at == self.now else body | {"effective_at": shown(at)}))
        self.policies.append((at, Policy(data, CALENDARS)))
        for held in self.resellers:
            self._terms_changed(held)

    def declare(self, covered: list[Held], start: datetime, end: datetime) -> None:
        """The operator declares a maintenance window."""
        body = {"reason": "new trunks", "ends_at": shown(end), "reseller_ids": [held.caller.id for held in covered]}
        body |= {} if start == self.now else {"starts_at": shown(start)}
        made = self.run(self.staff.post("/maintenance-windows", body))
        window = Window(start, end)
        self.windows[made["id"]] = window, covered
        for held in covered:
            held.model.windows.append(window)
            self._terms_changed(held)

    def end_window(self, window_id: str) -> None:
        """The operator ends a running window, or cancels one that has not begun."""
        self.run(self.staff.post(f"/maintenance-windows/{window_id}/end"))
        window, covered = self.windows.pop(window_id)
        window.cancelled = self.now < window.starts_at
        window.ends_at = min(window.ends_at, max(self.now, window.starts_at))
        for held in covered:
            self._terms_changed(held)

    def _terms_changed(self, held: Held, *later: datetime) -> None:
        self.world.follow_terms(held.model)
        self._settle()
        self.run(self.desk.tick())  # the walk over live tickets, in the background otherwise
        self.compare_reseller(held, *later)
        of_held = [lived for lived in self.tickets if lived.whose is held]
        for lived in of_held:
            if lived.model.status not in {"closed", "cancelled"}:
                self.compare(lived)
        if of_held:
            self.compare_escalations(held)

    # --- tickets -----------------------------------------------------------------------------------------------

    def open(self, held: Held, priority: str, *, by_telephone: bool) -> None:
        """A ticket is opened by its reseller, or by staff for a caller."""
        body: Json = {"priority": priority}
        if by_telephone:
            more = {"channel": "telephone", "reseller_id": held.caller.id}
            made = self.run(self.staff.open_ticket(**body, **more))
        else:
            made = self.run(held.caller.open_ticket(**body))
        ticket = Ticket(held.model, priority, self.now, by_telephone=by_telephone)
        self.world.tickets.append(ticket)
        self.tickets.append(Lived(ticket, held, f"/tickets/{made['id']}"))
        self._acted(self.tickets[-1])

    def write(self, lived: Lived, *, by_desk: bool, **members: Any) -> None:
        """Somebody writes: the desk or a customer; ``members`` make it a note or an automatic message."""
        author = self.staff if by_desk else lived.whose.caller
        if lived.model.status in {"closed", "cancelled"}:
            self.run(author.refused("POST", f"{lived.path}/messages", "invalid_transition", {"body": "hm", **members}))
        else:
            self.run(author.post(f"{lived.path}/messages", {"body": "hm", **members}))
            if not by_desk:
                lived.model.customer_writes()
            elif not members:
                lived.model.desk_writes()
        self._acted(lived)

    def move(self, lived: Lived, to: str, *, by_desk: bool) -> None:
        """Somebody changes the status, or is refused."""
        author = self.staff if by_desk else lived.whose.caller
        body = {"status": to, "reason": "so it is"}
        if to in (STAFF_MOVES if by_desk else RESELLER_MOVES)[lived.model.status]:
            self.run(author.patch(lived.path, body))
            lived.model.move(to)
        else:
            self.run(author.refused("PATCH", lived.path, "invalid_transition", body))
        self._acted(lived)

    def set_priority(self, lived: Lived, priority: str, *, by_desk: bool) -> None:
        """Somebody raises or lowers the priority."""
        author = self.staff if by_desk else lived.whose.caller
        if by_desk and lived.model.lowers(priority):
            self.run(author.refused("PATCH", lived.path, "validation_failed", {"priority": priority}))
        self.run(author.patch(lived.path, {"priority": priority, "reason": "so it is"}))
        lived.model.set_priority(priority, by_reseller=not by_desk)
        self._acted(lived)

    def escalate(self, lived: Lived) -> None:
        """The reseller escalates by hand."""
        path, body = f"{lived.path}/escalations", {"reason": "please"}
        if lived.model.reseller.level(self.now) == 1:
            self.run(lived.whose.caller.refused("POST", path, "entitlement_required", body))
        elif lived.model.ladder.by_hand(self.now) is None:
            self.run(lived.whose.caller.refused("POST", path, "conflict", body))
        else:
            self.run(lived.whose.caller.post(path, body))
        self._acted(lived)

    def acknowledge(self, lived: Lived, escalation: Escalation) -> None:
        """Somebody takes an escalation in hand."""
        found = self._escalations(lived.whose)
        wanted = escalation_view(escalation)
        one = next(each for each in found if each["ticket_id"] == lived.id and self._of(lived, each) == wanted)
        self.run(self.staff.post(f"/escalations/{one['id']}/acknowledge"))
        lived.model.acknowledge(escalation)
        self._acted(lived)

    def advance(self, to: datetime, *, late: bool = False) -> None:
        """Time passes; late, all of it before anybody looks, which changes nothing but lateness."""
        moving = [lived for lived in self.tickets if lived.model.status not in {"closed", "cancelled"}]
        changing = [held for held in self.resellers if any(at <= to for at in held.model.changes_after(self.now))]
        path, body = f"/test-clocks/{self.clock}/advance", {"to": shown(to)}
        if late:
            with self.desk.unswept():
                self.run(self.staff.post(path, body))
        self.run(self.staff.post(path, body))
        self.world.advance(to)
        for lived in moving:
            self.compare(lived)
        for held in changing:
            self.compare_reseller(held)
        for held in {id(lived.whose): lived.whose for lived in self.tickets}.values():
            self.compare_escalations(held)

    # --- side by side --------------------------------------------------------------------------------------------

    def _acted(self, lived: Lived) -> None:
        self._settle()
        self.compare(lived)
        self.compare_escalations(lived.whose)

    def _settle(self) -> None:
        # "A change that puts it in the past raises it at once."
        self.world.advance(self.now)
