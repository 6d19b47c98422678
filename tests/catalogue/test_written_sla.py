import base64
import hashlib
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalogue.document import Document, Paragraph, Section, Table, markdown
from app.catalogue.wording import span_in_words
from tests.catalogue.published import backdated, policy_data, publish
from tests.desk import Caller, Desk, Json

_SPAN = re.compile(r"PT(\d+)([HM])")
_FORMS = ("text/markdown", "text/html")


async def _text(caller: Caller, form: str, **params: Any) -> str:
    answer = await caller.send("GET", "/sla", params=params, headers={"Accept": form})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith(form)
    assert answer.headers["vary"] == "Accept"
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", answer.text)) if form == "text/html" else answer.text)


def _figure(span: str, counting: str) -> str:
    """What a reader expects of a span: written by hand, for the figures of these tests alone."""
    found = _SPAN.fullmatch(span)
    assert found is not None
    number, unit = int(found[1]), {"H": "hour", "M": "minute"}[found[2]]
    plural = unit if number == 1 else f"{unit}s"
    if counting == "support_hours" and unit == "hour":
        return f"{number} support {plural}"
    if number % 24 == 0:
        return f"({number} hours)"
    return f"{number} {plural}" + (" of support time" if counting == "support_hours" else "")


@pytest.mark.parametrize("form", _FORMS)
async def test_every_figure_of_the_policy_stands_in_the_text(desk: Desk, form: str) -> None:
    data = policy_data(reopen="restart", credits={"per_miss": 350, "cap": 1_700}, acknowledge_for={"low": "PT35M"})
    spans = iter(range(2, 99))
    for level in data["targets"].values():
        for metrics in level.values():
            for target in metrics.values():
                target["span"] = f"PT{next(spans)}H"
    data["steps"][0]["at_share"], data["steps"][1]["after_breach"] = 6_625, "PT13M"
    data["steps"][2]["after_targets"] = 12_500
    await backdated(desk, data, "2020-01-01T00:00:00Z")
    nobody = desk.caller(None)

    policy = await nobody.get("/sla")
    texts = {level: await _text(nobody, form, level=level) for level in (1, 2, 3, 4)}

    assert len(policy["promises"]) == 16
    for promise in policy["promises"]:
        text = texts[promise["level"]].replace("| ", "")
        said = f"{promise['priority'].capitalize()} {promise['metric'].replace('_', ' ').capitalize()} "
        assert said in text, promise
        assert _figure(promise["target"], promise["counting"]) in text.partition(said)[2][:60], promise
    for level, text in texts.items():
        assert "66.25 %" in text
        assert ("13 minutes after the miss" in text) == ("a further 125 %" in text) == (level > 1)
        assert "35 minutes for low" in text
        assert "3.5 %" in text.partition("Service credits")[2]
        assert "up to 17 %" in text
        assert "starts a new promise of resolution" in text


async def test_every_level_and_every_plan_has_its_document(desk: Desk) -> None:
    nobody = desk.caller(None)
    levels = (await nobody.get("/support-levels"))["data"]
    for form in _FORMS:
        for plan in (await nobody.get("/plans"))["data"]:
            text = await _text(nobody, form, plan=plan["code"])

            own, others = _sorted(levels, plan["level"])
            assert f"{plan['name']} plan, with {own['name']}" in text
            assert not any(f"Level {other['level']}:" in text for other in others)
        for level in levels:
            text = await _text(nobody, form, level=level["level"])

            assert ("telephone where" in text) == level["branded"] == ("your end customers" in text)
            assert ("as tickets of the type task" in text) == level["task_tickets"]
            assert ("You may also escalate" in text) == level["may_escalate"]
            assert ("08:00 to 18:00, every day" in text) == (level["level"] == 1)
        whole = await _text(nobody, form)
        assert all(f"Level {level['level']}: {level['name']}" in whole for level in levels)


def _sorted(levels: list[Json], wanted: int) -> tuple[Json, list[Json]]:
    return next(level for level in levels if level["level"] == wanted), [
        level for level in levels if level["level"] != wanted
    ]


async def test_the_data_are_those_of_the_plan_that_is_asked_for(desk: Desk) -> None:
    nobody = desk.caller(None)

    lite, hands, whole = (
        await nobody.get("/sla", plan="lite"),
        await nobody.get("/sla", level=3),
        await nobody.get("/sla"),
    )

    assert {one["level"] for one in lite["promises"]} == {1}
    assert [one["code"] for one in lite["calendars"]] == ["lite"]
    assert [step["levels"] for step in lite["ladder"]] == [[1], [], []]
    assert {one["level"] for one in hands["promises"]} == {3}
    assert {one["level"] for one in whole["promises"]} == {1, 2, 3, 4}
    assert (whole["reopen"], whole["credits"], whole["changes"], whole["note"]) == ("continue", None, [], None)


async def test_a_version_names_what_it_changed_against_the_one_it_replaces(desk: Desk) -> None:
    data = policy_data()
    data["targets"]["1"]["immediate"]["first_response"]["span"] = "PT2H"
    nobody = desk.caller(None)
    said_of_it = {"effective_at": "2990-12-01T09:00:00Z", "note": "Slower | at <b>Lite</b>."}
    later = (await publish(desk, desk.staff, data, **said_of_it))["version"]
    restarting = policy_data(reopen="restart")
    between = (await publish(desk, desk.staff, restarting, effective_at="2990-11-01T00:00:00Z"))["version"]

    now, scheduled = await nobody.get("/sla"), await nobody.get("/sla", version=later)
    texts = [await _text(nobody, form, version=later) for form in _FORMS]
    other_level = await nobody.get("/sla", version=later, level=2)

    assert (now["version"], now["until"]) == (1, "2990-11-01T00:00:00Z")
    assert (scheduled["replaces"], scheduled["effective_at"], scheduled["until"]) == (
        between,
        "2990-12-01T09:00:00Z",
        None,
    )
    assert scheduled["note"] == "Slower | at <b>Lite</b>."
    slower, reopening = scheduled["changes"]
    assert slower == "Level 1, immediate tickets: first response within 2 support hours (was 1 support hour)."
    assert reopening.startswith("Reopening a ticket takes its resolution up again")
    assert other_level["changes"] == [reopening]
    for said in texts:
        assert f"Against version {between}" in said
        assert "1 December 2990, 09:00 UTC" in said
        assert slower in said


async def test_markup_in_what_people_wrote_stays_text(desk: Desk) -> None:
    said_of_it = {"effective_at": "2990-12-01T09:00:00Z", "note": "<script>x</script> & *bold* | [a](b)"}
    version = (await publish(desk, desk.staff, policy_data(), **said_of_it))["version"]
    nobody = desk.caller(None)

    page = await nobody.send("GET", "/sla", params={"version": version}, headers={"Accept": "text/html"})
    text = await nobody.send("GET", "/sla", params={"version": version}, headers={"Accept": "text/markdown"})

    assert "<script" not in page.text
    assert "&lt;script&gt;x&lt;/script&gt; &amp; *bold* | [a](b)" in page.text
    assert r"\<script\>x\</script\> & \*bold\* \| \[a\](b)" in text.text


async def test_the_page_loads_nothing_and_its_policy_lets_its_own_style_through(desk: Desk) -> None:
    page = await desk.caller(None).send("GET", "/sla", headers={"Accept": "text/html"})

    style = re.search(r"<style>(.*?)</style>", page.text, re.DOTALL)
    assert style is not None
    mark = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert page.headers["content-security-policy"].startswith(f"default-src 'none'; style-src 'sha256-{mark}';")
    assert not re.search(r"https?:|url\(|@import|<link|<script|<img| src=| style=| href=", page.text)


async def test_a_test_clock_has_versions_of_its_own(desk: Desk) -> None:
    sandbox = await desk.reseller("professional", "2026-06-10T11:00:00Z")
    own = await backdated(desk, policy_data(reopen="restart"), "2026-06-10T00:00:00Z", clock=sandbox.clock)
    later = await backdated(desk, policy_data(), "2026-06-01T00:00:00Z")
    stranger, nobody = await desk.reseller(now=None), desk.caller(None)

    seen = await sandbox.get("/sla")

    assert (seen["version"], seen["replaces"]) == (own, 1)
    assert (await desk.staff.get("/sla", version=own))["reopen"] == "restart"
    assert [(await one.get("/sla"))["version"] for one in (stranger, nobody, desk.staff)] == [later] * 3
    for one, version in ((stranger, own), (nobody, own), (sandbox, later), (desk.staff, 99)):
        await one.refused("GET", f"/sla?version={version}", "validation_failed")


@pytest.mark.parametrize("asked", ["plan=gold", "level=9", "level=0", "version=0", "plan=lite&level=1", "planet=x"])
async def test_what_is_not_there_is_refused(desk: Desk, asked: str) -> None:
    await desk.caller(None).refused("GET", f"/sla?{asked}", "validation_failed")


async def test_a_caller_who_takes_no_form_of_it_is_told_the_forms(desk: Desk) -> None:
    nobody = desk.caller(None)

    problem = await nobody.refused("GET", "/sla", "not_acceptable", headers={"Accept": "image/png"})

    assert problem["status"] == 406
    assert problem["available"] == ["application/json", "text/markdown", "text/html"]


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=24), "one day (24 hours)"),
        (timedelta(hours=48), "two days (48 hours)"),
        (timedelta(days=30), "30 days (720 hours)"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(minutes=90), "1 hour 30 minutes"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(microseconds=5), "0.000005 seconds"),
        (timedelta(0), "no time"),
    ],
)
def test_spans_are_told_in_words(span: timedelta, words: str) -> None:
    assert span_in_words(span) == words


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_cell_stays_a_cell_whatever_is_in_it(first: str, second: str) -> None:
    document = Document("T", "L", (), (Section("S", (Table(("A", "B"), ((first, second),)),)),), "F")

    row = markdown(document).split("| --- | --- |\n")[1].split("\n")[0]

    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 3


@pytest.mark.parametrize("text", ["1. one", "- one", "+ one", "# one", "> one", "===", "* one", "```"])
def test_a_paragraph_stays_a_paragraph(text: str) -> None:
    made = markdown(Document("T", "L", (), (Section("S", (Paragraph(text),)),), "F"))

    line = made.split("## S\n\n")[1].split("\n")[0]
    assert re.match(r"\\|\d+\\", line)
