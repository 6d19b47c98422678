"""What a keeper writes into the ledger when much is settled at once."""

from datetime import timedelta
from uuid import UUID

from app.catalogue.versions import PolicyVersion
from app.clocks.previewing import Imagined
from app.clocks.rows import LedgerLine
from app.clocks.service import keeper_of_new
from app.entitlements.entitlement import Held, PlanHeld, Timeline
from tests.sla.desk import CALENDARS, LITE, POLICY, TECHNICAL, uk

IDS = {code: UUID(int=number) for number, code in enumerate(CALENDARS, start=1)}
VERSION = PolicyVersion(
    UUID(int=9), 1, None, POLICY, {code: (IDS[code], calendar) for code, calendar in CALENDARS.items()}
)
OPENED, UP, DOWN = uk("2026-06-10 17:30"), uk("2026-06-10 17:40"), uk("2026-06-10 17:50")
PLANS = [
    Held(PlanHeld("lite", LITE), None, UP),
    Held(PlanHeld("professional", TECHNICAL), UP, DOWN),
    Held(PlanHeld("lite", LITE), DOWN),
]


def _ledger(until: str) -> list[LedgerLine]:
    timeline = Timeline(PLANS, [], [Held(VERSION, None)])
    ticket = Imagined(UUID(int=7), "immediate", OPENED, OPENED, UUID(int=8), VERSION.id, LITE)
    keeper = keeper_of_new(ticket, timeline, OPENED)
    keeper.settle(uk(until), inclusive=True)
    _, lines = keeper.save()
    return lines


def test_each_line_is_under_the_versions_of_its_own_instant() -> None:
    lines = _ledger("2026-06-10 17:55")

    assert [line["kind"] for line in lines] == ["started", "level_changed", "level_changed"]
    assert [line["calendar_id"] for line in lines] == [IDS["lite"], IDS["round_the_clock"], IDS["lite"]]
    assert [line["priority"] for line in lines] == ["immediate"] * 3


def test_a_breach_is_written_as_the_clock_stood_at_its_deadline() -> None:
    breach = _ledger("2026-06-12 12:00")[-1]

    assert (breach["kind"], breach["state"], breach["at"]) == ("breached", "breached", uk("2026-06-11 08:30"))
    assert (breach["counted"], breach["remaining"]) == (timedelta(hours=1), timedelta(0))
