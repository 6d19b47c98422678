"""Sending to a real receiver that misbehaves in every way known, and what is said of it."""

import asyncio
import random
import ssl
import tracemalloc
from collections.abc import AsyncIterator

import pytest

from app.infra.outbound.addresses import parse_networks
from app.infra.outbound.outcome import Outcome, Reason
from app.infra.outbound.send import MAX_READ, Sender
from tests.receiver import Answer, Receiver, endless_headers, gzip_bomb, redirect

LOOPBACK = parse_networks("127.0.0.0/8, ::1/128")
NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # loading some takes longer than a test
HEADERS = {"Content-Type": "application/json", "webhook-id": "msg_1"}


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    async with Sender(LOOPBACK, total_seconds=0.5, connect_seconds=0.3, verify=NO_AUTHORITIES) as made:
        yield made


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as made:
        yield made


async def post(sender: Sender, receiver: Receiver, *answers: Answer) -> Outcome:
    if answers:
        receiver.answer(*answers)
    return await sender.send(receiver.url, HEADERS, b'{"a": 1}')


async def test_the_body_goes_out_as_it_is_with_its_headers_and_no_others(sender: Sender, receiver: Receiver) -> None:
    outcome = await post(sender, receiver)
    (request,) = await receiver.wait_for(1)
    assert outcome.ok
    assert outcome.status == 204
    assert outcome.answer == b""
    assert 0 < outcome.duration < 0.5
    assert (request.method, request.path, request.body) == ("POST", "/hook", b'{"a": 1}')
    assert request.headers == {
        "host": f"127.0.0.1:{receiver.port}",
        "user-agent": "Trunkline-Webhooks/1.0",
        "accept": "*/*",
        "accept-encoding": "identity",
        "content-type": "application/json",
        "content-length": "8",
        "webhook-id": "msg_1",
    }


@pytest.mark.parametrize("status", [200, 201, 202, 206, 299])
async def test_success_is_200_to_299(sender: Sender, receiver: Receiver, status: int) -> None:
    outcome = await post(sender, receiver, Answer(status, body=b"thanks"))
    assert (outcome.reason, outcome.status, outcome.answer) == (Reason.OK, status, b"thanks")


@pytest.mark.parametrize("status", [400, 401, 404, 410, 429, 500, 503, 599])
async def test_other_statuses_are_failures_and_carry_their_answer(
    sender: Sender,
    receiver: Receiver,
    status: int,
) -> None:
    outcome = await post(sender, receiver, Answer(status, {"Retry-After": "120"}, b"no"))
    assert (outcome.reason, outcome.status, outcome.answer) == (Reason.HTTP_STATUS, status, b"no")
    assert outcome.retry_after == "120"
    assert not outcome.ok


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
async def test_a_redirect_is_a_failure_and_never_followed(sender: Sender, receiver: Receiver, status: int) -> None:
    async with Receiver() as elsewhere:
        outcome = await post(sender, receiver, redirect(elsewhere.url, status))
        assert (outcome.reason, outcome.status) == (Reason.REDIRECT, status)
        assert elsewhere.connections == 0
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("value", ["x" * 65, "caf\xe9", ""])
async def test_a_strange_retry_after_is_dropped(sender: Sender, receiver: Receiver, value: str) -> None:
    assert (await post(sender, receiver, Answer(503, {"Retry-After": value}))).retry_after is None


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Answer(delay=5), None),
        (Answer(200, body=b"x" * 1000, drip=0.02), 200),
        (Answer(raw=b"HTTP/1.1 200 OK\r\nX-Drip: ", body=b"x" * 1000, drip=0.02), None),
        (Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", delay=0.01, endless=b""), 200),
    ],
    ids=["silent", "drip-body", "drip-header", "half-body"],
)
async def test_the_deadline_is_a_wall(sender: Sender, receiver: Receiver, answer: Answer, status: int | None) -> None:
    outcome = await post(sender, receiver, answer)
    if outcome.reason is Reason.PROTOCOL_ERROR:  # the half body: its connection was closed before the deadline
        assert answer.raw
        assert answer.raw.endswith(b"half")
    else:
        assert outcome.reason is Reason.TIMEOUT
        assert 0.4 < outcome.duration < 0.9
    assert outcome.status == status


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(raw=b"", close=True), Reason.CONNECTION_FAILED),
        (Answer(raw=b"", reset=True), Reason.CONNECTION_FAILED),
        (Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", close=True), Reason.PROTOCOL_ERROR),
        (Answer(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nx"), Reason.PROTOCOL_ERROR),
        (Answer(raw=b"220 mail.test ESMTP\r\n"), Reason.PROTOCOL_ERROR),
        (Answer(raw=b"\x00\x01\x02\r\n\r\n"), Reason.PROTOCOL_ERROR),
        (Answer(raw=b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n"), Reason.PROTOCOL_ERROR),
        (Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), Reason.PROTOCOL_ERROR),
        (endless_headers(), Reason.PROTOCOL_ERROR),
        (Answer(raw=b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), Reason.HTTP_STATUS),
        (Answer(raw=b"HTTP/1.1 200 OK\r\nX-\xff: a\r\nContent-Length: 0\r\n\r\n"), Reason.PROTOCOL_ERROR),
    ],
    ids=[
        "close",
        "reset",
        "cut",
        "bad-chunk",
        "smtp",
        "binary",
        "long-header",
        "two-lengths",
        "endless",
        "101",
        "bytes",
    ],
)
async def test_what_is_no_answer_is_named_and_nothing_raises(
    sender: Sender,
    receiver: Receiver,
    answer: Answer,
    reason: Reason,
) -> None:
    outcome = await post(sender, receiver, answer)
    assert outcome.reason is reason
    assert outcome.duration < 0.9
    await asyncio.sleep(0.02)  # for the end of the connection to be seen
    assert (await post(sender, receiver, Answer(200))).ok  # and the client is none the worse for it


async def test_a_success_in_another_alphabet_is_one(sender: Sender, receiver: Receiver) -> None:
    raw = b"HTTP/1.1 200 \xff\xfe caf\xe9\r\nX-Note: \xfe\xe9\r\nContent-Length: 2\r\n\r\nok"
    outcome = await post(sender, receiver, Answer(raw=raw))
    assert (outcome.reason, outcome.status, outcome.answer) == (Reason.OK, 200, b"ok")


async def test_a_reset_in_the_middle_keeps_what_came(sender: Sender, receiver: Receiver) -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello"
    outcome = await post(sender, receiver, Answer(raw=raw, body=b" ", drip=0.05, reset=True))
    assert (outcome.ok, outcome.status, outcome.answer.strip()) == (False, 200, b"hello")


async def test_a_flood_of_interim_answers_ends_at_the_deadline(sender: Sender, receiver: Receiver) -> None:
    outcome = await post(sender, receiver, Answer(raw=b"", endless=b"HTTP/1.1 103 Early Hints\r\n\r\n"))
    assert outcome.reason in {Reason.TIMEOUT, Reason.PROTOCOL_ERROR}
    assert outcome.duration < 3  # the flood slows the loop of this test, which serves it too


@pytest.mark.parametrize(("status", "reason"), [(200, Reason.OK), (500, Reason.HTTP_STATUS)])
async def test_an_endless_body_is_cut(sender: Sender, receiver: Receiver, status: int, reason: Reason) -> None:
    outcome = await post(sender, receiver, Answer(status, endless=b"y" * 65536))
    assert (outcome.reason, outcome.status, outcome.truncated) == (reason, status, True)
    assert outcome.answer == b"y" * 4096


async def test_a_gzip_bomb_stays_as_small_as_it_came(sender: Sender, receiver: Receiver) -> None:
    bomb = gzip_bomb(64)
    tracemalloc.start()
    try:
        outcome = await post(sender, receiver, bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert outcome.ok
    assert outcome.answer == bomb.body[:4096]
    assert peak < 8 * MAX_READ


async def test_no_bytes_whatever_raise(sender: Sender, receiver: Receiver) -> None:
    dice = random.Random(7)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nSet-Cookie: a=b\r\nTransfer-Encoding: chunked\r\n\r\n"
    whole = head + b"3\r\nabc\r\n0\r\n\r\n"
    for _ in range(300):
        raw = bytearray(whole[: dice.choice([len(whole), dice.randrange(len(whole))])])
        for _ in range(dice.randrange(4)):
            raw.insert(dice.randrange(len(raw) + 1), dice.choice(b"\x00\r\n :;,\xff\x80-09azZ/\t"))
        outcome = await post(sender, receiver, Answer(raw=bytes(raw)))
        assert isinstance(outcome.reason, Reason), raw


async def test_a_header_that_cannot_be_sent_is_the_callers_fault(sender: Sender, receiver: Receiver) -> None:
    with pytest.raises(ValueError, match="header"):
        await sender.send(receiver.url, {"webhook-id": "a\r\nHost: b"}, b"")
    assert receiver.requests == []
