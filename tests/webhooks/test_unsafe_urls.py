"""URLs that lead inside are refused when an endpoint is made or changed, and the refusal tells nothing of it."""

import json
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest

from app.infra.outbound.addresses import IPAddress
from tests.conftest import STAFF_KEY
from tests.desk import Caller, Json, open_test_desk
from tests.receiver import Receiver
from tests.wires import PUBLIC

GOOD = "https://hooks.example.com/desk"
# A text with a NUL is none that any field takes.
OTHER_CODES = {"nul": "validation_failed"}


class Script:
    """Answers every name with what was set last."""

    def __init__(self) -> None:
        self.answers: list[str] = [PUBLIC]

    async def resolve(self, _: str) -> Sequence[IPAddress]:
        return [ip_address(text) for text in self.answers]


def refused(data: Path) -> list[Json]:
    """The cases that are refused at registration: a redirect is an answer, which nobody asks for then."""
    cases = json.loads((data / "ssrf_urls.json").read_text(encoding="utf-8"))
    return [case for case in cases["refuse"] if case["refuse_at"] != "redirect"]


async def _is_refused(caller: Caller, endpoint: Json, case: Json) -> list[Json]:
    code = OTHER_CODES.get(case["id"], "unsafe_webhook_url")
    body = {"url": case["url"]}
    made = await caller.refused("POST", "/webhook-endpoints", code, body)
    changed = await caller.refused("PATCH", f"/webhook-endpoints/{endpoint['id']}", code, body)
    return [made, changed]


async def test_each_case_is_refused_and_nothing_is_told_of_the_inside(database_url: str, data: Path) -> None:
    script = Script()
    async with open_test_desk(database_url, STAFF_KEY, script, webhook_allowed_networks="") as desk:
        reseller = await desk.reseller(now=None)
        endpoint = await reseller.post("/webhook-endpoints", {"url": GOOD})
        said_of_names = set()
        for case in refused(data):
            answers = case.get("mock_dns", [PUBLIC])
            script.answers = answers[-1] if answers and isinstance(answers[0], list) else answers
            for problem in await _is_refused(reseller, endpoint, case):
                assert problem["status"] == 422
                for inside in {*script.answers, *case.get("effective_ips", [])}:
                    assert inside in case["url"] or inside not in json.dumps(problem), case["id"]
                if case["refuse_at"] == "connect":
                    said_of_names.add(problem["detail"])
        left = (await reseller.get("/webhook-endpoints"))["data"]
    assert [one["url"] for one in left] == [GOOD]
    # Whether a name is unknown, private or both must not be told apart: the name server is the operator's.
    assert said_of_names == {"the host has no public address"}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "127.1", "[::ffff:127.0.0.1]", "inside.test"])
async def test_nobody_is_contacted_to_find_out(database_url: str, host: str) -> None:
    script = Script()
    script.answers = ["127.0.0.1"]
    async with (
        Receiver() as listener,
        open_test_desk(database_url, STAFF_KEY, script, webhook_allowed_networks="") as desk,
    ):
        reseller = await desk.reseller(now=None)
        for scheme in ("http", "https"):
            body = {"url": f"{scheme}://{host}:{listener.port}/hook"}
            await reseller.refused("POST", "/webhook-endpoints", "unsafe_webhook_url", body)
        assert listener.connections == 0
