"""The blocks of the pages in docs are run as they stand, against a real desk; and every page is linked."""

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest

from app.mail.intake.reasons import REASONS
from tests.stories.processes import STAFF_KEY, RunningDesk

_ROOT = Path(__file__).parents[1]
_DOCS = _ROOT / "docs"


def _script(page: str) -> str:
    return "set -eu\n" + "\n".join(re.findall(r"```bash\n(.*?)```", (_DOCS / page).read_text(), re.DOTALL))


async def _said(desk: RunningDesk, page: str, folder: Path, path: str = "", **more: str) -> str:
    """Run a page's blocks in a folder of their own; return what they print."""
    folder.mkdir()
    environment = {
        "DESK": f"http://127.0.0.1:{desk.port}",
        "KEY": STAFF_KEY,
        "PATH": f"{path}/usr/local/bin:/usr/bin:/bin",
        **more,
    }
    shell = await asyncio.create_subprocess_exec(
        "bash", "-c", _script(page), cwd=folder, env=environment, stdout=-1, stderr=-2
    )
    said = (await shell.communicate())[0].decode()
    assert shell.returncode == 0, said
    return said


@pytest.mark.timeout(240)
async def test_the_blocks_of_the_pages_run_as_they_stand_and_answer_what_the_pages_say(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    async with RunningDesk(tmp_path) as desk:
        promises, reports, add_ons, alarms, events, webhooks, tickets, mail_out = [
            await _said(desk, f"{name}.md", tmp_path / name)
            for name in ("promises", "reports", "add-ons", "alarms", "events", "webhooks", "tickets", "mail-out")
        ]

    _moved_and_moved_back(promises)
    _reported(reports, tmp_path / "reports")
    _sold_worked_and_shown(add_ons)
    _alarmed(alarms)
    _fed_and_streamed(events, tmp_path / "events")
    _added_disabled_and_removed(webhooks)
    _carried_watched_and_merged(tickets)
    _written_and_captured(mail_out, tmp_path / "mail-out")


@pytest.mark.timeout(120)
async def test_the_blocks_of_the_page_about_mail_take_a_mail_and_let_it_pass(tmp_path: Path, database_url: str) -> None:
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "trunkline"
    command.write_text(f'#!/bin/sh\ncd "{_ROOT}" && exec "{sys.executable}" -m app "$@"\n')
    command.chmod(0o755)
    async with RunningDesk(tmp_path, DATABASE_URL=database_url) as desk:
        said = await _said(desk, "mail.md", tmp_path / "mail", f"{command.parent}:", DATABASE_URL=database_url)

    box, held, released, tickets = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert (box["address"], box["priority"]) == ("support@desk.example", "low")
    assert (held["state"], held["reason"], held["text"].strip()) == ("held", "unverified", "Every call fails.")
    assert released["released"]["contact_id"] == tickets["data"][0]["contact_id"]
    assert [ticket["subject"] for ticket in tickets["data"]] == ["Trunk 7 is down"]


def test_the_page_about_mail_tells_every_reason_with_its_state() -> None:
    told = dict(re.findall(r"^\| `([a-z_]+)` \| `([a-z]+)` \|", (_DOCS / "mail.md").read_text(), re.MULTILINE))
    parsing = "".join(path.read_text() for path in (_ROOT / "app/mail/parsing").glob("*.py"))
    caps = set(re.findall(r"TooMuch\(\"([a-z_]+)\"", parsing))
    assert len(caps) > 5
    held = dict.fromkeys([*caps, "parse_timeout", "parse_failed", "routing_failed"], "held")

    assert told == {code: state for code, (state, _) in REASONS.items()} | held | {"by_staff": "rejected"}


def _alarmed(said: str) -> None:
    told = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    reported = [one["status"] for one in told if "status" in one]
    assert reported == ["opened", "repeated", "resolved", "opened", "resolved"]
    (switch,), both = (one["data"] for one in told if "data" in one)
    assert (switch["count"], switch["details"]["calls_failed"]) == (2, 131)
    assert [alarm["source"] for alarm in both] == ["probe-4", "switch-1"]


def _fed_and_streamed(said: str, folder: Path) -> None:
    assert "Trunk 7 is down" in (folder / "feed.json").read_text()
    assert said.count("event: ticket.created") == 1
    assert "Trunk 8 is down" in said
    assert '"sequence":' in said


def _added_disabled_and_removed(said: str) -> None:
    told = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert [one["state"] for one in told if "signature" in one] == ["disabled", "unverified"]
    assert {"failed": 0, "missing": 0, "exact": True} in told
    assert any(one.get("waiting") is not None for one in told)


def _carried_watched_and_merged(said: str) -> None:
    assert '"attachments":[{"id":"att_' in said
    assert "\nSIP/2.0 503 Service Unavailable\n" in said
    assert '"name":"Ann Example"' in said
    assert '"status":"closed"' in said
    assert '"code":"invalid_transition"' in said
    assert '"status_changes":false' in said.splitlines()[-1]


def _written_and_captured(said: str, folder: Path) -> None:
    (mail,) = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert (mail["state"], mail["kind"], mail["recipient"]) == ("captured", "reply", "ann@acme.example")
    assert "We are on it." in mail["text"]
    assert "We are on it." in (folder / "mail.html").read_text()


def _moved_and_moved_back(said: str) -> None:
    assert '"moved":1,' in said
    assert '"largest_earlier_seconds":1800.0' in said
    assert re.findall('"next_due_at":"2026-06-10T(.....)', said) == ["11:30", "12:30"]
    assert '"state":"cancelled"' in said


def _reported(said: str, folder: Path) -> None:
    assert (folder / "sla.md").read_text().startswith("# Service level agreement")
    assert "Branded Intelligent Hands" in (folder / "sla.html").read_text()
    assert (folder / "sla.csv").read_text().startswith("month,name,met,missed,met_late,open,voided,attainment,")
    assert "<h1>SLA report</h1>" in (folder / "report.html").read_text()
    assert "12.45 GBP" in (folder / "report.html").read_text()
    assert json.loads((folder / "report.json").read_text())["total"]["attainment"] == 0.5
    told = re.search(r"`(\[\{.*\}\])`", (_DOCS / "reports.md").read_text())
    assert told is not None
    assert told[1] in said


def _sold_worked_and_shown(said: str) -> None:
    assert re.findall('"used_minutes":240,"left_minutes":60.*"state":"([a-z]+)"', said) == ["warned"]
    assert '"code":"minutes_exhausted"' in said
    assert '"state":"ended"' in said
    assert '"number":"ACME-' in said
    assert '"by":"brand","author":"Acme Telecom"' in said
    assert '"level":1,"level_code":"lite_support","source":"plan"' in said.splitlines()[-1]


def test_the_readme_links_every_page() -> None:
    linked = set(re.findall(r"\]\(docs/([^)]+)\)", (_ROOT / "README.md").read_text()))

    assert {page.name for page in _DOCS.glob("*.md")} <= linked
    assert "decisions/" in linked


@pytest.mark.parametrize("page", [_ROOT / "README.md", *sorted(_DOCS.rglob("*.md"))], ids=lambda page: page.name)
def test_what_a_page_links_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())

    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []
