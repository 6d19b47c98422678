"""No connection is made where none may be: counted at a real listener, at which every wire ends."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.infra.outbound.addresses import IPAddress, parse_networks
from app.infra.outbound.outcome import Reason
from app.infra.outbound.resolver import vet
from app.infra.outbound.send import Sender
from app.infra.outbound.urls import UnsafeUrl
from tests.infra.notations import bad, notations
from tests.receiver import Answer, Receiver, redirect
from tests.wires import NO_AUTHORITIES, PUBLIC, Names, Wires

CASES: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "ssrf_urls.json").read_text(encoding="utf-8"),
)
LOOPBACK = parse_networks("127.0.0.0/8")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
NAME = "https://hooks.test/x"


@pytest.fixture
async def listener() -> AsyncIterator[Receiver]:
    async with Receiver() as made:
        yield made


def answers_of(case: dict[str, Any]) -> list[list[str]]:
    answers = case.get("mock_dns", [PUBLIC])
    return answers if answers and isinstance(answers[0], list) else [answers]


async def test_what_is_allowed_reaches_the_listener_by_these_wires(listener: Receiver) -> None:
    for count, case in enumerate(CASES["allow"], 1):
        async with Wires(listener).sender(Names(*answers_of(case))) as sender:
            assert not (await sender.send(case["url"], {}, b"{}")).ok  # it speaks no TLS
        assert listener.connections == count, case


async def test_no_case_that_is_refused_reaches_the_listener(listener: Receiver) -> None:
    """Neither with the answers of the case nor, where the URL itself is at fault, with public ones."""
    for case in CASES["refuse"]:
        if case["refuse_at"] == "redirect":
            continue
        answers = answers_of(case)
        hostile = answers[1:] or answers
        for names in (hostile, [[PUBLIC]] if case["refuse_at"] == "registration" else hostile):
            wires = Wires(listener)
            async with wires.sender(Names(*names)) as sender:
                outcome = await sender.send(case["url"], {}, b"{}")
            assert (outcome.status, wires.dialled, listener.connections) == (None, [], 0), case["id"]


async def test_a_name_that_turns_inside_after_it_was_registered_is_not_connected_to(listener: Receiver) -> None:
    names = Names([PUBLIC], ["127.0.0.1"], [PUBLIC, "127.0.0.1"], ["::1"], ["::ffff:127.0.0.1"])
    await vet(NAME, names, ())
    async with Wires(listener).sender(names) as sender:
        for _ in range(4):
            assert (await sender.send(NAME, {}, b"{}")).reason is Reason.UNSAFE_ADDRESS
    assert len(names.asked) == 5
    assert listener.connections == 0


async def test_a_name_that_turns_inside_between_two_sends_is_not_sent_to_on_a_connection_of_its_own(
    listener: Receiver,
) -> None:
    """Plain HTTP inside of an opened network, so that the first is answered; then the name leaves that network."""
    names = Names(["127.0.0.1"], ["192.168.0.1"])
    listener.answer(Answer(200, close=True))
    async with Wires(listener).sender(names, LOOPBACK) as sender:
        assert (await sender.send("http://hooks.test/x", {}, b"{}")).ok
        assert (await sender.send("http://hooks.test/x", {}, b"{}")).reason is Reason.UNSAFE_ADDRESS
    assert listener.connections == 1


@given(bad, st.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_notation_of_a_forbidden_address_is_connected_to(
    listener: Receiver, address: IPAddress, data: st.DataObject
) -> None:
    host = data.draw(notations(address))
    url = f"https://{host}{data.draw(st.sampled_from(['', ':443', ':8443']))}/x"
    # Neither when the name server is as liberal a reader as can be, nor when it knows a public address by that name.
    for answers in ([str(address)], [PUBLIC]):
        wires, names = Wires(listener), Names(answers)
        with pytest.raises(UnsafeUrl):
            await vet(url, names, ())
        async with wires.sender(names) as sender:
            outcome = await sender.send(url, {}, b"{}")
        assert (outcome.reason, wires.dialled, names.asked) == (Reason.UNSAFE_URL, [], []), url
    assert listener.connections == 0


@given(bad, st.integers(0, 3), st.sampled_from([[], [PUBLIC], [PUBLIC, "2606:4700:4700::1111", "1.1.1.1"]]))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_forbidden_address_among_the_answers_refuses_them_all(
    listener: Receiver, address: IPAddress, at: int, others: list[str]
) -> None:
    answers = [*others[:at], str(address), *others[at:]]
    wires, names = Wires(listener), Names(answers)
    with pytest.raises(UnsafeUrl) as refusal:
        await vet(NAME, names, ())
    assert refusal.value.reason == "the host has no public address"
    async with wires.sender(names) as sender:
        outcome = await sender.send(NAME, {}, b"{}")
    assert (outcome.reason, wires.dialled) == (Reason.UNSAFE_ADDRESS, [])
    assert listener.connections == 0


@pytest.mark.parametrize(
    "case", [c for c in CASES["refuse"] if c["refuse_at"] == "redirect"], ids=lambda c: str(c["id"])
)
async def test_a_redirect_to_the_inside_is_an_answer_and_no_address(listener: Receiver, case: dict[str, Any]) -> None:
    said = case["mock_response"]
    listener.answer(redirect(said["location"], said["status"]))
    wires = Wires(listener)
    async with wires.sender(Names(["127.0.0.1"]), LOOPBACK) as sender:
        outcome = await sender.send(case["url"].replace("https:", "http:"), {}, b"{}")
    assert (outcome.reason, outcome.status) == (Reason.REDIRECT, said["status"])
    assert (wires.dialled, listener.connections, len(listener.requests)) == (["127.0.0.1"], 1, 1)


async def test_proxies_of_the_environment_are_not_asked(listener: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Receiver() as proxy:
        for name in PROXIES:
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        async with Sender(LOOPBACK, verify=NO_AUTHORITIES, total_seconds=2) as sender:
            assert (await sender.send(listener.url, {}, b"{}")).ok
            assert not (await sender.send(listener.url.replace("http:", "https:"), {}, b"{}")).ok  # it speaks no TLS
            assert (await sender.send("https://10.0.0.5/x", {}, b"{}")).reason is Reason.UNSAFE_URL
        assert (proxy.connections, listener.connections) == (0, 2)


async def test_an_exception_from_proxies_opens_nothing(listener: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("*", "127.0.0.1,hooks.test,10.0.0.0/8"):
        monkeypatch.setenv("NO_PROXY", value)
        monkeypatch.setenv("no_proxy", value)
        async with Wires(listener).sender(Names(["127.0.0.1"])) as sender:
            assert (await sender.send(NAME, {}, b"{}")).reason is Reason.UNSAFE_ADDRESS
            assert (await sender.send(listener.url, {}, b"{}")).reason is Reason.UNSAFE_URL
    assert listener.connections == 0
