"""Nine months of a real desk, replayed through the API on a test clock for a Lite and a Professional reseller.

The log: Amaral, Fantinato and Peres (2018), "Incident management process enriched event log", UCI Machine Learning
Repository, CC BY 4.0. How its silences are read stands in ``reading``.
"""

import json
import os
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

import pytest

from tests.desk import Caller, Desk, Json
from tests.stories.reading import WEEK, Act, Reading, acts_of, instant

pytestmark = pytest.mark.timeout(1800)
# Each so-many-th incident: the ordinary run takes a part, `make replay` and CI the whole log.
_EVERY = int(os.environ.get("TRUNKLINE_LOG_EVERY", "8"))
_START = "2016-02-28T00:00:00Z"


class Played:
    """One incident on one level: the desk's ticket and the independent reading, side by side."""

    def __init__(self, caller: Caller, lite: bool, incident: Json) -> None:
        self.caller = caller
        self.lite = lite
        self.incident = incident
        self.first_priority = acts_of(incident)[0].priority
        self.ticket: Json = {}
        self.reading: Reading | None = None

    async def open(self, at: datetime) -> None:
        self.ticket = await self.caller.open_ticket(priority=self.first_priority, subject=self.incident["number"])
        self.reading = Reading(self.lite, self.first_priority, at, at)
        self.reading.start("first_response")
        self.reading.start("resolution")

    async def act(self, desk: Desk, act: Act) -> None:
        reading = self.reading
        assert reading is not None
        if reading.status == "resolved" and reading.resolved_at is not None and act.at - reading.resolved_at > WEEK:
            reading.status = "closed"
        if reading.status == "closed":
            return
        reading.walk(act.at)
        path = f"/tickets/{self.ticket['id']}"
        if act.priority != reading.priority:
            await desk.staff.patch(path, {"priority": act.priority, "reason": "as the log says"})
            reading.change_priority(act.priority)
        if act.status is None or act.status == reading.status:
            return
        await self._move(desk, path, act.status)

    async def _move(self, desk: Desk, path: str, status: str) -> None:
        reading = self.reading
        assert reading is not None
        if status == "closed":
            if reading.status != "resolved":
                await desk.staff.patch(path, {"status": "resolved"})
                reading.enter("resolved")
            await self.caller.patch(path, {"status": "closed"})
            reading.enter("closed")
            return
        if not reading.answered and status != "resolved":
            await desk.staff.post(f"{path}/messages", {"body": "We are looking into it."})
            reading.answered = True
            first = reading.clocks["first_response"]
            first.met_at = first.met_at or reading.now
            reading.status = "open" if reading.status == "new" else reading.status
        if status == reading.status:
            return
        if reading.status == "resolved" and status != "open":
            await desk.staff.patch(path, {"status": "open", "reason": "as the log says"})
            reading.enter("open")
        await desk.staff.patch(path, {"status": status, "reason": "as the log says"})
        reading.enter(status)

    async def differences(self) -> list[str]:
        assert self.reading is not None
        clocks = await self.caller.clocks(self.ticket)
        wanted = {metric: _outcome(clock) for metric, clock in self.reading.clocks.items()}
        found = {metric: _found(clock) for metric, clock in clocks.items()}
        return [] if wanted == found else [f"{self.incident['number']} lite={self.lite}: {wanted} != {found}"]


def _written(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def _outcome(clock: object) -> tuple[str | None, ...]:
    return tuple(_written(getattr(clock, name)) for name in ("started_at", "due_at", "met_at", "breached_at"))


def _found(clock: Json) -> tuple[str | None, ...]:
    return tuple(clock[name] for name in ("started_at", "due_at", "met_at", "breached_at"))


def _schedule(played: list[Played]) -> Iterator[tuple[datetime, int, Played, Act | None]]:
    for order, one in enumerate(played):
        yield instant(one.incident["opened_at"]), order, one, None
        for act in acts_of(one.incident):
            yield act.at, order, one, act


async def test_every_promise_of_the_log_is_kept_or_broken_as_an_independent_reading_has_it(
    desk: Desk, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    incidents = [json.loads(line) for line in (data / "real_desk_log.jsonl").read_text().splitlines()][::_EVERY]
    lite = await desk.reseller("lite", _START)
    professional = await desk.reseller("professional", test_clock_id=lite.clock)
    played = [Played(caller, caller is lite, one) for one in incidents for caller in (lite, professional)]
    began = time.perf_counter()

    steps = sorted(_schedule(played), key=lambda step: step[0])
    for at, due in groupby(steps, key=lambda step: step[0]):
        await desk.advance(lite, _written(at) or "")
        for _, _, one, act in due:
            if act is None:
                await one.open(at)
            else:
                await one.act(desk, act)
    last = steps[-1][0] + timedelta(days=30)
    await desk.advance(lite, _written(last) or "")

    for one in played:
        assert one.reading is not None
        one.reading.walk(last)
    differences = [said for one in played for said in await one.differences()]
    with capsys.disabled():
        seconds = time.perf_counter() - began
        print(f"\n{len(incidents)} incidents, {len(steps)} acts replayed in {seconds:.1f} s")  # noqa: T201 - to be seen
    assert differences == []
